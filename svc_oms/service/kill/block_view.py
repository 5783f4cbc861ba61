"""The kill switches that this replica knows: a view of the database for links and streams.

A session link must not go on with an old view, because another replica may have engaged a
switch and may wait for this link to confirm it. So the view has an age, and a link ends when
its view is too old (session_link.py). Its gateway then gives up commands it was not yet
allowed to send.
"""

import asyncio

from kernel.clock import Clock
from kernel.nanoseconds import to_us
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.service.codec.kill_messages import blocks_message
from svc_oms.service.ports import StoreUnavailableError, kill_ports
from svc_oms.service.ports.kill_ports import KillStore, SwitchRow

# A view older than this must not be used; it is renewed every second.
BLOCKS_AGE_MAX_S = 5.0
# Switches that have ended are still shown for so long.
SHOWN_FOR_S = 600


class BlockView:
    """The view; see the head of this file.

    Attributes:
        rows: Switches in force, in progress, or changed lately, oldest first.
        message: The message for gateways.
    """

    def __init__(self, store: KillStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._read_at = clock.monotonic()
        self._listeners: set[asyncio.Event] = set()
        self._revisions: dict[str, int] = {}
        self.rows: list[SwitchRow] = []
        self.message = gw.Blocks()

    @property
    def version(self) -> int:
        """Version of the blocks; grows with every switch."""
        return self.message.version

    def require_fresh(self) -> None:
        """Refuse to go on with a view that was not renewed for too long.

        Raises:
            StoreUnavailableError: The view is too old.
        """
        if self._clock.monotonic() - self._read_at > BLOCKS_AGE_MAX_S:
            raise StoreUnavailableError(
                f"kill switches could not be read for {BLOCKS_AGE_MAX_S:.0f} s"
            )

    def find(self, switch_id: str) -> SwitchRow | None:
        """Return a switch of the view."""
        return next((row for row in self.rows if row.switch_id == switch_id), None)

    def join(self, listener: asyncio.Event) -> None:
        """Set this event whenever something changes."""
        self._listeners.add(listener)

    def leave(self, listener: asyncio.Event) -> None:
        """Stop setting the event."""
        self._listeners.discard(listener)

    def ring(self) -> None:
        """Set the events of all listeners."""
        for listener in self._listeners:
            listener.set()

    async def refresh(self) -> None:
        """Read the switches again.

        Raises:
            StoreUnavailableError: The view stays as it was, and ages.
        """
        async with self._lock:
            began = self._clock.monotonic()
            rows = await self._store.current(SHOWN_FOR_S)
            self._read_at = began
            self.rows = rows
            versions = (row.version for row in rows if row.kind == kill_ports.SwitchKind.SWITCH)
            version = max(versions, default=0)
            if version > self.version:
                self.message = blocks_message(rows, version)
            revisions = {row.switch_id: row.revision for row in rows}
            if revisions != self._revisions:
                self._revisions = revisions
                self.ring()

    async def confirmed(self, session_id: str, token: int, version: int) -> None:
        """Store what a gateway has confirmed.

        Raises:
            StoreUnavailableError: The confirmation is not stored.
        """
        await self._store.confirm(session_id, token, version, to_us(self._clock.now_ns()))
        self.ring()
