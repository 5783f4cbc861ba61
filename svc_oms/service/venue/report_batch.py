"""One batch of venue reports: each is folded into its order, or parked.

A venue's report is a fact and is never refused. A report that fits no order, or cannot be
read, is kept whole for a person, and the session goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_S
from kernel.side import Side
from mesh.log import get_logger
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.domain.events import (
    Event,
    ExecutionBusted,
    ExecutionCorrected,
    OrderAccepted,
    OrderAcknowledged,
    OrderExecuted,
    Stamp,
    VenueReportParked,
)
from svc_oms.domain.model import Execution, Order
from svc_oms.domain.reports.comparison import compared
from svc_oms.domain.reports.drop_copy import interpret_copy
from svc_oms.domain.reports.venue_reports import ExecutionReportFacts, Facts, interpret
from svc_oms.service import metrics
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.order_groups import OrderGroups
from svc_oms.service.codec.order_records import execution_row, found_execution, read_order
from svc_oms.service.codec.venue_messages import msg_type_of
from svc_oms.service.controls.pre_trade_control import BatchFollower, FillFollower
from svc_oms.service.ports import AccountRow, ExecutionRow, ParkedWrite, Transaction
from svc_oms.service.venue.reports import Report

log = get_logger("svc_oms.venue")

# ExecType(150) of reports with money in them: F trade, G correction, H bust.
MONEY = frozenset("FGH")
BUST = "H"
PARKED_TEXT_CHARACTERS_MAX = 500


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
    openings: Mapping[str, Order] = field(default_factory=dict)
    """Unsolicited orders, as they are before their first report."""
    _following: list[BatchFollower] = field(default_factory=list)
    _executions: dict[str, ExecutionRow] = field(default_factory=dict)

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
        ids: set[tuple[str, str]] = set()
        for report in self.reports:
            facts = report.facts
            if isinstance(facts, ExecutionReportFacts) and facts.exec_type in MONEY:
                ids.update(
                    (self.venue_mic, exec_id)
                    for exec_id in (facts.exec_id, facts.exec_ref_id)
                    if exec_id and exec_id.isprintable()
                )
        if ids:
            self._executions = {row.exec_id: row for row in await transaction.executions(list(ids))}
            await self._read_busted(transaction)
        await self.order_groups.read(transaction, (), {report.order_id for report in self.reports})
        for fill_follower in self.fill_followers:
            self._following.append(
                await fill_follower.open(transaction, self.accounts, self.changes)
            )

    async def _read_busted(self, transaction: Transaction) -> None:
        """Read all executions of orders of which one is taken back without being named."""
        unnamed = {
            report.order_id
            for report in self.reports
            if isinstance(report.facts, ExecutionReportFacts)
            and report.facts.exec_type == BUST
            and report.facts.exec_ref_id not in self._executions
            and report.order_id in self.order_accounts
        }
        if unnamed:
            for row in await transaction.executions_of(sorted(unnamed)):
                self._executions.setdefault(row.exec_id, row)

    def apply(self) -> None:
        """Fold every report in the order of the session."""
        for report in self.reports:
            if (
                self.drop_copy
                and report.facts is not None
                and report.order_id not in self.order_accounts
            ):
                # Copies cover the firm's whole trading, not only ours.
                metrics.FOREIGN_COPIES.labels(self.venue_mic).inc()
                continue
            try:
                why = report.error or self._apply_one(report)
            except Exception as error:
                # A fault of ours; the report is kept, and the book changes have nothing of it.
                log.exception("report not applied", session=self.session_id)
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
        known: dict[str, Execution] = {}
        if isinstance(facts, ExecutionReportFacts) and facts.exec_type in MONEY:
            if not facts.exec_id or not facts.exec_id.isprintable():
                return f"ExecID(17) is {facts.exec_id!r}; a fill, bust or correction needs one"
            applied = self._executions.get(facts.exec_id)
            if applied is not None and not _busts_itself(applied, order, facts):
                metrics.DUPLICATE_EXECUTIONS.labels(self.venue_mic).inc()
                return _contradiction(applied, order, facts)
            known = self._known(order, facts)
        read = interpret_copy if self.drop_copy else interpret
        events = read(order, facts, known)
        if self.drop_copy and not events:
            return ""
        stamp = self._stamp(report)
        after = self.changes.add(order.account_id, order, events, stamp) if events else order
        self._keep_executions(after, events)
        odd = compared(order, after, facts, events, copied=self.copied, drop_copy=self.drop_copy)
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
        name = _name(opening)
        for order in self.changes.orders.values():
            if _name(order) == name:
                return order
        if isinstance(facts, ExecutionReportFacts) and facts.exec_id in self._executions:
            # Applied to an order with another name: not a new one.
            return None
        metrics.UNSOLICITED_ORDERS.labels(self.venue_mic).inc()
        log.warning("unsolicited order", order=opening.order_id, named=name[-1])
        accepted = [OrderAccepted(opening)]
        return self.changes.add(opening.account_id, None, accepted, self._stamp(report))

    def _why_none(self, report: Report, facts: Facts) -> str:
        opening = self.openings.get(report.order_id)
        if opening is None:
            return f"ClOrdID(11) {facts.cl_ord_id!r} belongs to no order here"
        if opening.account_id not in self.accounts:
            return f"Account(1) {opening.account_id!r} is not an account here"
        return f"OrderID(37) {opening.venue_order_id!r} opens no order: its ExecID(17) was applied"

    def _inform(self, order: Order, after: Order, events: Sequence[Event]) -> None:
        for batch_follower in self._following:
            batch_follower.followed(order, after, events)
        # A change of one order may end, release or resize others, at any venue.
        for moved in self.order_groups.follow(order, after, itself=True):
            for batch_follower in self._following:
                batch_follower.followed(*moved)
        if after.anomaly_count > order.anomaly_count:
            found = after.anomaly_count - order.anomaly_count
            metrics.ANOMALIES.labels(self.venue_mic).inc(found)
            log.warning("report does not fit", order=after.order_id, anomaly=_oddity(after, events))
        # An order that waited here first was at the venue for only a part of its life.
        at_once = order.version == 1 and order.origin is None
        if isinstance(events[0], OrderAcknowledged) and at_once:
            seconds = (self.changes.now_ns - after.created_at_ns) / NS_PER_S
            metrics.PLACE_TO_VENUE_ACK_SECONDS.observe(seconds)

    def _known(self, order: Order, facts: ExecutionReportFacts) -> dict[str, Execution]:
        """Return the execution that a report names; all of the order's, if it names none."""
        row = self._executions.get(facts.exec_ref_id) if facts.exec_ref_id else None
        if row is not None and row.order_id == order.order_id:
            rows = [row]
        elif facts.exec_type == BUST:
            rows = [row for row in self._executions.values() if row.order_id == order.order_id]
        else:
            return {}
        found = ((row.exec_id, found_execution(row)) for row in rows)
        return {exec_id: execution for exec_id, execution in found if execution is not None}

    def _stamp(self, report: Report) -> Stamp:
        facts, message = report.facts, report.message
        return Stamp(
            occurred_at_ns=self.changes.now_ns,
            venue_time_ns=(
                facts.transact_time_ns if isinstance(facts, ExecutionReportFacts) else 0
            ),
            received_at_ns=0 if message is None else from_timestamp(message.received_at),
            actor="oms" if message is None else f"{self._source}:{self.venue_mic}",
        )

    @property
    def _source(self) -> str:
        return "drop_copy" if self.drop_copy else "venue"

    def _keep_executions(self, order: Order, events: Sequence[Event]) -> None:
        sequence = order.last_sequence - len(events)
        for event in events:
            sequence += 1
            if isinstance(event, OrderExecuted):
                self._keep(sequence, "F", event.execution)
                metrics.EXECUTIONS.labels(self.venue_mic).inc()
            elif isinstance(event, ExecutionCorrected):
                self._keep(sequence, "G", event.execution)
                self._bust(event.corrected_exec_id)
            elif isinstance(event, ExecutionBusted) and event.exec_id == event.busted_exec_id:
                # The bust has no ExecID(17) of its own: the execution is marked, and that is all.
                self._bust(event.busted_exec_id)
            elif isinstance(event, ExecutionBusted):
                row = ExecutionRow(
                    self.venue_mic,
                    event.exec_id,
                    order.order_id,
                    order.account_id,
                    sequence,
                    "H",
                    plain(event.quantity),
                    plain(event.price),
                    b"",
                    True,
                )
                self._executions[event.exec_id] = row
                self.changes.writes.executions.append(row)
                self._bust(event.busted_exec_id)

    def _keep(self, sequence: int, exec_type: str, execution: Execution) -> None:
        row = execution_row(execution, sequence, exec_type)
        self._executions[execution.exec_id] = row
        self.changes.writes.executions.append(row)

    def _bust(self, exec_id: str) -> None:
        """Mark an execution as busted: in this batch's rows, or in the table."""
        rows = self.changes.writes.executions
        for index, row in enumerate(rows):
            if row.exec_id == exec_id:
                rows[index] = self._executions[exec_id] = row._replace(busted=True)
                return
        row_before = self._executions.get(exec_id)
        if row_before is not None:
            self._executions[exec_id] = row_before._replace(busted=True)
        self.changes.writes.busted.append((self.venue_mic, exec_id))

    def _park(self, report: Report, why: str) -> None:
        message = report.message
        account_id = self.order_accounts.get(report.order_id)
        if message is None:
            # A receipt for a command of an order that does not exist cannot be kept.
            log.error("receipt not applied", session=self.session_id, why=why)
            return
        event = VenueReportParked(*self._keep_whole(report, message, why))
        if account_id is None:
            return
        order = self.changes.find(report.order_id)
        if order is None:
            self.changes.add_account_event(account_id, event, self._stamp(report))
        else:
            self.changes.add(account_id, order, [event], self._stamp(report))

    def _keep_unfitting(self, report: Report, events: Sequence[Event]) -> None:
        """Keep a report whole that contradicts its order; the order's event has only a text."""
        texts = [event.text for event in events if isinstance(event, VenueReportParked)]
        if texts and report.message is not None:
            self._keep_whole(report, report.message, "; ".join(texts))

    def _keep_whole(self, report: Report, message: gw.VenueMessage, why: str) -> tuple[str, str]:
        """Keep a message that does not fit as it came; return its type and what is wrong."""
        account_id = self.order_accounts.get(report.order_id)
        metrics.PARKED.labels(self.venue_mic).inc()
        msg_type = _clean(msg_type_of(message))
        text = _clean(why)[:PARKED_TEXT_CHARACTERS_MAX]
        log.error("venue message parked", session=self.session_id, msg_type=msg_type, why=text)
        self.changes.writes.parked.append(
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


def _oddity(after: Order, events: Sequence[Event]) -> str:
    """Return what did not fit in a report, in words."""
    texts = [event.text for event in events if isinstance(event, VenueReportParked)]
    return "; ".join(texts) or after.anomaly or "see the order's events"


def _name(order: Order) -> tuple[str, str, Side, str]:
    return order.account_id, order.instrument_id, order.side, order.venue_order_id


def _busts_itself(applied: ExecutionRow, order: Order, facts: ExecutionReportFacts) -> bool:
    """Return whether a bust repeats the ExecID(17) of the execution that it takes back."""
    return (
        facts.exec_type == BUST
        and applied.exec_type != BUST
        and applied.order_id == order.order_id
        and (not facts.exec_ref_id or facts.exec_ref_id == facts.exec_id)
    )


def _contradiction(applied: ExecutionRow, order: Order, facts: ExecutionReportFacts) -> str:
    """Return how a report differs from the one applied under its ExecID(17), or ""."""
    was = [applied.order_id, applied.exec_type]
    now = [order.order_id, facts.exec_type]
    if applied.exec_type != "H":
        # A field that the venue leaves out of a repetition is no difference.
        for before, reported in (
            (Decimal(applied.quantity), facts.last_quantity),
            (Decimal(applied.price), facts.last_price),
        ):
            was.append(plain(before))
            now.append(plain(before if reported is None else reported))
    if was == now:
        return ""
    return (
        f"ExecID(17) {facts.exec_id!r} was applied with {' '.join(was)}, "
        f"but comes again with {' '.join(now)}"
    )


def _clean(text: str) -> str:
    """Remove what a text column cannot store."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
