"""TCP ports on loopback for what a test starts.

A port is chosen before its server binds it, and nobody else may take it in between. So all of them
lie below the ports that Linux gives to outgoing connections, and every test process (a worker of
pytest-xdist, or another run on this machine) chooses from a range of its own. A process owns a
range as long as it listens on the range's first port.
"""

import contextlib
import functools
import itertools
import socket
from collections.abc import Iterator

from meshctl.stack.home import Ports
from meshctl.stack.processes.ports import require_free
from meshctl.stack.processes.process import StartError

FIRST_PORT = 10_000
RANGE_PORTS = 500
RANGES = 20
# A whole mesh moves all its ports by one offset: below FIRST_PORT, and between the ranges and
# 25,432. Two meshes whose offsets differ by a multiple of 32 share no port.
OFFSET_STEP = -32
FIRST_OFFSET = 32 * OFFSET_STEP
RANGE_OFFSETS = 6


def free_port() -> int:
    """Give a port that is this process's to listen on."""
    for port in itertools.islice(_range()[0], RANGE_PORTS):
        if bound := _bound(port):
            bound.close()
            return port
    raise AssertionError("all ports of this process are in use")


def free_offset() -> int:
    """Give an offset for a whole mesh, with all its ports free."""
    for offset in itertools.islice(_range()[1], RANGE_OFFSETS):
        with contextlib.suppress(StartError):
            require_free(Ports().shifted(offset))
            return offset
    raise AssertionError("all offsets of this process are in use: is a mesh left from before?")


@functools.cache
def _range() -> tuple[Iterator[int], Iterator[int], socket.socket]:
    """Take a range for the life of this process: its ports, its offsets, and what holds it."""
    for number in range(RANGES):
        first = FIRST_PORT + number * RANGE_PORTS
        if held := _bound(first):
            held.listen()
            ports = itertools.cycle(range(first + 1, first + RANGE_PORTS))
            offsets = [
                FIRST_OFFSET + OFFSET_STEP * (number * RANGE_OFFSETS + one)
                for one in range(RANGE_OFFSETS)
            ]
            return ports, itertools.cycle(offsets), held
    raise AssertionError(f"{RANGES} test processes run already, or their ports are taken")


def _bound(port: int) -> socket.socket | None:
    bound = socket.socket()
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        return None
    return bound
