"""Takes a listening socket off all addresses: QuickFIX's acceptor has no setting for it.

It binds 0.0.0.0 whatever SocketAcceptHost says, so everybody in the network could speak to it past
the guard. Its file descriptor is made to mean another socket, which listens on loopback only.
"""

import os
import socket
from pathlib import Path

from fix.guards.guard import LOOPBACK

ANY = "0.0.0.0"  # noqa: S104  what is looked for
BACKLOG = 128
_OPEN_FILES = Path("/dev/fd")


def only_on_loopback(port: int) -> int:
    """Replace this process's socket that listens on all addresses at a port; return the new port.

    The old socket ends with the engine's present wait for it, about a second later. Nothing
    accepts its connections any more.

    Raises:
        OSError: This process has no such socket.
    """
    for entry in list(_OPEN_FILES.iterdir()):
        descriptor = int(entry.name)
        if not _listens(descriptor, port):
            continue
        with socket.create_server((LOOPBACK, 0), backlog=BACKLOG, reuse_port=False) as instead:
            # A connection to the old socket wakes the engine, which then finds none here.
            instead.setblocking(False)
            os.dup2(instead.fileno(), descriptor, inheritable=False)
            return int(instead.getsockname()[1])
    raise OSError(f"this process does not listen on {ANY}:{port}")


def _listens(descriptor: int, port: int) -> bool:
    try:
        with socket.socket(fileno=os.dup(descriptor)) as found:
            return bool(
                found.family == socket.AF_INET
                and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                and found.getsockname() == (ANY, port)
            )
    except OSError:  # no socket, or closed meanwhile
        return False
