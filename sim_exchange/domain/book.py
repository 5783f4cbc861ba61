"""A price-time priority order book in integer price units and shares.

Theory of operation. `levels.py` keeps a side, `matching.py` lets two sides trade; here are the
commands. The book never holds a bid at or above an ask while it is open: a new order crosses
first, and the rest of it rests. A halted book takes cancels only; recorded flow may still
rest orders in it (`rest`), and `resume` then lets crossed orders trade.

Some orders wait beside the book: stops for a trade, auction orders for `auction`, pegs for a
reference. After a command `_settle` lets them follow before it returns: trades move and
trigger stops until none is due, then pegs are placed again. A triggered stop is gone for good,
and a peg never trades by moving, so this ends.
"""

from collections.abc import Hashable

from kernel.ticks import TickBand
from sim_exchange.domain.matching import Matching
from sim_exchange.domain.order import (
    STOPS,
    BookError,
    BookListener,
    CancelCause,
    Order,
    OrderKind,
    RejectCause,
    RestateCause,
    Special,
    TimeInForce,
)
from sim_exchange.domain.pegs import best_unpegged, peg_price
from sim_exchange.domain.prices import TickTable
from sim_exchange.domain.stops import follow, reached

ANY_PRICE = TickTable((TickBand(0, 1),))
"""The ticks of a book that was given none."""
PEG_PASSES_MAX = 4
"""Rounds in which pegs make room for each other after a move; beyond, they wait for the next."""


