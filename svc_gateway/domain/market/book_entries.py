"""The entries of books whose venue names them with MDEntryID(278).

Several entries may have one price: market makers, or single orders. The level at that price is
their sum. An entry without an id is the whole level at its price, as in an aggregated book. Books
in which no entry has an id are not kept here.

A book has at most the levels that were asked for, MarketDepth(264). Those that a message pushes
out of it are forgotten after the message, as MDImplicitDelete(547)=Y says: the venue need not
delete them. So an unknown id is a sign of a lost message only while its side is not full.
"""

from collections.abc import Iterable
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Final, NamedTuple

from kernel.decimals import format_nano, parse_nano, parse_total

ENTRIES_MAX: Final = 200_000
"""Entries of one session that are remembered. The book that would need more is forgotten, and
requested whole at its next change by id."""

NO_PRICE: Final = "0"
"""An order for a share has a price above 0. An entry at 0 is known by its id, and in no level."""

# Values of MDEntryType(269) and of MDUpdateAction(279).
BID: Final = "0"
OFFER: Final = "1"
CHANGE: Final = "1"
DELETE: Final = "2"


class UnknownEntryError(ValueError):
    """A change is about an entry that should be known and is not: a message was lost."""


class BookEntry(NamedTuple):
    """One entry of a book, or a level, the sum of its entries. Canonical decimals."""

    side: str
    """BID or OFFER; in a change it may be empty."""
    entry_id: str
    price: str
    size: str
    order_count: int = 0


class _Book:
    """The entries of one listing."""

    def __init__(self) -> None:
        self.levels: dict[str, dict[str, dict[str, BookEntry]]] = {BID: {}, OFFER: {}}
        """By side, price and id."""
        self.named: dict[tuple[str, str], BookEntry] = {}
        """By side and id."""
        self.whole = False
        """The last whole book named all its entries, so later ones must be known."""

    def find(self, side: str, entry_id: str) -> BookEntry | None:
        if side:
            return self.named.get((side, entry_id))
        return self.named.get((BID, entry_id)) or self.named.get((OFFER, entry_id))

    def add(self, entry: BookEntry) -> None:
        known = self.named.get((entry.side, entry.entry_id))
        if known is not None:
            self.remove(known)
        if entry.price == NO_PRICE:
            if entry.entry_id:
                self.named[entry.side, entry.entry_id] = entry
            return
        if not entry.entry_id:
            self.remove_level(entry.side, entry.price)
        level = self.levels[entry.side].setdefault(entry.price, {})
        if entry.entry_id:
            self.named[entry.side, entry.entry_id] = entry
            level.pop("", None)
        level[entry.entry_id] = entry

    def remove(self, entry: BookEntry) -> None:
        del self.named[entry.side, entry.entry_id]
        if entry.price == NO_PRICE:
            return
        level = self.levels[entry.side][entry.price]
        del level[entry.entry_id]
        if not level:
            del self.levels[entry.side][entry.price]

    def remove_level(self, side: str, price: str) -> None:
        for entry_id in self.levels[side].pop(price, {}):
            self.named.pop((side, entry_id), None)

    def level(self, side: str, price: str) -> BookEntry:
        """Return the sum of the entries at a price; its size is 0 if there are none."""
        return _sum(side, price, self.levels[side].get(price, {}).values())

    def keep_best(self, depth: int) -> None:
        """Forget what is not among the best prices of a side."""
        for side, levels in self.levels.items():
            if len(levels) > depth:
                for price in _best_first(side, levels)[depth:]:
                    self.remove_level(side, price)

    def is_full(self, side: str, depth: int) -> bool:
        """Return whether a side, or either if it is empty, has as many levels as are kept."""
        sides = (side,) if side else (BID, OFFER)
        return 0 < depth <= max(len(self.levels[one]) for one in sides)


