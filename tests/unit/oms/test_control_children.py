"""Controls of a routed order while it works: at the next child, and at one venue only."""

import pytest

from svc_oms.domain.lifecycle import OrderState
from svc_oms.service.controls.limits_control import LimitsBatchControl
from tests.support.limits import BUY
from tests.support.ways import QUANTITY, WAYS, route
from tests.unit.oms.test_control_ways import CONTROLS, MINUTE_MS, bench_with_prices, sent_by

# Halts, stops, permissions, rates, kill switches and own orders count wherever they are from. So
# does the collar, which looks at the price of the child.
EVERYWHERE = {
    "TRADING_HALTED",
    "REPEATED_EXECUTION_STOPPED",
    "INSTRUMENT_NOT_PERMITTED",
    "RATE_LIMITED",
    "SELF_MATCH_PREVENTED",
    "KILL_SWITCH_ENGAGED",
    "PRICE_COLLAR_EXCEEDED",
}
# No limits, and so without a range.
STATES = {"HALTED", "REDUCE_ONLY", "kill switch"}
# The routed order is checked as a whole; cash has a currency and no venue.
OF_THE_PARENT = {"REDUCE_ONLY", "BUYING_POWER"}
ROUTED = WAYS["child of a routed order"]


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
        if control.reason not in EVERYWHERE - {"PRICE_COLLAR_EXCEEDED"}:
            assert await checked(control, **at_listing) == control.reason
        assert await checked(control, venue_mic="SIMB") == ""


@pytest.mark.parametrize("name", CONTROLS)
async def test_a_limit_of_the_whole_account_is_left_to_the_routed_order(checked, name):
    control = CONTROLS[name]
    assert await checked(control) == (control.reason if control.reason in EVERYWHERE else "")


async def held_by(bench, number) -> str:
    return (await bench.order(number)).routing_sums.held


async def test_a_held_order_says_why_once_and_goes_on_when_nothing_holds_it():
    bench = await bench_with_prices()
    number = await ROUTED.prepare(bench, BUY, "100")
    limit = await bench.set_limit("POSITION", long_quantity=str(QUANTITY - 1))
    await route(bench, number)
    held = await bench.order(number)
    assert held.state is OrderState.NEW
    assert held.routing_sums.held.startswith("POSITION_LIMIT_EXCEEDED: ")
    assert limit.limit_id in held.routing_sums.held
    await route(bench, number)
    assert (await bench.order(number)).version == held.version
    # Once more the same order of 10, and no more: it counts once, with its children.
    await bench.set_limit("POSITION", version=limit.version, long_quantity=str(QUANTITY))
    assert await ROUTED.go(bench, number, BUY, "100") == ""
    assert await sent_by(bench, number)


async def test_the_numbers_of_a_refusal_may_change_while_an_order_is_held():
    """Other orders of the account come and go: that is no news of the held order."""
    bench = await bench_with_prices()
    number = await ROUTED.prepare(bench, BUY, "100")
    await bench.place(BUY, 5, "1")
    other = len(bench.orders) - 1
    limit = await bench.set_limit("POSITION", long_quantity=str(QUANTITY - 1))
    await route(bench, number)
    held = await bench.order(number)
    await bench.cancel(other)
    await bench.canceled(other)
    await route(bench, number)
    assert (await bench.order(number)).version == held.version
    # Another version of the limit is.
    await bench.set_limit("POSITION", version=limit.version, long_quantity=str(QUANTITY - 2))
    await route(bench, number)
    assert "version 2 of" in await held_by(bench, number)


async def test_what_ends_at_once_ends_when_it_is_held():
    bench = await bench_with_prices()
    number = await ROUTED.prepare(bench, BUY, "")
    await bench.set_status("ACCOUNT", "ACC-ALICE", "REDUCE_ONLY")
    await route(bench, number)
    assert (await bench.order(number)).state is OrderState.CANCELED


@pytest.mark.parametrize(
    ("after_s", "ordered", "maximum", "held"),
    [
        # While the window has the acceptance: the whole order, whether the limit counted it or not.
        (30, 0, QUANTITY, False),
        (30, 0, QUANTITY - 1, True),
        (30, 5, QUANTITY, False),
        # Then what is free counts like a new order, with what was ordered since.
        (90, 0, QUANTITY, False),
        (90, 0, QUANTITY - 1, True),
        (90, 1, QUANTITY, True),
        (90, 1, QUANTITY + 1, False),
    ],
)
async def test_the_volume_of_a_routed_order(after_s, ordered, maximum, held):
    bench = await bench_with_prices()
    number = await ROUTED.prepare(bench, BUY, "100")
    await bench.set_limit("VOLUME", quantity=str(maximum), window_ms=MINUTE_MS)
    bench.clock.advance(after_s)
    bench.book.routing_books.heard()
    if ordered:
        await bench.place(BUY, ordered, "90")
    await route(bench, number)
    assert (await held_by(bench, number)).startswith("VOLUME") is held


async def test_children_after_the_window_of_the_acceptance_count():
    bench = await bench_with_prices()
    number = await ROUTED.prepare(bench, BUY, "100")
    await bench.set_limit("VOLUME", quantity=str(QUANTITY), window_ms=MINUTE_MS)
    bench.clock.advance(90)
    bench.book.routing_books.heard()
    assert await ROUTED.go(bench, number, BUY, "100") == ""
    outcome = await bench.place(BUY, 1, "90")
    assert outcome.reason == "VOLUME_LIMIT_EXCEEDED"
