"""Fee schedules: what is charged, and net prices, to the last digit."""

import pytest

from svc_oms.domain.routing.fees import (
    FeeBasis,
    FeeRounding,
    Fill,
    charge,
    net_amount,
    net_average,
    net_price,
)
from tests.support.routing import D, fees, rate

TWO_FILLS = (Fill(D(100), D("10.01")), Fill(D(50), D("10.02")))


@pytest.mark.parametrize(
    ("taker", "buys_at", "sells_at"),
    [
        (rate(), "10", "10"),
        (rate(per_share="0.001"), "10.001", "9.999"),
        (rate(per_share="-0.002"), "9.998", "10.002"),
        (rate(bps="1.5"), "10.0015", "9.9985"),
        (rate(per_share="0.001", bps="-0.3"), "10.0007", "9.9993"),
    ],
)
def test_the_net_price_of_one_more_share_is_exact(taker, buys_at, sells_at):
    assert net_price(taker, D(10), is_buy=True) == D(buys_at)
    assert net_price(taker, D(10), is_buy=False) == D(sells_at)


@pytest.mark.parametrize(
    ("taker", "basis", "charged"),
    [
        (rate(per_share="0.01"), FeeBasis.ORDER, "1.5"),
        (rate(bps="10"), FeeBasis.ORDER, "1.502"),
        (rate(fixed="0.25"), FeeBasis.ORDER, "0.25"),
        (rate(fixed="0.25"), FeeBasis.EXECUTION, "0.5"),
        (rate(per_share="0.01", fixed="1"), FeeBasis.ORDER, "2.5"),
        (rate(bps="1", minimum="0.6"), FeeBasis.ORDER, "0.6"),
        (rate(bps="1", minimum="0.6"), FeeBasis.EXECUTION, "1.2"),
        (rate(bps="100", maximum="5"), FeeBasis.ORDER, "5"),
        (rate(bps="100", maximum="7"), FeeBasis.EXECUTION, "12.01"),
        (rate(bps="-2", minimum="-0.1"), FeeBasis.ORDER, "-0.1"),
    ],
)
def test_what_is_charged_for_two_executions(taker, basis, charged):
    assert charge(fees("SIMA", taker, basis=basis), taker, TWO_FILLS) == D(charged)


@pytest.mark.parametrize(
    ("rounding", "up", "down"),
    [
        (FeeRounding.HALF_EVEN, "0.12", "-0.12"),
        (FeeRounding.HALF_UP, "0.13", "-0.13"),
        (FeeRounding.UP, "0.13", "-0.13"),
        (FeeRounding.DOWN, "0.12", "-0.12"),
    ],
)
def test_amounts_are_rounded_as_the_schedule_says(rounding, up, down):
    for per_share, expected in (("0.125", up), ("-0.125", down)):
        taker = rate(per_share=per_share)
        schedule = fees("SIMA", taker, places=2, rounding=rounding)
        assert charge(schedule, taker, (Fill(D(1), D(10)),)) == D(expected)


def test_rounding_applies_to_an_order_or_to_each_execution():
    taker = rate(per_share="0.004")
    one_share = (Fill(D(1), D(10)),) * 2
    whole = fees("SIMA", taker, places=2)
    assert charge(whole, taker, one_share) == D("0.01")
    assert charge(whole._replace(basis=FeeBasis.EXECUTION), taker, one_share) == 0


def test_nothing_executed_costs_nothing():
    taker = rate(fixed="1", minimum="5")
    assert charge(fees("SIMA", taker), taker, ()) == 0


def test_the_net_amount_and_its_average():
    taker = rate(fixed="0.1")
    schedule = fees("SIMA", taker)
    assert net_amount(schedule, taker, TWO_FILLS, is_buy=True) == D("1502.1")
    assert net_amount(schedule, taker, TWO_FILLS, is_buy=False) == D("1501.9")
    assert net_average(schedule, taker, TWO_FILLS, is_buy=True) == D("10.014")
    third = (Fill(D(3), D(10)),)
    assert net_average(schedule, taker, third, is_buy=True) == D("10.033333333")
