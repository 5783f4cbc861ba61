"""Prometheus metrics, and the plain HTTP server of each process that serves them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from mesh.log import get_logger

# Seconds; from a tenth of a millisecond, the time of an idle call, to ten seconds.
LATENCY_BUCKETS_S: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
)  # fmt: skip
REQUEST_BYTES_MAX: Final = 8192
REQUEST_TIMEOUT_S: Final = 5.0

Readiness = Callable[[], tuple[bool, str]]
_log = get_logger(__name__)


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """Make a counter ``ordermesh_<name>`` of the process."""
    return Counter(f"ordermesh_{name}", text, labels)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """Make a gauge ``ordermesh_<name>`` of the process."""
    return Gauge(f"ordermesh_{name}", text, labels)


def histogram(
    name: str, text: str, labels: Sequence[str] = (), buckets: Sequence[float] = LATENCY_BUCKETS_S
) -> Histogram:
    """Make a histogram ``ordermesh_<name>`` of the process; buckets are in seconds by default."""
    return Histogram(f"ordermesh_{name}", text, labels, buckets=tuple(buckets))


def always_ready() -> tuple[bool, str]:
    """Readiness check of a process that waits for nothing."""
    return True, "ready"


class OpsServer:
    """/metrics, /livez and /readyz over plain HTTP on the process's event loop.

    /livez answers as long as the event loop runs. /readyz answers 200 or 503 with the
    text of the readiness function. Only GET and HEAD, one request per connection.
    """

    def __init__(
        self,
        bind: str,
        readiness: Readiness = always_ready,
        extra: dict[str, Callable[[], bytes]] | None = None,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """Serve on host:port; ``extra`` maps further paths to functions that return their JSON."""
        self._host, _, port = bind.rpartition(":")
        self._port = int(port)
        self._readiness = readiness
        self._extra = extra or {}
        self._registry = registry
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port in use, also if 0 was configured."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Start to serve."""
        self._server = await asyncio.start_server(
            self._answer, self._host or "127.0.0.1", self._port, limit=REQUEST_BYTES_MAX
        )

    async def stop(self) -> None:
        """Stop to serve."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
                status, kind, body = self._respond(head)
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode("ascii")
                )
                if not head.startswith(b"HEAD "):
                    writer.write(body)
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            _log.debug("an HTTP client disconnected or sent no request")
        finally:
            writer.close()

    def _respond(self, head: bytes) -> tuple[str, str, bytes]:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0].decode("latin-1")
        if method not in {b"GET", b"HEAD"}:
            return "405 Method Not Allowed", "text/plain", b"only GET\n"
        if path == "/metrics":
            return "200 OK", CONTENT_TYPE_LATEST, generate_latest(self._registry)
        if path == "/livez":
            return "200 OK", "text/plain", b"alive\n"
        if path == "/readyz":
            ready, text = self._readiness()
            return (
                "200 OK" if ready else "503 Service Unavailable",
                "text/plain",
                f"{text}\n".encode(),
            )
        if path in self._extra:
            return "200 OK", "application/json", self._extra[path]()
        return "404 Not Found", "text/plain", b"/metrics /livez /readyz\n"
