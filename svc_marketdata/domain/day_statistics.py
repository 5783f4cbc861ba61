"""Figures of a trading day, as texts ready for readers."""

from dataclasses import dataclass, fields, replace

from kernel.decimals import (
    FRACTION_DIGITS_MAX,
    add_nano,
    format_nano,
    format_scaled,
    parse_nano,
    parse_total,
)
from svc_marketdata.domain.tally import Tally


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """Figures of the day; an empty text means not known."""

    open_price: str = ""
    high_price: str = ""
    low_price: str = ""
    close_price: str = ""
    volume: str = ""

    def checked(self) -> "DayStatistics":
        """Return this object after a check.

        Raises:
            ValueError: A figure is not a canonical decimal.
        """
        for field in fields(self):
            text: str = getattr(self, field.name)
            if text:
                # A volume is a sum, and new each time.
                (parse_total if field.name == "volume" else parse_nano).__wrapped__(text)
        return self

    def told(self, other: "DayStatistics") -> "DayStatistics":
        """Return this with the figures the other knows."""
        known = {f.name: v for f in fields(other) if (v := getattr(other, f.name))}
        return replace(self, **known)

    def traded(self, text: str, price: int, size: str) -> "DayStatistics":
        """Return this with one more trade; without a size it is in the volume already."""
        high, low, volume = self.high_price, self.low_price, self.volume
        return DayStatistics(
            self.open_price or text,
            high if high and parse_nano(high) >= price else text,
            low if low and parse_nano(low) <= price else text,
            self.close_price,
            add_nano(volume or "0", size) if size else volume,
        )

    def with_prices(self, tally: Tally) -> "DayStatistics":
        """Return this with the prices of trades. The close is that of the previous day and stays.

        The volume is not changed: the venue may have counted the trades already.
        """
        if not tally.trade_count:
            return self
        high, low = self.high_price, self.low_price
        return DayStatistics(
            open_price=self.open_price or format_nano(tally.open),
            high_price=high if high and parse_nano(high) > tally.high else format_nano(tally.high),
            low_price=low if low and parse_nano(low) < tally.low else format_nano(tally.low),
            close_price=self.close_price,
            volume=self.volume,
        )

    def plus(self, size: int) -> "DayStatistics":
        """Return this with a volume larger by a size in 10⁻⁹, or smaller, but not below 0."""
        volume = max(parse_total.__wrapped__(self.volume or "0") + size, 0)
        return replace(self, volume=format_scaled(volume, FRACTION_DIGITS_MAX))

    def without(self, price: str, remaining: "DayStatistics") -> "DayStatistics":
        """Return this without a trade: a figure that it made is that of the trades that remain."""
        return replace(
            self,
            open_price=remaining.open_price if self.open_price == price else self.open_price,
            high_price=remaining.high_price if self.high_price == price else self.high_price,
            low_price=remaining.low_price if self.low_price == price else self.low_price,
        )


NO_FIGURES = DayStatistics()
