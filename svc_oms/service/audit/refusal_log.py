"""The refusal log: which refusals are written one by one, and how early ones are written.

The command worker writes its own refusals in the transaction of its batch. Earlier refusals
(field rules, rights, a full queue) go through a queue and a task of their own, so that a flood
of them takes no time of the worker's. A known caller is answered after the commit, at most
ANSWER_DELAY_MAX_S later. A caller without a valid token does not wait: entries of the last
batch are lost if the process is killed.

Nobody can fill the disk: each caller has a budget of entries, and all callers without a token
share one. Beyond it refusals are counted per caller, command and reason, and the counts are
written every COUNTED_INTERVAL_S.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Sequence

from google.protobuf.message import Message

from kernel.clock import Clock
from mesh.errors import MeshError
from mesh.log import get_logger
from ordermesh.oms.v1.audit_service_pb2 import AUDIT_KIND_COUNTED, AUDIT_KIND_REFUSAL
from ordermesh.type.v1 import error_pb2
from svc_oms.service import metrics
from svc_oms.service.audit.audit_log import AuditLog
from svc_oms.service.bounded_queue import BoundedQueue
from svc_oms.service.codec.audit_entries import request_text
from svc_oms.service.ports import (
    AuditWrite,
    OrderStore,
    StoreRefusedError,
    StoreUnavailableError,
)

log = get_logger("svc_oms.auditor")

# Entries that may wait for the database; beyond it refusals are only counted.
QUEUE_ENTRIES_MAX = 10_000
# Entries of one transaction; the rest waits for the next.
BATCH_ENTRIES_MAX = 500
# Seconds a refusal waits for its entry to be durable; then it is answered without that.
ANSWER_DELAY_MAX_S = 2.0
# Entries a caller may cause at once, and each second from then on; beyond it they are counted.
CALLER_ENTRIES_BURST = 5_000
CALLER_ENTRIES_PER_S = 50.0
# The same for all callers together whose token is missing or does not verify.
NOBODY_ENTRIES_BURST = 100
NOBODY_ENTRIES_PER_S = 1.0
# Callers whose budgets are kept; the one not seen for longest is dropped.
CALLERS_MAX = 10_000
# Different counts kept between two writes; beyond it they are added up without names.
COUNTS_MAX = 1_000
COUNTED_INTERVAL_S = 10.0
RETRY_S = 0.5

Counted = tuple[str, str, int]
"""Actor, command, reason."""


class _Budget:
    """Entries a caller may cause: a bucket that fills with time."""

    __slots__ = ("_at", "_burst", "_left", "_per_s")

    def __init__(self, burst: int, per_s: float, now_s: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._left = float(burst)
        self._at = now_s

    def left(self, now_s: float) -> float:
        self._left = min(self._burst, self._left + (now_s - self._at) * self._per_s)
        self._at = now_s
        return self._left

    def take(self) -> None:
        self._left -= 1


class RefusalLog:
    """The refusal log; see the head of this file.

    Attributes:
        audit_log: The audit log that the entries are appended to.
    """

    def __init__(self, store: OrderStore, clock: Clock, replica: str) -> None:
        self.audit_log = AuditLog(f"{replica}.front")
        self._store = store
        self._clock = clock
        self._inbox: BoundedQueue[tuple[AuditWrite, asyncio.Future[None] | None]] = BoundedQueue(
            QUEUE_ENTRIES_MAX
        )
        self._nobody = _Budget(NOBODY_ENTRIES_BURST, NOBODY_ENTRIES_PER_S, clock.monotonic())
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()
        self._counts: Counter[Counted] = Counter()
        self._writing: asyncio.Task[None] | None = None

    def admits(self, entry: AuditWrite) -> bool:
        """Return whether a refusal must be written with its details; otherwise it is counted."""
        if self.has_room(entry.actor):
            self.take(entry.actor)
            return True
        self.count(entry)
        return False

    def has_room(self, actor: str, beside: int = 0) -> bool:
        """Return whether a caller may cause an entry beside so many that were not yet taken."""
        return self._budget(actor).left(self._clock.monotonic()) >= 1 + beside

    def take(self, actor: str) -> None:
        """Take an entry from a caller's budget."""
        self._budget(actor).take()

    async def refused(self, entry: AuditWrite, request: Message | None = None) -> None:
        """Record a refusal; a known caller's is durable when this returns, or is late."""
        if not self.admits(entry):
            return
        entry = entry._replace(request=request_text(request))
        future = asyncio.get_running_loop().create_future() if entry.actor else None
        if not self._inbox.put((entry, future)):
            self.count(entry)
        elif future is not None:
            try:
                async with asyncio.timeout(ANSWER_DELAY_MAX_S):
                    await future
            except TimeoutError:
                metrics.AUDIT_LATE.inc()

    def _budget(self, actor: str) -> _Budget:
        if not actor:
            return self._nobody
        budget = self._budgets.get(actor)
        if budget is None:
            now_s = self._clock.monotonic()
            budget = _Budget(CALLER_ENTRIES_BURST, CALLER_ENTRIES_PER_S, now_s)
            self._budgets[actor] = budget
            if len(self._budgets) > CALLERS_MAX:
                self._budgets.popitem(last=False)
        else:
            self._budgets.move_to_end(actor)
        return budget

    def count(self, entry: AuditWrite) -> None:
        """Count a refusal that is not written with its details."""
        metrics.AUDIT_COUNTED.inc()
        key = (entry.actor, entry.command, entry.reason)
        if key not in self._counts and len(self._counts) >= COUNTS_MAX:
            key = ("", "several", 0)
        self._counts[key] += entry.stands_for

    async def run(self) -> None:
        """Write waiting entries forever, and the counts at intervals."""
        counted_at = self._clock.monotonic()
        while True:
            waiting = []
            try:
                async with asyncio.timeout(COUNTED_INTERVAL_S):
                    waiting = await self._inbox.take(BATCH_ENTRIES_MAX)
            except TimeoutError:
                pass
            entries = [entry for entry, _ in waiting]
            now_s = self._clock.monotonic()
            if self._counts and now_s - counted_at >= COUNTED_INTERVAL_S:
                entries += self._counted()
                counted_at = now_s
            # Not cancelled during its commit when the process stops: close() waits for it.
            self._writing = asyncio.create_task(self._write(entries))
            await asyncio.shield(self._writing)
            for _, future in waiting:
                if future is not None and not future.done():
                    future.set_result(None)

    async def close(self) -> None:
        """Write waiting entries and the counts once; the process ends."""
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=ANSWER_DELAY_MAX_S)
            self._writing.cancel()
        entries = self._counted()
        while self._inbox:
            entries += [entry for entry, _ in await self._inbox.take(BATCH_ENTRIES_MAX)]
        try:
            await self.audit_log.record(self._store, entries)
        except (StoreUnavailableError, StoreRefusedError) as error:
            log.warning("refusals not recorded at the end", entries=len(entries), error=str(error))

    async def _write(self, entries: Sequence[AuditWrite]) -> None:
        while entries:
            try:
                await self.audit_log.record(self._store, entries)
            except StoreUnavailableError as error:
                log.warning("refusals wait for the database", error=str(error))
                await asyncio.sleep(RETRY_S)
            except StoreRefusedError as error:
                if len(entries) == 1:
                    log.exception("an entry cannot be recorded", error=str(error))
                    return
                for entry in entries:
                    await self._write([entry])
                return
            else:
                return

    def _counted(self) -> list[AuditWrite]:
        counts, self._counts = self._counts, Counter()
        now_ns = self._clock.now_ns()
        return [
            AuditWrite(
                kind=AUDIT_KIND_COUNTED,
                at_ns=now_ns,
                actor=actor,
                command=command,
                text=f"{count} refusals more than the limit of entries, not recorded singly",
                reason=reason,
                stands_for=count,
            )
            for (actor, command, reason), count in counts.items()
        ]


def refusal_entry(at_ns: int, error: MeshError, command: str, **known: object) -> AuditWrite:
    """Make the entry of a refusal; `known` are further fields of AuditWrite."""
    return AuditWrite(
        kind=AUDIT_KIND_REFUSAL,
        at_ns=at_ns,
        command=command,
        text=error.text,
        reason=error_pb2.ErrorReason.Value(f"ERROR_REASON_{error.reason}"),
        field=error.field,
        metadata=error.metadata,
        **known,  # type: ignore[arg-type] # by the names of AuditWrite
    )
