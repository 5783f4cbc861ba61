"""A guard in front of QuickFIX: it carries bytes between a peer and QuickFIX's socket on loopback.

QuickFIX reads without a limit, connects again at a fixed pace forever, and checks no name in a
certificate; its settings change none of this. So QuickFIX listens or connects on loopback only,
and a guard carries its connections: it frames and bounds the messages of the peer, spaces failed
logons, and does TLS in Python. A guard has a thread and an event loop of its own, so that nothing
else in the process can delay a session's heartbeat.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, cast

import uvloop

from fix.frames import FixFrames, FrameError, msg_type, text_of
from fix.unparsable import Screen

LOOPBACK = "127.0.0.1"
CONNECT_TIMEOUT_S = 5.0
# Bytes that a side may leave unread before the other side is not read any more.
BUFFER_BYTES_MAX = 256 * 1024
# Between checks of what is still being carried when a guard ends. Seconds.
DRAIN_LOOK_S = 0.01
_LOGON, _LOGOUT = b"A", b"5"

Pipe = tuple[asyncio.Transport, "Half"]


class Rules(Protocol):
    """What a guard does with connections; called in its thread."""

    message_bytes_max: int
    # What QuickFIX cannot parse is replaced by a message that it can; see `unparsable.py`.
    replaces_unparsable: bool

    def logged_on(self, pair: "Half") -> None:
        """The acceptor answered with a Logon(A)."""

    def ended(self, pair: "Half", why: str) -> None:
        """The connection is over."""

    def dropped(self, why: str) -> None:
        """A message cannot be parsed, nor replaced."""

    def fenced(self) -> str:
        """Return why nothing of QuickFIX may pass any more; empty if it may."""


class AcceptorRules(Rules, Protocol):
    """What a guard that listens does with connections."""

    async def open(self, accepted: "Half") -> Pipe | None:
        """Make the other side of a connection, or None to refuse it."""


class Half(asyncio.Protocol):
    """One side of a carried connection."""

    def __init__(self, rules: Rules, *, is_peer: bool, is_acceptor: bool) -> None:
        self._rules = rules
        # Only a peer's bytes are not trusted.
        self._screen = Screen(rules.dropped) if is_peer and rules.replaces_unparsable else None
        shortened = None if self._screen is None else self._screen.shortened
        self._frames = FixFrames(rules.message_bytes_max, shortened)
        self._checked = is_peer
        self._watched = is_acceptor
        self.transport: asyncio.Transport | None = None
        self.other: Half | None = None
        self.address = ""
        self.logged_on = False
        self.logout_text = ""
        self._early = b""
        self.over = asyncio.Event()
        self._ended = False

    @property
    def closed(self) -> bool:
        """Whether its connection is over."""
        return self.over.is_set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES_MAX)
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if peer else ""

    def join(self, other: "Half") -> None:
        """Carry to this side, and back; if one side has ended before, the other ends with it."""
        self.other, other.other = other, self
        for half in (self, other):
            half._follow()  # noqa: SLF001  both are of this class
        if self._ended:
            return
        for half in (self, other):
            early, half._early = half._early, b""  # noqa: SLF001  both are of this class
            if early:
                half.data_received(early)

    def _follow(self) -> None:
        """End without a second report if the other side has ended, and said why."""
        other_ended = self.other is not None and self.other._ended  # noqa: SLF001  of this class
        if other_ended and not self._ended:
            self._ended = True
            if self.transport is not None:
                self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Carry the bytes; as whole messages if they must be checked."""
        other = self.other
        if other is None or other.transport is None:
            # It sent before the other side was connected.
            self._early += data
            if len(self._early) > BUFFER_BYTES_MAX:
                self.end("it sent too much before the logon", at_once=True)
            return
        if not self._checked and (why := self._rules.fenced()):
            self.end(why, at_once=True)
            return
        watched = self._watched and not self.logged_on
        if not (self._checked or watched):
            other.transport.write(data)
            return
        try:
            messages = self._frames.feed(data)
        except FrameError as error:
            self.end(str(error), at_once=True)
            return
        if watched:
            self._watch(messages)
        if self._screen is not None:
            messages = [passed for one in messages if (passed := self._screen.screened(one))]
        if self._checked:
            other.transport.writelines(messages)
        else:
            other.transport.write(data)

    def _watch(self, messages: list[bytes]) -> None:
        for message in messages:
            kind = msg_type(message)
            if kind == _LOGON:
                self.logged_on = True
                self._rules.logged_on(self)
            elif kind == _LOGOUT:
                self.logout_text = text_of(message)

    def eof_received(self) -> bool:
        """End both ways."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other side, too."""
        self.over.set()
        self.end(connection_error_text(exc) if exc is not None else "")

    def end(self, why: str, *, at_once: bool = False) -> None:
        """End both sides; the first to end says why. Bytes already written are still sent."""
        if self._ended:
            return
        for half in (self, self.other):
            if half is not None:
                half._ended = True  # noqa: SLF001  both halves are of this class
        acceptor = self if self._watched or self.other is None else self.other
        if not why and self is not acceptor and not acceptor.logged_on:
            why = "no answer to the logon"
        self._rules.ended(acceptor, why)
        for half in (self, self.other):
            if half is not None and half.transport is not None:
                half.transport.abort() if at_once else half.transport.close()

    def pause_writing(self) -> None:
        """Stop reading what cannot be carried."""
        if self.other is not None and self.other.transport is not None:
            with suppress(RuntimeError):
                self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        if self.other is not None and self.other.transport is not None:
            with suppress(RuntimeError):
                self.other.transport.resume_reading()


