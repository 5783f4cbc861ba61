"""The client conformance kit sees what a client does wrong."""

from types import SimpleNamespace

import pytest

from client_kit.case import Case, Fault, Script, load
from client_kit.compare import differences
from client_kit.made_cases import every_case
from client_kit.world import World
from mesh.errors import ERROR_TABLE
from ordermesh.oms.v1 import order_service_pb2


def case(*sees, **server_saw):
    steps = ({"do": "login"}, {"do": "place"})
    return Case("c", "It works.", Script(), steps, sees, server_saw)


RIGHT = [{"step": "0", "ok": {}}, {"step": "1", "ok": {"order_id": "O-1", "state": "NEW"}}]


def event(sequence, account="A"):
    return {"step": "1", "event": {"account": account, "sequence": sequence, "order_id": "O"}}


async def test_what_is_as_it_should_be_passes():
    seen = case({"step": 1, "ok": {"order_id": "O-1"}})
    assert differences(seen, RIGHT, World(Script())) == []


@pytest.mark.parametrize(
    ("sees", "printed", "words"),
    [
        ({"step": 1, "ok": {"order_id": "O-2"}}, RIGHT, "O-1"),
        ({"step": 1, "error": {"reason": "X"}}, RIGHT, "should be {'reason': 'X'}"),
        ({"step": 0, "ok": {}}, RIGHT[:1], "step 1: no answer"),
        ({"step": 0, "ok": {}}, [RIGHT[0], {"step": "1", "error": {"kind": "unreachable"}}],
         "should be none"),
        ({"step": 1, "events": ["A 1-2"]}, [*RIGHT, event(1)], "should be ['A 1', 'A 2']"),
        ({"step": 1, "events": ["A 1-2"]}, [*RIGHT, event(1), event(2), event(2)], "A 2"),
        ({"step": 1, "events": ["A 1-2"]}, [*RIGHT, event(2), event(1)], "A 2"),
    ],
)  # fmt: skip
async def test_what_a_driver_prints_wrong_is_found(sees, printed, words):
    found = differences(case(sees), printed, World(Script()))
    assert any(words in text for text in found), found


async def test_an_older_quote_after_a_newer_one_is_found():
    updates = [
        {"step": "1", "update": {"instrument": "I", "sequence": sequence}} for sequence in (2, 1)
    ]
    assert differences(case(), [*RIGHT, *updates], World(Script())) == ["I: update 1 came after 2"]


async def test_what_the_server_saw_is_compared():
    world = World(Script())
    world.calls["Place"] = [
        order_service_pb2.PlaceRequest(idempotency_key=key) for key in ("a", "b", "")
    ]
    world.times["Place"] = [0.0, 0.1, 0.5]
    seen = case(calls={"Place": 1}, keys={"Place": 1}, waited_s={"Place": 0.3})
    text = "\n".join(differences(seen, RIGHT, world))
    assert "calls of Place: 3, should be 1" in text
    assert "keys of Place: 3, should be 1" in text
    assert "without an idempotency key" in text
    assert "should be 0.3 s or more" in text


@pytest.mark.parametrize(
    ("took_s", "right"), [(0.4, False), (0.5, True), (2.0, True), (2.1, False)]
)
async def test_repeats_that_come_too_fast_or_too_late_are_found(took_s, right):
    world = World(Script())
    world.times["Place"] = [7.0, 7.0 + took_s]
    found = differences(case(spread_s={"Place": {"min": 0.5, "max": 2.0}}), RIGHT, world)
    assert (found == []) == right


async def test_a_token_in_the_log_of_a_driver_is_found():
    world = World(Script())
    tokens = world.tokens()
    assert world.leaks("the stream is connected again") == []
    assert world.leaks(f"authorization: Bearer {tokens.access_token}")
    assert world.leaks(f"refreshed with {tokens.refresh_token}")


async def test_a_call_without_a_deadline_is_found():
    world = World(Script())
    context = SimpleNamespace(time_remaining=lambda: None)
    await world.admit("Login", None, context, user=False)
    assert world.findings == ["Login: no deadline within 60 s"]


async def test_a_refresh_token_that_is_used_twice_is_found():
    world = World(Script())
    token = world.tokens().refresh_token
    assert world.renew(token)
    world.renew(token)
    assert world.findings == ["a refresh token was used twice: that ends the session"]


def test_an_unknown_key_of_a_case_is_an_error(tmp_path):
    (tmp_path / "1.yaml").write_text(
        "- {name: c, says: s, client: [], sees: [], server: {surprise: 1}}"
    )
    with pytest.raises(ValueError, match=r"case c: .*surprise"):
        load(tmp_path)


def test_two_cases_of_one_name_are_an_error(tmp_path):
    one = "- {name: c, says: s, client: [], sees: []}\n"
    (tmp_path / "1.yaml").write_text(one + one)
    with pytest.raises(ValueError, match="twice: c"):
        load(tmp_path)


def test_the_cases_meet_every_reason_of_a_refusal_and_every_status():
    cases = every_case()
    faults = [fault for one in cases for each in one.server.calls.values() for fault in each]
    met = {fault.refuse for fault in faults if isinstance(fault, Fault)}
    ends = {opening.refuse for one in cases for opening in one.server.openings}
    # Of orders only; BAD_CREDENTIALS and TOKEN_EXPIRED come from the scripted login itself.
    assert set(ERROR_TABLE) - met - ends == {"NOT_SENT", "BAD_CREDENTIALS", "TOKEN_EXPIRED"}


def test_a_case_says_what_it_shows_in_a_sentence():
    assert [one.name for one in every_case() if not one.says.endswith(".")] == []