class OrderBook(Matching):
    """The book of one instrument on one venue."""

    def __init__(self, listener: BookListener | None = None, ticks: TickTable = ANY_PRICE) -> None:
        super().__init__(listener, ticks)
        self._pegs: dict[Hashable, Order] = {}

    # -- commands -----------------------------------------------------------------------

    def submit(self, order: Order, now_ns: int) -> None:
        """Take a new order: match it, then rest or cancel what is left.

        Raises:
            BookError: The number is in the book already.
        """
        self._require_new(order)
        if self._halted and not order.tif.is_auction:
            self._listener.rejected(order, RejectCause.HALTED, now_ns)
            return
        if self._collecting and not _can_wait(order):
            self._listener.rejected(order, RejectCause.AUCTION, now_ns)
            return
        if order.kind is OrderKind.PEGGED:
            order.price = self._peg_price(order)
        elif order.kind is OrderKind.TRAILING_STOP and self._last_price:
            follow(order, self._last_price, self._ticks)
        self._listener.accepted(order, now_ns)
        if order.tif.is_auction:
            self._waiting[order.number] = order
        elif order.kind in STOPS:
            self._wait_for_trade(order, now_ns)
        elif order.kind is OrderKind.PEGGED:
            self._pegs[order.number] = order
            self._place_peg(order)
        else:
            self._enter(order, now_ns)
        self._settle(now_ns)

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
        order = self.get(number)
        if order is None:
            return 0
        if quantity is not None and quantity <= 0:
            raise BookError(f"cancelled quantity {quantity} is not greater than zero")
        taken = order.leaves if quantity is None else min(quantity, order.leaves)
        self._reduce(order, taken)
        if order.leaves:
            order.quantity -= taken
        self._listener.cancelled(order, taken, cause, now_ns)
        self._settle(now_ns)
        return taken

    def replace(
        self,
        number: Hashable,
        price: int,
        quantity: int,
        now_ns: int,
        special: Special | None = None,
    ) -> None:
        """Change what an order in the book asks for; its kind stays.

        Less quantity with all else the same keeps the place in the queue; anything else goes
        to the back of its level, or trades if the price now crosses.

        Args:
            number: Of an order in the book.
            price: New limit in units; the cap of a peg; 0 for an order without.
            quantity: New whole quantity, executed part included; equal to the executed
                part it ends the order.
            now_ns: Time of the change.
            special: Terms of special orders; None: unchanged.

        Raises:
            BookError: Not in the book, halted, or less than is executed already.
        """
        order = self.get(number)
        if order is None:
            raise BookError(f"order number {number!r} is not in the book")
        if self._halted:
            raise BookError(RejectCause.HALTED.value)
        leaves = quantity - order.executed
        if leaves < 0 or (price <= 0 and order.kind is OrderKind.LIMIT):
            raise BookError(f"quantity {quantity} is below the executed {order.executed}")
        special = order.special if special is None else special
        standing = order.cap if order.kind is OrderKind.PEGGED else order.price
        same = price == standing and special == order.special
        keeps = same and leaves <= order.leaves
        if keeps:
            self._reduce(order, order.leaves - leaves)
            order.quantity = quantity
        else:
            self._lift(order)
            order.quantity, order.leaves = quantity, leaves
            self._change(order, price, special)
        self._listener.replaced(order, kept_priority=keeps, now_ns=now_ns)
        if not keeps and leaves:
            self._enter_again(order, now_ns)
        self._settle(now_ns)

    def collect(self) -> None:
        """Begin the call of an auction: orders collect, and nothing trades until `auction`."""
        self._collecting = True

    def auction(self, tif: TimeInForce, now_ns: int, reference: int = 0) -> None:
        """Let the orders held for an auction and those of the book trade at one price.

        What is left of the held orders expires; in a halt all of it.

        Args:
            tif: AT_OPEN or AT_CLOSE.
            now_ns: Time of the auction.
            reference: Price if there are market orders only, and for ties; 0 for none.
        """
        held = self._held(tif)
        if self._collecting and self._last_price:
            # Stops that came in the call may have been reached before it.
            self._note_trade(self._last_price)
        self._collecting = False
        if not self._halted:
            for order in held:
                del self._waiting[order.number]
            self._uncross(held, reference, now_ns)
        for order in held:
            if order.leaves and order.number in self:
                self.cancel(order.number, now_ns, cause=CancelCause.NOT_IN_AUCTION)
            elif order.leaves:
                self._discard(order, CancelCause.NOT_IN_AUCTION, now_ns)
        self._settle(now_ns)

    def halt(self) -> None:
        """Stop trading: cancels only until `resume`."""
        self._halted = True

    def resume(self, now_ns: int) -> None:
        """Trade again; what crossed meanwhile trades at the older order's price."""
        self._halted = False
        if self._collecting:
            return
        while (bid := self._bids.best()) and (ask := self._asks.best()) and bid.price >= ask.price:
            # Only recorded flow can rest orders in a halt; without arrival times the
            # buyer counts as the later one.
            taker = next(iter(bid.orders.values()))
            self._bids.remove(taker)
            del self._orders[taker.number]
            self._match(taker, now_ns)
            if taker.leaves:
                self._rest(taker)
        self._settle(now_ns)

    # -- facts of a recording -------------------------------------------------------------

    def rest(self, order: Order, now_ns: int) -> None:
        """Put a recorded order into the book without matching it."""
        self._require_new(order)
        self._listener.accepted(order, now_ns)
        self._rest(order)
        self._settle(now_ns)

    def execute(self, number: Hashable, quantity: int, now_ns: int) -> int:
        """Execute quantity of a resting order, as recorded, whatever its place in the queue.

        Returns:
            The quantity executed: at most what it showed; 0 for a number not in the book.
        """
        order = self._orders.get(number)
        if order is None:
            return 0
        done = min(quantity, order.shown)
        book_side = self._side(order.side)
        level = book_side.levels[order.price]
        self._hit(level, order, done)
        if not level.orders:
            book_side.drop(level)
        self._note_trade(order.price)
        self._listener.filled(order, None, order.price, done, now_ns)
        self._settle(now_ns)
        return done

    def execute_hidden(self, price: int, quantity: int, now_ns: int) -> None:
        """Report a recorded trade against an order that was never shown; the book stays."""
        self._note_trade(price)
        self._listener.filled(None, None, price, quantity, now_ns)
        self._settle(now_ns)

    # -- inside ----------------------------------------------------------------------------

    def _require_new(self, order: Order) -> None:
        if order.number in self:
            raise BookError(f"order number {order.number!r} is in the book already")

    def _enter(self, order: Order, now_ns: int) -> None:
        """Match an order, then rest or cancel what is left."""
        if self._collecting:
            self._collect(order)
            return
        if order.tif is TimeInForce.FOK and not self._can_fill(order):
            self._discard(order, CancelCause.NOT_FILLABLE, now_ns)
            return
        found_limit = order.kind is OrderKind.MARKET_TO_LIMIT and self._find_limit(order)
        self._match(order, now_ns)
        if not order.leaves:
            return
        if found_limit:
            self._listener.restated(order, RestateCause.LIMIT_FOUND, now_ns)
        if order.kind is not OrderKind.LIMIT:
            self._discard(order, CancelCause.NO_LIQUIDITY, now_ns)
        elif order.tif.rests:
            self._rest(order)
        else:
            self._discard(order, CancelCause.NOT_FILLED_AT_ONCE, now_ns)

    def _collect(self, order: Order) -> None:
        """Put an order where the auction finds it."""
        if order.kind is OrderKind.MARKET:
            self._waiting[order.number] = order
        else:
            self._rest(order)

    def _find_limit(self, order: Order) -> bool:
        """Make a market-to-limit order a limit order at the other side's best price."""
        best = self.best(order.side.opposite)
        if best is not None:
            order.kind, order.price = OrderKind.LIMIT, best.price
        return best is not None

    def _change(self, order: Order, price: int, special: Special) -> None:
        """Set the terms of a replace; the order is lifted."""
        order.special = special
        if order.kind is OrderKind.PEGGED:
            order.cap = price
            order.price = self._peg_price(order)
            return
        order.price = price
        if order.kind in STOPS:
            order.stop = special.stop
            if self._last_price:
                follow(order, self._last_price, self._ticks)

    def _enter_again(self, order: Order, now_ns: int) -> None:
        """Put a replaced order into its place."""
        if order.tif.is_auction:
            self._waiting[order.number] = order
        elif order.kind in STOPS:
            self._wait_for_trade(order, now_ns)
        elif order.kind is OrderKind.PEGGED:
            self._place_peg(order)
        elif self._collecting:
            self._collect(order)
        else:
            self._match(order, now_ns)
            if order.leaves:
                self._rest(order)

    # -- waiting orders ---------------------------------------------------------------------

    def _settle(self, now_ns: int) -> None:
        """Let waiting orders follow what the last command changed."""
        if not (self._stops or self._pegs or self._prints) or self._halted or self._collecting:
            return
        while self._prints:
            moved, due = self._stops.take(self._prints)
            self._prints.clear()
            for order in moved:
                self._listener.restated(order, RestateCause.STOP_MOVED, now_ns)
            for order in due:
                del self._waiting[order.number]
                self._trigger(order, now_ns)
        for _ in range(PEG_PASSES_MAX if self._pegs else 0):
            if not self._move_pegs(now_ns):
                return

    def _wait_for_trade(self, order: Order, now_ns: int) -> None:
        due = self._last_price and reached(order, self._last_price)
        if due and not self._collecting:
            self._trigger(order, now_ns)
            return
        self._waiting[order.number] = order
        self._stops.add(order)

    def _trigger(self, order: Order, now_ns: int) -> None:
        order.kind = STOPS[order.kind]
        self._listener.restated(order, RestateCause.TRIGGERED, now_ns)
        self._enter(order, now_ns)

    def _peg_price(self, order: Order) -> int:
        other = self.best(order.side.opposite)
        return peg_price(
            order,
            best_unpegged(self._queues(order.side)),
            best_unpegged(self._queues(order.side.opposite)),
            other.price if other else 0,
            self._ticks,
        )

    def _place_peg(self, order: Order) -> None:
        if order.price:
            self._rest(order)
        else:
            self._waiting[order.number] = order

    def _move_pegs(self, now_ns: int) -> bool:
        """Place each peg, oldest first; return whether any moved."""
        moved = False
        for order in list(self._pegs.values()):
            if not order.leaves:
                del self._pegs[order.number]
                continue
            price = self._peg_price(order)
            if price == order.price:
                continue
            moved = True
            self._lift(order)
            order.price = price
            self._place_peg(order)
            cause = RestateCause.REPRICED if price else RestateCause.NO_REFERENCE
            self._listener.restated(order, cause, now_ns)
        return moved


def _can_wait(order: Order) -> bool:
    """Whether an order can wait for the end of an auction."""
    waits = order.tif.rests or order.tif.is_auction
    return waits and order.kind is not OrderKind.MARKET_TO_LIMIT
