"""A peer that has not logged on can neither grow the venue nor keep others out."""

import contextlib
import socket
from pathlib import Path

import pytest

from fix.guards.acceptor_guard import FAILED_LOGONS_MAX, MESSAGE_BYTES_MAX
from tests.support.sim_process import SimProcess
from tests.support.waiting import wait_for

HUGE = b"8=FIX.4.4\x019=900000000\x0135=A\x0149=ORDERMESH\x0156=SIMA\x01"
# The bytes sent after it, and how much the process may grow by meanwhile.
POURED_BYTES = 64 * 1024 * 1024
GROWTH_MAX_BYTES = 16 * 1024 * 1024


@pytest.fixture
def venue(tmp_path: Path):
    with SimProcess(tmp_path, "--no-agents") as process:
        yield process


def resident_bytes(venue: SimProcess) -> int:
    status = Path(f"/proc/{venue.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def poured(port: int, head: bytes) -> int:
    """Send without end; return how much was taken before the connection was cut."""
    sent, chunk = 0, b"\x00" * 65536
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        try:
            peer.sendall(head)
            while sent < POURED_BYTES:
                sent += peer.send(chunk)
        except OSError:
            return sent
    return sent


@pytest.mark.parametrize("head", [HUGE, b"", b"8=FIX.4.4\x01"], ids=["length", "garbage", "half"])
def test_what_is_no_message_is_cut_off_and_does_not_grow_the_process(venue, head) -> None:
    before = resident_bytes(venue)
    sent = poured(venue.port, head)
    # The socket buffers of both sides take some before the cut is felt.
    assert sent < POURED_BYTES
    assert resident_bytes(venue) - before < GROWTH_MAX_BYTES + MESSAGE_BYTES_MAX
    venue.client()  # others still log on


def is_let_in(port: int) -> bool:
    """Say a wrong logon; True if the venue took the trouble to read it."""
    body = b"35=A\x0149=NOBODY\x0156=SIMA\x0134=1\x0152=20260101-00:00:00\x0198=0\x01108=10\x01"
    head = b"8=FIX.4.4\x019=%d\x01" % len(body)
    text = head + body
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        peer.sendall(text + b"10=%03d\x01" % (sum(text) % 256))
        peer.settimeout(10)
        try:
            return peer.recv(1) == b""
        except ConnectionResetError:
            return True


def test_an_address_whose_logons_fail_is_left_outside_for_a_while(venue) -> None:
    for _ in range(FAILED_LOGONS_MAX):
        assert is_let_in(venue.port)
    with pytest.raises((ConnectionError, BrokenPipeError)):
        venue.client()


def listeners(pid: int) -> set[str]:
    """The addresses on which a process listens, as /proc/net/tcp writes them."""
    own = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            own.add(str(entry.readlink()))
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {
        line[1].partition(":")[0]
        for line in lines
        if line[3] == "0A" and f"socket:[{line[9]}]" in own
    }


def test_the_process_listens_on_loopback_only(venue) -> None:
    """QuickFIX binds all addresses by itself; the ops page and the guard never did."""
    wait_for(lambda: listeners(venue.process.pid) == {"0100007F"}, "it listens on loopback only")
    venue.client()  # and the sessions work
