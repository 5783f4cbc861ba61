"""The stream of one gateway for one venue, as it changes listings and prices."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kernel.trading_calendar import UTC_DAYS, TradingCalendar
from svc_marketdata.domain.auction import CALL_PHASES, NO_AUCTION, AuctionIndication
from svc_marketdata.domain.book import Level, Side
from svc_marketdata.domain.day_statistics import DayStatistics
from svc_marketdata.domain.listing import Listing, TradingStatus, Venue
from svc_marketdata.domain.market import Changed, Trade
from svc_marketdata.service.listed import Listed

if TYPE_CHECKING:
    from svc_marketdata.service.market_data import MarketData


@dataclass(frozen=True, slots=True)
class FeedIdentity:
    """Who feeds a venue."""

    session_id: str
    venue_mic: str
    gateway_instance: str
    epoch: str
    book_depth: int = 0
    """Levels per side that the gateway asks for; 0 for whole books."""
    calendar: TradingCalendar = UTC_DAYS


class FeedSession:
    """One gateway's stream for one venue.

    Changes of one listing that the gateway received in one FIX message carry the same
    ``received_ns`` and make one update: in the middle of a message a book may look
    crossed though it never was.
    """

    def __init__(
        self,
        data: "MarketData",
        identity: FeedIdentity,
        venue: Venue,
        superseded: Callable[[], None],
    ) -> None:
        self.identity = identity
        self.venue = venue
        self.superseded = superseded
        self.refresh_wanted = True
        """True if the gateway must send everything again; the owner clears it."""
        self._data = data
        self._suffix = f".{identity.venue_mic}"
        self._status_reported = False
        self._run: Listed | None = None
        self._run_id = ""
        self._run_received_ns = 0
        self._run_changed = 0

    def begin_frame(self) -> None:
        """Note the start of a frame: the feed is not silent."""
        venue = self.venue
        clock = self._data.clock
        venue.frame_at_ns, venue.heard_s = clock.now_ns(), clock.monotonic()
        if venue.quiet:
            venue.quiet = False
            venue.since_ns = venue.frame_at_ns
            self.refresh_wanted = True
            self._data.touch_venue(venue)

    def end_frame(self) -> None:
        """Deliver the changes of the frame."""
        self._end_run()
        self._data.hub.flush()

    def status(
        self, *, feed_up: bool, trading_status: TradingStatus, simulated: bool,
        silent_because: str = "",
    ) -> None:  # fmt: skip
        """Apply a change of the venue's FIX session or trading session."""
        data, venue = self._data, self.venue
        self._end_run()
        self._status_reported = True
        if (venue.trading_status, venue.simulated) != (trading_status, simulated):
            venue.trading_status, venue.simulated = trading_status, simulated
            data.touch_venue(venue)
            for entry in data.of_venue(venue.mic):
                if trading_status not in CALL_PHASES and entry.market.auction is not NO_AUCTION:
                    entry.market.auction = NO_AUCTION
                    data.publish(entry, Changed.QUOTE)
                data.consolidation.status_changed(entry.market.instrument_id, data.clock.now_ns())
        if venue.silent_because != silent_because:
            venue.silent_because = silent_because
            venue.since_ns = data.clock.now_ns()
            data.touch_venue(venue)
            for entry in data.of_venue(venue.mic):
                data.publish(entry, entry.market.set_silent(bool(silent_because)))
        if feed_up:
            data.feed_up(venue)
        else:
            data.feed_down(venue)

    def listing(self, listing: Listing) -> None:
        """Apply a listing reported by the venue.

        Raises:
            ValueError: The listing is not one of the venue.
        """
        self._check(listing.instrument_id)
        self._data.put_listing(listing)

    def book(
        self,
        instrument_id: str,
        bids: Iterable[Level],
        asks: Iterable[Level],
        venue_ns: int,
        received_ns: int,
    ) -> None:
        """Apply a full book."""
        if not self._status_reported:
            # A gateway that sends books has a session, even if it has not reported its state.
            self._data.feed_up(self.venue)
        entry = self._select(instrument_id, received_ns)
        if entry is not None:
            self._run_changed |= entry.market.replace_book(bids, asks, venue_ns, received_ns)

    def level(
        self, instrument_id: str, side: Side, level: Level, venue_ns: int, received_ns: int
    ) -> None:
        """Apply a changed level."""
        entry = self._select(instrument_id, received_ns)
        if entry is not None:
            self._run_changed |= entry.market.set_level(side, level, venue_ns, received_ns)

    def trade(self, instrument_id: str, trade: Trade, received_ns: int) -> None:
        """Apply a trade; each trade is announced separately."""
        entry = self._select(instrument_id, received_ns)
        if entry is None:
            return
        data, market = self._data, entry.market
        changed = market.add_trade(trade, received_ns)
        if changed or trade.withdrawn:  # a withdrawn one may be stored, although it is not kept
            data.recorder.put(instrument_id, trade, received_ns)
        if not changed:
            data.counts.unknown_amendments += trade.withdrawn
            return
        data.hub.touch(entry.trade)
        self._run_changed |= changed
        if changed & Changed.CANDLE:
            data.amend_candle(entry)
        if not trade.counts:
            return
        if market.candles.is_over(trade.venue_time_ns or received_ns):
            data.complete_candle(entry)
        if market.add_to_candle(trade, received_ns):
            data.hub.touch(entry.candle)
        else:
            data.counts.late_trades += 1

    def statistics(
        self, instrument_id: str, told: DayStatistics, venue_ns: int, received_ns: int,
        *, complete: bool = False,
    ) -> None:  # fmt: skip
        """Apply figures of the day; see `InstrumentMarket.tell_statistics`."""
        entry = self._select(instrument_id, received_ns)
        if entry is not None:
            self._run_changed |= entry.market.tell_statistics(
                told, venue_ns, received_ns, complete=complete
            )

    def auction(self, instrument_id: str, said: AuctionIndication, received_ns: int) -> None:
        """Apply what the venue says of an auction.

        Raises:
            ValueError: A number is none, or below 0.
        """
        entry = self._select(instrument_id, received_ns)
        now = said.checked() if said.says_something else NO_AUCTION
        if entry is not None and entry.market.auction != now:
            entry.market.auction = now
            self._run_changed |= Changed.QUOTE

    def book_incomplete(self, instrument_id: str, received_ns: int) -> None:
        """Note that changes of a book were lost; the gateway has asked for it."""
        entry = self._select(instrument_id, received_ns)
        if entry is not None:
            self._run_changed |= entry.market.lose_feed()

    def trading_status(self, instrument_id: str, status: TradingStatus, received_ns: int) -> None:
        """Apply a trading status: a listing was halted, opened or closed."""
        entry = self._select(instrument_id, received_ns)
        if entry is not None and entry.listing is not None:
            if status not in CALL_PHASES and entry.market.auction is not NO_AUCTION:
                # The auction is over, or was broken off.
                entry.market.auction = NO_AUCTION
                self._run_changed |= Changed.QUOTE
            self._data.put_listing(
                replace(entry.listing, trading_status=status, updated_at_ns=received_ns)
            )

    def unreadable(self, instrument_id: str) -> None:
        """Note an update that could not be read: prices of the listing may now be wrong."""
        data = self._data
        data.counts.unreadable += 1
        self.refresh_wanted = True
        entry = data.listed.get(instrument_id)
        if entry is not None and entry.market.venue_mic == self.identity.venue_mic:
            data.publish(entry, entry.market.lose_feed())

    def _select(self, instrument_id: str, received_ns: int) -> Listed | None:
        self._data.counts.updates += 1
        if instrument_id == self._run_id and received_ns == self._run_received_ns:
            return self._run
        self._end_run()
        self._check(instrument_id)
        entry = self._data.entry(instrument_id)
        self._run, self._run_id, self._run_received_ns = entry, instrument_id, received_ns
        return entry

    def _check(self, name: str) -> None:
        if not name.endswith(self._suffix):
            raise ValueError(f"instrument_id {name!r} is not of venue {self.identity.venue_mic}")

    def _end_run(self) -> None:
        if self._run is not None and self._run_changed:
            if self._run_changed & Changed.BOOK:
                self._run.market.cut_book()
            self._data.publish(self._run, self._run_changed)
        self._run = None
        self._run_id = ""
        self._run_changed = 0
