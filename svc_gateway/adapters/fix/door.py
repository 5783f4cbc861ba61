"""The door of one initiator: QuickFIX connects to it on loopback, it connects to the venue.

Logons that fail are spaced: after the n-th in a row the venue is left alone for a time that
doubles, up to `RETRY_MAX_S`, with jitter. QuickFIX still tries at its own pace and is refused here.
Only this process is let in: a stranger on this machine must not speak with the venue under our
certificate.
"""

import random
import time
from collections.abc import Callable
from pathlib import Path

from mesh.fix_guard import FixDoor, Half, Pipe, client_tls, connected, tls_words
from svc_gateway.venues import SessionConfig

# Longest time between two attempts to log on.
RETRY_MAX_S = 60.0
_PROC = Path("/proc/self")


class InitiatorDoor:
    """See above; made anew with each start of the session's engine."""

    def __init__(self, config: SessionConfig, note: Callable[[str], None]) -> None:
        self._config = config
        self._note = note
        self.message_bytes_max = config.message_bytes_max
        # Why the last attempt failed, in words; empty while logged on.
        self.trouble = ""
        self._failures = 0
        self._not_before = 0.0
        self._tls = None
        if config.tls.enabled:
            assert config.tls.ca is not None, "the venues file sees to it"
            self._tls = client_tls(
                config.tls.ca, config.tls.certificate, config.tls.key,
                check_name=bool(config.tls.server_name),
            )  # fmt: skip
        self._door = FixDoor(config.session_id, self, near_is_peer=False)

    def start(self) -> int:
        """Listen on loopback; return the port QuickFIX is to connect to."""
        return self._door.start()

    def stop(self) -> None:
        """Cut the connection and end."""
        self._door.stop()

    async def open(self, near: Half) -> Pipe | None:
        """Connect to the venue, unless it is to be left alone."""
        config = self._config
        if time.monotonic() < self._not_before or not _is_own(near):
            return None
        try:
            return await connected(
                self, config.host, config.port, is_peer=True, tls=self._tls,
                server_name=config.tls.server_name,
            )  # fmt: skip
        except (OSError, TimeoutError) as error:
            self._failed(tls_words(error))
        return None

    def logged_on(self, pair: Half) -> None:
        """The venue took the logon."""
        del pair
        self.trouble = ""
        self._failures = 0

    def ended(self, pair: Half, why: str) -> None:
        """Space the next attempt if this one came to nothing."""
        if not pair.logged_on:
            self._failed(pair.logout_text or why or "the venue ended the connection before logon")
        elif why:
            self._note(f"{self._config.host}:{self._config.port}: {why}")

    def _failed(self, why: str) -> None:
        self._failures += 1
        ceiling = min(RETRY_MAX_S, self._config.reconnect_s * 2.0 ** min(self._failures - 1, 16))
        # At least half: a venue that refuses is not hammered. Nothing secret comes of it.
        wait_s = random.uniform(ceiling / 2, ceiling)  # noqa: S311
        self._not_before = time.monotonic() + wait_s
        self.trouble = f"{self._config.host}:{self._config.port}: {why}"
        if self._failures > 1:
            self.trouble += f" ({self._failures} times; next in {wait_s:.0f} s)"
        self._note(self.trouble)


def _is_own(near: Half) -> bool:
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
            return _has_socket(fields[9])
    return False


def _has_socket(inode: str) -> bool:
    name = f"socket:[{inode}]"
    for entry in (_PROC / "fd").iterdir():
        try:
            if str(entry.readlink()) == name:
                return True
        except FileNotFoundError:  # closed meanwhile
            continue
    return False
