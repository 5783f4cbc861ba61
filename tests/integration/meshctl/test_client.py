"""The Python client against an edge that fails on demand."""

import asyncio
import dataclasses
import json
import stat

import grpc
import pytest

from mesh.errors import refuse
from meshctl.client import local_mesh
from ordermesh.oms.v1 import event_pb2, order_service_pb2
from ordermesh_client import MeshRefusedError, MeshUnreachableError, NotLoggedInError
from ordermesh_rpc.backoff import RECONNECT_BACKOFF_MIN_MS
from tests.support.fake_edge import FakeEdge

ACCOUNT = "ACC-ALICE"
PLACE = {"account_id": ACCOUNT, "instrument_id": "ASML.SIMA", "side": 1, "type": 1}


@pytest.fixture
async def edge(tls_folder):
    fake = FakeEdge()
    await fake.start(tls_folder)
    yield fake
    await fake.stop()


@pytest.fixture
async def home(edge, tls_folder, tmp_path):
    return edge.home(tmp_path / "home", tls_folder)


@pytest.fixture
async def mesh(home):
    async with local_mesh(home) as client:
        await client.login("alice", "right")
        yield client


def frame(*items):
    return order_service_pb2.WatchResponse(items=items)


def event(sequence):
    return {"event": {"account_id": ACCOUNT, "sequence": sequence, "order_id": "O"}}


def complete(sequence, epoch="life-1"):
    cursor = {"epoch": epoch, "sequence": sequence}
    return {"snapshot_complete": {"channel": ACCOUNT, "cursor": cursor}}


async def collect(mesh, count):
    """Read so many items, events by number and the rest by kind."""
    found = []
    async for item in mesh.watch_orders([ACCOUNT]):
        kind = item.WhichOneof("item")
        found.append(item.event.sequence if kind == "event" else kind)
        if len(found) == count:
            return found
    raise AssertionError("the stream never ends by itself")


async def test_lost_answer_is_asked_for_again_with_the_same_key(edge, mesh):
    edge.faults["Place"] = [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
        refuse("RATE_LIMITED", "slowly", retry_after_s=0.01),
    ]
    answer = await mesh.place(order_service_pb2.PlaceRequest(**PLACE), retry_for_s=30)
    keys = {request.idempotency_key for request in edge.requests["Place"]}
    assert answer.order.order_id == "ORDER-1"
    assert len(edge.requests["Place"]) == 5
    assert len(keys) == len(edge.orders) == 1


async def test_refusal_is_reported_at_once_with_reason_and_field(edge, mesh):
    edge.faults["Place"] = [refuse("PRICE_OFF_TICK", "no", "terms.limit_price", tick="0.05")]
    with pytest.raises(MeshRefusedError) as caught:
        await mesh.place(order_service_pb2.PlaceRequest(**PLACE), retry_for_s=30)
    assert caught.value.reason == "PRICE_OFF_TICK"
    assert caught.value.metadata["field"] == "terms.limit_price"
    assert len(edge.requests["Place"]) == 1


async def test_token_is_refreshed_before_its_end_and_kept_private(edge, mesh, home):
    edge.token_life_s = 30
    await mesh.login("alice", "right")
    await mesh.place(order_service_pb2.PlaceRequest(**PLACE))
    assert len(edge.requests["Refresh"]) == 1
    kept = home.root / "cli" / "logins" / "alice.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    async with local_mesh(home) as other:
        assert other.session.access_token == f"access-{edge.tokens_made}"


async def test_many_tasks_refresh_once(edge, mesh):
    edge.tokens_made += 1  # the token in hand is no longer accepted
    mesh._session = mesh.session.__class__(
        **{**mesh.session.__dict__, "refresh_token": f"refresh-{edge.tokens_made}"}
    )
    await asyncio.gather(*[mesh.instruments() for _ in range(10)])
    assert len(edge.requests["Refresh"]) == 1


async def test_the_answer_of_a_refresh_is_kept_when_the_task_that_asked_is_cancelled(edge, mesh):
    edge.refresh_answers.clear()
    edge.tokens_made += 1  # the token in hand is no longer accepted
    mesh._session = dataclasses.replace(mesh.session, refresh_token=f"refresh-{edge.tokens_made}")
    asking = asyncio.create_task(mesh.instruments())
    await edge.refresh_came.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    edge.refresh_answers.set()
    await mesh.instruments()
    assert len(edge.requests["Refresh"]) == 1


