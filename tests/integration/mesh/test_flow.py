# ruff: noqa: N802, ARG002  # handlers are named and shaped as the rpcs are
"""Bidirectional streams: frames are checked one by one, or by the handler itself."""

import asyncio
import signal
import socket
import sys

import grpc
import grpc.aio
import pytest

from kernel.clock import SystemClock
from mesh.errors import MeshError, reason_of, to_rejection
from mesh.rpc import handlers
from mesh.rpc.channel import mesh_channel
from mesh.rpc.server import MeshServer, user
from mesh.rpc.validation import validate
from mesh.settings import MeshSettings
from ordermesh.oms.v1 import order_flow_service_pb2 as pb
from ordermesh.oms.v1 import order_flow_service_pb2_grpc
from tests.support.certificates import tls_of, tls_settings
from tests.support.ports import free_port
from tests.support.sources import ROOT
from tests.support.tokens import TokenMint, bearer

SERVICE = "ordermesh.oms.v1.OrderFlowService"


class Flow:
    """Answers each command by whether its fields hold."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def Flow(self, requests, call):
        try:
            async for request in requests:
                results = [self.result(command) for command in request.commands]
                yield pb.FlowResponse(results=results)
        finally:
            self.ended.set()

    def result(self, command):
        try:
            validate(command)
        except MeshError as error:
            refused = to_rejection(error)
            return pb.FlowResult(correlation_id=command.correlation_id, refused=refused)
        return pb.FlowResult(correlation_id=command.correlation_id, accepted={})


@pytest.fixture(params=[True, False], ids=["checks itself", "checked"])
async def flow(request, tls_folder):
    mint, handler = TokenMint(), Flow()
    settings = MeshSettings(bind="127.0.0.1:0", **tls_settings(tls_folder, "svc-oms"))
    server = MeshServer(settings, SystemClock(), mint.verifier())
    itself = {"Flow"} if request.param else ()
    server.add(handler, SERVICE, {"Flow": user("TRADER")}, validates_itself=itself)
    await server.start()
    target = f"127.0.0.1:{server.port}"
    async with mesh_channel(target, "svc-oms", tls_of(tls_folder, "envoy")) as channel:
        stub = order_flow_service_pb2_grpc.OrderFlowServiceStub(channel)
        yield stub.Flow(metadata=bearer(mint.mint_token())), handler, request.param
    await server.stop(0)


BROKEN = pb.FlowCommand(correlation_id=7, cancel={"order_id": "o"})


async def test_broken_command_is_a_result_or_the_end(flow):
    stream, handler, checks_itself = flow
    await stream.write(pb.FlowRequest(commands=[BROKEN]))
    if checks_itself:
        answer = await stream.read()
        assert answer.results[0].correlation_id == 7
        assert answer.results[0].refused.field == "cancel.idempotency_key"
        await stream.done_writing()
        assert await stream.read() is grpc.aio.EOF
    else:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.read()
        reason, metadata = reason_of(caught.value)
        assert (reason, metadata["field"]) == (
            "INVALID_FIELD",
            "commands[0].cancel.idempotency_key",
        )
    await handler.ended.wait()


async def test_a_stream_without_a_first_request_ends(flow, monkeypatch):
    """The caller knows from the headers that it was admitted; then it has a bounded time."""
    monkeypatch.setattr(handlers, "FIRST_REQUEST_MAX_S", 0.01)
    stream, *_ = flow
    await stream.initial_metadata()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stream.read()
    assert reason_of(caught.value)[0] == "DEADLINE_TOO_SHORT"


async def test_reader_that_goes_away_ends_the_handler(flow):
    stream, handler, _ = flow
    await stream.write(pb.FlowRequest())
    assert isinstance(await stream.read(), pb.FlowResponse)
    stream.cancel()
    await handler.ended.wait()


PROCESS = """
from contextlib import asynccontextmanager
from mesh.settings import MeshSettings
from mesh.rpc.server import Ops, run_process

@asynccontextmanager
async def build(settings, server):
    yield Ops()
    print("closed after the drain", flush=True)

run_process(MeshSettings, build)
"""


async def until_listening(port):
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.write(b"GET /readyz HTTP/1.1\r\n\r\n")
        head = await reader.read()
        writer.close()
        if head.startswith(b"HTTP/1.1 200"):
            return head


async def start(**environment):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESS, cwd=ROOT, stdout=-1, stderr=-1,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'gen/python'}", **environment},
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_process_is_ready_then_drains_and_closes_its_parts(number):
    port = free_port()
    process = await start(ORDERMESH_OPS_BIND=f"127.0.0.1:{port}")
    assert b"ready" in await until_listening(port)
    process.send_signal(number)
    out, errors = await process.communicate()
    assert (process.returncode, out) == (0, b"closed after the drain\n"), errors.decode()


async def test_process_with_an_unknown_key_does_not_start():
    process = await start(ORDERMESH_BNID="127.0.0.1:1")
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"ORDERMESH_BNID" in errors


async def test_process_whose_ops_port_is_taken_says_so():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        process = await start(ORDERMESH_OPS_BIND=address)
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert f"cannot bind {address}".encode() in errors
    assert b"Traceback" not in errors
