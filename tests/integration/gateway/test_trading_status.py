"""The order session asks whether the venue trades, and the OMS acts on the answer."""

import time
from datetime import UTC, datetime, timedelta

from conformance.scripted_venue import body
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2
from tests.support.gateway_bench import Bench
from tests.support.oms import Client
from tests.support.refusals import refusal
from tests.support.sim_path import sim_path
from tests.support.waiting import until

OPEN, CLOSED = 2, 3
AT_OPEN, DAY = order_pb2.TIME_IN_FORCE_AT_OPEN, order_pb2.TIME_IN_FORCE_DAY
NEW = order_pb2.ORDER_STATE_NEW


def asking(bench: Bench) -> Bench:
    bench.sessions = [bench.order_session(dialect={"trading_session_status": True})]
    return bench


async def reported(bench: Bench, status: int) -> link.SessionStatus:
    """Wait for a status of the session in which the venue has this one."""
    await until(
        lambda: any(
            one.HasField("trading_session") and one.trading_session_status == status
            for one in bench.oms.statuses[-1:]
        ),
        f"TradSesStatus(340) {status} is reported",
    )
    return bench.oms.statuses[-1]


async def test_the_venue_is_asked_after_each_logon_and_reports_changes(bench: Bench) -> None:
    bench.venue.on("g", lambda g: [body("h", t336="DAY", t335=g["335"], t340="2",
                                        t344="20991231-16:30:00")])  # fmt: skip
    await asking(bench).up()
    status = await reported(bench, OPEN)
    assert status.trading_session.closes_at.ToDatetime() == datetime(2099, 12, 31, 16, 30)  # noqa: DTZ001
    assert status.trading_session.since.ToNanoseconds() <= time.time_ns()
    bench.venue.send(body("h", t336="DAY", t340="3"))
    await reported(bench, CLOSED)
    # Nothing of it is a report for an order.
    assert bench.oms.messages == []
    bench.oms.statuses.clear()
    bench.cable.cut()
    bench.cable.mend()
    await bench.oms.until_up()
    assert len(bench.venue.of_type("g")) > 1
    await reported(bench, OPEN)


async def test_a_session_is_up_when_it_is_known_whether_the_venue_trades(bench: Bench) -> None:
    asked = []
    bench.venue.on("g", lambda g: asked.append(g["335"]) or [])
    await asking(bench).start()
    for status in (CLOSED, OPEN):
        await until(lambda: asked, "the question")
        assert bench.oms.state != link.SESSION_STATE_UP
        assert not bench.oms.statuses[-1].HasField("trading_session")
        bench.venue.send(body("h", t336="DAY", t335=asked.pop(), t340=str(status)))
        await bench.oms.until_up()
        await reported(bench, status)
        # A gateway that is started again: what the venue resends is not the answer.
        await bench.stop()
        bench.oms.statuses.clear()
        await bench.start()


async def test_a_venue_that_refuses_the_question_is_unknown(bench: Bench) -> None:
    bench.venue.on("g", lambda g: [body("j", t45=g["34"], t372="g", t380="3", t58="no")])
    await asking(bench).up()
    await reported(bench, 0)
    assert bench.oms.messages == []


async def test_a_venue_whose_dialect_does_not_offer_it_is_not_asked(bench: Bench) -> None:
    await bench.up()
    assert bench.venue.of_type("g") == []
    assert not bench.oms.statuses[-1].HasField("trading_session")


def terms(time_in_force: int, **fields: str) -> order_pb2.OrderTerms:
    return order_pb2.OrderTerms(quantity="100", time_in_force=time_in_force, **fields)


async def test_a_simulated_venue_outside_its_hours(book_url, tls_folder, tmp_path) -> None:
    soon = datetime.now(UTC) + timedelta(hours=2)
    hours = {
        "ORDERMESH_SIM_SESSION_START": soon.strftime("%H:00"),
        "ORDERMESH_SIM_SESSION_END": soon.strftime("%H:30"),
    }
    async with sim_path(book_url, tls_folder, tmp_path, trading_status=True, **hours) as path:
        client: Client = path.client
        venues = path.replica.book.venues
        await until(lambda: venues.trading("SIMA").status == CLOSED, "the OMS knows")
        assert venues.trading("SIMA").closes_at_ns > time.time_ns()
        # What the venue takes while closed reaches it, and works there.
        at_open = terms(AT_OPEN, limit_price="650")
        taken = (await client.place("open", terms=at_open)).order
        assert taken.for_next_session
        await client.in_state(taken.order_id, NEW)
        # What it does not take never leaves.
        refused = await refusal(client.place("day", terms=terms(DAY, limit_price="650")))
        assert (refused.reason, refused.metadata["trading_status"]) == (
            "INSTRUMENT_NOT_TRADABLE",
            "CLOSED",
        )
        stop = {"side": order_pb2.SIDE_SELL, "type": order_pb2.ORDER_TYPE_STOP}
        gtc = terms(order_pb2.TIME_IN_FORCE_GTC, stop_price="640")
        watched = (await client.place("stop", terms=gtc, **stop)).order
        assert watched.for_next_session
        assert list(path.at_venue()) == [f"{taken.order_id}-1"]
        # The venue comes back, and trades: asked again after the logon.
        await path.kill_venue()
        await until(lambda: venues.trading("SIMA").status == OPEN, "the OMS knows")
        sent = (await client.place("day", terms=terms(DAY, limit_price="650"))).order
        assert not sent.for_next_session
        await client.in_state(sent.order_id, NEW)
