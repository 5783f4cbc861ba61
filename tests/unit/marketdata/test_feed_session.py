"""What a feed reports, as readers of every event see it."""

import asyncio

import pytest

from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from kernel.trading_calendar import TradingCalendar
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.api.mapping import book_to_proto
from svc_marketdata.domain.book import Level, Side
from svc_marketdata.domain.candles import CANDLE_NS
from svc_marketdata.domain.day_statistics import DayStatistics
from svc_marketdata.domain.listing import Listing, TradingStatus
from svc_marketdata.domain.market import Aggressor, Quote, Trade
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.feed_session import FeedIdentity
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from tests.support.clock import ManualClock

ID = "ASML.SIMA"
ALL = frozenset(Topic)


class Bench:
    def __init__(self, mode=Mode.EVERY_EVENT, **limits):
        self.clock = ManualClock()
        self.hub = Hub(ProtoEncoder(), Limits(delivery_pause_s_max=0, **limits), "epoch")
        self.data = MarketData(self.hub, self.clock)
        self.superseded = []
        self.subscriber = Subscriber()
        self.hub.open(self.subscriber, Interest(topics=ALL, mode=mode))

    def feed(self, epoch="one", mic="SIMA"):
        identity = FeedIdentity("s", mic, "g", epoch)
        return self.data.open_feed(identity, lambda: self.superseded.append(epoch))

    def items(self):
        """What the reader gets, without waiting."""
        group = self.subscriber.group
        group.serve_now(self.subscriber)
        frames, self.subscriber.outbox = (
            list(self.subscriber.outbox),
            type(self.subscriber.outbox)(),
        )
        self.subscriber.queued_updates = 0
        return [i for f in frames for i in pb.WatchResponse.FromString(f.data).items]

    def kinds(self):
        return [
            i.update.WhichOneof("value") if i.HasField("update") else i.WhichOneof("item")
            for i in self.items()
        ]


def book(session, received_ns=1, price="10"):
    session.book(ID, [Level(price, "1", 1)], [Level("11", "1", 1)], 1, received_ns)


def fed(**limits):
    """A bench, and a feed that has reported a book."""
    bench = Bench(**limits)
    session = bench.feed()
    book(session)
    session.end_frame()
    return bench, session


def trade(session, trade_id, at_ns, received_ns, price="10"):
    session.trade(ID, Trade(trade_id, price, "1", Aggressor.SELL, at_ns), received_ns)


def test_changes_of_one_message_are_one_update():
    bench, session = fed()
    bench.items()
    # In the middle of this message the book is crossed.
    session.level(ID, Side.BID, Level("11", "1", 1), 2, 2)
    session.level(ID, Side.ASK, Level("11", "0", 0), 2, 2)
    session.level(ID, Side.ASK, Level("12", "1", 1), 2, 2)
    # Another message.
    session.level(ID, Side.ASK, Level("12", "2", 1), 3, 3)
    session.end_frame()
    quotes = [i.update.quote for i in bench.items() if i.update.HasField("quote")]
    assert [(q.bid_price, q.ask_price, q.ask_size) for q in quotes] == [
        ("11", "12", "1"),
        ("11", "12", "2"),
    ]
    assert not quotes[0].flags


def test_sequences_are_consecutive_per_channel():
    bench = Bench()
    session = bench.feed()
    for received_ns in range(1, 6):
        book(session, received_ns)
    session.end_frame()
    by_topic = {}
    for item in bench.items():
        if item.HasField("update"):
            kind = item.update.WhichOneof("value")
            by_topic.setdefault(kind, []).append(item.update.sequence)
    assert by_topic == {"quote": [1, 2, 3, 4, 5], "book": [1, 2, 3, 4, 5]}


def test_a_crossed_book_is_flagged_to_readers():
    bench = Bench()
    session = bench.feed()
    book(session, price="12")
    session.end_frame()
    updates = [i.update for i in bench.items() if i.HasField("update")]
    assert [u.quote.flags or u.book.flags for u in updates] == [
        [market_data_pb2.PRICE_FLAG_CROSSED]
    ] * 2


