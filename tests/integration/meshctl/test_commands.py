"""The command line as a process: output for programs, exit codes that mean something."""

import asyncio
import json

import pytest

from mesh.errors import refuse
from ordermesh.oms.v1 import order_service_pb2
from tests.support.fake_edge import snapshot_of


def story(*states):
    """An order stream with these states of ORDER-1."""

    async def script(_):
        yield snapshot_of(1)
        for number, (kind, state) in enumerate(states, 2):
            event = {
                "account_id": "ACC-ALICE",
                "sequence": number,
                "order_id": "ORDER-1",
                "progress": {"state": f"ORDER_STATE_{state}", "cum_quantity": "0"},
                kind: {},
            }
            yield order_service_pb2.WatchResponse(items=[{"event": event}])
        await asyncio.Event().wait()

    return script


ACKNOWLEDGED = ("acknowledged", "NEW")
STORIES = {
    "filled": ([], (ACKNOWLEDGED, ("executed", "PARTIALLY_FILLED"), ("executed", "FILLED")), 0),
    "market order waits for its end": ([], (ACKNOWLEDGED, ("canceled", "CANCELED")), 6),
    "limit order rests": (["--limit", "99.5"], (ACKNOWLEDGED,), 0),
    "market order waits for its auction": (["--tif", "at-close"], (ACKNOWLEDGED,), 0),
    "IOC waits for its end": (
        ["--limit", "99.5", "--tif", "ioc"],
        (ACKNOWLEDGED, ("canceled", "CANCELED")),
        6,
    ),
    "rejected": (["--limit", "1"], (("rejected", "REJECTED"),), 6),
    "no answer in time": (["--limit", "1", "--timeout", "0.2"], (), 6),
}


@pytest.mark.parametrize(("flags", "states", "code"), STORIES.values(), ids=STORIES.keys())
async def test_order_is_followed_to_its_end(trader, flags, states, code):
    trader.edge.watches = [story(*states)]
    done, out, on_stderr = await trader.run("order", "buy", "ASML.SIMA", "100", *flags, "--json")
    assert done == code, on_stderr
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0]["order_id"] == "ORDER-1"
    assert len(lines) == 1 + len(states)


async def test_symbol_without_venue_takes_the_first_and_says_so(trader):
    code, _, on_stderr = await trader.run("order", "sell", "asml", "5", "--no-wait")
    assert code == 0
    assert "ASML.SIMA" in on_stderr
    assert "ASML.SIMB" in on_stderr
    _, out, on_stderr = await trader.run("order", "sell", "asml", "5", "--no-wait", "--json")
    assert (json.loads(out)["instrument_id"], on_stderr) == ("ASML.SIMA", "")


CANCELS = {
    "cancelled": ((("canceled", "CANCELED"),), 0),
    "refused": ((("cancel_refused", "NEW"),), 6),
    "filled first": ((("executed", "FILLED"),), 6),
}


@pytest.mark.parametrize(("states", "code"), CANCELS.values(), ids=CANCELS.keys())
async def test_cancel_waits_for_the_venue(trader, states, code):
    await trader.run("order", "buy", "SAP.SIMA", "1", "--no-wait")
    trader.edge.watches = [story(*states)]
    done, _, on_stderr = await trader.run("cancel", "ORDER-1")
    assert done == code, on_stderr


async def test_resolve_says_what_a_person_found(trader):
    words = ("resolve", "ORDER-1", "filled", "--reason", "seen on the screen")
    out = await trader.done(*words, "--execution", "E:1:60:650", "--execution", "F:40:1")
    assert "FILLED" in out
    (request,) = trader.edge.requests["Resolve"]
    assert (request.venue_holds, request.reason) == (4, "seen on the screen")
    found = [(one.exec_id, one.quantity, one.price) for one in request.executions]
    assert found == [("E:1", "60", "650"), ("F", "40", "1")]
    assert request.idempotency_key
    assert (await trader.run(*words, "--execution", "E1"))[0] == 2
    assert (await trader.run(*words[:3]))[0] == 2


async def test_refusal_names_reason_text_and_field(trader):
    trader.edge.faults["Place"] = [
        refuse("PRICE_OFF_TICK", "1.001 is off the tick", "terms.limit_price", tick="0.05")
    ]
    code, _, on_stderr = await trader.run("order", "buy", "ASML.SIMA", "1", "--limit", "1.001")
    assert code == 3
    for words in ("PRICE_OFF_TICK", "1.001 is off the tick", "terms.limit_price", "change"):
        assert words in on_stderr


