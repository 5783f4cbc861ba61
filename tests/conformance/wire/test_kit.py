"""The kit as others use it: the list of cases, and cases played from outside the mesh."""

import pytest

from conformance.__main__ import arguments, main
from conformance.cases import load_cases
from conformance.path import CannotPlayError, OrderPath
from conformance.play import play
from tests.support.wire import Wire

CASES = {case.name: case for case in load_cases()}
PLAYED = (
    "a_1_a_filled_order",
    "b_1_b_part_filled_cancel_with_fills_between",
    "e_1_a_telephoned_order_increased_here",
)
ORDER_IN_MONEY = next(one for one in CASES.values() if "cash=" in str(one.steps))


def outside(wire: Wire, patience_s: float = 10.0) -> OrderPath:
    return OrderPath(
        wire.venue, wire.orders, wire.metadata, wire.account_id, wire.instrument_id, wire.key(),
        patience_s,
    )  # fmt: skip


async def test_the_list_names_every_case(capsys) -> None:
    assert await main(arguments(["list"])) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == list(CASES)


async def test_a_case_that_does_not_exist_is_named(capsys) -> None:
    words = ["play", "a_9_z", "--port", "1", "--ca", "ca.pem", "--user", "alice"]
    words += ["--password-file", "p", "--account", "A"]
    assert await main(arguments(words)) == 2
    assert "no such case: a_9_z" in capsys.readouterr().err


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", PLAYED)
async def test_a_case_is_played_from_outside(wire: Wire, name: str) -> None:
    path = outside(wire)
    await play(path, CASES[name])
    assert path.keys > 0


@pytest.mark.asyncio(loop_scope="module")
async def test_what_the_client_does_not_see_fails_the_case(wire: Wire) -> None:
    case = CASES["a_1_a_filled_order"]
    *steps, last = case.steps
    wrong = {"sees": last["sees"].replace("FILLED", "CANCELED")}
    changed = type(case)(case.name, case.group, case.fix, case.fix42, case.shows, (*steps, wrong))
    with pytest.raises(AssertionError, match=f"line {len(case.steps)}, sees: CANCELED"):
        await play(outside(wire, patience_s=0.5), changed)


@pytest.mark.asyncio(loop_scope="module")
async def test_an_order_in_money_cannot_be_played_without_prices(wire: Wire) -> None:
    with pytest.raises(CannotPlayError, match="last price"):
        await play(outside(wire), ORDER_IN_MONEY)
