"""`ordermesh show`, `logins`, and what `limits list` says beside the limits."""

import json

ORDER = {
    "order_id": "ORDER-7", "account_id": "ACC-ALICE", "instrument_id": "ASML.SIMA",
    "side": "SIDE_BUY", "type": "ORDER_TYPE_LIMIT",
    "terms": {"quantity": "100", "limit_price": "650", "time_in_force": "TIME_IN_FORCE_DAY"},
    "progress": {"state": "ORDER_STATE_CANCELED", "cum_quantity": "0", "leaves_quantity": "0"},
}  # fmt: skip
LIMIT = {
    "limit_id": "L1", "version": 2, "kind": "LIMIT_KIND_MAX_ORDER_QUANTITY", "reason": "RTS 6",
    "set_by": "01R", "set_by_name": "rita", "values": {"quantity": "500"},
    "range": {"scope": "LIMIT_SCOPE_ACCOUNT", "scope_id": "ACC-ALICE"},
}  # fmt: skip
WIDE = LIMIT | {
    "limit_id": "L2", "values": {"quantity": "400"},
    "range": {"scope": "LIMIT_SCOPE_FIRM", "scope_id": "DEMO"},
}  # fmt: skip
OVERRIDE = {
    "override_id": "V1", "limit_id": "L1", "account_id": "ACC-ALICE",
    "values": {"quantity": "700"}, "decided_by": "01V", "decided_by_name": "ravi",
}  # fmt: skip
STATUS = {
    "target": "TRADING_STATUS_TARGET_INSTRUMENT", "target_id": "ASML.SIMA", "set_by_name": "rita",
    "set_by": "01R", "status": "ACCOUNT_STATUS_HALTED", "reason": "news",
}  # fmt: skip
SWITCH = {"switch_id": "K1", "engaged_by": "01R", "engaged_by_name": "rita", "reason": "runaway"}
REPLACED = {
    "limit": WIDE, "replaced_by": [{"limit_id": "L1", "range": LIMIT["range"], "wholly": True}]
}  # fmt: skip
STEPS = [
    {
        "at": {"seconds": 1}, "actor": "01A", "actor_name": "alice",
        "entry": {
            "command": "OrderService/Replace", "reason": "ERROR_REASON_PRICE_OFF_TICK",
            "text": "650.01 is off the tick", "request": '{"order_id":"ORDER-7"}',
        },
    },
    {
        "at": {"seconds": 2}, "actor": "01R", "actor_name": "rita",
        "kill_switch": "kill switch K1 (account ACC-ALICE), engaged by rita: runaway",
        "event": {"cancel_requested": {"cl_ord_id": "ORDER-7-2"}, "progress": ORDER["progress"]},
        "fix": {"outbound": True, "msg_type": "F", "text": "35=F|11=ORDER-7-2"},
    },
    {"at": {"seconds": 3}, "actor": "session:sima", "parked": {"msg_type": "8", "why": "no tag"}},
    {"at": {"seconds": 4}, "actor": "01R", "statement": {"statement_id": "S1", "text": "ended"}},
]  # fmt: skip


async def test_the_whole_way_of_an_order(trader):
    controls = {
        "at": {"seconds": 1}, "checked": "accepted", "replaced": [REPLACED],
        "limits": [
            {"limit": LIMIT, "override": OVERRIDE}, {"limit": WIDE | {"limit_id": "default"}},
        ],
        "statuses": [STATUS], "kill_switches": [SWITCH],
    }  # fmt: skip
    trader.edge.answers["OrderService/ShowOrder"] = {
        "order": ORDER, "steps": STEPS, "events_left_out": 3,
        "controls": [controls, {"at": {"seconds": 2}, "checked": "asked"}],
    }  # fmt: skip
    out = " ".join((await trader.done("show", "ORDER-7", "--at", "10:32")).split())
    request = trader.asked("OrderService/ShowOrder")
    assert request["id"] == "ORDER-7"
    assert "T10:32:00Z" in request["at"]
    for words in (
        "ORDER-7 BUY 100 ASML.SIMA 650 DAY", "CANCELED", "3 earlier events are not shown",
        "alice (01A) OrderService/Replace refused, PRICE_OFF_TICK: 650.01 is off the tick",
        'request {"order_id":"ORDER-7"}', "rita (01R) cancel requested",
        "by kill switch K1 (account ACC-ALICE)", "sent 35=F|11=ORDER-7-2",
        "MsgType(35) 8 parked: no tag", "statement S1: ended",
        "(accepted)", "L1 version 2, by rita (01R): RTS 6", "of the settings",
        "override V1:", "by ravi (01V)", "replaced by L1",
        "instrument ASML.SIMA HALTED", "kill switch K1 engaged", "(asked)",
        "nothing but the venue's own limits",
    ):  # fmt: skip
        assert words in out, words
    (line,) = (await trader.done("show", "ORDER-7", "--json")).splitlines()
    assert json.loads(line)["steps"][1]["actor_name"] == "rita"


async def test_limits_with_what_was_in_force_beside_them(trader):
    partly = {
        "limit": LIMIT, "replaced_by": [{"limit_id": "L3", "range": LIMIT["range"]}]
    }  # fmt: skip
    trader.edge.answers["LimitService/ListLimits"] = {
        "limits": [LIMIT, WIDE], "replaced": [REPLACED, partly], "overrides": [OVERRIDE],
        "statuses": [STATUS], "kill_switches": [SWITCH],
    }  # fmt: skip
    out = " ".join((await trader.done("limits", "list", "--at", "2h")).split())
    for words in (
        "counts for no order of the account: replaced by L1", "replaced in part by L3",
        "override V1 of limit L1 for ACC-ALICE", "approved by ravi (01V)",
        "instrument ASML.SIMA HALTED", "kill switch K1 engaged",
    ):  # fmt: skip
        assert words in out, words
    lines = [
        json.loads(one) for one in (await trader.done("limits", "list", "--json")).splitlines()
    ]
    assert [next(iter(one)) for one in lines[2:]] == [
        "replaced", "replaced", "overrides", "statuses", "kill_switches",
    ]  # fmt: skip


async def test_logins_and_failures_over_pages(trader):
    entry = {
        "entry_id": "E2", "act": "IDENTITY_ACT_LOGIN_FAILED", "username": "alice", "count": 3,
        "address": "192.0.2.7", "detail": "wrong password",
    }  # fmt: skip
    added = entry | {
        "entry_id": "E1", "act": "IDENTITY_ACT_USER_ADDED", "actor": "admin:olga", "count": 1
    }  # fmt: skip
    trader.edge.answers["IdentityAuditService/List"] = [
        {"entries": [entry, entry]}, {"entries": [added]}
    ]  # fmt: skip
    out = await trader.done("logins", "--most", "2", "--act", "login-failed", "--since", "2h")
    assert "wrong password (3 times)" in " ".join(out.split())
    request = trader.asked("IdentityAuditService/List")
    assert request["acts"] == ["IDENTITY_ACT_LOGIN_FAILED"]
    assert (await trader.run("logins", "--act", "no-such"))[0] == 2
