"""Receivers of notifications: a real HTTP server and a real mail server that do as a test says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from svc_notify.domain.notification import Audience, Draft, Kind, Notification, Severity
from svc_notify.domain.outbox import Destination, Message

SECRET = "whsec-of-a-test-0123456789-0123456789"
BIG_BYTES = 1 << 30


class Authority:
    """Certificates for the receivers of a test."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.file)

    def server(self, host: str = "localhost") -> ssl.SSLContext:
        """Return the TLS of a server of this name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(host).configure_cert(context)
        return context


class Got(NamedTuple):
    """A request that arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answers(head: str) -> Answer:
    """Answer with these lines and no body."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n".encode())

    return answer


def says(data: bytes) -> Answer:
    """Answer with these bytes."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return answer


def endless(begin: bytes, sent: list[int]) -> Answer:
    """Answer with a gigabyte, or what of it is taken; note how much that is."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        part = b"x" * 65_536
        for count in range(BIG_BYTES // len(part)):
            writer.write(part)
            await writer.drain()
            sent[:] = [count * len(part)]

    return answer


async def hangs(_: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def breaks(writer: asyncio.StreamWriter) -> None:
    """Break the connection."""
    writer.transport.abort()


class HttpSink:
    """An HTTP server; its answer may be changed at any time."""

    def __init__(self) -> None:
        self.answer: Answer = answers("204 No Content")
        self.got: list[Got] = []
        self.connections = 0
        self.port = 0
        self._open: set[asyncio.Task[Any]] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and answer it."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *rest = head.rstrip().split("\r\n")
                headers = dict(one.split(": ", 1) for one in rest)
                headers = {name.lower(): value for name, value in headers.items()}
                body = await reader.readexactly(int(headers["content-length"]))
                self.got.append(Got(line, headers, body))
                await self.answer(writer)
                await writer.drain()
        finally:
            writer.transport.abort()
            self._open.discard(task)

    async def end(self) -> None:
        """End what is still being answered."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


@asynccontextmanager
async def http_sink(tls: ssl.SSLContext | None) -> AsyncIterator[HttpSink]:
    """Run an HTTP server on loopback."""
    sink = HttpSink()
    server = await asyncio.start_server(sink.handle, "127.0.0.1", 0, ssl=tls)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        await sink.end()
        await server.wait_closed()


class MailSink:
    """A mail server: what it got, and what it says to a recipient or a message."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.recipient_answer = "250 OK"
        self.message_answer = "250 OK"
        self.hangs = False
        self.port = 0

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's names
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        del server, session, options
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Take or refuse a message."""
        del server, session
        if self.hangs:
            await asyncio.Event().wait()
        if self.message_answer.startswith("250"):
            self.got.append(envelope)
        return self.message_answer


@asynccontextmanager
async def mail_sink(
    tls: ssl.SSLContext | None, *, implicit: bool = False, password: str = ""
) -> AsyncIterator[MailSink]:
    """Run a mail server on loopback; without `implicit` it offers STARTTLS if it has TLS."""
    sink = MailSink()
    protocols: list[SMTP] = []

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        right = isinstance(data, LoginPassword) and data.password == password.encode()
        return AuthResult(success=right, handled=False)

    def protocol() -> SMTP:
        made = SMTP(
            sink, hostname="localhost", tls_context=None if implicit else tls,
            require_starttls=tls is not None and not implicit, authenticator=check,
            auth_required=bool(password), auth_require_tls=not implicit,
            loop=asyncio.get_running_loop(),
        )  # fmt: skip
        protocols.append(made)
        return made

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=tls if implicit else None
    )
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        for each in protocols:
            if each.transport is not None:
                each.transport.abort()
        await server.wait_closed()


def notification(
    sequence: int = 1, text: str = "bought 5 ASML.SIMA", **changes: Any
) -> Notification:
    """Make a notification."""
    fields = {
        "kind": Kind.FILL, "severity": Severity.INFO, "audience": Audience.ACCOUNT,
        "occurred_ns": 1_780_000_000 * 10**9, "text": text, "account_id": "ACC-ALICE",
    } | changes  # fmt: skip
    return Notification(sequence, f"N{sequence}", 1_780_000_001 * 10**9, Draft(**fields))


def message(address: str, channel: int = 1, *shown: Notification, **changes: Any) -> Message:
    """Make a message to an address."""
    notifications = shown or (notification(),)
    counts: dict[Kind, int] = {}
    for one in notifications:
        counts[one.draft.kind] = counts.get(one.draft.kind, 0) + 1
    fields = {
        "message_id": "01JD0000000000000000000000",
        "destination": Destination("D1", channel, "a receiver", address, SECRET),
        "rule_name": "my fills", "created_ns": 1_780_000_002 * 10**9,
        "notifications": notifications, "counts": counts, "attempt": 1,
    } | changes  # fmt: skip
    return Message(**fields)
