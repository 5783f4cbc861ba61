"""Bad messages through real FIX engines: each is kept or answered, and the session goes on."""

import pytest

from conformance.scripted_venue import SOH, accepted, body
from tests.support.gateway_bench import Bench, command
from tests.support.waiting import until

REPORT = {
          "t37": "V1", "t11": "A-1", "t17": "E1", "t150": "F", "t39": "1", "t55": "ASML",
          "t54": "1", "t151": "90", "t14": "10", "t6": "650", "t32": "10", "t31": "650",
}  # fmt: skip


def report(**changes: str) -> str:
    return body("8", **(REPORT | changes))


# What is sent; words in the error of what is parked, none where it is read as it is.
TABLE = {
    "no OrderID": (report(t37=""), ""),
    "an empty ExecID": (report(t17=""), "ExecID(17) is missing"),
    "an unknown ExecType": (report(t150="z"), ""),
    "an unknown OrdStatus": (report(t39="?"), ""),
    "an unknown Side": (report(t54="~"), ""),
    "a quantity in words": (report(t32="ten"), "LastQty(32) 'ten'"),
    "a negative quantity": (report(t32="-10"), "LastQty(32) '-10' is below zero"),
    "more digits than there are": (report(t32="9" * 400), "LastQty(32)"),
    "a price of no form": (report(t31="1.2.3"), "LastPx(31)"),
    "a reason in words": (report(t103="because"), "OrdRejReason(103)"),
    "a liquidity below zero": (report(t851="-1"), "LastLiquidityInd(851)"),
    "a time of no calendar": (report(t60="20261399-99:99:99"), ""),
    "a time before 1970": (report(t60="19691231-23:59:59.999"), ""),
    "a time that nobody set": (report(t60="00010101-00:00:00"), ""),
    "an id of 10,000 characters": (report(t11="x" * 10_000), "ClOrdID(11) has 10000 characters"),
    "a text of 100,000 characters": (report(t58="y" * 100_000), ""),
    "a field of no standard": (report(t20001="?"), ""),
    "a tag that comes twice": (report() + f"{SOH}32=99", ""),
    "a group nobody foresees": (report(t382="2") + f"{SOH}375=A{SOH}375=B{SOH}337=C", ""),
    "an ExecutionReport of nothing": (body("8", t58="-"), "ExecType(150) is missing"),
    "a cancel reject of nothing": (body("9", t58="-"), "ClOrdID(11) is missing"),
    "a business reject of nothing": (body("j", t58="-"), ""),
    "a business reject of words": (body("j", t45="one", t380="two"), "RefSeqNum(45)"),
    "a message of no standard": (body("QQ", t1="x"), "MsgType(35) 'QQ'"),
    "a message for the other direction": (body("D", t11="A-1"), "MsgType(35) 'D'"),
    "an allocation": (body("J", t70="x"), "MsgType(35) 'J'"),
}

# Of these the event does not need the field: it is left out, and named.
LEFT_OUT = {
    "a reason in words",
    "a liquidity below zero",
    "an id of 10,000 characters",
    "a business reject of words",
}


OURS = "01ARZ3NDEKTSV4RRFFQ69G5FAA-1"


@pytest.mark.parametrize("cl_ord_id", ["A-1", OURS], ids=["of nobody", "of ours"])
async def test_every_message_is_kept_and_the_session_goes_on(bench: Bench, cl_ord_id: str) -> None:
    bench.venue.on("D", lambda order: [accepted(order)])
    await bench.up()
    await until(lambda: bench.venue.logon_count == 1, "the venue counts the logon")
    for count, (what, (text, words)) in enumerate(TABLE.items(), start=1):
        bench.venue.send(text.replace(f"{SOH}11=A-1{SOH}", f"{SOH}11={cl_ord_id}{SOH}"))
        await until(lambda c=count: len(bench.oms.messages) >= c, what)
        message = bench.oms.messages[-1]
        if what in LEFT_OUT:
            read = getattr(message, message.WhichOneof("body") or "")
            assert words in read.unreadable, what
        elif words:
            assert words in message.parked.error, what
            assert message.parked.raw, what
        else:
            assert message.WhichOneof("body") in {"execution_report", "business_reject"}, (
                what,
                message.parked.error,
            )
    sent = bench.oms.command(command(1))
    await bench.oms.until_reports(1)
    await until(
        lambda: bench.oms.reports()[-1].cl_ord_id == sent.cl_ord_id, "the next order's report"
    )
    assert len(bench.oms.messages) == len(TABLE) + 1
    assert bench.venue.logon_count == 1


@pytest.mark.parametrize("text", ["Zürich — 東京", "naïve"])
async def test_texts_of_other_alphabets_come_as_they_are(bench: Bench, text: str) -> None:
    await bench.up()
    bench.venue.send(report(t58=text))
    await until(lambda: bench.oms.messages, "it came")
    assert bench.oms.messages[0].execution_report.text == text


async def test_what_cannot_be_used_is_kept_and_answered_once(bench: Bench) -> None:
    bench.venue.on("D", lambda order: [accepted(order)])
    await bench.up()
    venue = bench.venue
    venue.send(body("B", t148="the market opens late"))
    venue.send(body("B", t97="Y", t148="the market opens late"))
    venue.send(body("j", t372="8", t380="0", t58="and no answer to an answer"))
    venue.send(report(t32="", t31=""))
    await until(lambda: len(bench.oms.messages) == 4, "all are kept")
    news, fill = await venue.received("j"), await venue.received("j")
    first, *_, last = bench.oms.messages
    assert (news["45"], news["372"], news["380"]) == (str(first.msg_seq_num), "B", "3")
    assert "379" not in news
    assert (fill["45"], fill["372"], fill["379"]) == (str(last.msg_seq_num), "8", "E1")
    assert (fill["380"], fill["58"]) == ("5", "ExecType(150)=F needs LastQty(32), LastPx(31)")
    # After an order of ours the venue got no further answer to the others.
    bench.oms.command(command(1))
    await venue.received("D")
    assert len(venue.of_type("j")) == 2


async def test_a_venue_that_cannot_bear_it_is_not_answered(bench: Bench) -> None:
    bench.sessions = [bench.order_session(dialect={"business_reject": False})]
    await bench.up()
    bench.venue.send(body("B", t148="the market opens late"))
    await until(lambda: bench.oms.messages, "it is kept")
    bench.oms.command(command(1))
    await bench.venue.received("D")
    assert not bench.venue.of_type("j")
