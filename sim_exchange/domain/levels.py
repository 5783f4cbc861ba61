"""One side of a book: levels by price.

A side is a dict of price levels and a sorted list of the prices that have one. The list holds
keys, the price times the side's sign, so that on both sides the best price has the largest key
and sits at the end, where adding and removing is cheapest: prices come and go near the touch.
A level is a linked dict of orders by number: the first is the oldest, and any of them is
removed without a search. So an order costs one bisection if it opens a level and constant time
else; a cancel costs constant time.

A level counts what is shown. An iceberg trades what it shows, then shows the next part and
goes to the back of its level.
"""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Hashable

from sim_exchange.domain.order import Order, OrderKind

_ANY_KEY = -(1 << 62)


class Level:
    """Orders at one price, oldest first, and the sums of what they show and hide."""

    __slots__ = ("hidden", "orders", "price", "quantity")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0
        self.hidden = 0
        self.orders: OrderedDict[Hashable, Order] = OrderedDict()


class BookSide:
    """Levels of one side."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}

    def best(self) -> Level | None:
        """Return the best level."""
        return self.levels[self.keys[-1] * self.sign] if self.keys else None

    def add(self, order: Order) -> None:
        """Add an order after the others of its price."""
        price = order.price
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = Level(price)
            insort(self.keys, price * self.sign)
        level.orders[order.number] = order
        level.quantity += order.leaves - order.hidden
        level.hidden += order.hidden

    def remove(self, order: Order) -> None:
        """Take out an order whose leaves still count in its level."""
        level = self.levels[order.price]
        del level.orders[order.number]
        level.quantity -= order.leaves - order.hidden
        level.hidden -= order.hidden
        if not level.orders:
            self.drop(level)

    def drop(self, level: Level) -> None:
        """Take out a level without orders."""
        del self.levels[level.price]
        key = level.price * self.sign
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]

    def limit_key(self, order: Order) -> int:
        """Smallest key of this side that an incoming order of the other may take."""
        return _ANY_KEY if order.kind is OrderKind.MARKET else order.price * self.sign
