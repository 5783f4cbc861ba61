"""Odd fields of a venue over the whole order path: the fill counts, and its order shows them.

The venue is a QuickFIX acceptor that follows a script, the OMS runs on PostgreSQL.
"""

import time

import pytest

from conformance.play import Play
from conformance.scripted_venue import Fields, body, order_status
from fix.wire import utc_text
from kernel.nanoseconds import NS_PER_DAY
from ordermesh.oms.v1 import order_pb2
from tests.support.waiting import until
from tests.support.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNREADABLE = [
    ("6", "50,510000"), ("6", "NaN"), ("6", "1E2"), ("99", "n/a"), ("851", "X"),
    ("44", "50.0000000001"), ("14", "ten"), ("151", "-5"), ("38", "1e4"), ("60", "yesterday"),
    ("103", "five"), ("378", "?"), ("111", "-1"), ("839", "x"), ("41", "x" * 300),
    ("39", ""),
]  # fmt: skip
CONTRADICTING = [
    ("54", "2"), ("55", "OTHER"), ("1", "ACC-BOB"), ("15", "GBX"), ("37", "V-OTHER"),
    ("38", "9000"), ("44", "51"), ("59", "1"), ("31", "0"), ("31", "-1.5"),
    ("60", "a day ahead"), ("14", "3000"), ("151", "1"), ("39", "2"),
]  # fmt: skip


async def working(wire: Wire) -> Play:
    play = Play(wire)
    await play.say("client", "place 10000")
    await play.say("venue", "new")
    await play.say("sees", "NEW 0 10000")
    return play


def fill(play: Play, **changes: str) -> str:
    """A fill of 1000 at 50.51; fields by tag, "" leaves one out."""
    tags = {
        "t37": f"V-{play.order_id}", "t11": f"{play.order_id}-1", "t17": f"{play.order_id}/E1",
        "t150": "F", "t39": "1", "t55": play.path.symbol, "t54": "1", "t38": "10000",
        "t32": "1000", "t31": "50.51", "t151": "9000", "t14": "1000", "t6": "50.51",
        "t60": utc_text(time.time_ns()),
    } | changes  # fmt: skip
    return body("8", **{tag: value for tag, value in tags.items() if value})


async def seen(wire: Wire, play: Play, text: str) -> order_pb2.Order:
    wire.venue.send(text)
    await wire.settled()
    return (await play.path.get(play.order_id)).order


@pytest.mark.parametrize(("tag", "value"), UNREADABLE)
async def test_a_field_that_cannot_be_read_never_loses_a_fill(
    wire: Wire, tag: str, value: str
) -> None:
    play = await working(wire)
    order = await seen(wire, play, fill(play, **{f"t{tag}": value}))
    assert order.progress.cum_quantity == "1000"
    assert order.progress.average_price == "50.51"
    assert order.anomaly_count == 1


@pytest.mark.parametrize(("tag", "value"), CONTRADICTING)
async def test_a_field_that_contradicts_its_order_is_counted_and_flagged(
    wire: Wire, tag: str, value: str
) -> None:
    play = await working(wire)
    if tag == "60":
        value = utc_text(time.time_ns() + NS_PER_DAY)
    order = await seen(wire, play, fill(play, **{f"t{tag}": value}))
    assert order.progress.cum_quantity == "1000"
    assert order.anomaly_count == 1


async def test_a_price_with_ten_decimals_is_counted_exactly(wire: Wire) -> None:
    play = await working(wire)
    order = await seen(wire, play, fill(play, t31="50.1234567891"))
    assert order.anomaly_count == 0
    (execution,) = (await play.path.get(play.order_id)).executions
    assert execution.price == "50.1234567891"


@pytest.mark.parametrize(("tag", "value"), [("32", "ten"), ("31", "?"), ("17", ""), ("32", "")])
@pytest.mark.parametrize("named_by", ["11", "41", "37"])
async def test_a_fill_that_cannot_be_read_is_an_anomaly_of_its_order_and_asks(
    wire: Wire, tag: str, value: str, named_by: str
) -> None:
    play = await working(wire)
    names = {
        "11": {},
        "41": {"t11": "THEIRS", "t41": f"{play.order_id}-1"},
        "37": {"t11": "", "t41": ""},
    }[named_by]
    order = await seen(wire, play, fill(play, **{f"t{tag}": value}, **names))
    assert order.progress.cum_quantity == "0"
    assert order.anomaly_count == 1


async def test_a_cancel_with_a_bad_average_ends_the_order(wire: Wire) -> None:
    play = await working(wire)
    await play.say("client", "cancel")
    canceled = fill(
        play, t11=f"{play.order_id}-2", t41=f"{play.order_id}-1", t150="4", t39="4", t32="", t31="",
        t14="0", t151="0", t6="50,51",
    )  # fmt: skip
    order = await seen(wire, play, canceled)
    assert order.progress.state == order_pb2.ORDER_STATE_CANCELED
    assert order.anomaly_count == 1


async def test_the_venue_is_asked_and_its_answer_agrees(wire: Wire) -> None:
    """A higher CumQty(14) starts an OrderStatusRequest(H); the answer shows what is missing."""
    play = await working(wire)
    questions: list[Fields] = []

    def answer(request: Fields) -> list[str]:
        questions.append(request)
        report = order_status(request, "1").replace("14=0", "14=2000").replace("151=0", "151=8000")
        return [report.replace("38=0", "38=10000").replace(f"V-{request['11']}", request["37"])]

    wire.venue.on("H", answer)
    await seen(wire, play, fill(play, t14="2000", t151="8000"))
    await until(lambda: questions, "the venue is asked")
    await play.say("sees", "UNKNOWN 1000 9000 anomalies=1")
    order = await seen(wire, play, fill(play, t17=f"{play.order_id}/E2", t14="2000", t151="8000"))
    assert order.progress.state == order_pb2.ORDER_STATE_PARTIALLY_FILLED
    assert (questions[0]["11"], questions[0]["790"]) == (f"{play.order_id}-1",) * 2
    assert len(questions) == 1
    assert order.anomaly_count == 1


async def test_two_orders_with_one_number_of_the_venue(wire: Wire) -> None:
    first, second = await working(wire), Play(wire)
    await second.say("client", "place 10000")
    order = await seen(wire, second, fill(second, t37=f"V-{first.order_id}"))
    assert order.progress.cum_quantity == "1000"
    assert order.anomaly_count == 1
