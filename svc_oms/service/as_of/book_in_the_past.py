"""Folds orders and positions of an account from its log up to an instant.

The instant is a place in the log of each account: the last event before the first one that occurred
later, by the clock of the OMS. The place is found by halving: about 20 reads of one event. An order
that has not moved since is the stored one; the others are folded from the acceptance of the oldest
of them on, in one reading of the account's log. A request reads EVENTS_READ_MAX events at most.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from kernel.clock import Clock
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.evolve import evolve
from svc_oms.domain.model import Order
from svc_oms.domain.positions.account_positions import AMENDING, MOVING, NO_OPENINGS, Openings
from svc_oms.domain.verification.position_fold import PositionFold
from svc_oms.domain.verification.verify import LogLine
from svc_oms.service.codec.control_records import openings_value, position_row
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.order_records import order_message, progress_message, read_order
from svc_oms.service.codec.values import timestamp
from svc_oms.service.errors import invalid_field, order_not_found
from svc_oms.service.ports import (
    ExecutionRow,
    OrderRow,
    OrderStore,
    PositionRow,
    WriteSet,
)
from svc_oms.service.replay.executions import PageExecutions

EVENTS_READ_MAX: Final = 100_000
"""Events that one request folds; a question that needs more is refused."""
PAGE_EVENTS: Final = 200
"""Events decoded at a time: a few milliseconds, in which other requests wait."""


class BookInThePast:
    """Reads the order book as of an instant."""

    def __init__(self, store: OrderStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def check(self, as_of: Timestamp) -> int:
        """Return an instant in nanoseconds.

        Raises:
            MeshError: INVALID_FIELD: the instant has not come yet.
        """
        at_ns, now_ns = from_timestamp(as_of), self._clock.now_ns()
        if at_ns > now_ns:
            now = timestamp(now_ns).ToJsonString()
            raise invalid_field(
                "as_of", as_of.ToJsonString(), f"a time that has passed, it is {now}"
            )
        return at_ns

    async def sequence_at(self, account_id: str, at_ns: int) -> int:
        """Return the sequence of an account's last event at an instant; 0 if it has no events.

        Raises:
            MeshError: INVALID_FIELD: the account's oldest stored event is later.
        """
        store = self._store
        low = await store.archived_to(account_id)
        high = (await store.high_waters([account_id])).get(account_id, 0)
        oldest = await self._occurred_after(account_id, low)
        if oldest is None:
            return low
        if oldest[1] > at_ns:
            raise invalid_field(
                "as_of",
                _text(at_ns),
                f"at or after {_text(oldest[1])}, the oldest stored event of {account_id}",
            )
        # The event `low` occurred at the instant or before, and what is after `high` later.
        low = oldest[0]
        while low < high:
            middle = (low + high) // 2
            found = await self._occurred_after(account_id, middle)
            if found is not None and found[1] <= at_ns:
                low = found[0]
            else:
                high = middle
        return low

    async def _occurred_after(self, account_id: str, sequence: int) -> tuple[int, int] | None:
        """Return sequence and time of the first event after a sequence."""
        rows = await self._store.events(account_id, sequence, 1)
        if not rows:
            return None
        return rows[0].sequence, decode_event(rows[0].payload).stamp.occurred_at_ns

    async def order(
        self, row: OrderRow, at_ns: int
    ) -> tuple[order_pb2.Order, Sequence[ExecutionRow]]:
        """Return an order and its executions at an instant.

        Raises:
            MeshError: ORDER_NOT_FOUND: it was accepted later. INVALID_FIELD: the instant is before
                what is stored, or needs more than EVENTS_READ_MAX events.
        """
        until = await self.sequence_at(row.account_id, at_ns)
        writes = WriteSet()
        executions = PageExecutions(writes)
        made: Order | None = None
        first = read_order(row.body, row.fold).created_sequence
        if first > until:
            raise order_not_found(row.order_id)
        async for line in self._lines(row.account_id, first, until, at_ns):
            if line.order_id == row.order_id:
                made = evolve(made, line.event, line.stamp, line.sequence)
                executions.keep(made, line)
        assert made is not None, "its acceptance is the first event of the range"
        return _message(made), [one for one in writes.executions if one.body]

    async def orders(self, rows: Sequence[OrderRow], at_ns: int) -> list[order_pb2.Order]:
        """Return these orders, in their order, as they stood; without those accepted later.

        Raises:
            MeshError: INVALID_FIELD, as `order`.
        """
        made: dict[str, order_pb2.Order] = {}
        moved: dict[str, dict[str, int]] = {}
        until: dict[str, int] = {}
        for row in rows:
            name = row.account_id
            if name not in until:
                until[name] = await self.sequence_at(name, at_ns)
            message = order_pb2.Order.FromString(row.body)
            if row.last_sequence <= until[name]:
                made[row.order_id] = message
            elif message.created_sequence <= until[name]:
                moved.setdefault(name, {})[row.order_id] = message.created_sequence
        firsts = {name: min(created.values()) for name, created in moved.items()}
        self._check_cost(sum(until[name] - first + 1 for name, first in firsts.items()), at_ns)
        for name, created in moved.items():
            orders = await self._folded(name, created, until[name], at_ns)
            made |= {order_id: _message(order) for order_id, order in orders.items()}
        return [made[row.order_id] for row in rows if row.order_id in made]

    async def _folded(
        self, account_id: str, created: dict[str, int], until: int, at_ns: int
    ) -> dict[str, Order]:
        orders: dict[str, Order] = {}
        async for line in self._lines(account_id, min(created.values()), until, at_ns):
            if line.order_id in created:
                orders[line.order_id] = evolve(
                    orders.get(line.order_id), line.event, line.stamp, line.sequence
                )
        return orders

    async def positions(self, account_id: str, at_ns: int) -> list[PositionRow]:
        """Return the positions of an account at an instant.

        Raises:
            MeshError: INVALID_FIELD, as `order`.
        """
        until = await self.sequence_at(account_id, at_ns)
        openings = await self._openings(account_id, at_ns, until)
        fold = PositionFold(account_id, openings)
        amended = False
        async for order, line in self._money(account_id, openings.sequence + 1, until, at_ns):
            fold.add(order, line.event, line.sequence)
            amended |= isinstance(line.event, AMENDING)
        if amended and fold.refolds():
            async for order, line in self._money(account_id, openings.sequence + 1, until, at_ns):
                fold.add_again(order, line.event, line.sequence)
        made, _ = fold.finished()
        return [position_row(each) for _, each in sorted(made.items())]

    async def _openings(self, account_id: str, at_ns: int, until: int) -> Openings:
        if not await self._store.archived_to(account_id):
            return NO_OPENINGS
        async with self._store.transaction() as transaction:
            openings = openings_value(await transaction.openings(account_id))
        if openings.sequence > until:
            should = "a later time: executions of then are archived, and only their sum is stored"
            raise invalid_field("as_of", _text(at_ns), should)
        return openings

    async def _money(
        self, account_id: str, first: int, until: int, at_ns: int
    ) -> AsyncIterator[tuple[Order, LogLine]]:
        """Read the events that move positions, each with its order: what is fixed of it counts."""
        known: dict[str, Order] = {}
        async for line in self._lines(account_id, first, until, at_ns):
            if not isinstance(line.event, MOVING):
                continue
            if line.order_id not in known:
                (row,) = await self._store.orders([line.order_id])
                if len(known) == PAGE_EVENTS:
                    known.clear()
                known[line.order_id] = read_order(row.body, row.fold)
            yield known[line.order_id], line

    async def _lines(
        self, account_id: str, first: int, until: int, at_ns: int
    ) -> AsyncIterator[LogLine]:
        """Read a part of an account's log, whole."""
        archived = await self._store.archived_to(account_id)
        if first <= archived and until >= first:
            should = f"a later time: events of {account_id} up to {archived} are archived"
            raise invalid_field("as_of", _text(at_ns), should)
        self._check_cost(until - first + 1, at_ns)
        after = first - 1
        while after < until:
            page = await self._store.events(account_id, after, min(PAGE_EVENTS, until - after))
            assert page, "the log has every event up to the last one"
            for row in page:
                yield decode_event(row.payload)
            after = page[-1].sequence

    def _check_cost(self, events: int, at_ns: int) -> None:
        if events > EVENTS_READ_MAX:
            raise invalid_field(
                "as_of",
                _text(at_ns),
                f"a time for which at most {EVENTS_READ_MAX:,} events are read, and not "
                f"{events:,}; `ordermesh replay --to` has no such limit",
            )


def _message(order: Order) -> order_pb2.Order:
    return order_message(order, progress_message(order))


def _text(at_ns: int) -> str:
    return timestamp(at_ns).ToJsonString()
