"""The server and the life of every process: mutual TLS, health, reflection, orderly stop.

@asynccontextmanager
async def build(settings: OmsSettings, server: MeshServer) -> AsyncIterator[Ops]:
    async with database(settings) as pool, server.background(pool.watch()):
        server.add(OrderServicer(pool), "ordermesh.oms.v1.OrderService", ACCESS)
        yield Ops(readiness=pool.readiness)

if __name__ == "__main__":
    run_process(OmsSettings, build)
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NoReturn, TypeVar

import grpc
import grpc.aio
import uvloop
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from kernel.clock import Clock, SystemClock
from mesh import log
from mesh.auth.access import PUBLIC, Access, peer, user
from mesh.auth.token_keys import fetch_jwks, fetch_revoked
from mesh.auth.tokens import AcceptedTokens, TokenVerifier
from mesh.certificates.expiry import ExpiryWatch, of_certificates
from mesh.certificates.tls import server_context, server_credentials
from mesh.rpc.call import Call
from mesh.rpc.handlers import (
    NoSuchRpc,
    RefusalHook,
    Rpc,
    ServerParts,
    Unreadable,
    stream_handler,
    unary_handler,
)
from mesh.rpc.health import HealthThread
from mesh.rpc.limits import SERVER_OPTIONS
from mesh.rpc.user_limits import OpenPerUser
from mesh.settings import (
    SETTINGS_EXIT_CODE,
    MeshSettings,
    SettingsError,
    load_settings,
    with_flags,
)
from mesh.tasks import cancel_until_done, is_set_within
from mesh.telemetry import OpsServer, Readiness, always_ready
from mesh.telemetry.process import LOOP_LAG_SECONDS, ProcessCollector, collected

__all__ = [
    "PUBLIC",
    "Access",
    "Call",
    "MeshServer",
    "Ops",
    "peer",
    "run_process",
    "user",
]

# How often readiness is copied to the standard health service.
HEALTH_INTERVAL_S: Final = 1.0

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_log = log.get_logger(__name__)


class MeshServer:
    """A server whose rpcs are added before it starts.

    Attributes:
        verifier: Verifies access tokens; a process may replace it before start.
        expiry: Warns of certificates and keys that expire; a process may add its own.
        drain: Set when the process begins to stop.
        serving: Set while calls are accepted.
        port: The port in use, once started.
        health_port: Where the health thread answers, once started; 0: nowhere.
    """

    def __init__(
        self, settings: MeshSettings, clock: Clock, verifier: TokenVerifier | None = None
    ) -> None:
        self._settings = settings
        self._parts = ServerParts(
            clock,
            verifier,
            settings.stream_age_max_s,
            OpenPerUser("calls", settings.user_calls_max),
            OpenPerUser("streams", settings.user_streams_max),
        )
        self._handlers: list[grpc.GenericRpcHandler] = []
        self._names: list[str] = []
        self._server: grpc.aio.Server | None = None
        self._health = health_aio.HealthServicer()
        self._health_thread: HealthThread | None = None
        self._stopping = asyncio.Event()
        self.expiry = ExpiryWatch(clock, settings.expiry_warning_days)
        self.drain = self._parts.drain
        self.serving = asyncio.Event()
        self.port = self.health_port = 0

    @property
    def verifier(self) -> TokenVerifier | None:
        """Verifies access tokens."""
        return self._parts.verifier

    @verifier.setter
    def verifier(self, verifier: TokenVerifier) -> None:
        self._parts.verifier = verifier

    def on_admitted(self, hook: Callable[[Call], None]) -> None:
        """Call this hook for every permitted call before its handler; set before the start."""
        self._parts.on_admitted = hook

    def on_refused(self, hook: RefusalHook) -> None:
        """Call this hook for every refusal before its caller gets it; set before the start."""
        self._parts.on_refused = hook

    def add(
        self,
        servicer: object,
        service: str,
        access: Mapping[str, Access],
        *,
        validates_itself: Collection[str] = (),
    ) -> None:
        """Serve a service.

        Args:
            servicer: Has a method per rpc: ``async def Place(self, request, call)`` for
                unary rpcs, async generators ``Watch(self, request_or_iterator, call)`` for
                streams, which may yield bytes: responses that are serialised already.
            service: Full name: "ordermesh.oms.v1.OrderService".
            access: Who may call, per rpc; must name every rpc of the service.
            validates_itself: Rpcs whose requests reach the handler unchecked, because an
                invalid item is a result there and does not end the stream.

        Raises:
            ValueError: ``access`` misses an rpc, or names one that does not exist.
        """
        descriptor: Any = descriptor_pool.Default().FindServiceByName(service)
        rpcs = {method.name: method for method in descriptor.methods}
        wrong = rpcs.keys() ^ access.keys() | (set(validates_itself) - rpcs.keys())
        if wrong:
            raise ValueError(f"{service}: access must name each rpc once; wrong: {sorted(wrong)}")
        handlers = {}
        for name, method in rpcs.items():
            rpc = Rpc(
                method=f"/{service}/{name}",
                access=access[name],
                validates=name not in validates_itself,
                handler=getattr(servicer, name),
            )
            handlers[name] = _grpc_handler(rpc, method, self._parts)
        self._handlers.append(grpc.method_handlers_generic_handler(service, handlers))
        self._names.append(service)

    async def start(self) -> None:
        """Accept calls on the address of the settings.

        Raises:
            OSError: The address cannot be bound.
        """
        server = grpc.aio.server(options=SERVER_OPTIONS, compression=grpc.Compression.NoCompression)
        server.add_generic_rpc_handlers(tuple(self._handlers))
        health_pb2_grpc_add(self._health, server)
        reflection.enable_server_reflection(
            [*self._names, "grpc.health.v1.Health", reflection.SERVICE_NAME], server
        )
        server.add_generic_rpc_handlers((NoSuchRpc(),))
        try:
            self.port = server.add_secure_port(
                self._settings.bind, server_credentials(self._settings)
            )
        except RuntimeError as error:
            raise OSError(f"cannot bind {self._settings.bind}: {error}") from error
        await self._start_health()
        await server.start()
        self._server = server
        await self._set_health(serving=True)
        self.serving.set()

    async def stop(self, grace_s: float | None = None) -> None:
        """Drain: say NOT_SERVING, serve on for drain_notice_s, let open calls end, then stop.

        Streams and new connections are sent away after the notice only: before it, a balancer
        would send them to this process again.

        Args:
            grace_s: Seconds that open calls have; by default the settings' drain_grace_s.
        """
        self.serving.clear()
        if self._server is not None:
            await self._set_health(serving=False)
            await asyncio.sleep(self._settings.drain_notice_s)
        self.drain.set()
        if self._server is not None:
            await self._server.stop(self._settings.drain_grace_s if grace_s is None else grace_s)
            self._server = None
        if self._health_thread is not None:
            await self._health_thread.stop()
            self._health_thread = None

    @property
    def stopping(self) -> bool:
        """Whether the process was asked to stop."""
        return self._stopping.is_set()

    def request_stop(self) -> None:
        """Make run() return, as SIGTERM does."""
        self._stopping.set()

    @asynccontextmanager
    async def background(self, *parts: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Run parts of the process until the block ends.

        A part that fails ends the process, in good order: half a service is worse than a restart.
        """
        tasks = [asyncio.create_task(part) for part in parts]
        for task in tasks:
            task.add_done_callback(self._stop_if_failed)
        try:
            yield
        finally:
            await cancel_until_done(tasks)

    def _stop_if_failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            _log.error("a part of the process failed", exc_info=task.exception())
            self.request_stop()

    async def run(self, ready: Readiness = always_ready) -> None:
        """Serve until SIGTERM, SIGINT or request_stop(); then drain.

        Args:
            ready: Copied to the standard health service every second. A process
                without rpcs binds no port and only waits.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        try:
            if self._handlers:
                await self.start()
            else:
                self.serving.set()
            _log.info("serving", services=self._names, port=self.port)
            await self._until_stopping(ready)
            _log.info(
                "draining",
                notice_s=self._settings.drain_notice_s,
                grace_s=self._settings.drain_grace_s,
            )
        finally:
            await self.stop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def _until_stopping(self, ready: Readiness) -> None:
        was_ready = True
        while not self._stopping.is_set():
            if self._health_thread is not None:
                self._health_thread.turned()
            is_ready = ready()[0]
            if is_ready != was_ready and self._server is not None:
                await self._set_health(serving=is_ready)
                was_ready = is_ready
            begun = perf_counter()
            if not await is_set_within(self._stopping, HEALTH_INTERVAL_S):
                LOOP_LAG_SECONDS.observe(max(0.0, perf_counter() - begun - HEALTH_INTERVAL_S))

    async def _start_health(self) -> None:
        settings = self._settings
        if not settings.health_bind:
            return
        thread = HealthThread(settings.health_bind, server_context(settings))
        try:
            self.health_port = await thread.start()
        except OSError as error:
            raise OSError(f"cannot bind {settings.health_bind}: {error}") from error
        self._health_thread = thread

    async def _set_health(self, *, serving: bool) -> None:
        if self._health_thread is not None:
            self._health_thread.serving = serving
        status = _SERVING if serving else _NOT_SERVING
        for name in ("", *self._names):
            await self._health.set(name, status)


def health_pb2_grpc_add(servicer: object, server: grpc.aio.Server) -> None:
    """Add the standard health service."""
    from grpc_health.v1 import health_pb2_grpc

    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)


def _grpc_handler(rpc: Rpc, method: Any, parts: ServerParts) -> grpc.RpcMethodHandler:
    """Make gRPC's handler of one rpc from its descriptor.

    Each reads its requests itself, also where there is one only: a call that ends without a whole
    request would get no answer from gRPC, and would stay open, without being counted.
    """
    parse = _parser(method.input_type)
    if not method.server_streaming:
        if method.client_streaming:
            raise ValueError(f"{rpc.method}: the mesh has no client-streaming rpcs")
        return grpc.stream_unary_rpc_method_handler(unary_handler(rpc, parts), parse, _serialise)
    behaviour = stream_handler(rpc, parts, request_streams=method.client_streaming)
    return grpc.stream_stream_rpc_method_handler(behaviour, parse, _serialise)


def _parser(message_type: Any) -> Callable[[bytes], Message | Unreadable]:
    """Return a parser of requests; bytes it cannot read are refused later, with a reason."""
    read = message_factory.GetMessageClass(message_type).FromString

    def parse(data: bytes) -> Message | Unreadable:
        try:
            message: Message = read(data)
        except DecodeError:
            return Unreadable(message_type.full_name, len(data))
        return message

    return parse


def _serialise(response: Message | bytes) -> bytes:
    """Serialise a response unless it is serialised already, as for many readers or in a copy."""
    return response if type(response) is bytes else response.SerializeToString()  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True)
class Ops:
    """Content of a process's plain HTTP port.

    Attributes:
        readiness: Returns whether the process can work, and the reason if not.
        folders: Folders that the process writes to; metrics show what is free on their disks.
    """

    readiness: Readiness = always_ready
    folders: tuple[Path, ...] = ()


SettingsT = TypeVar("SettingsT", bound=MeshSettings)
Build = Callable[[SettingsT, MeshServer], AbstractAsyncContextManager[Ops]]


async def _serve(settings: SettingsT, build: Build[SettingsT]) -> None:
    clock = SystemClock()
    verifier = TokenVerifier(
        partial(fetch_jwks, settings.jwks_url, settings),
        AcceptedTokens(settings.jwt_issuer, settings.jwt_audience, settings.jwt_life_max_s),
        clock,
        partial(fetch_revoked, settings.jwks_url, settings),
    )
    server = MeshServer(settings, clock, verifier)
    http: OpsServer | None = None
    try:
        fresh = (verifier.keep_keys_fresh(), verifier.keep_revocations_fresh())
        for file in (settings.tls_cert, settings.tls_ca):
            server.expiry.add(of_certificates(file))
        async with (
            server.background(*fresh),
            build(settings, server) as ops,
            server.background(server.expiry.run()),
        ):

            def readiness() -> tuple[bool, str]:
                if not server.serving.is_set():
                    return False, "draining" if server.stopping else "starting"
                return ops.readiness()

            if settings.ops_bind:
                http = await _ops_server(settings, readiness)
            with collected(ProcessCollector(settings.service, readiness, ops.folders)):
                await server.run(ops.readiness)
    finally:
        # Last, so that it can be seen what a process does while its parts are closed.
        if http is not None:
            await http.stop()


async def _ops_server(settings: MeshSettings, readiness: Readiness) -> OpsServer:
    http = OpsServer(settings.ops_bind, readiness)
    try:
        await http.start()
    except OSError as error:
        raise SettingsError(
            f"{settings.service}: cannot bind {settings.ops_bind}: {error}"
        ) from error
    return http


def run_process(
    kind: type[SettingsT],
    build: Build[SettingsT],
    flags: Mapping[str, object] | None = None,
    leave: Callable[[int], NoReturn] = sys.exit,
) -> NoReturn:
    """Run a process from its settings to its drained stop.

    The exit code is 0, or 2 with the reason on standard error if the settings, or what they name,
    cannot be used.

    Args:
        kind: The process's settings class.
        build: Composition root: opens the parts, adds servicers to the server, yields
            what is shown on the ops port, and closes the parts after the drain. May raise
            SettingsError.
        flags: Settings given on the command line; they win over the environment.
        leave: Ends the process: ``os._exit`` where threads of a library still run.
    """
    try:
        settings = with_flags(load_settings(kind), flags or {})
        log.configure(settings.log_name, settings.log_level, settings.log_format)
        uvloop.run(_serve(settings, build))
        code = 0
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        code = SETTINGS_EXIT_CODE
    with suppress(OSError):  # whoever reads them may have ended
        sys.stdout.flush()
        sys.stderr.flush()
    leave(code)
