"""Stops that wait for a trade: which one triggers, and how trailing stops move.

A stop to buy triggers at a trade at its stop price or above, one to sell at or below. A
trailing stop to sell stays its distance below the highest trade since it came, one to buy
above the lowest; it never moves away from the market's side. Each trade moves trailing
stops first and then triggers, in the order the stops came.
"""

from collections.abc import Hashable, Iterable

from sim_exchange.domain.order import Order, OrderKind, Side
from sim_exchange.domain.prices import TickTable


def reached(order: Order, price: int) -> bool:
    """Whether a trade at a price triggers a stop."""
    return order.stop > 0 and (price - order.stop) * order.side >= 0


def follow(order: Order, price: int, ticks: TickTable) -> bool:
    """Move a trailing stop after a trade at a price; return whether it moved."""
    if order.kind is not OrderKind.TRAILING_STOP:
        return False
    wanted = price + order.special.trail * order.side
    if wanted <= 0:
        return False
    # Between ticks, the one further away.
    wanted = ticks.round_up(wanted) if order.side is Side.BUY else ticks.round_down(wanted)
    if order.stop and (order.stop - wanted) * order.side <= 0:
        return False
    order.stop = wanted
    return True


class Stops:
    """The waiting stops of one book, in the order they came."""

    def __init__(self, ticks: TickTable) -> None:
        self._ticks = ticks
        self._orders: dict[Hashable, Order] = {}

    def __bool__(self) -> bool:
        return bool(self._orders)

    def add(self, order: Order) -> None:
        """Wait for trades from now on."""
        self._orders[order.number] = order

    def discard(self, order: Order) -> None:
        """Wait no more."""
        self._orders.pop(order.number, None)

    def take(self, prices: Iterable[int]) -> tuple[list[Order], list[Order]]:
        """Take trades in their order.

        Returns:
            Trailing stops that moved and still wait, and triggered ones in the order they
            triggered; these wait no more.
        """
        moved: dict[Hashable, Order] = {}
        due: list[Order] = []
        for price in prices:
            for order in list(self._orders.values()):
                if follow(order, price, self._ticks):
                    moved[order.number] = order
                if reached(order, price):
                    moved.pop(order.number, None)
                    del self._orders[order.number]
                    due.append(order)
        return list(moved.values()), due