def test_feed_down_and_up_again():
    bench, session = fed()
    bench.items()
    bench.data.close_feed(session)
    items = bench.items()
    assert [i.gap.kind for i in items if i.HasField("gap")] == [stream_pb2.GAP_KIND_LINK_DOWN]
    assert [i.update.quote.stale for i in items if i.update.HasField("quote")] == [True]
    assert [i.venue_status.feed_up for i in items if i.HasField("venue_status")] == [False]

    session = bench.feed()
    session.status(feed_up=True, trading_status=TradingStatus.OPEN, simulated=True)
    session.end_frame()
    items = bench.items()
    assert [i.gap.kind for i in items if i.HasField("gap")][-1] == stream_pb2.GAP_KIND_LINK_UP
    assert bench.data.listed[ID].market.stale, "until its book has come"
    book(session, 5)
    session.end_frame()
    assert [i.update.quote.stale for i in bench.items() if i.update.HasField("quote")] == [False]


def test_the_same_life_keeps_the_books_and_another_forgets_them():
    bench = Bench()
    session = bench.feed("one")
    book(session)
    session.end_frame()
    bench.data.close_feed(session)
    session = bench.feed("one")
    assert bench.data.listed[ID].market.quote.bid_price == "10"
    bench.data.close_feed(session)
    bench.feed("two")
    assert bench.data.listed[ID].market.quote.bid_price == ""


def test_a_second_gateway_supersedes_the_first_and_its_end_changes_nothing():
    bench = Bench()
    first = bench.feed("one")
    second = bench.feed("one")
    assert bench.superseded == ["one"]
    book(second)
    second.end_frame()
    bench.data.close_feed(first)
    assert bench.data.venues["SIMA"].feed_up


def test_an_unreadable_update_flags_the_listing_and_wants_a_refresh():
    bench, session = fed()
    session.refresh_wanted = False
    with pytest.raises(ValueError, match="canonical"):
        session.level(ID, Side.BID, Level("1.0", "1", 1), 2, 2)
    session.unreadable(ID)
    session.end_frame()
    assert bench.data.listed[ID].market.stale
    assert session.refresh_wanted
    assert bench.data.counts.unreadable == 1


def test_a_feed_speaks_of_its_own_venue_only():
    bench = Bench()
    other = bench.feed(mic="SIMB")
    with pytest.raises(ValueError, match="not of venue SIMB"):
        book(other)
    with pytest.raises(ValueError, match="not of venue SIMB"):
        other.listing(Listing(ID, "ASML", "SIMA"))


def test_a_quiet_feed_is_stale_and_wants_a_refresh_when_it_speaks_again():
    bench = Bench(feed_silence_max_s=15)
    session = bench.feed()
    session.begin_frame()
    book(session, bench.clock.now_ns())
    session.end_frame()
    session.refresh_wanted = False
    bench.items()
    bench.clock.advance(14)
    bench.data.tick()
    assert bench.items() == []
    bench.clock.advance(2)
    bench.data.tick()
    gaps = [i.gap.kind for i in bench.items() if i.HasField("gap")]
    assert gaps == [stream_pb2.GAP_KIND_STALE]
    session.begin_frame()
    session.end_frame()
    assert session.refresh_wanted
    gaps = [i.gap.kind for i in bench.items() if i.HasField("gap")]
    assert gaps == [stream_pb2.GAP_KIND_LINK_UP]


def stale(bench, instrument_id=ID):
    return bench.data.listed[instrument_id].market.stale


