"""The price of an auction: the one at which most is executed."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sim_exchange.domain.order import MARKET_PRICE

Interest = tuple[int, int]
"""Limit in units, or MARKET_PRICE, and quantity of an order."""


class Uncrossing(NamedTuple):
    """What an auction would execute."""

    price: int
    volume: int
    surplus: int
    """Quantity that is left over at the price: above 0 of buyers, below 0 of sellers."""


def uncross(
    bids: Iterable[Interest], asks: Iterable[Interest], reference: int
) -> Uncrossing | None:
    """Return price and volume of an auction; None if nothing can be executed.

    The volume is the largest. Of several prices with this volume the one with the smallest surplus
    is taken; of several with the same surplus the highest if all are of buyers, the lowest if all
    are of sellers, else the one nearest to the reference, and of two the lower one.

    Args:
        bids: Limits and quantities of the buyers; market orders take any price.
        asks: Those of the sellers.
        reference: Price if there are market orders only, and for ties; 0 for none.
    """
    buys, sells = _by_price(bids), _by_price(asks)
    prices = sorted((buys.keys() | sells.keys()) - {MARKET_PRICE}) or [reference] * bool(reference)
    bought, sold = sum(buys.values()), sells.get(MARKET_PRICE, 0)
    found: list[Uncrossing] = []
    for price in prices:
        sold += sells.get(price, 0)
        found.append(Uncrossing(price, min(bought, sold), bought - sold))
        bought -= buys.get(price, 0)
    most = max((one.volume for one in found), default=0)
    if not most:
        return None
    least = min(abs(one.surplus) for one in found if one.volume == most)
    tied = [one for one in found if one.volume == most and abs(one.surplus) == least]
    if all(one.surplus > 0 for one in tied):
        return tied[-1]
    if all(one.surplus < 0 for one in tied):
        return tied[0]
    return min(tied, key=lambda one: (abs(one.price - reference), one.price))


def _by_price(interests: Iterable[Interest]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for price, quantity in interests:
        found[price] += quantity
    return dict(found)
