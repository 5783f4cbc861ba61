"""The last trades of a listing, so that one can be taken out again.

A venue withdraws a trade, MDUpdateAction(279)=2, or corrects it, MDUpdateAction(279)=1. The last
price, the figures of the day and the candle are then those of the trades that remain. For this the
last `TRADES_KEPT_MAX` trades are kept. An older one is only part of the sums of its day and of its
candle: it cannot be taken out any more, while all figures without a kept trade are exact.
"""

from dataclasses import dataclass
from struct import Struct

from svc_marketdata.domain.candles import candle_start
from svc_marketdata.domain.packed.queues import PackedIds, PackedRows
from svc_marketdata.domain.tally import Tally

TRADES_KEPT_MAX = 256
"""Trades kept per listing. A withdrawal or correction of an older one changes no figure, and is
counted."""

_ROW = Struct("<qqqB")
"""Price, size, time, and the bits below."""
_MARKET, _COUNTS, _IN_CANDLE = 1, 2, 4


@dataclass(slots=True)
class KeptTrade:
    """A trade, and what it counts in."""

    trade_id: str
    price: int
    size: int
    at_ns: int
    """When it was made."""
    market: bool
    """Its price says what the market is now."""
    counts: bool
    """It counts for the figures of the day."""
    in_candle: bool = False
    """It counts in the candle of its time."""


class KeptTrades:
    """The last trades, oldest first; the newest one made the last price. Older ones are packed."""

    __slots__ = ("_cut", "_cut_start_ns", "_ids", "_newest", "_older", "_rows")

    def __init__(self) -> None:
        self._newest: KeptTrade | None = None
        """None: it is packed too, or there is none."""
        self._rows = PackedRows(_ROW)
        self._ids = PackedIds()
        """The ids of the rows."""
        self._older = Tally()
        """The trades of the day that are not kept any more."""
        self._cut = Tally()
        """The trades that are not kept any more of the candle of the newest such trade: only of
        this candle others may still be kept, as candles follow one another."""
        self._cut_start_ns = -1

    @property
    def newest(self) -> KeptTrade | None:
        """The trade of the last price; None if it is not known."""
        if self._newest is None and self._rows:
            last = len(self._rows) - 1
            self._newest = _unpacked(self._ids.pop(last), self._rows.pop(last))
        return self._newest

    def add(self, kept: KeptTrade, day_begins_ns: int) -> None:
        """Keep one more; the oldest one goes."""
        newest = self.newest
        if newest is not None and len(self._rows) >= TRADES_KEPT_MAX - 1:
            self._forget(self._rows.turn(_packed(newest)), day_begins_ns)
            self._ids.turn(newest.trade_id)
        else:
            self._pack_newest()
        self._newest = kept

    def begin_day(self) -> None:
        """Begin the sum of a new day."""
        self._older = Tally()

    def take(self, trade_id: str, before_ns: int) -> tuple[int, KeptTrade] | None:
        """Take the newest trade with an id out that was made before a time.

        Returns:
            The trade with its place; None if it is not kept.
        """
        self._pack_newest()
        for index in self._ids.indexes(trade_id) if trade_id else ():
            kept = _unpacked(trade_id, self._rows[index])
            if kept.at_ns < before_ns:
                self._ids.pop(index)
                self._rows.pop(index)
                return index, kept
        return None

    def put(self, index: int, kept: KeptTrade) -> None:
        """Put a corrected trade where it was."""
        self._pack_newest()
        self._rows.insert(index, _packed(kept))
        self._ids.insert(index, kept.trade_id)

    def of_day(self, begins_ns: int) -> Tally:
        """Return what the trades of the day add up to."""
        self._pack_newest()
        day = self._older.copy()
        for price, size, at_ns, bits in self._rows:
            if bits & _COUNTS and at_ns >= begins_ns:
                day.add(price, size)
        return day

    def of_candle(self, start_ns: int) -> Tally:
        """Return what the trades of a candle, of which one was kept, add up to."""
        self._pack_newest()
        made = self._cut.copy() if start_ns == self._cut_start_ns else Tally()
        for price, size, at_ns, bits in self._rows:
            if bits & _IN_CANDLE and candle_start(at_ns) == start_ns:
                made.add(price, size)
        return made

    def _pack_newest(self) -> None:
        newest = self._newest
        if newest is not None:
            self._rows.append(_packed(newest))
            self._ids.append(newest.trade_id)
            self._newest = None

    def _forget(self, row: tuple[int, ...], day_begins_ns: int) -> None:
        """Keep a trade only as part of sums."""
        price, size, at_ns, bits = row
        if bits & _COUNTS and at_ns >= day_begins_ns:
            self._older.add(price, size)
        if bits & _IN_CANDLE:
            start_ns = candle_start(at_ns)
            if start_ns != self._cut_start_ns:
                self._cut, self._cut_start_ns = Tally(), start_ns
            self._cut.add(price, size)


def _packed(kept: KeptTrade) -> tuple[int, ...]:
    bits = _MARKET * kept.market + _COUNTS * kept.counts + _IN_CANDLE * kept.in_candle
    return (kept.price, kept.size, kept.at_ns, bits)


def _unpacked(trade_id: str, row: tuple[int, ...]) -> KeptTrade:
    price, size, at_ns, bits = row
    return KeptTrade(
        trade_id, price, size, at_ns,
        market=bool(bits & _MARKET), counts=bool(bits & _COUNTS),
        in_candle=bool(bits & _IN_CANDLE),
    )  # fmt: skip