def test_a_book_that_lost_changes_is_stale_until_it_comes_whole():
    bench, session = fed()
    session.book("ING.SIMA", [Level("1", "1", 1)], [], 1, 1)
    session.end_frame()
    bench.items()
    session.book_incomplete(ID, 2)
    session.end_frame()
    updates = [i.update for i in bench.items() if i.HasField("update")]
    assert {u.instrument_id for u in updates} == {ID}
    assert [u.quote.stale or u.book.stale for u in updates] == [True, True]
    session.level(ID, Side.BID, Level("10.5", "1", 1), 3, 3)
    session.end_frame()
    assert stale(bench), "a change makes no whole book"
    assert not stale(bench, "ING.SIMA")
    book(session, 4)
    session.end_frame()
    assert not stale(bench)


def test_a_silent_venue_is_stale_and_right_again_without_new_books():
    bench, session = fed()
    session.status(feed_up=True, trading_status=TradingStatus.OPEN, simulated=False)
    session.end_frame()
    bench.items()

    def status(silent_because):
        session.status(
            feed_up=True, trading_status=TradingStatus.OPEN, simulated=False,
            silent_because=silent_because,
        )  # fmt: skip
        session.end_frame()
        return bench.items()

    items = status("no prices came")
    assert [(i.gap.kind, i.gap.text) for i in items if i.HasField("gap")] == [
        (stream_pb2.GAP_KIND_STALE, "SIMA: no prices came")
    ]
    statuses = [i.venue_status for i in items if i.HasField("venue_status")]
    assert [(s.feed_up, s.silent_because) for s in statuses] == [(False, "no prices came")]
    quotes = [i.update.quote.stale for i in items if i.update.HasField("quote")]
    books = [i.update.book.stale for i in items if i.update.HasField("book")]
    assert (quotes, books) == ([True], [True])
    # A listing that is first named now is no better.
    session.book("ING.SIMA", [Level("1", "1", 1)], [], 1, 1)
    session.end_frame()
    assert stale(bench, "ING.SIMA")
    bench.items()
    items = status("")
    assert [i.gap.kind for i in items if i.HasField("gap")] == [stream_pb2.GAP_KIND_LINK_UP]
    assert not stale(bench)
    assert not stale(bench, "ING.SIMA")


def test_a_silent_venue_does_not_become_live_by_the_frames_of_its_feed():
    bench, session = fed(feed_silence_max_s=15)
    session.status(
        feed_up=True, trading_status=TradingStatus.OPEN, simulated=False, silent_because="frozen"
    )
    bench.clock.advance(14)
    session.begin_frame()
    session.end_frame()
    bench.data.tick()
    assert not bench.data.venues["SIMA"].live
    bench.clock.advance(16)
    bench.data.tick()
    assert bench.data.venues["SIMA"].quiet


def test_a_book_is_cut_after_a_message_and_says_what_is_kept():
    bench = Bench()
    session = bench.data.open_feed(FeedIdentity("s", "SIMA", "g", "one", book_depth=2), lambda: 0)
    session.book(ID, [Level("10", "1", 1), Level("9", "1", 1)], [], 1, 1)
    session.end_frame()
    # In one message: a better bid, and the former best one goes.
    session.level(ID, Side.BID, Level("11", "1", 1), 2, 2)
    session.level(ID, Side.BID, Level("10", "0", 0), 2, 2)
    session.end_frame()
    market = bench.data.listed[ID].market
    assert [level.price for level in market.book.bids.top(10)] == ["11", "9"]
    # Another one pushes the last bid out.
    session.level(ID, Side.BID, Level("10.5", "1", 1), 3, 3)
    session.end_frame()
    assert [level.price for level in market.book.bids.top(10)] == ["11", "10.5"]
    kept = [i.update.book.kept_depth for i in bench.items() if i.update.HasField("book")]
    assert set(kept) == {2}
    assert [book_to_proto(market, depth).kept_depth for depth in (1, 2, 3, 50)] == [0, 0, 2, 2]


def test_a_feed_without_depth_keeps_whole_books():
    bench, session = fed()
    for price in range(20, 60):
        session.level(ID, Side.ASK, Level(str(price), "1", 1), 2, 2)
    session.end_frame()
    shown = book_to_proto(bench.data.listed[ID].market, 50)
    assert (len(shown.asks), shown.kept_depth) == (41, 0)


