"""The positions of an account: folded from fills, busts and corrections in their order.

Average cost. Two numbers are always exact: the quantity, and cash (realised minus cost is
what sells brought minus what buys cost). Only the split of cash between the open part and the
realised profit is rounded, to 9 places, where a part of a position is closed.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from kernel.decimals import plain
from kernel.side import Side
from svc_oms.domain.events import Event, ExecutionBusted, ExecutionCorrected, OrderExecuted
from svc_oms.domain.model import Execution, InstrumentKey, Order
from svc_oms.domain.numbers import ZERO, Price, Quantity, add, average_price, multiply, share
from svc_oms.domain.numbers import subtract as minus
from svc_oms.domain.verify import Finding, LogLine


class Position(NamedTuple):
    """A position; short ones are negative, and so is their cost."""

    account_id: str
    isin: str
    currency: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    as_of_sequence: int = 0

    @property
    def key(self) -> InstrumentKey:
        """What it is a position in."""
        return InstrumentKey(self.isin, self.currency)

    @property
    def average_price(self) -> Price:
        """Average price of the open part, rounded half even to 9 places; zero when flat."""
        return average_price(self.cost, Quantity(self.quantity))


def bought(side: Side, quantity: Decimal) -> Decimal:
    """Return a quantity with the sign of its side: buys positive, sells negative."""
    return quantity if side is Side.BUY else quantity.copy_negate()


def moved(position: Position, quantity: Decimal, price: Decimal, sequence: int) -> Position:
    """Return the position after a fill; the quantity of a sell is negative."""
    held, cost, realised = position.quantity, position.cost, position.realised
    if held and (held > 0) != (quantity > 0):
        closed = min(quantity.copy_abs(), held.copy_abs())
        closed = closed if quantity > 0 else closed.copy_negate()
        left = add(held, closed)
        kept = share(cost, left, held) if left else ZERO
        cash = minus(ZERO, multiply(closed, price))
        realised = add(realised, add(cash, minus(kept, cost)))
        held, cost, quantity = left, kept, minus(quantity, closed)
    return position._replace(
        quantity=add(held, quantity),
        cost=add(cost, multiply(quantity, price)),
        realised=realised,
        as_of_sequence=sequence,
    )


def taken_back(position: Position, quantity: Decimal, price: Decimal, sequence: int) -> Position:
    """Return the position without one of its fills.

    If the fill can still be part of what is held, its own price is taken from the cost; else the
    fill is traded back. Cash is exact in both cases.
    """
    held = minus(position.quantity, quantity)
    cost = minus(position.cost, multiply(quantity, price))
    same = position.quantity and (position.quantity > 0) == (quantity > 0)
    if same and not held:
        return position._replace(
            quantity=ZERO,
            cost=ZERO,
            realised=minus(position.realised, cost),
            as_of_sequence=sequence,
        )
    if same and (held > 0) == (position.quantity > 0) and (cost > 0) == (held > 0):
        return position._replace(quantity=held, cost=cost, as_of_sequence=sequence)
    return moved(position, quantity.copy_negate(), price, sequence)


def follow(position: Position, side: Side, event: Event, sequence: int) -> Position:
    """Return the position after an event of an order; most events change nothing."""
    if isinstance(event, OrderExecuted):
        fill = event.execution
        return moved(position, bought(side, fill.quantity), fill.price, sequence)
    if isinstance(event, ExecutionBusted):
        return taken_back(position, bought(side, event.quantity), event.price, sequence)
    if isinstance(event, ExecutionCorrected):
        before = taken_back(
            position, bought(side, event.previous_quantity), event.previous_price, sequence
        )
        fill = event.execution
        return moved(before, bought(side, fill.quantity), fill.price, sequence)
    return position


MOVING = (OrderExecuted, ExecutionBusted, ExecutionCorrected)
"""Events that change a position."""


def fold_positions(
    account_id: str, lines: Iterable[tuple[Order, Event, int]]
) -> dict[InstrumentKey, Position]:
    """Return the positions that (order, event, sequence) make, in the order of the log."""
    positions: dict[InstrumentKey, Position] = {}
    for order, event, sequence in lines:
        if isinstance(event, MOVING):
            key = InstrumentKey.of(order)
            position = positions.get(key) or Position(account_id, *key)
            positions[key] = follow(position, order.side, event, sequence)
    return positions


def positions_of_log(
    account_id: str, lines: Iterable[LogLine], orders: Iterable[Order]
) -> dict[InstrumentKey, Position]:
    """Return the positions an account's log makes."""
    known = {order.order_id: order for order in orders}
    return fold_positions(
        account_id,
        (
            (known[line.order_id], line.event, line.sequence)
            for line in lines
            if line.order_id in known
        ),
    )


def check_positions(
    account_id: str,
    stored: Mapping[InstrumentKey, Position],
    lines: Sequence[LogLine],
    orders: Sequence[Order],
    executions: Iterable[Execution],
) -> list[Finding]:
    """Check positions against the log, and their quantities against the sums of the fills."""
    findings = []
    made = positions_of_log(account_id, lines, orders)
    for key in sorted(made.keys() | stored.keys()):
        subject = f"{account_id} {key[0]} {key[1]}"
        if stored.get(key) != made.get(key):
            text = f"is {stored.get(key)}, the log makes {made.get(key)}"
            findings.append(Finding("positions", subject, text))
    known = {order.order_id: order for order in orders}
    sums: dict[InstrumentKey, Decimal] = {}
    for execution in executions:
        order = known.get(execution.order_id)
        if order is not None and not execution.busted:
            key = InstrumentKey.of(order)
            sums[key] = add(sums.get(key, ZERO), bought(order.side, execution.quantity))
    for key, position in stored.items():
        if position.quantity != sums.get(key, ZERO):
            text = (
                f"is {plain(position.quantity)} where its executions make "
                f"{plain(sums.get(key, ZERO))}"
            )
            findings.append(Finding("positions", f"{account_id} {key[0]} {key[1]}", text))
    return findings
