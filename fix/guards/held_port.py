"""A port on loopback that is ours all the time, and open to connections only at times.

Nobody else can bind it in between: what connects to it then is refused, and reaches no stranger.
"""

import asyncio
import socket
from contextlib import suppress

FREE_PORT_ATTEMPTS = 20
"""Between the choice of a free port and its binding another process may take it."""


class HeldPort:
    """The port; used by one task."""

    def __init__(self, host: str, port: int) -> None:
        """Bind it, closed.

        Args:
            host: The address.
            port: The port; 0 for any.

        Raises:
            OSError: The port is taken.
        """
        self._socket = _bound(host, port)
        self.port = int(self._socket.getsockname()[1])

    def open(self) -> None:
        """Take connections.

        Raises:
            OSError: It is not possible now.
        """
        # Otherwise it would clash with its own earlier connections.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.listen(1)

    async def accept(self) -> socket.socket:
        """Wait for a connection."""
        accepted, _ = await asyncio.get_running_loop().sock_accept(self._socket)
        return accepted

    def shut(self) -> None:
        """Refuse connections; the port stays bound. Only Linux can do that."""
        # While it listens nobody can bind it; after this nobody can, because it is not shared.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Give the port up."""
        self._socket.close()


def _bound(host: str, port: int) -> socket.socket:
    for attempt in range(FREE_PORT_ATTEMPTS):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setblocking(False)
        # A port by its number stays bound when it is shut; one that the kernel chose would not.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, port or _free_port(host)))
        except OSError:
            made.close()
            if port or attempt == FREE_PORT_ATTEMPTS - 1:
                raise
            continue
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        return made
    raise AssertionError("the last attempt raises")


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
