"""After a crash with doubts the venue is asked once about all, and singly about the rest."""

import asyncio

from conformance.scripted_venue import Fields, body, order_status, report
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from tests.support.gateway_bench import Bench, command
from tests.support.waiting import until


def mass_report(order: Fields, question: Fields, *, last: bool) -> str:
    return report(
        order, f"M-{order['11']}", "I", "0", t584=question["584"], t911="2",
        t912="Y" if last else "N",
    )  # fmt: skip


async def crashed(bench: Bench, orders: int) -> list[Fields]:
    """Send orders whose receipts the OMS never gets, and lose the gateway."""
    bench.sessions = [bench.order_session(dialect={"mass_status": True})]
    await bench.up()
    bench.oms.keep_receipts = False
    for number in range(1, orders + 1):
        bench.oms.command(command(number))
    sent = [await bench.venue.received("D") for _ in range(orders)]
    await until(
        lambda: sum(len(f.receipts) for f in bench.oms.frames) >= orders, "receipts were given"
    )
    await bench.stop()
    bench.oms.keep_receipts = True
    return sent


async def test_one_question_for_all_and_single_ones_for_the_rest(bench: Bench) -> None:
    bench.venue.on("H", lambda h: [order_status(h)])
    first, second, third = await crashed(bench, 3)
    await bench.start()
    question = await bench.venue.received("AF")
    assert question["585"] == "7"
    assert bench.venue.of_type("H") == []
    bench.venue.send(mass_report(first, question, last=False))
    bench.venue.send(mass_report(second, question, last=True))
    single = await bench.venue.received("H")
    assert single["11"] == third["11"]
    await bench.oms.until_reports(3)
    questions = {r.cl_ord_id: r.status_request_id for r in bench.oms.reports()}
    assert questions == {order["11"]: order["11"] for order in (first, second, third)}
    assert [r.mass_status_request_id for r in bench.oms.reports()[:2]] == [question["584"]] * 2
    assert len(bench.venue.of_type("AF")) == len(bench.venue.of_type("H")) == 1
    outcomes = {receipt.outcome for receipt in bench.oms.receipts}
    assert outcomes == {link.COMMAND_OUTCOME_IN_DOUBT}


async def test_a_venue_with_no_orders_says_so_and_each_is_asked_about(bench: Bench) -> None:
    bench.venue.on("H", lambda h: [order_status(h)])
    bench.venue.on("AF", lambda af: [body("8", t37="NONE", t17="0", t150="I", t39="8",
                                          t55="NA", t54="1", t151="0", t14="0", t6="0",
                                          t584=af["584"], t911="0", t912="Y")])  # fmt: skip
    await crashed(bench, 2)
    await bench.start()
    await bench.oms.until_reports(2)
    assert [r.status_request_id for r in bench.oms.reports()] == [
        r.cl_ord_id for r in bench.oms.reports()
    ]
    assert all(not r.mass_status_request_id for r in bench.oms.reports())


async def test_a_venue_that_refuses_the_question_is_asked_singly_at_once(bench: Bench) -> None:
    bench.venue.on("H", lambda h: [order_status(h)])
    bench.venue.on("AF", lambda af: [body("j", t45=af["34"], t372="AF", t380="3")])
    await crashed(bench, 2)
    await bench.start()
    async with asyncio.timeout(8):  # the wait for an answer is 10 s
        asked = {(await bench.venue.received("H"))["11"] for _ in range(2)}
    assert len(asked) == 2