class GuardThread:
    """A thread with an event loop that carries connections."""

    def __init__(self, name: str, rules: Rules) -> None:
        self._rules = rules
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"guard-{name}", daemon=True)
        self._halves: set[Half] = set()

    def look(self, every_s: float) -> None:
        """Ask the rules this often whether the connections are fenced, and cut them if so."""
        self._loop.call_soon_threadsafe(self._look, every_s)

    def _look(self, every_s: float) -> None:
        if why := self._rules.fenced():
            for half in list(self._halves):
                half.end(why, at_once=True)
        self._loop.call_later(every_s, self._look, every_s)

    def stop(self, drain_s: float = 0.0) -> None:
        """Carry on for so long at most, cut all connections and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(drain_s), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _take_no_more(self) -> None:
        """Let nobody connect any more."""
        raise NotImplementedError

    def _is_busy(self) -> bool:
        return any(not half.closed for half in self._halves)

    async def _close(self, drain_s: float) -> None:
        await self._take_no_more()
        until = self._loop.time() + drain_s
        while self._is_busy() and self._loop.time() < until:  # noqa: ASYNC110  once, at the end
            await asyncio.sleep(DRAIN_LOOK_S)
        for half in list(self._halves):
            if half.transport is not None:
                half.transport.close()
        # Let the sockets close.
        await asyncio.sleep(0)


class Guard(GuardThread):
    """A listening socket, and the thread that carries its connections."""

    def __init__(self, name: str, rules: AcceptorRules) -> None:
        super().__init__(name, rules)
        self._acceptor_rules = rules
        self._opening: set[asyncio.Task[None]] = set()
        self._server: asyncio.AbstractServer | None = None

    def start(self, host: str = LOOPBACK, port: int = 0) -> int:
        """Listen; return the port.

        Raises:
            OSError: the port is taken.
        """
        made = socket.create_server((host, port), reuse_port=False)
        made.setblocking(False)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(made), self._loop).result()
        return int(made.getsockname()[1])

    async def _listen(self, made: socket.socket) -> None:
        self._server = await self._loop.create_server(self._accepted, sock=made)

    async def _take_no_more(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._opening:
            task.cancel()

    def _accepted(self) -> asyncio.Protocol:
        return _AcceptedHalf(self._rules, self._join, self._halves)

    def _join(self, accepted: Half) -> None:
        task = self._loop.create_task(self._open(accepted))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, accepted: Half) -> None:
        assert accepted.transport is not None
        with suppress(RuntimeError):
            accepted.transport.pause_reading()
        opened = await self._acceptor_rules.open(accepted)
        if opened is None or accepted.transport.is_closing():
            accepted.transport.close()
            if opened is not None:
                opened[0].close()
            return
        accepted.join(opened[1])
        self._halves -= {half for half in self._halves if half.closed}
        self._halves.add(opened[1])
        with suppress(RuntimeError):
            accepted.transport.resume_reading()


class _AcceptedHalf(Half):
    """The side that connected to us."""

    def __init__(self, rules: Rules, opened: Callable[[Half], None], halves: set[Half]) -> None:
        super().__init__(rules, is_peer=True, is_acceptor=False)
        self._opened = opened
        self._halves = halves

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._halves.add(self)
        self._opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()
        if self.other is not None:
            super().connection_lost(exc)
        self._halves.discard(self)


async def connected(
    rules: Rules, host: str, port: int, *, is_peer: bool, tls: ssl.SSLContext | None = None,
    server_name: str = "",
) -> Pipe:  # fmt: skip
    """Connect the other side of a carried connection to an acceptor.

    Raises:
        OSError: it cannot be reached, or TLS fails.
        TimeoutError: it does not answer.
    """
    loop = asyncio.get_running_loop()
    made: Awaitable[tuple[asyncio.BaseTransport, Half]] = loop.create_connection(
        lambda: Half(rules, is_peer=is_peer, is_acceptor=True), host, port, ssl=tls,
        server_hostname=(server_name or host) if tls else None,
    )  # fmt: skip
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        transport, half = await made
    return cast(asyncio.Transport, transport), half


def client_tls(
    ca: Path, certificate: Path | None, key: Path | None, *, check_name: bool
) -> ssl.SSLContext:
    """Make the context of a TLS client.

    Raises:
        OSError: a file cannot be read, or has no certificate or key.
    """
    context = ssl.create_default_context(cafile=str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = check_name
    if certificate is not None:
        context.load_cert_chain(str(certificate), None if key is None else str(key))
    return context


_ALERTS = {
    "CERTIFICATE_EXPIRED": "the peer says that our certificate has expired",
    "CERTIFICATE_REQUIRED": "the peer wants a client certificate, and none is configured",
    "UNKNOWN_CA": "the peer does not know the authority of our certificate",
    "BAD_CERTIFICATE": "the peer does not accept our certificate",
    "CERTIFICATE_REVOKED": "the peer says that our certificate was revoked",
    "HANDSHAKE_FAILURE": "the peer refuses the handshake: no common protocol or cipher, or it "
    "wants a client certificate",
}


def connection_error_text(error: Exception) -> str:
    """Return a text about a connection error that a person can act on."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of the peer is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        for alert, words in _ALERTS.items():
            if alert in (error.reason or ""):
                return words
        return f"TLS: {error.reason or error}"
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_TIMEOUT_S:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
