"""Parked messages and statements from the terminal."""

ITEM = {
    "parked_id": 7, "session_id": "sima-orders", "msg_type": "8", "msg_seq_num": 12,
    "why": "LastQty(32) 'ten'", "order_id": "ORDER-1", "account_id": "ACC-ALICE",
    "state": "PARKED_STATE_OPEN",
}  # fmt: skip
ORDER = {"order_id": "ORDER-1", "progress": {"state": "ORDER_STATE_FILLED"}}
STATEMENT = {
    "statement_id": "S1", "order_id": "ORDER-1", "value": "65000", "currency": "EUR",
    "stated_by": "01JD", "stated_by_name": "rita", "text": "the venue has it FILLED",
    "reason": "ticket 7", "state": "STATEMENT_STATE_PROPOSED",
}  # fmt: skip
WHY = ("--reason", "seen on the screen")


async def test_parked_messages_are_listed_and_shown(trader):
    trader.edge.answers |= {
        "ParkedService/List": {"items": [ITEM]},
        "ParkedService/Get": {
            "item": ITEM, "fix_text": "8=FIX.4.4|35=8|", "as_received": True,
        },
    }  # fmt: skip
    out = await trader.done("parked", "list", "--order", "ORDER-1")
    assert trader.asked("ParkedService/List") == {"order_id": "ORDER-1", "page_size": 50}
    for words in ("7", "sima-orders", "ORDER-1", "OPEN", "LastQty(32) 'ten'"):
        assert words in out
    out = await trader.done("parked", "show", "7")
    for words in ("8=FIX.4.4|35=8|", "as received", "the gateway could not read it", "ACC-ALICE"):
        assert words in out


async def test_a_message_is_applied_or_discarded_with_a_reason(trader):
    trader.edge.answers |= {
        "ParkedService/Apply": {"item": ITEM, "order": ORDER},
        "ParkedService/Discard": {"item": ITEM | {"state": "PARKED_STATE_DISCARDED"}},
    }
    assert "FILLED" in await trader.done("parked", "apply", "7", "--order", "ORDER-1", *WHY)
    assert trader.asked("ParkedService/Apply") == {
        "parked_id": "7", "order_id": "ORDER-1", "reason": "seen on the screen",
    }  # fmt: skip
    assert "DISCARDED" in await trader.done("parked", "discard", "7", *WHY)
    assert (await trader.run("parked", "discard", "7"))[0] == 2


async def test_what_a_message_means_is_stated_for_its_order(trader):
    trader.edge.answers["ParkedService/Get"] = {"item": ITEM}
    words = ("parked", "state", "7", "filled", "--execution", "E:1:60:650", *WHY)
    assert "FILLED" in await trader.done(*words)
    (request,) = trader.edge.requests["Resolve"]
    assert (request.order_id, request.parked_id) == ("ORDER-1", 7)
    assert [one.exec_id for one in request.executions] == ["E:1"]
    trader.edge.answers["ParkedService/Get"] = {"item": ITEM | {"order_id": ""}}
    code, _, on_stderr = await trader.run(*words)
    assert (code, "give --order" in on_stderr) == (2, True)


async def test_a_statement_of_a_high_value_is_confirmed_by_another_person(trader):
    trader.edge.answers |= {
        "Resolve": {"order": ORDER, "statement": STATEMENT},
        "ListStatements": {"statements": [STATEMENT]},
        "ConfirmStatement": {"order": ORDER},
        "DeclineStatement": {"statement": STATEMENT | {"state": "STATEMENT_STATE_DECLINED"}},
    }
    out = await trader.done("resolve", "ORDER-1", "filled", *WHY)
    assert "another person: `ordermesh parked confirm S1`" in out
    out = await trader.done("parked", "statements")
    for words in ("S1", "65000 EUR", "rita (01JD)", "ticket 7", "PROPOSED"):
        assert words in out
    assert "FILLED" in await trader.done("parked", "confirm", "S1")
    assert "DECLINED" in await trader.done("parked", "decline", "S1", *WHY)
