"""Writes what the recorder collects; a database that is away delays it, and nothing else."""

import asyncio
from typing import NamedTuple

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.log import get_logger
from svc_marketdata.domain.history.quotes import QuoteBlock
from svc_marketdata.service.errors import StoreUnavailableError
from svc_marketdata.service.history.ports import Batch, Gap, GapCause, HistoryStore
from svc_marketdata.service.history.recorder import Recorder

WRITE_PAUSE_S = 0.5
"""Seconds between two writes: how old the history may be, and what kill -9 loses at most besides
the time of one transaction."""
RETRY_PAUSE_S = 2.0
"""Seconds after a write that failed."""
BATCH_BLOCKS_MAX = 2_000
"""Blocks of quotes that one transaction writes."""
UPKEEP_PAUSE_S = 60.0
"""Seconds between two looks for hours to pack and partitions to drop."""
LAST_WRITE_S_MAX = 3.0
"""Seconds that a process that stops waits for its last write."""

_log = get_logger(__name__)


class HistoryWriter:
    """The task that writes the history."""

    def __init__(self, recorder: Recorder, store: HistoryStore, clock: Clock) -> None:
        self._recorder = recorder
        self._store = store
        self._clock = clock
        self._unwritten: list[Batch] = []
        self._blocks: list[QuoteBlock] = []
        self._upkeep_due_ns = 0
        self.away = False
        """Whether the last write failed."""

    @property
    def waiting(self) -> int:
        """Reports of trades that are not in the database yet."""
        unwritten = sum(len(batch.reports) for batch in self._unwritten)
        return unwritten + self._recorder.waiting

    @property
    def lag_s(self) -> float:
        """Age of the oldest report that is not in the database yet; 0 if all are."""
        oldest_ns = next(
            (batch.reports[0].received_ns for batch in self._unwritten if batch.reports),
            self._recorder.oldest_ns,
        )
        return max(self._clock.now_ns() - oldest_ns, 0) / NS_PER_S if oldest_ns else 0.0

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            written = await self.write()
            await asyncio.sleep(WRITE_PAUSE_S if written else RETRY_PAUSE_S)

    async def close(self) -> None:
        """Write what is left, unless the database is away."""
        try:
            async with asyncio.timeout(LAST_WRITE_S_MAX):
                await self.write(upkeep=False)
        except TimeoutError:
            _log.warning("history: the last write took too long", trades=self.waiting)
        except Exception:  # noqa: BLE001  the process ends in good order all the same
            _log.exception("history: the last write failed", trades=self.waiting)

    async def write(self, *, upkeep: bool = True) -> bool:
        """Write what waits; return whether all of it is written.

        Raises:
            Exception: Something unexpected, which is a fault of ours. Nothing of the first batch is
                written then, and the batch is divided for the next attempt: see `_divide`.
        """
        counts = self._recorder.counts
        if not self._unwritten:
            # While a write fails, reports wait in the recorder, which has the limit.
            self._unwritten = self._recorder.take()
        try:
            while self._unwritten:
                batch = self._unwritten[0]
                try:
                    written = await self._store.write(batch, self._clock.now_ns())
                except StoreUnavailableError:
                    raise
                except Exception:
                    counts.failures += 1
                    self._divide()
                    raise
                # Written twice if this process ends here: that changes nothing.
                self._unwritten.pop(0)
                counts.written += written.added
                counts.amended += written.amended
                counts.unknown += written.unknown
                counts.out_of_range += written.out_of_range
            await self._write_quotes()
            if upkeep and self._clock.now_ns() >= self._upkeep_due_ns:
                await self._upkeep()
        except StoreUnavailableError as error:
            counts.failures += 1
            if not self.away:
                _log.warning("history waits for the database", cause=str(error))
            self.away = True
            return False
        if self.away:
            _log.info("history is written again", trades=counts.written)
        self.away = False
        return True

    async def _write_quotes(self) -> None:
        """Write the blocks of quotes that have ended.

        Raises:
            Exception: As for `write`. The blocks of that transaction are left out and counted.
        """
        quotes = self._recorder.quotes
        if not self._blocks:
            # While a write fails, blocks wait in the recorder, which has the limit.
            self._blocks = quotes.ended()
        while self._blocks:
            some = self._blocks[:BATCH_BLOCKS_MAX]
            try:
                await self._store.write_quotes(some, quotes.interval_ns)
            except StoreUnavailableError:
                raise
            except Exception:
                self._recorder.counts.failures += 1
                quotes.dropped += len(some)
                del self._blocks[: len(some)]
                raise
            del self._blocks[: len(some)]
            self._recorder.counts.quote_blocks_written += len(some)

    def _divide(self) -> None:
        """Divide the first batch, so that a report that cannot be written stops no other one.

        A report that is alone and fails is left out: counted, logged, and a gap.
        """
        batch = self._unwritten[0]
        middle = len(batch.reports) // 2
        if middle:
            # What the venues are recorded up to is written after the reports.
            first, second = batch.reports[:middle], batch.reports[middle:]
            self._unwritten[:1] = [Batch(first), Batch(second, batch.covered, batch.dropped)]
        elif batch.reports:
            (report,) = batch.reports
            self._recorder.counts.unwritable += 1
            _log.error("a trade cannot be written, and is a gap", report=repr(report))
            mic, at_ns = report.instrument_id.rpartition(".")[2], report.received_ns
            gap = Gap(mic, at_ns, at_ns, GapCause.DROPPED, 1)
            self._unwritten[0] = Batch([], batch.covered, [*batch.dropped, gap])

    async def _upkeep(self) -> None:
        now_ns = self._clock.now_ns()
        # Also after a failure: partitions that a backup reads cannot be dropped for a while.
        self._upkeep_due_ns = now_ns + int(UPKEEP_PAUSE_S * NS_PER_S)
        counts = self._recorder.counts
        before_ns = -1
        while counts.packed_until_ns != before_ns:
            before_ns = counts.packed_until_ns
            counts.packed_until_ns = await self._store.pack_hours(now_ns)
        await self._store.make_partitions(now_ns)
        counts.partitions_dropped += await self._store.drop_old(now_ns)


class History(NamedTuple):
    """What records the history."""

    recorder: Recorder
    writer: HistoryWriter
