"""Cancels overtake; a new order that still waits when its cancel comes is withdrawn."""

import pytest

from conformance.scripted_venue import body
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from tests.support.gateway_bench import Bench, change, command
from tests.support.waiting import until

NEW, REPLACE, CANCEL = (
    link.VENUE_COMMAND_KIND_NEW,
    link.VENUE_COMMAND_KIND_REPLACE,
    link.VENUE_COMMAND_KIND_CANCEL,
)
SENT, NOT_SENT, WITHDRAWN = (
    link.COMMAND_OUTCOME_SENT,
    link.COMMAND_OUTCOME_NOT_SENT,
    link.COMMAND_OUTCOME_WITHDRAWN,
)
ORDERS = 60


@pytest.fixture
async def slow(bench: Bench) -> Bench:
    """A session of one message a second: what is queued stays queued."""
    bench.sessions = [bench.order_session(venue_messages_per_second=1)]
    await bench.up()
    return bench


def outcomes(receipts: list[link.CommandReceipt]) -> dict[str, int]:
    return {one.cl_ord_id: one.outcome for one in receipts}


async def test_a_cancel_is_the_next_message_whatever_is_queued(slow: Bench) -> None:
    resting = slow.oms.command(command(99))
    await slow.venue.received("D")
    for number in range(1, ORDERS + 1):
        slow.oms.command(command(number))
    slow.oms.command(change(98, REPLACE, 2))
    slow.oms.command(change(99, CANCEL, 2))
    assert (await slow.venue.received("F"))["41"] == resting.cl_ord_id
    # At most the one new order that left before the cancel came.
    assert len(slow.venue.of_type("D")) <= 2
    assert not slow.venue.of_type("G")
    await slow.venue.received("G")
    assert len(slow.venue.of_type("D")) <= 2


async def test_cancelling_all_sends_no_order_that_is_queued(slow: Bench) -> None:
    slow.oms.command(command(99))
    await slow.venue.received("D")
    queued = [slow.oms.command(command(number)) for number in range(1, ORDERS + 1)]
    for number in range(1, ORDERS + 1):
        slow.oms.command(change(number, CANCEL, 2))
    slow.oms.command(change(99, CANCEL, 2))
    await slow.oms.until_receipts(2 * ORDERS + 2)
    await slow.venue.received("F")
    told = outcomes(slow.oms.receipts)
    sent = {order["11"] for order in slow.venue.of_type("D")}
    for order in queued:
        assert (told[order.cl_ord_id] == SENT) is (order.cl_ord_id in sent)
        if order.cl_ord_id not in sent:
            assert told[order.cl_ord_id] == WITHDRAWN
            assert told[f"{order.order_id}-2"] == NOT_SENT
    # The resting one, and at most one that left while the cancels came.
    assert len(sent) <= 2
    assert [r.outbound_sequence for r in slow.oms.receipts] == list(range(1, 2 * ORDERS + 3))


async def test_a_withdrawal_is_reported_at_once_and_again_in_its_place(slow: Bench) -> None:
    slow.oms.command(command(99))
    await slow.venue.received("D")
    for number in (1, 2):
        slow.oms.command(command(number))
    withdrawn = slow.oms.command(command(3))
    slow.oms.command(change(3, CANCEL, 2))
    await until(lambda: withdrawn.cl_ord_id in outcomes(slow.oms.early), "an early receipt")
    # The order before it still waits.
    assert slow.oms.receipted < withdrawn.outbound_sequence
    assert outcomes(slow.oms.early)[withdrawn.cl_ord_id] == WITHDRAWN
    await slow.oms.until_receipts(5)
    assert outcomes(slow.oms.receipts)[withdrawn.cl_ord_id] == WITHDRAWN
    assert withdrawn.cl_ord_id not in {order["11"] for order in slow.venue.of_type("D")}


@pytest.mark.parametrize("died", [True, False])
async def test_a_withdrawn_order_is_not_sent_over_the_next_link(slow: Bench, died: bool) -> None:
    """Its receipt was early, so the OMS streams order and cancel again."""
    slow.oms.command(command(99))
    await slow.venue.received("D")
    slow.oms.command(command(1))
    slow.oms.command(command(2))
    withdrawn = slow.oms.command(command(3))
    slow.oms.keep_receipts = False
    slow.oms.command(change(3, CANCEL, 2))
    await until(lambda: withdrawn.cl_ord_id in outcomes(slow.oms.early), "an early receipt")
    if died:
        await slow.stop()
        slow.oms.keep_receipts = True
        await slow.up()
    else:
        slow.oms.keep_receipts = True
        slow.oms.cut()
    await slow.oms.until_receipts(5)
    assert outcomes(slow.oms.receipts)[withdrawn.cl_ord_id] == WITHDRAWN
    assert withdrawn.cl_ord_id not in {order["11"] for order in slow.venue.of_type("D")}


async def test_a_queued_replace_is_withdrawn_and_the_cancel_names_what_the_venue_knows(
    slow: Bench,
) -> None:
    resting = slow.oms.command(command(99))
    await slow.venue.received("D")
    replace = slow.oms.command(change(99, REPLACE, 2))
    cancel = change(99, CANCEL, 3)
    cancel.orig_cl_ord_id = replace.cl_ord_id
    cancel.orig_cl_ord_id_before = resting.cl_ord_id
    slow.oms.command(cancel)
    sent = await slow.venue.received("F")
    assert (sent["11"], sent["41"]) == (cancel.cl_ord_id, resting.cl_ord_id)
    await slow.oms.until_receipts(3)
    assert [r.outcome for r in slow.oms.receipts] == [SENT, NOT_SENT, SENT]
    assert not slow.venue.of_type("G")


async def test_a_kill_switch_ends_what_is_queued_although_cancels_wait_for_the_rate(
    slow: Bench,
) -> None:
    resting = [slow.oms.command(command(number)) for number in (97, 98)]
    for _ in resting:
        await slow.venue.received("D")
    held = [slow.oms.command(command(number)) for number in range(1, ORDERS + 1)]
    for number in (97, 98):
        slow.oms.command(change(number, CANCEL, 2))
    await slow.oms.until_confirmed(slow.oms.block(link.Block(switch_id="KS", text="killed")))
    switch = link.Block(switch_id="KS-1", text="killed")
    switch.scope.account_id = "ACC-ALICE"
    await slow.oms.until_confirmed(slow.oms.block(switch))
    await until(lambda: len(slow.oms.early) + len(slow.oms.receipts) >= ORDERS, "they have ended")
    ended = outcomes([*slow.oms.early, *slow.oms.receipts])
    sent = {order["11"] for order in slow.venue.of_type("D")}
    assert {o.cl_ord_id for o in held if o.cl_ord_id not in sent} <= {
        name for name, outcome in ended.items() if outcome == NOT_SENT
    }


async def test_an_oms_that_does_not_know_withdrawals_gets_none(bench: Bench) -> None:
    bench.oms.knows_withdrawn = False
    bench.sessions = [bench.order_session(venue_messages_per_second=2)]
    await bench.up()
    for number in (1, 2):
        bench.oms.command(command(number))
    bench.oms.command(change(2, CANCEL, 2))
    await bench.oms.until_receipts(3)
    assert [r.outcome for r in bench.oms.receipts] == [SENT] * 3
    bench.venue.send(body("8", t37="V", t11="A-1", t17="E1", t150="0", t39="0"))
