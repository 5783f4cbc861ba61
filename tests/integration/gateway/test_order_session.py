import asyncio
import time

import pytest

from conformance.scripted_venue import (
    SOH,
    Fields,
    accepted,
    body,
    canceled,
    filled,
    order_status,
    report,
    unknown_order,
)
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.service.sending import receipts
from tests.support.gateway_bench import Bench, change, command
from tests.support.waiting import until


async def test_an_order_goes_out_and_its_reports_come_back(bench: Bench) -> None:
    bench.venue.on("D", lambda o: [accepted(o), filled(o, "F1", "100.00", "650.500")])
    await bench.up()
    sent = bench.oms.command(command(1))
    order = await bench.venue.received("D")
    assert order["11"] == sent.cl_ord_id
    assert (order["55"], order["54"], order["38"], order["40"], order["44"], order["59"]) == (
        "ASML", "1", "100", "2", "650.5", "0",
    )  # fmt: skip
    await bench.oms.until_reports(2)
    first, second = bench.oms.reports()
    assert (first.exec_type, first.ord_status, first.cl_ord_id) == ("0", "0", sent.cl_ord_id)
    assert (second.exec_id, second.last_quantity, second.last_price) == ("F1", "100", "650.5")
    await bench.oms.until_receipts(1)
    receipt = bench.oms.receipts[0]
    assert receipt.outcome == link.COMMAND_OUTCOME_SENT
    assert receipt.msg_seq_num == int(order["34"])


async def test_replace_cancel_and_status_request_have_their_fields(bench: Bench) -> None:
    await bench.up()
    number = command(1)
    bench.oms.command(change(1, link.VENUE_COMMAND_KIND_REPLACE, 2, venue_order_id="V-7"))
    replace = await bench.venue.received("G")
    bench.oms.command(change(1, link.VENUE_COMMAND_KIND_CANCEL, 3, venue_order_id="V-7"))
    bench.oms.command(change(1, link.VENUE_COMMAND_KIND_STATUS, 4))
    assert (replace["11"], replace["41"], replace["37"], replace["44"]) == (
        f"{number.order_id}-2", number.cl_ord_id, "V-7", "650.5",
    )  # fmt: skip
    cancel = await bench.venue.received("F")
    assert (cancel["11"], cancel["41"], cancel["38"]) == (
        f"{number.order_id}-3", number.cl_ord_id, "100",
    )  # fmt: skip
    status = await bench.venue.received("H")
    assert (status["11"], status["790"]) == (number.cl_ord_id, number.cl_ord_id)


async def test_after_a_crash_the_venue_resends_exactly_what_the_oms_has_not_applied(
    bench: Bench,
) -> None:
    bench.venue.on("D", lambda o: [accepted(o)])
    await bench.up()
    order = bench.oms.command(command(1))
    request = await bench.venue.received("D")
    await bench.oms.until_reports(1)
    # These reach the gateway, but the OMS makes none of them durable.
    bench.oms.acknowledge = False
    for number in range(1, 4):
        bench.venue.send(report(request, f"F{number}", "F", "1", t32="10", t31="650"))
    await until(
        lambda: sum(len(f.messages) for f in bench.oms.frames) >= 4, "the gateway has all reports"
    )
    await bench.stop()
    bench.oms.acknowledge = True
    await bench.start()
    await bench.oms.until_reports(4)
    assert [r.exec_id for r in bench.oms.reports()[1:]] == ["F1", "F2", "F3"]
    assert [m.poss_dup for m in bench.oms.messages] == [False, True, True, True]
    assert bench.oms.reports()[0].cl_ord_id == order.cl_ord_id
    assert len(bench.venue.of_type("D")) == 1


