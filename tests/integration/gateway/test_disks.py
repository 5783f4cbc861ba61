"""The disk of the FIX store is full or read-only: the session is down, says why, and comes back."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from mesh.errors import reason_of
from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1 import session_pb2 as sessions_pb
from tests.support.gateway_process import Disk
from tests.support.refusals import refusal
from tests.support.session_trial import Trial, nothing_doubled_and_none_lost, trial
from tests.support.waiting import until

DOWN = sessions_pb.FIX_SESSION_STATE_DOWN
DISK_BYTES = 16 * 1024 * 1024


@pytest.fixture
async def disk_trial(book_url, tls_folder, tmp_path) -> AsyncIterator[Trial]:
    async with trial(book_url, tls_folder, tmp_path) as made:
        yield made


async def place_until_refused(t: Trial, name: str) -> list[order_pb2.Order]:
    placed = []
    async with asyncio.timeout(30):
        while True:
            try:
                placed.append((await t.client.place(f"{name}{len(placed)}")).order)
            except grpc.aio.AioRpcError as error:
                assert reason_of(error)[0] == "VENUE_UNAVAILABLE"
                return placed
            await asyncio.sleep(0.01)


async def test_a_full_disk_takes_the_session_down_until_there_is_room(
    book_url, disk_trial: Trial
) -> None:
    t = disk_trial
    disk = Disk(DISK_BYTES)
    t.gateways.launch("first", disk=disk)
    await t.up("first")
    orders = [await t.place("before")]
    await t.running_order(orders[0])
    process = t.gateways.running["first"]
    disk.fill()
    # What was accepted in the moment before is settled when the store can be written again.
    orders += await place_until_refused(t, "meanwhile")
    session = await t.until_session(lambda s: s.state == DOWN, "the session is down")
    assert "ENOSPC" in session.text
    assert str(disk.path) in session.text
    assert "ENOSPC" in t.gateways.log("first")
    assert (await refusal(t.client.place("late"))).reason == "VENUE_UNAVAILABLE"
    disk.empty()
    await t.up("first")
    orders.append(await t.place("after"))
    await nothing_doubled_and_none_lost(book_url, t, orders)
    assert process.poll() is None, "the process that began still runs"


async def test_a_gateway_starts_with_a_read_only_store_and_waits_for_it(
    book_url, disk_trial: Trial
) -> None:
    t = disk_trial
    disk = Disk(DISK_BYTES, ",ro")
    t.gateways.launch("first", disk=disk)
    session = await t.until_session(lambda s: "Read-only" in s.text, "the cause is reported")
    assert session.state == DOWN
    process = t.gateways.running["first"]
    await until(lambda: t.gateways.log("first").count("Read-only") > 0, "the cause is in the log")
    disk.remount("rw")
    await t.up("first")
    assert process.poll() is None
    await nothing_doubled_and_none_lost(book_url, t, [await t.place("after")])
