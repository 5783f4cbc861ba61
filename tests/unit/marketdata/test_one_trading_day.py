"""Figures of a day, candles and DAY orders of a listing have one trading day."""

import datetime as dt

import pytest

from kernel.calendars.library import library_calendar
from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import TradingCalendar
from mesh.calendars import calendar_of_venue
from mesh.errors import MeshError
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.marketdata.v1 import calendar_pb2, instrument_pb2, market_data_pb2
from ordermesh.marketdata.v1.instrument_service_pb2 import GetCalendarRequest
from svc_marketdata.api.calendars import get_calendar
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.api.mapping import auction_from_proto, quote_to_proto
from svc_marketdata.domain.auction import AuctionIndication, ImbalanceSide
from svc_marketdata.domain.history.intervals import Interval, bounds_of
from svc_marketdata.domain.listing import Listing, TradingStatus
from svc_marketdata.domain.market import Aggressor, Trade
from svc_marketdata.domain.reference.enrichment import Reference
from svc_marketdata.domain.reference.records import ListingRecord
from svc_marketdata.service.feed_session import FeedIdentity
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.venue_sessions import VenueSessions, reported_session
from tests.support.clock import ManualClock

SIMULATED = calendar_pb2.TradingCalendar(
    time_zone="America/New_York", weekdays=[1, 2, 3, 4, 5], hours="18:00-17:00",
    closed_dates=["2026-11-26"],
    special_hours=[calendar_pb2.SpecialHours(date="2026-11-27", hours="18:00-13:00")],
    closing_auction_minutes=5,
)  # fmt: skip


def ns(text):
    return int(dt.datetime.fromisoformat(f"{text}Z").timestamp()) * NS_PER_S


class Bench:
    """One listing, as svc_marketdata and the OMS know it."""

    def __init__(self, mic, said, own, at):
        self.name = f"ASML.{mic}"
        self.data = MarketData(Hub(ProtoEncoder(), Limits(), epoch="e"), ManualClock(ns(at)))
        calendar = calendar_of_venue(mic, said)
        identity = FeedIdentity("s", mic, "g", "e", calendar=calendar)
        self.session = self.data.open_feed(identity, lambda: None)
        self.session.listing(Listing(self.name, "ASML", mic, trading_status=TradingStatus.OPEN))
        entry = self.data.listed[self.name]
        entry.reference = Reference(listing=ListingRecord(self.name, "NL0010273215", calendar=own))
        entry.use_calendar()
        market = Market(self.data.clock)
        known = instrument_pb2.Instrument(instrument_id=self.name, venue_mic=mic, calendar=own)
        market.learn([known])
        self.venues = VenueSessions(listing=market.find)
        status = link.SessionStatus(trading_calendar=said)
        self.venues.learn([reported_session("s", mic, 1, status)])

    def day_of_figures(self, at):
        trade = Trade("1", "10", "1", Aggressor.BUY, ns(at))
        market = self.data.listed[self.name].market
        market.add_trade(trade, ns(at))
        return market._day


@pytest.mark.parametrize(
    ("mic", "said", "own", "at", "date", "begins", "ends", "closes"),
    [
        # By the library: winter, summer, the weekend of the change, a holiday, half a day.
        ("XAMS", None, "", "2026-11-30T12:00", "2026-11-30",
         "2026-11-29T23:00", "2026-11-30T23:00", "2026-11-30T16:35"),
        ("XAMS", None, "", "2026-07-01T12:00", "2026-07-01",
         "2026-06-30T22:00", "2026-07-01T22:00", "2026-07-01T15:35"),
        ("XAMS", None, "", "2026-10-25T12:00", "2026-10-23",
         "2026-10-22T22:00", "2026-10-25T23:00", "2026-10-26T16:35"),
        ("XAMS", None, "", "2026-12-25T12:00", "2026-12-24",
         "2026-12-23T23:00", "2026-12-27T23:00", "2026-12-28T16:35"),
        ("XNYS", None, "", "2026-11-27T12:00", "2026-11-27",
         "2026-11-27T05:00", "2026-11-30T05:00", "2026-11-27T18:00"),
        # The session is on both sides of midnight UTC.
        ("XNZE", None, "", "2026-11-29T23:00", "2026-11-30",
         "2026-11-29T11:00", "2026-11-30T11:00", "2026-11-30T03:45"),
        # By the venues file: an evening before, a holiday, half a day, with a closing auction.
        ("SIMA", SIMULATED, "", "2026-11-29T23:30", "2026-11-30",
         "2026-11-29T23:00", "2026-11-30T23:00", "2026-11-30T22:05"),
        ("SIMA", SIMULATED, "", "2026-11-26T20:00", "2026-11-25",
         "2026-11-24T23:00", "2026-11-26T23:00", "2026-11-27T18:05"),
        # A listing follows another calendar than its venue.
        ("SIMA", SIMULATED, "XTKS", "2026-11-30T01:00", "2026-11-30",
         "2026-11-29T15:00", "2026-11-30T15:00", "2026-11-30T06:30"),
        # Nothing is known: days of UTC, and the end of the day by the OMS's setting.
        ("SIMA", None, "", "2026-11-30T12:00", "2026-11-30",
         "2026-11-30T00:00", "2026-12-01T00:00", "2026-11-30T22:00"),
    ],
)  # fmt: skip
def test_one_trading_day(mic, said, own, at, date, begins, ends, closes):
    bench = Bench(mic, said, own, at)
    calendar = bench.data.calendar_of(bench.name)
    assert calendar.day_of(ns(at)) == (ns(begins), ns(ends))
    assert bench.day_of_figures(at) == (ns(begins), ns(ends))
    assert bounds_of(Interval.DAY, calendar, ns(at)) == (ns(begins), ns(ends))
    assert bench.venues.day_ends_at_ns(bench.name, ns(at)) == ns(closes)
    answer = get_calendar(bench.data, GetCalendarRequest(instrument_id=bench.name))
    assert answer.trading_date == date
    assert answer.day_began_at.ToNanoseconds() == ns(begins)


