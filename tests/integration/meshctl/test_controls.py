"""Kill switches, limits, sessions and the audit log from the terminal."""

import json

import grpc
import pytest

from mesh.errors import refuse


def switch(state="ENGAGED", *, settled=True, **more):
    made = {
        "switch_id": "K1", "kind": "KILL_SWITCH_KIND_SWITCH", "scope": {"account_id": "ACC-ALICE"},
        "reason": "runaway", "state": f"KILL_SWITCH_STATE_{state}",
        "sessions": [
            {"session_id": "sima-orders", "standing": "KILL_SESSION_STANDING_NOT_CONFIRMED"}
        ],
        **more,
    }  # fmt: skip
    return made | ({"settled_at": {"seconds": 1}} if settled else {})


ENGAGE = ("kill", "engage", "--account", "ACC-ALICE", "--reason", "runaway")


async def test_a_kill_switch_is_engaged_and_its_report_read(trader):
    trader.edge.answers |= {
        "KillSwitchService/Engage": {"kill_switch": switch(settled=False)},
        "KillSwitchService/Get": [
            {"kill_switch": switch(settled=False)},
            {"kill_switch": switch(counts={"pulled": 3})},
        ],
    }
    out = await trader.done(*ENGAGE)
    request = trader.asked("KillSwitchService/Engage")
    assert request.pop("idempotency_key")
    assert request == {"scope": {"account_id": "ACC-ALICE"}, "reason": "runaway"}
    for words in ("K1", "account ACC-ALICE", "ENGAGED", "3 pulled"):
        assert out.count(words) == 1, "a report is printed once"


async def test_a_report_is_one_object_for_programs(trader):
    trader.edge.answers |= {
        "KillSwitchService/Engage": {"kill_switch": switch(settled=False)},
        "KillSwitchService/Get": {"kill_switch": switch(counts={"pulled": 3})},
    }
    for words in (("--json",), ("--json", "--wait", "0")):
        _, out, errors = await trader.run(*ENGAGE, *words)
        (line,) = out.splitlines()
        assert json.loads(line)["switch_id"] == "K1", errors


async def test_a_desk_is_firm_and_desk_everywhere_and_a_trader_a_user_name(trader):
    trader.edge.answers |= {
        "KillSwitchService/Engage": {
            "kill_switch": switch(scope={"firm_id": "DEMO", "desk_id": "CASH", "trader": "01JD"})
        },
        "KillSwitchService/Get": {"kill_switch": switch(scope={"firm_id": "DEMO"})},
    }
    scope = ("--desk", "DEMO/CASH", "--trader", "bob")
    await trader.done("kill", "engage", *scope, "--reason", "x", "--wait", "0")
    asked = trader.asked("KillSwitchService/Engage")["scope"]
    assert asked == {"desk_id": "DEMO/CASH", "trader": "bob"}
    limit = ("limits", "set", "max-order-quantity", "--reason", "x", "--quantity", "1")
    for words in (("kill", "engage", "--reason", "x"), ("mass-cancel", "--reason", "x"), limit):
        for desk in ("CASH", "DEMO/", "/CASH"):
            code, _, errors = await trader.run(*words, "--desk", desk)
            assert code == 2
            assert f"--desk is '{desk}'; it should be FIRM/DESK, as in DEMO/CASH" in errors


async def test_several_users_are_logged_in(trader):
    out = await trader.run("login", "rita", "--password-stdin", text="right\n")
    assert out[0] == 0, out
    assert (await trader.done("logged-in")).split() == ["alice", "*", "rita"]
    assert (await trader.done("token")).strip() == "access-2"
    assert (await trader.done("--as", "alice", "token")).strip() == "access-1"
    code, _, errors = await trader.run("--as", "ravi", "audit")
    assert code == 5
    assert "`ordermesh login ravi`; logged in here: alice, rita (`--as USER`)" in errors
    await trader.done("--as", "alice", "logout")
    assert (await trader.done("logged-in")).split() == ["*", "rita"]
    code, _, errors = await trader.run("--as", "rita", "login", "alice")
    assert (code, "--as is 'rita'" in errors) == (2, True)


async def test_the_report_is_waited_for_while_the_mesh_comes_back(trader):
    trader.edge.answers |= {
        "KillSwitchService/Engage": {"kill_switch": switch(settled=False)},
        "KillSwitchService/Get": {"kill_switch": switch(counts={"pulled": 3})},
    }
    trader.edge.faults["KillSwitchService/Get"] = [grpc.StatusCode.UNAVAILABLE] * 2
    out = await trader.done(*ENGAGE)
    assert "3 pulled" in out


