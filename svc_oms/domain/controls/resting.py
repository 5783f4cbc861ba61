"""Open orders of one side in one instrument at one venue, by price."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from svc_oms.domain.model import Order, OrderTerms


class Resting:
    """The orders of one side, found by price: orders at other prices cost nothing."""

    __slots__ = ("_best", "_best_known", "_buy", "_levels", "_pending")

    def __init__(self, buy: bool) -> None:
        self._buy = buy
        self._levels: dict[Decimal | None, dict[str, Order]] = {}
        """By limit price; None: an order that can trade at any price."""
        self._pending: dict[str, Order] = {}
        """Those with a replace without answer: they can trade at the better of two prices."""
        self._best: Decimal | None = None
        """The best price that one can trade at; None: at any. Kept while `_best_known`."""
        self._best_known = False

    def add(self, order: Order) -> None:
        """Add an order."""
        self._levels.setdefault(order.terms.limit_price, {})[order.order_id] = order
        if order.pending_terms is not None:
            self._pending[order.order_id] = order
        price = self._price(order)
        if self._best_known and self._best is not None and price is not None:
            self._best = self._better(self._best, price)
        else:
            self._best_known = False

    def remove(self, order: Order) -> None:
        """Remove an order, as it was added."""
        price = order.terms.limit_price
        level = self._levels[price]
        del level[order.order_id]
        if not level:
            del self._levels[price]
        self._pending.pop(order.order_id, None)
        if self._best is None or self._price(order) == self._best:
            self._best_known = False

    def at(self, price: Decimal) -> Iterable[Order]:
        """Return the orders with this limit price."""
        level = self._levels.get(price)
        return () if level is None else level.values()

    def crossing(self, terms: OrderTerms) -> list[Order]:
        """Return the orders that terms of the other side could trade with, oldest first."""
        limit = terms.limit_price
        best = self._find_best()
        if not self._levels or (
            best is not None and limit is not None and not self._meets(best, limit)
        ):
            return []
        found = {order.order_id: order for order in self._meeting(limit)}
        return [found[order_id] for order_id in sorted(found)]

    def _meeting(self, limit: Decimal | None) -> Iterator[Order]:
        for price, level in self._levels.items():
            if limit is None or price is None or self._meets(price, limit):
                yield from level.values()
        for order in self._pending.values():
            price = self._price(order)
            if price is None or limit is None or self._meets(price, limit):
                yield order

    def _find_best(self) -> Decimal | None:
        if not self._best_known:
            prices = {*self._levels, *map(self._price, self._pending.values())}
            known = [price for price in prices if price is not None]
            any_price = len(known) < len(prices) or not known
            self._best = None if any_price else (max(known) if self._buy else min(known))
            self._best_known = True
        return self._best

    def _price(self, order: Order) -> Decimal | None:
        """Return the price an order can trade at, the better of old and new; None: at any."""
        price = order.terms.limit_price
        pending = order.pending_terms
        if pending is None or price is None:
            return price
        return None if pending.limit_price is None else self._better(price, pending.limit_price)

    def _better(self, one: Decimal, other: Decimal) -> Decimal:
        return max(one, other) if self._buy else min(one, other)

    def _meets(self, price: Decimal, limit: Decimal) -> bool:
        return price >= limit if self._buy else price <= limit
