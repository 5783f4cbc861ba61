"""A consolidated book is, at every step, the merge of the books of the venues that count."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kernel.decimals import NANO, format_nano
from ordermesh.marketdata.v1 import market_data_pb2 as md
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.book import Level, Side
from svc_marketdata.domain.listing import Listing, TradingStatus
from svc_marketdata.domain.price_rights import ALL_PRICES, PriceRight, PriceRights
from svc_marketdata.service.channels import Form, Topic
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.feed_session import FeedIdentity
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from tests.support.clock import ManualClock

MICS = ("AAAA", "BBBB", "CCCC")
ISINS = ("NL0010273215", "US0378331005", "")
CURRENCIES = ("EUR", "USD", "")
DEPTH = 3
ONLY_A_AND_DELAYED_B = PriceRights(
    PriceRight.NONE, frozenset({("AAAA", PriceRight.REAL_TIME), ("BBBB", PriceRight.DELAYED)})
)
OPEN = TradingStatus.OPEN
TRADES = {OPEN, TradingStatus.NOT_KNOWN}
NO_HINDRANCE = {*TRADES, TradingStatus.UNSPECIFIED}

prices = st.integers(1, 16).map(lambda n: format_nano(n * NANO // 4))
bad_prices = st.just("-1")
sizes = st.integers(0, 5).map(lambda n: format_nano(n * NANO // 2))
sides = st.sampled_from(list(Side))
statuses = st.sampled_from([OPEN, OPEN, *TradingStatus])
mics = st.sampled_from(MICS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("level"), mics, sides, st.one_of(prices, prices, bad_prices), sizes),
        st.tuples(st.just("level"), mics, sides, prices, sizes),
        st.tuples(st.just("book"), mics, st.lists(st.tuples(sides, prices, sizes), max_size=8)),
        st.tuples(st.just("listing"), mics, st.sampled_from(ISINS), st.sampled_from(CURRENCIES)),
        st.tuples(st.just("status"), mics, statuses),
        st.tuples(st.just("session"), mics, statuses, st.booleans(), st.booleans()),
        st.tuples(st.just("lost"), mics),
    ),
    max_size=40,
)


class Model:
    """What each venue sent, and a merge of everything each time."""

    def __init__(self) -> None:
        self.books = {mic: {Side.BID: {}, Side.ASK: {}} for mic in MICS}
        self.keys = dict.fromkeys(MICS, ("NL0010273215", "EUR"))
        self.status = dict.fromkeys(MICS, OPEN)
        self.session = dict.fromkeys(MICS, OPEN)
        self.current = dict.fromkeys(MICS, False)
        self.silent = dict.fromkeys(MICS, False)

    def counts(self, mic, rights):
        book = self.books[mic]
        negative = any(price < 0 for side in book.values() for price in side)
        # A status that is not reported leaves that of the listing as it was.
        open_ = self.status[mic] in TRADES and self.session[mic] in NO_HINDRANCE
        return (
            rights.real_time(mic)
            and open_
            and self.current[mic]
            and not self.silent[mic]
            and not negative
        )

    def key(self, mic):
        isin, currency = self.keys[mic]
        return f"{isin}/{currency}" if isin and currency else f"S.{mic}"

    def merged(self, key, side, rights):
        levels = defaultdict(dict)
        for mic in MICS:
            if self.key(mic) == key and self.counts(mic, rights):
                for price, size in self.books[mic][side].items():
                    levels[price][f"S.{mic}"] = size
        best = sorted(levels, reverse=side is Side.BID)
        return [(price, sum(levels[price].values()), levels[price]) for price in best]


class Run:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.hub = Hub(ProtoEncoder(), Limits(delivery_pause_s_max=0), "epoch")
        self.data = MarketData(self.hub, self.clock)
        self.model = Model()
        self.reader = Subscriber()
        wanted = Interest(
            topics=frozenset({Topic.CONSOLIDATED_BOOK}), mode=Mode.EVERY_EVENT, depth=DEPTH
        )
        self.hub.open(self.reader, wanted)
        self.seen: dict[str, md.ConsolidatedBook] = {}
        self.sequences: dict[str, int] = defaultdict(int)
        self.feeds = {}
        for mic in MICS:
            self.feeds[mic] = self.data.open_feed(FeedIdentity("s", mic, "g", "e"), lambda: None)
            self.session(mic, OPEN, up=True, silent=False)
            self.listing(mic)
            self.feeds[mic].end_frame()

    def listing(self, mic):
        isin, currency = self.model.keys[mic]
        one = Listing(
            f"S.{mic}", "S", mic, isin, currency=currency, trading_status=self.model.status[mic]
        )
        self.feeds[mic].listing(one)

    def session(self, mic, status, *, up, silent):
        model = self.model
        model.session[mic] = status
        model.silent[mic] = silent
        if not up:
            model.current[mic] = False
        because = "no prices for 60 s" if silent else ""
        self.feeds[mic].status(
            feed_up=up, trading_status=status, simulated=True, silent_because=because
        )

    def apply(self, step) -> None:
        what, mic, *rest = step
        model, feed, name = self.model, self.feeds[mic], f"S.{mic}"
        now_ns = self.clock.now_ns()
        if what == "level":
            side, price, size = rest
            feed.level(name, side, Level(price, size, 1), now_ns, now_ns)
            levels = model.books[mic][side]
            levels.pop(Decimal(price), None)
            if size != "0":
                levels[Decimal(price)] = Decimal(size)
        elif what == "book":
            of = {
                side: {p: s for one, p, s in rest[0] if one is side and s != "0"} for side in Side
            }
            for side in Side:
                model.books[mic][side] = {Decimal(p): Decimal(s) for p, s in of[side].items()}
            bids, asks = ([Level(p, s, 1) for p, s in of[side].items()] for side in Side)
            feed.book(name, bids, asks, now_ns, now_ns)
            model.current[mic] = True
        elif what == "listing":
            model.keys[mic] = tuple(rest)
            self.listing(mic)
        elif what == "status":
            feed.trading_status(name, rest[0], now_ns)
            listed = self.data.listed[name].listing
            model.status[mic] = listed.trading_status
        elif what == "session":
            self.session(mic, rest[0], up=rest[1], silent=rest[2])
        else:
            feed.book_incomplete(name, now_ns)
            model.current[mic] = False
        feed.end_frame()

    def read(self) -> None:
        for frame in self.reader.outbox:
            for item in pb.WatchResponse.FromString(frame.data).items:
                name = item.update.instrument_id
                self.sequences[name] += 1
                assert item.update.sequence == self.sequences[name]
                self.seen[name] = item.update.consolidated_book
        self.reader.outbox.clear()
        self.reader.queued_updates = 0

    def check(self) -> None:
        self.read()
        for key, one in self.data.consolidation.by_key.items():
            # What a reader of every event has is what anybody would get now.
            value = one.channel.value(Form(DEPTH, ALL_PRICES))
            assert self.seen[key.text] == read(value)
            self.check_book(read(value), key.text, ALL_PRICES)
            part = read(one.channel.value(Form(DEPTH, ONLY_A_AND_DELAYED_B)))
            self.check_book(part, key.text, ONLY_A_AND_DELAYED_B)

    def check_book(self, book, key, rights) -> None:
        model = self.model
        bids, asks = (model.merged(key, side, rights) for side in Side)
        assert shown(book.bids) == bids[:DEPTH]
        assert shown(book.asks) == asks[:DEPTH]
        members = [mic for mic in MICS if model.key(mic) == key]
        assert [venue.venue_mic for venue in book.venues] == members
        for venue in book.venues:
            assert (not venue.left_out) == model.counts(venue.venue_mic, rights)
            assert bool(venue.left_out_text) == bool(venue.left_out)
            if not rights.real_time(venue.venue_mic):
                assert not venue.HasField("received_at")
                assert not venue.bid_levels + venue.ask_levels
        expected = []
        if bids and asks and bids[0][0] >= asks[0][0]:
            locked = bids[0][0] == asks[0][0]
            expected = [md.PRICE_FLAG_LOCKED if locked else md.PRICE_FLAG_CROSSED]
            assert list(book.crossing_bids) == crossing(bids, lambda price: price >= asks[0][0])
            assert list(book.crossing_asks) == crossing(asks, lambda price: price <= bids[0][0])
        else:
            assert not book.crossing_bids
            assert not book.crossing_asks
        assert list(book.flags) == expected


def read(value: bytes) -> md.ConsolidatedBook:
    return md.MarketDataUpdate.FromString(value).consolidated_book


def shown(levels):
    return [
        (
            Decimal(level.price),
            Decimal(level.size),
            {share.instrument_id: Decimal(share.size) for share in level.shares},
        )
        for level in levels
    ]


def crossing(levels, beyond):
    return sorted({name for price, _, shares in levels if beyond(price) for name in shares})


@given(steps)
def test_it_equals_the_merge_of_the_venues_at_every_step(applied):
    run = Run()
    run.check()
    for step in applied:
        run.apply(step)
        run.check()