async def test_what_could_not_be_pulled_is_named_and_is_not_success(trader):
    left = {
        "order_id": "ORDER-7", "outcome": "KILL_OUTCOME_CANNOT", "state": "ORDER_STATE_NEW",
        "rejection": {"text": "too late to cancel"},
    }  # fmt: skip
    trader.edge.answers |= {
        "KillSwitchService/MassCancel": {"kill_switch": switch("NOT_BLOCKING")},
        "KillSwitchService/Get": {
            "kill_switch": switch("NOT_BLOCKING", counts={"cannot": 1}),
            "orders": [left],
        },
    }
    code, out, _ = await trader.run("mass-cancel", "--venue", "SIMA", "--reason", "venue is ill")
    assert code == 6
    assert "ORDER-7" in out
    assert "too late to cancel" in out
    code, out, _ = await trader.run(
        "mass-cancel", "--venue", "SIMA", "--reason", "venue is ill", "--json"
    )
    assert code == 6
    assert json.loads(out.splitlines()[-1])["order_id"] == "ORDER-7"


async def test_a_session_that_has_not_confirmed_is_not_success(trader):
    trader.edge.answers |= {
        "KillSwitchService/Engage": {"kill_switch": switch("ENGAGING")},
        "KillSwitchService/Get": {"kill_switch": switch("ENGAGING")},
    }
    code, out, _ = await trader.run(*ENGAGE)
    assert code == 6
    assert "NOT_CONFIRMED" in out


async def test_a_switch_without_scope_is_wrong_usage(trader):
    code, _, on_stderr = await trader.run("kill", "engage", "--reason", "runaway")
    assert (code, "--account" in on_stderr) == (2, True)
    assert "KillSwitchService/Engage" not in trader.edge.requests


async def test_a_release_takes_two(trader):
    trader.edge.answers["KillSwitchService/ProposeRelease"] = {"kill_switch": switch()}
    code, out, _ = await trader.run("kill", "release", "K1", "--reason", "mended")
    assert (code, "ordermesh kill approve K1" in out) == (0, True)
    trader.edge.faults["KillSwitchService/ApproveRelease"] = [
        refuse("SECOND_PERSON_REQUIRED", "alice proposed it: another person must approve")
    ]
    code, _, on_stderr = await trader.run("kill", "approve", "K1")
    assert (code, "SECOND_PERSON_REQUIRED" in on_stderr) == (3, True)


async def test_switches_are_listed_and_shown(trader):
    trader.edge.answers |= {
        "KillSwitchService/List": {"kill_switches": [switch()]},
        "KillSwitchService/Get": {"kill_switch": switch(), "orders": [{"order_id": "ORDER-7"}]},
    }
    _, out, _ = await trader.run("kill", "list", "--in-force", "--json")
    assert json.loads(out)["switch_id"] == "K1"
    assert trader.asked("KillSwitchService/List")["in_force_only"]
    code, out, _ = await trader.run("kill", "show", "K1")
    assert (code, "ORDER-7" in out) == (0, True)


VALUE_LIMIT = {
    "limit_id": "L1", "version": 4, "kind": "LIMIT_KIND_MAX_ORDER_VALUE",
    "range": {"scope": "LIMIT_SCOPE_ACCOUNT", "scope_id": "ACC-ALICE"},
    "values": {"value": "50000"},
}  # fmt: skip


async def test_a_limit_is_set_over_its_newest_version(trader):
    trader.edge.answers |= {
        "LimitService/ListLimits": {"limits": [VALUE_LIMIT]},
        "LimitService/SetLimit": {"limit": VALUE_LIMIT | {"version": 5}},
    }
    code, out, on_stderr = await trader.run(
        "limits", "set", "max-order-value", "--account", "ACC-ALICE", "--value", "40000",
        "--until", "2027-01-31", "--reason", "quarter end",
    )  # fmt: skip
    assert code == 0, on_stderr
    request = trader.asked("LimitService/SetLimit")
    assert request.pop("idempotency_key")
    assert request == {
        "kind": "LIMIT_KIND_MAX_ORDER_VALUE",
        "range": {"scope": "LIMIT_SCOPE_ACCOUNT", "scope_id": "ACC-ALICE"},
        "values": {"value": "40000"},
        "valid_until": "2027-01-31T00:00:00Z",
        "reason": "quarter end",
        "expected_version": 4,
    }
    assert "version 5" in out


