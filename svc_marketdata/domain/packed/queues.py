"""Rows of numbers, and ids, in blocks of bytes: a fifth of the memory that objects take.

Both are queues, oldest first, and exact: what comes out is what went in.
"""

from collections.abc import Iterator
from struct import Struct, error

ROWS_AT_ONCE = 16
"""Rows by which a block grows."""
_END = b"\xff"
"""After each id, and before the first; no UTF-8 text has this byte."""


class PackedRows:
    """Rows of whole numbers. A row with a number too large for its column is kept as it is."""

    __slots__ = ("_block", "_count", "_first", "_form", "_large", "_room")

    def __init__(self, form: Struct) -> None:
        self._form = form
        self._block = bytearray()
        self._room = 0
        """Rows the block has room for; they are used in a ring."""
        self._first = 0
        """Place of the oldest row in the ring."""
        self._count = 0
        self._large: dict[int, tuple[int, ...]] = {}
        """By place: the rows that do not fit."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        if self._large:
            return (self[index] for index in range(self._count))
        self._straighten()
        return self._form.iter_unpack(bytes(self._block[: self._count * self._form.size]))

    def __getitem__(self, index: int) -> tuple[int, ...]:
        """Return a row by its index from the oldest one; the index is not checked."""
        place = (self._first + index) % self._room
        if self._large and place in self._large:
            return self._large[place]
        return self._form.unpack_from(self._block, place * self._form.size)

    def __setitem__(self, index: int, row: tuple[int, ...]) -> None:
        """Replace a row; the index is not checked."""
        place = (self._first + index) % self._room
        if self._large:
            self._large.pop(place, None)
        try:
            self._form.pack_into(self._block, place * self._form.size, *row)
        except error:
            self._large[place] = row

    def append(self, row: tuple[int, ...]) -> None:
        """Add a row as the newest one."""
        if self._count == self._room:
            self._grow()
        place = (self._first + self._count) % self._room
        self._count += 1
        try:
            self._form.pack_into(self._block, place * self._form.size, *row)
        except error:
            self._large[place] = row

    def popleft(self) -> tuple[int, ...]:
        """Remove the oldest row, and return it."""
        first = self._first
        self._first = (first + 1) % self._room
        self._count -= 1
        if self._large and first in self._large:
            return self._large.pop(first)
        return self._form.unpack_from(self._block, first * self._form.size)

    def turn(self, row: tuple[int, ...]) -> tuple[int, ...]:
        """Remove the oldest row, return it, and add one: quicker than one after the other."""
        if self._large:
            oldest = self.popleft()
            self.append(row)
            return oldest
        form, first, room = self._form, self._first, self._room
        place = (first + self._count) % room
        oldest = form.unpack_from(self._block, first * form.size)
        self._first = (first + 1) % room
        try:
            form.pack_into(self._block, place * form.size, *row)
        except error:
            self._large[place] = row
        return oldest

    def pop(self, index: int) -> tuple[int, ...]:
        """Remove a row, and return it."""
        row = self[index]
        self._straighten()
        size = self._form.size
        del self._block[index * size : (index + 1) * size]
        self._room -= 1
        self._count -= 1
        self._large.pop(index, None)
        self._large = {at - (at > index): row for at, row in self._large.items()}
        return row

    def insert(self, index: int, row: tuple[int, ...]) -> None:
        """Put a row before another."""
        self._straighten()
        size = self._form.size
        self._block[index * size : index * size] = bytes(size)
        self._room += 1
        self._count += 1
        self._large = {at + (at >= index): row for at, row in self._large.items()}
        self[index] = row

    def _straighten(self) -> None:
        """Have the oldest row at the beginning of the block."""
        first, cut = self._first, self._first * self._form.size
        if first:
            self._block = self._block[cut:] + self._block[:cut]
            self._large = {(at - first) % self._room: row for at, row in self._large.items()}
            self._first = 0

    def _grow(self) -> None:
        """Make room for more rows."""
        self._straighten()
        self._block = bytearray(self._block + bytes(ROWS_AT_ONCE * self._form.size))
        self._room += ROWS_AT_ONCE


class PackedIds:
    """Ids as one text; an id may be empty, and there may be equal ones."""

    __slots__ = ("_count", "_text")

    def __init__(self) -> None:
        self._text = bytearray(_END)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return (one.decode() for one in self._text.split(_END)[1:-1])

    def __contains__(self, one: str) -> bool:
        # From the end: such ids begin alike, and differ at the end.
        return self._text.rfind(_END + one.encode() + _END) >= 0

    def append(self, one: str) -> None:
        """Add an id as the newest one."""
        self._text += one.encode() + _END
        self._count += 1

    def popleft(self) -> None:
        """Remove the oldest id."""
        del self._text[: self._text.index(_END, 1)]
        self._count -= 1

    def turn(self, one: str) -> None:
        """Remove the oldest id, and add one."""
        text = self._text
        del text[: text.index(_END, 1)]
        text += one.encode() + _END

    def indexes(self, one: str) -> Iterator[int]:
        """Yield where an id is, the newest place first."""
        sought, before = _END + one.encode() + _END, len(self._text)
        while (at := self._text.rfind(sought, 0, before)) >= 0:
            yield self._text.count(_END, 0, at)
            # The byte after an id is the one before the next.
            before = at + 1

    def pop(self, index: int) -> str:
        """Remove an id, and return it."""
        ids = self._text.split(_END)
        one = ids.pop(index + 1)
        self._text = bytearray(_END.join(ids))
        self._count -= 1
        return one.decode()

    def insert(self, index: int, one: str) -> None:
        """Put an id before another."""
        ids = self._text.split(_END)
        ids.insert(index + 1, bytearray(one.encode()))
        self._text = bytearray(_END.join(ids))
        self._count += 1

    def remove(self, one: str) -> None:
        """Remove the newest of equal ids, if there is one."""
        for index in self.indexes(one):
            self.pop(index)
            return
