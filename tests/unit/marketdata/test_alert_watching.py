"""Which prices make an alert fire: what counts, what never does, and that it fires once."""

import pytest

from kernel.nanoseconds import NS_PER_S
from svc_marketdata.api.alerts.mapping import shown_of
from svc_marketdata.domain.alerts.alert import Alert, AlertPrice, Condition
from svc_marketdata.domain.book import Level, Side
from svc_marketdata.domain.listing import Listing, TradingStatus
from svc_marketdata.domain.market import Aggressor, OffMarket, Trade
from svc_marketdata.service.alerts.watching import Watching
from svc_marketdata.service.delayed import DELAY_S, DELAYED_INTERVAL_S
from tests.unit.marketdata.test_feed_session import ID, Bench

LAST, BID, ASK, MID = AlertPrice
ABOVE, BELOW = Condition


class Scene:
    """A feed of one open listing with the book 10 / 11, and its alerts."""

    def __init__(self, status=TradingStatus.OPEN):
        self.bench = Bench()
        self.woken = 0
        self.watching = Watching(self.bench.data, shown_of, self._wake)
        self.session = self.bench.feed()
        self.session.status(feed_up=True, trading_status=TradingStatus.OPEN, simulated=True)
        self.session.listing(Listing(ID, "ASML", "SIMA", trading_status=status))
        self.book("10", "11")
        self.count = 0

    def _wake(self):
        self.woken += 1

    def book(self, bid, ask):
        sides = [[Level(price, "1", 1)] if price else [] for price in (bid, ask)]
        self.session.book(ID, *sides, 1, self.now())
        self.session.end_frame()

    def now(self):
        self.bench.clock.advance(0.001)
        return self.bench.clock.now_ns()

    def trade(self, price, off_market=OffMarket.NOT, trade_id="", **fields):
        self.count += 1
        at_ns = self.now()
        trade = Trade(
            trade_id or f"T{self.count}", price, "1", Aggressor.BUY, at_ns, at_ns, off_market,
            **fields,
        )  # fmt: skip
        self.session.trade(ID, trade, at_ns)
        self.session.end_frame()

    def alert(self, price, condition, threshold, *, delayed=False, instrument_id=ID):
        self.count += 1
        now_ns = self.now()
        made = Alert(
            f"A{self.count}", "u", "u", instrument_id, "", price, condition, threshold, "", "",
            delayed, "", now_ns, now_ns + NS_PER_S,
        )  # fmt: skip
        self.watching.add(made)
        return made.alert_id

    @property
    def fired(self):
        return [(one.alert_id, one.price) for one in self.watching.fires]


def test_a_trade_at_the_threshold_fires_once():
    scene = Scene()
    one = scene.alert(LAST, ABOVE, "10.5")
    scene.trade("10.49")
    assert scene.fired == []
    scene.trade("10.5")
    scene.trade("10.6")
    assert scene.fired == [(one, "10.5")]
    assert scene.woken == 1


def test_every_trade_of_a_frame_counts_not_only_the_last():
    scene = Scene()
    high, low = scene.alert(LAST, ABOVE, "12"), scene.alert(LAST, BELOW, "9")
    at_ns = scene.now()
    for number, price in enumerate(("10", "13", "8", "10")):
        trade = Trade(f"F{number}", price, "1", Aggressor.BUY, at_ns, at_ns)
        scene.session.trade(ID, trade, at_ns)
    scene.session.end_frame()
    assert scene.fired == [(high, "13"), (low, "8")]


@pytest.mark.parametrize("why", [one for one in OffMarket if one is not OffMarket.NOT])
def test_a_trade_that_says_nothing_of_the_market_does_not_count(why):
    scene = Scene()
    scene.alert(LAST, ABOVE, "10.5")
    scene.trade("99", why)
    assert scene.fired == []


