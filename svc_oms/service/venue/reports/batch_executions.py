"""The executions of one batch of venue reports: those that are known, and those it adds.

They are known by order and ExecID(17); see `domain.reports.execution_ids` for the rule.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_DAY
from svc_oms.domain.events import Event, ExecutionBusted, ExecutionCorrected, OrderExecuted
from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.domain.model import Execution, Order
from svc_oms.domain.reports.execution_ids import Seen, named, seen
from svc_oms.domain.reports.report_parts import as_text
from svc_oms.domain.reports.venue_reports import NO_EXECUTIONS, Executions
from svc_oms.service import metrics
from svc_oms.service.codec.order_records import applied, execution_row, found_execution
from svc_oms.service.ports import ExecutionRow, Transaction, WriteSet
from svc_oms.service.venue.reports.reports import Report

MONEY = frozenset("FGH")
"""ExecType(150) of reports with money in them: F trade, G correction, H bust."""
BUST = "H"
AMENDS = frozenset("GH")
"""ExecType(150) of corrections and busts."""


class BatchExecutions:
    """What is known under the ExecIDs(17) of a batch's reports, and what the batch adds."""

    def __init__(self, venue_mic: str, writes: WriteSet) -> None:
        self._venue_mic = venue_mic
        self._writes = writes
        self._rows: defaultdict[tuple[str, str], list[ExecutionRow]] = defaultdict(list)
        # Executions of any order under the ExecIDs(17) of reports that would open one.
        self._of_the_venue: list[ExecutionRow] = []

    async def read(
        self, transaction: Transaction, reports: Sequence[Report], openings: Collection[str]
    ) -> None:
        """Read what is known, in sets; `openings` are the orders that reports would open."""
        ids: set[tuple[str, str]] = set()
        opening: set[str] = set()
        for report in reports:
            facts = report.facts
            if not isinstance(facts, ExecutionReportFacts) or facts.exec_type not in MONEY:
                continue
            named = {each for each in (facts.exec_id, facts.exec_ref_id) if each.isprintable()}
            named.discard("")
            ids.update((report.order_id, exec_id) for exec_id in named)
            if report.order_id in openings:
                opening |= named
        found = []
        if opening:
            found = await transaction.venue_executions(self._venue_mic, list(opening))
            self._of_the_venue = found
            ids -= {(row.order_id, row.exec_id) for row in found}
        if ids:
            found = found + await transaction.executions(list(ids))
        self.know(found)
        await self._read_unnamed(transaction, reports)

    async def _read_unnamed(self, transaction: Transaction, reports: Sequence[Report]) -> None:
        """Read all executions of orders of which a bust or correction names none that counts."""
        unnamed = {
            report.order_id
            for report in reports
            if isinstance(report.facts, ExecutionReportFacts)
            and report.order_id
            and self._names_none(report.order_id, report.facts)
        }
        if unnamed:
            rows = await transaction.executions_of(sorted(unnamed))
            self.know([row for row in rows if (row.order_id, row.exec_id) not in self._rows])

    def _names_none(self, order_id: str, facts: ExecutionReportFacts) -> bool:
        rows = self._rows.get((order_id, facts.exec_ref_id))
        if facts.exec_type == BUST and not rows:
            return True
        # Corrected or taken back before; its present form has another ExecID(17).
        return facts.exec_type in AMENDS and rows is not None and all(row.busted for row in rows)

    def know(self, rows: Sequence[ExecutionRow]) -> None:
        """Take executions that are stored."""
        for row in rows:
            self._rows[row.order_id, row.exec_id].append(row)

    def check(self, order: Order, facts: ExecutionReportFacts) -> Executions | str:
        """Return the executions that a fill, bust or correction names.

        A text: it is not applied for this reason; an empty one: it was applied already.
        """
        if not facts.exec_id or not facts.exec_id.isprintable():
            return f"ExecID(17) is {facts.exec_id!r}; a fill, bust or correction needs one"
        rows = self._rows.get((order.order_id, facts.exec_id))
        verdict = seen(order, facts, [applied(row) for row in rows]) if rows else Seen.NEW
        if verdict is not Seen.NEW:
            self._writes.afterwards.append(metrics.DUPLICATE_EXECUTIONS.labels(self._venue_mic).inc)
            return "" if verdict is Seen.REPEATED else self._contradiction(order, facts)
        found = self._named(order, facts)
        if found is None:
            return (
                f"ExecRefID(19) {facts.exec_ref_id!r} names several executions, and CumQty(14) "
                f"and LastQty(32) do not show which"
            )
        return found

    def _contradiction(self, order: Order, facts: ExecutionReportFacts) -> str:
        """Return how a report differs from those applied to its order under its ExecID(17)."""
        was = " and ".join(
            f"{one.exec_type} {plain(one.quantity)} at {plain(one.price)}, "
            f"CumQty(14) {as_text(one.cum_quantity)}"
            for one in map(applied, self._rows[order.order_id, facts.exec_id])
        )
        return (
            f"ExecID(17) {facts.exec_id!r} was applied to this order as {was}, but comes again as "
            f"{facts.exec_type} {as_text(facts.last_quantity)} at {as_text(facts.last_price)}, "
            f"CumQty(14) {as_text(facts.cum_quantity)}: neither the same nor a further part"
        )

    def _named(self, order: Order, facts: ExecutionReportFacts) -> Executions | None:
        """Return the execution that a bust or correction names; see `execution_ids.named`."""
        if facts.exec_type == "F":
            return NO_EXECUTIONS
        known: defaultdict[str, list[Execution]] = defaultdict(list)
        for (order_id, exec_id), rows in self._rows.items():
            if order_id == order.order_id:
                found = map(found_execution, rows)
                known[exec_id] += [one for one in found if one is not None]
        return named(order, facts, known)

    def known_of_another(self, opening: Order, facts: ExecutionReportFacts) -> bool:
        """Return whether a report that would open an order is of a known execution.

        The ExecID(17) alone does not show it: the venue may use it again on another day.
        """
        return any(_same_execution(row, opening, facts) for row in self._of_the_venue)

    def keep(self, order: Order, events: Sequence[Event]) -> None:
        """Store what a report executed, busted or corrected; `order` is after these events."""
        sequence = order.last_sequence - len(events)
        for event in events:
            sequence += 1
            if isinstance(event, OrderExecuted):
                self._add(execution_row(event.execution, sequence, "F"))
                self._writes.afterwards.append(metrics.EXECUTIONS.labels(self._venue_mic).inc)
            elif isinstance(event, ExecutionCorrected):
                numbers = event.previous_quantity, event.previous_price
                self._bust((order.order_id, event.corrected_exec_id), *numbers)
                self._add(execution_row(event.execution, sequence, "G"))
            elif isinstance(event, ExecutionBusted):
                self._bust((order.order_id, event.busted_exec_id), event.quantity, event.price)
                self._add(_bust_row(self._venue_mic, order, event, sequence))

    def knows_amended(self, order: Order, event: Event) -> bool:
        """Return whether the execution that an event busts or corrects is known."""
        if isinstance(event, ExecutionBusted):
            key = order.order_id, event.busted_exec_id
            return self._standing(key, event.quantity, event.price) is not None
        if isinstance(event, ExecutionCorrected):
            key = order.order_id, event.corrected_exec_id
            numbers = event.previous_quantity, event.previous_price
            return self._standing(key, *numbers) is not None
        return True

    def _standing(
        self, key: tuple[str, str], quantity: Decimal, price: Decimal
    ) -> ExecutionRow | None:
        """Return an execution that was not busted, by order, ExecID(17) and numbers."""
        return next(
            (
                row
                for row in self._rows.get(key, ())
                if row.body
                and not row.busted
                and (Decimal(row.quantity), Decimal(row.price)) == (quantity, price)
            ),
            None,
        )

    def _add(self, row: ExecutionRow) -> None:
        rows = self._rows[row.order_id, row.exec_id]
        row = row._replace(part=len(rows) + 1)
        rows.append(row)
        self._writes.executions.append(row)

    def _bust(self, key: tuple[str, str], quantity: Decimal, price: Decimal) -> None:
        """Mark an execution as busted: in this batch, or in the table. Equal parts are one."""
        row = self._standing(key, quantity, price)
        assert row is not None, "a bust or correction of an unknown execution makes no event"
        rows = self._rows[key]
        busted = row._replace(busted=True)
        rows[rows.index(row)] = busted
        written = self._writes.executions
        if row in written:
            written[written.index(row)] = busted
        else:
            self._writes.busted.append((row.order_id, row.exec_id, row.part))


def _bust_row(venue_mic: str, order: Order, event: ExecutionBusted, sequence: int) -> ExecutionRow:
    return ExecutionRow(
        venue_mic,
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


def _same_execution(row: ExecutionRow, opening: Order, facts: ExecutionReportFacts) -> bool:
    known = found_execution(row)
    if known is None or facts.exec_id != row.exec_id:
        return False
    times = known.venue_time_ns, facts.transact_time_ns
    return (
        (known.account_id, known.instrument_id, known.side)
        == (opening.account_id, opening.instrument_id, opening.side)
        and (known.quantity, known.price) == (facts.last_quantity, facts.last_price)
        and (0 in times or abs(times[0] - times[1]) < NS_PER_DAY)
    )
