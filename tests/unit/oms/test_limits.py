"""Every kind of limit at itself, one past it and after a replace, on a whole desk in memory."""

import pytest

from mesh.errors import MeshError
from ordermesh.oms.v1 import limit_service_pb2 as pb
from tests.support.limit_cases import CASES, Case
from tests.support.limits import BUY, SELL, LimitBench
from tests.support.sources import ROOT


async def run(bench: LimitBench, step) -> None:
    """Do one step and check what becomes of it."""
    match step:
        case ("place", side, quantity, price, expect, fields):
            outcome = await bench.place(side, quantity, price, **fields)
        case ("replace", order, quantity, price, expect):
            outcome = await bench.replace(order, quantity, price)
        case ("cancel", order, *_, expect):
            outcome = await bench.cancel(order)
        case _:
            await happens(bench, step)
            return
    refused_with = outcome.reason if isinstance(outcome, MeshError) else ""
    assert refused_with == expect, (step, getattr(outcome, "text", ""))
    if expect and "limit_id" in outcome.metadata:
        assert "limit_version" in outcome.metadata
        assert outcome.metadata["limit_id"] in outcome.text


async def happens(bench: LimitBench, step) -> None:
    """Let something happen that nobody refuses."""
    match step:
        case ("fill", order, quantity, *price):
            await bench.fill(order, quantity, *price)
        case ("replaced", order):
            await bench.replaced(order)
        case ("wait", seconds):
            bench.clock.advance(seconds)
        case ("quote", prices):
            bench.quote(**prices)
        case ("state", order, state):
            assert (await bench.order(order)).state.name == state
        case ("enable",):
            await enable(bench)
        case _:
            raise AssertionError(f"no such step: {step}")


async def enable(bench: LimitBench) -> None:
    (stop,) = (await bench.usage()).stops
    request = pb.EnableStrategyRequest(
        account_id=stop.account_id,
        strategy=stop.strategy,
        instrument_id=stop.instrument_id,
        side=stop.side,
        reason="looked at it",
    )
    answer = await bench.office.enable(request, bench.caller("ravi"))
    assert (answer.enabled_by, answer.stop) == ("ravi", stop)
    assert not (await bench.usage()).stops


async def limited(case: Case) -> LimitBench:
    bench = await LimitBench.make()
    for step in case.before:
        await run(bench, step)
    await bench.set_limit(case.kind.split(" ")[0], range_=case.range_, **case.values)
    return bench


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
async def test_at_the_limit_and_one_past_it(case):
    bench = await limited(case)
    for step in case.at:
        await run(bench, step)
    for step in case.past if isinstance(case.past, list) else [case.past]:
        await run(bench, step)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
async def test_after_a_replace(case):
    bench = await limited(case)
    for step in case.after_replace:
        await run(bench, step)


def test_the_page_has_this_table():
    page = (ROOT / "docs/LIMITS.md").read_text("utf-8")
    missing = [case.row for case in CASES if case.row not in page]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize(("policy", "refusal"), [(2, ""), (3, "SELF_MATCH_PREVENTED")])
async def test_own_orders_that_another_replica_took_are_cancelled(policy, refusal):
    bench = await LimitBench.make()
    await bench.set_limit("SELF_MATCH", self_match=policy)
    await bench.place(BUY, 1)
    outcome = await (await bench.peer()).place(SELL, 1)
    assert getattr(outcome, "reason", "") == refusal
    assert (await bench.order(0)).pending_cancel_id
