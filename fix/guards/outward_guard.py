"""Carries the connections of an initiator: the venue's comes first, then QuickFIX's.

QuickFIX sends a Logon(A), and uses a MsgSeqNum(34) for it, whenever it tries to connect, also where
it is refused. So it is let try only while the venue is connected: an outage uses no number.
"""

import asyncio
import socket
from typing import Protocol

from fix.guards.guard import LOOPBACK, GuardThread, Half, Pipe, Rules
from fix.guards.held_port import HeldPort

JOIN_MAX_S = 10.0
"""QuickFIX, which tries once a second, must connect within this time after the venue."""


class OutwardRules(Rules, Protocol):
    """What the guard of an initiator does with connections."""

    async def dial(self) -> Pipe:
        """Connect to the venue, however long that takes."""

    def is_engine(self, connection: socket.socket) -> bool:
        """Return whether the other end of a loopback connection is QuickFIX."""

    def opened(self, *, is_open: bool) -> None:
        """QuickFIX can connect now; or it did not, and cannot any more."""


class OutwardGuard(GuardThread):
    """The guard."""

    def __init__(self, name: str, rules: OutwardRules) -> None:
        super().__init__(name, rules)
        self._outward_rules = rules
        self._port: HeldPort | None = None
        self._carrying: asyncio.Task[None] | None = None

    def hold(self, port: int) -> int:
        """Hold the port for QuickFIX, any if it is 0, and return it.

        Raises:
            OSError: The port is taken.
        """
        self._port = HeldPort(LOOPBACK, port)
        return self._port.port

    def begin(self) -> None:
        """Begin to dial."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()

    async def _begin(self) -> None:
        self._carrying = self._loop.create_task(self._carry_on())

    async def _take_no_more(self) -> None:
        assert self._carrying is not None
        assert self._port is not None
        self._carrying.cancel()
        # It uses the port until it has ended.
        await asyncio.wait({self._carrying})
        self._port.close()

    async def _carry_on(self) -> None:
        while True:
            _, venue = await self._outward_rules.dial()
            self._halves.add(venue)
            await self._join(venue)
            await venue.over.wait()
            self._halves = {half for half in self._halves if not half.closed}

    async def _join(self, venue: Half) -> None:
        """Let QuickFIX connect, and carry between it and the venue."""
        assert self._port is not None
        engine = self._loop.create_task(self._engine(self._port))
        gone = self._loop.create_task(venue.over.wait())
        try:
            self._port.open()
            self._outward_rules.opened(is_open=True)
            await asyncio.wait(
                {engine, gone}, timeout=JOIN_MAX_S, return_when=asyncio.FIRST_COMPLETED
            )
        except OSError as error:
            venue.end(f"its port cannot take QuickFIX's connection: {error.strerror}")
        finally:
            self._port.shut()
            gone.cancel()
            engine.cancel()
            await asyncio.wait({gone, engine})
        if engine.cancelled():
            self._outward_rules.opened(is_open=False)
            venue.end("QuickFIX did not connect")
            return
        if isinstance(fault := engine.exception(), OSError):
            self._outward_rules.opened(is_open=False)
            venue.end(f"its port cannot take QuickFIX's connection: {fault.strerror}")
            return
        engine.result().join(venue)

    async def _engine(self, port: HeldPort) -> Half:
        """Wait for QuickFIX's connection; others are refused."""
        while True:
            accepted = await port.accept()
            if not self._outward_rules.is_engine(accepted):
                accepted.close()
                continue
            accepted.setblocking(False)
            _, half = await self._loop.connect_accepted_socket(
                lambda: Half(self._rules, is_peer=False, is_acceptor=False), accepted
            )
            # Here, so that a stop also closes a connection that nobody has joined yet.
            self._halves.add(half)
            return half
