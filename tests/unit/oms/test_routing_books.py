"""Books for routing: which are kept, and whether one may still come; venues that are out."""

import asyncio

from ordermesh.marketdata.v1 import market_data_pb2
from svc_oms.adapters.grpc.routing_books import UNKNOWN_INSTRUMENT_S, RoutingBookStream
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Link, LinkKind
from svc_oms.domain.routing.health import HealthLimits
from svc_oms.service.reference.routing_books import (
    FIRST_BOOK_S,
    INSTRUMENTS_MAX,
    PRICES_AWAITED_S,
    STALE_BOOK_S,
    RoutingBooks,
)
from svc_oms.service.reference.venue_health import VenueHealths
from tests.support.clock import ManualClock
from tests.support.order_events import ORDER
from tests.support.routed import KEY, consolidated


def test_a_book_may_still_come_for_a_while_after_it_was_needed_or_lost():
    clock = ManualClock()
    books = RoutingBooks(clock)
    assert not books.is_coming(KEY)
    books.need(KEY)
    assert books.is_coming(KEY)
    clock.advance(FIRST_BOOK_S)
    assert not books.is_coming(KEY)
    books.take(consolidated())
    books.silent()
    assert books.is_coming(KEY)
    clock.advance(FIRST_BOOK_S)
    # A stream that ends again and again brings nothing.
    books.silent()
    assert not books.is_coming(KEY)


def test_the_prices_of_an_instrument_are_awaited_for_a_while_after_they_were_lost():
    clock = ManualClock()
    books = RoutingBooks(clock)
    assert not books.are_awaited(KEY)
    books.need(KEY)
    assert books.are_awaited(KEY)
    clock.advance(PRICES_AWAITED_S)
    assert not books.are_awaited(KEY)
    books.heard()
    books.take(consolidated())
    # They are here.
    assert not books.are_awaited(KEY)
    clock.advance(STALE_BOOK_S + 1)
    # The stream lives, but says nothing.
    assert books.are_awaited(KEY)
    clock.advance(PRICES_AWAITED_S)
    assert not books.are_awaited(KEY)
    books.silent()
    assert books.are_awaited(KEY)


async def test_a_book_is_waited_for_once():
    clock = ManualClock()
    books = RoutingBooks(clock)
    waiting = asyncio.create_task(books.ready([KEY]))
    await asyncio.sleep(0)
    assert not waiting.done()
    books.take(consolidated())
    await waiting
    books.need("NONE/EUR")
    clock.advance(FIRST_BOOK_S)
    # It was waited for, and did not come: nobody waits again.
    await asyncio.wait_for(books.ready([KEY, "NONE/EUR"]), 0.5)


def test_instruments_of_open_orders_give_way_after_all_others():
    books = RoutingBooks(ManualClock())
    books.need("LIVE/EUR")
    for number in range(INSTRUMENTS_MAX * 2):
        books.keep(["LIVE/EUR", "UNKNOWN/EUR"])
        books.need(f"{number}/EUR")
    assert "LIVE/EUR" in books.needed()
    assert len(books.needed()) == INSTRUMENTS_MAX


def test_one_instrument_that_is_unknown_does_not_keep_the_others_from_their_books():
    clock = ManualClock()
    books = RoutingBooks(clock)
    stream = RoutingBookStream("", None, books, clock)
    for key in ("BAD/EUR", "GOOD/EUR"):
        books.need(key)
    stream._leave_out("BAD")
    assert stream._wanted() == ["GOOD/EUR"]
    clock.advance(UNKNOWN_INSTRUMENT_S)
    assert stream._wanted() == ["BAD/EUR", "GOOD/EUR"]
    # The next attempt comes later.
    stream._leave_out("BAD/EUR")
    clock.advance(UNKNOWN_INSTRUMENT_S)
    assert stream._wanted() == ["GOOD/EUR"]


def test_the_volumes_of_the_listings_that_are_followed_are_known_until_the_stream_ends():
    clock = ManualClock()
    books = RoutingBooks(clock)
    stream = RoutingBookStream("", None, books, clock)
    books.take_quote("ASML.SIMA", market_data_pb2.Quote(volume="5"))
    assert books.traded("ASML.SIMA") is None
    books.follow(["ASML.SIMB", "ASML.SIMA"])
    assert books.needed_moved.is_set()
    update = market_data_pb2.MarketDataUpdate(instrument_id="ASML.SIMA", quote={"volume": "7"})
    stream._take(update)
    # A venue that has not said what was traded says nothing.
    books.take_quote("ASML.SIMB", market_data_pb2.Quote())
    assert (books.traded("ASML.SIMA"), books.traded("ASML.SIMB")) == (7, None)
    stream._leave_out("ASML.SIMB")
    assert stream._followed() == ["ASML.SIMA"]
    books.silent()
    assert books.traded("ASML.SIMA") is None


def test_a_venue_that_is_out_is_stored_again_if_the_transaction_failed():
    limits = HealthLimits()
    healths = VenueHealths(limits)
    link = Link(LinkKind.ROUTED, "P", "P")
    healths.learn(
        ORDER._replace(order_id=f"C{number}", state=OrderState.REJECTED, rejection=None, link=link)
        for number in range(limits.rejects_max)
    )
    (row,) = healths.take_unstored()
    healths.read([])
    assert healths.take_unstored() == [row]
    healths.read([row])
    assert healths.take_unstored() == []
    healths.read([])
    assert healths.take_unstored() == []
