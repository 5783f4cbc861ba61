"""A real Envoy in front of three small gRPC servers that stand for the services."""

import asyncio
import dataclasses
import http.client
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import message_factory

from deploy.processes import KEYS
from edge import render
from edge.values import UPSTREAMS, EnvoyValues, web_root_or_placeholder
from mesh.certificates.tls import TlsFiles, server_context
from mesh.rpc.health import HealthThread
from meshctl.stack.servers.edge import _binary
from ordermesh.identity.v1 import auth_service_pb2
from ordermesh.marketdata.v1 import instrument_service_pb2, market_data_service_pb2
from ordermesh.oms.v1 import order_flow_service_pb2, order_service_pb2
from ordermesh.oms.v1.order_service_pb2_grpc import OrderServiceStub
from tests.support.pages import page
from tests.support.ports import free_port
from tests.support.tokens import bearer
from tests.support.waiting import wait_for

ORIGIN = "https://desk.example"
NOBODY = "127.0.0.1:1"
SERVICES = {
    "svc-oms": [
        order_service_pb2.DESCRIPTOR.services_by_name["OrderService"],
        order_flow_service_pb2.DESCRIPTOR.services_by_name["OrderFlowService"],
    ],
    "svc-marketdata": [
        market_data_service_pb2.DESCRIPTOR.services_by_name["MarketDataService"],
        instrument_service_pb2.DESCRIPTOR.services_by_name["InstrumentService"],
    ],
    "svc-identity": [auth_service_pb2.DESCRIPTOR.services_by_name["AuthService"]],
}


class Backend:
    """A service with mTLS whose rpcs do what a test says: behaviours[path](request, context)."""

    def __init__(self, name: str, certificates: Path) -> None:
        self.name = name
        self.port = free_port()
        self.behaviours: dict[str, Any] = {}
        self.seen: list[dict[str, str]] = []
        self._certificates = certificates
        self._server: grpc.Server | None = None
        self.health_port = free_port()
        self.health = self._healthy()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def health_address(self) -> str:
        return f"127.0.0.1:{self.health_port}"

    def _healthy(self) -> HealthThread:
        tls = server_context(TlsFiles.of_service(self._certificates, self.name))
        thread = HealthThread(self.health_address, tls, now=lambda: 0.0)
        thread.serving = True
        return thread

    def start(self) -> None:
        self._server = grpc.server(ThreadPoolExecutor(16))
        for service in SERVICES[self.name]:
            handlers = {method.name: self._handler(service, method) for method in service.methods}
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service.full_name, handlers),)
            )
        credentials = grpc.ssl_server_credentials(
            [
                (
                    (self._certificates / f"{self.name}.key").read_bytes(),
                    (self._certificates / f"{self.name}.pem").read_bytes(),
                )
            ],
            (self._certificates / "ca.pem").read_bytes(),
            require_client_auth=True,
        )
        self._server.add_secure_port(self.address, credentials)
        self._server.start()
        asyncio.run(self.health.start())

    def stop(self) -> None:
        if self._server is not None:
            asyncio.run(self.health.stop())
            self.health = self._healthy()
            self._server.stop(None).wait()
            self._server = None

    def _handler(self, service, method) -> grpc.RpcMethodHandler:
        path = f"/{service.full_name}/{method.name}"
        request_type = message_factory.GetMessageClass(method.input_type)
        response_type = message_factory.GetMessageClass(method.output_type)

        def unary(request, context):
            self.seen.append({key: str(value) for key, value in context.invocation_metadata()})
            behave = self.behaviours.get(path, lambda _request, _context: response_type())
            return behave(request, context)

        def stream(request, context):
            self.seen.append({key: str(value) for key, value in context.invocation_metadata()})
            behave = self.behaviours.get(path, lambda _request, _context: iter(()))
            yield from behave(request, context)

        kind = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[method.client_streaming, method.server_streaming]
        return kind(
            stream if method.server_streaming else unary,
            request_deserializer=request_type.FromString,
            response_serializer=response_type.SerializeToString,
        )


