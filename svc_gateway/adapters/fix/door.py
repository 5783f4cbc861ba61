"""The door of one initiator: QuickFIX connects to it on loopback, it connects to the venue.

It is a process of its own (`door_process.py` starts it), for what QuickFIX has given to a socket is
to reach the venue though the gateway is killed at that moment: then the door carries what it still
has, and ends. So a standby finds the venue at the number the store says.

Logons that fail are spaced: after the n-th in a row the venue is left alone for a time that
doubles, up to `RETRY_MAX_S`, with jitter. QuickFIX still tries at its own pace and is refused here.
Only the gateway is let in: a stranger on this machine must not speak with the venue under our
certificate.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mesh.fix_guard import LOOPBACK, FixDoor, Half, Pipe, client_tls, connected, tls_words

# Longest time between two attempts to log on.
RETRY_MAX_S = 60.0
# How long what is still to be carried may take when the gateway is gone.
DRAIN_MAX_S = 2.0
_PROC = Path("/proc")


class DoorConfig(NamedTuple):
    """What a door must know."""

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
    gateway_pid: int


class InitiatorDoor:
    """See above; made anew with each start of the session's engine."""

    def __init__(self, config: DoorConfig, tell: Callable[[str, str], None]) -> None:
        self._config = config
        self._tell = tell
        self.message_bytes_max = config.message_bytes_max
        self._failures = 0
        self._not_before = 0.0
        self._tls = None
        if config.tls:
            own = (
                (Path(config.certificate), Path(config.key)) if config.certificate else (None,) * 2
            )
            self._tls = client_tls(Path(config.ca), *own, check_name=bool(config.server_name))
        self._door = FixDoor(config.name, self, near_is_peer=False)

    def start(self) -> int:
        """Listen on loopback; return the port QuickFIX is to connect to."""
        return self._door.start(LOOPBACK, self._config.listen_port)

    def drain(self) -> None:
        """Carry what is still to be carried, then end."""
        self._door.stop(DRAIN_MAX_S)

    async def open(self, near: Half) -> Pipe | None:
        """Connect to the venue, unless it is to be left alone."""
        config = self._config
        if time.monotonic() < self._not_before or not _is_of(config.gateway_pid, near):
            return None
        try:
            return await connected(
                self, config.host, config.port, is_peer=True, tls=self._tls,
                server_name=config.server_name,
            )  # fmt: skip
        except (OSError, TimeoutError) as error:
            self._failed(tls_words(error))
        return None

    def logged_on(self, pair: Half) -> None:
        """The venue took the logon."""
        del pair
        self._failures = 0
        self._tell("", "")

    def ended(self, pair: Half, why: str) -> None:
        """Space the next attempt if this one came to nothing."""
        if not pair.logged_on:
            self._failed(pair.logout_text or why or "the venue ended the connection before logon")
        elif why:
            self._tell("", f"{self._config.host}:{self._config.port}: {why}")

    def _failed(self, why: str) -> None:
        self._failures += 1
        ceiling = retry_ceiling_s(self._config.reconnect_s, self._failures)
        # At least half: a venue that refuses is not hammered. Nothing secret comes of it.
        wait_s = random.uniform(ceiling / 2, ceiling)  # noqa: S311
        self._not_before = time.monotonic() + wait_s
        trouble = f"{self._config.host}:{self._config.port}: {why}"
        if self._failures > 1:
            trouble += f" ({self._failures} times; next in {wait_s:.0f} s)"
        self._tell(trouble, trouble)


def retry_ceiling_s(reconnect_s: float, failures: int) -> float:
    """Return the longest wait behind so many failed logons in a row, at least one."""
    return min(RETRY_MAX_S, reconnect_s * 2.0 ** min(failures - 1, 16))


def _is_of(pid: int, near: Half) -> bool:
    """Tell if the other end of a loopback connection is a socket of this process."""
    assert near.transport is not None
    host, port = near.transport.get_extra_info("peername")[:2]
    table = _PROC / "net" / "tcp"
    if not table.exists():
        return True  # no Linux: the machine is a developer's
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
    """Carry until standard input ends, which it does with the gateway, however that went."""
    # A Ctrl-C is for the gateway, which ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def say(**what: object) -> None:
        try:
            os.write(1, json.dumps(what).encode() + b"\n")
        except BrokenPipeError:
            return  # the gateway is gone

    config = DoorConfig(**json.loads(sys.stdin.readline()))
    try:
        door = InitiatorDoor(config, lambda trouble, note: say(trouble=trouble, note=note))
        say(port=door.start())
    except OSError as error:
        say(error=tls_words(error))
        return 1
    sys.stdin.read()
    door.drain()
    return 0


if __name__ == "__main__":
    sys.exit(main())
