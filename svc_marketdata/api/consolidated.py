"""Consolidated books and rights to prices as messages."""

from collections.abc import Iterable

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from mesh.timestamps import set_timestamp
from ordermesh.marketdata.v1 import market_data_pb2 as pb
from svc_marketdata.api.mapping import STATUS_TO_PROTO
from svc_marketdata.domain.consolidated import (
    ConsolidatedView,
    InstrumentKey,
    LeftOut,
    Member,
    MergedLevel,
)
from svc_marketdata.domain.price_rights import PriceRight

PRICE_RIGHTS = {
    PriceRight.REAL_TIME: pb.PRICE_RIGHT_REAL_TIME,
    PriceRight.DELAYED: pb.PRICE_RIGHT_DELAYED,
    PriceRight.NONE: pb.PRICE_RIGHT_NONE,
}
LEFT_OUT = {
    LeftOut.NOT: pb.LEFT_OUT_UNSPECIFIED,
    LeftOut.NO_BOOK: pb.LEFT_OUT_NO_BOOK,
    LeftOut.STALE: pb.LEFT_OUT_STALE,
    LeftOut.HALTED: pb.LEFT_OUT_HALTED,
    LeftOut.CLOSED: pb.LEFT_OUT_CLOSED,
    LeftOut.AUCTION: pb.LEFT_OUT_AUCTION,
    LeftOut.DELISTED: pb.LEFT_OUT_DELISTED,
    LeftOut.FAULTY: pb.LEFT_OUT_FAULTY,
    LeftOut.DELAYED: pb.LEFT_OUT_DELAYED,
    LeftOut.NOT_ENTITLED: pb.LEFT_OUT_NOT_ENTITLED,
}
_WORDS = {
    LeftOut.NOT: "",
    LeftOut.NO_BOOK: "the venue has sent no book of the listing yet",
    LeftOut.STALE: "changes of the book were lost and it was not sent again yet",
    LeftOut.HALTED: "halted",
    LeftOut.CLOSED: "closed, or no status was reported yet",
    LeftOut.AUCTION: "before the opening, or in an auction",
    LeftOut.DELISTED: "the venue does not list or trade it any more",
    LeftOut.FAULTY: "a price or size of the book is below zero",
    LeftOut.DELAYED: "you have a right to delayed prices of this venue only",
    LeftOut.NOT_ENTITLED: "you have no right to prices of this venue",
}
NOT_SHOWN = frozenset({LeftOut.DELAYED, LeftOut.NOT_ENTITLED})
"""Reasons for which the reader does not learn about the book either."""


def consolidated_to_proto(key: InstrumentKey, view: ConsolidatedView) -> pb.ConsolidatedBook:
    """A consolidated book as a reader may see it."""
    # A listing that is an instrument of its own may have a currency.
    alone = next((one.listing.currency for one, _ in view.members), "")
    message = pb.ConsolidatedBook(
        isin=key.isin,
        currency=key.currency or alone,
        crossing_bids=view.crossing_bids,
        crossing_asks=view.crossing_asks,
        kept_depth=view.kept_depth,
    )
    _add_levels(message.bids, view.bids)
    _add_levels(message.asks, view.asks)
    for member, left_out in view.members:
        _set_venue(message.venues.add(), member, left_out)
    if view.crossed:
        message.flags.append(pb.PRICE_FLAG_CROSSED)
    if view.locked:
        message.flags.append(pb.PRICE_FLAG_LOCKED)
    return message


def _add_levels(
    field: RepeatedCompositeFieldContainer[pb.ConsolidatedLevel], levels: Iterable[MergedLevel]
) -> None:
    for level in levels:
        message = field.add(price=level.price, size=level.size)
        for instrument_id, of_venue in level.shares:
            message.shares.add(
                instrument_id=instrument_id, size=of_venue.size, order_count=of_venue.order_count
            )


def _set_venue(message: pb.ConsolidatedVenue, member: Member, left_out: LeftOut) -> None:
    market = member.market
    message.instrument_id = member.instrument_id
    message.venue_mic = market.venue_mic
    message.trading_status = STATUS_TO_PROTO[member.trading_status]
    message.left_out = LEFT_OUT[left_out]
    message.left_out_text = _words(member, left_out)
    if left_out in NOT_SHOWN:
        return
    set_timestamp(message.since, member.since_ns)
    if market.book_received_ns:
        set_timestamp(message.received_at, market.book_received_ns)
    if market.book_venue_ns:
        set_timestamp(message.venue_time, market.book_venue_ns)
    message.bid_levels = len(market.book.bids)
    message.ask_levels = len(market.book.asks)
    message.kept_depth = market.book.depth


def _words(member: Member, left_out: LeftOut) -> str:
    if left_out is LeftOut.STALE:
        venue = member.venue
        if not venue.feed_up:
            return "the feed of the venue is down"
        if venue.silent_because or venue.quiet:
            return venue.silent_because or "the feed of the venue is silent"
    return _WORDS[left_out]
