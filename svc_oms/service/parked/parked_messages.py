"""What a person does with a parked message: interpret it again, or discard it.

A message that is interpreted again goes through the same code as a report that comes now. It is
applied whole in one transaction with the change of its own row, so it is applied once. A
message that still does not fit changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from typing_extensions import override

from kernel.clock import Clock
from kernel.decimals import plain
from kernel.nanoseconds import to_us
from kernel.ulid import valid_ulid
from mesh.errors import MeshError, refuse
from mesh.log import get_logger
from ordermesh.oms.v1 import parked_service_pb2 as pb
from svc_oms.domain.events import Event, OrderExecuted, Stamp, VenueReportParked
from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.domain.model import Order
from svc_oms.domain.numbers import ZERO, add, multiply, subtract
from svc_oms.domain.reports.unsolicited import differences
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.known_orders import KnownOrders
from svc_oms.service.codec.parked_messages import parked_content
from svc_oms.service.controls.pre_trade_control import FillFollower
from svc_oms.service.directory.user_names import Person
from svc_oms.service.errors import invalid_field, order_not_found
from svc_oms.service.ports import AuditWrite, OrderStore, SessionRow, Transaction
from svc_oms.service.ports.parked_ports import ParkedRow, SettledWrite
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.streams.publisher import Publisher
from svc_oms.service.venue.reports.attempts import check_numbers, until_numbers_known
from svc_oms.service.venue.reports.report_batch import ReportBatch
from svc_oms.service.venue.reports.reports import Report, read_message
from svc_oms.service.venue.reports.unsolicited import Unsolicited, find_unsolicited

log = get_logger("svc_oms.parked")

OPEN, APPLIED, DISCARDED = (
    pb.PARKED_STATE_OPEN,
    pb.PARKED_STATE_APPLIED,
    pb.PARKED_STATE_DISCARDED,
)
# A named person decides on each order: the limit of the venues file is for what opens by itself.
OPENS_BY_PERSON = 1_000_000


@dataclass(frozen=True, slots=True)
class ParkedParts:
    """What is needed to apply a message.

    Attributes:
        value_alone_max: The largest value that one person may state alone; None: no limit.
    """

    store: OrderStore
    clock: Clock
    known: KnownOrders
    market: Market
    venues: VenueSessions
    publisher: Publisher
    audit_log: AuditLog
    fill_followers: Sequence[FillFollower] = ()
    value_alone_max: Decimal | None = None


class Wanted(NamedTuple):
    """What a person asks for.

    Attributes:
        order_id: The order that the message belongs to, by the person; empty if the message
            names its order itself.
    """

    parked_id: int
    order_id: str
    who: Person
    reason: str


@dataclass
class _Again(ReportBatch):
    """The batch of one message that a person applies; what does not fit is refused."""

    actor: str = ""
    still: str = ""
    """Why the message still does not fit."""
    events: Sequence[Event] = ()
    after: Order | None = None
    """The order after the events."""

    @override
    def _park(self, report: Report, why: str) -> None:
        self.still = why

    @override
    def _keep_unfitting(self, report: Report, events: Sequence[Event]) -> None:
        """Keep nothing: the message has its row."""

    @override
    def _inform(self, order: Order, after: Order, events: Sequence[Event]) -> None:
        self.events, self.after = events, after
        odd = [event for event in events if isinstance(event, VenueReportParked)]
        if len(odd) == len(events):
            self.still = "; ".join(event.text for event in odd)
        super()._inform(order, after, events)

    @override
    def _stamp(self, report: Report) -> Stamp:
        return super()._stamp(report)._replace(actor=self.actor)


class ParkedMessages:
    """Applies and discards; see the head of this file."""

    def __init__(self, parts: ParkedParts) -> None:
        self._parts = parts

    async def apply(self, wanted: Wanted) -> tuple[ParkedRow, bytes]:
        """Interpret a message again; return it and the order it was applied to.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE, ORDER_NOT_FOUND, INVALID_FIELD,
                SECOND_PERSON_REQUIRED.
        """
        return await until_numbers_known(partial(self._applied_with, wanted))

    async def _applied_with(
        self, wanted: Wanted, named_before: Mapping[str, str]
    ) -> tuple[ParkedRow, bytes]:
        parts = self._parts
        row = await self._read(wanted.parked_id)
        session = await self._session(row)
        report = _readable(row, wanted)
        if wanted.order_id and not valid_ulid(wanted.order_id):
            raise order_not_found(wanted.order_id)
        named = [one for one in (report.order_id,) if valid_ulid(one)]
        order_accounts = await parts.known.order_accounts.find(named, parts.store.account_of)
        if wanted.order_id and wanted.order_id not in order_accounts:
            raise order_not_found(wanted.order_id)
        async with parts.store.transaction() as transaction:
            found = await self._found(transaction, session, report)
            names = {*order_accounts.values(), *found.order_accounts.values()}
            accounts = await transaction.lock_accounts(sorted(names))
            # After the accounts, as in a batch of commands.
            _require_open(await transaction.parked_messages([row.parked_id]), row.parked_id)
            changes = BookChanges(accounts, parts.clock.now_ns())
            parts.known.give(changes, accounts.values())
            batch = _Again.of(
                session,
                parts,
                changes,
                accounts,
                found,
                order_accounts,
                named_before=named_before,
                actor=wanted.who.subject,
            )
            await batch.read(transaction)
            before = changes.find(wanted.order_id)
            if before is not None:
                _check_named(before, session, report)
            batch.apply()
            order = self._applied(batch, row, before)
            await batch.finish(transaction)
            writes = changes.finish()
            settled = _settled(row, APPLIED, wanted, changes.now_ns, order)
            writes.settled.append(settled)
            entry = _entry(changes.now_ns, row, wanted, "ApplyParked", order)
            bases = await transaction.write(writes)
            check_numbers(transaction.named_before(), named_before)
            await parts.audit_log.append(transaction, [*writes.audit, entry])
            await transaction.commit()
            parts.publisher.committed(changes, accounts, bases)
        log.warning("parked message applied", parked=row.parked_id, order=order.order_id)
        return _after(row, settled), changes.bodies[order.order_id]

    async def discard(self, wanted: Wanted) -> ParkedRow:
        """Settle a message without applying it.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE.
        """
        parts = self._parts
        async with parts.store.transaction() as transaction:
            rows = await transaction.parked_messages([wanted.parked_id])
            row = _require_open(rows, wanted.parked_id)
            now_ns = parts.clock.now_ns()
            settled = _settled(row, DISCARDED, wanted, now_ns, None)
            await transaction.settle_parked([settled])
            await parts.audit_log.append(
                transaction, [_entry(now_ns, row, wanted, "DiscardParked", None)]
            )
        log.warning("parked message discarded", parked=row.parked_id)
        return _after(row, settled)

    async def _read(self, parked_id: int) -> ParkedRow:
        row = await self._parts.store.parked().message(parked_id)
        return _require_open([] if row is None else [row], parked_id)

    async def _session(self, row: ParkedRow) -> SessionRow:
        for session in await self._parts.store.sessions():
            if session.session_id == row.session_id:
                return session
        raise _state(row.parked_id, f"session {row.session_id} does not exist any more")

    async def _found(
        self, transaction: Transaction, session: SessionRow, report: Report
    ) -> Unsolicited:
        """Find the order of a message that names none, or one that it opens."""
        if report.order_id or session.drop_copy:
            return Unsolicited([report])
        parts = self._parts
        return await find_unsolicited(
            transaction, parts.market, session.venue_mic, [report], parts.clock.now_ns()
        )

    def _applied(self, batch: _Again, row: ParkedRow, named: Order | None) -> Order:
        """Return the order after the message; refuse what does not fit, or is for two persons."""
        if batch.still:
            raise _state(row.parked_id, f"it still does not fit: {batch.still}")
        order = batch.after
        if order is None:
            raise _state(
                row.parked_id, "it changes nothing: what it reports is in the book; discard it"
            )
        limit = self._parts.value_alone_max
        if named is None or limit is None:
            return order
        value = _value(batch.events, named, order)
        if value is None or value > limit:
            raise refuse(
                "SECOND_PERSON_REQUIRED",
                f"order_id is {named.order_id}, named by a person, for a value of "
                f"{'unknown size' if value is None else plain(value)}; one person may state "
                f"{plain(limit)} {named.currency}: use Resolve with parked_id {row.parked_id}",
                "order_id",
                parked_id=row.parked_id,
            )
        return order


def _readable(row: ParkedRow, wanted: Wanted) -> Report:
    """Decode a message that the gateway could read, with the order that a person names."""
    message = parked_content(row.body)
    if message.WhichOneof("body") == "parked":
        raise _state(
            row.parked_id,
            "the gateway could not read it: state what it means (Resolve with parked_id), or "
            "discard it",
        )
    report = read_message(message)
    if report.facts is None:
        raise _state(row.parked_id, f"it cannot be read: {report.error}")
    if wanted.order_id:
        own = row.order_id or report.order_id
        if own not in {"", wanted.order_id}:
            raise invalid_field("order_id", wanted.order_id, f"empty: the message is of {own}")
        return report._replace(order_id=wanted.order_id, error="")
    facts = report.facts
    if isinstance(facts, ExecutionReportFacts) and facts.reported_order is not None:
        opens = facts.reported_order._replace(opens_max=OPENS_BY_PERSON)
        report = report._replace(facts=facts._replace(reported_order=opens))
    return report


def _check_named(order: Order, session: SessionRow, report: Report) -> None:
    if order.venue_mic != session.venue_mic:
        raise invalid_field(
            "order_id", order.order_id, f"an order at {session.venue_mic}, not at {order.venue_mic}"
        )
    facts = report.facts
    if isinstance(facts, ExecutionReportFacts):
        for why in differences(order, facts.reported_order):
            raise invalid_field("order_id", order.order_id, f"one that the message fits: {why}")


def _value(events: Sequence[Event], before: Order, after: Order) -> Decimal | None:
    """Return the value of what a message did to an order that a person named."""
    value = ZERO
    for event in events:
        if isinstance(event, OrderExecuted):
            value = add(value, multiply(event.execution.quantity, abs(event.execution.price)))
    if after.is_closed and not before.is_closed and after.cum_quantity < after.terms.quantity:
        price = after.terms.limit_price
        if price is None:
            return None
        left = subtract(after.terms.quantity, after.cum_quantity)
        value = add(value, multiply(left, abs(price)))
    return value


def _require_open(rows: Sequence[ParkedRow], parked_id: int) -> ParkedRow:
    if not rows:
        raise not_found(parked_id)
    (row,) = rows
    if row.state != OPEN:
        name = pb.ParkedState.Name(row.state).removeprefix("PARKED_STATE_")
        raise _state(parked_id, f"it is {name}, by {row.settled_by_name or row.settled_by}")
    return row


def not_found(parked_id: int) -> MeshError:
    """Refuse a parked message that does not exist, or that the caller may not see."""
    return refuse(
        "OBJECT_NOT_FOUND",
        f"there is no parked message {parked_id} that you may see",
        "parked_id",
        parked_id=parked_id,
    )


def _state(parked_id: int, why: str) -> MeshError:
    return refuse(
        "OBJECT_STATE",
        f"parked message {parked_id} cannot be settled so: {why}",
        "parked_id",
        parked_id=parked_id,
    )


def _settled(
    row: ParkedRow, state: int, wanted: Wanted, now_ns: int, order: Order | None
) -> SettledWrite:
    return SettledWrite(
        row.parked_id,
        state,
        to_us(now_ns),
        wanted.who.subject,
        wanted.who.username,
        wanted.reason,
        row.account_id if order is None else order.account_id,
        row.order_id if order is None else order.order_id,
    )


def _after(row: ParkedRow, settled: SettledWrite) -> ParkedRow:
    return row._replace(
        state=settled.state,
        settled_at_us=settled.settled_at_us,
        settled_by=settled.settled_by,
        settled_by_name=settled.settled_by_name,
        reason=settled.reason,
        account_id=settled.account_id,
        order_id=settled.order_id,
        body=b"",
    )


def _entry(
    now_ns: int, row: ParkedRow, wanted: Wanted, command: str, order: Order | None
) -> AuditWrite:
    metadata: Mapping[str, object] = {
        "parked_id": row.parked_id,
        "session_id": row.session_id,
        "msg_seq_num": row.msg_seq_num,
        "named_order": wanted.order_id,
    }
    entry = action(
        now_ns,
        wanted.who.subject,
        command,
        f"MsgType(35) {row.msg_type} of {row.session_id}, parked because {row.why}; "
        f"reason: {wanted.reason}",
        account_id=row.account_id if order is None else order.account_id,
        **metadata,
    )
    order_id = row.order_id if order is None else order.order_id
    return entry._replace(order_id=order_id, actor_name=wanted.who.username)
