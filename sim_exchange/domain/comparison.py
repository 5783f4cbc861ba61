"""A played book against LOBSTER's own, row by row.

LOBSTER's files show the best levels only, and messages outside them are left out. So the book
deeper than the last row is not known: when a level comes into view, the row is taken over, and
that is counted; everything that was in view must agree.
"""

from dataclasses import dataclass

from sim_exchange.domain.lobster import BookRow, Event, Message, book_row, format_book_row
from sim_exchange.domain.order import Side
from sim_exchange.domain.playback import Playback


@dataclass(slots=True)
class ComparisonCounts:
    """What a comparison found.

    Attributes:
        rows: Rows compared.
        different: Rows that differ from the played book.
        first_difference: The first different row in words, "" if there is none.
    """

    rows: int = 0
    different: int = 0
    first_difference: str = ""


class Comparison:
    """Compares one playback with the rows of an orderbook file."""

    def __init__(self, playback: Playback, name: str) -> None:
        self.counts = ComparisonCounts()
        self._playback = playback
        self._name = name
        # Price of the deepest level in view per side; None: all of the side is in view.
        self._edges: dict[Side, int | None] = {Side.BUY: None, Side.SELL: None}

    def begin(self, row: BookRow) -> None:
        """Take the levels of a row as the view to start with."""
        self._edges = edges(row)

    def check(self, row: BookRow, line: int, now_ns: int) -> None:
        """Compare the book with the row of the message just applied."""
        self._reveal(row, Side.BUY, row.bids, now_ns)
        self._reveal(row, Side.SELL, row.asks, now_ns)
        self._edges = edges(row)
        self.counts.rows += 1
        played = book_row(self._playback.book, row.depth)
        if played != row:
            self.counts.different += 1
            if not self.counts.first_difference:
                self.counts.first_difference = (
                    f"{self._name}, line {line}: {_first_cell(played, row)}"
                )

    def _reveal(
        self, row: BookRow, side: Side, levels: tuple[tuple[int, int], ...], now_ns: int
    ) -> None:
        edge = self._edges[side]
        if edge is None:
            return
        deepest = levels[-1][0] if len(levels) == row.depth else None
        if deepest is not None and (deepest - edge) * side >= 0:
            return
        book = self._playback.book
        shown = {price: size for price, size in levels if (price - edge) * side < 0}
        ours = {
            level.price
            for level in book.levels(side)
            if (level.price - edge) * side < 0
            and (deepest is None or (level.price - deepest) * side >= 0)
        }
        for price in shown.keys() | ours:
            # Also if the sums agree: unseen, the orders may be other ones than ours.
            level = book.level(side, price)
            recorded = [o.number for o in level.orders.values() if o.owner is None] if level else []
            for number in recorded:
                book.cancel(number, now_ns)
            self._playback.add_anonymous(side, price, shown.get(price, 0), now_ns)


def begin(playback: Playback, first: BookRow, message: Message, now_ns: int) -> bool:
    """Seed the book from the first row; return whether the first message is still to be played.

    The first row is the book after the first message: a new order is taken out again to be played;
    what changes no level is played. Anything else has already happened, to an order without a known
    id.
    """
    if message.event is Event.NEW:
        row = without(first, message.side, message.price, message.size)
        playback.seed(row, now_ns)
        return True
    playback.seed(first, now_ns)
    if message.event in {Event.PARTIAL_CANCEL, Event.DELETE, Event.EXECUTE}:
        playback.counts.messages += 1
        return False
    return True


def without(row: BookRow, side: int, price: int, size: int) -> BookRow:
    """A row before a new order of that size was added at that price."""

    def reduced(levels: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        left = ((at, total - size * (at == price)) for at, total in levels)
        return tuple((at, total) for at, total in left if total > 0)

    if side > 0:
        return BookRow(reduced(row.bids), row.asks, row.depth)
    return BookRow(row.bids, reduced(row.asks), row.depth)


def edges(row: BookRow) -> dict[Side, int | None]:
    """Return the price of the deepest level in view per side; None: all of it is in view."""
    return {
        side: levels[-1][0] if len(levels) == row.depth else None
        for side, levels in ((Side.BUY, row.bids), (Side.SELL, row.asks))
    }


def _first_cell(played: BookRow, recorded: BookRow) -> str:
    """The first column that differs, as text."""
    cells = zip(
        format_book_row(played).split(","), format_book_row(recorded).split(","), strict=True
    )
    column, ours, theirs = next(
        (column, ours, theirs) for column, (ours, theirs) in enumerate(cells) if ours != theirs
    )
    what = ("ask price", "ask size", "bid price", "bid size")[column % 4]
    return (
        f"column {column + 1} ({what} of level {column // 4 + 1}) "
        f"is {theirs}, the played book has {ours}"
    )
