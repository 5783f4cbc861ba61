"""The guard of one initiator: QuickFIX connects to it on loopback, it connects to the venue.

It is a process of its own (`guard_process.py` starts it). Whatever QuickFIX has written to a socket
must reach the venue even if the gateway is killed at that moment: the guard then carries what it
still has, and ends. So a standby finds the venue at the number that the store says.

It connects to the venue first and reports that; only then QuickFIX may try to connect, because
every try uses a MsgSeqNum(34) (`outward_guard.py`).

Failed logons are spaced: after the n-th failure in a row the guard does not connect to the venue
for a time that doubles, up to `RETRY_TIMES_MAX` times `reconnect_s`, with jitter.

The guard is where bytes leave for the venue, so it is the fence of a gateway that hangs: the
gateway gives it signs of life, and without one for `owner_silence_max_s` the guard drops what
QuickFIX wrote and cuts the connection. A process that wakes later sends nothing over it.

The guard takes connections from the gateway's process only:
another program on this machine must not use our certificate with the venue.
"""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fix.guards.guard import Half, Pipe, client_tls, connected, connection_error_text
from fix.guards.outward_guard import OutwardGuard
from kernel.moments import Moment

# Longest time between two attempts to log on: so many times `reconnect_s`, and no more than
# RETRY_MAX_S unless `reconnect_s` itself is more.
RETRY_TIMES_MAX = 8
RETRY_MAX_S = 60.0
# How long the remaining bytes may take when the gateway is gone.
DRAIN_MAX_S = 2.0
# Between two looks whether the gateway gave a sign of life. Seconds.
FENCE_LOOK_S = 0.1
_PROC = Path("/proc")


class GuardConfig(NamedTuple):
    """What a guard must know."""

    name: str
    host: str
    port: int
    message_bytes_max: int
    reconnect_s: int
    tls: bool
    ca: str
    certificate: str
    key: str
    server_name: str
    # Where it listens; 0 for any port.
    listen_port: int
    # The process of QuickFIX, the only one that may connect.
    engine_pid: int
    # Without a sign of life of the gateway for so long, nothing passes; 0: no signs are expected.
    owner_silence_max_s: float = 0.0