def test_an_old_quote_is_reported():
    bench = Bench(quote_age_max_s=10)
    session = bench.feed()
    book(session, bench.clock.now_ns())
    session.end_frame()
    bench.items()
    bench.clock.advance(11)
    bench.data.tick()
    assert [i.update.quote.stale for i in bench.items() if i.HasField("update")] == [True]


def test_a_completed_candle_is_reported_before_the_next():
    for mode, counts in ((Mode.EVERY_EVENT, [0, 0, 0, 0]), (Mode.LATEST_ON_READY, [2, 0])):
        bench = Bench(mode)
        session = bench.feed()
        trade(session, "1", 1, 1)
        trade(session, "2", 2, 2, "12")
        trade(session, "3", CANDLE_NS, 3, "11")
        session.end_frame()
        candles = [i.update for i in bench.items() if i.update.HasField("candle")]
        assert [u.conflated_updates for u in candles] == counts
        assert [u.candle.complete for u in candles][-2:] == [True, False]
        assert candles[-2].candle.close_price == "12"
        assert candles[-1].sequence == 4


def test_time_completes_a_candle_after_the_grace():
    bench = Bench()
    session = bench.feed()
    now = bench.clock.now_ns()
    trade(session, "1", now, now)
    session.end_frame()
    bench.items()
    bench.clock.advance(61)
    bench.data.tick()
    first = [i.update.candle.complete for i in bench.items() if i.update.HasField("candle")]
    bench.clock.advance(2)
    bench.data.tick()
    second = [i.update.candle.complete for i in bench.items() if i.update.HasField("candle")]
    assert first + second == [True]


def withdraw(session, trade_id, received_ns):
    gone = Trade(trade_id, "", "", Aggressor.UNSPECIFIED, received_ns, received_ns, withdrawn=True)
    session.trade(ID, gone, received_ns)


def test_a_candle_without_a_withdrawn_trade_is_reported_again():
    for mode in (Mode.EVERY_EVENT, Mode.LATEST_ON_READY):
        bench = Bench(mode)
        session = bench.feed()
        trade(session, "1", 1, 1)
        trade(session, "2", 2, 2, "12")
        trade(session, "3", CANDLE_NS, 3, "11")
        session.end_frame()
        bench.items()
        withdraw(session, "2", 4)
        withdraw(session, "3", 5)
        session.end_frame()
        candles = [i.update.candle for i in bench.items() if i.update.HasField("candle")]
        told = {c.start.seconds: (c.high_price, c.volume, c.complete) for c in candles}
        assert told == {0: ("10", "1", True), 60: ("", "0", False)}
        assert bench.data.counts.unknown_amendments == 0
        withdraw(session, "9", 6)
        session.end_frame()
        assert bench.items() == []
        assert bench.data.counts.unknown_amendments == 1


def test_a_trade_after_all_were_withdrawn_begins_the_candle_again():
    bench = Bench()
    session = bench.feed()
    trade(session, "1", 1, 1, "20")
    withdraw(session, "1", 2)
    trade(session, "2", 3, 3, "11")
    session.end_frame()
    candles = [i.update.candle for i in bench.items() if i.update.HasField("candle")]
    assert (candles[-1].open_price, candles[-1].high_price, candles[-1].volume) == ("11", "11", "1")


def test_the_day_begins_by_the_calendar_of_the_feed_without_any_report():
    bench = Bench()
    calendar = TradingCalendar("Asia/Tokyo")
    identity = FeedIdentity("s", "SIMA", "g", "one", calendar=calendar)
    session = bench.data.open_feed(identity, lambda: None)
    now = bench.clock.now_ns()
    trade(session, "1", now, now)
    session.end_frame()
    bench.items()
    until_s = (calendar.day_of(now).ends_ns - now) / NS_PER_S
    bench.clock.advance(until_s - 1)
    bench.data.tick()
    assert not [i for i in bench.items() if i.update.quote.close_price]
    bench.clock.advance(2)
    bench.data.tick()
    quotes = [i.update.quote for i in bench.items() if i.update.HasField("quote")]
    assert [(q.close_price, q.volume, q.high_price) for q in quotes] == [("10", "", "")]


