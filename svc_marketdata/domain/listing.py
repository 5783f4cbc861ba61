"""A listing as its venue reports it, and the state of a venue's feed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

from kernel.nanoseconds import NS_PER_DAY
from kernel.ticks import TickBand
from kernel.trading_calendar import UTC_DAYS, PhaseTime, TradingCalendar

DELISTED_KEPT_DAYS = 30
"""How long a delisted listing is kept across restarts."""


class ListingKind(Enum):
    """What is listed."""

    UNSPECIFIED = 0
    SHARE = 1
    ETF = 2
    BOND = 3
    FUND = 4
    CRYPTO = 5
    FUTURE = 6


class TradingStatus(Enum):
    """SecurityTradingStatus(326), combined with the state of the trading session."""

    UNSPECIFIED = 0
    OPEN = 1
    HALTED = 2
    CLOSED = 3
    AUCTION = 4
    DELISTED = 5
    PRE_OPEN = 6
    NOT_KNOWN = 7
    """The venue was asked, and did not answer."""


class NoPrices(Enum):
    """Why a listing has no prices."""

    UNSPECIFIED = 0
    REFUSED = 1
    NO_SESSION = 2
    DELISTED = 3


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
    venue_symbol: str = ""
    """Symbol(55) as the venue writes it; empty if it is the same as symbol."""
    no_prices: NoPrices = NoPrices.UNSPECIFIED
    no_prices_text: str = ""

    def matches_text(self, folded: str) -> bool:
        """Return whether symbol or name contains the case-folded text."""
        texts = (self.symbol, self.venue_symbol, self.name)
        return any(folded in text.casefold() for text in texts)

    @property
    def is_listed(self) -> bool:
        """Whether the venue reports it as listed."""
        return self.trading_status not in {TradingStatus.UNSPECIFIED, TradingStatus.DELISTED}

    def with_values(self, values: Mapping[str, Any]) -> "Listing":
        """Return this with other values of some fields."""
        return replace(self, **values)

    def after(self, before: "Listing | None") -> "Listing":
        """Return this as it follows a report: a status that is not reported stays as it was."""
        if self.trading_status is not TradingStatus.UNSPECIFIED or before is None:
            return self
        if before.trading_status is TradingStatus.DELISTED:
            return self
        return replace(self, trading_status=before.trading_status)

    def delisted(self, now_ns: int) -> "Listing":
        """Return this after the venue's list no longer has it."""
        return replace(
            self,
            trading_status=TradingStatus.DELISTED,
            no_prices=NoPrices.DELISTED,
            no_prices_text="",
            updated_at_ns=now_ns,
        )

    def is_over(self, now_ns: int) -> bool:
        """Return whether it was delisted so long ago that a restart forgets it."""
        kept_ns = DELISTED_KEPT_DAYS * NS_PER_DAY
        return (
            self.trading_status is TradingStatus.DELISTED and now_ns - self.updated_at_ns > kept_ns
        )


class LeftOut(NamedTuple):
    """A listing that a venue reports and that its gateway leaves out."""

    symbol: str
    """Symbol(55) as the venue writes it."""
    text: str
    """Why."""


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
    silent_because: str = ""
    """Why its prices are stale although its session is up; empty if they are not."""
    book_depth: int = 0
    """Levels per side that the feed asks for; 0 for whole books."""
    frame_at_ns: int = 0
    """When the last frame of the feed arrived."""
    heard_s: float = 0.0
    """The same in seconds of the clock that never steps: a feed is silent by this one."""
    calendar: TradingCalendar = UTC_DAYS
    """Its trading days; those of UTC until its feed has said another calendar."""
    left_out: tuple[LeftOut, ...] = ()
    day_ends_ns: int = 0
    """End of the trading day; 0 until the first check after its feed was opened."""
    scheduled: PhaseTime | None = None
    """What it does now by its calendar; None before the first check, or without hours."""

    def enters_phase(self, now_ns: int) -> bool:
        """Note the phase by the calendar; return whether it is another one than before."""
        before, self.scheduled = self.scheduled, self.calendar.phase_at(now_ns)
        return self.scheduled != before

    def begins_day(self, now_ns: int) -> bool:
        """Return whether a trading day has begun since the last call; never before its feed."""
        if not self.feed_epoch or now_ns < self.day_ends_ns:
            return False
        self.day_ends_ns = self.calendar.day_of(now_ns).ends_ns
        return True

    @property
    def live(self) -> bool:
        """Whether its prices are current."""
        return self.feed_up and not self.quiet and not self.silent_because
