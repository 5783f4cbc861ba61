"""What the price history needs of a database."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from svc_marketdata.domain.history.fold import PastCandle
from svc_marketdata.domain.history.hours import StoredHour
from svc_marketdata.domain.history.quotes import PastQuote, QuoteBlock
from svc_marketdata.domain.history.reports import Report, StoredTrade


class GapCause(Enum):
    """Why trades are or may be missing; the numbers are stored."""

    NOT_RECORDED = 1
    DROPPED = 2


class Gap(NamedTuple):
    """A time in which trades of a venue are or may be missing."""

    venue_mic: str
    from_ns: int
    until_ns: int
    cause: GapCause
    dropped_trades: int = 0


class Covered(NamedTuple):
    """A time in which every trade that the feed of a venue sent was recorded."""

    venue_mic: str
    from_ns: int
    until_ns: int


@dataclass(slots=True)
class Batch:
    """What one transaction writes."""

    reports: list[Report] = field(default_factory=list)
    covered: list[Covered] = field(default_factory=list)
    dropped: list[Gap] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.reports or self.covered or self.dropped)


class Written(NamedTuple):
    """What a transaction wrote."""

    added: int
    amended: int
    unknown: int
    """Withdrawals of trades that are not stored."""
    out_of_range: int
    """Trades older than what is kept, or of a day to come."""


class Kept(NamedTuple):
    """How long the history is kept, in days."""

    trades_days: int
    candles_days: int
    quotes_days: int = 2


class HistoryStore(Protocol):
    """Writes the history. Every use may raise StoreUnavailableError."""

    async def write(self, batch: Batch, now_ns: int) -> Written:
        """Write a batch in one transaction; one that was written before changes nothing."""

    async def write_quotes(self, blocks: Sequence[QuoteBlock], interval_ns: int) -> None:
        """Write blocks of quotes in one transaction.

        What other processes wrote of a block stays: there is one quote for each interval.
        """

    async def pack_hours(self, now_ns: int) -> int:
        """Pack the candles of the next hour, if it has ended; return up to when they are packed."""

    async def make_partitions(self, now_ns: int) -> None:
        """Make the partitions of tomorrow."""

    async def drop_old(self, now_ns: int) -> int:
        """Drop what is older than it is kept; return the number of partitions dropped."""


class TradePlace(NamedTuple):
    """Where a trade is in the order of a listing."""

    at_ns: int
    order_ns: int
    key: str


FIRST_PLACE = TradePlace(0, 0, "")


class SplitOf(NamedTuple):
    """A split, as it was announced for a listing."""

    instrument_id: str
    date: dt.date
    action_id: str
    new_shares: str
    old_shares: str


class Origin(NamedTuple):
    """What the corporate actions say of the past of a listing."""

    renames: list[tuple[str, dt.date]]
    """The id before, and the date of the change of symbol; the newest one first."""
    splits: list[SplitOf]
    """Those of every id that the listing had."""


class HistoryReader(Protocol):
    """Reads the history. Every use may raise StoreUnavailableError."""

    async def origins(self, instrument_ids: Sequence[str], until: dt.date) -> dict[str, Origin]:
        """Return the past of those listings for which there are corporate actions until a day."""

    async def known(self, instrument_ids: Sequence[str]) -> set[str]:
        """Return those of the listings of which something is stored."""

    async def hours(
        self, instrument_ids: Sequence[str], from_ns: int, to_ns: int
    ) -> dict[str, list[StoredHour]]:
        """Return the hours that overlap a range, by listing and time, in one view."""

    async def last_hours(
        self, instrument_ids: Sequence[str], to_ns: int, limit: int
    ) -> dict[str, list[StoredHour]]:
        """Return the last hours with candles before a time, at most `limit` of each listing."""

    async def short_candles(
        self, instrument_ids: Sequence[str], length_ns: int, from_ns: int, to_ns: int
    ) -> dict[str, list[PastCandle]]:
        """Return candles shorter than a minute, made of the stored trades."""

    async def trades(
        self, instrument_id: str, after: TradePlace, to_ns: int, limit: int
    ) -> list[StoredTrade]:
        """Return trades of a listing after a place and before a time, by place."""

    async def last_trades(
        self, instrument_ids: Sequence[str], to_ns: int, limit: int
    ) -> list[StoredTrade]:
        """Return the last trades before a time, at most `limit` of each listing, by listing."""

    async def trades_between(
        self, instrument_ids: Sequence[str], from_ns: int, to_ns: int, limit: int
    ) -> list[StoredTrade]:
        """Return the trades of a time, in the order in which they were made; at most `limit`."""

    async def quotes_between(
        self, instrument_ids: Sequence[str], from_ns: int, to_ns: int, limit: int
    ) -> list[QuoteBlock]:
        """Return the blocks of quotes that may have some of a time; at most `limit`."""

    async def last_quotes(
        self, instrument_ids: Sequence[str], before_ns: int
    ) -> dict[str, PastQuote]:
        """Return the last stored quote of each listing before a time."""

    async def gaps(
        self, venue_mics: Sequence[str], from_ns: int, to_ns: int, limit: int
    ) -> list[Gap]:
        """Return the newest gaps that overlap a range, by time."""
