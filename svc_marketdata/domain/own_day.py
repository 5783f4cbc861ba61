"""What the trades of a day that were seen here add up to, without what the venue reported."""

from typing import NamedTuple

from kernel.decimals import FRACTION_DIGITS_MAX, format_scaled
from svc_marketdata.domain.day_statistics import NO_FIGURES, DayStatistics
from svc_marketdata.domain.tally import Tally, vwap_of


class Traded(NamedTuple):
    """The exact sums of which the volume-weighted average price of a day is made."""

    turnover: int
    """Sum of price times size, in 10⁻¹⁸."""
    volume: int
    """Sum of the sizes, in 10⁻⁹."""


NOTHING_TRADED = Traded(0, 0)


class OwnDay:
    """The trades of the day, those of an earlier process included."""

    __slots__ = ("_figures", "_tally", "_traded", "_vwap")

    def __init__(self) -> None:
        self._tally = Tally()
        self._figures = NO_FIGURES
        """Figures of the day from an earlier process."""
        self._traded: Traded | None = NOTHING_TRADED
        """Sums of an earlier process; None if there were trades, and their sums are not known."""
        self._vwap: str | None = ""
        """The text, until a trade changes it."""

    def restore(self, figures: DayStatistics, traded: Traded | None) -> None:
        """Take the figures of the day, and its sums, from an earlier process."""
        self._figures, self._vwap = figures, None
        self._traded = NOTHING_TRADED if traded is None and not figures.volume else traded

    def add(self, price: int, size: int) -> None:
        """Add a trade."""
        self._tally.add(price, size)
        self._vwap = None

    def set(self, tally: Tally) -> None:
        """Replace the trades of this process: one was withdrawn or corrected."""
        self._tally, self._vwap = tally, None

    @property
    def tally(self) -> Tally:
        """The trades of this process."""
        return self._tally

    @property
    def figures(self) -> DayStatistics:
        """The figures of the day of the trades alone."""
        own = self._figures.with_prices(self._tally)
        return own.plus(self._tally.volume) if self._tally.trade_count else own

    @property
    def traded(self) -> Traded | None:
        """The exact sums; None if those of an earlier process are not known."""
        before, tally = self._traded, self._tally
        if before is None:
            return None
        return Traded(before.turnover + tally.turnover, before.volume + tally.volume)

    @property
    def vwap_price(self) -> str:
        """Turnover divided by volume, rounded half to even to 9 digits; empty if not known."""
        text = self._vwap
        if text is None:
            traded = self.traded
            known = traded is not None and traded.volume > 0
            text = format_scaled(vwap_of(*traded), FRACTION_DIGITS_MAX) if known and traded else ""
            self._vwap = text
        return text