class BookEntries:
    """The entries of all books of one market-data session."""

    def __init__(self, depth: int) -> None:
        """Make it; `depth` is MarketDepth(264), 0 for whole books."""
        self._depth = depth
        self._books: dict[str, _Book] = {}
        self._changed: set[str] = set()
        self._count = 0

    def clear(self) -> None:
        """Forget all books."""
        self._books.clear()
        self._changed.clear()
        self._count = 0

    def names(self, symbol: str) -> bool:
        """Return whether the entries of a book have ids."""
        return symbol in self._books

    def side_of(self, symbol: str, entry_id: str) -> str:
        """Return the side of a known entry, or ""."""
        book = self._books.get(symbol)
        entry = book.find("", entry_id) if book is not None else None
        return entry.side if entry is not None else ""

    def replace(
        self, symbol: str, entries: Iterable[BookEntry]
    ) -> tuple[list[BookEntry], list[BookEntry]]:
        """Take a whole book; return the levels of both sides, best first."""
        found = [entry for entry in entries if entry.size != "0"]
        self._forget(symbol)
        if any(entry.entry_id for entry in found):
            book = self._books[symbol] = _Book()
            for entry in found:
                book.add(entry)
            book.whole = all(entry.entry_id for entry in found)
            if self._depth:
                book.keep_best(self._depth)
            self._recount(symbol, 0)
        priced = [entry for entry in found if entry.price != NO_PRICE]
        bids, offers = _levels(BID, priced), _levels(OFFER, priced)
        if not self._depth:
            return bids, offers
        return bids[: self._depth], offers[: self._depth]

    def apply(self, symbol: str, action: str, entry: BookEntry, ref_id: str) -> list[BookEntry]:
        """Take one change of a book with ids; return the levels that it changed, as they are now.

        Args:
            symbol: Which book.
            action: MDUpdateAction(279).
            entry: The change; side, price or size are empty if the venue left them out.
            ref_id: MDEntryRefID(280): the id that the entry had before.

        Raises:
            UnknownEntryError: The entry should be known and is not.
        """
        book = self._books.setdefault(symbol, _Book())
        self._changed.add(symbol)
        before_count = len(book.named)
        try:
            if action == DELETE:
                changed = self._delete(book, entry)
            else:
                changed = self._put(book, action, entry, ref_id)
            return [level for level in changed if level.price != NO_PRICE]
        finally:
            self._recount(symbol, before_count)

    def end_message(self) -> None:
        """Forget what the changes of one message pushed out of their books."""
        if not self._changed:
            return
        for symbol in self._changed:
            book = self._books.get(symbol)
            if book is not None and self._depth:
                before_count = len(book.named)
                book.keep_best(self._depth)
                self._recount(symbol, before_count)
        self._changed.clear()

    def _delete(self, book: _Book, entry: BookEntry) -> list[BookEntry]:
        if not entry.entry_id:
            return self._whole_level(book, entry._replace(size="0"))
        known = book.find(entry.side, entry.entry_id)
        if known is not None:
            book.remove(known)
            return [book.level(known.side, known.price)]
        if book.is_full(entry.side, self._depth):
            return []
        if book.whole or not (entry.side and entry.price):
            raise UnknownEntryError(f"the entry {entry.entry_id[:40]!r} to delete is not known")
        return self._whole_level(book, entry._replace(entry_id="", size="0"))

    def _put(self, book: _Book, action: str, entry: BookEntry, ref_id: str) -> list[BookEntry]:
        if not entry.entry_id and not ref_id:
            return self._whole_level(book, entry)
        known = book.find(entry.side, ref_id or entry.entry_id)
        must_be_known = action == CHANGE and book.whole
        if known is None and must_be_known and not book.is_full(entry.side, self._depth):
            raise UnknownEntryError(f"the entry {entry.entry_id[:40]!r} to change is not known")
        if known is not None:
            book.remove(known)
            entry = entry._replace(
                side=entry.side or known.side, price=entry.price or known.price,
                entry_id=entry.entry_id or known.entry_id,
            )  # fmt: skip
        _require_whole(entry)
        changed = []
        if known is not None and (known.side, known.price) != (entry.side, entry.price):
            changed.append(book.level(known.side, known.price))
        if entry.size != "0":
            book.add(entry)
        changed.append(book.level(entry.side, entry.price))
        return changed

    def _whole_level(self, book: _Book, entry: BookEntry) -> list[BookEntry]:
        """Take a level that has no ids."""
        _require_whole(entry)
        if entry.size == "0":
            book.remove_level(entry.side, entry.price)
        else:
            book.add(entry)
        return [entry]

    def _forget(self, symbol: str) -> None:
        book = self._books.pop(symbol, None)
        if book is not None:
            self._count -= len(book.named)

    def _recount(self, symbol: str, before_count: int) -> None:
        self._count += len(self._books[symbol].named) - before_count
        if self._count > ENTRIES_MAX:
            self._forget(symbol)


def _require_whole(entry: BookEntry) -> None:
    if not (entry.side and entry.price and entry.size):
        raise UnknownEntryError("MDEntryType(269), MDEntryPx(270) or MDEntrySize(271) is missing")


def _sum(side: str, price: str, entries: Iterable[BookEntry]) -> BookEntry:
    found = list(entries)
    if len(found) == 1:
        return found[0]
    size = sum(parse_total(entry.size) for entry in found)
    count = sum(entry.order_count for entry in found)
    return BookEntry(side, "", price, format_nano(size), count)


def _levels(side: str, entries: Iterable[BookEntry]) -> list[BookEntry]:
    """Return the levels of a side, best first."""
    own = [entry for entry in entries if entry.side == side]
    own.sort(key=lambda entry: parse_nano(entry.price), reverse=side == BID)
    if all(one.price != after.price for one, after in pairwise(own)):
        return own
    return [_sum(side, price, level) for price, level in groupby(own, attrgetter("price"))]


def _best_first(side: str, prices: Iterable[str]) -> list[str]:
    return sorted(prices, key=parse_nano, reverse=side == BID)
