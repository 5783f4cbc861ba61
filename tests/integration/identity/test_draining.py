"""A replica that stops by SIGTERM fails no call: Envoy takes it out before it refuses any."""

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from ordermesh.identity.v1 import auth_service_pb2 as pb
from ordermesh.identity.v1 import auth_service_pb2_grpc as pb_grpc
from tests.support.edge import Backend, running_edge
from tests.support.identity_process import Identity
from tests.support.ports import free_port
from tests.support.waiting import wait_for

CALLERS = 8
CALLS_BEFORE = 200
CALLS_AFTER = 400


class Caller:
    """Calls through the edge from several threads until they have to stop; keeps what failed."""

    def __init__(self, channel):
        self._stub = pb_grpc.AuthServiceStub(channel)
        self._stopped = threading.Event()
        self.answered = 0
        self.failed = []

    def run(self):
        while not self._stopped.is_set():
            try:
                self._stub.GetJwks(pb.GetJwksRequest(), timeout=10)
                self.answered += 1
            except grpc.RpcError as error:
                self.failed.append((error.code(), error.details()))

    def stop(self):
        self._stopped.set()


@pytest.mark.long
def test_sigterm_of_one_of_two_replicas_fails_no_call(tmp_path, tls_folder, identity):
    stopping = Identity(
        identity.folder, tls_folder, identity.database_url, free_port(), free_port(), free_port(),
        {"DRAIN_NOTICE_S": "3"},
    )  # fmt: skip
    process = stopping.start()
    backends = {name: Backend(name, tls_folder) for name in ("svc-oms", "svc-marketdata")}
    for backend in backends.values():
        backend.start()
    backends["svc-identity"] = Backend("svc-identity", tls_folder)
    two = (identity, stopping)
    both = {
        "identity": tuple(f"127.0.0.1:{one.port}" for one in two),
        "identity_health": tuple(f"127.0.0.1:{one.health_port}" for one in two),
    }
    try:
        with (
            running_edge(
                tmp_path, tls_folder, backends, identity.keys_port, upstreams=both
            ) as edge,
            edge.channel() as channel,
            ThreadPoolExecutor(CALLERS) as threads,
        ):
            callers = [Caller(channel) for _ in range(CALLERS)]
            for caller in callers:
                threads.submit(caller.run)
            try:
                wait_for(lambda: sum(c.answered for c in callers) > CALLS_BEFORE, "calls flow")
                process.terminate()
                assert process.wait(timeout=30) == 0
                ended = sum(caller.answered for caller in callers)
                wait_for(
                    lambda: sum(c.answered for c in callers) > ended + CALLS_AFTER,
                    "calls go on with one replica",
                )
            finally:
                for caller in callers:
                    caller.stop()
        assert [one for caller in callers for one in caller.failed] == []
    finally:
        process.kill()
        process.wait()
        for backend in backends.values():
            backend.stop()
