"""The last trades of a listing, so that one can be taken out again.

A venue withdraws a trade, MDUpdateAction(279)=2, or corrects it, MDUpdateAction(279)=1. The last
price, the figures of the day and the candle are then those of the trades that remain. For this the
last `TRADES_KEPT_MAX` trades are kept. An older one is only part of the sums of its day and of its
candle: it cannot be taken out any more, while all figures without a kept trade are exact.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from svc_marketdata.domain.candles import Candle
from svc_marketdata.domain.tally import Tally

if TYPE_CHECKING:
    from svc_marketdata.domain.market import Trade

TRADES_KEPT_MAX = 256
"""Trades kept per listing. A withdrawal or correction of an older one changes no figure, and is
counted."""


@dataclass(slots=True)
class KeptTrade:
    """A trade, and what it counts in."""

    trade: "Trade"
    price: int
    size: int
    at_ns: int
    """When it was made."""
    market: bool
    """Its price says what the market is now."""
    counts: bool = True
    """It counts for the figures of the day."""
    candle: Candle | None = None


class KeptTrades:
    """The last trades, oldest first; the newest one made the last price."""

    __slots__ = ("_older", "_trades")

    def __init__(self) -> None:
        self._trades: deque[KeptTrade] = deque()
        self._older = Tally()
        """The trades of the day that are not kept any more."""

    @property
    def newest(self) -> KeptTrade | None:
        """The trade of the last price; None if it is not known."""
        return self._trades[-1] if self._trades else None

    def add(self, kept: KeptTrade, day_begins_ns: int) -> None:
        """Keep one more; the oldest one goes."""
        self._trades.append(kept)
        if len(self._trades) <= TRADES_KEPT_MAX:
            return
        oldest = self._trades.popleft()
        if oldest.counts and oldest.at_ns >= day_begins_ns:
            self._older.add(oldest.price, oldest.size)
        if oldest.candle is not None:
            oldest.candle.forget(oldest.price, oldest.size)

    def begin_day(self) -> None:
        """Begin the sum of a new day."""
        self._older = Tally()

    def take(self, trade_id: str, before_ns: int) -> tuple[int, KeptTrade] | None:
        """Take the newest trade with an id out that was made before a time.

        Returns:
            The trade with its place; None if it is not kept.
        """
        for index in range(len(self._trades) - 1, -1, -1):
            kept = self._trades[index]
            if trade_id and kept.trade.trade_id == trade_id and kept.at_ns < before_ns:
                del self._trades[index]
                return index, kept
        return None

    def put(self, index: int, kept: KeptTrade) -> None:
        """Put a corrected trade where it was."""
        self._trades.insert(index, kept)

    def of_day(self, begins_ns: int) -> Tally:
        """Return what the trades of the day add up to."""
        day = self._older.copy()
        _add(day, (one for one in self._trades if one.counts and one.at_ns >= begins_ns))
        return day

    def fill(self, candle: Candle) -> None:
        """Make a candle anew of its trades."""
        made = candle.older()
        _add(made, (one for one in self._trades if one.candle is candle))
        candle.set(made)


def _add(tally: Tally, trades: Iterable[KeptTrade]) -> None:
    for one in trades:
        tally.add(one.price, one.size)
