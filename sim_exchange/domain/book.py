"""A price-time priority order book in integer price units and shares.

Theory of operation. Each side is a dict of price levels and a sorted list of the prices that
have one. The list holds keys, the price times the side's sign, so that on both sides the
best price has the largest key and sits at the end, where adding and removing is cheapest:
prices come and go near the touch. A level is a linked dict of orders by number: the first is
the oldest, and any of them is removed without a search. So an order costs one bisection if
it opens a level and constant time else; a cancel costs constant time.

The book never holds a bid at or above an ask while it is open: what comes in crosses first and
rests with what is left. A halted book takes cancels only; recorded flow may still rest
orders in it (`rest`), and `resume` then lets what crosses trade.
"""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Hashable, Iterator

from sim_exchange.domain.order import (
    BookError,
    BookListener,
    CancelCause,
    Order,
    OrderKind,
    RejectCause,
    Side,
    SilentListener,
    TimeInForce,
)

_ANY_KEY = -(1 << 62)


class Level:
    """Orders at one price, oldest first, and the sum of what they have left."""

    __slots__ = ("orders", "price", "quantity")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0
        self.orders: OrderedDict[Hashable, Order] = OrderedDict()


class _BookSide:
    """Levels of one side."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}

    def best(self) -> Level | None:
        return self.levels[self.keys[-1] * self.sign] if self.keys else None

    def add(self, order: Order) -> None:
        price = order.price
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = Level(price)
            insort(self.keys, price * self.sign)
        level.orders[order.number] = order
        level.quantity += order.leaves

    def remove(self, order: Order) -> None:
        """Take out an order whose leaves still count in its level."""
        level = self.levels[order.price]
        del level.orders[order.number]
        level.quantity -= order.leaves
        if not level.orders:
            self.drop(level)

    def drop(self, level: Level) -> None:
        del self.levels[level.price]
        key = level.price * self.sign
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]

    def limit_key(self, order: Order) -> int:
        """Smallest key of this side that an incoming order of the other may take."""
        return _ANY_KEY if order.kind is OrderKind.MARKET else order.price * self.sign


class OrderBook:
    """The book of one instrument on one venue."""

    def __init__(self, listener: BookListener | None = None) -> None:
        self._listener: BookListener = listener or SilentListener()
        self._bids = _BookSide(1)
        self._asks = _BookSide(-1)
        self._orders: dict[Hashable, Order] = {}
        self._halted = False

    # -- commands -----------------------------------------------------------------------

    def submit(self, order: Order, now_ns: int) -> None:
        """Take a new order: match it, then rest or cancel what is left.

        Raises:
            BookError: The number is in the book already.
        """
        if order.number in self._orders:
            raise BookError(f"order number {order.number!r} is in the book already")
        if self._halted:
            self._listener.rejected(order, RejectCause.HALTED, now_ns)
            return
        self._listener.accepted(order, now_ns)
        if order.tif is TimeInForce.FOK and not self._can_fill(order):
            self._discard(order, CancelCause.NOT_FILLABLE, now_ns)
            return
        self._match(order, now_ns)
        if not order.leaves:
            return
        if order.kind is OrderKind.MARKET:
            self._discard(order, CancelCause.NO_LIQUIDITY, now_ns)
        elif order.tif.rests:
            self._rest(order)
        else:
            self._discard(order, CancelCause.NOT_FILLED_AT_ONCE, now_ns)

    def cancel(
        self,
        number: Hashable,
        now_ns: int,
        quantity: int | None = None,
        cause: CancelCause = CancelCause.REQUESTED,
    ) -> int:
        """Take quantity out of a resting order, all of it by default.

        Returns:
            The quantity taken out: at most what was left; 0 for a number not in the book.
        """
        order = self._orders.get(number)
        if order is None:
            return 0
        if quantity is not None and quantity <= 0:
            raise BookError(f"cancelled quantity {quantity} is not greater than zero")
        taken = order.leaves if quantity is None else min(quantity, order.leaves)
        self._reduce(order, taken)
        if order.leaves:
            order.quantity -= taken
        self._listener.cancelled(order, taken, cause, now_ns)
        return taken

    def replace(self, number: Hashable, price: int, quantity: int, now_ns: int) -> None:
        """Change price and whole quantity of a resting limit order.

        Less quantity at the same price keeps the place in the queue; anything else goes to
        the back of its level, or trades if the price now crosses.

        Args:
            number: Of an order in the book.
            price: New limit in units.
            quantity: New whole quantity, executed part included; equal to the executed
                part it ends the order.
            now_ns: Time of the change.

        Raises:
            BookError: Not in the book, halted, or less than is executed already.
        """
        order = self._orders.get(number)
        if order is None:
            raise BookError(f"order number {number!r} is not in the book")
        if self._halted:
            raise BookError(RejectCause.HALTED.value)
        leaves = quantity - order.executed
        if leaves < 0 or price <= 0:
            raise BookError(f"quantity {quantity} is below the executed {order.executed}")
        keeps = price == order.price and leaves <= order.leaves
        if keeps:
            self._reduce(order, order.leaves - leaves)
            order.quantity = quantity
        else:
            self._side(order.side).remove(order)
            del self._orders[number]
            order.price, order.quantity, order.leaves = price, quantity, leaves
        self._listener.replaced(order, kept_priority=keeps, now_ns=now_ns)
        if not keeps and leaves:
            self._match(order, now_ns)
            if order.leaves:
                self._rest(order)

    def halt(self) -> None:
        """Stop trading: cancels only until `resume`."""
        self._halted = True

    def resume(self, now_ns: int) -> None:
        """Trade again; what crossed meanwhile trades at the older order's price."""
        self._halted = False
        while (bid := self._bids.best()) and (ask := self._asks.best()) and bid.price >= ask.price:
            # Only recorded flow can rest orders in a halt; without arrival times the
            # buyer counts as the later one.
            taker = next(iter(bid.orders.values()))
            self._bids.remove(taker)
            del self._orders[taker.number]
            self._match(taker, now_ns)
            if taker.leaves:
                self._rest(taker)

    # -- facts of a recording -------------------------------------------------------------

    def rest(self, order: Order, now_ns: int) -> None:
        """Put a recorded order into the book without matching it."""
        if order.number in self._orders:
            raise BookError(f"order number {order.number!r} is in the book already")
        self._listener.accepted(order, now_ns)
        self._rest(order)

    def execute(self, number: Hashable, quantity: int, now_ns: int) -> int:
        """Execute quantity of a resting order, as recorded, whatever its place in the queue.

        Returns:
            The quantity executed: at most what was left; 0 for a number not in the book.
        """
        order = self._orders.get(number)
        if order is None:
            return 0
        done = min(quantity, order.leaves)
        self._reduce(order, done)
        self._listener.filled(order, None, order.price, done, now_ns)
        return done

    def execute_hidden(self, price: int, quantity: int, now_ns: int) -> None:
        """Tell of a recorded trade against an order that was never shown; the book stays."""
        self._listener.filled(None, None, price, quantity, now_ns)

    # -- reading --------------------------------------------------------------------------

    @property
    def halted(self) -> bool:
        """Only cancels are taken."""
        return self._halted

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, number: object) -> bool:
        return number in self._orders

    def get(self, number: Hashable) -> Order | None:
        """The resting order of that number."""
        return self._orders.get(number)

    def orders(self) -> Iterator[Order]:
        """Every resting order, in no order."""
        return iter(self._orders.values())

    def best(self, side: Side) -> Level | None:
        """The best level of a side."""
        return self._side(side).best()

    def level(self, side: Side, price: int) -> Level | None:
        """The level of a price."""
        return self._side(side).levels.get(price)

    def levels(self, side: Side, depth: int | None = None) -> list[Level]:
        """Levels of a side, best first, as many as asked."""
        book_side = self._side(side)
        keys = book_side.keys if depth is None else book_side.keys[-depth:]
        sign = book_side.sign
        return [book_side.levels[key * sign] for key in reversed(keys)]

    def fillable(self, order: Order) -> int:
        """How much of an order would trade now, counted up to its leaves."""
        other = self._side(order.side.opposite)
        limit_key = other.limit_key(order)
        found = 0
        for key in reversed(other.keys):
            if key < limit_key or found >= order.leaves:
                break
            found += other.levels[key * other.sign].quantity
        return min(found, order.leaves)

    # -- inside ---------------------------------------------------------------------------

    def _side(self, side: Side) -> _BookSide:
        return self._bids if side is Side.BUY else self._asks

    def _rest(self, order: Order) -> None:
        self._orders[order.number] = order
        self._side(order.side).add(order)

    def _reduce(self, order: Order, quantity: int) -> None:
        """Take quantity off a resting order, and the order out of the book at zero."""
        book_side = self._side(order.side)
        level = book_side.levels[order.price]
        order.leaves -= quantity
        level.quantity -= quantity
        if not order.leaves:
            del self._orders[order.number]
            del level.orders[order.number]
            if not level.orders:
                book_side.drop(level)

    def _can_fill(self, order: Order) -> bool:
        return self.fillable(order) == order.leaves

    def _discard(self, order: Order, cause: CancelCause, now_ns: int) -> None:
        left, order.leaves = order.leaves, 0
        self._listener.cancelled(order, left, cause, now_ns)

    def _match(self, taker: Order, now_ns: int) -> None:
        other = self._bids if taker.side is Side.SELL else self._asks
        keys = other.keys
        if not keys:
            return
        limit_key = other.limit_key(taker)
        filled = self._listener.filled
        while taker.leaves and keys and keys[-1] >= limit_key:
            level = other.levels[keys[-1] * other.sign]
            price = level.price
            orders = level.orders
            while orders and taker.leaves:
                maker = next(iter(orders.values()))
                quantity = min(maker.leaves, taker.leaves)
                maker.leaves -= quantity
                taker.leaves -= quantity
                level.quantity -= quantity
                if not maker.leaves:
                    del orders[maker.number]
                    del self._orders[maker.number]
                filled(maker, taker, price, quantity, now_ns)
            if not orders:
                other.drop(level)
