"""First, highest, lowest and last price, volume and turnover of some trades."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """What some trades, in order, add up to; prices and volume in 10⁻⁹."""

    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    volume: int = 0
    trade_count: int = 0
    """0: there is no trade, and the prices say nothing."""
    turnover: int = 0
    """The sum of price times size, in 10⁻¹⁸."""

    def add(self, price: int, size: int) -> None:
        """Add a trade."""
        if not self.trade_count:
            self.open = self.high = self.low = price
        elif price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume += size
        self.trade_count += 1
        self.turnover += price * size

    def set(self, other: "Tally") -> None:
        """Take the values of another."""
        self.open, self.high, self.low, self.close = other.open, other.high, other.low, other.close
        self.volume, self.trade_count = other.volume, other.trade_count
        self.turnover = other.turnover

    def copy(self) -> "Tally":
        """Return one with these values."""
        made = Tally()
        made.set(self)
        return made

    @property
    def vwap(self) -> int | None:
        """The volume-weighted average price in 10⁻⁹, rounded half to even; None without volume."""
        return None if self.volume <= 0 else vwap_of(self.turnover, self.volume)


def vwap_of(turnover: int, volume: int) -> int:
    """Divide a turnover in 10⁻¹⁸ by a volume in 10⁻⁹, above 0; rounded half to even."""
    whole, rest = divmod(turnover, volume)
    return whole + (2 * rest > volume or (2 * rest == volume and whole % 2 == 1))
