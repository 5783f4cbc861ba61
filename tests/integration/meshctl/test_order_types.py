"""`ordermesh order` and its kin: which request a line makes."""

import asyncio
import json

import pytest

from meshctl.commands.words import order_words
from ordermesh.oms.v1 import order_service_pb2 as oms
from ordermesh.oms.v1.order_pb2 import Order, OrderTerms
from tests.support.fake_edge import snapshot_of

DAY = {"quantity": "10", "time_in_force": "TIME_IN_FORCE_DAY"}
LINES = {
    "market": ([], "MARKET", DAY),
    "limit": (["--limit", "9"], "LIMIT", DAY | {"limit_price": "9"}),
    "stop": (["--stop", "8"], "STOP", DAY | {"stop_price": "8"}),
    "stop limit": (
        ["--stop", "8", "--limit", "7.5", "--trigger", "best-bid"],
        "STOP_LIMIT",
        DAY
        | {
            "stop_price": "8",
            "limit_price": "7.5",
            "trigger_price_type": "TRIGGER_PRICE_TYPE_BEST_BID",
        },
    ),
    "trailing stop": (["--trail", "0.5"], "TRAILING_STOP", DAY | {"trailing_offset": "0.5"}),
    "trailing stop that begins somewhere": (
        ["--trail", "0.5", "--stop", "8"],
        "TRAILING_STOP",
        DAY | {"trailing_offset": "0.5", "stop_price": "8"},
    ),
    "iceberg": (
        ["--limit", "9", "--display", "2"],
        "ICEBERG",
        DAY | {"limit_price": "9", "display_quantity": "2"},
    ),
    "peg": (
        ["--peg", "primary:-0.05", "--limit", "9"],
        "PEGGED",
        DAY
        | {"limit_price": "9", "peg": {"reference": "PEG_REFERENCE_PRIMARY", "offset": "-0.05"}},
    ),
    "market to limit": (["--market-to-limit"], "MARKET_TO_LIMIT", DAY),
    "at the open": (
        ["--tif", "at-open"],
        "MARKET",
        DAY | {"time_in_force": "TIME_IN_FORCE_AT_OPEN"},
    ),
    "until a time": (
        ["--limit", "9", "--expire", "2027-01-31T17:30"],
        "LIMIT",
        {
            "quantity": "10",
            "limit_price": "9",
            "time_in_force": "TIME_IN_FORCE_GTD",
            "expire_time": "2027-01-31T17:30:00Z",
        },
    ),
}


@pytest.mark.parametrize(("flags", "type_", "terms"), LINES.values(), ids=LINES.keys())
async def test_a_line_makes_an_order(trader, flags, type_, terms):
    await trader.done("order", "sell", "SAP.SIMA", "10", *flags, "--no-wait")
    request = trader.asked("Place")
    assert request["type"] == f"ORDER_TYPE_{type_}"
    assert request["terms"] == terms


@pytest.mark.parametrize("side", ["buy", "sell", "sell-short", "sell-short-exempt"])
async def test_a_side_is_named_and_exits_are_on_the_other_one(trader, side):
    await trader.done("order", side, "SAP.SIMA", "10", "--no-wait")
    name = f"SIDE_{side.upper().replace('-', '_')}"
    assert trader.asked("Place")["side"] == name
    words = ("order", side, "SAP.SIMA", "10", "--limit", "10", "--bracket", "12:8", "--no-wait")
    await trader.run(*words)
    exits = [one["side"] for one in trader.asked("PlaceBatch")["orders"][1:]]
    assert exits == ["SIDE_SELL" if side == "buy" else "SIDE_BUY"] * 2


MISTAKES = {
    "two types": (["--trail", "1", "--display", "2"], "cannot be combined"),
    "a stop and a peg": (["--stop", "1", "--peg", "market"], "cannot be combined"),
    "a peg to what is not": (["--peg", "last"], "primary"),
    "a time that is none": (["--expire", "soon"], "2027-01-31T17:30"),
    "exits that are none": (["--bracket", "12"], "PROFIT:LOSS"),
    "a quantity, and money": (["--cash", "1000"], "either QUANTITY or --cash"),
    "linked twice": (["--oco", "1", "--bracket", "2:1"], "not both"),
}


@pytest.mark.parametrize(("flags", "words"), MISTAKES.values(), ids=MISTAKES.keys())
async def test_what_cannot_be_meant_is_wrong_usage(trader, flags, words):
    code, _, errors = await trader.run("order", "sell", "SAP.SIMA", "10", *flags)
    assert code == 2
    assert words in errors
    assert "Place" not in trader.edge.requests


