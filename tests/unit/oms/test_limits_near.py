"""The use of a limit that comes near its bound is said once for each crossing."""

from decimal import Decimal

import pytest

from ordermesh.oms.v1 import audit_service_pb2
from svc_oms.domain.controls.limits.limit_values import LimitKind
from svc_oms.domain.controls.near import LIMIT_NEAR_SHARE, READ
from svc_oms.domain.controls.state import (
    LIMIT_NEAR_AGAIN_S,
    NEAR_KEPT_MAX,
    AccountState,
    read_state,
    state_text,
)
from svc_oms.service.controls.control_entries import LIMIT_NEAR
from svc_oms.service.submissions import Taken
from tests.support.limits import BUY, SELL, SELL_SHORT, LimitBench


def said(bench: LimitBench) -> list[audit_service_pb2.AuditEntry]:
    """What is in the audit log about limits that came near."""
    entries = [
        audit_service_pb2.AuditEntry.FromString(line.payload)
        for line in bench.store.tables.audit.values()
    ]
    return [one for one in entries if one.command == LIMIT_NEAR]


def used(bench: LimitBench) -> list[str]:
    return [one.metadata["used"] for one in said(bench)]


async def with_position(limit: str = "100") -> LimitBench:
    bench = await LimitBench.make()
    await bench.set_limit("POSITION", long_quantity=limit)
    return bench


# Kind, values, what is below the share, what reaches it, the use then.
KINDS = [
    (LimitKind.POSITION, {"long_quantity": "100"}, [(BUY, 79)], [(BUY, 1)], "80"),
    (LimitKind.POSITION, {"short_quantity": "100"}, [(SELL_SHORT, 79)], [(SELL_SHORT, 1)], "80"),
    (LimitKind.OPEN_EXPOSURE, {"value": "10000"}, [(BUY, 79)], [(BUY, 1)], "8000"),
    (
        LimitKind.BUYING_POWER,
        {"value": "10000", "range_": {"currency": "EUR"}},
        [(BUY, 79), (SELL, 79)],
        [(BUY, 1)],
        "8000",
    ),
    (
        LimitKind.OPEN_EXPOSURE,
        {"value": "10000", "range_": {"instrument_id": "ASML.SIMA"}},
        [(BUY, 79)],
        [(BUY, 1)],
        "8000",
    ),
    (
        LimitKind.VOLUME,
        {"quantity": "100", "window_ms": 10000},
        [(BUY, 79)],
        [(SELL, 1)],
        "80",
    ),
    (LimitKind.VOLUME, {"value": "10000", "window_ms": 10000}, [(BUY, 79)], [(BUY, 1)], "8000"),
    (
        LimitKind.MESSAGE_RATE,
        {"messages": 5, "window_ms": 10000},
        [(BUY, 1), (BUY, 2), (BUY, 3)],
        [(BUY, 4)],
        "4",
    ),
]


@pytest.mark.parametrize(("kind", "values", "below", "reaching", "expected"), KINDS)
async def test_each_kind_is_near_from_the_share_on_and_not_below(
    kind, values, below, reaching, expected
):
    bench = await LimitBench.make()
    await bench.set_limit(kind.name, **values)
    for side, quantity in below:
        assert isinstance(await bench.place(side, quantity), Taken)
    assert said(bench) == []
    for side, quantity in reaching:
        assert isinstance(await bench.place(side, quantity), Taken)
    (entry,) = said(bench)
    assert entry.metadata["used"] == expected
    assert entry.metadata["kind"] == kind.name
    assert (entry.account_id, entry.order_id) == ("ACC-ALICE", bench.orders[-1])
    assert entry.metadata["limit_range"].startswith("account ACC-ALICE")
    assert Decimal(entry.metadata["used"]) >= LIMIT_NEAR_SHARE * Decimal(entry.metadata["maximum"])
    assert f"{expected} of {entry.metadata['maximum']}" in entry.text
    # It is what the page and the command line show as used.
    shown = {(u.subject, u.used, u.maximum, u.unit) for u in (await bench.usage()).uses}
    named = tuple(entry.metadata[name] for name in ("subject", "used", "maximum", "unit"))
    assert named in shown


def test_every_kind_that_counts_a_use_is_tried():
    executions = {LimitKind.REPEATED_EXECUTION}
    assert {kind for kind, _ in READ} == {kind for kind, *_ in KINDS} | executions


async def test_executions_of_a_strategy_are_near_before_the_throttle_stops_it():
    bench = await LimitBench.make()
    await bench.set_limit("REPEATED_EXECUTION", executions=5, window_ms=10000)
    await bench.place(BUY, 50)
    for _ in range(3):
        await bench.fill(0, 10)
    assert said(bench) == []
    await bench.fill(0, 10)
    assert used(bench) == ["4"]
    await bench.fill(0, 10)
    assert used(bench) == ["4"]
    assert (await bench.usage()).stops


async def test_a_use_that_stays_near_is_said_once():
    bench = await with_position()
    for quantity in (80, 10, 5):
        await bench.place(BUY, quantity)
    await bench.fill(0, 80)
    bench.clock.advance(LIMIT_NEAR_AGAIN_S)
    await bench.place(BUY, 5)
    assert used(bench) == ["80"]


