"""The SocketAcceptor of a venue: one port; orders, market data and a drop copy per client."""

import random
import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import quickfix as fix

from fix.dictionary import dictionary_text
from fix.guards.acceptor_guard import AcceptorGuard
from fix.guards.loopback import only_on_loopback
from sim_exchange.adapters.fix.application import MARKET_DATA_SUFFIX, VenueApplication
from sim_exchange.adapters.fix.client_groups import GROUPS
from sim_exchange.adapters.fix.wire import DROP_COPY_SUFFIX

INNER_PORTS = range(20_000, 32_768)
INNER_PORT_TRIES = 100
STORE_TAIL_BYTES = 4 * 1024 * 1024
"""How much of a session's stored messages is searched for the reports of one batch."""

_DEFAULTS = """[DEFAULT]
ConnectionType=acceptor
BeginString=FIX.4.4
SenderCompID={mic}
SocketAcceptPort={port}
SocketReuseAddress=Y
SocketNodelay=Y
NonStopSession=Y
DataDictionary={store}/dictionary.xml
AllowUnknownMsgFields=Y
ValidateUserDefinedFields=N
ValidateFieldsOutOfOrder=N
ValidateFieldsHaveValues=N
ValidateUnorderedGroupFields=N
CheckLatency=N
TimestampPrecision=6
FileStorePath={store}
ResetOnLogout=N
ResetOnDisconnect=N
"""


def acceptor_text(mic: str, port: int, store: Path, clients: Iterable[str]) -> str:
    """QuickFIX's settings: per client X the sessions X (orders), X-MD (prices), X-DC (copies).

    Clients connect to the guard. QuickFIX binds all addresses, and then only loopback (see
    `VenueAcceptor.start`).
    """
    text = _DEFAULTS.format(mic=mic, port=port, store=store)
    for client in clients:
        text += f"\n[SESSION]\nTargetCompID={client}\nResetOnLogon=N\n"
        text += f"\n[SESSION]\nTargetCompID={client}{MARKET_DATA_SUFFIX}\nResetOnLogon=Y\n"
        text += f"\n[SESSION]\nTargetCompID={client}{DROP_COPY_SUFFIX}\nResetOnLogon=N\n"
    return text


# QuickFIX's threads use what a started acceptor owns until the process ends; see `close`.
_STARTED: list["VenueAcceptor"] = []


class VenueAcceptor:
    """Owns the QuickFIX objects, which must outlive each other in the right order."""

    def __init__(
        self, application: VenueApplication, text: str, store: Path, guard: AcceptorGuard
    ) -> None:
        self._guard = guard
        store.mkdir(parents=True, exist_ok=True)
        (store / "dictionary.xml").write_text(dictionary_text(GROUPS))
        path = store / "acceptor.cfg"
        path.write_text(text)
        self._settings = fix.SessionSettings(str(path))
        self._store_factory = fix.FileStoreFactory(self._settings)
        self._application = application
        self._acceptor: Any = fix.SocketAcceptor(application, self._store_factory, self._settings)

    def start(self) -> None:
        """Listen.

        Raises:
            quickfix.RuntimeError, quickfix.ConfigError: The settings are wrong.
            OSError: The port is taken.
        """
        # The port is a random one, and open to all for less than a moment.
        _STARTED.append(self)
        self._acceptor.start()
        self._guard.inner_port = only_on_loopback(self._guard.inner_port)
        self._guard.start()

    def close(self) -> None:
        """Let no client in any more; the clients have been logged out.

        QuickFIX's own stop() is not called: its socket server is deleted by the acceptor's
        thread while stop() still closes it, which ended one process in four on a loaded machine
        (std::_Rb_tree_increment below SocketServer::close()). So it listens until the process
        ends, and that has to end without the destructors: its objects are kept until then, and
        see `__main__`.
        """
        self._guard.stop()


def free_inner_port() -> int:
    """Find a port for QuickFIX to listen on: it cannot say which one it was given.

    It is below those that the system gives to outgoing connections: one of them could take it
    before QuickFIX does.

    Raises:
        OSError: Every port that was tried is taken.
    """
    for port in random.sample(INNER_PORTS, INNER_PORT_TRIES):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("", port))
            return port
    raise OSError(f"none of {INNER_PORT_TRIES} ports from {INNER_PORTS[0]} on is free")


def store_tail(store: Path, mic: str, client: str) -> bytes:
    """The newest outgoing messages of a session that its store has, b"" if there are none.

    QuickFIX stores a message, then counts it, then sends it. One that was not counted when
    the process was killed never left, and the next one takes its number; it counts as missing.
    """
    session = f"FIX.4.4-{mic}-{client}"
    path = store / f"{session}.body"
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - STORE_TAIL_BYTES))
        tail = file.read()
    last = tail.rfind(b"8=FIX.4.4\x01")
    number = re.search(rb"\x0134=(\d+)\x01", tail[last:]) if last >= 0 else None
    if number is not None and int(number[1]) >= _next_numbers(store, session)[0]:
        return tail[:last]
    return tail


def was_logged_on(store: Path, mic: str, comp_id: str) -> bool:
    """Whether a session ever received a message."""
    return _next_numbers(store, f"FIX.4.4-{mic}-{comp_id}")[1] > 1


def _next_numbers(store: Path, session: str) -> tuple[int, int]:
    """The number of the next message to send and to receive; 0 if the store does not have it."""
    try:
        text = (store / f"{session}.seqnums").read_text(encoding="ascii")
        sends, _, receives = text.partition(":")
        return int(sends), int(receives)
    except (OSError, ValueError):
        return 0, 0
