"""`ordermesh order --route`, `audit order ID --routing` and `routing ...`, and who may not."""

import json
from datetime import UTC, datetime

import pytest

from mesh.errors import refuse
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.record import to_record
from tests.support.routing import inputs, parent, request, venue

ISIN = "NL0010273215"
AT = datetime(2027, 1, 15, 10, tzinfo=UTC)
ORDER = {
    "order_id": "PARENT", "account_id": "ACC-ALICE", "isin": ISIN, "currency": "EUR",
    "side": "SIDE_BUY", "type": "ORDER_TYPE_LIMIT", "routing": {"strategy": 1},
    "terms": {"quantity": "300", "limit_price": "10.1", "time_in_force": "TIME_IN_FORCE_IOC"},
    "progress": {"state": "ORDER_STATE_FILLED", "cum_quantity": "300", "average_price": "10"},
}  # fmt: skip
CHILD = ORDER | {
    "order_id": "CHILD", "instrument_id": "ASML.SIMA", "routing": None, "routing_decision": 1,
}  # fmt: skip


def record():
    """A sweep of two venues, one of them without fees."""
    asked = request(time_in_force=TimeInForce.IOC)
    venues = [venue("SIMA", "500@10.00", "5@9.9"), venue("SIMB", "500@9.00")]
    given = inputs(asked, venues, parent(300), charged=[inputs(asked, venues, parent(1)).fees[0]])
    return to_record(given, decide(given))


def decision(number, **fields):
    return {"number": number, "decided_at": AT, "record": record()} | fields


async def test_a_line_makes_a_routed_order(trader) -> None:
    line = ("order", "buy", f"{ISIN}/EUR", "1000", "--no-wait", "--limit", "650")
    await trader.done(*line, "--route", "list", "--venues", "simb, sima", "--not-venues", "simc")
    asked = trader.asked("Place")
    assert (asked["isin"], asked["currency"]) == (ISIN, "EUR")
    assert "instrument_id" not in asked
    assert asked["routing"] == {
        "strategy": "ROUTING_STRATEGY_LIST",
        "venues": ["SIMB", "SIMA"],
        "denied_venues": ["SIMC"],
    }


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--venues", "SIMA"], "--venues and --not-venues need --route"),
        (["--not-venues", "SIMA"], "--venues and --not-venues need --route"),
        (["--route", "fastest"], "'fastest'"),
    ],
)
async def test_what_cannot_be_meant_is_wrong_usage(trader, flags, said) -> None:
    code, _, errors = await trader.run("order", "buy", ISIN, "1000", *flags)
    assert (code, said in errors) == (2, True), errors
    assert "Place" not in trader.edge.requests


@pytest.mark.parametrize(
    ("reason", "field"), [("QUANTITY_OFF_LOT", "terms.quantity"), ("INSTRUMENT_NOT_FOUND", "isin")]
)
async def test_a_refusal_of_routing_is_said_as_it_is(trader, reason, field) -> None:
    trader.edge.faults["Place"] = [refuse(reason, f"{field}: no venue can be used", field)]
    code, _, errors = await trader.run("order", "buy", ISIN, "10", "--route", "best", "--no-wait")
    assert (code, "no venue can be used" in errors) == (3, True), errors


async def test_the_proof_shows_every_decision_with_its_books(trader) -> None:
    trader.edge.answers["ShowRouting"] = [
        {"order": ORDER, "children": [CHILD], "decisions": [decision(1)], "more": True},
        {"order": ORDER, "decisions": [decision(2, finding="its SHA-256 differs")]},
    ]
    out = await trader.done("audit", "order", "PARENT", "--routing")
    assert trader.asked("ShowRouting") == {"order_id": "PARENT", "after_number": 1}
    for said in (
        "decision 1 at 2027-01-15 10:00:00Z: round 1, by net price: 300 at SIMA",
        "decision 2",
        "its SHA-256 differs",
        "CHILD",
        "chosen",
        "no fees",
        "5@9.9 | 500@10",
    ):
        assert said in out, out


async def test_the_proof_for_programs_is_the_answer(trader) -> None:
    trader.edge.answers["ShowRouting"] = [{"order": ORDER, "decisions": [decision(1)]}]
    out = await trader.done("audit", "order", "PARENT", "--routing", "--json")
    answer = json.loads(out)
    assert (answer["order"]["order_id"], answer["decisions"][0]["number"]) == ("PARENT", 1)


async def test_a_proof_needs_an_order_that_is_routed_and_may_be_seen(trader) -> None:
    code, _, errors = await trader.run("audit", "--routing")
    assert code == 2, errors
    for refusal in (
        refuse("ORDER_NOT_FOUND", "there is no order OTHER", "order_id"),
        refuse("OBJECT_STATE", "order OTHER is not routed", "order_id"),
    ):
        trader.edge.faults["ShowRouting"] = [refusal]
        code, _, errors = await trader.run("audit", "order", "OTHER", "--routing")
        assert (code, refusal.text in errors) == (3, True), errors


COMMANDS = {
    "RoutingService/ListVenues": ("routing", "venues"),
    "RoutingService/PutVenueBack": ("routing", "put-back", "SIMA", "--reason", "mended"),
}


@pytest.mark.parametrize(("rpc", "words"), COMMANDS.items(), ids=COMMANDS)
async def test_who_lacks_the_role_is_refused_and_nothing_is_said_to_be_done(
    trader, rpc, words
) -> None:
    trader.edge.faults[rpc] = [refuse("PERMISSION_DENIED", "needs the role OPERATOR")]
    code, out, errors = await trader.run(*words)
    assert (code, out, "needs the role OPERATOR" in errors) == (3, "", True), errors


async def test_a_venue_is_put_back_with_a_reason_only(trader) -> None:
    code, _, errors = await trader.run("routing", "put-back", "SIMA")
    assert (code, "--reason" in errors) == (2, True), errors
    assert "RoutingService/PutVenueBack" not in trader.edge.requests


@pytest.mark.parametrize(
    "words",
    [
        ("routing", "report", "--from", "2026-01-01"),
        ("routing", "venues"),
        ("audit", "order", "PARENT", "--routing"),
        ("order", "buy", ISIN, "1", "--route", "best"),
    ],
)
async def test_nobody_without_a_login(terminal, words) -> None:
    code, _, errors = await terminal.run(*words)
    assert (code, "login" in errors) == (5, True), errors
