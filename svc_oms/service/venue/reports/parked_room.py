"""How many more messages of one session may be parked whole.

A venue that sends messages without end that cannot be applied must not fill the database. From
PARKED_WAITING_MAX messages on that wait for a person, further ones of the session are counted in
one row, with their first and last MsgSeqNum(34): the venue can be asked to send them again.
"""

from kernel.clock import Clock
from svc_oms.service.ports.parked_ports import ParkedStore

PARKED_WAITING_MAX = 1_000
"""Messages of one session that wait whole for a person."""
RECOUNT_S = 30.0
"""While there is no room, the messages that wait are counted again this often."""


class ParkedRoom:
    """The room of one session, while this replica owns it."""

    def __init__(self, session_id: str, store: ParkedStore, clock: Clock) -> None:
        self._session_id = session_id
        self._store = store
        self._clock = clock
        self._waiting = PARKED_WAITING_MAX
        self._counted_at = float("-inf")

    async def look(self) -> None:
        """Count the messages that wait: at first, and at intervals while there is no room."""
        if self._waiting < PARKED_WAITING_MAX:
            return
        now = self._clock.monotonic()
        if now - self._counted_at >= RECOUNT_S:
            self._counted_at = now
            self._waiting = await self._store.waiting(self._session_id)

    def has_place_for(self, messages: int) -> bool:
        """Return whether so many more messages have a place."""
        return self._waiting + messages <= PARKED_WAITING_MAX

    def take(self) -> None:
        """Take a place, for a message that was kept."""
        self._waiting += 1
