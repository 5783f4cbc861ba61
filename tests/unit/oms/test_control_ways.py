"""Every control at every way to the venue: what is tightened while an order waits applies to it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from ordermesh.gateway.v1.venue_link_service_pb2 import (
    VENUE_COMMAND_KIND_CANCEL,
    VENUE_COMMAND_KIND_NEW,
    VENUE_COMMAND_KIND_REPLACE,
)
from svc_oms.domain.controls.limits.limit_values import LimitKind
from svc_oms.domain.kill_switches import Scope
from svc_oms.service.ports.kill_ports import SwitchKind, SwitchRow, SwitchState
from tests.support.limits import BUY, SELL, LimitBench
from tests.support.sources import own_files, text_of
from tests.support.ways import WAYS, Way, sent

MINUTE_MS = 60_000


class Control(NamedTuple):
    """A control, and what tightens it so that no order of 10 shares at 100 may go any more.

    Attributes:
        tighten: Sets the limit or the state.
        reason: The refusal.
        side: Of the order that must not go.
        price: Its limit price.
        at: Ways at which it applies.
    """

    tighten: Callable[[LimitBench], Awaitable[object]]
    reason: str
    side: int = BUY
    price: str = "100"
    at: Callable[[Way], bool] = lambda _way: True


def limit(kind: str, **values) -> Callable[[LimitBench], Awaitable[object]]:
    return lambda bench: bench.set_limit(kind, **values)


def state(name: str) -> Callable[[LimitBench], Awaitable[object]]:
    return lambda bench: bench.set_status("ACCOUNT", "ACC-ALICE", name)


async def one_message(bench: LimitBench) -> None:
    await bench.set_limit("MESSAGE_RATE", messages=1, window_ms=MINUTE_MS)
    await bench.place(BUY, 1, "1", instrument_id="PHIA.SIMA")


async def one_execution(bench: LimitBench) -> None:
    await bench.set_limit("REPEATED_EXECUTION", executions=1, window_ms=MINUTE_MS)
    await bench.place(BUY, 1, "100")
    await bench.fill(len(bench.orders) - 1, 1)


def resting(policy: int) -> Callable[[LimitBench], Awaitable[object]]:
    async def tighten(bench: LimitBench) -> None:
        await bench.place(SELL, 5, "100")
        await bench.set_limit("SELF_MATCH", self_match=policy)

    return tighten


async def kill(bench: LimitBench) -> None:
    row = SwitchRow(
        "01JD0000000000000000000001", "e1", b"", SwitchKind.SWITCH, False,
        tuple(Scope(account_id="ACC-ALICE")), "test", SwitchState.ENGAGING, 0, "rita", 1,
    )  # fmt: skip
    await bench.store.kills.engage(row, 10)


def grows(way: Way) -> bool:
    """What only closes a position passes the limits of sums."""
    return not way.reduces


def priced(way: Way) -> bool:
    """A collar has nothing to compare where an order has no limit price."""
    return way.priced


EUR = {"range_": {"currency": "EUR"}}
CONTROLS = {
    "MAX_ORDER_QUANTITY": Control(
        limit("MAX_ORDER_QUANTITY", quantity="9"), "MAX_QUANTITY_EXCEEDED"
    ),
    "MAX_ORDER_VALUE": Control(limit("MAX_ORDER_VALUE", value="999"), "MAX_VALUE_EXCEEDED"),
    "PRICE_COLLAR": Control(
        limit("PRICE_COLLAR", percent="1"), "PRICE_COLLAR_EXCEEDED", price="103", at=priced
    ),
    "VOLUME": Control(limit("VOLUME", quantity="4", window_ms=MINUTE_MS), "VOLUME_LIMIT_EXCEEDED"),
    "OPEN_EXPOSURE": Control(
        limit("OPEN_EXPOSURE", value="999"), "EXPOSURE_LIMIT_EXCEEDED", at=grows
    ),
    "POSITION (long)": Control(
        limit("POSITION", long_quantity="9"), "POSITION_LIMIT_EXCEEDED", at=grows
    ),
    "POSITION (short)": Control(
        limit("POSITION", short_quantity="9"), "POSITION_LIMIT_EXCEEDED", SELL, at=grows
    ),
    "MESSAGE_RATE": Control(one_message, "RATE_LIMITED"),
    "REPEATED_EXECUTION": Control(one_execution, "REPEATED_EXECUTION_STOPPED"),
    "INSTRUMENT_PERMISSION": Control(
        limit("INSTRUMENT_PERMISSION", permission=2, instruments=["ASML.SIMA"]),
        "INSTRUMENT_NOT_PERMITTED",
    ),
    "SHORT_SALE": Control(limit("SHORT_SALE"), "SHORT_SALE_NOT_ALLOWED", SELL, at=grows),
    "BUYING_POWER": Control(
        limit("BUYING_POWER", value="999", **EUR), "BUYING_POWER_EXCEEDED", at=grows
    ),
    "SELF_MATCH (reject new)": Control(resting(1), "SELF_MATCH_PREVENTED"),
    "SELF_MATCH (cancel both)": Control(resting(3), "SELF_MATCH_PREVENTED"),
    "HALTED": Control(state("HALTED"), "TRADING_HALTED"),
    "REDUCE_ONLY": Control(state("REDUCE_ONLY"), "REDUCE_ONLY", at=grows),
    "kill switch": Control(kill, "KILL_SWITCH_ENGAGED"),
}
PAIRS = [
    pytest.param(control, way, id=f"{name} at {named}")
    for name, control in CONTROLS.items()
    for named, way in WAYS.items()
    if control.at(way)
]


async def bench_with_prices() -> LimitBench:
    bench = await LimitBench.make()
    for instrument_id, price in (("ASML.SIMA", "100"), ("PHIA.SIMA", "1")):
        bench.quote(instrument_id, last_price=price)
    return bench


@pytest.mark.parametrize(("control", "way"), PAIRS)
async def test_a_control_applies_at_every_way(control, way):
    bench = await bench_with_prices()
    number = await way.prepare(bench, control.side, control.price)
    orders = list(bench.orders)
    await control.tighten(bench)
    bench.orders = orders
    why = await way.go(bench, number, control.side, control.price)
    if control.reason == "RATE_LIMITED" and way.waited and not why:
        # It may be repeated: the order goes on waiting.
        assert (await bench.order(number)).state.name == "AWAITING_TRIGGER"
    else:
        assert why == control.reason
    went = {VENUE_COMMAND_KIND_NEW, VENUE_COMMAND_KIND_REPLACE}
    new = [kind for name, kind in await sent_by(bench, number) if kind in went]
    assert len(new) == (1 if way is WAYS["replace"] else 0)


async def sent_by(bench: LimitBench, number: int) -> list[tuple[str, int]]:
    """Return the commands of one order."""
    if number >= len(bench.orders):
        return []
    order_id = bench.orders[number]
    return [each for each in await sent(bench, number) if each[0] == order_id]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_without_a_limit_every_way_leads_to_the_venue(way):
    bench = await bench_with_prices()
    number = await way.prepare(bench, BUY, "100")
    assert await way.go(bench, number, BUY, "100") == ""
    assert await sent_by(bench, number)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_the_resting_order_is_cancelled_before_the_order_goes(way):
    bench = await bench_with_prices()
    number = await way.prepare(bench, BUY, "100")
    orders = list(bench.orders)
    await bench.place(SELL, 5, "100")
    against, bench.orders = bench.orders[-1], orders
    await bench.set_limit("SELF_MATCH", self_match=2)
    assert await way.go(bench, number, BUY, "100") == ""
    # An OCO leg has its sibling cancelled, too.
    pair = {against, bench.orders[number]}
    commands = [each for each in await sent(bench, number) if each[0] in pair]
    last = VENUE_COMMAND_KIND_REPLACE if way is WAYS["replace"] else VENUE_COMMAND_KIND_NEW
    goes = commands.index((bench.orders[number], last))
    assert (against, VENUE_COMMAND_KIND_CANCEL) in commands[:goes]


async def test_the_matrix_has_every_kind_of_limit():
    named = {name.split(" ")[0] for name in CONTROLS}
    # A duplicate is found when an order is accepted; one that waited here is the same order.
    assert named >= {kind.name for kind in LimitKind} - {"DUPLICATE_ORDER"}


def test_no_other_code_sends_orders():
    """Every use of NEW is a way of the matrix; REPLACE is also sent by group rules.

    A group's rule changes the quantity of an exit to what its entry executed, which no control
    may refuse: the exit closes the position that these executions made. A reduce-only order is
    only ever lowered.
    """
    found = {
        (path.as_posix(), kind)
        for path in own_files(".py")
        for kind in ("NEW", "REPLACE")
        if path.is_relative_to("svc_oms/service")
        # They compare kinds and send none of them.
        and path.name not in {"adoption.py", "pulls.py", "unsent.py"}
        and f"VENUE_COMMAND_KIND_{kind}" in text_of(path)
    }
    assert found == {
        ("svc_oms/service/commands/order_commands.py", "NEW"),
        ("svc_oms/service/commands/order_commands.py", "REPLACE"),
        ("svc_oms/service/waiting/waiting_commands.py", "NEW"),
        ("svc_oms/service/book/order_groups.py", "REPLACE"),
        ("svc_oms/service/waiting/reduce_only.py", "REPLACE"),
        # Each child is checked by BatchControl.child.
        ("svc_oms/service/routing/plans.py", "NEW"),
        ("svc_oms/service/routing/plans.py", "REPLACE"),
    }