async def test_a_short_break_of_the_link_loses_nothing_and_leaves_the_session_on(
    bench: Bench,
) -> None:
    bench.venue.on("D", lambda o: [accepted(o)])
    await bench.up()
    bench.oms.command(command(1))
    request = await bench.venue.received("D")
    await bench.oms.until_reports(1)
    logons = bench.venue.logon_count
    bench.oms.refuse = True
    bench.oms.cut()
    bench.venue.send(report(request, "F1", "F", "1", t32="10", t31="650"))
    await asyncio.sleep(0)
    bench.oms.refuse = False
    await bench.oms.until_reports(2)
    assert bench.venue.logon_count == logons
    assert not bench.oms.messages[-1].poss_dup


async def sent_without_receipt(bench: Bench) -> Fields:
    """Send an order whose receipt the OMS does not keep."""
    bench.oms.keep_receipts = False
    bench.oms.command(command(1))
    order = await bench.venue.received("D")
    await until(lambda: any(f.receipts for f in bench.oms.frames), "the receipt was given")
    return order


async def test_a_command_whose_receipt_was_lost_is_not_sent_again(bench: Bench) -> None:
    await bench.up()
    await sent_without_receipt(bench)
    bench.oms.keep_receipts = True
    bench.oms.cut()
    await bench.oms.until_receipts(1)
    assert bench.oms.receipts[0].outcome == link.COMMAND_OUTCOME_SENT
    bench.oms.command(command(2))
    await bench.venue.received("D")
    assert len(bench.venue.of_type("D")) == 2


async def test_after_a_crash_a_sent_command_without_receipt_is_asked_about(bench: Bench) -> None:
    bench.venue.on("H", lambda h: [order_status(h)])
    await bench.up()
    order = await sent_without_receipt(bench)
    await bench.stop()
    bench.oms.keep_receipts = True
    never_left = bench.oms.command(command(2))
    await bench.start()
    question = await bench.venue.received("H")
    assert question["11"] == order["11"]
    second = await bench.venue.received("D")
    assert second["11"] != order["11"]
    await bench.oms.until_receipts(2)
    assert [r.outcome for r in bench.oms.receipts] == [
        link.COMMAND_OUTCOME_IN_DOUBT, link.COMMAND_OUTCOME_SENT,
    ]  # fmt: skip
    assert second["11"] == never_left.cl_ord_id
    await bench.oms.until_reports(1)
    assert bench.oms.reports()[0].exec_type == "I"


async def test_an_order_the_venue_asks_for_again_is_gap_filled_and_asked_about(
    bench: Bench,
) -> None:
    bench.venue.on("H", lambda h: [unknown_order(h)])
    await bench.up()
    bench.oms.command(command(1))
    order = await bench.venue.received("D")
    await bench.oms.until_receipts(1)
    # As if the order had been lost on the wire: the venue expects its number at the next logon.
    bench.venue.crash()
    bench.venue.expect_from_client(int(order["34"]))
    bench.venue.start()
    question = await bench.venue.received("H")
    assert question["11"] == order["11"]
    await bench.oms.until_reports(1)
    answer = bench.oms.reports()[0]
    assert (answer.exec_type, answer.ord_status, answer.ord_rej_reason) == ("I", "8", 5)
    assert answer.cl_ord_id == answer.status_request_id == order["11"]
    assert len(bench.venue.of_type("D")) == 1


async def test_a_question_the_venue_asks_for_again_is_asked_again(bench: Bench) -> None:
    await bench.up()
    bench.oms.command(command(1, link.VENUE_COMMAND_KIND_STATUS))
    first = await bench.venue.received("H")
    # As if the question had been lost on the wire.
    bench.venue.crash()
    bench.venue.expect_from_client(int(first["34"]))
    bench.venue.on("H", lambda h: [order_status(h)])
    bench.venue.start()
    again = await bench.venue.received("H")
    assert again["11"] == first["11"]
    assert int(again["34"]) > int(first["34"])
    await bench.oms.until_reports(1)


