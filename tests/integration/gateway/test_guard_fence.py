"""The guard process as a fence: what a gateway that hangs wrote does not reach the venue."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fix.guards import initiator_guard
from fix.guards.guard import LOOPBACK
from fix.guards.initiator_guard import GuardConfig, InitiatorGuard
from kernel.moments import Moment
from tests.support.waiting import wait_for

SILENCE_MAX_S = 2.0
ORDER = b"8=FIX.4.4\x019=5\x0135=D\x0110=000\x01"


class Clock:
    """The machine's clocks, moved by the test."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> Moment:
        return Moment(round(self.seconds * 1e9), self.seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(initiator_guard, "now", clock)
    return clock


@pytest.fixture
def venue():
    with socket.create_server((LOOPBACK, 0)) as listening:
        listening.settimeout(20)
        yield listening


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def look_s(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameter is the time between two looks of the guard."""
    monkeypatch.setattr(initiator_guard, "FENCE_LOOK_S", request.param)


@pytest.fixture
def guard(request: pytest.FixtureRequest, venue: socket.socket, told: list[str]):
    request.getfixturevalue("clock")
    config = GuardConfig(
        name="a", host=LOOPBACK, port=venue.getsockname()[1], message_bytes_max=4096,
        reconnect_s=60, tls=False, ca="", certificate="", key="", server_name="", listen_port=0,
        engine_pid=os.getpid(), owner_silence_max_s=SILENCE_MAX_S,
    )  # fmt: skip
    made = InitiatorGuard(config, lambda trouble, _note: told.append(trouble), lambda _: None)
    made.port = made.hold()
    made.begin()
    yield made
    made.drain()


@contextmanager
def engine(guard: InitiatorGuard) -> Iterator[socket.socket]:
    """QuickFIX's connection; it is refused until the venue is connected."""
    with wait_for(lambda: connection(guard), "the guard takes QuickFIX's connection") as connected:
        connected.settimeout(20)
        yield connected


def connection(guard: InitiatorGuard) -> socket.socket | None:
    try:
        return socket.create_connection((LOOPBACK, guard.port))
    except ConnectionRefusedError:
        return None


@contextmanager
def accepted(venue: socket.socket) -> Iterator[socket.socket]:
    """The same at the venue."""
    with venue.accept()[0] as connected:
        connected.settimeout(20)
        yield connected


def received(connection: socket.socket) -> bytes:
    """Read until the connection ends."""
    data = b""
    try:
        while part := connection.recv(4096):
            data += part
    except ConnectionResetError:
        pass
    return data


def test_nothing_passes_after_the_last_sign_of_life(
    guard: InitiatorGuard, venue: socket.socket, clock: Clock, told: list[str]
) -> None:
    with engine(guard) as quickfix, accepted(venue) as at_venue:
        quickfix.sendall(ORDER)
        assert at_venue.recv(4096) == ORDER
        clock.seconds += SILENCE_MAX_S - 0.5
        guard.renew(clock())
        clock.seconds += SILENCE_MAX_S - 0.5
        quickfix.sendall(ORDER)
        assert at_venue.recv(4096) == ORDER
        clock.seconds += 1
        # It cuts the connection without waiting for bytes.
        assert received(at_venue) == b""
        wait_for(lambda: any("no sign of life" in text for text in told), "the cause is reported")
        assert received(quickfix) == b""


@pytest.mark.parametrize("look_s", [3600], indirect=True)
@pytest.mark.usefixtures("look_s")
def test_a_guard_that_stood_still_too_drops_what_was_written_meanwhile(
    guard: InitiatorGuard, venue: socket.socket, clock: Clock
) -> None:
    # It has not looked since, and the bytes come first.
    with engine(guard) as quickfix, accepted(venue) as at_venue:
        clock.seconds += SILENCE_MAX_S + 1
        quickfix.sendall(ORDER)
        assert received(at_venue) == b""


def test_no_connection_is_made_before_the_next_sign_of_life_and_then_without_delay(
    guard: InitiatorGuard, venue: socket.socket, clock: Clock
) -> None:
    with engine(guard) as quickfix, accepted(venue):
        clock.seconds += SILENCE_MAX_S + 1
        assert received(quickfix) == b""
    assert connection(guard) is None
    guard.renew(clock())
    # The venue's socket waits 20 s at most; after a failed logon the guard would wait longer.
    with engine(guard) as quickfix, accepted(venue) as at_venue:
        quickfix.sendall(ORDER)
        assert at_venue.recv(4096) == ORDER
