"""The price of a pegged order, by the best quotes of others.

The reference is the best price of orders that are not pegged themselves, so pegs do not
follow each other. A peg never crosses by itself: it stops one tick short of the other side, be
that a peg too. Between ticks, it takes the price that is worse for the other side.
"""

from collections.abc import Iterable

from sim_exchange.domain.order import Order, PegTo, Side
from sim_exchange.domain.prices import TickTable


def peg_price(order: Order, own: int, other: int, opposite: int, ticks: TickTable) -> int:
    """Return the price a peg belongs at; 0 if it has no reference now.

    Args:
        order: The peg.
        own: Best price of its side among orders that are not pegged; 0 for none.
        other: The same of the other side.
        opposite: Best price of the other side, pegs included; 0 for none.
        ticks: Of the instrument.
    """
    reference = _reference(order, own, other)
    if reference is None:
        return 0
    doubled = reference + 2 * order.special.offset
    # Halves of a unit go to the passive side, as what lies between ticks does.
    wanted = doubled // 2 if order.side is Side.BUY else -(-doubled // 2)
    if order.cap:
        wanted = _passive(order.side, wanted, order.cap)
    if opposite:
        last = ticks.steps(opposite, -order.side.value)
        if (opposite - last) * order.side <= 0:
            return 0  # below the lowest price there is
        wanted = _passive(order.side, wanted, last)
    if wanted <= 0:
        return 0
    return ticks.round_down(wanted) if order.side is Side.BUY else ticks.round_up(wanted)


def _reference(order: Order, own: int, other: int) -> int | None:
    """Twice the reference, so that a middle is whole; None if there is none."""
    match order.special.peg:
        case PegTo.PRIMARY:
            return 2 * own or None
        case PegTo.MARKET:
            return 2 * other or None
    return own + other if own and other else None


def _passive(side: Side, *prices: int) -> int:
    return min(prices) if side is Side.BUY else max(prices)


def best_unpegged(levels: Iterable[tuple[int, Iterable[Order]]]) -> int:
    """Return the first price, best first, at which an order that is not pegged rests; else 0."""
    for price, orders in levels:
        if any(order.special.peg is None for order in orders):
            return price
    return 0