def test_a_restored_quote_keeps_its_day_until_the_feed_says_its_calendar():
    bench = Bench()
    now = bench.clock.now_ns()
    day = DayStatistics(high_price="9", volume="5")
    bench.data.restore([], [(ID, Quote(last_price="8", day=day, received_ns=now - 2 * NS_PER_DAY))])
    bench.data.tick()
    assert bench.data.listed[ID].market.quote.day == day
    bench.feed()
    bench.data.tick()
    assert bench.data.listed[ID].market.quote.day == DayStatistics(close_price="8")


def test_listings_are_reported_when_they_change_only():
    bench = Bench()
    session = bench.feed()
    session.listing(Listing(ID, "ASML", "SIMA", updated_at_ns=1))
    session.listing(Listing(ID, "ASML", "SIMA", updated_at_ns=2))
    session.trading_status(ID, TradingStatus.HALTED, 3)
    session.end_frame()
    sent_listings = [i.instrument for i in bench.items() if i.HasField("instrument")]
    assert len(sent_listings) == 2
    assert bench.data.listings()[0].trading_status is TradingStatus.HALTED


def test_more_listings_than_the_limit_are_counted_and_dropped():
    bench = Bench(instruments_max=1)
    session = bench.feed()
    book(session)
    session.book("OTHER.SIMA", [], [], 1, 1)
    session.end_frame()
    assert list(bench.data.listed) == [ID]
    assert bench.data.counts.over_limit == 1


def test_restored_values_do_not_replace_what_a_feed_reported():
    bench = Bench()
    session = bench.feed()
    book(session, 5)
    session.listing(Listing(ID, "ASML", "SIMA", name="new"))
    session.end_frame()
    bench.data.restore(
        [Listing(ID, "ASML", "SIMA", name="old"), Listing("ING.SIMA", "ING", "SIMA")],
        [(ID, Quote(bid_price="1", received_ns=1)), ("ING.SIMA", Quote(bid_price="2"))],
    )
    assert bench.data.listed[ID].listing.name == "new"
    assert bench.data.listed[ID].market.quote.bid_price == "10"
    assert bench.data.listed["ING.SIMA"].market.stale
    assert bench.data.venues["SIMA"].feed_up


def test_what_could_not_be_written_is_noted_again():
    bench = Bench()
    session = bench.feed()
    book(session)
    session.listing(Listing(ID, "ASML", "SIMA"))
    session.end_frame()
    quotes, listings = bench.data.take_unsaved(10)
    assert [m.instrument_id for m in quotes] == [ID]
    assert [item.instrument_id for item in listings] == [ID]
    assert bench.data.take_unsaved(10) == ([], [])
    bench.data.put_back(quotes, listings)
    assert bench.data.take_unsaved(1) == ([], listings)
    assert bench.data.take_unsaved(1) == (quotes, [])


async def test_every_event_reader_that_is_too_slow_is_ended_and_others_are_not():
    bench = Bench(subscriber_queue_updates_max=10)
    other = Subscriber()
    bench.hub.open(other, Interest(topics=ALL, mode=Mode.EVERY_EVENT))
    session = bench.feed()
    read = 0
    for received_ns in range(1, 20):
        book(session, received_ns)
        session.end_frame()
        while other.outbox:
            read += (await other.take()).item_count
    assert bench.subscriber.overflowed
    assert not bench.subscriber.outbox
    assert await bench.subscriber.take() is None
    assert not other.overflowed
    # Quotes and books, the new venue, and its feed that came up.
    assert read == 19 * 2 + 1
    waiting = asyncio.create_task(other.take())
    await asyncio.sleep(0)
    book(session, 99)
    session.end_frame()
    assert (await waiting).item_count == 2
