"""One batch of venue reports: each is folded into its order, or parked.

A venue's report is a fact and is never refused. A report that fits no order, or cannot be
read, is kept whole for a person, and the session goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, Self

from kernel.nanoseconds import NS_PER_S
from mesh.log import get_logger
from mesh.sparse_log import SparseLog
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.domain.events import (
    Event,
    OrderAccepted,
    OrderAcknowledged,
    Stamp,
    VenueReportParked,
)
from svc_oms.domain.model import Order
from svc_oms.domain.reports.comparison import compared
from svc_oms.domain.reports.drop_copy import interpret_copy
from svc_oms.domain.reports.report_parts import ask_venue
from svc_oms.domain.reports.unsolicited import NO_ORDER_ID, differences
from svc_oms.domain.reports.venue_reports import (
    NO_EXECUTIONS,
    ExecutionReportFacts,
    Facts,
    interpret,
)
from svc_oms.service import metrics
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.order_groups import OrderGroups
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.codec.venue_messages import EXECUTION_REPORT, msg_type_of
from svc_oms.service.controls.pre_trade_control import BatchFollower, FillFollower
from svc_oms.service.ports import (
    AccountRow,
    ParkedMoreWrite,
    ParkedWrite,
    SessionRow,
    Transaction,
)
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.venue.reports.batch_executions import MONEY, BatchExecutions
from svc_oms.service.venue.reports.parked_room import ParkedRoom
from svc_oms.service.venue.reports.reports import Report
from svc_oms.service.venue.reports.unsolicited import Unsolicited

log = get_logger("svc_oms.venue")
_log_parked = SparseLog(log.error)
_log_unfitting = SparseLog(log.warning)

# An order with so many anomalies gets no further ones; the reports are parked all the same.
ORDER_ANOMALIES_MAX = 1_000
PARKED_TEXT_CHARACTERS_MAX = 500


class BatchParts(Protocol):
    """What a batch needs of the process."""

    @property
    def venues(self) -> VenueSessions:
        """The venues' sessions."""

    @property
    def market(self) -> Market:
        """The listings and their prices."""

    @property
    def fill_followers(self) -> Sequence[FillFollower]:
        """What follows fills."""


