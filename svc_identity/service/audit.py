"""The audit log: entries in the transaction of what they record, and bounded for failures.

Nobody can fill the disk: failed and throttled logins have a budget of entries, for each address
and for all. Beyond it they are counted by address, and the counts are written every
COUNTED_INTERVAL_S; a process that is killed loses the counts of its last interval.
"""

import asyncio
from collections import Counter, OrderedDict
from typing import Final

from kernel.clock import Clock
from kernel.ulid import new_ulid
from mesh.log import get_logger
from mesh.telemetry import counter
from svc_identity.domain.audit import ADMIN_ACTS, Act, AuditEntry, key_acts
from svc_identity.service.ports import Store, StoreUnavailableError

ACTS: Final = counter(
    "identity_acts",
    "Logins, failed and throttled logins, reused tokens, changes of users and keys. Changes of "
    "users are counted by every replica.",
    ["act"],
)
for _act in Act:
    ACTS.labels(_act.name)  # 0 from the start: the first failure is then an increase

# Entries at once, and each second from then on, of one address and of all.
ADDRESS_ENTRIES_BURST: Final = 100
ADDRESS_ENTRIES_PER_S: Final = 0.1
ALL_ENTRIES_BURST: Final = 1_000
ALL_ENTRIES_PER_S: Final = 10.0
# Addresses whose budgets are kept; the one not seen for longest is dropped.
ADDRESSES_MAX: Final = 10_000
# Different counts kept between two writes; beyond it they are added up without an address.
COUNTS_MAX: Final = 1_000
COUNTED_INTERVAL_S: Final = 10.0
RETRY_S: Final = 2.0

log = get_logger(__name__)


def entry(clock: Clock, act: Act, **fields: str) -> AuditEntry:
    """Make an entry of now."""
    now_ns = clock.now_ns()
    return AuditEntry(new_ulid(now_ns), now_ns, act, **fields)  # type: ignore[arg-type]  # by name


class _Budget:
    """Entries that may be written: a bucket that fills with time."""

    __slots__ = ("_at_s", "_burst", "_left", "_per_s")

    def __init__(self, burst: int, per_s: float, now_s: float) -> None:
        self._burst, self._per_s = burst, per_s
        self._left, self._at_s = float(burst), now_s

    def take(self, now_s: float) -> bool:
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class FailureLog:
    """Records failed and throttled logins; see the head of this file."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._all = _Budget(ALL_ENTRIES_BURST, ALL_ENTRIES_PER_S, clock.monotonic())
        self._addresses: OrderedDict[str, _Budget] = OrderedDict()
        self._counts: Counter[tuple[Act, str]] = Counter()

    async def failed(
        self, act: Act, *, username: str, address: str, user_id: str = "", detail: str = ""
    ) -> None:
        """Record a failure; it is durable when this returns, unless it is only counted.

        Raises:
            StoreUnavailableError: It was not recorded.
        """
        ACTS.labels(act.name).inc()
        if not self._admits(address):
            key = (act, address)
            if key not in self._counts and len(self._counts) >= COUNTS_MAX:
                key = (act, "")
            self._counts[key] += 1
            return
        made = entry(
            self._clock, act, username=username, address=address, user_id=user_id, detail=detail
        )
        async with self._store.work() as work:
            await work.audit.add(made)

    def _admits(self, address: str) -> bool:
        now_s = self._clock.monotonic()
        budget = self._addresses.get(address)
        if budget is None:
            budget = _Budget(ADDRESS_ENTRIES_BURST, ADDRESS_ENTRIES_PER_S, now_s)
            self._addresses[address] = budget
            if len(self._addresses) > ADDRESSES_MAX:
                self._addresses.popitem(last=False)
        else:
            self._addresses.move_to_end(address)
        return budget.take(now_s) and self._all.take(now_s)

    async def run(self) -> None:
        """Write the counts at intervals, forever."""
        while True:
            await asyncio.sleep(COUNTED_INTERVAL_S)
            await self.write_counts()

    async def write_counts(self) -> None:
        """Write the counts; while the database is away they stay."""
        counts, self._counts = self._counts, Counter()
        now_ns = self._clock.now_ns()
        text = "more than the limit of entries, not recorded singly"
        try:
            async with self._store.work() as work:
                for (act, address), count in sorted(counts.items()):
                    await work.audit.add(
                        AuditEntry(
                            new_ulid(now_ns), now_ns, act, address=address, detail=text, count=count
                        )
                    )
        except StoreUnavailableError:
            self._counts.update(counts)


class AuditUpkeep:
    """Records what changed of the signing keys at the start, and counts what administrators do."""

    def __init__(self, store: Store, clock: Clock, published_keys: list[str]) -> None:
        self._store = store
        self._clock = clock
        self._published_keys = published_keys
        self._counted_up_to: int | None = None

    async def run(self) -> None:
        """Work forever; what the database's absence prevents is done when it is back."""
        recorded = False
        while True:
            try:
                if not recorded:
                    await self.record_keys()
                    recorded = True
                await self.count_admin_acts()
            except StoreUnavailableError:
                log.warning("signing keys and changes of users wait for the database")
            await asyncio.sleep(RETRY_S)

    async def record_keys(self) -> None:
        """Record the signing keys that are new, sign now, or are gone."""
        async with self._store.work() as work:
            known = await work.audit.keys_locked()
            for act, detail in key_acts(known, self._published_keys):
                await work.audit.add(entry(self._clock, act, actor="svc-identity", detail=detail))
                ACTS.labels(act.name).inc()

    async def count_admin_acts(self) -> None:
        """Count what was done to users since the last look; at the first look nothing."""
        async with self._store.work() as work:
            newest, acts = await work.audit.acts_after(self._counted_up_to)
        if self._counted_up_to is not None:
            for act in acts:
                if act in ADMIN_ACTS:
                    ACTS.labels(act.name).inc()
        self._counted_up_to = newest
