"""Exact prices: integers in units of 1/10,000 of the currency, and tick-size tables.

The unit is the smallest step of the RTS 11 table and the scale of LOBSTER files, so that
every price of either is a whole number and no float is needed.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from kernel.decimals import digits_of, format_scaled
from kernel.ticks import TickBand

PRICE_SCALE: Final = 10_000
"""Price units in one unit of currency."""

PRICE_DECIMALS: Final = 4
"""Decimal places of a price unit."""

PRICE_UNITS_MAX: Final = 10**13
"""Largest price in units: a billion of the currency. A larger one is refused."""

QUANTITY_MAX: Final = 10**12
"""Largest quantity in shares that is read at all."""

_AVERAGE_DECIMALS: Final = 8


class NumberTextError(ValueError):
    """A number in a message that is not an exact, positive decimal in range."""


def parse_price(text: str) -> int:
    """Read a decimal text as price units.

    Args:
        text: Digits with at most one point, as in "150.25". FIX allows zeros around it.

    Returns:
        Price units, greater than zero.

    Raises:
        NumberTextError: It is no such text, finer than a unit, zero or too large.
    """
    try:
        whole, fraction = digits_of(text)
    except ValueError:
        raise NumberTextError(f"price '{text}' is not a positive decimal number") from None
    if len(fraction) > PRICE_DECIMALS:
        raise NumberTextError(f"price '{text}' has more than {PRICE_DECIMALS} decimal places")
    if len(whole) > len(str(PRICE_UNITS_MAX)):
        raise NumberTextError(f"price '{text}' is larger than {PRICE_UNITS_MAX // PRICE_SCALE}")
    units = int((whole or "0") + fraction.ljust(PRICE_DECIMALS, "0"))
    if units <= 0:
        raise NumberTextError(f"price '{text}' is not greater than zero")
    if units > PRICE_UNITS_MAX:
        raise NumberTextError(f"price '{text}' is larger than {PRICE_UNITS_MAX // PRICE_SCALE}")
    return units


def format_price(units: int) -> str:
    """Write price units as the canonical decimal text: "150.25", "7", "0.0005"."""
    return format_scaled(units, PRICE_DECIMALS)


def parse_quantity(text: str) -> int:
    """Read a quantity of whole shares; "100" and "100.0" are the same.

    Raises:
        NumberTextError: It is no whole positive number or larger than QUANTITY_MAX.
    """
    whole, _, fraction = text.partition(".")
    if not whole.isascii() or not whole.isdigit() or fraction.strip("0"):
        raise NumberTextError(f"quantity '{text}' is not a positive whole number")
    quantity = int(whole) if len(whole) <= len(str(QUANTITY_MAX)) else QUANTITY_MAX + 1
    if not 0 < quantity <= QUANTITY_MAX:
        raise NumberTextError(f"quantity '{text}' is not from 1 to {QUANTITY_MAX}")
    return quantity


def format_average(notional: int, quantity: int) -> str:
    """Write notional (price units x shares) over quantity, to 8 decimals, "0" if none."""
    if quantity == 0:
        return "0"
    scaled = (notional * 10**_AVERAGE_DECIMALS * 2 // (quantity * PRICE_SCALE) + 1) // 2
    return format_scaled(scaled, _AVERAGE_DECIMALS)


@dataclass(frozen=True, slots=True)
class TickTable:
    """Bands, lowest first, the first from 0; the last holds without bound."""

    bands: tuple[TickBand[int], ...]
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the order of the bands."""
        starts = tuple(band.from_price for band in self.bands)
        if not starts or starts[0] != 0 or list(starts) != sorted(set(starts)):
            raise ValueError("tick bands must begin at 0 and rise")
        object.__setattr__(self, "_starts", starts)

    def coarser(self, multiple: int) -> "TickTable":
        """Return the table with each tick that many times as large."""
        bands = (TickBand(band.from_price, band.tick_size * multiple) for band in self.bands)
        return TickTable(tuple(bands))

    def tick_at(self, price: int) -> int:
        """Tick of a price, in units."""
        return self.bands[bisect_right(self._starts, price) - 1].tick_size

    def is_on_tick(self, price: int) -> bool:
        """Whether an order may have this price."""
        return price % self.tick_at(price) == 0

    def round_down(self, price: int) -> int:
        """The highest allowed price not above this one, at least one tick."""
        tick = self.tick_at(price)
        return max(price - price % tick, tick)

    def round_up(self, price: int) -> int:
        """The lowest allowed price not below this one."""
        tick = self.tick_at(price)
        below = price - price % tick
        return price if below == price else self.steps(below, 1) if below else tick

    def steps(self, price: int, count: int) -> int:
        """The allowed price that many ticks away, crossing bands on the way.

        Args:
            price: An allowed price.
            count: Ticks up, or down if negative.
        """
        for _ in range(abs(count)):
            # Downwards, the tick of the band below holds at a band's first price.
            price = (
                price + self.tick_at(price)
                if count > 0
                else max(price - self.tick_at(price - 1), self.bands[0].tick_size)
            )
        return price


# Commission Delegated Regulation (EU) 2017/588 (RTS 11), Annex: each band is one step of the
# series 1, 2, 5 above the one before; the columns differ in where the series begins.
_RTS11_PRICES = (
    0, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000, 100_000_000, 200_000_000,
    500_000_000,
)  # fmt: skip
_RTS11_LOWEST_TICKS = (5, 2, 1, 1, 1, 1)
_RTS11_FLAT_BANDS = (0, 0, 0, 1, 2, 3)
_SERIES = tuple(digit * 10**power for power in range(8) for digit in (1, 2, 5))

RTS11_LIQUIDITY_BANDS: Final = (
    "0 <= ADNT < 10",
    "10 <= ADNT < 80",
    "80 <= ADNT < 600",
    "600 <= ADNT < 2000",
    "2000 <= ADNT < 9000",
    "9000 <= ADNT",
)
"""Average daily number of transactions on the most relevant market, per column of the table."""


def rts11_table(liquidity_band: int) -> TickTable:
    """Tick table of an RTS 11 liquidity band.

    Args:
        liquidity_band: 1 (fewest transactions) to 6 (9,000 a day and more; also ETFs).
    """
    if not 1 <= liquidity_band <= len(RTS11_LIQUIDITY_BANDS):
        raise ValueError(f"liquidity band {liquidity_band} is not from 1 to 6")
    start = _SERIES.index(_RTS11_LOWEST_TICKS[liquidity_band - 1])
    flat = _RTS11_FLAT_BANDS[liquidity_band - 1]
    return TickTable(
        tuple(
            TickBand(price, _SERIES[start + max(0, row - flat)])
            for row, price in enumerate(_RTS11_PRICES)
        )
    )