def test_a_withdrawn_trade_makes_nothing_fire_and_takes_nothing_back():
    scene = Scene()
    high = scene.alert(LAST, ABOVE, "12")
    scene.trade("10")
    scene.trade("13", trade_id="bust")
    assert scene.fired == [(high, "13")]
    # What is left is the trade at 10: that it is the last price again is no trade.
    scene.trade("9", trade_id="other")
    low = scene.alert(LAST, BELOW, "8")
    scene.trade("", trade_id="bust", withdrawn=True)
    assert scene.fired == [(high, "13")]
    scene.trade("7")
    assert scene.fired == [(high, "13"), (low, "7")]


@pytest.mark.parametrize(
    ("price", "condition", "threshold", "book", "fires_at"),
    [
        (BID, ABOVE, "10.2", ("10.2", "11"), "10.2"),
        (BID, BELOW, "9.9", ("9.9", "11"), "9.9"),
        (ASK, BELOW, "10.9", ("10", "10.8"), "10.8"),
        (ASK, ABOVE, "11.1", ("10", "11.1"), "11.1"),
        (MID, ABOVE, "10.55", ("10.1", "11"), "10.55"),
        (MID, ABOVE, "10.500000001", ("10.000000001", "11"), None),
        (MID, ABOVE, "10.500000001", ("10.000000002", "11"), "10.500000001"),
        (MID, BELOW, "10", ("9", "11"), "10"),
        (MID, BELOW, "10", ("", "11"), None),
        (BID, BELOW, "9", ("", "11"), None),
        # A crossed book is at fault.
        (BID, ABOVE, "12", ("12", "11"), None),
    ],
)
def test_best_prices_fire_at_the_threshold(price, condition, threshold, book, fires_at):
    scene = Scene()
    one = scene.alert(price, condition, threshold)
    scene.book(*book)
    assert scene.fired == ([] if fires_at is None else [(one, fires_at)])


def test_a_book_in_the_middle_of_a_message_does_not_count():
    scene = Scene()
    scene.alert(BID, ABOVE, "10.9")
    at_ns = scene.now()
    # The bid is 11 until the next entry of the same message removes it.
    scene.session.level(ID, Side.BID, Level("10.9", "1", 1), at_ns, at_ns)
    scene.session.level(ID, Side.BID, Level("10.9", "0", 0), at_ns, at_ns)
    scene.session.end_frame()
    assert scene.fired == []


def test_a_stale_price_never_fires_and_counts_when_it_is_current_again():
    scene = Scene()
    scene.session.book_incomplete(ID, scene.now())
    scene.session.end_frame()
    one = scene.alert(BID, BELOW, "10")
    scene.session.level(ID, Side.BID, Level("10", "2", 1), scene.now(), scene.now())
    scene.session.end_frame()
    assert scene.fired == []
    scene.book("10", "11")
    assert scene.fired == [(one, "10")]


def test_a_last_price_that_was_stale_counts_when_it_is_current_again_without_a_trade():
    """As after kill -9: the last price is restored, stale, and the feed has no newer trade."""
    scene = Scene()
    scene.trade("12")
    scene.session.book_incomplete(ID, scene.now())
    scene.session.end_frame()
    one, high = scene.alert(LAST, ABOVE, "12"), scene.alert(LAST, ABOVE, "13")
    assert scene.fired == []
    scene.book("10", "11")
    assert scene.fired == [(one, "12")]
    scene.trade("13")
    assert scene.fired == [(one, "12"), (high, "13")]


@pytest.mark.parametrize("how", ["down", "silent"])
def test_prices_of_a_venue_without_a_feed_do_not_count(how):
    scene = Scene()
    up = how == "silent"
    because = "nothing came" if up else ""
    scene.session.status(
        feed_up=up, trading_status=TradingStatus.OPEN, simulated=True, silent_because=because
    )
    scene.session.end_frame()
    scene.alert(BID, BELOW, "10")
    assert scene.fired == []
    assert scene.watching.price_now(ID, BID, delayed=False) is None
    assert scene.watching.price_now(ID, LAST, delayed=False) is None


NO_TRADING = [TradingStatus.HALTED, TradingStatus.CLOSED, TradingStatus.AUCTION]


