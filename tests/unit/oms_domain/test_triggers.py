"""Watched stops: when they are reached, how they trail, what goes to the venue, when they end."""

from decimal import Decimal

import pytest

from kernel.side import Side
from kernel.trading_calendar import UTC_DAYS
from svc_oms.domain.events import OrderReplaced, Stamp, TriggerMoved
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import OrderTerms, OrderType, TimeInForce, Trigger, TriggerPriceType
from svc_oms.domain.order import OrderRefused, evolve
from svc_oms.domain.order_terms import triggers
from svc_oms.domain.order_terms.terms import BASIC
from svc_oms.domain.order_terms.trading_hours import NOT_KNOWN, day_ends_at_ns
from svc_oms.domain.order_terms.triggers import Prices
from tests.support.lifecycle import TrackedOrder

D = Decimal
HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
DAY_END_S = 22 * 3600
NATIVE = BASIC._replace(order_types=BASIC.order_types | triggers.STOPS)


def stop(price="50", tif=TimeInForce.GTC, **fields):
    return OrderTerms(D(100), stop_price=D(price) if price else None, time_in_force=tif, **fields)


@pytest.mark.parametrize(
    ("side", "price", "reached"),
    [
        (Side.BUY, "49.99", False),
        (Side.BUY, "50", True),
        (Side.BUY, "58", True),  # a gap through the stop
        (Side.SELL, "50.01", False),
        (Side.SELL, "50", True),
        (Side.SELL, "42", True),  # a gap through the stop
        (Side.SELL_SHORT, "50", True),
        (Side.SELL_SHORT_EXEMPT, "51", False),
    ],
)
def test_a_stop_is_reached_at_its_price_and_beyond(side, price, reached):
    assert triggers.reached(side, Trigger(D(50)), D(price)) is reached


def test_a_trailing_stop_without_a_price_yet_is_not_reached():
    assert not triggers.reached(Side.SELL, Trigger(), D(1))


PRICES = Prices(D("50.5"), D(50), D("50.1"))


@pytest.mark.parametrize(
    ("kind", "prices", "price"),
    [
        (None, PRICES, "50.5"),
        (TriggerPriceType.LAST, PRICES, "50.5"),
        (TriggerPriceType.BEST_BID, PRICES, "50"),
        (TriggerPriceType.BEST_OFFER, PRICES, "50.1"),
        (TriggerPriceType.MIDPOINT, PRICES, "50.05"),
        # A midpoint has at most 9 places, half even, as every price.
        (TriggerPriceType.MIDPOINT, Prices(None, D("0.000000001"), D("0.000000002")), "2E-9"),
        (TriggerPriceType.LAST, Prices(None, D(50), D(51)), None),
        (TriggerPriceType.MIDPOINT, Prices(D(50), None, D(51)), None),
        (TriggerPriceType.MIDPOINT, Prices(D(50), D(51), None), None),
        (TriggerPriceType.MIDPOINT, Prices(D(50), D(51), D(51)), None),
    ],
)
def test_what_a_stop_is_held_against(kind, prices, price):
    assert triggers.price_of(kind, prices) == (None if price is None else D(price))


@pytest.mark.parametrize(
    ("side", "first", "seen", "expected"),
    [
        # Up with the best price seen, never down.
        (Side.SELL, None, ["100", "104", "99", "103"], ("94", "104")),
        (Side.BUY, None, ["100", "96", "101", "97"], ("106", "96")),
        # A stop price says where it starts; it moves when the price has come further.
        (Side.SELL, "95", ["100", "104"], ("95", "104")),
        (Side.SELL, "95", ["100", "106"], ("96", "106")),
        (Side.BUY, "103", ["100"], ("103", "100")),
        (Side.BUY, "103", ["92"], ("102", "92")),
    ],
)
def test_a_trailing_stop_moves_only_in_the_traders_favour(side, first, seen, expected):
    terms = stop(first, trailing_offset=D(10))
    trigger = Trigger(terms.stop_price)
    for price in seen:
        moved = triggers.followed(side, terms, trigger, D(price))
        if trigger.stop_price is not None:
            better = moved.stop_price - trigger.stop_price
            assert better <= 0 if side is Side.BUY else better >= 0
        trigger = moved
    assert trigger == Trigger(*map(D, expected))


def test_a_plain_stop_follows_nothing():
    trigger = Trigger(D(50))
    assert triggers.followed(Side.SELL, stop(), trigger, D(90)) is trigger


def test_a_price_that_moves_nothing_gives_the_same_trigger():
    trigger = Trigger(D(90), D(100))
    assert (
        triggers.followed(Side.SELL, stop(None, trailing_offset=D(10)), trigger, D(99)) is trigger
    )


