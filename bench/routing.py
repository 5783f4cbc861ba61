"""The cost of a routing decision: pure code, in this process, CPU time only.

Three venues of ten levels a side with different fees; an order that needs five levels of two of
them. Also the record of the decision, and a decision about a child that rests.
"""

import time
from collections.abc import Callable
from decimal import Decimal

from bench.measure import Figure, Plan
from kernel.side import Side
from kernel.ticks import TickBand
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.decision import Cause, Inputs, RoutingLimits
from svc_oms.domain.routing.fees import FeeRate, FeeSchedule
from svc_oms.domain.routing.parent import Child, ChildRole, ChildState, ParentState
from svc_oms.domain.routing.record import to_record
from svc_oms.domain.routing.request import RoutingRequest, Strategy
from svc_oms.domain.routing.view import ConsolidatedView, Level, VenueState, VenueView

LEVELS = 10
TICK = Decimal("0.01")
DECISIONS = 2_000
QUICK_DECISIONS = 200


def _venue(mic: str, best_offer: str, size: int) -> VenueView:
    best = Decimal(best_offer)
    offers = tuple(
        Level(Price(best + step * TICK), Quantity(Decimal(size + step))) for step in range(LEVELS)
    )
    bids = tuple(
        Level(Price(best - (step + 2) * TICK), Quantity(Decimal(size + step)))
        for step in range(LEVELS)
    )
    table = (TickBand(Price(Decimal(0)), Price(TICK)),)
    lot = Quantity(Decimal(1))
    return VenueView(mic, f"X.{mic}", VenueState.OPEN, bids, offers, 0, lot, table)


def _inputs(quantity: int, limit: str, *children: Child) -> Inputs:
    view = ConsolidatedView(
        "NL0010273215",
        "EUR",
        (_venue("SIMA", "100.00", 100), _venue("SIMB", "100.01", 300), _venue("SIMC", "100.02", 9)),
    )
    rates = (FeeRate(basis_points=Decimal("0.9")), FeeRate(basis_points=Decimal("0.3")), FeeRate())
    fees = tuple(
        FeeSchedule(one.mic, "EUR", rate, FeeRate())
        for one, rate in zip(view.venues, rates, strict=True)
    )
    request = RoutingRequest(
        Strategy.BEST, Side.BUY, Price(Decimal(limit)), TimeInForce.DAY, venues=()
    )
    parent = ParentState("P", Quantity(Decimal(quantity)), children)
    return Inputs(request, view, fees, parent, RoutingLimits(), Cause.PLACED, 10**18)


def _cpu_us(plan: Plan, call: Callable[[], object]) -> list[float]:
    """Return the CPU time of a call in µs, once for each repeat."""
    decisions = QUICK_DECISIONS if plan.is_quick else DECISIONS
    samples = []
    for _ in range(plan.repeats):
        start = time.process_time()
        for _ in range(decisions):
            call()
        samples.append((time.process_time() - start) / decisions * 1_000_000)
    return samples


def measure(plan: Plan) -> list[Figure]:
    """Measure decisions and their record."""
    sweep = _inputs(900, "100.05")
    decided = decide(sweep)
    assert len(decided.actions) > 1
    resting = Child(
        "C",
        "SIMA",
        ChildRole.REST,
        ChildState.WORKING,
        Quantity(Decimal(100)),
        Quantity(Decimal(0)),
        Price(Decimal("99.90")),
        TimeInForce.DAY,
        1,
    )
    watched = _inputs(100, "99.90", resting)
    return [
        Figure("routing, a sweep decided", "µs CPU", _cpu_us(plan, lambda: decide(sweep))),
        Figure("routing, its record", "µs CPU", _cpu_us(plan, lambda: to_record(sweep, decided))),
        Figure("routing, a rest looked at", "µs CPU", _cpu_us(plan, lambda: decide(watched))),
    ]
