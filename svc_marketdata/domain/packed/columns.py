"""Columns of whole numbers in as few bytes as their largest number needs, little-endian."""

import sys
from array import array
from collections.abc import Sequence
from typing import Final, Literal

CODES: Final = (("B", 8, False), ("h", 15, True), ("i", 31, True), ("q", 63, True))
"""Type codes of array: bits of the largest number, and whether it may be negative."""
Code = Literal["B", "h", "i", "q"]
SIZES: Final[dict[str, tuple[Code, int]]] = {
    "B": ("B", 1),
    "h": ("h", 2),
    "i": ("i", 4),
    "q": ("q", 8),
}
"""Bytes of a number of each type."""
assert sys.byteorder == "little", "columns are packed as little-endian machines have their numbers"


def code_of(column: Sequence[int]) -> str:
    """Return the smallest type that holds every number of a column; empty if none does."""
    low, high = min(column), max(column)
    for code, bits, signed in CODES:
        if high < 1 << bits and low >= (-(1 << bits) if signed else 0):
            return code
    return ""


def column_bytes(code: str, column: Sequence[int]) -> bytes:
    """Pack a column."""
    return array(code, column).tobytes()


def columns_of(
    layout: Sequence[tuple[Code, int]], row_bytes: int, body: bytes, at: int
) -> list[Sequence[int]]:
    """Unpack columns that follow each other up to the end, all of one length.

    Args:
        layout: Type and bytes of each column.
        row_bytes: Bytes of all of them.
        body: The bytes.
        at: Where the first column begins.
    """
    count = (len(body) - at) // row_bytes
    view, columns = memoryview(body), list[Sequence[int]]()
    for code, size in layout:
        after = at + count * size
        columns.append(view[at:after].cast(code))
        at = after
    return columns
