"""Health is answered by a thread, whatever the event loop does."""

import http.client
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.clock import SystemClock
from kernel.well_known import HEALTH_PATH
from mesh.certificates.tls import client_context, server_context
from mesh.rpc.health import LOOP_SILENCE_MAX_S, HealthThread
from mesh.rpc.server import MeshServer
from mesh.settings import MeshSettings
from tests.support.certificates import tls_of, tls_settings

ANSWER_S = 20


def ask(port: int, context: ssl.SSLContext, path: str = HEALTH_PATH) -> tuple[int, str]:
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=ANSWER_S, context=context)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode().strip()
    connection.close()
    return answer.status, text


@pytest.fixture
def edge(tls_folder) -> ssl.SSLContext:
    return client_context(tls_of(tls_folder, "envoy"))


@pytest.fixture
def asked(edge):
    """Ask in a thread while the event loop of this test is blocked; return the answer."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda port, path=HEALTH_PATH: pool.submit(ask, port, edge, path).result(ANSWER_S)


async def test_a_process_whose_event_loop_is_blocked_answers(tls_folder, asked):
    settings = MeshSettings(
        bind="127.0.0.1:0", health_bind="127.0.0.1:0", **tls_settings(tls_folder, "svc-oms")
    )
    server = MeshServer(settings, SystemClock())
    await server.start()
    try:
        # The result is waited for without giving the loop a turn.
        assert asked(server.health_port) == (200, "serving")
    finally:
        await server.stop(0)
    with pytest.raises(OSError, match="refused"):
        asked(server.health_port)


async def test_what_the_thread_answers(tls_folder, asked):
    seconds = [100.0]
    tls = server_context(tls_of(tls_folder, "svc-oms"))
    thread = HealthThread("127.0.0.1:0", tls, now=lambda: seconds[0])
    port = await thread.start()
    try:
        assert asked(port) == (503, "not serving")
        thread.serving = True
        assert asked(port) == (200, "serving")
        assert asked(port, "/metrics")[0] == 404
        seconds[0] += LOOP_SILENCE_MAX_S
        assert asked(port)[0] == 200
        seconds[0] += 1
        assert asked(port) == (503, "the event loop has not turned for 16 s")
        thread.turned()
        assert asked(port) == (200, "serving")
    finally:
        await thread.stop()


async def test_only_our_own_processes_are_answered(tls_folder):
    tls = tls_of(tls_folder, "svc-oms")
    thread = HealthThread("127.0.0.1:0", server_context(tls))
    port = await thread.start()
    stranger = ssl.create_default_context(cafile=tls.tls_ca)
    try:
        with pytest.raises((ssl.SSLError, ConnectionError)), ThreadPoolExecutor(1) as pool:
            pool.submit(ask, port, stranger).result(ANSWER_S)
    finally:
        await thread.stop()


async def test_an_address_in_use_is_named(tls_folder):
    tls = server_context(tls_of(tls_folder, "svc-oms"))
    first = HealthThread("127.0.0.1:0", tls)
    port = await first.start()
    settings = MeshSettings(
        bind="127.0.0.1:0",
        health_bind=f"127.0.0.1:{port}",
        **tls_settings(tls_folder, "svc-oms"),
    )
    server = MeshServer(settings, SystemClock())
    try:
        with pytest.raises(OSError, match=f"cannot bind 127.0.0.1:{port}"):
            await server.start()
    finally:
        await server.stop(0)
        await first.stop()