def test_the_figures_of_a_listing_with_another_calendar_end_by_themselves():
    bench = Bench("SIMA", SIMULATED, "XTKS", "2026-11-30T14:59")
    bench.session.trade(bench.name, Trade("1", "10", "1", Aggressor.BUY, ns("2026-11-30T14:59")),
                        ns("2026-11-30T14:59"))  # fmt: skip
    bench.session.end_frame()
    quote = bench.data.listed[bench.name].market.quote
    assert quote.day.volume == "1"
    bench.data.clock.advance(120)
    bench.data.tick()
    assert quote.day.volume == ""


def test_the_phase_by_the_calendar_is_not_the_venues_word():
    bench = Bench("XAMS", None, "", "2026-11-30T16:29")
    bench.session.status(feed_up=True, trading_status=TradingStatus.OPEN, simulated=False)
    venue = bench.data.venues["XAMS"]
    seen = []
    for _ in range(3):
        bench.data.tick()
        seen.append((venue.scheduled.phase.name, venue.trading_status.name))
        bench.data.clock.advance(240)
    assert seen == [("CONTINUOUS", "OPEN"), ("CLOSING_AUCTION", "OPEN"), ("CLOSED", "OPEN")]


# --- GetCalendar ---------------------------------------------------------------------------


def test_sessions_of_a_venue():
    data = Bench("SIMA", SIMULATED, "", "2026-11-25T12:00").data
    answer = get_calendar(
        data, GetCalendarRequest(venue_mic="SIMA", from_date="2026-11-25", to_date="2026-11-28")
    )
    assert (answer.name, answer.time_zone) == ("SIMA", "America/New_York")
    assert answer.origin == calendar_pb2.CALENDAR_ORIGIN_VENUES_FILE
    assert [session.date for session in answer.sessions] == ["2026-11-25", "2026-11-27"]
    phases = [phase.phase for phase in answer.sessions[1].phases]
    assert phases == [
        calendar_pb2.TRADING_PHASE_CONTINUOUS,
        calendar_pb2.TRADING_PHASE_CLOSING_AUCTION,
    ]
    assert answer.scheduled.phase == calendar_pb2.TRADING_PHASE_CONTINUOUS


def test_a_venue_of_the_library_that_is_not_here():
    data = Bench("SIMA", None, "", "2026-11-30T12:00").data
    answer = get_calendar(data, GetCalendarRequest(venue_mic="XTKS"))
    assert (answer.name, answer.known_until) == ("XTKS", "2028-12-31")
    assert len(answer.sessions) == 5


def test_a_venue_of_which_nobody_knows_the_hours():
    data = Bench("SIMA", None, "", "2026-11-30T12:00").data
    answer = get_calendar(data, GetCalendarRequest(venue_mic="SIMA"))
    assert (answer.name, answer.origin) == ("UTC", calendar_pb2.CALENDAR_ORIGIN_NOBODY)
    assert not answer.sessions
    assert not answer.HasField("scheduled")


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({}, "venue_mic", "a venue, or a listing"),
        ({"venue_mic": "SIMA", "instrument_id": "ASML.SIMA"}, "venue_mic", "not both"),
        ({"venue_mic": "SIMX"}, "venue_mic", r"a venue of this mesh \(SIMA\), or one of the"),
        ({"venue_mic": "SIMA", "from_date": "2026-02-30"}, "from_date", "a date, as in"),
        ({"venue_mic": "SIMA", "to_date": "x"}, "to_date", "a date, as in"),
        ({"venue_mic": "SIMA", "from_date": "2027-01-02", "to_date": "2027-01-01"}, "to_date",
         "up to 400 days after it"),
        ({"venue_mic": "SIMA", "from_date": "2027-01-01", "to_date": "2028-02-06"}, "to_date",
         "up to 400 days after it"),
    ],
)  # fmt: skip
def test_a_request_for_a_calendar_that_cannot_be_answered(fields, field, text):
    data = Bench("SIMA", None, "", "2026-11-30T12:00").data
    with pytest.raises(MeshError, match=text) as refused:
        get_calendar(data, GetCalendarRequest(**fields))
    assert (refused.value.reason, refused.value.field) == ("INVALID_FIELD", field)


