"""Kill switches at the gateway: what is queued and covered does not leave."""

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import kill_switch_pb2
from svc_gateway.service.sending import outbound
from tests.support.gateway_bench import Bench, change, command

NEW, REPLACE, CANCEL = (
    link.VENUE_COMMAND_KIND_NEW,
    link.VENUE_COMMAND_KIND_REPLACE,
    link.VENUE_COMMAND_KIND_CANCEL,
)
SENT, NOT_SENT = link.COMMAND_OUTCOME_SENT, link.COMMAND_OUTCOME_NOT_SENT


def block(drill: bool = False, **scope) -> link.Block:
    return link.Block(
        switch_id="KS-1",
        scope=kill_switch_pb2.KillScope(**scope),
        text="kill switch KS-1, engaged by rita: test",
        drill=drill,
    )


def origin(**changes) -> dict[str, str]:
    return {"firm_id": "DEMO", "placed_by": "alice"} | changes


async def test_new_orders_that_wait_are_held_back_and_the_receipt_names_the_switch(
    bench: Bench,
) -> None:
    # One message a second: all but the first wait.
    bench.sessions = [bench.order_session(venue_messages_per_second=1)]
    await bench.up()
    for number in range(1, 31):
        bench.oms.command(command(number, **origin()))
    await bench.venue.received("D")
    version = bench.oms.block(block(firm_id="DEMO"))
    await bench.oms.until_confirmed(version)
    await bench.oms.until_receipts(30)
    sent = [r.cl_ord_id for r in bench.oms.receipts if r.outcome == SENT]
    held = [r for r in bench.oms.receipts if r.outcome == NOT_SENT]
    assert len(sent) + len(held) == 30
    assert {r.text for r in held} == {"kill switch KS-1, engaged by rita: test"}
    assert [order["11"] for order in bench.venue.of_type("D")] == sent
    # The confirmation is a promise: no frame after it reports anything as sent.
    confirmed = next(n for n, f in enumerate(bench.oms.frames) if f.blocks_version == version)
    outcomes = [r.outcome for f in bench.oms.frames[confirmed + 1 :] for r in f.receipts]
    assert SENT not in outcomes


async def test_a_replace_is_held_back_while_cancels_and_other_scopes_leave(bench: Bench) -> None:
    await bench.up()
    version = bench.oms.block(block(account_id="ACC-ALICE"))
    await bench.oms.until_confirmed(version)
    bench.oms.command(change(1, REPLACE, 2))
    bench.oms.command(change(1, CANCEL, 3))
    bench.oms.command(command(2, account_id="ACC-BOB", **origin()))
    await bench.oms.until_receipts(3)
    assert [r.outcome for r in bench.oms.receipts] == [NOT_SENT, SENT, SENT]
    assert (await bench.venue.received("D"))["1"] == "ACC-BOB"
    assert not bench.venue.of_type("G")
    assert len(bench.venue.of_type("F")) == 1


async def test_the_cancel_of_an_order_that_never_left_does_not_leave_either(bench: Bench) -> None:
    await bench.up()
    await bench.oms.until_confirmed(bench.oms.block(block(venue_mic="TEST")))
    bench.oms.command(command(1, **origin()))
    # A cancel that arrives before withdraws the order instead.
    await bench.oms.until_receipts(1)
    bench.oms.command(change(1, CANCEL, 2))
    await bench.oms.until_receipts(2)
    assert [r.outcome for r in bench.oms.receipts] == [NOT_SENT, NOT_SENT]
    assert bench.oms.receipts[1].text == "the order itself was not sent"
    assert not bench.venue.of_type("F")


async def test_a_link_opens_with_the_blocks_before_any_command(bench: Bench) -> None:
    # A FIX store that is older than the command shows that it never left.
    await bench.up()
    await bench.stop()
    version = bench.oms.block(block(session_id="test-orders"))
    bench.oms.command(command(1, **origin()))
    await bench.up()
    await bench.oms.until_receipts(1)
    assert bench.oms.receipts[0].outcome == NOT_SENT
    # The same version is confirmed again over every link: each may have another gateway.
    bench.oms.confirmed.clear()
    bench.oms.cut()
    await bench.oms.until_confirmed(version)
    assert not bench.venue.of_type("D")


async def test_a_drill_is_confirmed_and_holds_back_nothing(bench: Bench) -> None:
    await bench.up()
    await bench.oms.until_confirmed(bench.oms.block(block(drill=True, firm_id="DEMO")))
    bench.oms.command(command(1, **origin()))
    await bench.venue.received("D")


async def test_a_released_switch_holds_back_nothing(bench: Bench) -> None:
    await bench.up()
    await bench.oms.until_confirmed(bench.oms.block(block(firm_id="DEMO")))
    bench.oms.command(command(1, **origin()))
    await bench.oms.until_receipts(1)
    await bench.oms.until_confirmed(bench.oms.block())
    second = bench.oms.command(command(2, **origin()))
    assert (await bench.venue.received("D"))["11"] == second.cl_ord_id


async def test_a_command_of_unknown_origin_counts_as_covered(bench: Bench) -> None:
    await bench.up()
    await bench.oms.until_confirmed(bench.oms.block(block(trader="mallory")))
    bench.oms.command(command(1, placed_by=""))
    bench.oms.command(command(2, **origin()))
    await bench.oms.until_receipts(2)
    assert [r.outcome for r in bench.oms.receipts] == [NOT_SENT, SENT]


async def test_new_orders_wait_while_the_oms_was_not_heard_of(bench: Bench, monkeypatch) -> None:
    """A process that stood still must not send what it has before it knows what was killed."""
    await bench.up()
    monkeypatch.setattr(outbound, "LINK_SILENCE_MAX_S", 0)
    bench.oms.command(command(1, CANCEL, orig_cl_ord_id=command(1).cl_ord_id))
    waiting = bench.oms.command(command(2, **origin()))
    await bench.venue.received("F")
    await bench.oms.until_receipts(1)
    assert not bench.venue.of_type("D")
    monkeypatch.setattr(outbound, "LINK_SILENCE_MAX_S", 60)
    assert (await bench.venue.received("D"))["11"] == waiting.cl_ord_id


async def test_an_old_heartbeat_is_no_word(bench: Bench, monkeypatch) -> None:
    await bench.up()
    monkeypatch.setattr(outbound, "LINK_SILENCE_MAX_S", 0)
    bench.oms.late_ns = 3600 * 10**9
    heard_ns = bench.gateway.sessions[0].outbound._heard_ns
    bench.oms.command(command(1, CANCEL, orig_cl_ord_id=command(1).cl_ord_id))
    await bench.oms.until_receipts(1)
    assert bench.gateway.sessions[0].outbound._heard_ns == heard_ns
