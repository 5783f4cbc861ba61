"""`python -m sim_exchange.replay`: play a LOBSTER message file and write or compare its book."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.comparison import Comparison, ComparisonCounts, begin
from sim_exchange.domain.lobster import (
    BookRow,
    RecordingError,
    book_row,
    format_book_row,
    read_book_rows,
    read_messages,
)
from sim_exchange.domain.playback import Playback, PlaybackCounts

LEVELS_MAX = 200
"""Most levels a side that are written."""

EXIT_DIFFERENT = 1
EXIT_BAD_INPUT = 2


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a replay found."""

    played: PlaybackCounts
    compared: ComparisonCounts | None


def replay(
    messages: Path,
    *,
    levels: int = 10,
    orderbook: Path | None = None,
    compare: Path | None = None,
    initial_book: Path | None = None,
) -> ReplayResult:
    """Play a message file into an empty book, or one seeded from an orderbook file's first row.

    Args:
        messages: LOBSTER message file.
        levels: Levels a side to write.
        orderbook: Where to write the book after every message, in LOBSTER's format.
        compare: LOBSTER's orderbook file to compare with; also seeds the book.
        initial_book: An orderbook file that only seeds the book.

    Raises:
        RecordingError: A file cannot be read, or has fewer rows than messages.
    """
    with ExitStack() as files:
        lines = files.enter_context(_open(messages))
        rows = (
            read_book_rows(files.enter_context(_open(compare)), str(compare)) if compare else None
        )
        out = files.enter_context(orderbook.open("w", encoding="ascii")) if orderbook else None
        playback = Playback(OrderBook())
        comparison = Comparison(playback, str(compare)) if compare else None
        first = _first_row(initial_book or compare)
        for number, message in enumerate(read_messages(lines, str(messages)), 1):
            if number == 1 and first is not None and comparison is not None:
                comparison.begin(first)
            if number > 1 or first is None or begin(playback, first, message, message.time_ns):
                playback.apply(message, message.time_ns)
            if comparison is not None and rows is not None:
                comparison.check(_next_row(rows, str(compare), number), number, message.time_ns)
            if out is not None:
                out.write(format_book_row(book_row(playback.book, levels)) + "\n")
        if rows is not None and next(rows, None) is not None:
            raise RecordingError(
                f"{compare} has more rows than {messages} has messages ({playback.counts.messages})"
            )
    return ReplayResult(playback.counts, comparison.counts if comparison else None)


def _open(path: Path) -> TextIO:
    try:
        return path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error


def _first_row(path: Path | None) -> BookRow | None:
    if path is None:
        return None
    with _open(path) as lines:
        first = next(read_book_rows(lines, str(path)), None)
    if first is None:
        raise RecordingError(f"{path} has no rows")
    return first


def _next_row(rows: Iterator[BookRow], name: str, number: int) -> BookRow:
    row = next(rows, None)
    if row is None:
        raise RecordingError(f"{name} ends before message {number}")
    return row


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if all agrees, 1 if the books differ, 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m sim_exchange.replay", description=__doc__)
    parser.add_argument("messages", type=Path, help="LOBSTER message file")
    parser.add_argument("--levels", type=int, default=10, help="levels a side to write")
    parser.add_argument("--orderbook", type=Path, help="write the book after every message")
    parser.add_argument("--compare", type=Path, help="LOBSTER's orderbook file")
    parser.add_argument("--initial-book", type=Path, help="orderbook file whose first row seeds")
    given = parser.parse_args(arguments)
    if not 1 <= given.levels <= LEVELS_MAX:
        parser.error(f"--levels {given.levels} is not from 1 to {LEVELS_MAX}")
    try:
        result = replay(
            given.messages,
            levels=given.levels,
            orderbook=given.orderbook,
            compare=given.compare,
            initial_book=given.initial_book,
        )
    except (RecordingError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_INPUT
    sys.stdout.write(_table(asdict(result.played)))
    if result.compared is None:
        return 0
    sys.stdout.write(_table(asdict(result.compared)))
    return EXIT_DIFFERENT if result.compared.different else 0


def _table(counts: dict[str, object]) -> str:
    return "".join(f"{name.replace('_', ' '):>20}  {value}\n" for name, value in counts.items())


if __name__ == "__main__":
    sys.exit(main())