@pytest.mark.parametrize("status", NO_TRADING)
def test_best_prices_count_only_while_the_listing_trades(status):
    scene = Scene(status)
    one = scene.alert(BID, BELOW, "10")
    scene.book("9", "11")
    assert scene.fired == []
    # Nothing moves when it opens: the prices that stand are compared.
    scene.session.trading_status(ID, TradingStatus.OPEN, scene.now())
    scene.session.end_frame()
    assert scene.fired == [(one, "9")]


@pytest.mark.parametrize("status", NO_TRADING)
def test_best_prices_count_only_while_the_venue_trades(status):
    scene = Scene()
    scene.session.status(feed_up=True, trading_status=status, simulated=True)
    one = scene.alert(ASK, BELOW, "11")
    assert scene.fired == []
    scene.session.status(feed_up=True, trading_status=TradingStatus.OPEN, simulated=True)
    assert scene.fired == [(one, "11")]


def test_a_trade_of_an_auction_counts():
    scene = Scene(TradingStatus.AUCTION)
    one = scene.alert(LAST, ABOVE, "12")
    scene.trade("12")
    assert scene.fired == [(one, "12")]


def test_an_alert_that_is_added_fires_at_the_price_that_is_there():
    """As after a restart: the price of now counts, one that has come and gone does not."""
    scene = Scene()
    scene.trade("10")
    one, two = scene.alert(BID, BELOW, "10"), scene.alert(LAST, ABOVE, "10")
    assert scene.fired == [(one, "10"), (two, "10")]


def test_an_alert_waits_for_its_listing():
    scene = Scene()
    one = scene.alert(LAST, ABOVE, "5", instrument_id="ING.SIMA")
    scene.watching.place_waiting()
    at_ns = scene.now()
    scene.session.trade("ING.SIMA", Trade("I1", "6", "1", Aggressor.BUY, at_ns, at_ns), at_ns)
    scene.session.end_frame()
    scene.watching.place_waiting()
    assert scene.fired == []  # no book yet: the price that stands is stale
    scene.session.trade("ING.SIMA", Trade("I2", "7", "1", Aggressor.BUY, at_ns, at_ns), at_ns)
    assert scene.fired == [(one, "7")]


def test_a_removed_alert_does_not_fire_and_leaves_nothing():
    scene = Scene()
    entry = scene.bench.data.listed[ID]
    readers = {name: len(getattr(entry, name).every) for name in ("quote", "trade")}
    names = [scene.alert(price, ABOVE, "12") for price in AlertPrice]
    assert len(entry.quote.every) == readers["quote"] + 1
    for name in names:
        scene.watching.remove(name)
        scene.watching.remove(name)
    scene.trade("13")
    scene.book("13", "14")
    assert scene.fired == []
    assert {name: len(getattr(entry, name).every) for name in readers} == readers
    assert not scene.watching.active
    assert list(scene.watching.of_user("u")) == []


def test_delayed_prices_count_fifteen_minutes_later_for_a_delayed_alert():
    scene = Scene()
    late = scene.alert(LAST, ABOVE, "12", delayed=True)
    bid = scene.alert(BID, ABOVE, "13", delayed=True)
    live = scene.alert(LAST, ABOVE, "12")
    scene.trade("12.5")
    scene.book("13", "14")
    assert scene.fired == [(live, "12.5")]
    began_ns = scene.bench.clock.now_ns()
    while len(scene.fired) < 3:
        scene.bench.clock.advance(1)
        scene.session.begin_frame()
        scene.bench.data.tick()
        assert scene.bench.clock.now_ns() < began_ns + 2 * DELAY_S * NS_PER_S
    assert sorted(scene.fired[1:]) == sorted([(late, "12.5"), (bid, "13")])
    passed_s = (scene.watching.fires[1].at_ns - began_ns) / NS_PER_S
    assert DELAY_S - 1 <= passed_s <= DELAY_S + 2 * DELAYED_INTERVAL_S + 1
