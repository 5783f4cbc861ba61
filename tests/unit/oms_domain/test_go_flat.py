"""How a position is closed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.side import Side
from kernel.ticks import TickBand
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.positions.go_flat import FLAT_ORDERS_MAX, Cause, Sizes, plan

UP = frozenset({"SIMA", "SIMB"})


def listing(mic: str = "SIMA", lot: str = "1", **changes) -> Instrument:
    made = Instrument(
        instrument_id=f"X.{mic}",
        symbol="X",
        venue_mic=mic,
        isin="NL0010273215",
        currency="EUR",
        lot_size=Quantity(Decimal(lot)),
        tick_table=(TickBand(Price(Decimal(0)), Price(Decimal("0.05"))),),
        tradable=True,
    )
    return made._replace(**changes)


def test_a_long_position_is_sold_and_a_short_one_bought():
    assert plan(Decimal(100), [listing()], UP)[:3] == ("X.SIMA", Side.SELL, (Quantity(100),))
    assert plan(Decimal(-100), [listing()], UP)[:3] == ("X.SIMA", Side.BUY, (Quantity(100),))


def test_what_is_less_than_a_lot_remains():
    found = plan(Decimal(95), [listing(lot="10")], UP)
    assert (found.quantities, found.cause) == ((Quantity(90),), Cause.REMAINDER_OF_LOT)
    found = plan(Decimal(5), [listing(lot="10")], UP)
    assert (found.quantities, found.cause) == ((), Cause.REMAINDER_OF_LOT)


def test_the_largest_order_of_a_listing_holds():
    found = plan(Decimal(100), [listing(lot="10", max_quantity=Quantity(45))], UP)
    assert found.quantities == (Quantity(40), Quantity(40), Quantity(20))
    found = plan(Decimal(1000), [listing(max_quantity=Quantity(1))], UP)
    assert len(found.quantities) == FLAT_ORDERS_MAX
    assert found.cause is Cause.TOO_LARGE


@pytest.mark.parametrize(
    ("listings", "up", "cause", "instrument_id"),
    [
        ([], UP, Cause.NO_LISTING, ""),
        ([listing(tradable=False)], UP, Cause.NOT_TRADABLE, "X.SIMA"),
        ([listing()], frozenset(), Cause.VENUE_DOWN, "X.SIMA"),
        ([listing(tradable=False), listing("SIMB")], UP, None, "X.SIMB"),
        ([listing(), listing("SIMB")], frozenset({"SIMB"}), None, "X.SIMB"),
    ],
)
def test_where_it_is_closed_and_why_it_cannot_be(listings, up, cause, instrument_id):
    found = plan(Decimal(1), listings, up)
    assert (found.cause, found.instrument_id) == (cause, instrument_id)
    assert bool(found.quantities) == (cause is None)


@given(
    st.integers(-10_000, 10_000).filter(bool),
    st.integers(1, 100),
    st.none() | st.integers(1, 500),
)
def test_a_plan_never_turns_a_position_round(position, lot, largest):
    limit = None if largest is None else Quantity(largest)
    found = plan(Decimal(position), [listing(lot=str(lot), max_quantity=limit)], UP)
    closed = sum(found.quantities)
    assert closed <= abs(position)
    assert all(quantity % lot == 0 for quantity in found.quantities)
    assert all(largest is None or quantity <= largest for quantity in found.quantities)
    assert (closed == abs(position)) == (found.cause is None)


@pytest.mark.parametrize(
    ("venue", "sizes", "quantities"),
    [
        (None, Sizes(Decimal(45)), (40, 40, 20)),
        (Quantity(Decimal(30)), Sizes(Decimal(45)), (30, 30, 30, 10)),
        (Quantity(Decimal(60)), Sizes(Decimal(45)), (40, 40, 20)),
        # No two of one size in a row: they would count as one order sent twice.
        (None, Sizes(Decimal(45), distinct=True), (40, 30, 20, 10)),
        (None, Sizes(Decimal(20), distinct=True), (20, 10, 20, 10, 20, 10, 10)),
        (None, Sizes(distinct=True), (100,)),
    ],
)
def test_orders_are_as_large_as_the_limits_of_the_account_allow(venue, sizes, quantities):
    found = plan(Decimal(100), [listing(lot="10", max_quantity=venue)], UP, lambda _: sizes)
    assert found.quantities == tuple(map(Quantity, map(Decimal, quantities)))
    assert found.cause is None


def test_a_limit_below_a_lot_is_named():
    sizes = Sizes(Decimal(5))
    found = plan(Decimal(100), [listing(lot="10")], UP, lambda _: sizes)
    assert (found.quantities, found.cause) == ((), Cause.TOO_LARGE)
    assert found.text == "one order may have 5, less than a lot of 10"