async def test_a_version_that_is_given_is_not_looked_up(trader):
    await trader.run(
        "limits", "set", "instrument-permission", "--firm", "DEMO", "--deny", "*.SIMB",
        "--deny", "SAP.SIMA", "--reason", "not ours", "--version", "2",
    )  # fmt: skip
    assert "LimitService/ListLimits" not in trader.edge.requests
    request = trader.asked("LimitService/SetLimit")
    assert request["expected_version"] == 2
    assert request["values"] == {
        "permission": "PERMISSION_MODE_DENY_LISTED",
        "instruments": ["*.SIMB", "SAP.SIMA"],
    }


async def test_a_limit_for_nobody_or_two_is_wrong_usage(trader):
    line = ("limits", "set", "volume", "--quantity", "1", "--reason", "why")
    assert (await trader.run(*line))[0] == 2
    assert (await trader.run(*line, "--firm", "DEMO", "--account", "ACC-ALICE"))[0] == 2


async def test_limits_history_usage_and_positions_are_read(trader):
    use = {"limit": VALUE_LIMIT, "subject": "EUR", "used": "900", "maximum": "1000", "unit": "EUR"}
    trader.edge.answers |= {
        "LimitService/ListLimits": {"limits": [VALUE_LIMIT]},
        "LimitService/ListLimitHistory": [{"versions": [VALUE_LIMIT]}, {}],
        "LimitService/GetUsage": {
            "account_id": "ACC-ALICE", "status": "ACCOUNT_STATUS_REDUCE_ONLY", "uses": [use],
            "stops": [{"strategy": "trader:alice", "instrument_id": "SAP.SIMA", "executions": 9}],
        },
        "LimitService/ListPositions": {"positions": [{"isin": "DE0007164600", "quantity": "-5"}]},
    }  # fmt: skip
    assert "value 50000" in (await trader.run("limits", "list"))[1]
    assert json.loads((await trader.run("limits", "history", "L1", "--json"))[1])["version"] == 4
    _, out, _ = await trader.run("limits", "usage")
    for words in ("REDUCE_ONLY", "900", "1000 EUR", "trader:alice"):
        assert words in out
    assert trader.asked("LimitService/GetUsage") == {"account_id": "ACC-ALICE"}
    assert "DE0007164600" in (await trader.run("positions"))[1]


async def test_an_ended_limit_names_the_version_it_ends(trader):
    trader.edge.answers["LimitService/ListLimitHistory"] = [{"versions": [VALUE_LIMIT]}, {}]
    await trader.done("limits", "end", "L1", "--reason", "over")
    assert trader.asked("LimitService/EndLimit")["expected_version"] == 4


CHANGE = {
    "change_id": "C1", "state": "PROPOSED_CHANGE_STATE_PROPOSED", "looser": "value becomes 90000",
    "proposed_by": "01R", "proposed_by_name": "rita",
    "set_limit": {
        "kind": "LIMIT_KIND_MAX_ORDER_VALUE", "range": VALUE_LIMIT["range"],
        "values": {"value": "90000"}, "reason": "a client asked",
    },
}  # fmt: skip


async def test_a_looser_limit_waits_for_another_person(trader):
    end = {"end_limit": {"limit_id": "L1", "reason": "over"}}
    status = {"target_id": "ACC-ALICE", "status": "ACCOUNT_STATUS_ACTIVE", "reason": "calm"}
    others = {name: CHANGE[name] for name in CHANGE if name != "set_limit"}
    trader.edge.answers |= {
        "LimitService/SetLimit": {"proposed": CHANGE},
        "LimitService/ListLimitHistory": [{"versions": [VALUE_LIMIT]}, {}],
        "LimitService/EndLimit": {"proposed": others | end},
        "LimitService/SetTradingStatus": {"proposed": others | {"set_trading_status": status}},
        "LimitService/RejectOverride": {
            "proposed": others | {"reject_override": {"override_id": "O1", "reason": "over"}}
        },
        "LimitService/ListProposedChanges": {"changes": [CHANGE]},
        "LimitService/ConfirmChange": {
            "change": CHANGE | {"state": "PROPOSED_CHANGE_STATE_CONFIRMED"}
        },
    }
    for line in (
        ("set", "max-order-value", "--account", "ACC-ALICE", "--value", "90000", "--version", "4"),
        ("end", "L1"),
        ("status", "account", "ACC-ALICE", "--set", "active"),
        ("override", "reject", "O1"),
    ):
        code, out, on_stderr = await trader.run("limits", *line, "--reason", "a client asked")
        assert code == 0, on_stderr
        assert "limits changes confirm C1" in out
        assert "value becomes 90000" in out
    _, out, _ = await trader.run("limits", "changes", "list", "--waiting")
    assert all(word in out for word in ("C1", "rita", "PROPOSED"))
    asked = trader.asked("LimitService/ListProposedChanges")
    assert asked["state"] == "PROPOSED_CHANGE_STATE_PROPOSED"
    code, out, _ = await trader.run("limits", "changes", "confirm", "C1", "--reason", "seen")
    assert (code, "CONFIRMED" in out, "another person" in out) == (0, True, False)
    assert trader.asked("LimitService/ConfirmChange")["change_id"] == "C1"
    await trader.done("limits", "changes", "reject", "C1", "--reason", "no")