async def test_old_orders_are_not_sent_and_old_cancels_are(bench: Bench) -> None:
    bench.sessions = [bench.order_session(command_age_max_s=1)]
    await bench.up()
    stale = command(1)
    stale.committed_at.FromNanoseconds(time.time_ns() - 5_000_000_000)
    bench.oms.command(stale)
    cancel = change(2, link.VENUE_COMMAND_KIND_CANCEL, 2)
    cancel.committed_at.FromNanoseconds(time.time_ns() - 5_000_000_000)
    bench.oms.command(cancel)
    await bench.venue.received("F")
    await bench.oms.until_receipts(2)
    assert [r.outcome for r in bench.oms.receipts] == [
        link.COMMAND_OUTCOME_NOT_SENT, link.COMMAND_OUTCOME_SENT,
    ]  # fmt: skip
    assert "command_age_max_s" in bench.oms.receipts[0].text
    assert bench.venue.of_type("D") == []


async def test_nothing_is_sent_before_a_sign_of_life_is_answered(bench: Bench) -> None:
    bench.oms.send_lease_ms, bench.oms.answer_beats = 1750, False
    await bench.up()
    bench.oms.command(command(1))
    bench.oms.command(change(2, link.VENUE_COMMAND_KIND_CANCEL, 1))
    beats = len(bench.oms.beats)
    await until(lambda: len(bench.oms.beats) >= beats + 3, "signs of life without an answer")
    assert bench.venue.of_type("D") == []
    assert bench.venue.of_type("F") == []
    bench.oms.answer_beats = True
    # The cancel is of another order: it overtakes.
    await bench.venue.received("F")
    await bench.venue.received("D")
    assert len(bench.venue.of_type("D")) == 1


async def test_commands_wait_while_the_venue_is_down_and_its_state_is_reported(
    bench: Bench,
) -> None:
    await bench.up()
    bench.cable.cut()
    await until(lambda: bench.oms.state == link.SESSION_STATE_DOWN, "the session is reported down")
    bench.oms.command(command(1))
    await until(lambda: bench.gateway.sessions[0].outbound.queued == 1, "the command waits")
    bench.cable.mend()
    await bench.venue.received("D")
    await bench.oms.until_up()


async def test_commands_are_paced(bench: Bench) -> None:
    bench.sessions = [bench.order_session(venue_messages_per_second=20)]
    await bench.up()
    begin = time.monotonic()
    for number in range(1, 13):
        bench.oms.command(command(number))
    await bench.oms.until_receipts(12)
    # Two at once, then one every 50 ms: nothing is dropped, and nothing is early.
    assert time.monotonic() - begin >= 0.45
    # A receipt says that it was sent: the venue, a process of its own, reads it a moment later.
    seen = [(await bench.venue.received("D"))["11"] for _ in bench.oms.outbox]
    assert seen == [c.cl_ord_id for c in bench.oms.outbox]


async def test_answers_nobody_can_read_are_parked_and_the_process_lives(bench: Bench) -> None:
    await bench.up()
    bench.venue.send(body("8", t37="V1", t11="A-1", t150="F", t39="2", t32="1", t31="5"))
    bench.venue.send(body("8", t37="V1", t11="A-1", t17="E", t150="F", t39="2", t32="ten"))
    bench.venue.send(body("AE", t571="X"))
    bench.venue.send(body("8", t37="V1", t11="no idea whose", t17="E2", t150="F", t39="2"))
    await until(lambda: len(bench.oms.messages) >= 4, "all four came")
    first, second, third, fourth = bench.oms.messages
    assert "ExecID(17) is missing" in first.parked.error
    assert "LastQty(32) 'ten'" in second.parked.error
    assert third.parked.msg_type == "AE"
    assert b"571=X" in third.parked.raw
    assert fourth.execution_report.cl_ord_id == "no idea whose"
    bench.oms.command(command(1))
    await bench.venue.received("D")