async def test_an_order_may_be_for_so_much_money(trader):
    await trader.done("order", "buy", "SAP.SIMA", "--cash", "1000", "--limit", "9", "--no-wait")
    terms = {"cash_quantity": "1000", "limit_price": "9", "time_in_force": "TIME_IN_FORCE_DAY"}
    assert trader.asked("Place")["terms"] == terms
    code, _, errors = await trader.run("order", "buy", "SAP.SIMA", "--no-wait")
    assert (code, "--cash" in errors) == (2, True)


def test_an_estimate_is_reported_as_one():
    order = Order(side="SIDE_BUY", type="ORDER_TYPE_MARKET", instrument_id="SAP.SIMA")
    order.currency = "EUR"
    order.terms.MergeFrom(
        OrderTerms(
            quantity="8",
            cash_quantity="1000",
            quantity_is_estimate=True,
            time_in_force="TIME_IN_FORCE_DAY",
        )
    )
    assert order_words(order) == "BUY for 1000 EUR (about 8) SAP.SIMA market DAY"
    order.terms.quantity_is_estimate = False
    assert order_words(order) == "BUY 8 SAP.SIMA market DAY"


async def test_a_held_order_waits_for_another_person(trader):
    async def held(_):
        await asyncio.Event().wait()
        yield

    trader.edge.watches = [held]
    out = await trader.done("order", "buy", "SAP.SIMA", "1", "--hold", "--no-wait")
    assert trader.edge.requests["Place"][0].hold_for_approval
    assert "HELD" in out
    assert "ordermesh approve" in out
    code, out, _ = await trader.run("approve", "ORDER-1", "--version", "1", "--json")
    assert json.loads(out)["progress"]["state"] == "ORDER_STATE_PENDING_NEW"
    assert trader.asked("Approve")["expected_version"] == "1"
    code, out, _ = await trader.run("decline", "ORDER-1", "--text", "too large")
    assert (code, trader.asked("Decline")["text"]) == (0, "too large")


async def test_a_held_or_waiting_order_is_not_followed_for_ever(trader):
    for number, state in enumerate(("HELD", "AWAITING_TRIGGER"), 1):

        async def story(_, number=number, state=state):
            event = {
                "account_id": "ACC-ALICE", "sequence": 9, "order_id": f"ORDER-{number}",
                "progress": {"state": f"ORDER_STATE_{state}"}, "accepted": {},
            }  # fmt: skip
            yield snapshot_of(8)
            yield oms.WatchResponse(items=[{"event": event}])
            await asyncio.Event().wait()

        trader.edge.watches = [story]
        code, _, _ = await trader.run("order", "sell", "SAP.SIMA", "1", "--stop", "5")
        assert code == 0


async def test_oco_is_two_orders_of_one_group_all_or_none(trader):
    out = await trader.done(
        "order", "sell", "SAP.SIMA", "10", "--limit", "12", "--oco", "8", "--no-wait", "--json"
    )
    batch = trader.edge.requests["PlaceBatch"][0]
    first, second = batch.orders
    assert batch.atomic
    assert (first.terms.limit_price, first.terms.stop_price) == ("12", "")
    assert (second.terms.limit_price, second.terms.stop_price) == ("", "8")
    assert first.side == second.side
    assert first.link.group_id == second.link.group_id != ""
    keys = {batch.idempotency_key, first.idempotency_key, second.idempotency_key}
    assert len(keys) == 3
    assert [json.loads(line)["order_id"] for line in out.splitlines()] == ["ORDER-1", "ORDER-2"]


async def test_a_bracket_has_exits_on_the_other_side_behind_its_entry(trader):
    await trader.done(
        "order", "buy", "SAP.SIMA", "10", "--limit", "10", "--bracket", "12:8", "--no-wait"
    )
    entry, profit, loss = trader.edge.requests["PlaceBatch"][0].orders
    assert not entry.link.parent_key
    assert {profit.link.parent_key, loss.link.parent_key} == {entry.idempotency_key}
    assert profit.side == loss.side != entry.side
    assert (profit.terms.limit_price, loss.terms.stop_price) == ("12", "8")


async def test_a_batch_tells_the_order_at_fault_not_those_left_out_for_it(trader):
    left_out = {"reason": "ERROR_REASON_OBJECT_STATE", "text": "another was refused"}
    at_fault = {
        "reason": "ERROR_REASON_PRICE_OFF_TICK", "text": "8.001 is off",
        "field": "terms.stop_price", "retry_class": "RETRY_CLASS_FIX_INPUT",
    }  # fmt: skip
    trader.edge.answers["PlaceBatch"] = {
        "results": [{"rejection": left_out}, {"rejection": at_fault}]
    }
    code, _, errors = await trader.run(
        "order", "sell", "SAP.SIMA", "10", "--limit", "12", "--oco", "8.001"
    )
    assert code == 3
    assert "PRICE_OFF_TICK" in errors
    assert "terms.stop_price" in errors


