"""A server takes new certificates and a new authority without a restart."""

import asyncio
import http.client
import shutil
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from kernel.clock import SystemClock
from kernel.well_known import HEALTH_PATH
from mesh.certificates.tls import TlsFiles, client_context
from mesh.rpc.channel import mesh_channel
from mesh.rpc.server import MeshServer
from mesh.settings import MeshSettings
from tests.support.certificates import tls_of, tls_settings

ANSWER_S = 20
SERVING = health_pb2.HealthCheckResponse.SERVING
FILES = ("svc-oms.pem", "svc-oms.key", "envoy.pem", "envoy.key", "ca.pem")


def replace(folder: Path, name: str, content: bytes) -> None:
    """Replace a file in one step, as a mounted secret is."""
    made = folder / f"{name}.new"
    made.write_bytes(content)
    made.replace(folder / name)


async def check(target: str, tls: TlsFiles) -> int:
    """Ask on a new connection."""
    async with mesh_channel(target, "svc-oms", tls) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=ANSWER_S)
        return answer.status


def ask_thread(port: int, tls: TlsFiles) -> int:
    context = client_context(tls)
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=ANSWER_S, context=context)
    try:
        connection.request("GET", HEALTH_PATH)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture
def folder(tls_folder, tmp_path) -> Path:
    """The files of the server and of a client, which the test replaces."""
    for name in FILES:
        shutil.copy(tls_folder / name, tmp_path / name)
    return tmp_path


@pytest.fixture
async def server(folder):
    settings = MeshSettings(
        bind="127.0.0.1:0", health_bind="127.0.0.1:0", **tls_settings(folder, "svc-oms")
    )
    server = MeshServer(settings, SystemClock())
    await server.start()
    yield server
    await server.stop(0)


async def test_an_authority_is_replaced_in_three_steps_and_an_open_stream_stays(
    server, folder, tls_folder, stranger_tls_folder
):
    target = f"127.0.0.1:{server.port}"
    tls = tls_of(folder, "envoy")
    old, new = ((one / "ca.pem").read_bytes() for one in (tls_folder, stranger_tls_folder))

    async def is_well() -> None:
        assert await check(target, tls) == SERVING
        assert await asyncio.to_thread(ask_thread, server.health_port, tls) == 200

    async with mesh_channel(target, "svc-oms", tls) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        stream = stub.Watch(health_pb2.HealthCheckRequest())
        assert (await stream.read()).status == SERVING
        await is_well()
        replace(folder, "ca.pem", old + new)
        await is_well()
        for name in FILES[:-1]:
            replace(folder, name, (stranger_tls_folder / name).read_bytes())
        await is_well()
        replace(folder, "ca.pem", new)
        await is_well()
        assert not stream.done()
        assert (await stub.Check(health_pb2.HealthCheckRequest())).status == SERVING
        await server._health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        assert (await stream.read()).status != SERVING


async def test_a_certificate_of_the_dropped_authority_is_refused(
    server, folder, tls_folder, stranger_tls_folder
):
    target = f"127.0.0.1:{server.port}"
    # The client trusts both authorities, so that only the server can refuse.
    both = folder / "both.pem"
    both.write_bytes(
        b"".join((one / "ca.pem").read_bytes() for one in (tls_folder, stranger_tls_folder))
    )
    mine = tls_of(tls_folder, "envoy")
    client = TlsFiles(mine.tls_cert, mine.tls_key, both)
    assert await check(target, client) == SERVING
    assert await asyncio.to_thread(ask_thread, server.health_port, client) == 200
    for name in FILES:
        replace(folder, name, (stranger_tls_folder / name).read_bytes())
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await check(target, client)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    with pytest.raises(OSError):  # noqa: PT011  TLS 1.3: an alert, or a closed connection
        await asyncio.to_thread(ask_thread, server.health_port, client)
