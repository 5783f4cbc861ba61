"""The book of all venues of an instrument on a terminal, and rights to prices in words."""

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kernel.nanoseconds import NS_PER_S
from meshctl.commands.common import table
from meshctl.commands.words import gap_words
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.marketdata.v1 import market_data_pb2 as pb
from ordermesh.type.v1 import stream_pb2

_GAPS_SHOWN: Final = frozenset({stream_pb2.GAP_KIND_LINK_DOWN, stream_pb2.GAP_KIND_STALE})
_NO_LEVEL: Final = pb.ConsolidatedLevel()


class Ladder:
    """The newest book, drawn anew at each refresh, so that ages go on while nothing changes."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self.name = ""
        self.book: pb.ConsolidatedBook | None = None
        self.gap: stream_pb2.Gap | None = None
        self._now_ns = now_ns

    def __rich__(self) -> RenderableType:
        """Draw it."""
        if self.book is None:
            return Text("no book yet")
        parts: list[RenderableType] = [
            Text(headline(self.name, self.book), style="bold"),
            levels_table(self.book),
            venues_table(self.book, self._now_ns()),
        ]
        if self.gap is not None and self.gap.kind in _GAPS_SHOWN:
            parts.append(Text(gap_words(self.gap), style="yellow"))
        return Group(*parts)


def headline(name: str, book: pb.ConsolidatedBook) -> str:
    """Describe a book in a line: "NL0010273215/EUR  240.48 / 240.52  CROSSED ..."."""
    best = f"{_price(book.bids)} / {_price(book.asks)}"
    counting = sum(not venue.left_out for venue in book.venues)
    said = f"{name}  {best}  {counting} of {len(book.venues)} venues count"
    if book.flags:
        state = " and ".join(pb.PriceFlag.Name(f).removeprefix("PRICE_FLAG_") for f in book.flags)
        said += f"  {state}: {_mics(book.crossing_bids)} bid, {_mics(book.crossing_asks)} offer"
    if book.kept_depth:
        said += f"  at most {book.kept_depth} levels of a venue are kept"
    return said


def levels_table(book: pb.ConsolidatedBook) -> Table:
    """Show the levels, best first: bids on the left, offers on the right."""
    shown = table("shares", "bid size", "bid", "ask", "ask size", "shares ", whole=("bid", "ask"))
    for bid, ask in zip_longest(book.bids, book.asks, fillvalue=_NO_LEVEL):
        shown.add_row(_shares(bid), bid.size, bid.price, ask.price, ask.size, _shares(ask))
    return shown


def venues_table(book: pb.ConsolidatedBook, now_ns: int) -> Table:
    """Show every listing, whether or not its levels are in the book."""
    shown = table("listing", "status", "age", "levels", "counts", whole=("listing",))
    for venue in book.venues:
        status = instrument_pb2.TradingStatus.Name(venue.trading_status)
        shown.add_row(
            venue.instrument_id,
            status.removeprefix("TRADING_STATUS_"),
            _age(venue, now_ns),
            f"{venue.bid_levels} / {venue.ask_levels}",
            f"no: {venue.left_out_text}" if venue.left_out else "yes",
            style="dim" if venue.left_out else "",
        )
    return shown


def book_words(name: str, book: pb.ConsolidatedBook) -> str:
    """Describe a book and what its venues have in a line, for a file or a pipe."""
    bid = book.bids[0] if book.bids else _NO_LEVEL
    ask = book.asks[0] if book.asks else _NO_LEVEL
    sides = f"{bid.size or '-'} ({_shares(bid)}) / {ask.size or '-'} ({_shares(ask)})"
    left_out = [
        f"without {one.instrument_id}: {one.left_out_text}" for one in book.venues if one.left_out
    ]
    return "  ".join([headline(name, book), sides, *left_out])


def right_words(item: pb.MarketDataItem) -> str:
    """Say what a user may not read of a venue; empty if the item is about something else."""
    status = item.venue_status
    if status.price_right == pb.PRICE_RIGHT_NONE:
        return f"you have no right to prices of {status.venue_mic}"
    if status.price_right == pb.PRICE_RIGHT_DELAYED:
        return f"you have a right to delayed prices of {status.venue_mic} only"
    return ""


def delay_words(delayed_s: int) -> str:
    """Mark a delayed value; empty for one that is not."""
    return f"  delayed {delayed_s // 60} min" if delayed_s else ""


def _price(levels: Iterable[pb.ConsolidatedLevel]) -> str:
    return next((level.price for level in levels), "-")


def _shares(level: pb.ConsolidatedLevel) -> str:
    return " + ".join(f"{_mic(share.instrument_id)} {share.size}" for share in level.shares)


def _mics(instrument_ids: Iterable[str]) -> str:
    return ", ".join(_mic(name) for name in instrument_ids)


def _mic(instrument_id: str) -> str:
    return instrument_id.rpartition(".")[2]


def _age(venue: pb.ConsolidatedVenue, now_ns: int) -> str:
    if not venue.HasField("received_at"):
        return "-"
    age_s = max(now_ns - venue.received_at.ToNanoseconds(), 0) / NS_PER_S
    return f"{age_s:.1f} s" if age_s < 10 else f"{age_s:.0f} s"  # noqa: PLR2004
