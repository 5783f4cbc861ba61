"""The resting orders on the two sides of a book, and their trades."""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence

from sim_exchange.domain.levels import BookSide, Level
from sim_exchange.domain.order import (
    MARKET_PRICE,
    BookListener,
    CancelCause,
    Order,
    OrderKind,
    Side,
    TimeInForce,
)
from sim_exchange.domain.prices import TickTable
from sim_exchange.domain.stops import Stops
from sim_exchange.domain.uncrossing import Interest, Uncrossing, uncross


class Matching:
    """The resting orders of a book, by price and time; its commands are in `OrderBook`."""

    def __init__(self, listener: BookListener | None, ticks: TickTable) -> None:
        self._listener = listener or BookListener()
        self._bids = BookSide(1)
        self._asks = BookSide(-1)
        self._orders: dict[Hashable, Order] = {}
        self._halted = False
        self._waiting: dict[Hashable, Order] = {}
        self._ticks = ticks
        self._stops = Stops(ticks)
        self._last_price = 0
        self._prints: list[int] = []
        self._collecting = False
        self.uncrossing = False
        """The trades that are reported now are those of an auction: nobody took liquidity."""

    # -- reading --------------------------------------------------------------------------

    @property
    def halted(self) -> bool:
        """Only cancels are taken."""
        return self._halted

    def __len__(self) -> int:
        return len(self._orders) + len(self._waiting)

    def __contains__(self, number: object) -> bool:
        return number in self._orders or number in self._waiting

    def get(self, number: Hashable) -> Order | None:
        """The order of that number, resting or waiting."""
        return self._orders.get(number) or self._waiting.get(number)

    def orders(self) -> Iterator[Order]:
        """Every resting order, in no order."""
        return iter(self._orders.values())

    def waiting(self) -> Iterator[Order]:
        """Every order that waits beside the book, oldest first."""
        return iter(self._waiting.values())

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
        """How much of an order would trade now, hidden quantity included, up to its leaves."""
        other = self._side(order.side.opposite)
        limit_key = other.limit_key(order)
        found = 0
        for key in reversed(other.keys):
            if key < limit_key or found >= order.leaves:
                break
            level = other.levels[key * other.sign]
            found += level.quantity + level.hidden
        return min(found, order.leaves)

    # -- inside ---------------------------------------------------------------------------

    def _side(self, side: Side) -> BookSide:
        return self._bids if side is Side.BUY else self._asks

    def _rest(self, order: Order) -> None:
        display = order.special.display
        order.hidden = max(order.leaves - display, 0) if display else 0
        self._orders[order.number] = order
        self._side(order.side).add(order)

    def _lift(self, order: Order) -> None:
        """Take an order out of wherever it is, with its leaves."""
        if self._waiting.pop(order.number, None) is None:
            self._side(order.side).remove(order)
            del self._orders[order.number]
        else:
            self._stops.discard(order)

    def _reduce(self, order: Order, quantity: int) -> None:
        """Take quantity off an order, of what it hides first, and the order out at zero."""
        if quantity == order.leaves:
            self._lift(order)
            order.leaves = order.hidden = 0
            return
        order.leaves -= quantity
        if order.number in self._waiting:
            return
        level = self._side(order.side).levels[order.price]
        hidden = min(order.hidden, quantity)
        order.hidden -= hidden
        level.hidden -= hidden
        level.quantity -= quantity - hidden

    def _hit(self, level: Level, maker: Order, quantity: int) -> None:
        """Trade against what a maker shows; the caller drops a level that is empty then."""
        maker.leaves -= quantity
        level.quantity -= quantity
        if maker.leaves > maker.hidden:
            return
        if maker.hidden:
            shown = min(maker.special.display, maker.hidden)
            maker.hidden -= shown
            level.hidden -= shown
            level.quantity += shown
            level.orders.move_to_end(maker.number)
        else:
            del level.orders[maker.number]
            del self._orders[maker.number]

    def _note_trade(self, price: int) -> None:
        self._last_price = price
        if self._stops:
            self._prints.append(price)

    def _can_fill(self, order: Order) -> bool:
        return self.fillable(order) == order.leaves

    def _discard(self, order: Order, cause: CancelCause, now_ns: int) -> None:
        left, order.leaves = order.leaves, 0
        self._listener.cancelled(order, left, cause, now_ns)

    def _queues(self, side: Side) -> Iterator[tuple[int, Iterable[Order]]]:
        book_side = self._side(side)
        for key in reversed(book_side.keys):
            level = book_side.levels[key * book_side.sign]
            yield level.price, level.orders.values()

    def _held(self, tif: TimeInForce) -> list[Order]:
        """Return what waits for an auction; market orders that rest came in its call."""
        return [
            order
            for order in self._waiting.values()
            if order.tif is tif or (order.kind is OrderKind.MARKET and order.tif.rests)
        ]

    def indication(self, tif: TimeInForce, reference: int) -> Uncrossing | None:
        """Return what an auction would execute now."""
        held = self._held(tif)
        bids, asks = (
            [
                *self._interests(side, ()),
                *((one.price, one.leaves) for one in held if one.side is side),
            ]
            for side in Side
        )
        return uncross(bids, asks, reference)

    def _uncross(self, held: Sequence[Order], reference: int, now_ns: int) -> None:
        """Execute at the price of the auction as much as possible.

        Market orders come first, then the better prices, then those of the book before the held
        ones, each in the order of arrival. What is left of held limit orders rests.
        """
        at_market = {
            side: deque(one for one in held if one.kind is OrderKind.MARKET and one.side is side)
            for side in Side
        }
        for order in held:
            if order.kind is not OrderKind.MARKET:
                self._rest(order)
        bids, asks = (self._interests(side, at_market[side]) for side in Side)
        found = uncross(bids, asks, reference)
        if found is None:
            return
        self.uncrossing, left = True, found.volume
        while left:
            buyer, seller = (self._first(side, at_market[side]) for side in Side)
            quantity = min(left, buyer.shown, seller.shown)
            left -= quantity
            self._take(buyer, quantity, at_market[Side.BUY])
            self._take(seller, quantity, at_market[Side.SELL])
            self._note_trade(found.price)
            held_buyer = buyer.tif.is_auction and not seller.tif.is_auction
            there_first = (seller, buyer) if held_buyer else (buyer, seller)
            self._listener.filled(*there_first, found.price, quantity, now_ns)
        self.uncrossing = False

    def _interests(self, side: Side, at_market: Iterable[Order]) -> list[Interest]:
        levels = self._side(side).levels.values()
        return [
            *((MARKET_PRICE, order.leaves) for order in at_market),
            *((level.price, level.quantity + level.hidden) for level in levels),
        ]

    def _first(self, side: Side, at_market: Sequence[Order]) -> Order:
        if at_market:
            return at_market[0]
        level = self._side(side).best()
        assert level is not None, "the volume is at most what each side has"
        return next(iter(level.orders.values()))

    def _take(self, order: Order, quantity: int, at_market: deque[Order]) -> None:
        """Execute a part of the first order of a side."""
        if order.kind is not OrderKind.MARKET:
            side = self._side(order.side)
            level = side.levels[order.price]
            self._hit(level, order, quantity)
            if not level.orders:
                side.drop(level)
            return
        order.leaves -= quantity
        if not order.leaves:
            at_market.popleft()

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
            self._note_trade(price)
            while orders and taker.leaves:
                maker = next(iter(orders.values()))
                quantity = min(maker.leaves - maker.hidden, taker.leaves)
                taker.leaves -= quantity
                self._hit(level, maker, quantity)
                filled(maker, taker, price, quantity, now_ns)
            if not orders:
                other.drop(level)
