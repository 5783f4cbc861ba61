"""Makes notifications of the logs: reads each in commit order, and each entry once.

How far a log is read is stored in the transaction of the notifications that its entries made. So a
process that ends at any moment neither loses a notification nor makes one twice. One process reads:
it has the lease. Safety does not depend on the lease: who is not at the stored position writes
nothing.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Final, Protocol

from eventlog.logs import START, Entry, Log, Position, Source, SourceError
from eventlog.reading import Reading
from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from kernel.ulid import new_ulid
from mesh.log import get_logger
from svc_notify.domain.notification import Draft, Notification, due
from svc_notify.domain.outbox import collect
from svc_notify.domain.rules import Pace, when_due
from svc_notify.domain.state import Condition, State
from svc_notify.service.ports import (
    Doubt,
    Lease,
    NotificationStore,
    PositionMovedError,
    StoreUnavailableError,
    Writing,
)
from svc_notify.service.progress import Progress
from svc_notify.service.reading.found import Found, Orders
from svc_notify.service.reading.orders import draft_of_doubt, order_ids
from svc_notify.service.reading.pages import read_page

LOOK_INTERVAL_S: Final = 0.1
"""Between two looks at the logs when all was read."""
RETRY_S: Final = 1.0
"""Until PostgreSQL is tried again, or a standby asks for the lease."""
LEASE_PARTS: Final = 3
"""The lease is renewed this many times in its length."""

_log = get_logger(__name__)


class OrderRows(Protocol):
    """Orders of the order book."""

    async def of(self, order_ids: Collection[str]) -> Orders:
        """Return orders by id; one that was archived is missing."""


class Owner:
    """Whether this process has the lease."""

    def __init__(self, lease: Lease, holder: str, seconds: float, clock: Clock) -> None:
        self._lease = lease
        self._holder = holder
        self._seconds = seconds
        self._clock = clock
        self._renew_at = 0.0
        self.mine = False

    async def keep(self) -> bool:
        """Take the lease, or renew it in time; return whether it is here."""
        if self._clock.monotonic() >= self._renew_at:
            self.mine = await self._lease.take(self._holder, self._seconds)
            self._renew_at = self._clock.monotonic() + self._seconds / LEASE_PARTS
        return self.mine

    async def give_up(self) -> None:
        """End the lease, so that another process goes on at once."""
        if self.mine:
            self.mine = False
            # A database that is away ends the lease by itself.
            with suppress(StoreUnavailableError):
                await self._lease.give_up(self._holder)


class Notifier:
    """Runs forever."""

    def __init__(  # its parts
        self,
        source: Source,
        store: NotificationStore,
        orders: OrderRows,
        owner: Owner,
        progress: Progress,
        clock: Clock,
        doubt_after_s: float,
        stored: Callable[[], None],
    ) -> None:
        """Take the parts.

        Args:
            source: The logs.
            store: Where notifications are kept.
            orders: Orders that events name.
            owner: The lease.
            progress: For metrics.
            clock: Gives the time.
            doubt_after_s: Seconds that an order may be in doubt before it is notified.
            stored: Called after new notifications were stored.
        """
        self._source = source
        self._store = store
        self._orders = orders
        self._owner = owner
        self._progress = progress
        self._clock = clock
        self._doubt_after_ns = int(doubt_after_s * NS_PER_S)
        self._stored = stored
        self._at: dict[Log, Position] = {}
        self._readings: dict[Log, Reading] = {}

    async def run(self) -> None:
        """Make notifications until cancelled."""
        while True:
            try:
                if await self._owner.keep():
                    await self._read_on()
                self._progress.be(State(Condition.STANDBY, "another process reads the logs"))
            except PositionMovedError:
                self._progress.be(State(Condition.STANDBY, "another process has read further"))
            except (SourceError, StoreUnavailableError) as error:
                self._progress.be(State(Condition.POSTGRES_AWAY, str(error)))
            await asyncio.sleep(RETRY_S)

    async def _read_on(self) -> None:
        self._at = dict(await self._store.positions())
        self._readings = {}
        while await self._owner.keep():
            if not await self._look():
                await asyncio.sleep(LOOK_INTERVAL_S)

    async def _begin(self, logs: Collection[Log]) -> None:
        """Read on after the stored positions; a log that was never read begins at its end."""
        for log in logs:
            before = self._at.get(log)
            if before is None or not await self._source.has(log, before):
                await self._begin_at_end(log, before)
        self._readings = {log: Reading(self._at[log].log_number) for log in logs}

    async def _begin_at_end(self, log: Log, before: Position | None) -> None:
        if before is not None and before != START:
            _log.error(
                "the log lacks the entry that was read last: it was restored without our schema; "
                "notifications go on at its end",
                log=log.value,
                log_number=before.log_number,
            )
        newest = await self._source.newest(log)
        noted = await self._noted_before(newest) if log is Log.STATES else set()
        async with self._store.writing() as writing:
            await writing.advance(log, before, newest)
            if noted:
                await writing.note(noted, self._clock.now_ns())
        self._at[log] = newest

    async def _noted_before(self, end: Position) -> set[str]:
        """Return what the log of states would have noted, had it been read up to an entry.

        So nothing is said of a session that goes on being down.
        """
        noted: set[str] = set()
        after = 0
        while after < end.log_number:
            entries = (await self._source.page(Log.STATES, after)).entries
            past = [one for one in entries if one.log_number <= end.log_number]
            if not past:
                break
            due(read_page(Log.STATES, past, {}, self._clock.now_ns()).drafts, noted)
            after = past[-1].log_number
        return noted

    async def _look(self) -> bool:
        """Read the next entries of each log; return whether there were any."""
        looked_ns = self._clock.now_ns()
        heads = await self._source.heads()
        numbers = heads.numbers
        if numbers.keys() != self._readings.keys():
            await self._begin(numbers)
        closed = "; ".join(f"{log}: {cause}" for log, cause in heads.closed.items())
        self._progress.be(State(Condition.BLOCKED if closed else Condition.READING, closed))
        some = False
        for log, head in numbers.items():
            if head > self._readings[log].after:
                some |= await self._read(log)
        self._progress.measured(
            {log: max(0, head - self._readings[log].after) for log, head in numbers.items()}
        )
        orders = self._readings.get(Log.ORDERS)
        if not some and orders is not None and not orders.in_doubt:
            await self._fire_doubts(looked_ns)
        return some

    async def _read(self, log: Log) -> bool:
        reading = self._readings[log]
        page = await self._source.page(log, reading.after)
        count = reading.take(page.horizon, [entry.log_number for entry in page.entries])
        if reading.in_doubt:
            reading.note(await self._source.new_transaction_id())
        if count:
            await self._notify(log, page.entries[:count])
        return bool(count)

    async def _notify(self, log: Log, entries: Sequence[Entry]) -> None:
        """Store what entries of a log mean, with the position after them."""
        ids = order_ids(entries) if log is Log.ORDERS else set()
        orders = await self._orders.of(ids) if ids else {}
        found = read_page(log, entries, orders, self._clock.now_ns())
        after = Position(entries[-1].log_number, entries[-1].hash)
        async with self._store.writing() as writing:
            await writing.advance(log, self._at[log], after)
            made = await self._add(writing, found.drafts)
            await self._note_doubts(writing, found)
        self._at[log] = after
        self._report(made)

    async def _note_doubts(self, writing: Writing, found: Found) -> None:
        if found.doubts or found.known:
            opened = list(found.doubts.values())
            await writing.doubt(opened, self._doubt_after_ns, found.known - found.doubts.keys())

    async def _fire_doubts(self, looked_ns: int) -> None:
        """Notify of doubts that are due: every event of before the look was read."""
        if not await self._store.has_due_doubts(looked_ns):
            return
        async with self._store.writing() as writing:
            doubts: list[Doubt] = await writing.due_doubts(looked_ns)
            made = await self._add(writing, [draft_of_doubt(one) for one in doubts])
        self._report(made)

    async def _add(self, writing: Writing, drafts: Sequence[Draft]) -> list[Notification]:
        """Store notifications, and what rules make of them."""
        now_ns = self._clock.now_ns()
        wanted = await _due(writing, drafts, now_ns)
        numbers = range(writing.last_sequence + 1, writing.last_sequence + 1 + len(wanted))
        made = [
            Notification(number, new_ulid(now_ns), now_ns, draft)
            for number, draft in zip(numbers, wanted, strict=True)
        ]
        if made:
            await writing.add(made)
            await self._pass_on(writing, made, now_ns)
        return made

    async def _pass_on(self, writing: Writing, made: Sequence[Notification], now_ns: int) -> None:
        """Add what rules select to the messages for destinations."""
        rules = await writing.rules_with_destinations()
        if not rules:
            return
        viewers = await writing.viewers({rule.owner for rule in rules})
        paces = await writing.paces({rule.rule_id for rule in rules})
        for one in collect(rules, viewers, made):
            key = one.rule.rule_id, one.destination_id, one.urgent
            due_ns, pace = when_due(one.rule, now_ns, paces.get(key, Pace()), urgent=one.urgent)
            if await writing.put(new_ulid(now_ns), one, now_ns, due_ns, pace):
                paces[key] = pace
            self._progress.messages += 1

    def _report(self, made: list[Notification]) -> None:
        if made:
            self._progress.stored(made)
            self._stored()


async def _due(writing: Writing, drafts: Sequence[Draft], now_ns: int) -> list[Draft]:
    """Return the drafts that are made, and store the notes that decide it."""
    keys = {key for draft in drafts for key in (draft.once, draft.ends) if key}
    if not keys:
        return list(drafts)
    before = await writing.noted(keys)
    noted = set(before)
    made = due(drafts, noted)
    if new := noted - before:
        await writing.note(new, now_ns)
    if ended := before - noted:
        await writing.forget(ended)
    return made