async def test_an_override_is_proposed_for_a_while(trader):
    override = {"override_id": "O1", "state": "OVERRIDE_STATE_PROPOSED", "account_id": "ACC-ALICE"}
    trader.edge.answers["LimitService/ProposeOverride"] = {"override": override}
    code, out, on_stderr = await trader.run(
        "limits", "override", "propose", "L1", "--account", "ACC-ALICE", "--until", "2h",
        "--value", "90000", "--reason", "client asked",
    )  # fmt: skip
    assert code == 0, on_stderr
    assert "override approve O1" in out
    assert trader.asked("LimitService/ProposeOverride")["values"] == {"value": "90000"}
    for line in (("approve", "O1"), ("reject", "O1", "--reason", "no")):
        await trader.done("limits", "override", *line)


async def test_trading_status_is_set_with_a_reason(trader):
    line = ("limits", "status", "account", "ACC-ALICE", "--set", "reduce-only")
    assert (await trader.run(*line))[0] == 2
    await trader.done(*line, "--reason", "margin call")
    request = trader.asked("LimitService/SetTradingStatus")
    assert request["status"] == "ACCOUNT_STATUS_REDUCE_ONLY"
    assert request["target"] == "TRADING_STATUS_TARGET_ACCOUNT"
    await trader.done("limits", "status")


ACTION = {
    "action_id": "A1", "session_id": "sima-orders", "state": "SESSION_ACTION_STATE_PROPOSED",
    "kind": "SESSION_ACTION_KIND_SEQUENCES", "next_target_msg_seq_num": 7,
}  # fmt: skip


async def test_sequence_numbers_take_two_persons(trader):
    trader.edge.answers |= {
        "SessionService/ProposeSequenceChange": {"action": ACTION},
        "SessionService/ApproveSequenceChange": {
            "action": ACTION | {"state": "SESSION_ACTION_STATE_APPROVED"}
        },
    }
    reason = ("--reason", "agreed with the venue")
    assert (await trader.run("sessions", "reset", "sima-orders", *reason))[0] == 2
    out = await trader.done("sessions", "reset", "sima-orders", "--next-in", "7", *reason)
    assert "sessions approve A1" in out
    code, out, _ = await trader.run("sessions", "approve", "A1")
    assert (code, "APPROVED" in out) == (0, True)


@pytest.mark.parametrize(
    ("command", "rpc"),
    [("disconnect", "Disconnect"), ("connect", "Connect"), ("hand-over", "HandOver")],
)
async def test_an_operator_moves_a_session(trader, command, rpc):
    line = ("sessions", command, "sima-orders", "--reason", "venue asked for it")
    await trader.done(*line)
    assert trader.asked(f"SessionService/{rpc}")["session_id"] == "sima-orders"


async def test_sessions_are_listed_with_their_owner_and_alarm(trader):
    session = {
        "session_id": "sima-orders", "state": "FIX_SESSION_STATE_UP", "owner_instance": "gw-1",
        "standby_instances": ["gw-2"], "clock_skew": {"alarm": True}, "kept_out": True,
        "numbers": {"next_sender_msg_seq_num": 12, "next_target_msg_seq_num": 34},
    }  # fmt: skip
    trader.edge.answers |= {
        "SessionService/List": {"sessions": [session]},
        "SessionService/Get": {"session": session, "actions": [ACTION]},
    }
    _, out, _ = await trader.run("sessions", "list")
    for words in ("sima-orders", "UP", "gw-1", "gw-2", "12", "34", "CLOCK SKEW", "kept out"):
        assert words in out
    _, out, _ = await trader.run("sessions", "show", "sima-orders")
    assert "A1" in out


