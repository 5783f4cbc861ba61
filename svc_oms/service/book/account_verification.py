"""Verifies one account: its log, and every row that follows from it."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from google.protobuf.message import DecodeError

from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.events import RoutingDecided
from svc_oms.domain.lifecycle import TERMINAL
from svc_oms.domain.model import Execution, InstrumentKey, Order
from svc_oms.domain.numbers import ZERO, add
from svc_oms.domain.positions.account_positions import bought
from svc_oms.domain.routing.verify import RoutedSums
from svc_oms.domain.verification.position_fold import PositionFold, compare_positions
from svc_oms.domain.verification.verify import (
    NOT_STORED,
    Finding,
    check_arithmetic,
    check_executions,
    compare_order,
)
from svc_oms.service.book.account_fold import PAGE_EVENTS, AccountFold, FoldedPage
from svc_oms.service.book.book_view import (
    BookReader,
    StoredAccount,
    StoredBase,
    StoredExecution,
    StoredOrder,
)
from svc_oms.service.book.report import FINDINGS_SHOWN_MAX, Report
from svc_oms.service.codec.control_records import openings_value, position_value
from svc_oms.service.codec.order_records import (
    order_message,
    order_write,
    progress_message,
    read_order,
)
from svc_oms.service.codec.values import execution_value

Progress = Callable[[str], None]
"""Takes a line that says how far the verification is."""


class AccountVerification:
    """Reads an account's log once, and once more if executions were busted or corrected."""

    def __init__(
        self, reader: BookReader, account: StoredAccount, base: StoredBase, report: Report
    ) -> None:
        self._reader = reader
        self._account = account
        self._base = base
        self._report = report
        self._openings = openings_value(base.openings)
        self._positions = PositionFold(account.account_id, self._openings)
        self._sums = {key: each.quantity for key, each in self._openings.positions.items()}
        self._routed = RoutedSums()
        self._orders = 0
        self._executions = 0

    async def run(self, progress: Progress) -> None:
        """Verify; findings and counts go to the report."""
        name, report = self._account.account_id, self._report
        fold = AccountFold(self._reader, name, self._base)
        async for page in fold.pages():
            await self._check_page(page)
            progress(
                f"{name}: event {fold.last_sequence:,} of {self._account.last_sequence:,}, "
                f"{len(fold.working):,} orders open"
            )
        await self._check_rest(fold)
        report.add(self._routed.findings())
        if not self._base.partial:
            await self._check_strays()
            await self._check_positions(progress)
        self._check_head(fold)
        report.accounts += 1
        report.events += fold.events
        report.orders += self._orders
        report.executions += self._executions

    async def _check_page(self, page: FoldedPage) -> None:
        self._report.add(page.findings)
        for order, line in page.moved:
            self._positions.add(order, line.event, line.sequence)
        await self._check_decisions(page)
        await self._check_rows(page.ended)

    async def _check_rows(self, rows: Sequence[tuple[Order | None, StoredOrder]]) -> None:
        """Check rows, each with what the log makes of it, and their executions."""
        orders = []
        for made, row in rows:
            self._orders += 1
            order, findings = _read(row)
            self._report.add(findings)
            if order is None:
                continue
            orders.append(order)
            self._report.add(compare_order(order, made))
            self._report.add(check_arithmetic(order))
            self._report.add(_check_row(order, row))
            self._routed.add(order)
        await self._check_records([order for order in orders if order.routing is not None])
        if orders:
            stored = await self._reader.executions([order.order_id for order in orders])
            executions = [(each.sequence, execution_of(each)) for each in stored]
            self._executions += len(executions)
            # The executions of a routed order are those of its children.
            own = [order for order in orders if order.routing is None]
            self._report.add(check_executions(own, [each for _, each in executions]))
            self._sum(orders, executions)

    async def _check_decisions(self, page: FoldedPage) -> None:
        """Compare the hashes of routing decisions in the log with those of the stored records."""
        logged = {
            (order.order_id, line.event.number): line.event.record_hash
            for order, line in page.moved
            if isinstance(line.event, RoutingDecided)
        }
        if not logged:
            return
        for row in await self._reader.routing_decisions(sorted({name for name, _ in logged})):
            known = logged.get((row.order_id, row.number))
            if known is not None and known != row.record_hash:
                text = f"the log has another hash for the record of decision {row.number}"
                self._report.add([Finding("routing", row.order_id, text)])

    async def _check_records(self, parents: Sequence[Order]) -> None:
        """Check that every decision about these orders has its record, unchanged."""
        if not parents:
            return
        missing = {parent.order_id: set(_numbers(parent)) for parent in parents}
        for row in await self._reader.routing_decisions(sorted(missing)):
            missing[row.order_id].discard(row.number)
            if row.found_hash != row.record_hash:
                text = f"the record of decision {row.number} is not the one of its hash"
                self._report.add([Finding("routing", row.order_id, text)])
        self._report.add(
            Finding("routing", order_id, f"decisions {sorted(numbers)} have no record")
            for order_id, numbers in missing.items()
            if numbers
        )

    def _sum(self, orders: Iterable[Order], executions: Iterable[tuple[int, Execution]]) -> None:
        """Add the executions that are not in the openings."""
        known = {order.order_id: order for order in orders}
        for sequence, execution in executions:
            order = known.get(execution.order_id)
            if order is None or sequence <= self._openings.sequence:
                continue
            if not execution.busted:
                key = InstrumentKey.of(order)
                moved = bought(order.side, execution.quantity)
                self._sums[key] = add(self._sums.get(key, ZERO), moved)

    async def _check_rest(self, fold: AccountFold) -> None:
        """Compare the orders whose rows name a later event than the log has, or have no row."""
        ids = list(fold.working)
        for first in range(0, len(ids), PAGE_EVENTS):
            part = ids[first : first + PAGE_EVENTS]
            rows = await self._reader.ended_orders(self._account.account_id, part, 2**62)
            await self._check_rows(
                [(fold.working.pop(row.columns["order_id"]), row) for row in rows]
            )
        # Closed orders of archived executions may have been removed before their events are.
        self._report.add(
            Finding("fold", order_id, NOT_STORED)
            for order_id, order in fold.working.items()
            if order.last_sequence > self._openings.sequence or order.state not in TERMINAL
        )

    async def _check_strays(self) -> None:
        """Look for rows that no event made, if there are more rows than the log has."""
        name = self._account.account_id
        if self._orders != self._account.orders:
            rows = await self._reader.stray_orders(name, FINDINGS_SHOWN_MAX)
            await self._check_rows([(None, row) for row in rows])
        if self._executions != self._account.executions:
            strays = await self._reader.stray_executions(name, FINDINGS_SHOWN_MAX)
            self._report.add(check_executions([], [execution_of(each) for each in strays]))
            if not strays:
                text = f"has {self._account.executions} rows, its orders have {self._executions}"
                self._report.add([Finding("executions", name, text)])

    async def _check_positions(self, progress: Progress) -> None:
        name = self._account.account_id
        if self._positions.refolds():
            again = AccountFold(self._reader, name, self._base)
            async for page in again.pages():
                for order, line in page.moved:
                    self._positions.add_again(order, line.event, line.sequence)
                progress(f"{name}: positions, event {again.last_sequence:,}")
        rows = [position_value(row) for row in await self._reader.positions(name)]
        stored = {each.key: each for each in rows}
        made, amended = self._positions.finished()
        self._report.add(compare_positions(name, stored, made, self._sums, amended))

    def _check_head(self, fold: AccountFold) -> None:
        name, account = self._account.account_id, self._account
        if account.last_sequence != fold.last_sequence:
            text = f"it has {account.last_sequence}, but the log ends at {fold.last_sequence}"
            self._report.add([Finding("sequence", name, text)])
        if account.chain_head != fold.last_hash:
            text = "the row's chain head is not the log's"
            self._report.add([Finding("hash_chain", name, text)])


def _numbers(parent: Order) -> range:
    return range(1, parent.routing_decision + 1)


def execution_of(row: StoredExecution) -> Execution:
    """Read a row."""
    value = execution_value(order_pb2.Execution.FromString(row.body))
    return value._replace(busted=row.busted)


def _read(row: StoredOrder) -> tuple[Order | None, list[Finding]]:
    try:
        return read_order(row.body, row.fold), []
    except (ValueError, DecodeError) as error:
        text = f"its row cannot be read: {error}"
        return None, [Finding("fold", row.columns["order_id"], text)]


def _check_row(order: Order, row: StoredOrder) -> Iterator[Finding]:
    """Compare body and fold bit for bit, and every column, with what the order encodes to."""
    message = order_message(order, progress_message(order))
    body = message.SerializeToString()
    if body != row.body:
        yield Finding("fold", order.order_id, "the stored body is not what the order encodes to")
    expected = order_write(order, message, body)
    if expected.fold != row.fold:
        yield Finding("fold", order.order_id, "the stored fold is not what the order encodes to")
    for column, found in row.columns.items():
        wanted = str(getattr(expected, column))
        if found != wanted:
            yield Finding("fold", order.order_id, f"{column} is {found!r}, should be {wanted!r}")
