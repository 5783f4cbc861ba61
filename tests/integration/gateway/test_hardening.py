"""What a venue can do to the process and its sessions, and what it cannot."""

import asyncio
import time
from pathlib import Path

import pytest
import quickfix as fix

from conformance.scripted_venue import accepted, body, order_status, report, unknown_order
from fix.guards.guard import LOOPBACK
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_gateway.adapters.fix.callbacks import Callbacks, RawLogFactory
from svc_gateway.service.ports import Handed, HandedKind
from tests.support.gateway_bench import Bench, command
from tests.support.session_trial import Trial
from tests.support.waiting import until

HUGE = b"8=FIX.4.4\x019=900000000\x0135=A\x0149=TEST\x0156=ORDERMESH\x01"
POURED_BYTES = 64 * 1024 * 1024
GROWTH_MAX_BYTES = 24 * 1024 * 1024
UNKNOWN = order_pb2.ORDER_STATE_UNKNOWN


def resident_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024


async def test_a_venue_cannot_grow_the_process_with_a_huge_body_length(bench: Bench) -> None:
    poured = asyncio.Queue()

    async def venue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent = 0
        try:
            await reader.readuntil(b"35=A")
            writer.write(HUGE)
            while sent < POURED_BYTES:
                writer.write(b"\x00" * 65536)
                await writer.drain()
                sent += 65536
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            poured.put_nowait(sent)

    server = await asyncio.start_server(venue, LOOPBACK)
    port = server.sockets[0].getsockname()[1]
    bench.sessions = [bench.order_session(port=port)]
    before = resident_bytes()
    await bench.start()
    assert await asyncio.wait_for(poured.get(), 20) < POURED_BYTES
    assert resident_bytes() - before < GROWTH_MAX_BYTES
    words = "BodyLength(9) is 900000000; at most 1048576 is allowed"
    await until(lambda: any(words in s.text for s in bench.oms.statuses), "the cut is reported")
    server.close()


