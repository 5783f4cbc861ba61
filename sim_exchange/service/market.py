"""One instrument on the venue: its book, its statistics and the trades not yet published."""

from typing import NamedTuple, Protocol

from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.order import (
    BookListener,
    CancelCause,
    Order,
    RejectCause,
    RestateCause,
    Side,
)
from sim_exchange.instruments import Instrument
from sim_exchange.service.orders import ClientOrder

PENDING_TRADES_MAX = 1_000
"""Trades kept for the next publication; the oldest are left out beyond (volume still counts)."""


class Trade(NamedTuple):
    """A trade to publish."""

    trade_id: str
    price: int
    quantity: int
    aggressor: Side | None
    now_ns: int


class ClientEvents(Protocol):
    """What happens to client orders in a book; the venue makes reports of it."""

    def order_accepted(self, order: ClientOrder, resting: Order, now_ns: int) -> None:
        """The book took it."""

    def order_filled(
        self, order: ClientOrder, price: int, quantity: int, now_ns: int, *, is_maker: bool
    ) -> None:
        """It traded."""

    def order_cancelled(self, order: ClientOrder, cause: CancelCause, now_ns: int) -> None:
        """What was left of it is gone."""

    def order_replaced(self, order: ClientOrder, resting: Order, now_ns: int) -> None:
        """Its terms changed."""

    def order_restated(
        self, order: ClientOrder, resting: Order, cause: RestateCause, now_ns: int
    ) -> None:
        """The book changed it by itself."""

    def order_rejected(self, order: ClientOrder, cause: RejectCause, now_ns: int) -> None:
        """The book refused it."""

    def next_trade_id(self) -> str:
        """A name for a trade, never used before."""

    def market_changed(self, market: "Market") -> None:
        """The book, the last trade or the state differs from what was published."""


class Market(BookListener):
    """Listens to its book, informs the venue of client orders, and keeps the day's statistics.

    Attributes:
        resting_clients: Client orders in the book by order id, also those that wait in it.
    """

    def __init__(self, instrument: Instrument, events: ClientEvents) -> None:
        self.instrument = instrument
        self.book = OrderBook(self, instrument.ticks)
        self.resting_clients: dict[str, Order] = {}
        self.pending_trades: list[Trade] = []
        self.last_price = 0
        self.last_quantity = 0
        self.open_price = 0
        self.high_price = 0
        self.low_price = 0
        self.close_price = instrument.reference_price
        self.volume = 0
        self._events = events

    # -- BookListener ---------------------------------------------------------------------

    def accepted(self, order: Order, now_ns: int) -> None:
        """Inform the client."""
        if order.owner is not None:
            self.resting_clients[order.owner.order_id] = order
            self._events.order_accepted(order.owner, order, now_ns)
        self._events.market_changed(self)

    def filled(
        self, maker: Order | None, taker: Order | None, price: int, quantity: int, now_ns: int
    ) -> None:
        """Inform the clients on either side and note the trade."""
        events = self._events
        if maker is not None and maker.owner is not None:
            if not maker.leaves:
                del self.resting_clients[maker.owner.order_id]
            events.order_filled(maker.owner, price, quantity, now_ns, is_maker=True)
        if taker is not None and taker.owner is not None:
            if not taker.leaves:
                del self.resting_clients[taker.owner.order_id]
            events.order_filled(taker.owner, price, quantity, now_ns, is_maker=False)
        # In an auction nobody takes liquidity.
        known = maker is not None and not self.book.uncrossing
        aggressor = maker.side.opposite if known and maker is not None else None
        self._note_trade(price, quantity, aggressor, now_ns)
        events.market_changed(self)

    def cancelled(self, order: Order, quantity: int, cause: CancelCause, now_ns: int) -> None:
        """Inform the client; clients cancel whole orders only."""
        del quantity
        if order.owner is not None:
            del self.resting_clients[order.owner.order_id]
            self._events.order_cancelled(order.owner, cause, now_ns)
        self._events.market_changed(self)

    def replaced(self, order: Order, *, kept_priority: bool, now_ns: int) -> None:
        """Inform the client."""
        del kept_priority
        if order.owner is not None:
            if not order.leaves:
                del self.resting_clients[order.owner.order_id]
            self._events.order_replaced(order.owner, order, now_ns)
        self._events.market_changed(self)

    def restated(self, order: Order, cause: RestateCause, now_ns: int) -> None:
        """Inform the client."""
        if order.owner is not None:
            self._events.order_restated(order.owner, order, cause, now_ns)
        self._events.market_changed(self)

    def rejected(self, order: Order, cause: RejectCause, now_ns: int) -> None:
        """Inform the client."""
        if order.owner is not None:
            self._events.order_rejected(order.owner, cause, now_ns)

    @property
    def reference_price(self) -> int:
        """The last price; before the first trade the close of the day before."""
        return self.last_price or self.close_price

    # -- statistics -----------------------------------------------------------------------

    def _note_trade(self, price: int, quantity: int, aggressor: Side | None, now_ns: int) -> None:
        self.last_price, self.last_quantity = price, quantity
        self.volume += quantity
        if not self.open_price:
            self.open_price = self.low_price = price
        self.high_price = max(self.high_price, price)
        self.low_price = min(self.low_price, price)
        if len(self.pending_trades) >= PENDING_TRADES_MAX:
            del self.pending_trades[0]
        trade_id = self._events.next_trade_id()
        self.pending_trades.append(Trade(trade_id, price, quantity, aggressor, now_ns))

    def new_day(self) -> None:
        """Start the statistics again; the last price is the new close."""
        self.close_price = self.last_price or self.close_price
        self.open_price = self.high_price = self.low_price = self.volume = 0