async def test_one_order_past_the_share_is_said_with_its_use():
    bench = await with_position()
    await bench.place(BUY, 100)
    assert used(bench) == ["100"]
    # What is refused uses nothing.
    await bench.place(BUY, 1)
    assert used(bench) == ["100"]


@pytest.mark.parametrize(("left", "again"), [(69, ["80", "80"]), (70, ["80"])])
async def test_it_can_be_near_again_after_it_fell_below_the_lower_share(left, again):
    bench = await with_position()
    await bench.place(BUY, left)
    await bench.place(BUY, 80 - left)
    assert used(bench) == ["80"]
    await bench.cancel(1)
    await bench.canceled(1)
    bench.clock.advance(LIMIT_NEAR_AGAIN_S)
    await bench.place(BUY, 80 - left)
    assert used(bench) == again


async def test_a_use_that_goes_up_and_down_is_said_once_in_a_while():
    bench = await with_position()
    for number in range(3):
        await bench.place(BUY, 90)
        await bench.cancel(number)
        await bench.canceled(number)
    assert used(bench) == ["90"]
    bench.clock.advance(LIMIT_NEAR_AGAIN_S)
    await bench.place(BUY, 90)
    assert used(bench) == ["90", "90"]


async def test_an_execution_above_what_was_counted_comes_near_by_itself():
    bench = await LimitBench.make()
    bench.quote(last_price="100")
    await bench.set_limit("BUYING_POWER", value="10000", range_={"currency": "EUR"})
    await bench.place(BUY, 70, price=None)
    assert said(bench) == []
    await bench.fill(0, 70, "115")
    assert used(bench) == ["8050"]


async def test_another_replica_knows_what_was_said():
    bench = await with_position()
    await bench.place(BUY, 85)
    other = await bench.peer()
    assert isinstance(await other.place(BUY, 5), Taken)
    assert used(bench) == ["85"]


async def test_a_limit_of_zero_is_never_near():
    bench = await LimitBench.make()
    await bench.set_limit("POSITION", long_quantity="100", short_quantity="0")
    await bench.place(BUY, 10)
    await bench.place(SELL, 10)
    assert said(bench) == []


async def test_an_order_that_is_rolled_back_is_not_said():
    bench = await with_position()
    assert isinstance(await bench.place(BUY, 90, instrument_id="NOT.SIMA"), Exception)
    assert said(bench) == []


def test_what_is_near_is_bounded_and_kept_in_the_text():
    state = AccountState(near={f"L{number}||shares": number for number in range(NEAR_KEPT_MAX + 1)})
    again = read_state(state_text(state, 1))
    assert again == state
    assert len(again.near) == NEAR_KEPT_MAX
    assert "L0||shares" not in again.near


# Kind, values, and how the use comes near: it is a count over time, which ends by itself.
COUNTS = [
    (LimitKind.VOLUME, {"quantity": "100"}, [(BUY, 80)]),
    (LimitKind.VOLUME, {"value": "10000"}, [(BUY, 80)]),
    (LimitKind.MESSAGE_RATE, {"messages": 5}, [(BUY, 1), (BUY, 2), (BUY, 3), (BUY, 4)]),
    (LimitKind.REPEATED_EXECUTION, {"executions": 5}, [(BUY, 40)]),
]


def noted(bench: LimitBench) -> list[str]:
    """What is in the account's row about uses that are near."""
    return list(read_state(bench.store.tables.accounts["ACC-ALICE"].controls).near)


@pytest.mark.parametrize("window_s", [10, 2 * LIMIT_NEAR_AGAIN_S])
@pytest.mark.parametrize(("kind", "values", "reaching"), COUNTS)
async def test_what_was_said_of_a_count_over_time_leaves_the_row_with_it(
    kind, values, reaching, window_s
):
    """Otherwise each strategy and instrument that was near once would stay in it forever."""
    bench = await LimitBench.make()
    await bench.set_limit(kind.name, window_ms=window_s * 1000, **values)
    for side, quantity in reaching:
        await bench.place(side, quantity)
    if kind is LimitKind.REPEATED_EXECUTION:
        for _ in range(4):
            await bench.fill(0, 10)
    assert len(said(bench)) == 1
    assert len(noted(bench)) == 1
    # A command that the limit does not apply to: only time ends the note.
    passed = 0
    for seconds in (LIMIT_NEAR_AGAIN_S - 1, window_s + LIMIT_NEAR_AGAIN_S):
        bench.clock.advance(seconds - passed)
        passed = seconds
        left = len(noted(bench)) if seconds < LIMIT_NEAR_AGAIN_S else 0
        await bench.place(SELL, 1, instrument_id="PHIA.SIMA")
        assert len(noted(bench)) == left
    assert len(said(bench)) == 1


async def test_a_strategy_of_any_name_is_said_once():
    bench = await LimitBench.make()
    await bench.set_limit("REPEATED_EXECUTION", executions=5, window_ms=1_000_000)
    await bench.place(BUY, 50, regulatory={"algorithm_id": "a#|#b"})
    for _ in range(4):
        await bench.fill(0, 10)
        bench.clock.advance(2 * LIMIT_NEAR_AGAIN_S)
        await bench.place(BUY, 1, instrument_id="PHIA.SIMA")
    assert used(bench) == ["4"]
    assert len(noted(bench)) == 1
