r"""The 1-minute candles of one hour, packed into a few hundred bytes and unpacked in microseconds.

All candles of two months and 200 listings are millions: one row per candle would take longer to
read than a reader waits. So one row has an hour. Its numbers are whole multiples of their greatest
common divisor, prices relative to the lowest one, in columns of 1, 2, 4 or 8 bytes. It is exact.

    1 base price_unit volume_unit turnover_unit Bhhhhiqh\n  then the columns, little-endian

Numbers that are too large for 8 bytes are written as decimal texts, after a "0".
"""

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from svc_marketdata.domain.history.intervals import HOUR_NS, MINUTE_NS
from svc_marketdata.domain.packed.columns import SIZES, Code, code_of, column_bytes, columns_of

Units = tuple[int, int, int, int]
"""Base and unit of prices, unit of volumes, unit of turnovers."""
NO_UNITS: Final[Units] = (0, 1, 1, 1)
BINARY: Final = b"1 "
TEXT: Final = b"0 "
LAYOUTS_KEPT_MAX: Final = 4_096
"""Different units and types whose reading is remembered."""


class Minute(NamedTuple):
    """A candle of 1 minute; prices and volume in 10⁻⁹, turnover in 10⁻¹⁸."""

    start_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    turnover: int
    trade_count: int


class Hour(NamedTuple):
    """The candles of an hour, in columns; a number is its column's unit times what is there."""

    start_ns: int
    minutes: Sequence[int]
    """Minutes after the beginning of the hour, rising."""
    opens: Sequence[int]
    highs: Sequence[int]
    lows: Sequence[int]
    closes: Sequence[int]
    volumes: Sequence[int]
    turnovers: Sequence[int]
    trade_counts: Sequence[int]
    base: int = 0
    """What is added to prices after the multiplication."""
    price_unit: int = 1
    volume_unit: int = 1
    turnover_unit: int = 1

    def unpacked(self) -> "Hour":
        """Return itself."""
        return self


class PackedHour(NamedTuple):
    """An hour as it is stored: one object and not ten, which the garbage collector would visit.

    To read two months of 200 listings took three times as long with all hours unpacked together.
    """

    start_ns: int
    body: bytes
    """Made by `pack`."""

    def unpacked(self) -> Hour:
        """Return its columns."""
        return unpack(self.start_ns, self.body)


StoredHour = Hour | PackedHour


def hour_of(minutes: Iterable[Minute]) -> Hour:
    """Make columns of the candles of one hour, in order.

    Raises:
        ValueError: There is none.
    """
    starts: Sequence[int]
    starts, *rest = zip(*minutes, strict=True)
    start_ns = starts[0] - starts[0] % HOUR_NS
    return _hour(start_ns, [[(at - start_ns) // MINUTE_NS for at in starts], *rest], NO_UNITS)


def until(hours: Iterable[StoredHour], until_ns: int) -> Iterator[Hour]:
    """Yield the candles of hours that end at or before a time."""
    return between(hours, 0, until_ns)


def between(hours: Iterable[StoredHour], from_ns: int, until_ns: int) -> Iterator[Hour]:
    """Yield the candles of hours that begin at or after a time, and end at or before another."""
    for stored in hours:
        hour = stored.unpacked()
        begin = bisect_left(hour.minutes, -((hour.start_ns - from_ns) // MINUTE_NS))
        end = bisect_right(hour.minutes, (until_ns - hour.start_ns) // MINUTE_NS - 1)
        if begin == 0 and end == len(hour.minutes):
            yield hour
        elif begin < end:
            columns = (hour.minutes, hour.opens, hour.highs, hour.lows, hour.closes, hour.volumes,
                       hour.turnovers, hour.trade_counts)  # fmt: skip
            units = (hour.base, hour.price_unit, hour.volume_unit, hour.turnover_unit)
            yield _hour(hour.start_ns, [column[begin:end] for column in columns], units)


def pack(hour: Hour) -> bytes:
    """Pack an hour as `hour_of` made it."""
    base = min(hour.lows)
    prices = [[price - base for price in column] for column in
              (hour.opens, hour.highs, hour.lows, hour.closes)]  # fmt: skip
    price_unit = math.gcd(*(price for column in prices for price in column)) or 1
    volume_unit = math.gcd(*hour.volumes) or 1
    turnover_unit = math.gcd(*hour.turnovers) or 1
    columns = [
        list(hour.minutes),
        *([price // price_unit for price in column] for column in prices),
        [volume // volume_unit for volume in hour.volumes],
        [turnover // turnover_unit for turnover in hour.turnovers],
        list(hour.trade_counts),
    ]
    units = (base, price_unit, volume_unit, turnover_unit)
    codes = [code_of(column) for column in columns]
    if "" in codes:
        return TEXT + json.dumps([*units, *columns], separators=(",", ":")).encode()
    head = f"{base} {price_unit} {volume_unit} {turnover_unit} {''.join(codes)}\n"
    body = b"".join(column_bytes(code, column) for code, column in zip(codes, columns, strict=True))
    return BINARY + head.encode() + body


def unpack(start_ns: int, packed: bytes) -> Hour:
    """Unpack what `pack` made.

    Raises:
        ValueError: It was not made by `pack`.
    """
    if packed.startswith(TEXT):
        base, price, volume, turnover, *columns = json.loads(packed[len(TEXT) :])
        return _hour(start_ns, columns, (base, price, volume, turnover))
    if not packed.startswith(BINARY):
        raise ValueError(f"an hour of candles begins with {packed[:2]!r}; expected '0 ' or '1 '")
    end = packed.index(b"\n")
    base, _, head = packed[len(BINARY) : end].partition(b" ")
    layout, row_bytes, units = _layout(head)
    return _hour(start_ns, columns_of(layout, row_bytes, packed, end + 1), (int(base), *units))


@lru_cache(maxsize=LAYOUTS_KEPT_MAX)
def _layout(head: bytes) -> tuple[tuple[tuple[Code, int], ...], int, tuple[int, int, int]]:
    """Read units and types: type and bytes of each column, bytes of all, units."""
    price, volume, turnover, codes = head.split(b" ")
    layout = tuple(SIZES[code] for code in codes.decode())
    units = (int(price), int(volume), int(turnover))
    return layout, sum(size for _, size in layout), units


def _hour(start_ns: int, columns: Sequence[Sequence[int]], units: Units) -> Hour:
    minutes, opens, highs, lows, closes, volumes, turnovers, trade_counts = columns
    return Hour(
        start_ns, minutes, opens, highs, lows, closes, volumes, turnovers, trade_counts, *units
    )