async def test_a_replace_changes_what_was_reported_and_keeps_the_rest(trader):
    await trader.run(
        "order", "sell", "SAP.SIMA", "10", "--stop", "8", "--limit", "7.5", "--no-wait"
    )

    async def replaced(_):
        event = {
            "account_id": "ACC-ALICE", "sequence": 9, "order_id": "ORDER-1",
            "progress": {"state": "ORDER_STATE_NEW"}, "replaced": {},
        }  # fmt: skip
        yield snapshot_of(8)
        yield oms.WatchResponse(items=[{"event": event}])
        await asyncio.Event().wait()

    trader.edge.watches = [replaced]
    await trader.done("replace", "ORDER-1", "--stop", "7.9")
    terms = trader.asked("Replace")["terms"]
    assert terms == DAY | {"stop_price": "7.9", "limit_price": "7.5"}


async def test_a_line_makes_a_twap_or_pov_order(trader):
    line = ["order", "buy", "NL0010273215", "1000", "--route", "twap", "--no-wait", "--json"]
    code, out, _ = await trader.run(*line, "--from", "10:00", "--to", "11:30", "--slice-max", "50")
    asked = trader.asked("Place")
    assert (code, asked["routing"]["strategy"]) == (0, "ROUTING_STRATEGY_TWAP"), out
    schedule = asked["routing"]["schedule"]
    assert schedule["start_time"].endswith("T10:00:00Z")
    assert schedule["end_time"].endswith("T11:30:00Z")
    assert (schedule["slice_quantity_max"], schedule.get("slice_s")) == ("50", None)
    line[line.index("twap")] = "pov"
    await trader.run(*line, "--to", "2h", "--every", "5m", "--rate", "12.5")
    schedule = trader.asked("Place")["routing"]["schedule"]
    assert (schedule["slice_s"], schedule["participation_bps"]) == (300, 1250)
    assert "start_time" not in schedule


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--route", "twap"], "need --to"),
        (["--route", "best", "--to", "2h"], "need --route twap or pov"),
        (["--to", "2h"], "need --route twap or pov"),
        (["--route", "twap", "--to", "soon"], "--to is 'soon'"),
        (["--route", "twap", "--to", "2h", "--every", "often"], "--every is 'often'"),
        (["--route", "pov", "--to", "2h", "--rate", "much"], "--rate is 'much'"),
        (["--route", "pov", "--to", "2h", "--rate", "1.234"], "at most 2 decimals"),
        (["--route", "pov", "--to", "2h"], "--route pov needs --rate: percent"),
        (["--route", "pov", "--to", "2h", "--rate", "60"], "--rate is '60'; it should be percent"),
        (["--route", "pov", "--to", "2h", "--rate", "0"], "0.01 to 50"),
        (["--route", "pov", "--to", "2h", "--rate", "-1"], "0.01 to 50"),
        (["--route", "twap", "--to", "2h", "--rate", "5"], "--rate is for --route pov"),
    ],
)
async def test_a_schedule_that_cannot_be_meant_is_wrong_usage(trader, flags, words):
    code, _, err = await trader.run("order", "buy", "NL0010273215", "1000", *flags)
    assert (code, words in err) == (2, True), err


async def test_a_pause_and_its_end(trader):
    await trader.done("order", "buy", "SAP.SIMA", "10", "--no-wait")
    code, out, _ = await trader.run("pause", "ORDER-1")
    assert (code, "SUSPENDED" in out, trader.asked("Pause")["order_id"]) == (0, True, "ORDER-1")
    code, out, _ = await trader.run("resume", "ORDER-1")
    assert (code, "NEW" in out, trader.asked("Resume")["order_id"]) == (0, True, "ORDER-1")


async def test_going_flat_tells_what_remains(trader):
    await trader.done("go-flat", "--instrument", "SAP.SIMA")
    assert trader.asked("GoFlat")["account_id"] == "ACC-ALICE"
    position = {
        "isin": "DE0007164600", "quantity_before": "7", "quantity_remaining": "7",
        "cause": "FLAT_CAUSE_VENUE_DOWN", "rejection": {"text": "SIMA is down"},
    }  # fmt: skip
    trader.edge.answers["GoFlat"] = {
        "positions": [position], "open_orders": [{"order_id": "ORDER-9"}],
    }  # fmt: skip
    code, out, _ = await trader.run("go-flat")
    assert code == 6
    for words in ("DE0007164600", "VENUE_DOWN", "SIMA is down", "ORDER-9", "not flat"):
        assert words in out


async def test_order_ids_are_whole_in_a_narrow_window(trader):
    trader.edge.orders["key"] = order = oms.PlaceResponse().order
    order.order_id, order.instrument_id = "01M88381SS1GSYF8Y9XA0797JN", "ASML.SIMA"
    order.terms.quantity, order.progress.state = "100", 3
    _, out, _ = await trader.run("orders", columns=80)
    assert order.order_id in out
    assert "PARTIALLY_FILLED" in out
