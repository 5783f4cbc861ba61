"""Tick tables: the price step of a listing, which depends on the price (RTS 11)."""

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

Number = TypeVar("Number")
"""Decimal, whole price units, or canonical text: the same in all bands of a table."""


class _Comparable(Protocol):
    def __gt__(self, other: Any, /) -> bool: ...


Ordered = TypeVar("Ordered", bound=_Comparable)


class TickBand(NamedTuple, Generic[Number]):
    """From this price on, prices are multiples of tick_size."""

    from_price: Number
    tick_size: Number


def band_at(table: Sequence[TickBand[Ordered]], price: Ordered) -> TickBand[Ordered]:
    """Return the band of a price; the bands are in ascending order, the first one from zero.

    The last band has no end. A price below zero has the first band.
    """
    found = table[0]
    for band in table:
        if band.from_price > price:
            break
        found = band
    return found
