"""A few pages over HTTP on the event loop of a process, in the clear or with mutual TLS."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, NamedTuple

from mesh.log import get_logger

REQUEST_BYTES_MAX: Final = 8192
REQUEST_TIMEOUT_S: Final = 5.0
OK: Final = "200 OK"

_log = get_logger(__name__)


class Page(NamedTuple):
    """An answer: status line without the version, content type, body."""

    status: str
    kind: str
    body: bytes


def text_page(status: str, text: str) -> Page:
    """Make a page of one line."""
    return Page(status, "text/plain", f"{text}\n".encode())


class PageServer:
    """Serves what a function returns for a path. Only GET and HEAD, one request per connection."""

    def __init__(
        self, bind: str, page: Callable[[str], Page | None], tls: ssl.SSLContext | None = None
    ) -> None:
        """Serve on host:port.

        Args:
            bind: host:port; port 0 takes a free one.
            page: Returns the page of a path without its query; None: 404.
            tls: For HTTPS; None serves plain HTTP.
        """
        self._host, _, port = bind.rpartition(":")
        self._port = int(port)
        self._page_of = page
        self._tls = tls
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port in use, also if 0 was configured."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Start to serve."""
        self._server = await asyncio.start_server(
            self._answer,
            self._host or "127.0.0.1",
            self._port,
            limit=REQUEST_BYTES_MAX,
            ssl=self._tls,
            ssl_handshake_timeout=REQUEST_TIMEOUT_S if self._tls else None,
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

    def _respond(self, head: bytes) -> Page:
        method, _, rest = head.partition(b" ")
        if method not in {b"GET", b"HEAD"}:
            return text_page("405 Method Not Allowed", "only GET")
        path = rest.partition(b" ")[0].partition(b"?")[0].decode("latin-1")
        return self._page_of(path) or text_page("404 Not Found", "there is no such page")
