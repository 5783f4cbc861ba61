"""What a feed must provide: the port between a protocol of a venue and svc_marketdata."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from ordermesh.marketdata.v1 import market_data_pb2 as md


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is new at a venue, in the order in which the venue reported it.

    Attributes:
        updates: Changes of books, trades, statistics and trading statuses.
        listings: Listings that are new or changed; they are sent before the updates.
        status: The state of the venue, if it changed.
    """

    updates: Sequence[feed.FeedUpdate] = ()
    listings: Sequence[instruments.Instrument] = ()
    status: md.VenueStatus | None = None


class Source(Protocol):
    """A venue's prices as one protocol brings them.

    The source keeps the whole books itself. What `next_changes` has returned is in them, so that
    after a break of the stream the books alone say everything.
    """

    def listings(self) -> Sequence[instruments.Instrument]:
        """Return all listings of the venue."""

    def books(self) -> Sequence[feed.FeedUpdate]:
        """Return the whole book of every listing, as it stands after the last changes."""

    def status(self) -> md.VenueStatus:
        """Return the state of the venue."""

    async def next_changes(self) -> Changes | None:
        """Wait for the next changes and return them; None after the last ones."""
