"""Messages that QuickFIX cannot parse are parked, and the session goes on after their number."""

from collections.abc import AsyncIterator

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from tests.support.gateway_bench import Bench, command
from tests.support.raw_venue import RawVenue
from tests.support.waiting import until

FILL = (
    b"37=V1\x0111=A-1\x0117=%b\x01150=F\x0139=1\x0155=ASML\x0154=1\x01151=90\x0114=10\x01"
    b"6=650\x0132=10\x0131=650\x01"
)


@pytest.fixture
async def venue(bench: Bench) -> AsyncIterator[RawVenue]:
    made = RawVenue()
    await made.start()
    bench.sessions = [bench.order_session(port=made.port, message_bytes_max=4096)]
    yield made
    await bench.stop()
    made.stop()


async def test_the_session_goes_on_and_the_bytes_are_kept(bench: Bench, venue: RawVenue) -> None:
    await bench.up()
    data = b"line\x0132=99\x01"
    venue.send("8", FILL % b"E1" + b"354=%d\x01355=%b\x01" % (len(data), data))
    broken = venue.send("8", FILL % b"E2" + b"no equals sign\x01")
    long = venue.send("8", FILL % b"E3" + b"58=" + b"x" * 200_000 + b"\x01")
    venue.send("8", FILL % b"E4")
    await until(lambda: len(bench.oms.messages) == 4, "all four")
    first, second, third, fourth = bench.oms.messages
    assert first.execution_report.last_quantity == "10"
    assert (second.parked.msg_type, second.parked.raw) == ("8", broken)
    assert "'no equals sign' is no field" in second.parked.error
    assert (second.parked.cl_ord_id, second.parked.venue_order_id) == ("A-1", "V1")
    assert third.parked.raw == long[: 64 * 1024]
    assert "at most 4096 are allowed" in third.parked.error
    assert fourth.execution_report.exec_id == "E4"
    numbers = [one.msg_seq_num for one in bench.oms.messages]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    await until(lambda: bench.oms.statuses[-1].parked_messages == 2, "the alarm")
    # Nothing was asked for again, nothing was refused, and orders still leave.
    assert not [one for one in venue.received if one["35"] in {"2", "3", "j"}]
    bench.oms.command(command(1))
    await until(lambda: [one for one in venue.received if one["35"] == "D"], "an order")
    assert venue.logons == 1


async def test_a_garbled_message_is_asked_for_again_and_then_kept(
    bench: Bench, venue: RawVenue
) -> None:
    await bench.up()
    good = venue.send("8", FILL % b"E1")
    await until(lambda: len(bench.oms.messages) == 1, "the good one")
    garbled = good.replace(b"17=E1", b"17=E9").replace(
        b"\x0134=%d\x01" % (venue.number - 1), b"\x0134=%d\x01" % venue.number
    )
    venue.resend = lambda _: [garbled]
    venue.write(garbled)
    venue.number += 1
    venue.send("8", FILL % b"E3")
    await until(lambda: len(bench.oms.messages) == 3, "the session goes on")
    parked, last = bench.oms.messages[1:]
    assert parked.parked.raw == garbled
    assert "CheckSum(10)" in parked.parked.error
    assert last.execution_report.exec_id == "E3"


async def test_a_wrong_number_is_named_with_the_command_that_mends_it(
    bench: Bench, venue: RawVenue
) -> None:
    venue.refuses = "MsgSeqNum too low, expecting 15 but received 1"
    await bench.start()
    words = "`ordermesh sessions reset test-orders --next-out 15 --reason ...`"
    await until(lambda: any(words in one.text for one in bench.oms.statuses), "what mends it")
    assert bench.oms.state == link.SESSION_STATE_DOWN
