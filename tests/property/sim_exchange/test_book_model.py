"""The book against a naive model: a list of orders, sorted anew for every match."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.order import Order, OrderKind, Side, TimeInForce
from tests.support.book_events import Recorder

PRICES = st.integers(95, 105)
QUANTITIES = st.integers(1, 20)
SIDES = st.sampled_from(list(Side))
CONTINUOUS = [TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK]

SUBMITS = st.tuples(
    st.just("submit"), SIDES, PRICES, QUANTITIES, st.sampled_from(CONTINUOUS), st.booleans()
)
CANCELS = st.tuples(st.just("cancel"), st.integers(0, 60), st.none() | QUANTITIES)
REPLACES = st.tuples(st.just("replace"), st.integers(0, 60), PRICES, st.integers(0, 25))
COMMANDS = st.lists(SUBMITS | CANCELS | REPLACES, max_size=60)


@dataclass
class Naive:
    number: int
    side: Side
    price: int
    quantity: int
    leaves: int


class NaiveBook:
    def __init__(self) -> None:
        self.queue: list[Naive] = []
        self.fills: list = []

    def makers(self, side: Side, price: int | None) -> list[Naive]:
        found = [
            order
            for order in self.queue
            if order.side is not side and (price is None or (price - order.price) * side >= 0)
        ]
        # The sort is stable: the list is in order of arrival.
        return sorted(found, key=lambda order: order.price * side)

    def take(self, order: Naive, price: int | None) -> None:
        for maker in self.makers(order.side, price):
            quantity = min(maker.leaves, order.leaves)
            if quantity:
                maker.leaves -= quantity
                order.leaves -= quantity
                self.fills.append((maker.number, order.number, maker.price, quantity))
        self.queue = [resting for resting in self.queue if resting.leaves]

    def submit(self, order: Naive, tif: TimeInForce, *, is_market: bool) -> None:
        price = None if is_market else order.price
        available = sum(maker.leaves for maker in self.makers(order.side, price))
        if tif is TimeInForce.FOK and available < order.leaves:
            return
        self.take(order, price)
        if order.leaves and tif.rests and not is_market:
            self.queue.append(order)

    def find(self, number: int) -> Naive | None:
        return next((order for order in self.queue if order.number == number), None)

    def cancel(self, number: int, quantity: int | None) -> int:
        order = self.find(number)
        if order is None:
            return 0
        taken = order.leaves if quantity is None else min(order.leaves, quantity)
        order.leaves -= taken
        order.quantity -= taken
        self.queue = [resting for resting in self.queue if resting.leaves]
        return taken

    def replace(self, order: Naive, price: int, quantity: int) -> None:
        leaves = quantity - (order.quantity - order.leaves)
        keeps = price == order.price and leaves <= order.leaves
        order.price, order.quantity, order.leaves = price, quantity, leaves
        if not keeps:
            self.queue.remove(order)
            self.take(order, price)
            self.queue.append(order)
        self.queue = [resting for resting in self.queue if resting.leaves]

    def levels(self, side: Side) -> list[tuple[int, list[tuple[int, int]]]]:
        prices = sorted({order.price for order in self.queue if order.side is side})
        return [
            (price, [(order.number, order.leaves) for order in self.at(side, price)])
            for price in (reversed(prices) if side is Side.BUY else prices)
        ]

    def at(self, side: Side, price: int) -> list[Naive]:
        return [order for order in self.queue if (order.side, order.price) == (side, price)]


def book_levels(book: OrderBook, side: Side) -> list[tuple[int, list[tuple[int, int]]]]:
    for level in book.levels(side):
        assert level.quantity == sum(order.leaves for order in level.orders.values())
        assert level.orders
    return [
        (level.price, [(order.number, order.leaves) for order in level.orders.values()])
        for level in book.levels(side)
    ]


def play(book: OrderBook, naive: NaiveBook, number: int, command: tuple) -> None:
    if command[0] == "submit":
        _, side, price, quantity, tif, is_market = command
        kind = OrderKind.MARKET if is_market else OrderKind.LIMIT
        book.submit(
            Order(number, side, 0 if is_market else price, quantity, kind=kind, tif=tif), number
        )
        naive.submit(Naive(number, side, price, quantity, quantity), tif, is_market=is_market)
    elif command[0] == "cancel":
        _, target, quantity = command
        assert book.cancel(target, number, quantity) == naive.cancel(target, quantity)
    else:
        _, target, price, quantity = command
        order = naive.find(target)
        assert (order is None) == (target not in book)
        if order is not None and quantity >= order.quantity - order.leaves:
            book.replace(target, price, quantity, number)
            naive.replace(order, price, quantity)


@given(COMMANDS)
@settings(max_examples=300, deadline=None)
def test_book_does_what_the_naive_model_does(commands) -> None:
    events, naive = Recorder(), NaiveBook()
    book = OrderBook(events)
    for number, command in enumerate(commands):
        play(book, naive, number, command)
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        assert bid is None or ask is None or bid.price < ask.price
        assert book_levels(book, Side.BUY) == naive.levels(Side.BUY)
        assert book_levels(book, Side.SELL) == naive.levels(Side.SELL)
    assert events.fills == naive.fills
    assert len(book) == len(naive.queue)


@given(st.lists(SUBMITS, max_size=60))
@settings(max_examples=200, deadline=None)
def test_quantity_is_conserved_and_fok_is_all_or_nothing(commands) -> None:
    events = Recorder()
    book = OrderBook(events)
    sent = {}
    for number, (_, side, price, quantity, tif, is_market) in enumerate(commands):
        kind = OrderKind.MARKET if is_market else OrderKind.LIMIT
        order = Order(number, side, 0 if is_market else price, quantity, kind=kind, tif=tif)
        sent[number] = (order, quantity)
        book.submit(order, number)
    for number, (order, quantity) in sent.items():
        filled = sum(fill[3] for fill in events.fills if number in fill[:2])
        cancelled = sum(cancel[1] for cancel in events.cancels if cancel[0] == number)
        resting = order.leaves if number in book else 0
        assert filled + cancelled + resting == quantity
        if order.tif is TimeInForce.FOK and order.kind is OrderKind.LIMIT:
            assert filled in {0, quantity}
