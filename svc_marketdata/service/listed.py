"""A listing with what is known of it and the channels that deliver it."""

from kernel.calendars.library import library_calendar
from kernel.trading_calendar import TradingCalendar
from svc_marketdata.domain.listing import Listing, Venue
from svc_marketdata.domain.market import InstrumentMarket
from svc_marketdata.domain.reference.enrichment import NO_REFERENCE
from svc_marketdata.service.channels import Channel, Topic
from svc_marketdata.service.hub import Hub


class Listed:
    """A listing with its market and channels."""

    __slots__ = (
        "book", "candle", "listing", "listing_channel", "market", "quote", "reference", "trade",
        "venue",
    )  # fmt: skip

    def __init__(self, hub: Hub, instrument_id: str, venue: Venue) -> None:
        venue_mic = venue.mic
        self.venue = venue
        self.market = InstrumentMarket(instrument_id, venue_mic, venue.calendar)
        self.listing: Listing | None = None
        self.reference = NO_REFERENCE

        def channel(topic: Topic, source: object) -> Channel:
            return hub.add_channel(instrument_id, topic, venue_mic, source)

        self.quote = channel(Topic.QUOTE, self.market)
        self.book = channel(Topic.BOOK, self.market)
        self.trade = channel(Topic.TRADE, self.market)
        self.candle = channel(Topic.CANDLE, self.market)
        self.listing_channel = channel(Topic.LISTING, self)

    @property
    def own_calendar(self) -> str:
        """The calendar that the listing follows in place of its venue's; empty if none."""
        record = self.reference.listing
        return "" if record is None else record.calendar

    @property
    def calendar(self) -> TradingCalendar:
        """Its trading days."""
        return library_calendar(self.own_calendar) or self.venue.calendar

    def use_calendar(self) -> None:
        """Follow a change of its venue's calendar, or of its own."""
        self.market.use_calendar(self.calendar)
