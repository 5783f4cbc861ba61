# ruff: noqa: N802, ARG002  # handlers are named and shaped as the rpcs are
"""The server and channel over real mutual TLS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from kernel.clock import SystemClock
from mesh.errors import read_refusal, reason_of, refuse
from mesh.rpc.channel import mesh_channel
from mesh.rpc.server import PUBLIC, MeshServer, peer, user
from mesh.rpc.user_limits import OpenPerUser
from mesh.settings import MeshSettings
from mesh.streams.life import StreamLife, slow_consumer
from ordermesh.oms.v1 import event_pb2, order_service_pb2_grpc
from ordermesh.oms.v1 import order_service_pb2 as pb
from tests.support.certificates import tls_of, tls_settings
from tests.support.pages import page
from tests.support.tokens import TokenMint, bearer
from tests.support.waiting import until

SERVICE = "ordermesh.oms.v1.OrderService"
METHODS = pb.DESCRIPTOR.services_by_name["OrderService"].methods
ACCESS = {
    # Those that these tests do not look at.
    **{method.name: user("TRADER") for method in METHODS},
    "Place": user("TRADER"),
    "Replace": peer("svc-gateway"),
    "Cancel": PUBLIC,
    "CancelAll": user("TRADER"),
    "Get": user(),
    "List": user("TRADER", "VIEWER"),
    "Watch": user(),
}
PLACE = pb.PlaceRequest(
    idempotency_key="k-1",
    account_id="ACC-ALICE",
    instrument_id="ASML.SIMA",
    side=1,
    type=1,
    terms={"quantity": "10", "time_in_force": 1},
)
CANCEL_ALL = pb.CancelAllRequest(idempotency_key="k-1", account_id="ACC-ALICE")
WAITING_ITEMS_MAX = 10


class Orders(order_service_pb2_grpc.OrderServiceServicer):
    """Does nothing an OMS does; each rpc shows one thing the server does."""

    def __init__(self) -> None:
        self.items = []
        self.wake = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.watching = asyncio.Event()
        self.halted = None
        self.streams = 0

    async def Place(self, request, call):
        call.user.require_trade(request.account_id)
        return pb.PlaceResponse(duplicate=call.peer == "envoy")

    async def Replace(self, request, call):
        return pb.ReplaceResponse(duplicate=call.principal is None)

    async def Cancel(self, request, call):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def CancelAll(self, request, call):
        if self.halted is not None:
            await self.halted(request, call)
        raise refuse("TRADING_HALTED", "halted for a test", retry_after_s=1.5, venue="SIMA")

    async def Get(self, request, call):
        raise RuntimeError("secret detail of the fault")

    async def List(self, request, call):
        return pb.ListResponse(next_page_token=call.user.subject)

    async def Watch(self, request, call):
        self.watching.set()
        self.streams += 1
        try:
            async for response in self.watched(call):
                yield response
        finally:
            self.streams -= 1

    async def watched(self, call):
        with StreamLife(call, SystemClock(), 60, self.wake.set) as life:
            while not life.is_over:
                self.wake.clear()
                items, self.items = self.items, []
                if len(items) > WAITING_ITEMS_MAX:
                    raise slow_consumer("too many items waited", WAITING_ITEMS_MAX)
                if items:
                    # Serialised here: the server passes bytes through.
                    yield pb.WatchResponse(items=items).SerializeToString()
                assert not life.heartbeat_due(), "no heartbeat within a test"
                await self.wake.wait()
            yield pb.WatchResponse(items=[{"drain": life.drain()}])
            raise life.end_error("the stream ends")

    def put(self, *items):
        self.items += items
        self.wake.set()


class Running:
    def __init__(self, server, orders, mint, tls):
        self.server, self.orders, self.mint, self.tls = server, orders, mint, tls

    def channel(self, service="envoy", tls=None):
        target = f"127.0.0.1:{self.server.port}"
        return mesh_channel(target, "svc-oms", tls or tls_of(self.tls, service))

    @asynccontextmanager
    async def stub(self, service="envoy", tls=None) -> AsyncIterator:
        async with self.channel(service, tls) as channel:
            yield order_service_pb2_grpc.OrderServiceStub(channel)


@pytest.fixture
async def running(tls_folder):
    mint = TokenMint()
    files = tls_settings(tls_folder, "svc-oms")
    settings = MeshSettings(bind="127.0.0.1:0", drain_grace_s=2.0, **files)
    server = MeshServer(settings, SystemClock(), mint.verifier())
    orders = Orders()
    server.add(orders, SERVICE, ACCESS)
    await server.start()
    yield Running(server, orders, mint, tls_folder)
    await server.stop(0)


async def failure_of(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_user_call_is_answered_and_knows_peer_and_user(running):
    async with running.stub() as stub:
        answer = await stub.Place(PLACE, metadata=bearer(running.mint.mint_token()))
        assert answer.duplicate  # the peer was seen as envoy
        listed = await stub.List(pb.ListRequest(), metadata=bearer(running.mint.mint_token()))
        assert listed.next_page_token == "alice"


async def test_one_user_cannot_take_all_streams(running):
    running.server._parts.user_streams = OpenPerUser("streams", 2)
    ann, bob = (bearer(running.mint.mint_token(subject=name)) for name in ("ann", "bob"))
    async with running.stub() as stub:
        held = [stub.Watch(pb.WatchRequest(), metadata=ann) for _ in range(2)]
        await until(lambda: running.orders.streams == 2, "both are open")
        refused = stub.Watch(pb.WatchRequest(), metadata=ann)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await refused.read()
        assert reason_of(caught.value)[0] == "OVERLOADED"
        other = stub.Watch(pb.WatchRequest(), metadata=bob)
        await until(lambda: running.orders.streams == 3, "another user's is open")
        held[0].cancel()
        await until(lambda: running.orders.streams == 2, "it has ended")
        again = stub.Watch(pb.WatchRequest(), metadata=ann)
        await until(lambda: running.orders.streams == 3, "there is room again")
        for stream in (held[1], other, again):
            stream.cancel()


@pytest.mark.parametrize("rpc", ["Cancel", "Get", "Watch"])
async def test_a_call_that_ends_without_a_request_is_answered_at_once(running, rpc):
    """A caller could hold it for as long as the rpc may take, without being counted."""
    async with running.channel() as channel:
        path = f"/{SERVICE}/{rpc}"
        call = channel.stream_stream(path)(metadata=bearer(running.mint.mint_token()))
        await call.done_writing()
        error = await failure_of(call.read())
    assert reason_of(error)[0] == "INVALID_FIELD"
    assert "ended before one whole request had arrived" in error.details()


async def test_user_call_without_token_is_refused(running):
    async with running.stub() as stub:
        error = await failure_of(stub.Place(PLACE))
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        assert reason_of(error)[0] == "UNAUTHENTICATED"


async def test_user_with_wrong_role_and_foreign_account_are_refused(running):
    async with running.stub() as stub:
        viewer = bearer(running.mint.mint_token(roles=("VIEWER",)))
        assert reason_of(await failure_of(stub.Place(PLACE, metadata=viewer)))[0] == (
            "PERMISSION_DENIED"
        )
        bob = bearer(running.mint.mint_token(accounts=("ACC-BOB",)))
        error = await failure_of(stub.Place(PLACE, metadata=bob))
        assert reason_of(error) == (
            "ACCOUNT_NOT_ALLOWED",
            {"account": "ACC-ALICE", "field": "account_id", "retry_class": "NOT_ALLOWED"},
        )


async def test_broken_field_is_refused_before_the_handler(running):
    broken = pb.PlaceRequest()
    broken.CopyFrom(PLACE)
    broken.terms.quantity = "1e2"
    async with running.stub() as stub:
        error = await failure_of(stub.Place(broken, metadata=bearer(running.mint.mint_token())))
    refusal = read_refusal(error)
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (refusal.reason, refusal.field) == ("INVALID_FIELD", "terms.quantity")
    assert refusal.metadata["value"] == "1e2"


async def test_peer_call_is_for_the_named_service_only(running):
    request = pb.ReplaceRequest(
        idempotency_key="k", order_id="o", terms={"quantity": "1", "time_in_force": 1}
    )
    async with running.stub("svc-gateway") as stub:
        assert (await stub.Replace(request)).duplicate
    async with running.stub("svc-marketdata") as stub:
        error = await failure_of(stub.Replace(request))
        assert reason_of(error) == (
            "PERMISSION_DENIED",
            {"peer": "svc-marketdata", "retry_class": "NOT_ALLOWED"},
        )


async def test_client_with_a_certificate_of_another_authority_is_refused(
    running, stranger_tls_folder
):
    async with running.stub(tls=tls_of(stranger_tls_folder, "svc-gateway")) as stub:
        error = await failure_of(stub.Place(PLACE))
        assert error.code() is grpc.StatusCode.UNAVAILABLE


async def test_client_without_a_certificate_is_refused(running):
    credentials = grpc.ssl_channel_credentials((running.tls / "ca.pem").read_bytes())
    options = [("grpc.ssl_target_name_override", "svc-oms.ordermesh.internal")]
    target = f"127.0.0.1:{running.server.port}"
    async with grpc.aio.secure_channel(target, credentials, options=options) as channel:
        error = await failure_of(order_service_pb2_grpc.OrderServiceStub(channel).Place(PLACE))
        assert error.code() is grpc.StatusCode.UNAVAILABLE


async def test_refusal_carries_reason_metadata_and_retry_delay(running):
    request = pb.CancelAllRequest(idempotency_key="k", account_id="ACC-ALICE")
    async with running.stub() as stub:
        metadata = bearer(running.mint.mint_token())
        refusal = read_refusal(await failure_of(stub.CancelAll(request, metadata=metadata)))
    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.metadata == {"venue": "SIMA", "retry_class": "WAIT_UNTIL"}
    assert refusal.retry_after_s == 1.5


async def test_fault_of_ours_gives_an_incident_and_no_detail(running, capfd):
    request = pb.GetRequest(order_id="o")
    async with running.stub() as stub:
        error = await failure_of(stub.Get(request, metadata=bearer(running.mint.mint_token())))
    reason, metadata = reason_of(error)
    assert (error.code(), reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert "secret detail" not in (error.details() or "")
    written = "".join(capfd.readouterr())
    assert metadata["incident"] in written
    assert "secret detail" in written


async def test_deadline_ends_the_handler(running):
    request = pb.CancelRequest(idempotency_key="k", order_id="o")
    async with running.stub() as stub:
        error = await failure_of(stub.Cancel(request, timeout=0.1))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert reason_of(error)[0] == "COMMAND_OUTCOME_UNKNOWN"
    await running.orders.cancelled.wait()


async def test_stream_passes_bytes_through_and_drains(running):
    item = event_pb2.OrderStreamItem(heartbeat={"channel": "ACC-ALICE"})
    async with running.stub() as stub:
        stream = stub.Watch(pb.WatchRequest(), metadata=bearer(running.mint.mint_token()))
        await running.orders.watching.wait()
        running.orders.put(item)
        frame = await stream.read()
        assert list(frame.items) == [item]
        stopping = asyncio.ensure_future(running.server.stop())
        drained = await stream.read()
        assert drained.items[0].drain.cause == 1
        error = await failure_of(stream.read())
        assert (error.code(), reason_of(error)[0]) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        assert read_refusal(error).retry_after_s == 1
        await stopping


async def test_stream_ends_30_s_before_its_token(running):
    token = running.mint.mint_token(lifetime_s=30)
    async with running.stub() as stub:
        stream = stub.Watch(pb.WatchRequest(), metadata=bearer(token))
        frame = await stream.read()
        assert frame.items[0].drain.cause == 2
        assert frame.items[0].drain.retry_after.ToMilliseconds() == 0
        refusal = read_refusal(await failure_of(stream.read()))
        assert (refusal.reason, refusal.retry_after_s) == ("DRAINING", 0)


async def test_slow_reader_is_informed(running):
    async with running.stub() as stub:
        running.orders.put(*[event_pb2.OrderStreamItem()] * 11)
        stream = stub.Watch(pb.WatchRequest(), metadata=bearer(running.mint.mint_token()))
        with pytest.raises(grpc.aio.AioRpcError):
            async for _ in stream:
                pass
        assert await stream.code() is not grpc.StatusCode.OK


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("path", ["/ordermesh.oms.v1.OrderService/Nothing", "/no.Service/Get"])
async def test_an_rpc_that_does_not_exist_is_refused_with_a_reason(running, path, streams):
    async with running.channel() as channel:
        if streams:
            call = channel.stream_stream(path)(iter([b""]), timeout=5)
        else:
            call = channel.unary_unary(path)(b"", timeout=5)
        error = await failure_of(call.read() if streams else call)
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert reason_of(error)[0] == "RPC_NOT_FOUND"
    assert path in error.details()


async def test_health_and_reflection_answer(running):
    async with running.channel() as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", SERVICE):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        requests = [reflection_pb2.ServerReflectionRequest(list_services="")]
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        answers = [answer async for answer in stub.ServerReflectionInfo(iter(requests))]
        names = {one.name for one in answers[0].list_services_response.service}
        assert {SERVICE, "grpc.health.v1.Health"} <= names


def test_every_rpc_must_have_an_access_rule():
    server = MeshServer(MeshSettings(), SystemClock())
    without_get = {name: rule for name, rule in ACCESS.items() if name != "Get"}
    with pytest.raises(ValueError, match="Get"):
        server.add(Orders(), SERVICE, without_get)
    with pytest.raises(ValueError, match="Fetch"):
        server.add(Orders(), SERVICE, {**ACCESS, "Fetch": PUBLIC})


async def test_ops_server_serves_metrics_and_readiness():
    from mesh.telemetry import OpsServer

    ready = [(False, "no database")]
    ops = OpsServer("127.0.0.1:0", lambda: ready[0])
    await ops.start()
    url = f"http://127.0.0.1:{ops.port}"
    assert await asyncio.to_thread(page, f"{url}/readyz") == (503, b"no database\n")
    ready[0] = (True, "ready")
    assert await asyncio.to_thread(page, f"{url}/readyz") == (200, b"ready\n")
    assert await asyncio.to_thread(page, f"{url}/livez") == (200, b"alive\n")
    status, text = await asyncio.to_thread(page, f"{url}/metrics")
    assert status == 200
    assert b"grpc_server_handled_total" in text
    assert (await asyncio.to_thread(page, f"{url}/other"))[0] == 404
    await ops.stop()


async def test_the_hook_hears_of_every_refusal_before_the_caller(running):
    heard = []

    async def hook(call, request, error):
        heard.append((call.method.rpartition("/")[2], request, error.reason, call.principal))
        raise RuntimeError("a fault of the hook changes nothing")

    running.server.on_refused(hook)
    trader = bearer(running.mint.mint_token())
    viewer = bearer(running.mint.mint_token("vera", roles=("VIEWER",)))
    async with running.channel() as channel:
        stub = order_service_pb2_grpc.OrderServiceStub(channel)
        raw = channel.unary_unary(f"/{SERVICE}/Place")
        for method, request, user_of, reason in (
            (stub.Place, PLACE, None, "UNAUTHENTICATED"),
            (stub.Place, PLACE, viewer, "PERMISSION_DENIED"),
            (stub.Place, pb.PlaceRequest(), trader, "INVALID_FIELD"),
            (stub.CancelAll, CANCEL_ALL, trader, "TRADING_HALTED"),
            (raw, b"\xff", trader, "INVALID_FIELD"),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await method(request, metadata=user_of)
            assert reason_of(refused.value)[0] == reason == heard[-1][2]
    assert [(rpc, request) for rpc, request, _, _ in heard] == [
        ("Place", PLACE),
        ("Place", PLACE),
        ("Place", pb.PlaceRequest()),
        ("CancelAll", CANCEL_ALL),
        ("Place", None),
    ]
    # Who was refused for a role is known; who came without a token is not.
    assert [caller and caller.subject for _, _, _, caller in heard] == [
        None, "vera", "alice", "alice", "alice",
    ]  # fmt: skip


async def test_the_hook_does_not_hear_of_what_is_recorded(running):
    heard = []

    async def hook(_call, _request, error):
        heard.append(error.reason)

    async def recorded(_request, _call):
        error = refuse("TRADING_HALTED", "written down already")
        error.recorded = True
        raise error

    running.server.on_refused(hook)
    running.orders.halted = recorded
    async with running.stub() as stub:
        call = stub.CancelAll(CANCEL_ALL, metadata=bearer(running.mint.mint_token()))
        with pytest.raises(grpc.aio.AioRpcError):
            await call
    assert heard == []


async def test_the_other_hook_hears_of_every_call_that_may_be_made(running):
    """Whatever comes of it; and of nobody who may not make it."""
    heard = []
    running.server.on_admitted(lambda call: heard.append(call.principal.subject))
    trader = bearer(running.mint.mint_token())
    viewer = bearer(running.mint.mint_token("vera", roles=("VIEWER",)))
    async with running.channel() as channel:
        stub = order_service_pb2_grpc.OrderServiceStub(channel)
        for request, user_of in (
            (PLACE, None),
            (PLACE, viewer),
            (PLACE, trader),
            (pb.PlaceRequest(), trader),
        ):
            call = stub.Place(request, metadata=user_of)
            if request is PLACE and user_of is trader:
                await call
            else:
                with pytest.raises(grpc.aio.AioRpcError):
                    await call
    assert heard == ["alice", "alice"]
