"""The published part of a book, and what to publish next: differences by price level."""

from typing import NamedTuple

from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.order import Side

DEPTH_MAX = 50
"""Levels a side that a reader gets at most; MarketDepth(264)=0 (full book) means this."""

ADDED, CHANGED, DELETED = "0", "1", "2"
"""MDUpdateAction(279)."""


class LevelState(NamedTuple):
    """Visible quantity of a level and its orders."""

    quantity: int
    orders: int


class LevelChange(NamedTuple):
    """One level as it is now; a deleted one has no quantity."""

    action: str
    side: Side
    price: int
    quantity: int
    orders: int


class PublishedDepth:
    """The best levels of a book as the readers of one depth have them."""

    def __init__(self, book: OrderBook, depth: int) -> None:
        self._book = book
        self.depth = depth
        self.sides: dict[Side, dict[int, LevelState]] = {Side.BUY: {}, Side.SELL: {}}

    def advance(self) -> list[LevelChange]:
        """Take over the book as it is now and return what changed, deletions first.

        Deletions come first so that a reader who applies the changes in order never
        sees a crossed book.
        """
        deleted: list[LevelChange] = []
        changed: list[LevelChange] = []
        for side in (Side.BUY, Side.SELL):
            before = self.sides[side]
            now = {
                level.price: LevelState(level.quantity, len(level.orders))
                for level in self._book.levels(side, self.depth)
            }
            for price in before.keys() - now.keys():
                deleted.append(LevelChange(DELETED, side, price, 0, 0))  # noqa: PERF401 - two lists
            for price, state in now.items():
                old = before.get(price)
                if old != state:
                    action = ADDED if old is None else CHANGED
                    changed.append(LevelChange(action, side, price, state.quantity, state.orders))
            self.sides[side] = now
        return deleted + changed
