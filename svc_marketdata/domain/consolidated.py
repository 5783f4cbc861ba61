"""The order books of all venues of one instrument in one currency, as one book.

Nothing is merged when a venue's book changes: the levels stay in that book, once, and a member only
notes whether the book counts. A reader's levels are merged when they are needed, from the best
levels of the venues that count: the best N of all are among the best N of each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from kernel.decimals import add_nano
from svc_marketdata.domain.book import BookSide, Level
from svc_marketdata.domain.listing import Listing, TradingStatus, Venue
from svc_marketdata.domain.market import InstrumentMarket
from svc_marketdata.domain.price_rights import ALL_PRICES, PriceRight, PriceRights


class InstrumentKey(NamedTuple):
    """What a consolidated book is of."""

    isin: str
    currency: str
    """Both are empty if there is an ``instrument_id``."""
    instrument_id: str = ""
    """A listing that is an instrument of its own, because it has no ISIN or no currency."""

    @property
    def text(self) -> str:
        """The name of its channel; no listing has such a name except its own."""
        return self.instrument_id or f"{self.isin}/{self.currency}"


def key_of(listing: Listing) -> InstrumentKey:
    """Return the instrument of a listing."""
    if listing.isin and listing.currency:
        return InstrumentKey(listing.isin, listing.currency)
    return InstrumentKey("", "", listing.instrument_id)


class LeftOut(IntEnum):
    """Why the levels of a venue do not count; numbers of ordermesh.marketdata.v1.LeftOut."""

    NOT = 0
    NO_BOOK = 1
    STALE = 2
    HALTED = 3
    CLOSED = 4
    AUCTION = 5
    DELISTED = 6
    FAULTY = 7
    DELAYED = 8
    NOT_ENTITLED = 9


TRADES = frozenset({TradingStatus.OPEN, TradingStatus.NOT_KNOWN})
"""Orders are taken in both."""
# With any other status orders do not trade at once either: CLOSED.
_OF_STATUS = {
    TradingStatus.OPEN: LeftOut.NOT,
    TradingStatus.NOT_KNOWN: LeftOut.NOT,
    TradingStatus.HALTED: LeftOut.HALTED,
    TradingStatus.AUCTION: LeftOut.AUCTION,
    TradingStatus.PRE_OPEN: LeftOut.AUCTION,
    TradingStatus.DELISTED: LeftOut.DELISTED,
}
_OF_RIGHT = {
    PriceRight.REAL_TIME: LeftOut.NOT,
    PriceRight.DELAYED: LeftOut.DELAYED,
    PriceRight.NONE: LeftOut.NOT_ENTITLED,
}


def status_of(listing: Listing, venue: Venue) -> TradingStatus:
    """Return the status of a listing; while that trades, the one of a session that does not."""
    status, session = listing.trading_status, venue.trading_status
    if status not in TRADES or session in TRADES or session is TradingStatus.UNSPECIFIED:
        return status
    return session


class Member:
    """One listing of a consolidated book."""

    __slots__ = ("_of_status", "left_out", "listing", "market", "since_ns", "venue")

    def __init__(
        self, listing: Listing, market: InstrumentMarket, venue: Venue, now_ns: int
    ) -> None:
        self.listing = listing
        self.market = market
        self.venue = venue
        self._of_status = _OF_STATUS.get(self.trading_status, LeftOut.CLOSED)
        self.left_out = self._reason()
        self.since_ns = now_ns
        """When the reason last changed."""

    @property
    def instrument_id(self) -> str:
        """The listing."""
        return self.market.instrument_id

    @property
    def trading_status(self) -> TradingStatus:
        """The status of the listing, the trading session included."""
        return status_of(self.listing, self.venue)

    def status_changed(self, now_ns: int) -> None:
        """Decide again whether the book counts, after a status of the listing or venue changed."""
        self._of_status = _OF_STATUS.get(self.trading_status, LeftOut.CLOSED)
        self.book_changed(now_ns)

    def book_changed(self, now_ns: int) -> None:
        """Decide again whether the book counts, after it changed: once per update of a venue."""
        reason = self._reason()
        if reason is not self.left_out:
            self.left_out, self.since_ns = reason, now_ns

    def _reason(self) -> LeftOut:
        market, of_status = self.market, self._of_status
        if of_status is not LeftOut.NOT:
            return of_status
        if not market.book_told:
            return LeftOut.NO_BOOK
        if market.silent or not market.refreshed:
            return LeftOut.STALE
        book = market.book
        return LeftOut.FAULTY if book.bids.negative or book.asks.negative else LeftOut.NOT


class Share(NamedTuple):
    """What one venue has at one price."""

    instrument_id: str
    level: Level


class MergedLevel(NamedTuple):
    """A price of all venues that count."""

    price: str
    size: str
    shares: list[Share]


@dataclass(frozen=True, slots=True)
class ConsolidatedView:
    """A consolidated book as one reader may see it."""

    bids: list[MergedLevel]
    asks: list[MergedLevel]
    members: list[tuple[Member, LeftOut]]
    """Every listing by id, with the reason for this reader."""
    locked: bool
    crossed: bool
    crossing_bids: list[str]
    """Listings that bid at or above the best offer."""
    crossing_asks: list[str]
    kept_depth: int
    """Levels kept of the venue of which least are kept, if the reader asked for more; or 0."""


class ConsolidatedBook:
    """The listings of one instrument in one currency."""

    __slots__ = ("_members", "key")

    def __init__(self, key: InstrumentKey) -> None:
        self.key = key
        self._members: dict[str, Member] = {}

    @property
    def members(self) -> Iterable[Member]:
        """The listings, by id."""
        return self._members.values()

    def put(self, member: Member) -> None:
        """Add a listing."""
        self._members[member.instrument_id] = member
        self._members = dict(sorted(self._members.items()))

    def remove(self, instrument_id: str) -> None:
        """Remove a listing that is one of another instrument now."""
        self._members.pop(instrument_id, None)

    def view(self, depth: int, rights: PriceRights = ALL_PRICES) -> ConsolidatedView:
        """Merge the best levels of the venues that count and that the reader may see."""
        members = [
            (one, _OF_RIGHT[rights.of(one.venue.mic)] or one.left_out) for one in self.members
        ]
        counting = [one for one, left_out in members if left_out is LeftOut.NOT]
        bids = [(one.instrument_id, one.market.book.bids) for one in counting]
        asks = [(one.instrument_id, one.market.book.asks) for one in counting]
        # Keys of bids are negated prices.
        best_bid = -min((side.keys[0] for _, side in bids if side.keys), default=0)
        best_ask = min((side.keys[0] for _, side in asks if side.keys), default=0)
        meets = any(side.keys for _, side in bids) and any(side.keys for _, side in asks)
        meets = meets and best_bid >= best_ask
        kept = min((one.market.book.depth for one in counting if one.market.book.depth), default=0)
        return ConsolidatedView(
            bids=merge(bids, depth),
            asks=merge(asks, depth),
            members=members,
            locked=meets and best_bid == best_ask,
            crossed=meets and best_bid > best_ask,
            crossing_bids=_crossing(bids, -best_ask) if meets else [],
            crossing_asks=_crossing(asks, best_bid) if meets else [],
            kept_depth=kept if kept < depth else 0,
        )


def merge(sides: Iterable[tuple[str, BookSide]], depth: int) -> list[MergedLevel]:
    """Return the best levels of one side of several books, best first."""
    shares: dict[int, list[Share]] = {}
    for instrument_id, side in sides:
        for key, level in zip(side.keys, side.top(depth), strict=False):
            shares.setdefault(key, []).append(Share(instrument_id, level))
    return [_level(shares[key]) for key in sorted(shares)[:depth]]


def _level(shares: list[Share]) -> MergedLevel:
    size = shares[0].level.size
    for share in shares[1:]:
        size = add_nano(size, share.level.size)
    return MergedLevel(shares[0].level.price, size, shares)


def _crossing(sides: Iterable[tuple[str, BookSide]], key: int) -> list[str]:
    """Return the listings whose best level is at this price or better."""
    return [instrument_id for instrument_id, side in sides if side.keys and side.keys[0] <= key]
