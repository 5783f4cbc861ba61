"""Keeps alerts: records what fired, follows the log of every replica, and informs readers.

The log decides. Every replica compares prices with every alert, and each records what fires; the
store ends an alert only while it is active, so it fires once. A replica forgets an alert when the
log says that it ended, and knows a new one as soon as the log has it. So nothing has to be right in
memory: after kill -9 the active alerts are read again and compared with the prices of then.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from kernel.nanoseconds import NS_PER_DAY
from mesh.log import get_logger
from mesh.tasks import is_set_within
from svc_marketdata.domain.alerts.alert import Alert, AlertState
from svc_marketdata.domain.price_rights import PriceRight, PriceRights
from svc_marketdata.service.alerts.ports import AlertLimits, AlertStore, End, LogPlace, NewAlert
from svc_marketdata.service.alerts.prices import Decoder
from svc_marketdata.service.alerts.watching import Watching
from svc_marketdata.service.errors import StoreUnavailableError
from svc_marketdata.service.market_data import MarketData

PAUSE_S: Final = 1.0
"""Seconds between looks for listings that alerts wait for, and until the store is tried again. What
fires here is recorded at once, and what other replicas record is announced."""
FOLLOW_PAUSE_S: Final = 60.0
"""Seconds between looks at what other replicas recorded, should a notice of it be lost."""
CUT_PAUSE_S: Final = 3_600.0
"""Seconds between removals of what is older than is kept."""
DUE_PAUSE_S: Final = 10.0
"""Seconds between looks for alerts that have expired, or that a corporate action ends. One that
has expired does not fire, also before it is looked for."""
BATCH_MAX: Final = 1_000
"""Alerts ended in one transaction, and entries of the log read in one statement."""
LAST_WRITE_S_MAX: Final = 3.0
"""Seconds that a process that stops waits until what fired is recorded."""
RIGHT_LOST: Final = "you have no right to this price any more"

_log = get_logger(__name__)


class KeeperRules(NamedTuple):
    """What is allowed and kept."""

    limits: AlertLimits = AlertLimits()
    keep_days: int = 400
    """Days that the log, and alerts that ended, are kept."""


class AlertKeeper:
    """The alerts of this replica, and the way to the store."""

    def __init__(
        self, data: MarketData, store: AlertStore, decode: Decoder, rules: KeeperRules
    ) -> None:
        self.store = store
        self.data = data
        self.limits = rules.limits
        self._keep_ns = rules.keep_days * NS_PER_DAY
        self.recorded = 0
        """What fired here and was handed to the store."""
        self.away = False
        """Whether the store could not be reached at the last attempt."""
        self._news = asyncio.Event()
        self.watching = Watching(data, decode, self._news.set)
        self._readers: dict[str, set[Callable[[], None]]] = {}
        self._place: LogPlace | None = None
        """The last entry of the log that was read; None until the active alerts are."""
        self._due_s = 0.0
        self._cut_due_s = 0.0
        self._follow_due_s = 0.0
        self._following = asyncio.Lock()
        self._changed_rights: dict[str, PriceRights] = {}
        """Users whose rights changed, to be compared with their alerts."""

    async def run(self) -> None:
        """Keep alerts, for ever; while the store is away, what fired waits."""
        while True:
            self._news.clear()
            try:
                await self.look()
            except StoreUnavailableError as error:
                if not self.away:
                    _log.warning("alerts wait for the database", cause=str(error))
                self.away = True
                await asyncio.sleep(PAUSE_S)
            else:
                self.away = False
                await is_set_within(self._news, PAUSE_S)

    async def listen(self) -> None:
        """Take notice of what any replica records, for ever."""
        await self.store.hear(self.heard)

    def heard(self) -> None:
        """Note that a replica may have recorded something."""
        self._follow_due_s = 0.0
        self._news.set()

    async def look(self) -> None:
        """Record what fired and what is due, and follow the log if there may be something new."""
        # First: who has lost a right is not told that a price was reached.
        await self._apply_changed_rights()
        await self._record()
        clock = self.data.clock
        if clock.monotonic() >= self._due_s:
            await self.store.end_due(clock.now_ns())
            self._due_s = clock.monotonic() + DUE_PAUSE_S
        if clock.monotonic() >= self._follow_due_s:
            # First: what is announced while the log is read may be missed by this reading.
            self._follow_due_s = clock.monotonic() + FOLLOW_PAUSE_S
            try:
                await self.follow()
            except BaseException:
                self._follow_due_s = 0.0
                raise
        self.watching.place_waiting()
        if clock.monotonic() >= self._cut_due_s:
            self._cut_due_s = clock.monotonic() + CUT_PAUSE_S
            if removed := await self.store.cut(clock.now_ns() - self._keep_ns):
                _log.info("alerts: what is older than is kept was removed", rows=removed)

    async def close(self) -> None:
        """Record what fired, unless the store is away."""
        try:
            async with asyncio.timeout(LAST_WRITE_S_MAX):
                await self._record()
        except (TimeoutError, StoreUnavailableError):
            _log.warning("alerts: what fired last is not recorded", alerts=len(self.watching.fires))

    async def follow(self) -> None:
        """Take over what the log has, up to its end."""
        async with self._following:
            if self._place is None:
                self._place = await self._begin()
            while True:
                if not await self.store.holds(self._place):
                    _log.warning("the log of alerts was restored: all are read again")
                    self._place = await self._begin()
                    self._inform(self._readers)
                    return
                entries = await self.store.log_after(self._place.log_number, BATCH_MAX)
                for entry in entries:
                    self._take(entry.alert)
                    self._place = LogPlace(entry.log_number, entry.recorded_ns)
                self._inform({entry.alert.user_id for entry in entries})
                if len(entries) < BATCH_MAX:
                    return

    async def _begin(self) -> LogPlace:
        """Watch for the active alerts and for no others; return the place in the log."""
        place, alerts = await self.store.active()
        for alert_id in list(self.watching.active):
            self.watching.remove(alert_id)
        for alert in alerts:
            self.watching.add(alert)
        _log.info("price alerts", active=len(alerts))
        return place

    async def create(self, new: NewAlert) -> tuple[Alert, bool]:
        """Make an alert, and watch for it from now on.

        Raises:
            KeyReusedError, TooManyAlertsError: See `AlertStore.create`.
        """
        made = await self.store.create(new, self.limits)
        await self.follow()
        return made

    async def cancel(self, user_id: str, alert_id: str) -> Alert | None:
        """Remove an alert of a user, and return it as it stands then; None if there is none."""
        if await self.store.get(user_id, alert_id) is None:
            return None
        now_ns = self.data.clock.now_ns()
        await self.store.end([End(alert_id, AlertState.CANCELED, now_ns)], now_ns)
        await self.follow()
        return await self.store.get(user_id, alert_id)

    async def apply_rights(self, user_id: str, rights: PriceRights) -> None:
        """End the alerts of a user on prices that the user may not read any more."""
        now_ns = self.data.clock.now_ns()
        lost = [
            End(alert.alert_id, AlertState.ENDED, now_ns, text=RIGHT_LOST)
            for alert in self.watching.of_user(user_id)
            if not may_watch(alert, rights)
        ]
        if lost:
            await self.store.end(lost, now_ns)
            await self.follow()

    def rights_changed(self, users: Mapping[str, PriceRights]) -> None:
        """End the alerts, soon, of users who may not read a price any more."""
        self._changed_rights.update(users)
        self._news.set()

    async def _apply_changed_rights(self) -> None:
        if self._changed_rights and self._place is None:
            await self.follow()
        while self._changed_rights:
            user_id, rights = next(iter(self._changed_rights.items()))
            await self.apply_rights(user_id, rights)
            if self._changed_rights.get(user_id) is rights:
                del self._changed_rights[user_id]

    def join(self, user_id: str, wake: Callable[[], None]) -> None:
        """Call ``wake`` when an alert of a user changes."""
        self._readers.setdefault(user_id, set()).add(wake)

    def leave(self, user_id: str, wake: Callable[[], None]) -> None:
        """Stop calling it."""
        readers = self._readers[user_id]
        readers.discard(wake)
        if not readers:
            del self._readers[user_id]

    async def _record(self) -> None:
        fires = self.watching.fires
        while fires:
            batch = fires[:BATCH_MAX]
            ends = [End(one.alert_id, AlertState.FIRED, one.at_ns, one.price) for one in batch]
            await self.store.end(ends, self.data.clock.now_ns())
            # Recorded twice if this process ends here: the second time nothing is active.
            del fires[: len(batch)]
            self.recorded += len(batch)
            self._follow_due_s = 0.0

    def _take(self, alert: Alert) -> None:
        if alert.state is AlertState.ACTIVE:
            self.watching.add(alert)
        else:
            self.watching.remove(alert.alert_id)

    def _inform(self, user_ids: Iterable[str]) -> None:
        for user_id in user_ids:
            for wake in self._readers.get(user_id, ()):
                wake()


def may_watch(alert: Alert, rights: PriceRights) -> bool:
    """Return whether a user with these rights may still have an alert."""
    right = rights.of(alert.venue_mic)
    if right is PriceRight.DELAYED:
        return alert.delayed
    return right is PriceRight.REAL_TIME
