"""Collects the quotes of each interval for the database: bounded, and without waiting for it.

A change of a quote costs one assignment to a dict. Once in an interval, in the turn of the clock
of prices, the listings that changed are read, as they stand then: what stood shorter than that is
left out. The quotes of a listing and 30 seconds wait here as rows of bytes and are written as one.
"""

from collections.abc import Mapping
from struct import Struct

from kernel.nanoseconds import NS_PER_MS, NS_PER_S
from svc_marketdata.domain.history.quotes import (
    BLOCK_NS,
    PastQuote,
    QuoteBlock,
    block_start,
    pack,
    quote_of,
)
from svc_marketdata.domain.listing import TradingStatus
from svc_marketdata.domain.packed.queues import PackedRows
from svc_marketdata.service.listed import Listed

BLOCKS_WAITING_MAX = 20_000
"""Blocks that wait for the database, 150 seconds of 4,000 listings whose quotes change all the
time, about 500 bytes each; further ones are dropped and counted."""
_ROW = Struct("<qqqqqBB")


class _Filling:
    """The block of a listing that is being filled."""

    __slots__ = ("rows", "start_ns")

    def __init__(self, start_ns: int) -> None:
        self.start_ns = start_ns
        self.rows = PackedRows(_ROW)


class QuoteRecorder:
    """Quotes that wait for the database."""

    def __init__(self, interval_s: int, now_ns: int) -> None:
        """Make a recorder.

        Args:
            interval_s: Seconds of which the last quote is kept; 0: no quote is.
            now_ns: The time.
        """
        self.interval_ns = interval_s * NS_PER_S
        self.dropped = 0
        """Blocks that came while BLOCKS_WAITING_MAX waited."""
        self._filling: dict[str, _Filling] = {}
        self._last: dict[str, tuple[int, ...]] = {}
        """What was stored last of each listing, without its time."""
        self._ended: list[QuoteBlock] = []
        self._interval = now_ns // self.interval_ns if interval_s else 0

    @property
    def waiting(self) -> int:
        """Blocks that have ended and wait for the database."""
        return len(self._ended)

    def is_due(self, now_ns: int) -> bool:
        """Return whether an interval has ended since the last time this was asked."""
        if not self.interval_ns:
            return False
        before, self._interval = self._interval, now_ns // self.interval_ns
        return before != self._interval

    def take(self, changed: Mapping[str, None], listed: Mapping[str, Listed], now_ns: int) -> None:
        """Take the quotes of the listings that changed, as they stand."""
        at_ms = now_ns // NS_PER_MS
        for name in changed:
            entry = listed[name]
            listing = entry.listing
            status = TradingStatus.UNSPECIFIED if listing is None else listing.trading_status
            if not entry.market.told and status is TradingStatus.UNSPECIFIED:
                continue  # nothing is known of it
            _, *terms = quote = quote_of(entry.market, status, at_ms)
            if self._last.get(name) != (row := tuple(terms)):
                self._last[name] = row
                self._add(name, quote, now_ns)
        for name, filling in list(self._filling.items()):
            if not filling.start_ns <= now_ns < filling.start_ns + BLOCK_NS:
                self._end(name)

    def ended(self) -> list[QuoteBlock]:
        """Return the blocks that have ended, and forget them."""
        ended, self._ended = self._ended, []
        return ended

    def end_all(self) -> None:
        """End all blocks: the process stops."""
        for name in list(self._filling):
            self._end(name)

    def _add(self, name: str, quote: PastQuote, now_ns: int) -> None:
        start_ns = block_start(name, now_ns)
        filling = self._filling.get(name)
        if filling is not None and filling.start_ns != start_ns:
            self._end(name)
            filling = None
        if filling is None:
            filling = self._filling[name] = _Filling(start_ns)
        filling.rows.append(quote)

    def _end(self, name: str) -> None:
        filling = self._filling.pop(name)
        if len(self._ended) >= BLOCKS_WAITING_MAX:
            self.dropped += 1
            return
        quotes = sorted(PastQuote(*row) for row in filling.rows)
        self._ended.append(QuoteBlock(name, filling.start_ns, pack(quotes)))