@dataclasses.dataclass
class Edge:
    """A running Envoy and its services."""

    values: EnvoyValues
    certificates: Path
    backends: dict[str, Backend]
    log: Path
    pid: int

    def url(self, bind: str) -> str:
        return f"http://{bind}"

    def channel(self, *options: tuple[str, Any]) -> grpc.Channel:
        credentials = grpc.ssl_channel_credentials((self.certificates / "ca.pem").read_bytes())
        port = self.values.tls_bind.rpartition(":")[2]
        return grpc.secure_channel(f"localhost:{port}", credentials, options)

    def get(self, path: str, bind: str | None = None) -> tuple[int, bytes]:
        return page(f"http://{bind or self.values.plain_bind}{path}")

    def metric(self, name: str) -> float:
        text = self.get("/metrics", self.values.ops_bind)[1].decode()
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name)
        )

    def healthy(self) -> bool:
        text = self.get("/clusters", self.values.admin_bind)[1].decode()
        modules = tuple(f"{name.replace('-', '_')}::" for name in self.backends)
        flags = [
            line
            for line in text.splitlines()
            if "::health_flags::" in line and line.startswith(modules)
        ]
        return len(flags) >= len(self.backends) and all(
            line.endswith("::healthy") for line in flags
        )


def _addresses(backends: dict[str, Backend]) -> dict[str, tuple[str, ...]]:
    """Return where the upstreams are; those that a test has no need of are nowhere."""
    found = {}
    for one in UPSTREAMS:
        backend = backends.get(one.service)
        found[one.name] = (NOBODY if backend is None else backend.address,)
        found[f"{one.name}_health"] = (NOBODY if backend is None else backend.health_address,)
    return found


@contextmanager
def running_edge(
    folder: Path, certificates: Path, backends: dict[str, Backend], jwks_port: int, **changes: Any
) -> Iterator[Edge]:
    """Run Envoy on free ports until the block ends; `changes` are values, upstreams among them."""
    values = dataclasses.replace(
        EnvoyValues.from_certificates(
            certificates,
            descriptors=folder / "descriptors.binpb",
            web_root=web_root_or_placeholder(folder / "web"),
            allowed_origins=(ORIGIN,),
        ),
        upstreams={
            **_addresses(backends),
            f"{KEYS.name}_keys": (f"127.0.0.1:{jwks_port}",),
            **changes.pop("upstreams", {}),
        },
        tls_bind=f"127.0.0.1:{free_port()}",
        plain_bind=f"127.0.0.1:{free_port()}",
        admin_bind=f"127.0.0.1:{free_port()}",
        ops_bind=f"127.0.0.1:{free_port()}",
        access_log=str(folder / "access.log"),
        **changes,
    )
    config = render.write(folder, values)
    command = [
        *(str(_binary()), "-c", str(config), "--concurrency", "1"),
        *("--disable-hot-restart", "--log-level", "warning", "--file-flush-interval-msec", "50"),
    ]
    log = folder / "envoy.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    edge = Edge(values, certificates, backends, log, process.pid)
    try:

        def ready() -> bool:
            assert process.poll() is None, edge.log.read_text()
            return edge.get("/readyz", values.ops_bind)[0] == 200 and edge.healthy()

        wait_for(ready, f"Envoy is ready; see {edge.log}")
        yield edge
    finally:
        process.terminate()
        process.wait(timeout=10)


def get_order(channel, token="", order_id="", *metadata):
    """Call OrderService.Get."""
    metadata = (*bearer(token), *metadata) if token else metadata
    request = order_service_pb2.GetRequest(order_id=order_id)
    return OrderServiceStub(channel).Get(request, metadata=metadata, timeout=5)


def request(edge, method, path, body=b"", token="", **headers):
    connection = http.client.HTTPConnection(edge.values.plain_bind, timeout=20)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        headers["authorization"] = f"Bearer {token}"
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    answer.body = answer.read()
    connection.close()
    return answer
