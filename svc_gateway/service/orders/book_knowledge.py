"""What this gateway knows of the order book: for a book that may have been restored.

The OMS compares it with its book when a link opens. A book that lacks some of it is RECOVERING,
and asks for the requests in the FIX store: they are sent before the session logs on, so that the
venue's reports find their orders.
"""

import asyncio

from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.service.orders.mark_keeper import MarkKeeper
from svc_gateway.service.orders.ownership import Ownership
from svc_gateway.service.orders.standby import LinkStream
from svc_gateway.service.ports import FixEngine, LinkBrokenError, MarkStore, SentReader
from svc_gateway.service.session_view import SessionView

# Requests in the first frame of a link: more than can be without receipt after a crash.
SENT_SHOWN_MAX = 200
# MsgSeqNum(34)s looked through for them.
SENT_NUMBERS_MAX = 400
# Requests that a recovery reads from the store, the newest; older ones are only logged.
SENT_RECOVERED_MAX = 100_000
SENT_PER_FRAME = 500

_log = get_logger(__name__)


class BookKnowledge:
    """The mark and the requests of one session."""

    def __init__(
        self, session_id: str, engine: FixEngine, marks: MarkStore, reader: SentReader
    ) -> None:
        self._session_id = session_id
        self._engine = engine
        self._reader = reader
        self.keeper = MarkKeeper(session_id, marks)

    async def opening(self) -> link.LinkOpen:
        """Return the mark and the last requests, as fields of LinkOpen."""
        opening = link.LinkOpen()
        mark = await self.keeper.stored()
        if mark is not None:
            opening.mark.CopyFrom(mark)
        first = self._engine.numbers()[0] - SENT_NUMBERS_MAX
        for number, raw in await asyncio.to_thread(self._engine.requests, first, SENT_SHOWN_MAX):
            sent = self._reader.read(number, raw)
            opening.sent.add(msg_seq_num=number, cl_ord_id=sent.cl_ord_id)
        return opening

    async def own(self, ownership: Ownership, view: SessionView, opened: link.LinkOpened) -> None:
        """Take the store, and note that the session is this gateway's now.

        Raises:
            LinkBrokenError: Another process holds the store.
        """
        try:
            await ownership.acquire()
        except LinkBrokenError as error:
            view.text = str(error)
            raise
        self.keeper.owned(await self.keeper.stored(), opened.fencing_token)

    async def recover(self, stream: LinkStream, opened: link.LinkOpened) -> None:
        """Send the requests of the store that the order book asks for.

        Raises:
            LinkBrokenError: The link ended.
        """
        if not opened.recover_from:
            return
        found = await asyncio.to_thread(
            self._engine.requests, opened.recover_from, SENT_RECOVERED_MAX + 1
        )
        if len(found) > SENT_RECOVERED_MAX:
            del found[0]
            _log.error(
                "older requests are not sent to the order book", session_id=self._session_id,
                limit=SENT_RECOVERED_MAX, from_msg_seq_num=found[0][0],
            )  # fmt: skip
        _log.warning(
            "the order book is recovering", session_id=self._session_id, requests=len(found),
            recover_from=opened.recover_from,
        )  # fmt: skip
        for start in range(0, len(found), SENT_PER_FRAME):
            sent = [self._reader.read(*each) for each in found[start : start + SENT_PER_FRAME]]
            await stream.send(link.LinkRequest(sent=sent))
        await stream.send(link.LinkRequest(sent_complete=True))