async def test_a_mistake_in_our_own_reader_parks_the_message_and_the_process_lives(
    bench: Bench, monkeypatch
) -> None:
    await bench.up()

    def broken(*_):
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr("svc_gateway.adapters.fix.orders.orders_in._execution_report", broken)
    bench.venue.send(body("8", t37="V1", t11="A-1", t17="E", t150="0", t39="0"))
    await until(lambda: len(bench.oms.messages) >= 1, "it came")
    assert "ZeroDivisionError" in bench.oms.messages[0].parked.error
    bench.oms.command(command(1))
    await bench.venue.received("D")


async def test_a_session_reject_names_the_order_it_refuses(bench: Bench) -> None:
    await bench.up()
    bench.oms.command(command(1))
    order = await bench.venue.received("D")
    bench.venue.send(body("j", t45=order["34"], t372="D", t380="3", t58="not today"))
    await until(lambda: len(bench.oms.messages) >= 1, "the reject came")
    reject = bench.oms.messages[0].business_reject
    assert (reject.cl_ord_id, reject.reason, reject.text) == (order["11"], 3, "not today")


async def test_an_order_and_its_receipt_take_one_frame_to_the_oms(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the venue of this test is.
    monkeypatch.setattr(receipts, "RECEIPTS_GATHER_S", 3600.0)
    bench.venue.on("D", lambda order: [accepted(order)])
    await bench.up()
    orders = 4
    for number in range(1, orders + 1):
        bench.oms.command(command(number))
        await bench.oms.until_reports(number)
    frames = [one for one in bench.oms.frames if one.messages or one.receipts]
    assert len(frames) == orders
    assert [len(one.messages) for one in frames] == [1] * orders
    assert [len(one.receipts) for one in frames] == [1] * orders


async def test_a_cancel_is_answered(bench: Bench) -> None:
    bench.venue.on("F", lambda c: [canceled(c)])
    await bench.up()
    bench.oms.command(
        command(1, link.VENUE_COMMAND_KIND_CANCEL, cl_ord_id="01ARZ3NDEKTSV4RRFFQ69G5F01-2",
                orig_cl_ord_id="01ARZ3NDEKTSV4RRFFQ69G5F01-1")
    )  # fmt: skip
    await bench.oms.until_reports(1)
    assert bench.oms.reports()[0].orig_cl_ord_id == "01ARZ3NDEKTSV4RRFFQ69G5F01-1"


async def test_a_hole_in_the_session_is_filled_before_the_session_is_up(bench: Bench) -> None:
    await bench.up()
    await bench.stop()
    for number in range(5):
        bench.venue.send(body("8", t37="V", t11="A-1", t17=f"E{number}", t150="0", t39="0"))
    await bench.start()
    await bench.oms.until_reports(5)
    assert [r.exec_id for r in bench.oms.reports()] == [f"E{n}" for n in range(5)]
    await bench.oms.until_up()


async def test_no_session_without_the_oms(bench: Bench) -> None:
    bench.oms.refuse = True
    await bench.start()
    await until(lambda: bench.gateway.sessions[0].view.text == "waiting for the OMS", "it waits")
    assert bench.venue.logon_count == 0
    bench.oms.refuse = False
    await bench.oms.until_up()


async def test_reports_with_groups_known_and_unknown_are_never_refused_away(bench: Bench) -> None:
    await bench.up()
    head = body("8", t37="V1", t11="A-1", t17="E1", t150="F", t39="1", t32="1", t31="5")
    parties = ["453=2", "448=A", "447=D", "452=1", "448=B", "447=D", "452=3"]
    bench.venue.send(SOH.join([head, *parties, "58=with parties"]))
    unforeseen = ["9001=2", "9002=a", "9003=b", "9002=c", "9003=d"]
    bench.venue.send(SOH.join([head.replace("17=E1", "17=E2"), *unforeseen, "58="]))
    bench.venue.send(head.replace("17=E1", "17=E3"))
    await bench.oms.until_reports(3)
    assert [r.exec_id for r in bench.oms.reports()] == ["E1", "E2", "E3"]
    assert bench.oms.reports()[0].text == "with parties"
