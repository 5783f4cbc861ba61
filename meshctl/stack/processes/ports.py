"""Free ports, or the processes that hold them."""

import contextlib
import random
import socket

import psutil

from meshctl.stack.home import Ports
from meshctl.stack.processes.process import StartError

PORT_MAX = 65_535
OFFSET_TRIES = 50
OFFSET_RANGE = (1000, 5500, 50)


def require_free(ports: Ports) -> None:
    """Raise StartError with every port that is taken, and its process if it can be seen."""
    beyond = [f"{name} {port}" for name, port in ports.of.items() if not 0 < port <= PORT_MAX]
    if beyond:
        raise StartError(f"the port offset moves ports out of 1 to {PORT_MAX}: {', '.join(beyond)}")
    taken = [(name, port) for name, port in ports.of.items() if not _is_free(port)]
    if not taken:
        return
    lines = [f"  {name}: 127.0.0.1:{port}{_holder(port)}" for name, port in taken]
    raise StartError(
        "these ports are taken:\n"
        + "\n".join(lines)
        + "\nStop these processes, or move the whole stack: ordermesh up --port-offset 1000"
    )


def free_offset() -> int:
    """Find an offset for a stack next to others, below the ports of outgoing connections.

    Raises StartError when there is none.
    """
    for _ in range(OFFSET_TRIES):
        offset = random.choice((-1, 1)) * random.randrange(*OFFSET_RANGE)  # noqa: S311  any will do
        with contextlib.suppress(StartError):
            require_free(Ports().shifted(offset))
            return offset
    raise StartError("no free ports for another mesh")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _holder(port: int) -> str:
    with contextlib.suppress(psutil.AccessDenied, psutil.NoSuchProcess):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr and connection.laddr.port == port and connection.pid:
                return f", held by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
