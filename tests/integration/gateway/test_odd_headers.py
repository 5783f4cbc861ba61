"""A report whose header is odd is counted or parked, and the session goes on after its number."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.gateway_bench import Bench
from tests.support.raw_venue import RawVenue, framed, header
from tests.support.waiting import until

FILL = (
    b"37=V1\x0111=A-1\x0117=%b\x01150=F\x0139=1\x0155=ASML\x0154=1\x01151=90\x0114=10\x01"
    b"6=650\x0132=10\x0131=650\x01"
)
AGAIN = b"43=Y\x01122=20260102-03:04:05\x01"


def without(tag: bytes, head: bytes) -> bytes:
    """The header without a field."""
    return b"".join(f + b"\x01" for f in head.split(b"\x01")[:-1] if not f.startswith(tag + b"="))


def another_sender(head: bytes) -> bytes:
    """Of another counterparty."""
    return head.replace(b"49=TEST", b"49=OTHER")


def another_target(head: bytes) -> bytes:
    """For another counterparty."""
    return head.replace(b"56=ORDERMESH", b"56=OTHER")


def no_sender(head: bytes) -> bytes:
    """Of nobody."""
    return without(b"49", head)


NOT_OF_THE_SESSION = (another_sender, another_target, no_sender)
ODD: dict[str, Callable[[bytes], bytes]] = {
    "no SendingTime(52)": lambda head: without(b"52", head),
    "a SendingTime(52) that is none": lambda head: without(b"52", head) + b"52=yesterday\x01",
    "a SendingTime(52) of tomorrow": lambda head: (
        without(b"52", head) + (b"52=20990102-03:04:05\x01")
    ),
    "another SenderCompID(49)": another_sender,
    "another TargetCompID(56)": another_target,
    "no SenderCompID(49)": no_sender,
    "PossDupFlag(43) without OrigSendingTime(122)": lambda head: head + b"43=Y\x01",
    "PossDupFlag(43) with a later OrigSendingTime(122)": lambda head: (
        head + b"43=Y\x01122=20990102-03:04:05\x01"
    ),
    "PossDupFlag(43) that is neither Y nor N": lambda head: head + b"43=X\x01",
    "MsgSeqNum(34) with zeros before it": lambda head: head.replace(b"\x0134=", b"\x0134=000"),
    "MsgSeqNum(34) twice": lambda head: head + b"34=9999\x01",
    "an unknown field": lambda head: head + b"9999=x\x01",
    "PossResend(97)": lambda head: head + b"97=Y\x01",
}


@pytest.fixture
async def venue(bench: Bench) -> AsyncIterator[RawVenue]:
    made = RawVenue()
    await made.start()
    bench.sessions = [bench.order_session(port=made.port)]
    yield made
    await bench.stop()
    made.stop()


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_the_session_goes_on(
    bench: Bench, venue: RawVenue, odd: Callable[[bytes], bytes]
) -> None:
    sent: dict[int, Callable[[bytes], bytes]] = {}

    def send(exec_id: bytes, change: Callable[[bytes], bytes]) -> None:
        number = venue.number
        sent[number] = lambda again: framed(change(header("8", number) + again) + FILL % exec_id)
        venue.write(sent[number](b""))
        venue.number += 1

    venue.resend = lambda begin: [sent[number](AGAIN) for number in sent if number >= begin]
    await bench.up()
    send(b"E1", odd)
    send(b"E2", lambda head: head)
    await until(lambda: len(bench.oms.messages) == 2, "both")
    first, second = bench.oms.messages
    assert (first.msg_seq_num, second.execution_report.exec_id) == (venue.number - 2, "E2")
    if odd in NOT_OF_THE_SESSION:
        assert (first.parked.cl_ord_id, b"17=E1" in first.parked.raw) == ("A-1", True)
    else:
        assert first.execution_report.exec_id == "E1"
    assert venue.logons == 1
    assert not [one for one in venue.received if one["35"] in {"2", "5"}]
