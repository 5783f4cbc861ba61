"""Who may use a session's FIX store: the process with both the OMS's lease and the lock.

The lease says which gateway has the session; the operating system's lock makes sure that the
earlier one no longer uses the store. A standby has neither, and does not even open the store.
An earlier one that hangs keeps its lock: on the same machine it is killed, and the lock is free.
"""

import asyncio

from kernel.clock import Clock
from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway import metrics
from svc_gateway.domain.sessions.lost_store import Known, is_lost, is_newer, number_after_a_loss
from svc_gateway.service.ports import FixEngine, LinkBrokenError, StoreFaultError, StoreLock
from svc_gateway.service.together import RedialError
from svc_gateway.venues import SessionConfig

# How long a store that another process holds is waited for; then the link is opened again. That
# process logs out when it has been without the OMS for 15 s, or dies, or is killed here because it
# hangs. Seconds.
LOCK_WAIT_MAX_S = 10.0
# Between two tries to take the lock: a lock cannot be awaited with a limit. Seconds.
LOCK_TRY_S = 0.05

_log = get_logger(__name__)


class Ownership:
    """The store of one order session."""

    def __init__(
        self, config: SessionConfig, engine: FixEngine, lock: StoreLock, clock: Clock
    ) -> None:
        self._config = config
        self._engine = engine
        self._lock = lock
        self._clock = clock
        self._owner = metrics.SESSION_OWNER.labels(config.session_id)
        self._owner.set(0)
        # The store was made anew, and the next LinkOpen must say so to the OMS.
        self.store_lost = False

    async def acquire(self) -> None:
        """Take the lock.

        Raises:
            LinkBrokenError: another process holds the store, or its lock cannot be opened.
        """
        until = self._clock.monotonic() + LOCK_WAIT_MAX_S
        while not self._take():
            if ended := self._lock.end_hung_holder():
                _log.error("hung gateway killed", session_id=self._config.session_id, holder=ended)
                metrics.HUNG_HOLDERS_KILLED.labels(self._config.session_id).inc()
            if self._clock.monotonic() > until:
                raise LinkBrokenError(f"the FIX store is in use by {self._lock.holder()}")
            await asyncio.sleep(LOCK_TRY_S)
        self._owner.set(1)

    def _take(self) -> bool:
        try:
            return self._lock.take()
        except StoreFaultError as error:
            raise LinkBrokenError(str(error)) from error

    def stamp(self) -> None:
        """Show a standby on this machine that this process lives, if it has the store."""
        self._lock.stamp()

    def free(self) -> None:
        """Give the store up; this process no longer uses it."""
        self._lock.free()
        self._owner.set(0)

    async def check_store(self, opened: link.LinkOpened) -> None:
        """Check that the store is the one that the session's numbers were in.

        Raises:
            RedialError: It is not; a new one was made.
            LinkBrokenError: It is not, and no new one can be made.
        """
        self.store_lost = False
        if self._config.reset_on_logon or opened.admin_pending or self._engine.running:
            return
        stored = Known(opened.sender_epoch, opened.next_sender_msg_seq_num)
        store = Known(self._engine.epoch_ns(), self._engine.numbers()[0])
        if not is_lost(store, stored) or (opened.recover_from and is_newer(store, stored)):
            return
        number = number_after_a_loss(store, stored, self._config.venue_messages_per_second)
        _log.error(
            "FIX store lost", session_id=self._config.session_id, store_epoch=store.epoch,
            store_number=store.next_sender, reported_epoch=stored.epoch,
            reported_number=stored.next_sender, goes_on_from=number,
        )  # fmt: skip
        metrics.STORES_LOST.labels(self._config.session_id).inc()
        try:
            await asyncio.to_thread(self._engine.begin_anew, number)
        except StoreFaultError as error:
            raise LinkBrokenError(str(error)) from error
        self.store_lost = True
        raise RedialError("the FIX store was lost and made anew")
