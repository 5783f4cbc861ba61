"""The orderbook file beside a recording, row by row: the book that is known to be right.

LOBSTER leaves out of its files what happens deeper than their levels. So a book made of the
messages alone is wrong where levels come into view. The orderbook file has, for each message, the
best levels after it: its first row seeds the book, and levels that come into view are taken from
it.
"""

from pathlib import Path
from typing import TextIO

from mesh.log import get_logger
from sim_exchange.domain.comparison import Comparison, begin
from sim_exchange.domain.lobster import Message, RecordingError, read_book_rows, read_messages
from sim_exchange.domain.playback import Playback

_LOG = get_logger(__name__)


def beside(messages: Path) -> Path | None:
    """Return the orderbook file of a message file, by LOBSTER's names; None if there is none."""
    head, found, tail = messages.name.rpartition("message")
    path = messages.with_name(f"{head}orderbook{tail}")
    return path if found and path.is_file() else None


def open_file(path: Path) -> TextIO:
    """Open a file of a recording.

    Raises:
        RecordingError: It cannot be opened.
    """
    try:
        return path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error


def check_recording(messages: Path, books: Path | None) -> None:
    """Read a recording to its end, without playing it.

    Raises:
        RecordingError: A row is bad, cut or out of order, or the files have not equally many rows.
    """
    with open_file(messages) as lines:
        count = sum(1 for _ in read_messages(lines, str(messages)))
    if not count:
        raise RecordingError(f"{messages} has no messages")
    if books is None:
        return
    with open_file(books) as lines:
        rows = sum(1 for _ in read_book_rows(lines, str(books)))
    if rows != count:
        raise RecordingError(
            f"{books} has {rows} rows and {messages} {count} messages; expected as many: "
            "one of the files is cut, or they are not of one recording"
        )


class RecordedBooks:
    """Keeps a played book equal to the rows of an orderbook file."""

    def __init__(self, path: Path) -> None:
        self._name = str(path)
        self._file = open_file(path)
        self._rows = read_book_rows(self._file, self._name)
        self._comparison: Comparison | None = None
        self._warned = False

    def play(self, playback: Playback, message: Message, now_ns: int) -> None:
        """Apply a message, and take over the levels that come into view.

        Raises:
            RecordingError: There is no row for it, or it is bad.
        """
        row = next(self._rows, None)
        number = playback.counts.messages + 1
        if row is None:
            raise RecordingError(f"{self._name} ends before message {number}")
        comparison = self._comparison
        if comparison is None:
            comparison = self._comparison = Comparison(playback, self._name)
            comparison.begin(row)
            applies = begin(playback, row, message, now_ns)
        else:
            applies = True
        if applies:
            playback.apply(message, now_ns)
        comparison.check(row, number, now_ns)
        if comparison.counts.different and not self._warned:
            self._warned = True
            _LOG.warning(
                "the book differs from the recorded one: clients have orders in it, or traded with "
                "recorded ones, or the files are not of one recording",
                first=comparison.counts.first_difference,
            )

    def summary(self) -> str:
        """Say how many rows were compared."""
        return str(self._comparison.counts) if self._comparison else "no row compared"

    def close(self) -> None:
        """Close the file."""
        self._file.close()
