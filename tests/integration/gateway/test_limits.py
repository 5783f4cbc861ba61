"""What happens when a named limit is reached: nothing is lost, nothing comes twice."""

import pytest

from conformance.scripted_venue import body
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from tests.support.gateway_bench import Bench, command
from tests.support.waiting import until

SESSION = "svc_gateway.service.orders.order_session"


def fill(number: int) -> str:
    return body("8", t37="V", t11="A-1", t17=f"E{number}", t150="F", t39="1", t32="1", t31="5")


def expected(count: int) -> list[str]:
    return [f"E{number}" for number in range(count)]


async def test_an_oms_that_stays_away_ends_the_session_and_gets_all_when_it_returns(
    bench: Bench, monkeypatch
) -> None:
    monkeypatch.setattr(f"{SESSION}.LINK_DOWN_LOGOUT_S", 0.3)
    await bench.up()
    bench.oms.refuse = True
    bench.oms.cut()
    await until(lambda: not bench.venue.logged_on(), "the session is logged out")
    for number in range(5):
        bench.venue.send(fill(number))
    bench.oms.refuse = False
    await bench.oms.until_reports(5)
    assert [r.exec_id for r in bench.oms.reports()] == expected(5)


async def test_reports_beyond_what_may_be_kept_are_left_with_the_venue(
    bench: Bench, monkeypatch
) -> None:
    monkeypatch.setattr(f"{SESSION}.UNACKNOWLEDGED_MAX", 10)
    await bench.up()
    bench.oms.acknowledge = False
    for number in range(40):
        bench.venue.send(fill(number))
    await until(lambda: bench.venue.logon_count > 1, "the session began again")
    bench.oms.acknowledge = True
    await bench.oms.until_reports(40)
    assert [r.exec_id for r in bench.oms.reports()] == expected(40)


async def test_what_the_oms_could_not_make_durable_is_not_passed_over(bench: Bench) -> None:
    await bench.up()
    bench.oms.acknowledge = False
    bench.venue.send(fill(0))
    await until(lambda: any(frame.messages for frame in bench.oms.frames), "the OMS has the report")
    bench.oms.acknowledge = True
    bench.venue.send(fill(1))
    await bench.oms.until_reports(2)
    assert [r.exec_id for r in bench.oms.reports()] == expected(2)


async def test_messages_faster_than_the_loop_takes_them_come_again(
    bench: Bench, monkeypatch
) -> None:
    monkeypatch.setattr("svc_gateway.app.HANDED_OVER_MAX", 3)
    await bench.up()
    await bench.stop()
    for number in range(300):
        bench.venue.send(fill(number))
    # Now one resend of 300 meets a queue of three.
    await bench.start()
    await until(lambda: bench.oms.opens[-1].gateway_instance != "", "a link")
    await until(lambda: bench.venue.logon_count > 2, "the session began again", 60)
    monkeypatch.setattr("svc_gateway.app.HANDED_OVER_MAX", 20_000)
    await bench.stop()
    await bench.start()
    await bench.oms.until_reports(300)
    assert [r.exec_id for r in bench.oms.reports()] == expected(300)


@pytest.mark.parametrize("reset", [True, False])
async def test_a_session_that_resets_has_an_epoch_per_life(bench: Bench, reset: bool) -> None:
    bench.sessions = [bench.order_session(reset_on_logon=reset)]
    await bench.up()
    bench.venue.send(fill(0))
    await bench.oms.until_reports(1)
    bench.cable.cut()
    await until(lambda: bench.oms.state == link.SESSION_STATE_DOWN, "down")
    bench.cable.mend()
    await bench.oms.until_up()
    bench.venue.send(fill(1))
    await bench.oms.until_reports(2)
    first, second = bench.oms.messages
    assert (first.session_epoch != second.session_epoch) is reset
    assert [r.exec_id for r in bench.oms.reports()] == expected(2)
    bench.oms.command(command(1))
    await bench.venue.received("D")
