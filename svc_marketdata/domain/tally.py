"""First, highest, lowest and last price, and volume, of some trades."""

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

    def set(self, other: "Tally") -> None:
        """Take the values of another."""
        self.open, self.high, self.low, self.close = other.open, other.high, other.low, other.close
        self.volume, self.trade_count = other.volume, other.trade_count

    def copy(self) -> "Tally":
        """Return one with these values."""
        return Tally(self.open, self.high, self.low, self.close, self.volume, self.trade_count)
