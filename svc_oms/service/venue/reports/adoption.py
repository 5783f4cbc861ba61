"""Records the requests of a gateway's FIX store that the restored book does not know.

Runs before the link applies any message of the venue, so the reports that the venue resends find
their orders. It may run again after a crash: what is recorded is known then.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import InvalidOperation

from kernel.order_ids import order_id_of
from kernel.side import Side
from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.domain.events import Stamp
from svc_oms.domain.model import Order, OrderType
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.recovery.recovered import SentOrder, events_of, opened, unknown_to
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.codec.values import terms_value
from svc_oms.service.ports import LinkProgress
from svc_oms.service.recovery.recoveries import ACTOR
from svc_oms.service.venue.downlink import SessionLinkParts
from svc_oms.service.venue.questions import open_questions

log = get_logger("svc_oms.recovery")

# Orders that one transaction takes.
BATCH_ORDERS_MAX = 200
_MSG_TYPES = {
    gw.VENUE_COMMAND_KIND_NEW: "D",
    gw.VENUE_COMMAND_KIND_CANCEL: "F",
    gw.VENUE_COMMAND_KIND_REPLACE: "G",
}


class Adoption:
    """The requests of one session's FIX store."""

    def __init__(self, parts: SessionLinkParts, venue_mic: str) -> None:
        self._parts = parts
        self._venue_mic = venue_mic
        self._requests: defaultdict[str, list[SentOrder]] = defaultdict(list)
        self._symbols: dict[str, str] = {}
        self._not_recovered: list[str] = []
        self._archived_before = ""

    def take(self, requests: Iterable[gw.SentRequest]) -> None:
        """Take requests in the order in which they were sent."""
        for request in requests:
            order_id = order_id_of(request.cl_ord_id)
            if not order_id:
                self._give_up(request.cl_ord_id, "ClOrdID(11) is not one of ours")
            elif request.error:
                self._give_up(request.cl_ord_id, request.error)
            else:
                try:
                    self._requests[order_id].append(_sent(request))
                except (ValueError, InvalidOperation) as error:
                    self._give_up(request.cl_ord_id, str(error))
                else:
                    self._symbols[order_id] = request.command.symbol

    async def record(self, progress: LinkProgress) -> list[gw.VenueCommand]:
        """Record what the book does not know; return questions about the venue's open orders.

        Raises:
            FencedError: Another owner took the session.
            StoreUnavailableError: It is recorded in part; it can be done again.
        """
        recovered = 0
        order_ids = sorted(self._requests)
        for start in range(0, len(order_ids), BATCH_ORDERS_MAX):
            part = order_ids[start : start + BATCH_ORDERS_MAX]
            recovered += await self._record(part, progress)
        await self._parts.recoveries.adopted(progress.session_id, recovered, self._not_recovered)
        return await open_questions(self._parts.store, self._venue_mic)

    async def _record(self, order_ids: Sequence[str], progress: LinkProgress) -> int:
        parts = self._parts
        stored = {
            row.order_id: read_order(row.body, row.fold)
            for row in await parts.store.orders(order_ids)
        }
        accounts_of = {
            order_id: stored[order_id].account_id
            if order_id in stored
            else self._requests[order_id][0].account_id
            for order_id in order_ids
        }
        self._archived_before = await parts.store.archived_before()
        now_ns = parts.clock.now_ns()
        recovered = 0
        async with parts.store.transaction() as transaction:
            accounts = await transaction.lock_accounts(sorted(set(accounts_of.values())))
            changes = BookChanges(accounts, now_ns)
            rows = await transaction.orders(order_ids)
            changes.orders = {row.order_id: read_order(row.body, row.fold) for row in rows}
            for order_id in order_ids:
                if accounts_of[order_id] not in accounts:
                    self._give_up(
                        self._requests[order_id][0].cl_ord_id,
                        f"Account(1) {accounts_of[order_id]!r} is not an account here",
                    )
                    continue
                recovered += self._add(changes, order_id, accounts_of[order_id])
            if not recovered:
                return 0
            writes = changes.finish()
            writes.progress = progress
            bases = await transaction.write(writes)
            await transaction.commit()
            parts.publisher.committed(changes, accounts, bases)
        return recovered

    def _add(self, changes: BookChanges, order_id: str, account_id: str) -> int:
        order = changes.find(order_id)
        sent = unknown_to(order, self._requests[order_id])
        if not sent:
            return 0
        opening = None
        if order is None and order_id < self._archived_before:
            self._give_up(sent[0].cl_ord_id, "its order may be in the archive")
            return 0
        if order is None:
            why, opening = self._opening(order_id, sent[0], changes.now_ns)
            if why:
                self._give_up(sent[0].cl_ord_id, why)
                return 0
        events = events_of(order, opening, sent)
        stamp = Stamp(occurred_at_ns=changes.now_ns, actor=ACTOR)
        after = changes.add(account_id, order, events, stamp)
        log.warning("order recovered", order=order_id, requests=len(sent), state=after.state.name)
        return len(sent)

    def _opening(self, order_id: str, first: SentOrder, now_ns: int) -> tuple[str, Order | None]:
        """Return why the order of a request cannot be opened, or the order."""
        instrument = self._listing(order_id)
        if first.msg_type != "D" or first.terms is None:
            return "the FIX store does not have its NewOrderSingle(D)", None
        if first.terms.quantity <= 0:
            return "OrderQty(38) is missing", None
        if instrument is None:
            return f"Symbol(55) {self._symbols[order_id]!r} is no listing known of this venue", None
        return "", opened(order_id, first, instrument, now_ns)

    def _listing(self, order_id: str) -> Instrument | None:
        return self._parts.market.find(f"{self._symbols[order_id]}.{self._venue_mic}")

    def _give_up(self, cl_ord_id: str, why: str) -> None:
        text = f"{cl_ord_id}: {why}"
        log.error("request not recovered", cl_ord_id=cl_ord_id, why=why)
        self._not_recovered.append(text)


def _sent(request: gw.SentRequest) -> SentOrder:
    """Read a request.

    Raises:
        ValueError: It is no request, or has no number.
        InvalidOperation: A number is invalid.
    """
    command = request.command
    msg_type = _MSG_TYPES.get(command.kind)
    if msg_type is None:
        raise ValueError(f"kind is {command.kind}, should be new, cancel or replace")
    cancels = msg_type == "F"
    return SentOrder(
        cl_ord_id=request.cl_ord_id,
        msg_type=msg_type,
        account_id=command.account_id,
        side=Side(command.side),
        type=None if cancels else OrderType(command.type),
        terms=None if cancels else terms_value(command.terms),
    )
