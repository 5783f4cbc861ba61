"""A listing as its venue reports it, and the state of a venue's feed."""

from dataclasses import dataclass
from enum import Enum

from kernel.ticks import TickBand
from svc_marketdata.domain.trading_calendar import UTC_DAYS, TradingCalendar


class ListingKind(Enum):
    """What is listed."""

    UNSPECIFIED = 0
    SHARE = 1
    ETF = 2


class TradingStatus(Enum):
    """SecurityTradingStatus(326), combined with the state of the trading session."""

    UNSPECIFIED = 0
    OPEN = 1
    HALTED = 2
    CLOSED = 3
    AUCTION = 4


@dataclass(frozen=True, slots=True)
class Listing:
    """A security at one venue; sizes are canonical decimals."""

    instrument_id: str
    symbol: str
    venue_mic: str
    isin: str = ""
    name: str = ""
    kind: ListingKind = ListingKind.UNSPECIFIED
    currency: str = ""
    lot_size: str = ""
    tick_table: tuple[TickBand[str], ...] = ()
    trading_status: TradingStatus = TradingStatus.UNSPECIFIED
    simulated: bool = False
    max_quantity: str = ""
    updated_at_ns: int = 0
    cfi_code: str = ""

    def matches_text(self, folded: str) -> bool:
        """Return whether symbol or name contains the case-folded text."""
        return folded in self.symbol.casefold() or folded in self.name.casefold()


@dataclass(slots=True)
class Venue:
    """State of a venue's feed."""

    mic: str
    feed_up: bool = False
    quiet: bool = False
    """True if the feed is silent although its connection is open."""
    trading_status: TradingStatus = TradingStatus.UNSPECIFIED
    since_ns: int = 0
    simulated: bool = False
    feed_epoch: str = ""
    frame_at_ns: int = 0
    """When the last frame of the feed arrived."""
    calendar: TradingCalendar = UTC_DAYS
    """Its trading days; those of UTC until its feed has said another calendar."""
    day_ends_ns: int = 0
    """End of the trading day; 0 until the first check after its feed was opened."""

    def begins_day(self, now_ns: int) -> bool:
        """Return whether a trading day has begun since the last call; never before its feed."""
        if not self.feed_epoch or now_ns < self.day_ends_ns:
            return False
        self.day_ends_ns = self.calendar.day_of(now_ns).ends_ns
        return True

    @property
    def live(self) -> bool:
        """Whether its prices are current."""
        return self.feed_up and not self.quiet
