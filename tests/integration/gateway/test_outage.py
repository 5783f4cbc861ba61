"""A venue that is away: no MsgSeqNum(34) is used, and the session goes on when it is back."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from fix.guards.guard import LOOPBACK
from fix.guards.held_port import HeldPort
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import session_pb2
from tests.integration.gateway.test_comes_back import RawVenue
from tests.support.gateway_bench import Bench
from tests.support.waiting import until


@pytest.fixture
async def raw_venue() -> AsyncIterator[RawVenue]:
    venue = RawVenue()
    venue.server = await asyncio.start_server(venue.connected, LOOPBACK)
    yield venue
    venue.server.close()
    for writer in venue.writers:
        writer.close()
    await venue.server.wait_closed()


async def test_an_outage_uses_no_number(bench: Bench, raw_venue: RawVenue) -> None:
    bench.sessions = [bench.order_session(port=raw_venue.port, reconnect_s=1)]
    await bench.up()
    port = raw_venue.port
    assert raw_venue.server is not None
    raw_venue.server.close()
    raw_venue.writers[-1].close()
    engine = bench.gateway.sessions[0]._engine
    await until(lambda: not engine.logged_on(), "the session is down")
    next_out = engine.numbers()[0]
    await until(
        lambda: any("3 times" in status.text for status in bench.oms.statuses),
        "the venue was looked for three times",
    )
    assert engine.numbers()[0] == next_out
    raw_venue.server = await asyncio.start_server(raw_venue.connected, LOOPBACK, port)
    await until(lambda: raw_venue.logons == 2, "it is logged on again")
    assert raw_venue.logon_numbers[-1] == next_out


async def test_a_start_without_the_venue_uses_no_number(bench: Bench, raw_venue: RawVenue) -> None:
    port = raw_venue.port
    assert raw_venue.server is not None
    raw_venue.server.close()
    await raw_venue.server.wait_closed()
    bench.sessions = [bench.order_session(port=port, reconnect_s=1)]
    await bench.start()
    await until(
        lambda: any("3 times" in status.text for status in bench.oms.statuses),
        "the venue was looked for three times",
    )
    assert bench.gateway.sessions[0]._engine.numbers()[0] == 1
    raw_venue.server = await asyncio.start_server(raw_venue.connected, LOOPBACK, port)
    await until(lambda: raw_venue.logons == 1, "it is logged on")
    assert raw_venue.logon_numbers == [1]


async def test_a_session_that_waits_for_its_next_attempt_connects_now(
    bench: Bench, raw_venue: RawVenue
) -> None:
    """`ordermesh sessions connect --now`: the next attempt would be minutes away."""
    port = raw_venue.port
    assert raw_venue.server is not None
    raw_venue.server.close()
    await raw_venue.server.wait_closed()
    bench.sessions = [bench.order_session(port=port, reconnect_s=300)]
    await bench.start()
    await until(
        lambda: any("refused" in status.text for status in bench.oms.statuses),
        "the first attempt failed",
    )
    raw_venue.server = await asyncio.start_server(raw_venue.connected, LOOPBACK, port)
    now = link.AdminCommand(
        action_id="01ARZ3NDEKTSV4RRFFQ69G5FAV", kind=session_pb2.SESSION_ACTION_KIND_CONNECT
    )
    administration = bench.gateway.sessions[0].administration
    administration.take(now)
    # The fake acknowledges nothing by itself when no message comes: the outcome is stored.
    await until(
        lambda: any(frame.HasField("admin_result") for frame in bench.oms.frames),
        "the outcome is reported",
    )
    bench.gateway.sessions[0]._acknowledged.set()
    await until(lambda: raw_venue.logons == 1, "it is logged on")


def can_connect(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex((LOOPBACK, port)) == 0


def can_be_bound(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


async def test_a_port_that_is_held_is_nobody_elses_and_opens_at_times() -> None:
    held = HeldPort(LOOPBACK, 0)
    for _ in range(3):
        assert not can_connect(held.port)
        assert not can_be_bound(held.port)
        held.open()
        assert not can_be_bound(held.port)
        with socket.create_connection((LOOPBACK, held.port)), await held.accept():
            held.shut()
            assert not can_connect(held.port)
            assert not can_be_bound(held.port)
    held.close()
    assert can_be_bound(held.port)
