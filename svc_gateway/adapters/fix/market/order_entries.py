"""The entries of a book in a market-data message: bids and offers."""

from collections.abc import Mapping

from fix import tags as t
from fix import wire
from fix.wire import canonical
from svc_gateway.domain.market.book_entries import NO_PRICE, BookEntry

TEXT_MAX = 256
SYMBOL_MAX = 64
_COUNT_DIGITS_MAX = 9


def book_entry(entry: Mapping[str, str], kind: str) -> BookEntry:
    """Read an entry of a side of the book; what it lacks is empty.

    Raises:
        BadFieldError: Price or size cannot be read.
    """
    price = canonical(entry.get(t.MD_ENTRY_PX, ""), "MDEntryPx(270)")
    size = wire.quantity(entry.get(t.MD_ENTRY_SIZE, ""), "MDEntrySize(271)")
    return BookEntry(kind, entry.get(t.MD_ENTRY_ID, "")[:TEXT_MAX], price, size, count(entry))


def note_no_price(symbol: str, entry: BookEntry, faults: list[str]) -> None:
    """Note an order at price 0, which is left out of the book: no share is traded at it."""
    if entry.price == NO_PRICE and entry.size != "0":
        where = f"MDEntryType(269)={entry.side} of {symbol[:SYMBOL_MAX]!r}"
        faults.append(f"{where}: MDEntryPx(270) is 0: it should be above 0, and is left out")


def count(entry: Mapping[str, str]) -> int:
    """Return NumberOfOrders(346); 0 if it is missing or no number."""
    text = entry.get(t.NUMBER_OF_ORDERS, "")
    return (
        int(text) if text.isascii() and text.isdecimal() and len(text) <= _COUNT_DIGITS_MAX else 0
    )
