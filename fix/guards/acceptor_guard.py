"""The guard of an acceptor: clients connect to it, and it connects to QuickFIX on loopback.

Messages are framed and bounded. An address whose logons fail again and again is refused for a
while, and so is an address that opens connections without logging on.
"""

import time
from collections import Counter, deque
from collections.abc import Callable

from fix.guards.guard import LOOPBACK, Guard, Half, Pipe, connected

MESSAGE_BYTES_MAX = 1024 * 1024
"""A longer message ends the connection."""

FAILED_LOGONS_MAX = 10
"""Connections of one address that ended without a logon, within FAILED_LOGONS_WINDOW_S. Beyond it
further ones are closed at once, until the oldest is forgotten."""

FAILED_LOGONS_WINDOW_S = 30.0

WAITING_MAX = 16
"""Connections of one address that have not logged on yet. Beyond it further ones are closed."""

ADDRESSES_MAX = 10_000
"""Addresses with failures that are remembered; beyond, the oldest are forgotten."""


class AcceptorGuard:
    """Carries the connections of one acceptor."""

    def __init__(
        self, name: str, address: tuple[str, int], inner_port: int, warn: Callable[..., object]
    ) -> None:
        """Make it.

        Args:
            name: Of its thread.
            address: Host and port that clients connect to.
            inner_port: Where QuickFIX listens.
            warn: Log an event, with its values by name.
        """
        self.message_bytes_max = MESSAGE_BYTES_MAX
        self.replaces_unparsable = False
        self._address = address
        self._warn = warn
        self.inner_port = inner_port
        self._failures: dict[str, deque[float]] = {}
        self._waiting: Counter[str] = Counter()
        self._guard = Guard(name, self)

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._guard.start(*self._address)

    def stop(self) -> None:
        """Cut all connections and end."""
        self._guard.stop()

    async def open(self, accepted: Half) -> Pipe | None:
        """Connect to QuickFIX, unless the address is refused."""
        address = accepted.address
        if self._is_throttled(address) or self._waiting[address] >= WAITING_MAX:
            self._warn("connection refused", address=address)
            return None
        self._waiting[address] += 1
        try:
            transport, half = await connected(self, LOOPBACK, self.inner_port, is_peer=False)
        except (OSError, TimeoutError) as error:
            self._waiting[address] -= 1
            self._warn("the acceptor does not answer", error=str(error))
            return None
        half.address = address
        return transport, half

    def logged_on(self, pair: Half) -> None:
        """A client logged on: forget the failures of its address."""
        self._waiting[pair.address] -= 1
        self._failures.pop(pair.address, None)

    def ended(self, pair: Half, why: str) -> None:
        """Remember a connection that ended without a logon."""
        if why:
            self._warn("connection cut", address=pair.address, why=why)
        if pair.logged_on:
            return
        self._waiting[pair.address] -= 1
        if self._waiting[pair.address] <= 0:
            del self._waiting[pair.address]
        times = self._failures.setdefault(pair.address, deque(maxlen=FAILED_LOGONS_MAX))
        times.append(time.monotonic())
        if len(self._failures) > ADDRESSES_MAX:
            del self._failures[next(iter(self._failures))]

    def dropped(self, why: str) -> None:
        """Log it."""
        self._warn("message dropped", why=why)

    def fenced(self) -> str:
        """Return "": an acceptor has no other that could take its place."""
        return ""

    def _is_throttled(self, address: str) -> bool:
        times = self._failures.get(address)
        if times is None or len(times) < FAILED_LOGONS_MAX:
            return False
        return time.monotonic() - times[0] < FAILED_LOGONS_WINDOW_S