async def test_with_json_what_went_wrong_is_an_object_too(terminal):
    code, out, on_stderr = await terminal.run("orders", "--json")
    assert (code, out, json.loads(on_stderr)["error"]["reason"]) == (5, "", "NOT_LOGGED_IN")
    await terminal.run("login", "alice")
    terminal.edge.faults["Place"] = [
        refuse("PRICE_OFF_TICK", "1.001 is off the tick", "terms.limit_price", tick="0.05")
    ]
    place = ("order", "buy", "asml", "1", "--limit", "1.001", "--json")
    code, out, on_stderr = await terminal.run(*place)
    error = json.loads(on_stderr)["error"]
    assert (code, out, error["reason"]) == (3, "", "PRICE_OFF_TICK")
    assert (error["metadata"]["field"], error["metadata"]["tick"]) == ("terms.limit_price", "0.05")
    await terminal.edge.stop()
    code, _, on_stderr = await terminal.run("orders", "--json")
    assert (code, json.loads(on_stderr)["error"]["reason"]) == (4, "UNREACHABLE")


async def test_exit_codes_of_what_is_not_the_orders_fault(terminal):
    code, _, on_stderr = await terminal.run("orders")
    assert (code, "ordermesh login" in on_stderr) == (5, True)
    code, _, on_stderr = await terminal.run("login", "alice", "--password-stdin", text="wrong\n")
    assert (code, "BAD_CREDENTIALS" in on_stderr) == (5, True)
    assert (await terminal.run("order", "hold", "ASML", "1"))[0] == 2
    assert (await terminal.run("replace", "ORDER-1"))[0] == 2
    await terminal.done("login", "alice")
    code, _, on_stderr = await terminal.run("order", "buy", "NOSUCH", "1")
    assert (code, "ordermesh instruments" in on_stderr) == (3, True)
    await terminal.edge.stop()
    code, _, on_stderr = await terminal.run("orders")
    assert (code, "ordermesh status" in on_stderr) == (4, True)


async def test_lists_are_lines_of_json(trader):
    await trader.run("order", "buy", "SAP.SIMA", "1", "--no-wait")
    _, out, _ = await trader.run("orders", "--json")
    assert [json.loads(line)["order_id"] for line in out.splitlines()] == ["ORDER-1"]
    _, out, _ = await trader.run("instruments", "ASML", "--json")
    assert [json.loads(line)["venue_mic"] for line in out.splitlines()] == ["SIMA", "SIMB"]


async def test_logout_ends_the_login(trader):
    await trader.done("logout")
    assert (await trader.run("orders"))[0] == 5
    assert trader.edge.requests["Logout"][0].refresh_token == "refresh-1"


async def test_every_page_of_corporate_actions_is_listed(trader):
    """A list that says nothing of how many it shows, shows all."""
    pages = [
        {"actions": [{"action_id": f"{page}-{n}", "kind": 3, "instrument_id": "SAP.SIMA"}
                     for n in range(2)],
         "next_page_token": str(page + 1) if page < 2 else ""}
        for page in range(3)
    ]  # fmt: skip
    trader.edge.answers["ReferenceDataService/ListActions"] = pages
    out = await trader.done("instruments", "actions", "list", "--json")
    found = [json.loads(line)["action_id"] for line in out.splitlines()]
    assert found == [f"{page}-{n}" for page in range(3) for n in range(2)]
    tokens = [one.page_token for one in trader.edge.requests["ReferenceDataService/ListActions"]]
    assert tokens == ["", "1", "2"]
    assert await trader.done("instruments", "actions", "list")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ASML", "ASML is not a MIC we know; did you mean the listing ASML.SIMA or ASML.SIMB?"),
        ("sap", "sap is not a MIC we know; did you mean the listing SAP.SIMA?"),
        ("AS", "AS is not a MIC we know, and no listing has this symbol"),
        ("MARS", "MARS is not a MIC we know, and no listing has this symbol"),
    ],
)
async def test_a_symbol_is_not_taken_for_a_mic(trader, name, words):
    refusal = refuse("INVALID_FIELD", f"venue_mic was {name!r}; expected ...", "venue_mic")
    trader.edge.faults["GetCalendar"] = [refusal]
    code, _, err = await trader.run("calendar", name)
    assert (code, words in " ".join(err.split())) == (2, True), err
