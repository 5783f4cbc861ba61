"""Laws of a book with icebergs, stops, pegs, market-to-limit and auction orders in it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.ticks import TickBand
from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.order import STOPS, Order, OrderKind, PegTo, Side, Special, TimeInForce
from sim_exchange.domain.prices import TickTable
from tests.support.book_events import Recorder

TICKS = TickTable((TickBand(0, 1), TickBand(100, 2)))
PRICES = st.integers(45, 55).map(lambda tick: TICKS.round_down(2 * tick))
QUANTITIES = st.integers(1, 30)
SIDES = st.sampled_from(list(Side))
OFFSETS = st.integers(-3, 3)
K, F = OrderKind, TimeInForce
KEPT = st.sampled_from([F.DAY, F.GTC, F.GTD])
ANY_TIME = st.sampled_from([F.DAY, F.GTD, F.IOC, F.FOK])


def special(**fields) -> st.SearchStrategy[Special]:
    return st.fixed_dictionaries(fields).map(lambda given: Special(**given))


LIMITS = st.tuples(st.just(K.LIMIT), PRICES, st.just(Special()), st.sampled_from(list(TimeInForce)))
KINDS = st.one_of(
    LIMITS,
    LIMITS,
    st.tuples(st.just(K.MARKET), st.just(0), st.just(Special()), ANY_TIME),
    st.tuples(st.just(K.LIMIT), PRICES, special(display=st.integers(1, 6)), KEPT),
    st.tuples(st.just(K.MARKET_TO_LIMIT), st.just(0), st.just(Special()), KEPT),
    st.tuples(st.just(K.STOP), st.just(0), special(stop=PRICES), ANY_TIME),
    st.tuples(st.just(K.STOP_LIMIT), PRICES, special(stop=PRICES), ANY_TIME),
    st.tuples(
        st.just(K.TRAILING_STOP),
        st.just(0),
        special(stop=st.just(0) | PRICES, trail=st.integers(1, 4)),
        ANY_TIME,
    ),
    st.tuples(
        st.just(K.PEGGED),
        st.just(0) | PRICES,
        special(peg=st.sampled_from(list(PegTo)), offset=OFFSETS),
        KEPT,
    ),
)
NUMBERS = st.integers(0, 60)
COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), SIDES, QUANTITIES, KINDS),
        st.tuples(st.just("submit"), SIDES, QUANTITIES, LIMITS),
        st.tuples(st.just("cancel"), NUMBERS, st.none() | QUANTITIES),
        st.tuples(st.just("replace"), NUMBERS, PRICES, st.integers(1, 35), st.integers(1, 6)),
        st.tuples(st.just("auction"), st.sampled_from([F.AT_OPEN, F.AT_CLOSE])),
        st.tuples(st.just("execute"), NUMBERS, QUANTITIES),
        st.tuples(st.sampled_from(["halt", "resume"])),
    ),
    max_size=60,
)


class Play:
    """A book, everything sent to it, and what each order asks for now."""

    def __init__(self) -> None:
        self.events = Recorder()
        self.book = OrderBook(self.events, TICKS)
        self.orders: dict[int, Order] = {}
        self.asked: dict[int, int] = {}

    def do(self, number: int, command: tuple) -> None:
        book = self.book
        match command:
            case ("submit", side, quantity, (kind, price, special, tif)):
                order = Order(number, side, price, quantity, kind=kind, tif=tif, special=special)
                self.orders[number], self.asked[number] = order, quantity
                book.submit(order, number)
                if number in self.events.rejected_orders:
                    del self.orders[number]
            case ("cancel", target, quantity):
                book.cancel(target, number, quantity)
            case ("replace", target, price, quantity, display):
                self.replace(target, price, quantity, display, number)
            case ("auction", tif):
                book.auction(tif, number)
            case ("execute", target, quantity):
                book.execute(target, quantity, number)
            case ("halt",):
                book.halt()
            case ("resume",):
                book.resume(number)

    def replace(self, target: int, price: int, quantity: int, display: int, now: int) -> None:
        order = self.book.get(target)
        if order is None or self.book.halted or quantity < order.executed:
            return
        # What was taken out by partial cancels is no part of the order any more.
        self.asked[target] += quantity - order.quantity
        special = order.special
        if special.display:
            special = special._replace(display=display)
        if order.kind in STOPS and special.stop:
            special = special._replace(stop=price)
        priced = order.kind in {K.LIMIT, K.STOP_LIMIT, K.PEGGED}
        self.book.replace(target, price if priced else 0, quantity, now, special)

    def check(self) -> None:
        book = self.book
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        assert bid is None or ask is None or bid.price < ask.price
        resting = {}
        for side in Side:
            for level in book.levels(side):
                queue = level.orders.values()
                assert level.orders
                assert level.quantity == sum(order.shown for order in queue)
                assert level.hidden == sum(order.hidden for order in queue)
                for order in queue:
                    assert (order.side, order.price) == (side, level.price)
                    self.check_resting(order)
                resting |= level.orders
        assert resting == {order.number: order for order in book.orders()}
        waiting = {order.number for order in book.waiting()}
        assert not waiting & resting.keys()
        assert len(book) == len(waiting) + len(resting)
        for number, order in self.orders.items():
            assert (number in waiting or number in resting) == (order.leaves > 0)

    def check_resting(self, order: Order) -> None:
        assert order.kind in {K.LIMIT, K.PEGGED}
        assert 0 < order.shown <= order.leaves
        assert TICKS.is_on_tick(order.price)
        if order.special.display:
            assert order.shown <= order.special.display
        else:
            assert order.hidden == 0
        if order.cap:
            assert (order.cap - order.price) * order.side >= 0

    def check_quantities(self) -> None:
        done = dict.fromkeys(self.asked, 0)
        for maker, taker, _, quantity in self.events.fills:
            for number in (maker, taker):
                if number is not None:
                    done[number] += quantity
        for number, quantity, _ in self.events.cancels:
            done[number] += quantity
        for number, order in self.orders.items():
            assert done[number] + order.leaves == self.asked[number]


@given(COMMANDS)
@settings(max_examples=300, deadline=None)
def test_quantity_is_kept_and_nothing_is_shown_that_is_hidden(commands) -> None:
    play = Play()
    for number, command in enumerate(commands):
        play.do(number, command)
        play.check()
    play.check_quantities()


@given(COMMANDS)
@settings(max_examples=200, deadline=None)
def test_a_peg_never_takes_and_a_stop_that_was_reached_does_not_wait(commands) -> None:
    play = Play()
    for number, command in enumerate(commands):
        play.do(number, command)
        if not play.book.halted and play.events.fills:
            last = play.events.fills[-1][2]
            for order in play.book.waiting():
                if order.kind in STOPS and order.stop and not order.tif.is_auction:
                    assert (last - order.stop) * order.side < 0
    pegs = {number for number, order in play.orders.items() if order.special.peg}
    # A crossed book after a halt has no taker by itself; pegs do not move in one.
    if not any(command[0] == "resume" for command in commands):
        assert not any(taker in pegs for _, taker, _, _ in play.events.fills)


@given(
    icebergs=st.lists(st.tuples(PRICES, QUANTITIES, st.integers(0, 6)), min_size=1, max_size=8),
    takes=st.lists(st.tuples(PRICES, QUANTITIES), max_size=12),
)
@settings(max_examples=200, deadline=None)
def test_icebergs_trade_what_they_show_and_queue_again(icebergs, takes) -> None:
    """Against a naive model: a list of parts in order of arrival, the next one at its end."""
    events = Recorder()
    book = OrderBook(events, TICKS)
    parts: list[list[int]] = []
    rest: dict[int, tuple[int, int]] = {}
    for number, (price, quantity, display) in enumerate(icebergs):
        special = Special(display=display)
        book.submit(Order(number, Side.SELL, price, quantity, special=special), number)
        first = min(quantity, display) if display else quantity
        parts.append([number, price, first])
        rest[number] = (quantity - first, display)
    expected = []
    for taker, (price, quantity) in enumerate(takes, 100):
        left = quantity
        while left and (at := sorted([p for p in parts if p[1] <= price], key=lambda p: p[1])):
            part = at[0]
            done = min(left, part[2])
            left -= done
            part[2] -= done
            expected.append((part[0], taker, part[1], done))
            if not part[2]:
                parts.remove(part)
                hidden, display = rest[part[0]]
                if hidden:
                    shown = min(hidden, display)
                    rest[part[0]] = (hidden - shown, display)
                    parts.append([part[0], part[1], shown])
        book.submit(Order(taker, Side.BUY, price, quantity, tif=TimeInForce.IOC), taker)
    assert events.fills == expected