def test_new_terms_keep_what_was_seen():
    seen = Trigger(D(94), D(104))
    wider = stop(None, trailing_offset=D(20))
    assert triggers.rearmed(Side.SELL, wider, seen) == Trigger(D(84), D(104))
    assert triggers.rearmed(Side.SELL, wider, Trigger()) == Trigger()
    assert triggers.rearmed(Side.SELL, stop("60"), Trigger(D(50))) == Trigger(D(60))


@pytest.mark.parametrize(
    ("type_", "fields", "becomes", "limit", "tif"),
    [
        (OrderType.STOP, {}, OrderType.MARKET, None, TimeInForce.DAY),
        (OrderType.STOP, {"tif": TimeInForce.IOC}, OrderType.MARKET, None, TimeInForce.IOC),
        (OrderType.STOP_LIMIT, {"limit_price": D(49)}, OrderType.LIMIT, D(49), TimeInForce.GTC),
        (
            OrderType.TRAILING_STOP,
            {"trailing_offset": D(1)},
            OrderType.MARKET,
            None,
            TimeInForce.DAY,
        ),
    ],
)
def test_what_goes_to_the_venue(type_, fields, becomes, limit, tif):
    kind, terms = triggers.released(
        type_, stop(**fields, trigger_price_type=TriggerPriceType.MIDPOINT)
    )
    assert kind is becomes
    assert terms == OrderTerms(D(100), limit, time_in_force=tif)


def test_only_a_watched_stop_goes_as_something_else():
    tracked = TrackedOrder()
    order = tracked.place()
    assert triggers.at_venue(order, order.terms) == (order.type, order.terms)


def test_a_stop_is_watched_where_the_venue_does_not_offer_it():
    assert triggers.armed(OrderType.STOP, stop(), BASIC) == Trigger(D(50))
    assert triggers.armed(OrderType.STOP, stop(), NATIVE) is None
    assert triggers.armed(OrderType.LIMIT, OrderTerms(D(1), D(1)), BASIC) is None


def test_a_stop_held_against_a_quote_is_watched_even_where_the_venue_offers_stops():
    for kind in (TriggerPriceType.BEST_BID, TriggerPriceType.MIDPOINT):
        assert triggers.armed(OrderType.STOP, stop(trigger_price_type=kind), NATIVE)
    last = stop(trigger_price_type=TriggerPriceType.LAST)
    assert triggers.armed(OrderType.STOP, last, NATIVE) is None


def test_a_type_neither_works_is_refused():
    with pytest.raises(OrderRefused, match="PEGGED is not offered"):
        triggers.armed(OrderType.PEGGED, OrderTerms(D(1)), BASIC)


def by_calendar(instrument_id, accepted_ns):
    assert instrument_id == "ASML.SIMA"
    return day_ends_at_ns(accepted_ns, NOT_KNOWN, UTC_DAYS, DAY_END_S)


@pytest.mark.parametrize(
    ("placed_h", "tif", "expire", "ends_h"),
    [
        (9, TimeInForce.DAY, None, 22),
        (22, TimeInForce.DAY, None, 46),  # at the end: the next day's
        (23, TimeInForce.DAY, None, 46),
        (9, TimeInForce.GTD, 30, 30),
        (9, TimeInForce.GTC, None, None),
        (9, TimeInForce.IOC, None, None),
    ],
)
def test_when_a_waiting_order_ends(placed_h, tif, expire, ends_h):
    expires = None if expire is None else expire * HOUR_NS
    day = 20_000 * DAY_NS
    order = (
        TrackedOrder()
        .place()
        ._replace(
            created_at_ns=day + placed_h * HOUR_NS,
            terms=stop(tif=tif, expire_time_ns=None if expires is None else day + expires),
        )
    )
    expected = None if ends_h is None else day + ends_h * HOUR_NS
    assert triggers.ends_at_ns(order, by_calendar) == expected


def waiting(terms, trigger):
    return (
        TrackedOrder()
        .place()
        ._replace(
            side=Side.SELL,
            type=OrderType.TRAILING_STOP,
            terms=terms,
            trigger=trigger,
            state=OrderState.AWAITING_TRIGGER,
            base_state=OrderState.AWAITING_TRIGGER,
        )
    )


def test_a_move_is_kept_and_a_replace_here_rearms():
    order = waiting(stop(None, trailing_offset=D(10)), Trigger())
    order = evolve(order, TriggerMoved(Trigger(D(94), D(104))), Stamp(5), 5)
    assert order.trigger == Trigger(D(94), D(104))
    order = evolve(order, OrderReplaced(stop(None, trailing_offset=D(5))), Stamp(6), 6)
    assert order.trigger == Trigger(D(99), D(104))
    assert order.anomaly == ""
