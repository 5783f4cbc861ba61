"""A venue's whole list of instruments, as one gateway's stream sends it."""

from dataclasses import replace

from svc_marketdata.domain.listing import TradingStatus
from svc_marketdata.service.market_data import MarketData


class VenueList:
    """Finds the listings that the newest whole list of a venue lacks."""

    def __init__(self, data: MarketData, venue_mic: str) -> None:
        self._data = data
        self._venue_mic = venue_mic
        self._named: set[str] | None = None

    def begins(self) -> None:
        """Note that the listings that follow are the whole list."""
        self._named = set()

    def names(self, instrument_id: str) -> None:
        """Note that the list has a listing, whether or not it can be read."""
        if self._named is not None:
            self._named.add(instrument_id)

    def is_complete(self) -> None:
        """Mark the listings that the list lacks as delisted; their prices are stale."""
        data, named = self._data, self._named
        self._named = None
        if named is None:
            return
        for entry in data.of_venue(self._venue_mic):
            listing = entry.listing
            if listing is not None and listing.instrument_id not in named:
                data.put_listing(listing.delisted(data.clock.now_ns()))
                data.publish(entry, entry.market.lose_feed())

    def assume_statuses(self) -> None:
        """Mark the listings whose status the venue was asked for and did not report."""
        for entry in self._data.of_venue(self._venue_mic):
            listing = entry.listing
            if listing is not None and listing.trading_status is TradingStatus.UNSPECIFIED:
                self._data.put_listing(replace(listing, trading_status=TradingStatus.NOT_KNOWN))
