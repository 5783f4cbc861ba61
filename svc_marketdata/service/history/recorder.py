"""Collects the trades of the feeds for the database: bounded, and without waiting for it.

`put` is on the path of prices: it appends to a list. Everything else is done by `HistoryWriter`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from kernel.clock import Clock
from kernel.trading_calendar import TradingCalendar
from svc_marketdata.domain.history.reports import Numbering, Report
from svc_marketdata.domain.market import Trade
from svc_marketdata.service.history.ports import Batch, Covered, Gap, GapCause
from svc_marketdata.service.history.quote_recorder import QuoteRecorder
from svc_marketdata.service.listed import Listed

BATCH_TRADES_MAX = 5_000
"""Reports of trades that one transaction writes."""


@dataclass(slots=True)
class RecorderCounts:
    """What happened since the start, for metrics."""

    dropped: int = 0
    """Reports of trades that came while HISTORY_QUEUE_TRADES_MAX waited."""
    written: int = 0
    amended: int = 0
    unknown: int = 0
    out_of_range: int = 0
    failures: int = 0
    """Attempts to write that failed."""
    unwritable: int = 0
    """Reports that could not be written although the database answered; each is in a gap."""
    quote_blocks_written: int = 0
    """Blocks of the quotes of a listing and 30 seconds."""
    partitions_dropped: int = 0
    packed_until_ns: int = 0


class Recording(Protocol):
    """What the feeds report to the history; see `Recorder`."""

    changed_quotes: dict[str, None]
    """Listings whose quote or status changed since `sample`: the feeds add to it."""

    def sample(self, listed: Mapping[str, Listed]) -> None:
        """Take the quotes that changed, if an interval has ended."""

    def put(self, instrument_id: str, trade: Trade, received_ns: int) -> None:
        """Take a report of a trade."""

    def feed_up(self, venue_mic: str) -> None:
        """Note that from now on all trades of a venue come."""

    def feed_down(self, venue_mic: str) -> None:
        """Note that trades of a venue may be missing from now on."""


class NotRecorded(Recording):
    """There is no database: nothing is recorded."""

    def __init__(self) -> None:
        self.changed_quotes: dict[str, None] = {}

    def sample(self, _listed: Mapping[str, Listed]) -> None:
        """Forget which quotes changed."""
        self.changed_quotes.clear()

    def put(self, instrument_id: str, trade: Trade, received_ns: int) -> None:
        """Leave it out."""

    def feed_up(self, venue_mic: str) -> None:
        """Do nothing."""

    def feed_down(self, venue_mic: str) -> None:
        """Do nothing."""


class Recorder(Recording):
    """Reports of trades that wait for the database."""

    def __init__(
        self, clock: Clock, queue_trades_max: int, calendar_of: Callable[[str], TradingCalendar],
        quote_interval_s: int = 0,
    ) -> None:  # fmt: skip
        """Make a recorder.

        Args:
            clock: The clock.
            queue_trades_max: Reports that may wait; further ones are dropped and make a gap.
            calendar_of: The trading days of a listing.
            quote_interval_s: Seconds of which the last quote is kept; 0: no quote is.
        """
        self.changed_quotes: dict[str, None] = {}
        self.quotes = QuoteRecorder(quote_interval_s, clock.now_ns())
        self._calendar_of = calendar_of
        self.counts = RecorderCounts()
        self._clock = clock
        self._queue_max = queue_trades_max
        self._waiting: list[tuple[str, Trade, int, int]] = []
        self._last_order_ns = 0
        self._numbering = Numbering()
        self._covered_from: dict[str, int] = {}
        self._covered: list[Covered] = []
        self._dropped: dict[str, Gap] = {}

    @property
    def waiting(self) -> int:
        """Reports of trades that wait for the database."""
        return len(self._waiting)

    @property
    def oldest_ns(self) -> int:
        """When the oldest report was received that waits; 0 if none waits."""
        return self._waiting[0][2] if self._waiting else 0

    @override
    def put(self, instrument_id: str, trade: Trade, received_ns: int) -> None:
        """Take a report of a trade; if too many wait, it is dropped."""
        if len(self._waiting) >= self._queue_max:
            self._drop(instrument_id.rpartition(".")[2], received_ns)
            return
        order_ns = self._last_order_ns = max(self._last_order_ns + 1, received_ns)
        self._waiting.append((instrument_id, trade, received_ns, order_ns))

    @override
    def sample(self, listed: Mapping[str, Listed]) -> None:
        """Take the quotes that changed, if an interval has ended."""
        now_ns = self._clock.now_ns()
        if self.quotes.is_due(now_ns):
            self._take_quotes(listed, now_ns)

    def end_quotes(self, listed: Mapping[str, Listed]) -> None:
        """Take the quotes that changed, and end all blocks: the process stops."""
        if self.quotes.interval_ns:
            self._take_quotes(listed, self._clock.now_ns())
            self.quotes.end_all()

    def _take_quotes(self, listed: Mapping[str, Listed], now_ns: int) -> None:
        changed, self.changed_quotes = self.changed_quotes, {}
        self.quotes.take(changed, listed, now_ns)

    @override
    def feed_up(self, venue_mic: str) -> None:
        """Note that from now on all trades of a venue come."""
        self._covered_from[venue_mic] = self._clock.now_ns()

    @override
    def feed_down(self, venue_mic: str) -> None:
        """Note that trades of a venue may be missing from now on."""
        from_ns = self._covered_from.pop(venue_mic, None)
        if from_ns is not None:
            self._covered.append(Covered(venue_mic, from_ns, self._clock.now_ns()))

    def take(self) -> list[Batch]:
        """Return what waits, as batches to be written in order.

        The last one says up to when the venues are recorded: it must be written after the others.
        """
        now_ns = self._clock.now_ns()
        waiting, self._waiting = self._waiting, []
        dropped, self._dropped = self._dropped, {}
        covered, self._covered = self._covered, []
        for venue_mic, from_ns in self._covered_from.items():
            covered.append(Covered(venue_mic, from_ns, now_ns))
            self._covered_from[venue_mic] = now_ns
        batches = [
            Batch([self._report(*one) for one in waiting[at : at + BATCH_TRADES_MAX]])
            for at in range(0, len(waiting), BATCH_TRADES_MAX)
        ]
        if covered or dropped:
            last = batches[-1] if batches else Batch()
            last.covered, last.dropped = covered, list(dropped.values())
            batches = batches or [last]
        return batches

    def _report(self, instrument_id: str, trade: Trade, received_ns: int, order_ns: int) -> Report:
        at_ns = trade.venue_time_ns or received_ns
        key = self._numbering.key_of(instrument_id, trade, at_ns)
        day = self._calendar_of(instrument_id).day_of(at_ns)
        return Report(instrument_id, key, order_ns, received_ns, trade, day)

    def _drop(self, venue_mic: str, received_ns: int) -> None:
        self.counts.dropped += 1
        before = self._dropped.get(venue_mic)
        gap = before or Gap(venue_mic, received_ns, received_ns, GapCause.DROPPED)
        self._dropped[venue_mic] = gap._replace(
            until_ns=max(gap.until_ns, received_ns), dropped_trades=gap.dropped_trades + 1
        )
