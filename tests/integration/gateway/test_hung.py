"""A gateway that hangs with its session: the standby goes on, and nothing old or double leaves."""

import asyncio
import os
import signal
import time
from pathlib import Path

import grpc
import pytest

from conformance.scripted_venue import accepted, filled
from mesh.errors import reason_of
from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1 import session_pb2 as sessions_pb
from tests.support.refusals import refusal
from tests.support.session_trial import Trial, nothing_doubled_and_none_lost, trial
from tests.support.waiting import until

DOWN = sessions_pb.FIX_SESSION_STATE_DOWN


async def keep_placing(
    t: Trial, name: str, orders: list, refused: list, stop: asyncio.Event
) -> None:
    """Place without a pause, and go on after refusals."""
    number = 0
    while not stop.is_set():
        number += 1
        try:
            orders.append((await t.client.place(f"{name}{number}")).order)
        except grpc.aio.AioRpcError as error:
            assert reason_of(error)[0] == "VENUE_UNAVAILABLE"
            refused.append(time.monotonic())
        await asyncio.sleep(0.005)


@pytest.mark.long
async def test_a_standby_takes_over_from_a_gateway_that_hangs_under_load(
    book_url, t: Trial
) -> None:
    t.venue.on("D", lambda o: [accepted(o), filled(o, f"F-{o['11']}", o["38"], "650.05")])
    t.gateways.launch("second")
    await t.standby("second")
    hung = t.gateways.running["first"]
    orders: list[order_pb2.Order] = []
    refused: list[float] = []
    stop = asyncio.Event()
    placing = [
        asyncio.create_task(keep_placing(t, f"k{n}-", orders, refused, stop)) for n in range(4)
    ]
    await until(lambda: len(t.venue.of_type("D")) > 50, "orders at the venue")
    hung.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    await t.up("second")
    took_s = time.monotonic() - begun
    print(f"session up at the second gateway {took_s:.2f} s after SIGSTOP")  # noqa: T201
    assert refused, "the session was down for new orders meanwhile"
    print(f"first refusal after {refused[0] - begun:.2f} s")  # noqa: T201
    await until(lambda: hung.poll() is not None, "the hung process was killed")
    assert hung.returncode == -signal.SIGKILL
    stop.set()
    await asyncio.gather(*placing)
    await nothing_doubled_and_none_lost(book_url, t, orders)
    assert "hung gateway killed" in t.gateways.log("second")
    assert "FIX store lost" not in t.gateways.log("second")


@pytest.mark.long
async def test_a_guard_process_that_is_frozen_with_its_gateway_keeps_no_connection(
    book_url, t: Trial
) -> None:
    t.gateways.launch("second")
    await t.standby("second")
    orders = [await t.place("before")]
    await t.running_order(orders[0])
    hung = t.gateways.running["first"]
    hung.send_signal(signal.SIGSTOP)
    for child in children(hung.pid):
        os.kill(child, signal.SIGSTOP)
    # The venue takes one connection of a session: the frozen one must be gone.
    await t.up("second")
    orders.append(await t.place("after"))
    await nothing_doubled_and_none_lost(book_url, t, orders)


@pytest.mark.long
async def test_a_hung_gateway_that_cannot_be_killed_wakes_as_the_standby(
    book_url, tls_folder, tmp_path
) -> None:
    """As on another machine: the standby has a disk of its own, and no lock to take."""
    async with trial(book_url, tls_folder, tmp_path) as t:
        t.gateways.launch("first", store="disk-1")
        await t.up("first")
        t.gateways.launch("second", store="disk-2")
        await t.standby("second")
        orders = [await t.place("before")]
        await t.running_order(orders[0])
        hung = t.gateways.running["first"]
        hung.send_signal(signal.SIGSTOP)
        orders += [(await t.client.place(f"meanwhile{n}")).order for n in range(3)]
        await t.up("second")
        orders.append(await t.place("after"))
        hung.send_signal(signal.SIGCONT)
        await t.standby("first")
        assert hung.poll() is None
        orders.append(await t.place("last"))
        await nothing_doubled_and_none_lost(book_url, t, orders)
        assert (await t.session()).owner_instance == "second"


def children(pid: int) -> list[int]:
    """The processes that a process started: its guard process."""
    found = [
        int(child)
        for file in Path(f"/proc/{pid}/task").glob("*/children")
        for child in file.read_text().split()
    ]
    assert found
    return found


async def test_what_is_too_old_when_a_gateway_wakes_is_never_sent(
    book_url, tls_folder, tmp_path
) -> None:
    async with trial(book_url, tls_folder, tmp_path, immediate_age_max_s=1) as t:
        t.gateways.launch("first")
        await t.up("first")
        orders = [await t.place("before")]
        await t.running_order(orders[0])
        hung = t.gateways.running["first"]
        hung.send_signal(signal.SIGSTOP)
        ioc = {"terms": order_pb2.OrderTerms(
            quantity="100", limit_price="650.05", time_in_force=order_pb2.TIME_IN_FORCE_IOC
        )}  # fmt: skip
        at_once = [(await t.client.place(f"ioc{n}", **ioc)).order for n in range(3)]
        orders += [(await t.client.place(f"day{n}")).order for n in range(3)]
        session = await t.until_session(lambda s: s.state == DOWN, "the session is down")
        assert "did not answer" in session.text
        assert (await refusal(t.client.place("late"))).reason == "VENUE_UNAVAILABLE"
        # Nobody but the guard process is left to end the connection.
        await until(lambda: not t.venue.logged_on(), "the guard process cut the connection")
        hung.send_signal(signal.SIGCONT)
        await t.up("first")
        await nothing_doubled_and_none_lost(book_url, t, orders + at_once)
        for order in at_once:
            ended = await t.client.in_state(order.order_id, order_pb2.ORDER_STATE_REJECTED)
            assert "immediate_age_max_s" in ended.rejection.text
        for order in orders:
            await t.running_order(order)
        assert "this process stood still" in t.gateways.log("first")
