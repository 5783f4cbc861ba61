"""Applies the reports of venues (listings, books, trades) and handles lost feeds."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from kernel.calendars.library import default_calendar
from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import TradingCalendar
from svc_marketdata.domain.candles import CANDLE_GRACE_NS
from svc_marketdata.domain.counts import Counts
from svc_marketdata.domain.listing import Listing, Venue
from svc_marketdata.domain.market import Changed, InstrumentMarket, Quote
from svc_marketdata.service.channels import Channel, Topic
from svc_marketdata.service.consolidation import Consolidation
from svc_marketdata.service.delayed import DelayedPrices
from svc_marketdata.service.feed_session import FeedIdentity, FeedSession
from svc_marketdata.service.history.recorder import NotRecorded, Recording
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.listed import Listed

INSTRUMENT_ID = re.compile(r"(?=.{6,32}$)[A-Z0-9_-]+\.[A-Z0-9]{4}")


class MarketData:
    """The listings, prices and venues of this process; used from one event loop."""

    def __init__(self, hub: Hub, clock: Clock) -> None:
        self.hub = hub
        self.clock = clock
        self.counts = Counts()
        self.listed: dict[str, Listed] = {}
        self.venues: dict[str, Venue] = {}
        self.consolidation = Consolidation(hub)
        self.delayed = DelayedPrices(hub, elapsed_ns(clock))
        self.unsaved_quotes: dict[str, None] = {}
        self.unsaved_listings: dict[str, None] = {}
        self.recorder: Recording = NotRecorded()
        self._venue_channels: dict[str, Channel] = {}
        self._owners: dict[str, FeedSession] = {}

    def listings(self) -> list[Listing]:
        """All listings the venues have reported, by id."""
        known = [entry.listing for entry in self.listed.values() if entry.listing is not None]
        return sorted(known, key=lambda listing: listing.instrument_id)

    def calendar_of(self, instrument_id: str) -> TradingCalendar:
        """Return the trading days of a listing, known or not: its own calendar, or its venue's."""
        entry = self.listed.get(instrument_id)
        if entry is not None:
            return entry.calendar
        mic = instrument_id.rpartition(".")[2]
        venue = self.venues.get(mic)
        return default_calendar(mic) if venue is None else venue.calendar

    def known(self, instrument_id: str) -> bool:
        """Return whether the listing, or prices of it, are known."""
        return instrument_id in self.listed

    # Asynchronous storage

    def take_unsaved(self, limit: int) -> tuple[list[InstrumentMarket], list[Listing]]:
        """Return the quotes and listings that changed since the last call."""
        listings: list[Listing] = []
        while self.unsaved_listings and len(listings) < limit:
            listing = self.listed[self.unsaved_listings.popitem()[0]].listing
            assert listing is not None
            listings.append(listing)
        quotes: list[InstrumentMarket] = []
        while self.unsaved_quotes and len(listings) + len(quotes) < limit:
            quotes.append(self.listed[self.unsaved_quotes.popitem()[0]].market)
        return quotes, listings

    def put_back(self, quotes: list[InstrumentMarket], listings: list[Listing]) -> None:
        """Mark quotes and listings that could not be written as unsaved again."""
        self.unsaved_quotes.update((market.instrument_id, None) for market in quotes)
        self.unsaved_listings.update((listing.instrument_id, None) for listing in listings)

    def put_back_all(self) -> None:
        """Mark all quotes and listings as unsaved."""
        for instrument_id, entry in self.listed.items():
            if entry.market.told:
                self.unsaved_quotes[instrument_id] = None
            if entry.listing is not None:
                self.unsaved_listings[instrument_id] = None

    # Feeds

    def open_feed(self, identity: FeedIdentity, superseded: Callable[[], None]) -> FeedSession:
        """Take over the feed of a venue; an older feed is notified that it is superseded."""
        before = self._owners.get(identity.venue_mic)
        if before is not None:
            before.superseded()
        venue = self.venue(identity.venue_mic)
        new_life = venue.feed_epoch != identity.epoch
        venue.feed_epoch = identity.epoch
        venue.frame_at_ns, venue.heard_s = self.clock.now_ns(), self.clock.monotonic()
        venue.calendar, venue.day_ends_ns = identity.calendar, 0
        venue.book_depth = identity.book_depth
        session = FeedSession(self, identity, venue, superseded)
        self._owners[identity.venue_mic] = session
        for entry in self.of_venue(identity.venue_mic):
            entry.market.book.depth = identity.book_depth
            entry.use_calendar()
            if new_life:
                self.publish(entry, entry.market.forget_book())
        self.hub.flush()
        return session

    def close_feed(self, session: FeedSession) -> None:
        """Note that the connection of a feed broke; ignored if another feed has taken over."""
        mic = session.identity.venue_mic
        if self._owners.get(mic) is not session:
            return
        del self._owners[mic]
        self.feed_down(session.venue)
        self.hub.flush()

    def feed_down(self, venue: Venue) -> None:
        """Flag all prices of a venue as stale."""
        if venue.feed_up:
            venue.feed_up = False
            venue.since_ns = self.clock.now_ns()
            self.recorder.feed_down(venue.mic)
            self.touch_venue(venue)
        self._flag_stale(venue)

    def feed_up(self, venue: Venue) -> None:
        """Note that the feed is up; each listing is current after its next full book."""
        if not venue.feed_up:
            venue.feed_up = True
            venue.since_ns = self.clock.now_ns()
            self.recorder.feed_up(venue.mic)
            self.touch_venue(venue)

    def tick(self) -> None:
        """Check what depends on time: silent feeds, old quotes, ended days and candles."""
        now_ns = self.clock.now_ns()
        limits = self.hub.limits
        silent_since_s = self.clock.monotonic() - limits.feed_silence_max_s
        new_days = {mic for mic, venue in self.venues.items() if venue.begins_day(now_ns)}
        for venue in self.venues.values():
            if venue.enters_phase(now_ns):
                self.touch_venue(venue)
            if venue.feed_up and not venue.quiet and venue.heard_s < silent_since_s:
                venue.quiet = True
                venue.since_ns = now_ns
                self.touch_venue(venue)
                self._flag_stale(venue)
        age_max_ns = int(limits.quote_age_max_s * NS_PER_S)
        for entry in self.listed.values():
            if entry.market.candles.is_over(now_ns - CANDLE_GRACE_NS):
                self.complete_candle(entry)
            if age_max_ns or entry.own_calendar or entry.market.venue_mic in new_days:
                self.publish(entry, entry.market.grow_old(now_ns, age_max_ns))
        self.delayed.tick(elapsed_ns(self.clock))
        self.recorder.sample(self.listed)
        self.hub.flush()

    # Restart

    def restore(self, listings: Iterable[Listing], quotes: Iterable[tuple[str, Quote]]) -> None:
        """Restore values of an earlier process, except where a feed has reported newer ones."""
        for listing in listings:
            entry = self.entry(listing.instrument_id)
            if entry is not None and entry.listing is None:
                self._take_listing(entry, listing)
                self.venue(listing.venue_mic).simulated |= listing.simulated
        for instrument_id, quote in quotes:
            entry = self.entry(instrument_id)
            if entry is not None and not entry.market.quote.received_ns:
                entry.market.restore(quote)
                self.hub.touch(entry.quote)
        self.hub.flush()

    # Used by feed sessions

    def venue(self, mic: str) -> Venue:
        """Return the venue; create it if it is new."""
        venue = self.venues.get(mic)
        if venue is None:
            venue = self.venues[mic] = Venue(
                mic, since_ns=self.clock.now_ns(), calendar=default_calendar(mic)
            )
            self._venue_channels[mic] = self.hub.add_channel(mic, Topic.VENUE, mic, venue)
        return venue

    def touch_venue(self, venue: Venue) -> None:
        """Announce that the state of a venue changed."""
        self.hub.touch(self._venue_channels[venue.mic])

    def entry(self, instrument_id: str) -> Listed | None:
        """Return the listing; create it if it is new and the limit allows.

        Raises:
            ValueError: The id is not that of a listing.
        """
        entry = self.listed.get(instrument_id)
        if entry is None:
            if not INSTRUMENT_ID.fullmatch(instrument_id):
                raise ValueError(f"instrument_id {instrument_id!r} is not SYMBOL.MIC")
            if len(self.listed) >= self.hub.limits.instruments_max:
                self.counts.over_limit += 1
                return None
            mic = instrument_id.rpartition(".")[2]
            venue = self.venue(mic)
            entry = self.listed[instrument_id] = Listed(self.hub, instrument_id, venue)
            for source in (entry.quote, entry.trade):
                self.delayed.add(source)
            entry.market.book.depth = venue.book_depth
            entry.market.silent = bool(venue.silent_because)
        return entry

    def of_venue(self, mic: str) -> list[Listed]:
        """All listings of a venue."""
        return [entry for entry in self.listed.values() if entry.market.venue_mic == mic]

    def publish(self, entry: Listed, changed: int) -> None:
        """Announce changed quote and book; trades and candles are announced one by one."""
        if changed & Changed.QUOTE:
            self.hub.touch(entry.quote)
            name = entry.market.instrument_id
            self.unsaved_quotes[name] = self.recorder.changed_quotes[name] = None
        if changed & Changed.BOOK:
            self.hub.touch(entry.book)
            self.consolidation.book_changed(entry.market.instrument_id, self.clock.now_ns())

    def complete_candle(self, entry: Listed) -> None:
        """Complete the candle that has ended and keep it for conflated readers."""
        series = entry.market.candles
        series.complete()
        self.hub.touch(entry.candle)
        entry.candle.keep()
        series.keep_completed(entry.candle.sequence)

    def amend_candle(self, entry: Listed) -> None:
        """Announce a candle whose trade was withdrawn or corrected."""
        series = entry.market.candles
        self.hub.touch(entry.candle)
        if series.amended is not None:
            # It is not the latest one: keep it for conflated readers, and go on with that one.
            entry.candle.keep()
            series.amended = None
            self.hub.touch(entry.candle)

    def put_listing(self, listing: Listing) -> None:
        """Store a listing as the venue reports it."""
        entry = self.entry(listing.instrument_id)
        if entry is None:
            return
        listing = listing.after(entry.listing)
        if entry.listing is not None and listing == replace(
            entry.listing, updated_at_ns=listing.updated_at_ns
        ):
            return
        self._take_listing(entry, listing)
        self.unsaved_listings[listing.instrument_id] = None

    def _take_listing(self, entry: Listed, listing: Listing) -> None:
        entry.listing = listing
        self.hub.touch(entry.listing_channel)
        self.recorder.changed_quotes[listing.instrument_id] = None
        venue, now_ns = self.venue(listing.venue_mic), self.clock.now_ns()
        self.consolidation.place(listing, entry.market, venue, now_ns)

    def _flag_stale(self, venue: Venue) -> None:
        for entry in self.of_venue(venue.mic):
            self.publish(entry, entry.market.lose_feed())


def elapsed_ns(clock: Clock) -> int:
    """Return nanoseconds of the clock that never steps."""
    return int(clock.monotonic() * NS_PER_S)