async def test_a_venue_that_refuses_logons_is_not_hammered(bench: Bench) -> None:
    tries: list[float] = []

    def venue(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append(time.monotonic())
        writer.close()

    server = await asyncio.start_server(venue, LOOPBACK)
    port = server.sockets[0].getsockname()[1]
    bench.sessions = [bench.order_session(port=port)]
    await bench.start()
    await until(lambda: len(tries) >= 4, "it tries again")
    assert tries[3] - tries[2] > tries[1] - tries[0]
    await until(lambda: "times; next in" in bench.oms.statuses[-1].text, "the wait is reported")
    server.close()


async def test_a_slow_callback_of_one_session_delays_no_heartbeat_of_another(bench: Bench) -> None:
    bench.venue.on("D", lambda o: [accepted(o)])
    bench.sessions = [bench.order_session(heartbeat_s=1), bench.market_session(heartbeat_s=1)]
    await bench.up()
    await bench.venue.until_logged_on(bench.venue.market_data_client)
    engine = bench.gateway.sessions[1]._engine
    put, blocked = engine._put, []

    def slow(handed: Handed) -> bool:
        if handed.kind is HandedKind.MESSAGE:
            blocked.append(time.monotonic())
            time.sleep(5)  # QuickFIX's thread of that session alone
        return put(handed)

    engine._put = slow
    bench.venue.send(body("h", t336="1", t340="2"), bench.venue.market_data_client)
    await until(lambda: blocked, "the callback hangs")

    def beats() -> int:
        mine = [m for m in bench.venue.admin if m["49"] == "ORDERMESH"]
        return sum(m["35"] == "0" for m in mine)

    before = beats()
    await until(lambda: beats() >= before + 3, "heartbeats go on", 4.8)
    assert time.monotonic() - blocked[0] < 5
    # Orders go on as well.
    bench.oms.command(command(1))
    await bench.oms.until_reports(1)
    assert bench.oms.state == link.SESSION_STATE_UP


class Broken:
    """Fails whatever is done with it."""

    def __getattr__(self, name: str):
        raise RuntimeError(name)


@pytest.mark.parametrize("put_fails", [False, True])
def test_no_exception_leaves_a_callback(put_fails) -> None:
    def put(_: Handed) -> bool:
        if put_fails:
            raise MemoryError
        return True

    factory = RawLogFactory(put, Broken())
    factory.create("session")
    callbacks = Callbacks(put, factory, lambda: 1 // 0, ("", ""), lambda: 1 // 0)
    for name in ("onCreate", "onLogon", "onLogout"):
        getattr(callbacks, name)(None)
    for name in ("toAdmin", "fromAdmin", "fromApp"):
        getattr(callbacks, name)(Broken(), None)
    with pytest.raises(fix.DoNotSend):
        callbacks.toApp(Broken(), None)
    for name in ("onIncoming", "onOutgoing", "onEvent"):
        getattr(factory.log, name)("8=FIX.4.4\x0134=x\x01")


async def test_requests_the_venue_asks_for_again_are_in_doubt_until_it_answers(t: Trial) -> None:
    """A D, an F and a G are lost on the wire: none is sent again, each doubt is settled."""
    replaced, canceled = await t.place("a"), await t.place("b")
    for order in (replaced, canceled):
        await t.running_order(order)
    for silent in ("D", "H"):
        t.venue.ignore(silent)
    lost = await t.place("c")
    await t.client.cancel("cancel-b", canceled.order_id)
    terms = order_pb2.OrderTerms(
        quantity="120", limit_price="650", time_in_force=order_pb2.TIME_IN_FORCE_DAY
    )
    request = order_service_pb2.ReplaceRequest(
        idempotency_key="replace-a", order_id=replaced.order_id, terms=terms
    )
    await t.client.orders.Replace(request, metadata=t.client.metadata)
    sent = [await t.venue.received(kind) for kind in "FG"]
    new = t.venue.of_type("D")[-1]
    t.venue.crash()
    t.venue.expect_from_client(min(int(m["34"]) for m in (new, *sent)))
    t.venue.start()
    for order in (lost, canceled, replaced):
        await t.client.in_state(order.order_id, UNKNOWN)
    questions = {m["11"]: m for m in [await t.venue.received("H") for _ in range(3)]}
    assert set(questions) == {m["11"] for m in (new, *sent)}
    for cl_ord_id, question in questions.items():
        if cl_ord_id == new["11"]:
            t.venue.send(unknown_order(question))
        else:
            t.venue.send(order_status(question).replace("38=0", "38=100"))
    await t.client.in_state(lost.order_id, order_pb2.ORDER_STATE_REJECTED)
    for order in (canceled, replaced):
        settled = await t.client.in_state(order.order_id, order_pb2.ORDER_STATE_NEW)
        assert settled.terms.quantity == "100"
    kinds = [m["35"] for m in t.venue.messages]
    assert [kinds.count(kind) for kind in "DFG"] == [3, 1, 1]
    assert not any("97" in m for m in t.venue.messages), "PossResend(97) is never sent"


async def test_a_report_the_venue_sends_again_with_poss_resend_counts_once(t: Trial) -> None:
    order = await t.place("a")
    await t.running_order(order)
    request = t.venue.of_type("D")[-1]
    fill = report(request, "F1", "F", "1", t32="40", t31="650.05", t151="60", t14="40")
    t.venue.send(fill)
    # A new number, PossResend(97)=Y, the same ExecID(17): the same fact.
    t.venue.send(fill + "\x0197=Y")
    # One never seen before counts, whatever the flag says.
    rest = report(request, "F2", "F", "2", t32="60", t31="650.05", t151="0", t14="100")
    t.venue.send(rest + "\x0197=Y")
    await t.client.in_state(order.order_id, order_pb2.ORDER_STATE_FILLED)
    found = await t.client.get(order.order_id)
    assert [e.exec_id for e in found.executions] == ["F1", "F2"]


async def test_a_clock_that_is_wrong_is_reported_and_one_late_message_is_not(bench: Bench) -> None:
    bench.sessions = [bench.order_session(heartbeat_s=1, clock_delay_max_us=5_000_000)]
    await bench.up()
    session = bench.gateway.sessions[0]
    await until(lambda: bench.oms.statuses[-1].clock_skew.samples >= 1, "the clock is read")
    assert not bench.oms.statuses[-1].clock_skew.alarm
    now_ns = time.time_ns()
    late = now_ns - 3_600_000_000_000
    session.view.heard(late, 1_000_000, now_ns)
    assert not session.view.status().clock_skew.alarm
    for _ in range(3):
        session.view.heard(now_ns + 50_000_000, 1_000_000, now_ns)
    session.poke()
    await until(lambda: bench.oms.statuses[-1].clock_skew.alarm, "the alarm is reported")
    assert bench.oms.statuses[-1].clock_skew.tolerance_us == 1000


async def test_a_guard_process_that_dies_is_started_again_where_it_was(bench: Bench) -> None:
    bench.venue.on("D", lambda o: [accepted(o)])
    await bench.up()
    guard = bench.gateway.sessions[0]._engine._guard
    logons = bench.venue.logon_count
    guard._process.kill()
    await until(lambda: bench.venue.logon_count > logons, "logged on again")
    await bench.oms.until_up()
    bench.oms.command(command(1))
    await bench.oms.until_reports(1)