class InitiatorGuard:
    """Carries the connections of one initiator; each start of its engine makes a new guard."""

    def __init__(
        self,
        config: GuardConfig,
        report: Callable[[str, str], None],
        report_open: Callable[[bool], None],
    ) -> None:
        self._config = config
        self._report = report
        self._report_open = report_open
        self.message_bytes_max = config.message_bytes_max
        self.replaces_unparsable = True
        self._failures = 0
        self._not_before = 0.0
        self._alive = now()
        self._tls = None
        if config.tls:
            own = (
                (Path(config.certificate), Path(config.key)) if config.certificate else (None,) * 2
            )
            self._tls = client_tls(Path(config.ca), *own, check_name=bool(config.server_name))
        self._dialled_at = time.monotonic()
        self._guard = OutwardGuard(config.name, self)

    def hold(self) -> int:
        """Hold the port on loopback that QuickFIX must connect to, and return it."""
        return self._guard.hold(self._config.listen_port)

    def begin(self) -> None:
        """Begin to dial."""
        self._guard.begin()
        if self._config.owner_silence_max_s:
            self._guard.look(FENCE_LOOK_S)

    def renew(self, alive: Moment) -> None:
        """Note when the gateway gave its latest sign of life."""
        self._alive = alive

    def fenced(self) -> str:
        """Return why nothing of QuickFIX may pass any more; empty if it may."""
        limit_s = self._config.owner_silence_max_s
        if not limit_s or now().since_s(self._alive) <= limit_s:
            return ""
        return f"the gateway gave no sign of life for {limit_s:g} s: nothing it wrote is passed on"

    def drain(self) -> None:
        """Carry the remaining bytes, then end."""
        self._guard.stop(DRAIN_MAX_S)

    async def dial(self) -> Pipe:
        """Connect to the venue as soon as it may be contacted and can be reached."""
        config = self._config
        while True:
            while self.fenced() or time.monotonic() < self._not_before:  # noqa: ASYNC110
                await asyncio.sleep(FENCE_LOOK_S)
            self._dialled_at = time.monotonic()
            try:
                return await connected(
                    self, config.host, config.port, is_peer=True, tls=self._tls,
                    server_name=config.server_name,
                )  # fmt: skip
            except (OSError, TimeoutError) as error:
                self._failed(connection_error_text(error))

    def is_engine(self, connection: socket.socket) -> bool:
        """Return whether the other end of a loopback connection is the gateway's process."""
        return _is_of(self._config.engine_pid, connection.getpeername())

    def opened(self, *, is_open: bool) -> None:
        """Report whether QuickFIX can connect."""
        self._report_open(is_open)

    def logged_on(self, pair: Half) -> None:
        """The venue accepted the logon."""
        del pair
        self._failures = 0
        self._report("", "")

    def ended(self, pair: Half, why: str) -> None:
        """Space the next attempt if this one failed."""
        if why and why == self.fenced():
            # No fault of the venue: the next attempt is not delayed.
            self._report(why, why)
        elif not pair.logged_on:
            self._failed(pair.logout_text or why or "the venue ended the connection before logon")
        else:
            # A venue that ends each session at once is not contacted more often.
            self._not_before = self._dialled_at + self._config.reconnect_s
            if why:
                self._report("", f"{self._config.host}:{self._config.port}: {why}")

    def dropped(self, why: str) -> None:
        """Report it: a person must have the venue step over it."""
        self._report("", why)

    def _failed(self, why: str) -> None:
        self._failures += 1
        ceiling = retry_ceiling_s(self._config.reconnect_s, self._failures)
        # At least half, so that a venue that refuses is not overloaded. Not a secret.
        wait_s = random.uniform(ceiling / 2, ceiling)  # noqa: S311
        self._not_before = time.monotonic() + wait_s
        trouble = f"{self._config.host}:{self._config.port}: {why}"
        if self._failures > 1:
            trouble += f" ({self._failures} times; next in {wait_s:.0f} s)"
        self._report(trouble, trouble)


def now() -> Moment:
    """Return this moment by the machine's clocks, which all its processes share."""
    return Moment(time.time_ns(), time.monotonic())


def retry_ceiling_s(reconnect_s: float, failures: int) -> float:
    """Return the longest wait after so many failed logons in a row, at least one."""
    longest_s = max(reconnect_s, min(RETRY_MAX_S, RETRY_TIMES_MAX * reconnect_s))
    return min(longest_s, reconnect_s * 2.0 ** min(failures - 1, 16))


def _is_of(pid: int, address: tuple[str, int]) -> bool:
    """Return whether a socket of this process has this address."""
    host, port = address
    table = _PROC / "net" / "tcp"
    if not table.exists():
        return True  # not Linux: a developer's machine
    number = "".join(f"{int(part):02X}" for part in reversed(host.split(".")))
    wanted = f"{number}:{port:04X}"
    for line in table.read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1] == wanted:
            return _has_socket(pid, fields[9])
    return False


def _has_socket(pid: int, inode: str) -> bool:
    name = f"socket:[{inode}]"
    for entry in (_PROC / str(pid) / "fd").iterdir():
        try:
            if str(entry.readlink()) == name:
                return True
        except FileNotFoundError:  # closed meanwhile
            continue
    return False


def main() -> int:
    """Carry until standard input ends, which it does with the gateway, for whatever reason."""
    # A Ctrl-C is for the gateway, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def say(**what: object) -> None:
        try:
            os.write(1, json.dumps(what).encode() + b"\n")
        except BrokenPipeError:
            return  # the gateway is gone

    config = GuardConfig(**json.loads(sys.stdin.readline()))
    try:
        guard = InitiatorGuard(
            config,
            lambda trouble, note: say(trouble=trouble, note=note),
            lambda is_open: say(open=is_open),
        )
        say(port=guard.hold())
        guard.begin()
    except OSError as error:
        say(error=connection_error_text(error))
        return 1
    for line in sys.stdin:
        guard.renew(Moment(*json.loads(line)))
    guard.drain()
    return 0


if __name__ == "__main__":
    sys.exit(main())
