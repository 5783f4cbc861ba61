"""Keeps the newest mark of the order book, so that an order book that was restored is found.

The OMS sends a mark with a heartbeat when its book has moved. It is stored in a task of its own:
neither commands nor reports wait for the disk.
"""

import asyncio

from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway import metrics
from svc_gateway.service.ports import MarkStore

_log = get_logger(__name__)


class MarkKeeper:
    """The mark of one session."""

    def __init__(self, session_id: str, store: MarkStore) -> None:
        self._session_id = session_id
        self._store = store
        self._due: link.BookMark | None = None
        self._some_due = asyncio.Event()
        self._failures = metrics.MARKS_NOT_STORED.labels(session_id)

    async def stored(self) -> link.BookMark | None:
        """Return the stored mark; None if there is none."""
        return await asyncio.to_thread(self._store.read)

    def owned(self, mark: link.BookMark | None, fencing_token: int) -> None:
        """Store the token of a new owner with the mark that is stored."""
        owned = link.BookMark(fencing_token=fencing_token)
        if mark is not None:
            owned.MergeFrom(mark)
            owned.fencing_token = max(mark.fencing_token, fencing_token)
        self.keep(owned)

    def take(self, frame: link.LinkResponse) -> None:
        """Have the mark of a frame stored, if it has one."""
        if frame.HasField("mark"):
            self.keep(frame.mark)

    def keep(self, mark: link.BookMark) -> None:
        """Have a mark stored; it replaces one that is not stored yet."""
        self._due = mark
        self._some_due.set()

    async def run(self) -> None:
        """Store marks until cancelled."""
        while True:
            await self._some_due.wait()
            self._some_due.clear()
            mark, self._due = self._due, None
            if mark is None:
                continue
            try:
                await asyncio.to_thread(self._store.write, mark)
            except OSError as error:
                # The older mark stays: a loss of the newest second could then be missed.
                self._failures.inc()
                _log.error(
                    "mark of the order book not stored", session_id=self._session_id, why=str(error)
                )
