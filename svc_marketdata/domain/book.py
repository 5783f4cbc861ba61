"""The order book of one listing, aggregated by price."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from enum import Enum, Flag, auto
from typing import NamedTuple

from kernel.decimals import parse_nano, parse_total

LEVELS_PER_SIDE_MAX = 1_000
"""Price levels kept per side; when a side is full, its worst level is dropped."""


class Side(Enum):
    """A side of the book."""

    BID = auto()
    ASK = auto()


class BookFlags(Flag):
    """Faults of a book; sent to readers, never hidden."""

    NONE = 0
    CROSSED = auto()
    """Best bid at or above the best offer."""
    NEGATIVE = auto()
    """A price or size below zero."""


# Index: crossed + 2 * negative; a look-up, because an or of flags costs a microsecond.
_FLAGS = (
    BookFlags.NONE,
    BookFlags.CROSSED,
    BookFlags.NEGATIVE,
    BookFlags.CROSSED | BookFlags.NEGATIVE,
)


class Level(NamedTuple):
    """A price level."""

    price: str
    size: str
    order_count: int


class BookSide:
    """Levels of one side, best first."""

    __slots__ = ("_levels", "_sign", "keys", "negative")

    def __init__(self, side: Side) -> None:
        self._sign = -1 if side is Side.BID else 1
        self.keys: list[int] = []
        """Prices in 10⁻⁹, negated for bids: ascending keys are best first on both sides."""
        self._levels: dict[int, Level] = {}
        self.negative: set[int] = set()
        """Keys of levels whose price or size is below zero."""

    def set(self, level: Level) -> bool:
        """Set a level, or remove it if its size is 0.

        Returns:
            Whether the best level changed.

        Raises:
            ValueError: Price or size is not a canonical decimal; nothing changed.
        """
        price = parse_nano(level.price)
        size = parse_total(level.size)
        key = price * self._sign
        keys = self.keys
        was_best = bool(keys) and keys[0] == key
        if size == 0:
            if self._levels.pop(key, None) is None:
                return False
            del keys[bisect_left(keys, key)]
            self.negative.discard(key)
            return was_best
        before = self._levels.get(key)
        if before is None:
            insort(keys, key)
            if len(keys) > LEVELS_PER_SIDE_MAX:
                worst = keys.pop()
                self._levels.pop(worst, None)
                self.negative.discard(worst)
                if worst == key:
                    return False
        self._levels[key] = level
        if price < 0 or size < 0:
            self.negative.add(key)
        else:
            self.negative.discard(key)
        return keys[0] == key and before != level

    def keep_best(self, depth: int) -> bool:
        """Remove all but the best levels; return whether there were more."""
        keys = self.keys
        if len(keys) <= depth:
            return False
        for key in keys[depth:]:
            del self._levels[key]
            self.negative.discard(key)
        del keys[depth:]
        return True

    def clear(self) -> None:
        """Remove every level."""
        self.keys.clear()
        self._levels.clear()
        self.negative.clear()

    def top(self, depth: int) -> list[Level]:
        """Return at most ``depth`` levels, best first."""
        levels = self._levels
        return [levels[key] for key in self.keys[:depth]]

    @property
    def best(self) -> Level | None:
        """The best level."""
        return self._levels[self.keys[0]] if self.keys else None

    def __len__(self) -> int:
        return len(self.keys)


class PriceBook:
    """Both sides."""

    __slots__ = ("asks", "bids", "depth")

    def __init__(self) -> None:
        self.depth = 0
        """Levels per side that the venue was asked for; 0 for all."""
        self.bids = BookSide(Side.BID)
        self.asks = BookSide(Side.ASK)

    def set(self, side: Side, level: Level) -> bool:
        """Set a level; see ``BookSide.set``."""
        return (self.bids if side is Side.BID else self.asks).set(level)

    def replace(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Replace the book by this one.

        Raises:
            ValueError: A price or size is not a canonical decimal; the book is empty then.
        """
        self.clear()
        try:
            for level in bids:
                self.bids.set(level)
            for level in asks:
                self.asks.set(level)
        except ValueError:
            self.clear()
            raise

    def cut(self) -> bool:
        """Remove what is beyond the depth; return whether there was something."""
        depth = self.depth
        if not depth:
            return False
        bids_cut = self.bids.keep_best(depth)
        return self.asks.keep_best(depth) or bids_cut

    def clear(self) -> None:
        """Remove every level."""
        self.bids.clear()
        self.asks.clear()

    @property
    def flags(self) -> BookFlags:
        """Current faults of the book."""
        bids, asks = self.bids, self.asks
        # Keys of bids are negated prices.
        crossed = bids.keys and asks.keys and -bids.keys[0] >= asks.keys[0]
        if bids.negative or asks.negative:
            return _FLAGS[3 if crossed else 2]
        return _FLAGS[1 if crossed else 0]