async def test_a_client_that_closes_keeps_the_answer_of_a_refresh(edge, home):
    async with local_mesh(home) as mesh:
        edge.token_life_s = 30
        await mesh.login("alice", "right")
        edge.refresh_answers.clear()
        asking = asyncio.create_task(mesh.instruments())
        await edge.refresh_came.wait()
        asking.cancel()
        asyncio.get_running_loop().call_soon(edge.refresh_answers.set)
    async with local_mesh(home) as again:
        assert again.session.refresh_token == f"refresh-{edge.tokens_made}"


async def test_a_logout_is_not_undone_by_a_refresh(edge, mesh):
    edge.refresh_answers.clear()
    asking = asyncio.create_task(mesh.refresh())
    await edge.refresh_came.wait()
    await mesh.logout()
    edge.refresh_answers.set()
    await asking
    with pytest.raises(NotLoggedInError):
        await mesh.instruments()


async def test_login_that_has_ended_is_reported(edge, mesh):
    edge.tokens_made += 5
    with pytest.raises(NotLoggedInError):
        await mesh.instruments()


async def test_nobody_there_is_reported(edge, mesh):
    await edge.stop()
    with pytest.raises(MeshUnreachableError):
        await mesh.instruments()


async def test_a_slow_handshake_is_no_dead_mesh(edge, home):
    """As on a machine with much else to do: each new connection answers late."""

    async def carry(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def late(reader, writer):
        try:
            await asyncio.sleep(3 * RECONNECT_BACKOFF_MIN_MS / 1000)
            onward, back = await asyncio.open_connection("127.0.0.1", edge.port)
            try:
                await asyncio.gather(carry(reader, back), carry(onward, writer))
            finally:
                back.transport.abort()
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(late, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    home.state_file.write_text(json.dumps({"ports": {"edge_tls": port}}))
    async with local_mesh(home) as client:
        assert (await client.login("alice", "right")).username == "alice"
    server.close()


async def test_watch_resumes_after_the_last_event_and_reports_the_gap(edge, mesh):
    async def first(_):
        yield frame(complete(7), event(8))
        yield frame(event(9))
        raise RuntimeError("killed")

    async def second(_):
        yield frame(event(10))
        await asyncio.Event().wait()

    edge.watches = [first, second]
    assert await collect(mesh, 6) == ["snapshot_complete", 8, 9, "gap", "gap", 10]
    opened = edge.requests["Watch"]
    assert not opened[0].accounts[0].HasField("cursor")
    assert opened[1].accounts[0].cursor.epoch == "life-1"
    assert opened[1].accounts[0].cursor.sequence == 9


async def test_drain_is_resumed_without_a_gap(edge, mesh):
    async def first(_):
        yield frame(complete(1))
        yield frame({"drain": {"cause": 2}})

    async def second(_):
        yield frame(event(2))
        await asyncio.Event().wait()

    edge.watches = [first, second]
    assert await collect(mesh, 3) == ["snapshot_complete", "drain", 2]


async def test_watch_outlives_the_whole_mesh(edge, mesh, tls_folder):
    async def first(_):
        yield frame(complete(1))
        await asyncio.Event().wait()

    async def second(_):
        yield frame(event(2))
        await asyncio.Event().wait()

    edge.watches = [first, second]
    seen = []

    async def read():
        async for item in mesh.watch_orders([ACCOUNT]):
            seen.append(item)
            if item.WhichOneof("item") == "gap" and item.gap.kind == 1:
                down.set()
            if item.WhichOneof("item") == "event":
                return

    down = asyncio.Event()
    reading = asyncio.create_task(read())
    while not seen:
        await asyncio.sleep(0)
    port = edge.port
    await edge.stop()
    await down.wait()
    await edge.start(tls_folder, port)
    await reading
    assert isinstance(seen[-1], event_pb2.OrderStreamItem)
    assert seen[-1].event.sequence == 2


async def test_watch_refused_for_good_ends(edge, mesh):
    edge.faults["Watch"] = [refuse("ACCOUNT_NOT_ALLOWED", "not yours", account="ACC-BOB")]
    with pytest.raises(MeshRefusedError) as caught:
        await collect(mesh, 1)
    assert caught.value.reason == "ACCOUNT_NOT_ALLOWED"


async def test_watch_refreshes_once_and_then_gives_up(edge, mesh):
    edge.faults["Watch"] = [refuse("TOKEN_EXPIRED", "refresh"), refuse("UNAUTHENTICATED", "no")]
    with pytest.raises(MeshRefusedError) as caught:
        await collect(mesh, 9)
    assert caught.value.reason == "UNAUTHENTICATED"
    assert len(edge.requests["Refresh"]) == 1
