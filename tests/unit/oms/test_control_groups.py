"""Limits of sums over linked orders: a group counts by the most that it can execute."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from mesh.errors import MeshError
from tests.support.limits import BUY, SELL, LimitBench
from tests.support.oms import listing
from tests.support.ways import BRACKET, LIMIT, OCO, OTO, STOP_LIMIT, link, send, terms, trigger

EUR = {"range_": {"currency": "EUR"}}


class Group(NamedTuple):
    """A group of orders and the most that it can reach.

    Attributes:
        held: Shares held at 100 before it.
        orders: Side, limit price, stop price or "", instrument; children name their parent 0.
        long, short: The largest position of the account, either way.
        exposure: The largest exposure.
        cash: What buys may cost.
    """

    kind: int
    held: int
    orders: list[tuple[int, str, str, str]]
    long: int
    short: int
    exposure: int
    cash: int


A, P = "ASML.SIMA", "PHIA.SIMA"
GROUPS = {
    "OCO sells of what is held": Group(
        OCO, 10, [(SELL, "110", "", A), (SELL, "89", "90", A)], 10, 0, 1000, 1000
    ),
    "OCO sells without a position": Group(
        OCO, 0, [(SELL, "110", "", A), (SELL, "89", "90", A)], 0, 10, 1100, 0
    ),
    "OCO buys": Group(OCO, 0, [(BUY, "95", "", A), (BUY, "106", "105", A)], 10, 0, 1060, 1060),
    "OCO of both sides": Group(
        OCO, 0, [(BUY, "95", "", A), (SELL, "110", "", A)], 10, 10, 1100, 950
    ),
    "OCO of two instruments": Group(
        OCO, 0, [(BUY, "95", "", A), (BUY, "95", "", P)], 10, 0, 1900, 1900
    ),
    "bracket that buys": Group(
        BRACKET,
        0,
        [(BUY, "100", "", A), (SELL, "110", "", A), (SELL, "89", "90", A)],
        10,
        0,
        1000,
        1000,
    ),
    "bracket that sells": Group(
        BRACKET,
        0,
        [(SELL, "100", "", A), (BUY, "90", "", A), (BUY, "111", "110", A)],
        0,
        10,
        1000,
        0,
    ),
    "OTO with an exit": Group(
        OTO, 0, [(BUY, "100", "", A), (SELL, "110", "", A)], 10, 0, 1000, 1000
    ),
    "OTO with two exits, each of the whole": Group(
        OTO,
        0,
        [(BUY, "100", "", A), (SELL, "110", "", A), (SELL, "120", "", A)],
        10,
        10,
        1150,
        1000,
    ),
    "OTO that buys more": Group(
        OTO, 0, [(BUY, "100", "", A), (BUY, "100", "", A)], 20, 0, 2000, 2000
    ),
}

Set = Callable[[LimitBench, int], Awaitable[object]]
CONTROLS: dict[str, tuple[Set, Callable[[Group], int], str]] = {
    "POSITION (long)": (
        lambda bench, most: bench.set_limit("POSITION", long_quantity=str(most)),
        lambda group: group.long,
        "POSITION_LIMIT_EXCEEDED",
    ),
    "POSITION (short)": (
        lambda bench, most: bench.set_limit("POSITION", short_quantity=str(most)),
        lambda group: group.short,
        "POSITION_LIMIT_EXCEEDED",
    ),
    "OPEN_EXPOSURE": (
        lambda bench, most: bench.set_limit("OPEN_EXPOSURE", value=str(most)),
        lambda group: group.exposure,
        "EXPOSURE_LIMIT_EXCEEDED",
    ),
    "BUYING_POWER": (
        lambda bench, most: bench.set_limit("BUYING_POWER", value=str(most), **EUR),
        lambda group: group.cash,
        "BUYING_POWER_EXCEEDED",
    ),
}
PAIRS = [
    pytest.param(group, *control, id=f"{name}: {kind}")
    for name, group in GROUPS.items()
    for kind, control in CONTROLS.items()
]


async def holding(held: int) -> LimitBench:
    bench = await LimitBench.make()
    for instrument_id in (A, P):
        bench.quote(instrument_id, last_price="100")
    if held:
        await bench.place(BUY, held)
        await bench.fill(0, held)
    return bench


async def place(bench: LimitBench, group: Group) -> list[str]:
    """Place the orders of a group; return the reasons of the refusals."""
    refusals = []
    parent = ""
    for side, price, stop, instrument_id in group.orders:
        outcome = await send(
            bench,
            side,
            type=STOP_LIMIT if stop else LIMIT,
            terms=terms(limit_price=price, stop_price=stop),
            instrument_id=instrument_id,
            link=link(group.kind, parent),
        )
        if isinstance(outcome, MeshError):
            refusals.append(outcome.reason)
            break
        if group.kind != OCO and not parent:
            parent = outcome.order_id
    return refusals


@pytest.mark.parametrize(("group", "tighten", "most_of", "reason"), PAIRS)
async def test_a_group_fits_by_the_most_it_can_execute(group, tighten, most_of, reason):
    most = most_of(group)
    bench = await holding(group.held)
    await tighten(bench, most)
    assert await place(bench, group) == []
    # What it reaches is there: any less refuses one of its orders, unless it was held before.
    before = {"POSITION_LIMIT_EXCEEDED": group.held}.get(reason, 100 * group.held)
    if most > before:
        bench = await holding(group.held)
        await tighten(bench, most - 1)
        assert await place(bench, group) == [reason]


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
async def test_an_account_that_may_not_go_short_can_have_exits(group):
    bench = await holding(group.held)
    await bench.set_limit("SHORT_SALE")
    refusals = await place(bench, group)
    assert refusals == (["SHORT_SALE_NOT_ALLOWED"] if group.short else [])


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
async def test_reduce_only_takes_exits_of_what_is_held(group):
    bench = await holding(group.held)
    await bench.set_status("ACCOUNT", "ACC-ALICE", "REDUCE_ONLY")
    refusals = await place(bench, group)
    assert refusals == ([] if group.held else ["REDUCE_ONLY"])
    if group.held:
        more = await bench.place(SELL, 1)
        assert more.reason == "REDUCE_ONLY"


async def tight_bench() -> LimitBench:
    bench = await holding(0)
    await bench.set_limit("SHORT_SALE")
    await bench.set_limit("POSITION", long_quantity="10", short_quantity="0")
    await bench.set_limit("OPEN_EXPOSURE", value="1000")
    await bench.set_limit("BUYING_POWER", value="1000", **EUR)
    return bench


@pytest.mark.parametrize("status", ["ACTIVE", "REDUCE_ONLY"])
async def test_the_exits_of_a_bracket_leave_under_the_tightest_limits(status):
    bench = await tight_bench()
    assert await place(bench, GROUPS["bracket that buys"]) == []
    await bench.fill(0, 4)
    # The part that is held is reserved for the exits.
    assert (await bench.place(SELL, 1)).reason == "SHORT_SALE_NOT_ALLOWED"
    await bench.fill(0, 6)
    if status != "ACTIVE":
        await bench.set_status("ACCOUNT", "ACC-ALICE", status)
    await trigger(bench, 1)
    states = [(await bench.order(number)).state.name for number in (1, 2)]
    assert states == ["PENDING_NEW", "AWAITING_TRIGGER"]
    await bench.fill(1, 10, "110")
    assert (await bench.order(2)).state.name == "CANCELED"
    (held,) = (await bench.office.store.positions("ACC-ALICE"),)
    assert [(row.quantity, row.realised) for row in held] == [("0", "100")]


async def test_a_late_leg_is_compared_like_a_new_order():
    bench = await holding(0)
    assert await place(bench, GROUPS["OCO buys"]) == []
    await bench.set_limit("POSITION", long_quantity="9")
    await trigger(bench, 1, "105")
    order = await bench.order(1)
    assert (order.state.name, order.rejection.reason) == ("REJECTED", "POSITION_LIMIT_EXCEEDED")


async def test_orders_of_other_currencies_do_not_match():
    """The lines of one ISIN in EUR and USD at one venue have an order book each."""
    bench = await holding(0)
    line = listing("ASMU")
    line.currency = "USD"
    bench.book.market.learn([line])
    await bench.set_limit("SELF_MATCH", self_match=1)
    assert not isinstance(await bench.place(SELL, 10, "100"), MeshError)
    assert not isinstance(await bench.place(BUY, 10, "110", instrument_id="ASMU.SIMA"), MeshError)
    assert (await bench.place(BUY, 10, "110")).reason == "SELF_MATCH_PREVENTED"
