"""Every control at the child of a routed order: what names its venue applies to it too."""

import pytest

from svc_oms.service.controls.limits_control import LimitsBatchControl
from tests.unit.oms.test_control_ways import CONTROLS, bench_with_prices

# Halts, stops, permissions, rates, kill switches and own orders count wherever they are from.
EVERYWHERE = {
    "TRADING_HALTED",
    "REPEATED_EXECUTION_STOPPED",
    "INSTRUMENT_NOT_PERMITTED",
    "RATE_LIMITED",
    "SELF_MATCH_PREVENTED",
    "KILL_SWITCH_ENGAGED",
}
# No limits, and so without a range.
STATES = {"HALTED", "REDUCE_ONLY", "kill switch"}
# The routed order was checked as a whole; cash has a currency and no venue.
OF_THE_PARENT = {"REDUCE_ONLY", "BUYING_POWER"}


@pytest.fixture
def checked(monkeypatch):
    """Check an order as the child of a routed order; return the reason of the refusal."""
    monkeypatch.setattr(
        LimitsBatchControl, "place", lambda self, command, order: self.child(command, order, 1)
    )

    async def check(control, **range_):
        bench = await bench_with_prices()
        set_limit = bench.set_limit

        async def ranged(kind, **fields):
            return await set_limit(kind, **fields | {"range_": fields.get("range_", {}) | range_})

        monkeypatch.setattr(bench, "set_limit", ranged)
        await control.tighten(bench)
        outcome = await bench.place(control.side, 10, control.price)
        return getattr(outcome, "reason", "")

    return check


@pytest.mark.parametrize("name", CONTROLS)
async def test_what_names_the_venue_or_listing_applies_to_a_child(checked, name):
    control = CONTROLS[name]
    if name in OF_THE_PARENT:
        assert await checked(control) == ""
        return
    at_venue = {} if name in STATES else {"venue_mic": "SIMA"}
    assert await checked(control, **at_venue) == control.reason
    if name not in STATES:
        at_listing = {"instrument_id": "ASML.SIMA"}
        if control.reason not in EVERYWHERE:
            assert await checked(control, **at_listing) == control.reason
        assert await checked(control, venue_mic="SIMB") == ""


@pytest.mark.parametrize("name", CONTROLS)
async def test_a_limit_of_the_whole_account_is_left_to_the_routed_order(checked, name):
    control = CONTROLS[name]
    assert await checked(control) == (control.reason if control.reason in EVERYWHERE else "")
