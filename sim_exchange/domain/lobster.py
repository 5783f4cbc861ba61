"""LOBSTER's files: rows to messages and books to rows.

A message row is: seconds after midnight, type, order id, size, price x 10,000, direction. The
row of the same number in the orderbook file is the book after it: ask price, ask size, bid
price, bid size for each level, with dummy prices for empty ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from kernel.nanoseconds import NS_PER_S
from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.order import Side

EMPTY_ASK: Final = 9_999_999_999
EMPTY_BID: Final = -9_999_999_999
"""Prices of levels that are not there; their size is 0."""

LINE_LENGTH_MAX: Final = 65_536
"""Characters in a row; a longer one is an error."""

_MESSAGE_COLUMNS: Final = ("time", "type", "order id", "size", "price", "direction")
_LEVEL_COLUMNS: Final = 4
_FRACTION_DIGITS: Final = 9


class RecordingError(ValueError):
    """A file cannot be read; the text names file, line and column."""


class Event(IntEnum):
    """Types of rows."""

    NEW = 1
    PARTIAL_CANCEL = 2
    DELETE = 3
    EXECUTE = 4
    EXECUTE_HIDDEN = 5
    CROSS = 6
    HALT = 7


class HaltState(IntEnum):
    """Price of a HALT row."""

    HALTED = -1
    QUOTING = 0
    TRADING = 1


class Message(NamedTuple):
    """One row; time in nanoseconds after midnight."""

    time_ns: int
    event: Event
    order_id: int
    size: int
    price: int
    side: Side


@dataclass(frozen=True, slots=True)
class BookRow:
    """A row of an orderbook file: (price, size) per side, best first, without dummies.

    Attributes:
        depth: Levels a side the file has columns for.
    """

    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    depth: int


def _error(name: str, line: int, column: int, title: str, problem: str) -> RecordingError:
    return RecordingError(f"{name}, line {line}, column {column} ({title}): {problem}")


def _whole(text: str, name: str, line: int, column: int, title: str) -> int:
    digits = text.strip().removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:  # noqa: PLR2004 - 64 bits
        raise _error(name, line, column, title, f"'{text[:40]}' is not a whole number")
    return int(text)


def _time_ns(text: str, name: str, line: int) -> int:
    seconds, _, fraction = text.strip().partition(".")
    good = (seconds + fraction).isascii() and seconds.isdigit() and (fraction or "0").isdigit()
    if not good or len(seconds) > 6:  # noqa: PLR2004 - a day has 86,400 s
        raise _error(name, line, 1, "time", f"'{text[:40]}' is not seconds after midnight")
    # Some files carry more digits than nanoseconds; they are noise of a double.
    return int(seconds) * NS_PER_S + int(fraction[:_FRACTION_DIGITS].ljust(_FRACTION_DIGITS, "0"))


def parse_message(row: str, name: str, line: int) -> Message:
    """Read a message row.

    Args:
        row: Its text.
        name: File, for errors.
        line: Line number from 1, for errors.

    Raises:
        RecordingError: It is no such row.
    """
    parts = row.strip().split(",")
    if len(parts) < len(_MESSAGE_COLUMNS):
        missing = len(parts) + 1
        raise _error(name, line, missing, _MESSAGE_COLUMNS[missing - 1], "missing")
    if len(parts) > len(_MESSAGE_COLUMNS):
        raise _error(name, line, 7, "extra", "a message has six columns")
    time_ns = _time_ns(parts[0], name, line)
    numbers = [
        _whole(text, name, line, column, _MESSAGE_COLUMNS[column - 1])
        for column, text in enumerate(parts[1:], 2)
    ]
    kind, order_id, size, price, direction = numbers
    if kind not in Event._value2member_map_:
        raise _error(name, line, 2, "type", f"{kind} is not from 1 to 7")
    if direction not in {1, -1}:
        raise _error(name, line, 6, "direction", f"{direction} is not 1 (buy) or -1 (sell)")
    event = Event(kind)
    if event is Event.HALT:
        if price not in HaltState._value2member_map_:
            raise _error(name, line, 5, "price", f"{price} of a halt is not -1, 0 or 1")
    elif event is not Event.CROSS:
        if size <= 0:
            raise _error(name, line, 4, "size", f"{size} is not greater than zero")
        if price <= 0:
            raise _error(name, line, 5, "price", f"{price} is not greater than zero")
    return Message(time_ns, event, order_id, size, price, Side(direction))


def parse_book_row(row: str, name: str, line: int) -> BookRow:
    """Read a row of an orderbook file.

    Raises:
        RecordingError: It is no such row.
    """
    parts = row.strip().split(",")
    if len(parts) % _LEVEL_COLUMNS:
        problem = f"{len(parts)} columns are not four for each level"
        raise _error(name, line, len(parts), "last", problem)
    numbers = [
        _whole(text, name, line, column, "price" if column % 2 else "size")
        for column, text in enumerate(parts, 1)
    ]
    asks, bids = [], []
    for start in range(0, len(numbers), _LEVEL_COLUMNS):
        ask, ask_size, bid, bid_size = numbers[start : start + _LEVEL_COLUMNS]
        if ask != EMPTY_ASK:
            asks.append((ask, ask_size))
        if bid != EMPTY_BID:
            bids.append((bid, bid_size))
    return BookRow(tuple(bids), tuple(asks), len(parts) // _LEVEL_COLUMNS)


def read_messages(lines: Iterable[str], name: str) -> Iterator[Message]:
    """Read message rows one by one; empty lines and a header line are left out.

    Raises:
        RecordingError: A row is bad, or its time is before that of the row above.
    """
    last_ns = 0
    for number, row in _data_rows(lines, name, len(_MESSAGE_COLUMNS)):
        message = parse_message(row, name, number)
        if message.time_ns < last_ns:
            text = row.partition(",")[0].strip()
            problem = f"{text} is before the time of the row above: the file is out of order"
            raise _error(name, number, 1, "time", problem)
        last_ns = message.time_ns
        yield message


def read_book_rows(lines: Iterable[str], name: str) -> Iterator[BookRow]:
    """Read rows of an orderbook file one by one; empty lines and a header line are left out.

    Raises:
        RecordingError: A row is bad, or has more or fewer levels than the first.
    """
    depth = 0
    for number, row in _data_rows(lines, name, _LEVEL_COLUMNS):
        read = parse_book_row(row, name, number)
        if depth and read.depth != depth:
            problem = f"{read.depth} levels, and the first row has {depth}: the row is cut"
            raise _error(name, number, read.depth * _LEVEL_COLUMNS, "last", problem)
        depth = read.depth
        yield read


def _data_rows(lines: Iterable[str], name: str, columns: int) -> Iterator[tuple[int, str]]:
    """Yield line numbers and rows; a first row of at least so many words is a header."""
    first = True
    for number, row in enumerate(lines, 1):
        if len(row) > LINE_LENGTH_MAX:
            raise _error(name, number, 1, "first", f"a row has over {LINE_LENGTH_MAX} characters")
        if not row.strip():
            continue
        cells = row.split(",")
        is_header = first and len(cells) >= columns and not any(map(_is_number, cells))
        first = False
        if not is_header:
            yield number, row


def _is_number(cell: str) -> bool:
    return cell.strip().lstrip("-").replace(".", "", 1).isdecimal()


def book_row(book: OrderBook, depth: int) -> BookRow:
    """The best levels of a book as LOBSTER has them."""
    bids = tuple((level.price, level.quantity) for level in book.levels(Side.BUY, depth))
    asks = tuple((level.price, level.quantity) for level in book.levels(Side.SELL, depth))
    return BookRow(bids, asks, depth)


def format_book_row(row: BookRow) -> str:
    """A row of an orderbook file, without line end."""
    cells: list[str] = []
    for place in range(row.depth):
        ask = row.asks[place] if place < len(row.asks) else (EMPTY_ASK, 0)
        bid = row.bids[place] if place < len(row.bids) else (EMPTY_BID, 0)
        cells.append(f"{ask[0]},{ask[1]},{bid[0]},{bid[1]}")
    return ",".join(cells)
