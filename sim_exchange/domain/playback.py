"""Recorded messages applied to a book, as facts.

A recording begins with an existing book: orders that rested before its first row are known by
price and size only. They are in the book as one anonymous order per price, older than all
others. Cancels and executions of unknown order ids are taken from it; those that find nothing
there are counted.
"""

from dataclasses import dataclass

from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.lobster import BookRow, Event, HaltState, Message
from sim_exchange.domain.order import Order, Side


@dataclass(slots=True)
class PlaybackCounts:
    """The counts of a playback.

    Attributes:
        messages: Rows applied.
        hidden: Executions of hidden orders and crosses; the book stays.
        halts: Changes of the trading state.
        from_initial: Cancels and executions taken from orders older than the recording.
        unknown_cancels: Cancels of order ids never seen, with nothing at their price.
        unknown_executions: The same for executions.
        short: Cancels and executions of more than was left; the rest was ignored.
        repeated_ids: New orders whose id was in the book already; ignored.
    """

    messages: int = 0
    hidden: int = 0
    halts: int = 0
    from_initial: int = 0
    unknown_cancels: int = 0
    unknown_executions: int = 0
    short: int = 0
    repeated_ids: int = 0


def _anonymous(side: Side, price: int) -> tuple[str, int, int]:
    return ("initial", int(side), price)


class Playback:
    """Applies messages to one book."""

    def __init__(self, book: OrderBook) -> None:
        self.book = book
        self.counts = PlaybackCounts()

    def seed(self, row: BookRow, now_ns: int) -> None:
        """Put a book into the empty one: an anonymous order per level."""
        for side, levels in ((Side.BUY, row.bids), (Side.SELL, row.asks)):
            for price, size in levels:
                self.add_anonymous(side, price, size, now_ns)

    def add_anonymous(self, side: Side, price: int, size: int, now_ns: int) -> None:
        """Rest quantity of unknown orders at a price."""
        if size > 0:
            self.book.rest(Order(_anonymous(side, price), side, price, size), now_ns)

    def apply(self, message: Message, now_ns: int) -> None:
        """Apply one row."""
        counts = self.counts
        counts.messages += 1
        event = message.event
        if event is Event.NEW:
            self._new(message, now_ns)
        elif event in {Event.PARTIAL_CANCEL, Event.DELETE, Event.EXECUTE}:
            self._reduce(message, now_ns)
        elif event is Event.HALT:
            self._halt(HaltState(message.price), now_ns)
        else:
            counts.hidden += 1
            if message.price > 0 and message.size > 0:
                self.book.execute_hidden(message.price, message.size, now_ns)

    def _new(self, message: Message, now_ns: int) -> None:
        if message.order_id in self.book:
            self.counts.repeated_ids += 1
            return
        order = Order(message.order_id, message.side, message.price, message.size)
        if self.book.halted:
            self.book.rest(order, now_ns)
        else:
            self.book.submit(order, now_ns)

    def _reduce(self, message: Message, now_ns: int) -> None:
        number: object = message.order_id
        is_execution = message.event is Event.EXECUTE
        order = self.book.get(message.order_id)
        if order is None:
            number = _anonymous(message.side, message.price)
            order = self.book.get(number)
            if order is None:
                if is_execution:
                    self.counts.unknown_executions += 1
                else:
                    self.counts.unknown_cancels += 1
                return
            self.counts.from_initial += 1
        if is_execution:
            done = self.book.execute(order.number, message.size, now_ns)
        elif message.event is Event.DELETE and number == message.order_id:
            # A deletion is of the whole order, whatever size the row has.
            done = self.book.cancel(order.number, now_ns)
        else:
            done = self.book.cancel(order.number, now_ns, message.size)
        self.counts.short += done < message.size

    def _halt(self, state: HaltState, now_ns: int) -> None:
        self.counts.halts += 1
        if state is HaltState.TRADING:
            self.book.resume(now_ns)
        else:
            self.book.halt()
