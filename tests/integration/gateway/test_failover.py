"""Two gateways, one session: the second goes on when the first is gone, and nothing is doubled."""

import asyncio
import signal

import pytest

from conformance.scripted_venue import accepted, filled
from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1 import session_pb2 as sessions_pb
from ordermesh.oms.v1 import session_service_pb2 as pb
from tests.support.oms import replica
from tests.support.refusals import refusal
from tests.support.session_trial import OSCAR, WHY, Trial, nothing_doubled_and_none_lost, trial
from tests.support.waiting import until

ORDERS = 150


@pytest.mark.long
async def test_a_standby_takes_over_from_a_killed_gateway_under_load(book_url, t: Trial) -> None:
    t.venue.on("D", lambda o: [accepted(o), filled(o, f"F-{o['11']}", o["38"], "650.05")])
    t.gateways.launch("second")
    await t.standby("second")
    limit = asyncio.Semaphore(16)

    async def one(number: int) -> order_pb2.Order:
        async with limit:
            return await t.place(f"k{number}")

    placing = [asyncio.create_task(one(number)) for number in range(ORDERS)]
    await until(lambda: len(t.venue.of_type("D")) > ORDERS // 3, "orders at the venue")
    begun = asyncio.get_running_loop().time()
    await t.gateways.end("first")
    session = await t.up("second")
    took_s = asyncio.get_running_loop().time() - begun
    print(f"session up at the second gateway {took_s:.2f} s after kill -9")  # noqa: T201
    assert session.fencing_token == 2
    orders = await asyncio.gather(*placing)
    await until(t.venue.logged_on, "logged on")
    await nothing_doubled_and_none_lost(book_url, t, orders)
    assert "FIX store lost" not in t.gateways.log("second")
    # The first comes back as the standby.
    t.gateways.launch("first")
    await t.standby("first")


@pytest.mark.long
async def test_a_standby_with_a_disk_of_its_own_goes_on_after_a_margin(
    book_url, tls_folder, tmp_path
) -> None:
    async with trial(book_url, tls_folder, tmp_path) as t:
        t.gateways.launch("first", store="disk-1")
        await t.up("first")
        orders = [await t.place(f"a{number}") for number in range(5)]
        t.gateways.launch("second", store="disk-2")
        await t.standby("second")
        # Nobody hears of the last order.
        t.venue.ignore("D")
        orders.append(await t.place("silent"))
        await until(lambda: len(t.venue.of_type("D")) == 6, "it arrived")
        await t.gateways.end("first")
        t.venue.on("D", lambda order: [accepted(order)])
        session = await t.up("second")
        assert session.numbers.next_sender_msg_seq_num > 1000
        orders += [await t.place(f"b{number}") for number in range(5)]
        await nothing_doubled_and_none_lost(book_url, t, orders)
        assert "FIX store lost" in t.gateways.log("second")
        assert t.venue.of_type("H"), "what was not answered is asked about"


async def test_a_session_is_handed_over_on_an_operators_word(book_url, t: Trial) -> None:
    request = pb.HandOverRequest(session_id="sima-orders", reason=WHY)
    assert (await refusal(t.sessions.HandOver(request, metadata=OSCAR))).reason == "OBJECT_STATE"
    t.gateways.launch("second")
    await t.standby("second")
    orders = [await t.place("before")]
    given = await t.sessions.HandOver(request, metadata=OSCAR)
    await t.up("second")
    done = await t.settled(given.action.action_id)
    assert done.state == sessions_pb.SESSION_ACTION_STATE_DONE
    assert done.requested_by
    orders.append(await t.place("after"))
    await t.standby("first")
    await nothing_doubled_and_none_lost(book_url, t, orders)


async def test_a_gateway_that_stops_in_good_order_leaves_the_session_at_once(
    book_url, t: Trial
) -> None:
    t.gateways.launch("second")
    await t.standby("second")
    orders = [await t.place("one")]
    await t.gateways.end("first", signal.SIGTERM)
    await t.up("second")
    orders.append(await t.place("two"))
    await nothing_doubled_and_none_lost(book_url, t, orders)


@pytest.mark.long
async def test_a_standby_at_another_replica_waits_for_the_lease_to_end(
    book_url, tls_folder, t: Trial
) -> None:
    async with replica(book_url, tls_folder) as other:
        t.gateways.launch("second", oms_target=other.target)
        await t.standby("second")
        orders = [await t.place("one")]
        # The replica lives and says so at once; a lease that ends by time is shown in test_link.
        await t.gateways.end("first")
        await t.up("second")
        orders.append(await t.place("two"))
        await nothing_doubled_and_none_lost(book_url, t, orders)