async def test_the_audit_log_is_read_over_its_pages(trader):
    entry = {"entry_id": "E1", "actor": "alice", "text": "off the tick", "count": 1,
             "reason": "ERROR_REASON_PRICE_OFF_TICK"}  # fmt: skip
    trader.edge.answers["AuditService/List"] = [
        {"entries": [entry], "next_page_token": "more"},
        {"entries": [entry | {"entry_id": "E0"}]},
    ]
    out = await trader.done(
        "audit", "--reason", "price-off-tick", "--kind", "refusal", "--since", "2h", "--json"
    )
    assert [json.loads(line)["entry_id"] for line in out.splitlines()] == ["E1", "E0"]
    first, second = trader.edge.requests["AuditService/List"]
    assert (first.page_token, second.page_token) == ("", "more")
    assert trader.asked("AuditService/List")["reasons"] == ["ERROR_REASON_PRICE_OFF_TICK"]
    assert (await trader.run("audit", "--reason", "no-such"))[0] == 2


@pytest.mark.parametrize(
    ("logins", "asked"),
    [
        (["01A", "", "01A"], "01A"),  # a failed login of a name has no user
        ([], "alice"),  # an id, or one of our own processes
        (["01A", "01B"], None),
    ],
)
async def test_the_audit_log_of_a_user_is_found_by_the_name(trader, logins, asked):
    trader.edge.answers |= {
        "IdentityAuditService/List": {"entries": [{"user_id": one} for one in logins]},
        "AuditService/List": {},
    }
    code, _, errors = await trader.run("audit", "--actor", "alice")
    assert trader.asked("IdentityAuditService/List")["username"] == "alice"
    if asked is None:
        assert (code, "give one of the users 01A, 01B" in errors) == (2, True), errors
    else:
        assert (code, trader.asked("AuditService/List")["actor"]) == (0, asked), errors


async def test_whoever_acted_is_reported_by_name_beside_the_id(trader):
    by = {"engaged_by": "01E", "engaged_by_name": "rita"}
    released = {"released_by": "01R", "released_by_name": "ravi"}
    override = {"override_id": "O1", "proposed_by": "01P", "proposed_by_name": "pia",
                "decided_by": "01D"}  # fmt: skip
    set_by = {"set_by": "01S", "set_by_name": "sue"}
    trader.edge.answers |= {
        "KillSwitchService/List": {"kill_switches": [switch(**by)]},
        "KillSwitchService/Get": {"kill_switch": switch("RELEASED", **by, **released)},
        "LimitService/ListLimitHistory": [{"versions": [VALUE_LIMIT | set_by]}, {}],
        "LimitService/ListOverrides": {"overrides": [override]},
        "LimitService/ListTradingStatus": {"records": [{"target_id": "DEMO", **set_by}]},
        "SessionService/ListActions": {
            "actions": [ACTION | {"requested_by": "01Q", "requested_by_name": "quinn"}]
        },
        "AuditService/List": {"entries": [{"actor": "01A", "actor_name": "alice", "count": 1}]},
    }
    for line, on_stderr in (
        (("kill", "list"), "rita (01E)"),
        (("kill", "show", "K1"), "released by ravi (01R)"),
        (("limits", "history", "L1"), "sue (01S)"),
        (("limits", "override", "list"), "pia (01P)"),
        (("limits", "override", "list"), "01D"),
        (("limits", "status"), "sue (01S)"),
        (("sessions", "actions"), "quinn (01Q)"),
        (("audit",), "alice (01A)"),
    ):
        code, out, errors = await trader.run(*line)
        assert code == 0, errors
        # Narrow columns break the words over lines.
        assert on_stderr in out or all(word in out for word in on_stderr.split()), (line, out)


@pytest.mark.parametrize(("orders", "warned"), [(0, True), (3, False)])
async def test_an_algorithm_nothing_open_carries_is_pointed_at(trader, orders, warned):
    found = switch(scope={"algorithm_id": "momentun-7"}, listed=True, counts={"orders": orders})
    trader.edge.answers |= {
        "KillSwitchService/Engage": {"kill_switch": found},
        "KillSwitchService/Get": {"kill_switch": found},
    }
    line = ("kill", "engage", "--algorithm", "momentun-7", "--reason", "runaway", "--wait", "0")
    code, _, on_stderr = await trader.run(*line)
    assert code == 0, on_stderr
    assert ("no open order has algorithm momentun-7" in on_stderr) is warned