def test_a_listing_that_is_not_there():
    data = Bench("SIMA", None, "", "2026-11-30T12:00").data
    with pytest.raises(MeshError, match=r"INGA\.SIMA"):
        get_calendar(data, GetCalendarRequest(instrument_id="INGA.SIMA"))


@pytest.mark.parametrize(
    "said",
    [
        {"follows": "SIMA"}, {"time_zone": "Mars/Olympus"}, {"hours": "9-17"}, {"weekdays": [8]},
        {"closed_dates": ["2026-02-30"]},
        {"special_hours": [calendar_pb2.SpecialHours(date="2026-12-24", hours="09:00-12:00")]},
        {"hours": "09:00-17:00", "special_hours": [calendar_pb2.SpecialHours(date="x", hours="")]},
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_used(said):
    message = calendar_pb2.TradingCalendar(**said)
    with pytest.raises(ValueError, match=r"."):
        calendar_of_venue("SIMA", message)
    # Of a session that is linked it is a fact: the venue then has the calendar of its MIC.
    session = reported_session("s", "XAMS", 1, link.SessionStatus(trading_calendar=message))
    assert session.calendar is library_calendar("XAMS")


def test_the_same_calendar_is_read_once():
    assert isinstance(calendar_of_venue("SIMA", SIMULATED), TradingCalendar)
    assert calendar_of_venue("SIMA", SIMULATED) is calendar_of_venue("SIMA", SIMULATED)


# --- Auctions ------------------------------------------------------------------------------

INDICATION = AuctionIndication("10.5", "400", "50", ImbalanceSide.BUY, venue_time_ns=7)


def shown(bench):
    quote = quote_to_proto(bench.data.listed[bench.name].market)
    return quote.auction if quote.HasField("auction") else None


def test_an_indication_is_in_the_quote_until_the_auction_is_over():
    bench = Bench("SIMA", None, "", "2026-11-30T12:00")
    session = bench.session
    session.trading_status(bench.name, TradingStatus.AUCTION, 1)
    assert shown(bench) is None
    session.auction(bench.name, INDICATION, 2)
    session.end_frame()
    found = shown(bench)
    assert (found.price, found.size, found.imbalance_size) == ("10.5", "400", "50")
    assert found.imbalance_side == market_data_pb2.IMBALANCE_SIDE_BUY
    session.trading_status(bench.name, TradingStatus.OPEN, 3)
    assert shown(bench) is None
    # An imbalance before the closing auction comes while the listing still trades.
    session.auction(bench.name, AuctionIndication(imbalance_size="9"), 4)
    assert shown(bench).imbalance_size == "9"


def test_a_venue_that_opens_ends_the_auctions_of_its_listings():
    bench = Bench("SIMA", None, "", "2026-11-30T12:00")
    bench.session.status(feed_up=True, trading_status=TradingStatus.PRE_OPEN, simulated=True)
    bench.session.auction(bench.name, INDICATION, 2)
    bench.session.status(feed_up=True, trading_status=TradingStatus.OPEN, simulated=True)
    assert shown(bench) is None


def test_an_indication_that_says_nothing_is_none():
    bench = Bench("SIMA", None, "", "2026-11-30T12:00")
    bench.session.auction(bench.name, INDICATION, 2)
    bench.session.auction(bench.name, AuctionIndication(venue_time_ns=9), 3)
    assert shown(bench) is None


@pytest.mark.parametrize(
    "said",
    [
        AuctionIndication(price="-1"), AuctionIndication(price="1", size="x"),
        AuctionIndication(imbalance_size="-0.5"),
    ],
)  # fmt: skip
def test_an_indication_that_cannot_be_read_is_refused(said):
    bench = Bench("SIMA", None, "", "2026-11-30T12:00")
    with pytest.raises(ValueError, match=r"."):
        bench.session.auction(bench.name, said, 2)
    assert shown(bench) is None


def test_an_indication_as_the_gateway_sends_it():
    sent = market_data_pb2.AuctionIndication(
        price="10.5", size="400", imbalance_size="50",
        imbalance_side=market_data_pb2.IMBALANCE_SIDE_BUY, faulty=True,
    )  # fmt: skip
    assert auction_from_proto(sent, 7) == INDICATION._replace(faulty=True)
    sent.imbalance_side = 9
    with pytest.raises(ValueError, match="9 is not a valid ImbalanceSide"):
        auction_from_proto(sent, 7)