@dataclass(slots=True)
class ReportBatch:
    """A batch between its reads and its write."""

    session_id: str
    venue_mic: str
    reports: Sequence[Report]
    order_accounts: dict[str, str]
    changes: BookChanges
    accounts: Mapping[str, AccountRow]
    order_groups: OrderGroups
    fill_followers: Sequence[FillFollower] = ()
    drop_copy: bool = False
    copied: bool = False
    """The venue has a drop copy, too."""
    named_before: Mapping[str, str] = field(default_factory=dict)
    """Orders of earlier batches by OrderID(37), as far as the store said that they have it."""
    openings: Mapping[str, Order] = field(default_factory=dict)
    """Unsolicited orders, as they are before their first report."""
    room: ParkedRoom | None = None
    """None: every message that does not fit is kept whole."""
    _named: dict[str, str] = field(init=False)
    _following: list[BatchFollower] = field(default_factory=list)
    _executions: BatchExecutions = field(init=False)
    _actor: str = field(init=False)

    @classmethod
    def of(
        cls,
        session: SessionRow,
        parts: BatchParts,
        changes: BookChanges,
        accounts: Mapping[str, AccountRow],
        found: Unsolicited,
        order_accounts: Mapping[str, str],
        **more: Any,
    ) -> Self:
        """Make the batch of reports of a session.

        Args:
            session: The session they came by.
            parts: What the process knows.
            changes: Takes what the reports change.
            accounts: The locked accounts.
            found: The reports, with the orders found for those that name none.
            order_accounts: Accounts by order; orders of accounts that are not locked are left out.
            more: Further fields of the batch.
        """
        known = {**order_accounts, **found.order_accounts}
        return cls(
            session_id=session.session_id,
            venue_mic=session.venue_mic,
            reports=found.reports,
            order_accounts={order: name for order, name in known.items() if name in accounts},
            changes=changes,
            accounts=accounts,
            order_groups=OrderGroups(changes, parts.venues, accounts, parts.market),
            fill_followers=parts.fill_followers,
            drop_copy=session.drop_copy,
            copied=parts.venues.has_copy(session.venue_mic),
            openings=found.openings,
            **more,
        )

    def __post_init__(self) -> None:
        """Begin without executions."""
        self._named = dict(self.named_before)
        self._actor = f"{'drop_copy' if self.drop_copy else 'venue'}:{self.venue_mic}"
        self._executions = BatchExecutions(self.venue_mic, self.changes.writes)

    async def read(self, transaction: Transaction) -> None:
        """Read orders and known executions in sets."""
        missing = {
            report.order_id
            for report in self.reports
            if report.order_id in self.order_accounts and self.changes.find(report.order_id) is None
        }
        if missing:
            for row in await transaction.orders(list(missing)):
                self.changes.orders[row.order_id] = read_order(row.body, row.fold)
        await self._executions.read(transaction, self.reports, self.openings)
        await self.order_groups.read(transaction, (), {report.order_id for report in self.reports})
        for fill_follower in self.fill_followers:
            self._following.append(
                await fill_follower.open(transaction, self.accounts, self.changes)
            )

    def apply(self) -> None:
        """Fold every report in the order of the session."""
        for report in self.reports:
            if (
                self.drop_copy
                and report.facts is not None
                and report.order_id not in self.order_accounts
            ):
                # Copies cover the firm's whole trading, not only ours.
                self._afterwards(metrics.FOREIGN_COPIES.labels(self.venue_mic).inc)
                continue
            report = self._named_in_batch(report)  # noqa: PLW2901  the same report, with its order
            try:
                why = report.error or self._apply_one(report)
            except Exception as error:  # noqa: BLE001  logged below, after the commit
                # A fault of ours; the report is kept, and the book changes have nothing of it.
                said = {"session": self.session_id, "exc_info": error}
                self._afterwards(partial(log.error, "report not applied", **said))
                why = f"{type(error).__name__}: {error}"
            if why:
                self._park(report, why)

    async def finish(self, transaction: Transaction) -> None:
        """Let the followers of fills add what the reports changed."""
        for batch_follower in self._following:
            await batch_follower.finish(transaction)

    def _apply_one(self, report: Report) -> str:
        facts = report.facts
        assert facts is not None, "a report without facts has an error"
        order = self.changes.find(report.order_id) or self._open(report, facts)
        if order is None:
            return self._why_none(report, facts)
        known = NO_EXECUTIONS
        if isinstance(facts, ExecutionReportFacts) and facts.exec_type in MONEY:
            found = self._executions.check(order, facts)
            if isinstance(found, str):
                return found
            known = found
        if self.drop_copy:
            events = interpret_copy(order, facts, known)
        else:
            events = interpret(order, facts, known, copied_venue=self.copied)
        if self.drop_copy and not events:
            return ""
        stamp = self._stamp(report)
        after = self.changes.add(order.account_id, order, events, stamp) if events else order
        other = self._keep_venue_order_id(order, after)
        self._executions.keep(after, events)
        odd = compared(order, after, facts, events, copied=self.copied, drop_copy=self.drop_copy)
        if other:
            text = f"OrderID(37) {after.venue_order_id!r} is that of order {other}, too"
            odd.append(VenueReportParked("8", text))
        if odd:
            after = self.changes.add(order.account_id, after, odd, stamp)
            events = [*events, *odd]
        if not events:
            return ""
        self._keep_unfitting(report, events)
        self.order_groups.ask(after, events)
        self._inform(order, after, events)
        return ""

    def _open(self, report: Report, facts: Facts) -> Order | None:
        """Open the order of an unsolicited report, or find it if an earlier report opened it."""
        opening = self.openings.get(report.order_id)
        if opening is None or opening.account_id not in self.accounts:
            return None
        named = self._with_number(facts)
        if named:
            return next((one for one in named if not _differs(one, facts)), None)
        if isinstance(facts, ExecutionReportFacts) and self._executions.known_of_another(
            opening, facts
        ):
            # Applied to an order with another name: not a new one.
            return None
        self._afterwards(metrics.UNSOLICITED_ORDERS.labels(self.venue_mic).inc)
        said = {"order": opening.order_id, "named": opening.venue_order_id}
        self._afterwards(partial(log.warning, "unsolicited order", **said))
        accepted = [OrderAccepted(opening)]
        order = self.changes.add(opening.account_id, None, accepted, self._stamp(report))
        self._keep_venue_order_id(None, order)
        return order

    def _with_number(self, facts: Facts) -> list[Order]:
        """Return the orders of this batch that have the OrderID(37) of a report."""
        if not isinstance(facts, ExecutionReportFacts) or facts.venue_order_id in NO_ORDER_ID:
            return []
        return [
            order
            for order in self.changes.orders.values()
            if (order.venue_order_id, order.venue_mic) == (facts.venue_order_id, self.venue_mic)
        ]

    def _named_in_batch(self, report: Report) -> Report:
        """Give a report without an order that of its OrderID(37), if this batch brought both."""
        if report.order_id or report.facts is None or not report.error:
            return report
        agreeing = [o for o in self._with_number(report.facts) if not _differs(o, report.facts)]
        if len(agreeing) != 1:
            return report
        return report._replace(order_id=agreeing[0].order_id, error="")

    def _why_none(self, report: Report, facts: Facts) -> str:
        opening = self.openings.get(report.order_id)
        if opening is None:
            return f"ClOrdID(11) {facts.cl_ord_id!r} belongs to no order here"
        if opening.account_id not in self.accounts:
            return f"Account(1) {opening.account_id!r} is not an account here"
        if self._with_number(facts):
            return f"another order here has OrderID(37) {opening.venue_order_id!r}"
        return f"OrderID(37) {opening.venue_order_id!r} opens no order: its ExecID(17) was applied"

    def _inform(self, order: Order, after: Order, events: Sequence[Event]) -> None:
        for batch_follower in self._following:
            batch_follower.followed(order, after, events)
        # A change of one order may end, release or resize others, at any venue.
        for moved in self.order_groups.follow(order, after, events, itself=True):
            for batch_follower in self._following:
                batch_follower.followed(*moved)
        if after.anomaly_count > order.anomaly_count:
            found = after.anomaly_count - order.anomaly_count
            self._afterwards(metrics.ANOMALIES.labels(self.venue_mic).inc, found)
            said = {"order": after.order_id, "anomaly": _oddity(after, events)}
            self._afterwards(partial(_log_unfitting, "report does not fit", **said))
        # An order that waited here first was at the venue for only a part of its life.
        at_once = order.version == 1 and order.origin is None
        if isinstance(events[0], OrderAcknowledged) and at_once:
            seconds = (self.changes.now_ns - after.created_at_ns) / NS_PER_S
            self._afterwards(metrics.PLACE_TO_VENUE_ACK_SECONDS.observe, seconds)

    def _stamp(self, report: Report) -> Stamp:
        facts, message = report.facts, report.message
        if message is not None and type(facts) is ExecutionReportFacts:
            # As below, of most reports: nothing is read from the message again.
            return Stamp(
                self.changes.now_ns,
                facts.transact_time_ns,
                facts.received_at_ns,
                self._actor,
                "",
                message.msg_seq_num,
                EXECUTION_REPORT,
            )
        return Stamp(
            occurred_at_ns=self.changes.now_ns,
            venue_time_ns=(
                facts.transact_time_ns if isinstance(facts, ExecutionReportFacts) else 0
            ),
            received_at_ns=0 if message is None else from_timestamp(message.received_at),
            actor="oms" if message is None else self._actor,
            msg_seq_num=0 if message is None else message.msg_seq_num,
            msg_type="" if message is None else _clean(msg_type_of(message)),
        )

    def _keep_venue_order_id(self, before: Order | None, after: Order) -> str:
        """Keep a number that the venue gave the order now; return another order that has it."""
        named = after.venue_order_id
        if (before is not None and named == before.venue_order_id) or named in NO_ORDER_ID:
            return ""
        if named.isprintable():
            row = (after.venue_mic, named, after.order_id)
            self.changes.writes.venue_order_ids.append(row)
        other = self._named.setdefault(named, after.order_id)
        return "" if other == after.order_id else other

    def _park(self, report: Report, why: str) -> None:
        message = report.message
        account_id = self.order_accounts.get(report.order_id)
        if message is None:
            # A receipt for a command of an order that does not exist cannot be kept.
            said = {"session": self.session_id, "why": why}
            self._afterwards(partial(log.error, "receipt not applied", **said))
            return
        event = VenueReportParked(*self._keep_whole(report, message, why))
        if account_id is None:
            return
        order = self.changes.find(report.order_id)
        if order is None:
            self.changes.add_account_event(account_id, event, self._stamp(report))
            return
        self._afterwards(metrics.ANOMALIES.labels(self.venue_mic).inc)
        if order.anomaly_count >= ORDER_ANOMALIES_MAX:
            return
        events: list[Event] = [event]
        if report.facts is None or _is_money(report.facts):
            # It is or may be a fill. The answer shows what the venue has.
            what = "read" if report.facts is None else "applied"
            events += ask_venue(order, f"a report could not be {what}")
        after = self.changes.add(account_id, order, events, self._stamp(report))
        self.order_groups.ask(after, events)

    def _keep_unfitting(self, report: Report, events: Sequence[Event]) -> None:
        """Keep a report whole that contradicts its order; the order's event has only a text."""
        texts = [event.text for event in events if isinstance(event, VenueReportParked)]
        if texts and report.message is not None:
            self._keep_whole(report, report.message, "; ".join(texts))

    def _keep_whole(self, report: Report, message: gw.VenueMessage, why: str) -> tuple[str, str]:
        """Keep a message that does not fit as it came; return its type and what is wrong."""
        account_id = self.order_accounts.get(report.order_id)
        self._afterwards(metrics.PARKED.labels(self.venue_mic).inc)
        msg_type = _clean(msg_type_of(message))
        text = _clean(why)[:PARKED_TEXT_CHARACTERS_MAX]
        said = {"session": self.session_id, "msg_type": msg_type, "why": text}
        self._afterwards(partial(_log_parked, "venue message parked", **said))
        writes = self.changes.writes
        if self.room is not None:
            if not self.room.has_place_for(len(writes.parked) + 1):
                self._count_only(message)
                return msg_type, text
            self._afterwards(self.room.take)
        writes.parked.append(
            ParkedWrite(
                self.session_id,
                message.session_epoch,
                message.msg_seq_num,
                msg_type,
                text,
                account_id,
                report.order_id if account_id else None,
                message.SerializeToString(),
            )
        )
        return msg_type, text

    def _afterwards(self, effect: Callable[..., object], *values: float) -> None:
        """Do this after the commit."""
        self.changes.writes.afterwards.append(partial(effect, *values))

    def _count_only(self, message: gw.VenueMessage) -> None:
        """Count a message that is not kept: too many of the session wait for a person."""
        self._afterwards(metrics.PARKED_COUNTED.labels(self.venue_mic).inc)
        number = message.msg_seq_num
        more = self.changes.writes.parked_more
        if more is None or more.session_epoch != message.session_epoch:
            more = ParkedMoreWrite(self.session_id, message.session_epoch, number, number, 0)
        self.changes.writes.parked_more = more._replace(
            last_msg_seq_num=number, messages=more.messages + 1
        )


def _is_money(facts: Facts) -> bool:
    return isinstance(facts, ExecutionReportFacts) and facts.exec_type in MONEY


def _differs(order: Order, facts: Facts) -> bool:
    """Return whether a report says something else of the order with its OrderID(37)."""
    assert isinstance(facts, ExecutionReportFacts), "only those have an OrderID(37)"
    return any(differences(order, facts.reported_order))


def _oddity(after: Order, events: Sequence[Event]) -> str:
    """Return what did not fit in a report, in words."""
    texts = [event.text for event in events if isinstance(event, VenueReportParked)]
    return "; ".join(texts) or after.anomaly or "see the order's events"


def _clean(text: str) -> str:
    """Remove what a text column cannot store."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
