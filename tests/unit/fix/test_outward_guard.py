"""A guard that connects to the venue for QuickFIX, where one of the two does not come."""

import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from unittest.mock import patch

import pytest

from fix.guards.guard import LOOPBACK, Half, Pipe, connected
from fix.guards.held_port import HeldPort
from fix.guards.outward_guard import OutwardGuard

WAIT_S = 20


class Rules:
    message_bytes_max = 4096
    replaces_unparsable = False

    def __init__(self, venue_port: int) -> None:
        self._venue_port = venue_port
        self.open = threading.Event()
        self.at_engine: Callable[[], None] = lambda: None
        self.dialled = 0
        self.again = threading.Event()
        self.ends: list[str] = []

    async def dial(self) -> Pipe:
        self.dialled += 1
        if self.dialled > 1:
            self.again.set()
        return await connected(self, LOOPBACK, self._venue_port, is_peer=True)

    def is_engine(self, connection: socket.socket) -> bool:
        del connection
        self.at_engine()
        return True

    def opened(self, *, is_open: bool) -> None:
        if is_open:
            self.open.set()

    def logged_on(self, pair: Half) -> None:
        raise AssertionError(pair)

    def ended(self, pair: Half, why: str) -> None:
        del pair
        self.ends.append(why)

    def dropped(self, why: str) -> None:
        raise AssertionError(why)

    def fenced(self) -> str:
        return ""


@pytest.fixture
def rules():
    with socket.create_server((LOOPBACK, 0)) as venue:
        yield Rules(venue.getsockname()[1])


def test_a_stop_at_the_moment_when_quickfix_connects_leaves_no_error(rules):
    guard = OutwardGuard("test", rules)
    port = guard.hold(0)
    closed = threading.Event()

    def close() -> None:
        closing = asyncio.get_running_loop().create_task(guard._close(0.0))
        closing.add_done_callback(lambda _: closed.set())

    rules.at_engine = close
    guard.begin()
    assert rules.open.wait(WAIT_S)
    with socket.create_connection((LOOPBACK, port), WAIT_S) as engine:
        assert closed.wait(WAIT_S)
        guard.stop()
        # Otherwise it ended with an error, which asyncio logs later.
        assert guard._carrying is not None
        assert guard._carrying.cancelled()
        # Nobody holds its connection any more.
        with suppress(ConnectionResetError):
            assert engine.recv(1) == b""


def test_a_port_that_cannot_accept_ends_the_connection_and_the_venue_is_dialled_again(rules):
    guard = OutwardGuard("test", rules)
    guard.hold(0)
    fault = OSError(errno.EMFILE, "Too many open files")
    with patch.object(HeldPort, "accept", side_effect=fault):
        guard.begin()
        try:
            assert rules.again.wait(WAIT_S)
        finally:
            guard.stop()
    assert rules.ends[0] == "its port cannot take QuickFIX's connection: Too many open files"
