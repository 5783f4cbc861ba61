"""Requests that cannot be routed are refused: field, value, and what would do."""

import pytest

from svc_oms.domain.model import TimeInForce
from svc_oms.domain.refusal import OrderRefused
from svc_oms.domain.routing.paced.schedule import Pace, Schedule
from svc_oms.domain.routing.request import Strategy, check_quantity, check_request
from svc_oms.domain.routing.view import ConsolidatedView, VenueState
from tests.support.routing import NOW_NS, D, fees, request, venue

VIEW = ConsolidatedView("NL0010273215", "EUR", (venue("SIMA"), venue("SIMB")))
FEES = (fees("SIMA"), fees("SIMB"))
TWAP = Schedule(Pace.TWAP, 0, 100, 10)
POV = Schedule(Pace.POV, 0, 100, 10, 500)


def test_what_can_be_routed():
    check_request(request(), VIEW, FEES, NOW_NS)
    check_request(request(Strategy.LIST, venues=("SIMB",)), VIEW, FEES[1:], NOW_NS)
    check_request(request(denied=frozenset({"SIMA"})), VIEW, FEES[1:], NOW_NS)
    check_request(request(schedule=TWAP), VIEW, FEES, NOW_NS)
    check_request(request(schedule=POV._replace(slice_quantity_max=D(10))), VIEW, FEES, NOW_NS)
    half = VIEW._replace(venues=(VIEW.venues[0], venue("SIMB", state=VenueState.STALE)))
    check_request(request(), half, FEES, NOW_NS)


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        (request(Strategy.POST, limit=None), "terms.limit_price", "routing POST rests at one"),
        (
            request(Strategy.POST, time_in_force=TimeInForce.IOC),
            "terms.time_in_force",
            "IOC is not offered: it should be one of DAY, GTC, GTD",
        ),
        (
            request(Strategy.SPLIT, time_in_force=TimeInForce.FOK),
            "terms.time_in_force",
            "FOK is not offered: it should be one of DAY, GTC, GTD, IOC",
        ),
        (request(time_in_force=TimeInForce.AT_OPEN), "terms.time_in_force", "AT_OPEN"),
        (
            request(time_in_force=TimeInForce.IOC, schedule=TWAP),
            "terms.time_in_force",
            "IOC is not offered",
        ),
        (request(Strategy.LIST), "routing.venues", "at least one MIC"),
        (
            request(venues=("XAMS",)),
            "routing.venues",
            "XAMS: it should be a venue of NL0010273215 in EUR: SIMA, SIMB",
        ),
        (request(venues=("SIMA", "SIMA")), "routing.venues", "each venue once"),
        (
            request(venues=("SIMA",), denied=frozenset({"SIMA"})),
            "routing.venues",
            "denied here: SIMA",
        ),
        (
            request(schedule=TWAP._replace(end_ns=0)),
            "routing.schedule.end_time",
            "the start, at most",
        ),
        (
            request(schedule=TWAP._replace(end_ns=1_000_000)),
            "routing.schedule.end_time",
            "at most 10000 slices",
        ),
        (
            request(schedule=POV._replace(participation_bps=0)),
            "routing.schedule.participation_bps",
            "1 to 5000",
        ),
        (
            request(schedule=POV._replace(participation_bps=5001)),
            "routing.schedule.participation_bps",
            "1 to 5000",
        ),
        (
            request(schedule=TWAP._replace(participation_bps=5)),
            "routing.schedule.participation_bps",
            "because the strategy is TWAP",
        ),
        (
            request(time_in_force=TimeInForce.GTC, schedule=POV),
            "terms.time_in_force",
            "GTC is not offered: it should be one of DAY",
        ),
    ],
)
def test_requests_that_make_no_sense(asked, field, said):
    with pytest.raises(OrderRefused, match=field) as refused:
        check_request(asked, VIEW, FEES, NOW_NS)
    assert refused.value.field == field
    assert said in refused.value.text


@pytest.mark.parametrize(
    ("charged", "found"),
    [(FEES[:1], "no fee schedule"), ((FEES[0], fees("SIMB", currency="USD")), "fees in USD")],
)
def test_a_venue_whose_net_price_is_not_known_is_named(charged, found):
    with pytest.raises(OrderRefused, match=f"SIMB has {found}") as refused:
        check_request(request(), VIEW, charged, NOW_NS)
    assert refused.value.metadata == {"venue": "SIMB", "currency": "EUR", "found": found}


def test_no_venue_that_can_be_used_now():
    states = VenueState.STALE, VenueState.HALTED
    closed = VIEW._replace(
        venues=tuple(
            one._replace(state=state) for one, state in zip(VIEW.venues, states, strict=True)
        )
    )
    with pytest.raises(OrderRefused, match="SIMA STALE, SIMB HALTED") as refused:
        check_request(request(), closed, FEES, NOW_NS)
    assert refused.value.reason == "VENUE_UNAVAILABLE"
    later = TWAP._replace(start_ns=NOW_NS + 1, end_ns=NOW_NS + 2)
    check_request(request(schedule=later), closed, FEES, NOW_NS)
    with pytest.raises(OrderRefused, match="there is none"):
        check_request(request(), VIEW._replace(venues=()), FEES, NOW_NS)


def test_a_quantity_that_no_venue_can_fill():
    lots = VIEW._replace(
        venues=(venue("SIMA", lot="100"), venue("SIMB", lot="10", min_quantity=D(50)))
    )
    check_quantity(request(), lots, D(60))
    with pytest.raises(OrderRefused, match=r"SIMA 100, SIMB 10\): nearest is 60 or 70") as refused:
        check_quantity(request(), lots, D(65))
    assert refused.value.reason == "QUANTITY_OFF_LOT"
    with pytest.raises(OrderRefused, match="SIMA 100"):
        check_quantity(request(denied=frozenset({"SIMB"})), lots, D(60))
    with pytest.raises(OrderRefused, match="at least 50, the smallest order"):
        check_quantity(request(venues=("SIMB",)), lots, D(40))


def test_a_bound_of_a_slice_within_which_no_venue_takes_an_order():
    lots = (venue("SIMA", lot="10"), venue("SIMB", lot="2", min_quantity=D(8)))
    view = VIEW._replace(venues=lots)
    asked = request(schedule=TWAP._replace(slice_quantity_max=D(7)))
    with pytest.raises(OrderRefused, match="at least 8") as refused:
        check_quantity(asked, view, D(100))
    assert refused.value.field == "routing.schedule.slice_quantity_max"
    check_quantity(request(schedule=TWAP._replace(slice_quantity_max=D(8))), view, D(100))
