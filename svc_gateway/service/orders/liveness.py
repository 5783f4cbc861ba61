"""Signs of life of an order session's process, and what it may not do after it stood still.

A process can stop without ending: a signal, a debugger, a frozen container, a disk that does not
answer. Its queues are then as they were, and its sockets are open. When it wakes, another gateway
may have the session. So three others get signs of life, and each acts when they end:

- The OMS gets a numbered beat every `BEAT_S`. After 2 s without any frame the session is down for
  new orders, and a standby gets it. From an answered beat this process knows how long the session
  is certainly still its own (`SendLease`), and sends only that long, by the clocks at that moment.
- The guard process, where bytes leave for the venue, lets nothing pass after `OWNER_SILENCE_MAX_S`.
- A standby on this machine reads the time of the lock's file. It kills a holder that is silent for
  `OWNER_SILENCE_MAX_S`, if the OMS gave it the session.

A process that notices that it stood still gives no sign of life to the guard process until a new
link has shown whose the session is, and the FIX session is started anew.
"""

import asyncio

from kernel.clock import Clock
from kernel.moments import Moment
from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway import metrics
from svc_gateway.domain.sending.send_lease import SendLease
from svc_gateway.service.orders.ownership import Ownership
from svc_gateway.service.ports import OWNER_SILENCE_MAX_S, FixEngine

# Between two signs of life to the guard process and to a standby. Seconds.
RENEW_S = 0.25

_log = get_logger(__name__)


class Liveness:
    """The signs of life of one order session; see the head of this file.

    Attributes:
        fenced: This process stood still, and the FIX session was not started anew since.
    """

    def __init__(
        self, session_id: str, engine: FixEngine, ownership: Ownership, clock: Clock
    ) -> None:
        self._session_id = session_id
        self._engine = engine
        self._ownership = ownership
        self._clock = clock
        self._lease = SendLease()
        self.fenced = False

    def may_send(self) -> bool:
        """Return whether the session is certainly this gateway's at this moment."""
        clock = self._clock
        return not self.fenced and self._lease.valid_at(clock.now_ns(), clock.monotonic())

    def link_open(self, opened: link.LinkOpened) -> None:
        """A link gives the session to this gateway."""
        self._lease.begin(opened.send_lease_ms / 1000)

    def link_over(self) -> None:
        """Without a link nothing shows whose the session is."""
        self._lease.end()

    def mark(self, frame: link.LinkRequest) -> None:
        """Make a frame that is sent now a numbered sign of life."""
        frame.beat = self._lease.sent(self._now())

    def answered(self, beat: int) -> None:
        """The OMS has read a numbered sign of life."""
        self._lease.answered(beat)

    async def run(self) -> None:
        """Give signs of life to the guard process and to a standby, until cancelled."""
        before = self._now()
        while True:
            await asyncio.sleep(RENEW_S)
            now = self._now()
            stood_s = now.since_s(before)
            before = now
            if stood_s > OWNER_SILENCE_MAX_S:
                self._stood_still(stood_s)
            self._ownership.stamp()
            if not self.fenced:
                self._engine.renew()

    def _stood_still(self, seconds: float) -> None:
        self.fenced = True
        metrics.STOOD_STILL.labels(self._session_id).inc()
        _log.error(
            "this process stood still: nothing is sent before a new link to the OMS",
            session_id=self._session_id, seconds=round(seconds, 3), limit_s=OWNER_SILENCE_MAX_S,
        )  # fmt: skip

    def _now(self) -> Moment:
        return Moment(self._clock.now_ns(), self._clock.monotonic())
