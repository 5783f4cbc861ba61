"""What waits for a person now, for the readers of ParkedService.Watch.

One look at the database per second serves all readers of this replica; without readers there
is none. A message that is open no longer is read once more, so that its readers get its end.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from mesh.log import get_logger
from mesh.tasks import is_set_within
from ordermesh.oms.v1 import parked_service_pb2 as pb
from svc_oms.service.ports import OrderStore, StoreUnavailableError
from svc_oms.service.ports.parked_ports import (
    ParkedFilter,
    ParkedRow,
    StatementFilter,
    StatementRow,
)

log = get_logger("svc_oms.parked")

LOOK_INTERVAL_S = 1.0
# Open messages and statements that readers get, the newest; List has all of them in pages.
SHOWN_MAX = 500

_OPEN = ParkedFilter(None, "", "", pb.PARKED_STATE_OPEN, 0, SHOWN_MAX)
_WAITING = StatementFilter(None, "", True, "", SHOWN_MAX)


class ParkedView:
    """The open messages and waiting statements as last read.

    Attributes:
        messages: Open messages by id, and those that were settled since the look before.
        statements: Waiting statements by id, and those that were decided since.
        looks: Counts the looks; 0: nothing has been read.
    """

    def __init__(self, store: OrderStore) -> None:
        self._store = store
        self._readers: set[asyncio.Event] = set()
        self._some_reader = asyncio.Event()
        self.messages: Mapping[int, ParkedRow] = MappingProxyType({})
        self.statements: Mapping[str, StatementRow] = MappingProxyType({})
        self.looks = 0

    @contextmanager
    def reading(self, news: asyncio.Event) -> Iterator[None]:
        """Have the event set after each look."""
        self._readers.add(news)
        self._some_reader.set()
        try:
            yield
        finally:
            self._readers.discard(news)

    async def run(self) -> None:
        """Look while somebody reads, forever."""
        never = asyncio.Event()
        while True:
            if not self._readers:
                self._some_reader.clear()
                # What was read before may be old when the next reader comes.
                self.looks = 0
                await self._some_reader.wait()
            try:
                await self._look()
            except StoreUnavailableError as error:
                log.warning("parked messages cannot be read", error=str(error))
            await is_set_within(never, LOOK_INTERVAL_S)

    async def _look(self) -> None:
        parked = self._store.parked()
        messages = {row.parked_id: row for row in await parked.messages(_OPEN)}
        statements = {row.statement_id: row for row in await parked.statements(_WAITING)}
        gone = [one for one in self.messages if one not in messages]
        if gone and self.looks:
            for row in await parked.settled(gone):
                if self.messages[row.parked_id].state == pb.PARKED_STATE_OPEN:
                    messages[row.parked_id] = row
        if self.looks:
            for statement_id in self.statements.keys() - statements.keys():
                found = await parked.statement(statement_id)
                if found is not None and self.statements[statement_id].state != found.state:
                    statements[statement_id] = found
        self.messages, self.statements = messages, statements
        self.looks += 1
        for news in self._readers:
            news.set()
