"""Replays a copy of the log into a scratch book, and compares it with the order book.

The fold is that of the order book: `evolve` for orders, `BatchExecutions` for executions,
`PositionFold` for positions. Memory holds a page of events, their orders, and of each account its
positions and amended executions: an order waits in the scratch book for its next event.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from eventlog.copies.entries import CopiedEntry, EventSource
from kernel.nanoseconds import to_us
from svc_oms.domain.evolve import evolve
from svc_oms.domain.model import Order
from svc_oms.domain.verification.copied_log import NOTHING, Copied, Difference, StoredEvent
from svc_oms.domain.verification.verify import LogLine
from svc_oms.service.book.book_view import BookReader, StoredAccount
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.order_records import (
    order_message,
    order_write,
    progress_message,
    read_order,
)
from svc_oms.service.ports import OrderWrite, WriteSet
from svc_oms.service.replay.account_replay import AccountReplay, compare_positions
from svc_oms.service.replay.executions import PageExecutions, executions_named
from svc_oms.service.replay.pairs import execution_differences, order_differences
from svc_oms.service.replay.report import ReplayReport
from svc_oms.service.replay.scratch import ScratchBook

ORDERS: Final = "orders"
"""The topic with the events of orders and accounts."""

Progress = Callable[[str], None]


class ReplayScope(NamedTuple):
    """What is replayed and compared."""

    since_ns: int
    """Orders are compared that moved at this time or later. Events before it are read too."""
    until_ns: int
    """Of each account, the events before the first one that occurred at this time or later."""
    accounts: frozenset[str] = frozenset()
    """Empty: all."""


class Replay:
    """One replay."""

    def __init__(
        self, source: EventSource, scratch: ScratchBook, scope: ReplayScope, progress: Progress
    ) -> None:
        self._source = source
        self._scratch = scratch
        self._scope = scope
        self._progress = progress
        self._report = ReplayReport()
        self._stored: dict[str, StoredAccount] = {}
        self._accounts: dict[str, AccountReplay] = {}
        self._read = 0

    @property
    def _reader(self) -> BookReader:
        return self._scratch.reader

    async def run(self) -> ReplayReport:
        """Read the copy to its end, then compare; the report says what was found.

        Raises:
            SourceError: The copy cannot be read to its end.
        """
        self._stored = {one.account_id: one for one in await self._reader.accounts()}
        unknown = sorted(self._scope.accounts - self._stored.keys())
        await self._found(
            [Difference("account", name, "presence", NOTHING, "not read") for name in unknown]
        )
        aged = await self._source.removed(ORDERS)
        async for page in self._source.pages(ORDERS):
            await self._fold_page([entry for entry in page if self._wanted(entry.key)], aged)
            self._read += len(page)
            self._progress(f"{self._source.name}: {self._read:,} events read")
        for name in sorted(self._stored):
            if self._wanted(name):
                await self._finish(await self._account(name, aged=False))
                self._progress(f"{name}: compared")
        return self._report

    def _wanted(self, account_id: str) -> bool:
        return not self._scope.accounts or account_id in self._scope.accounts

    async def _found(self, differences: Sequence[Difference]) -> None:
        if differences:
            self._report.add(differences)
            await self._scratch.put_differences(differences)

    async def _account(self, name: str, *, aged: bool) -> AccountReplay:
        known = self._accounts.get(name)
        if known is None:
            stored = self._stored.get(name) or StoredAccount(name, 0, b"")
            known = await AccountReplay.opened(self._reader, stored, aged=aged)
            self._accounts[name] = known
        return known

    async def _fold_page(self, page: Sequence[CopiedEntry], aged: frozenset[int]) -> None:
        accounts = {
            entry.key: await self._account(entry.key, aged=entry.partition in aged)
            for entry in page
        }
        stored = await self._stored_events(page)
        lines: list[tuple[AccountReplay, LogLine]] = []
        for entry in page:
            line = await self._checked(accounts[entry.key], entry, stored[entry.key])
            if line is not None:
                lines.append((accounts[entry.key], line))
        await self._fold(lines)

    async def _stored_events(
        self, page: Sequence[CopiedEntry]
    ) -> dict[str, dict[int, StoredEvent]]:
        """Read what PostgreSQL has of these events."""
        sequences: defaultdict[str, list[int]] = defaultdict(list)
        for entry in page:
            sequences[entry.key].append(entry.sequence)
        places = [
            (name, sequence)
            for name, all_of in sequences.items()
            for sequence in sorted(self._accounts[name].log.needed(all_of))
        ]
        found: dict[str, dict[int, StoredEvent]] = {name: {} for name in sequences}
        for (name, sequence), stored in (await self._reader.events_found(places)).items():
            found[name][sequence] = stored
        return found

    async def _checked(
        self, account: AccountReplay, entry: CopiedEntry, stored: dict[int, StoredEvent]
    ) -> LogLine | None:
        """Compare an entry with PostgreSQL; return its event if it is folded."""
        line: LogLine | None = None
        unreadable: list[Difference] = []
        key = f"{entry.key}/{entry.sequence}"
        try:
            line = decode_event(entry.value, entry.hash)
        except (ValueError, DecodeError) as error:
            text = f"one that cannot be read, at {entry.place}: {error}"
            unreadable = [Difference("event", key, "content", "an event", text)]
        if entry.sequence > account.log.sequence:
            if line is not None and line.stamp.occurred_at_ns >= self._scope.until_ns:
                account.ended = True
            if account.ended:
                return None
        copied = Copied(entry.sequence, entry.value, entry.hash, entry.place)
        is_next, differences = account.log.add(copied, stored)
        await self._found(differences + unreadable)
        if not is_next or line is None:
            return None
        if line.sequence != entry.sequence:
            text = f"{line.sequence} in its content, at {entry.place}"
            await self._found([Difference("event", key, "sequence", str(entry.sequence), text)])
        account.events += 1
        return line

    async def _fold(self, lines: Sequence[tuple[AccountReplay, LogLine]]) -> None:
        """Fold events of orders, in their order, and put what they make."""
        known = await self._scratch.orders({line.order_id for _, line in lines if line.order_id})
        orders = {name: read_order(*stored) for name, stored in known.items()}
        writes = WriteSet()
        executions = PageExecutions(writes)
        executions.know(await self._scratch.executions(executions_named(line for _, line in lines)))
        moved: dict[str, Order] = {}
        for account, line in lines:
            if not line.order_id:
                continue
            try:
                order = evolve(orders.get(line.order_id), line.event, line.stamp, line.sequence)
            except ValueError as error:
                await self._not_folded(account, line, error)
                continue
            orders[line.order_id] = moved[line.order_id] = order
            account.positions.add(order, line.event, line.sequence)
            await self._found(executions.keep(order, line))
        rows = [_row(order) for order in moved.values()]
        await self._scratch.put(rows, writes.executions, writes.busted)

    async def _not_folded(self, account: AccountReplay, line: LogLine, error: ValueError) -> None:
        if account.log.began_after:
            account.left_out += 1
            return
        key = f"{account.account_id}/{line.sequence}"
        text = f"an event without the acceptance of order {line.order_id}: {error}"
        await self._found([Difference("event", key, "fold", "an event of an order", text)])

    async def _finish(self, account: AccountReplay) -> None:
        """Compare what the events of an account make with its rows."""
        name, report, scratch = account.account_id, self._report, self._scratch
        await self._found(await account.missing_at_the_end(self._reader, self._scope.until_ns))
        span = account.span(to_us(self._scope.since_ns))
        await scratch.put_account(name, account.log.sequence, account.log.hash)
        counts = await scratch.compared(span)
        async for pair in scratch.differing_orders(span):
            await self._found(order_differences(pair))
        async for pair in scratch.differing_executions(span):
            await self._found(execution_differences(pair))
        if account.log.began_after:
            report.left_out.append(
                f"{name}: the copy begins after event {account.log.began_after:,}, older ones are "
                f"gone because of their age: its positions, and {account.left_out:,} events of "
                "orders that began before; the archive has them"
            )
        else:
            made = await account.fold_positions(scratch)
            await scratch.put_positions(made)
            stored = await self._reader.positions(name)
            compared, differences = compare_positions(stored, made, account.log.sequence)
            report.positions += compared
            await self._found(differences)
        if counts.moved:
            report.left_out.append(
                f"{name}: rows of {counts.moved:,} orders that moved after the end of the replay; "
                "their events were compared"
            )
        if counts.archived:
            report.left_out.append(
                f"{name}: rows of {counts.archived:,} orders that PostgreSQL has archived"
            )
        report.accounts += 1
        report.events += account.events
        report.orders += counts.orders
        report.executions += counts.executions


def _row(order: Order) -> OrderWrite:
    message = order_message(order, progress_message(order))
    return order_write(order, message, message.SerializeToString())
