"""What reports of trades make of the trades that are stored.

Several replicas receive the same reports, each may write them again after a restart, and one
replica may be late. So a report shows by itself whether it changes something: by the key of its
trade, and by when it was received, compared with the newest report that made the stored trade what
it is.

Venues give the same TradeID(1003) again on another trading day. So a trade is known by listing, key
and trading day; the day is not stored, it follows from when the trade was made.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from kernel.trading_calendar import TradingDay
from svc_marketdata.domain.market import OffMarket, Trade

NO_ID = "~"
"""How the key of a trade begins that has no id of the venue."""

Key = tuple[str, str]
"""Listing and key of a trade."""
Place = tuple[str, str, int, int]
"""Listing, key, time and order of a trade."""


class Report(NamedTuple):
    """A report of a trade: a new one, a correction or a withdrawal."""

    instrument_id: str
    key: str
    order_ns: int
    """Rises with every report of a process: the order in which they came."""
    received_ns: int
    trade: Trade
    day: TradingDay
    """The trading day of the listing at `at_ns`."""

    @property
    def at_ns(self) -> int:
        """When the trade was made, by the venue; of a withdrawal, when it was sent."""
        return self.trade.venue_time_ns or self.received_ns

    def named(self, known: Iterable["StoredTrade"]) -> "StoredTrade | None":
        """Return the trade that it is about; None if it is not known.

        A report of a trade is about the one of its trading day. A correction or a withdrawal may
        come on a later day: it is about the newest one until the end of its day that was made when
        the report was received.

        Args:
            known: Trades of the listing with its key, of any day.
        """
        before = [one for one in known if one.at_ns < self.day.ends_ns]
        if self.trade.withdrawn or self.trade.off_market is OffMarket.CORRECTED:
            before = [one for one in before if one.at_ns <= self.received_ns] or before
        else:
            before = [one for one in before if one.at_ns >= self.day.begins_ns]
        return max(before, key=lambda one: one.at_ns, default=None)


@dataclass(frozen=True, slots=True)
class StoredTrade:
    """A trade as it finally stands; price and size are canonical decimals."""

    instrument_id: str
    at_ns: int
    order_ns: int
    key: str
    price: str
    size: str
    aggressor: int
    off_market: int
    counts: bool
    """It counts for candles, unless it is withdrawn."""
    withdrawn: bool
    amended_ns: int

    @property
    def place(self) -> Place:
        """What identifies its row; no report changes it."""
        return self.instrument_id, self.key, self.at_ns, self.order_ns

    @property
    def trade_id(self) -> str:
        """The venue's id; empty if it gave none."""
        return "" if self.key.startswith(NO_ID) else self.key

    def after(self, report: Report) -> "StoredTrade":
        """Return it as it is after a report of the same trade; itself if that changes nothing."""
        trade, received_ns = report.trade, report.received_ns
        if received_ns < self.amended_ns:
            return self
        if trade.withdrawn:
            return replace(self, withdrawn=True, amended_ns=received_ns)
        corrected = trade.off_market is OffMarket.CORRECTED
        again = self.withdrawn and received_ns > self.amended_ns
        if not corrected and not again:
            return self
        return replace(
            self,
            price=trade.price,
            size=trade.size,
            off_market=trade.off_market.value,
            withdrawn=False,
            amended_ns=received_ns,
        )


class Numbering:
    """Gives keys to trades without an id: equal ones of one instant are numbered."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, Counter[tuple[str, str]]]] = {}

    def key_of(self, instrument_id: str, trade: Trade, at_ns: int) -> str:
        """Return the key of a trade, the next one of its listing."""
        if trade.trade_id and not trade.last_of_snapshot:
            return trade.trade_id
        last_ns, counts = self._last.get(instrument_id, (-1, Counter()))
        if last_ns != at_ns:
            counts = Counter()
            self._last[instrument_id] = (at_ns, counts)
        terms = (trade.price, trade.size)
        counts[terms] += 1
        return f"{NO_ID}{at_ns}/{trade.price}/{trade.size}/{counts[terms]}"


class Changes(NamedTuple):
    """What reports make of the stored trades."""

    added: list[StoredTrade]
    amended: list[StoredTrade]
    unknown: int
    """Withdrawals of trades that are not stored."""


def apply(stored: Iterable[StoredTrade], reports: Iterable[Report]) -> Changes:
    """Apply reports in order.

    Args:
        stored: The stored trades with the keys that the reports name, of any day.
        reports: The reports.
    """
    known: dict[Key, list[StoredTrade]] = {}
    for one in stored:
        known.setdefault((one.instrument_id, one.key), []).append(one)
    added: dict[Place, StoredTrade] = {}
    amended: dict[Place, StoredTrade] = {}
    unknown = 0
    for report in reports:
        same = known.setdefault((report.instrument_id, report.key), [])
        before = report.named(same)
        if before is None:
            if report.trade.withdrawn:
                unknown += 1
                continue
            after = _first(report)
            added[after.place] = after
        else:
            after = before.after(report)
            if after is before:
                continue
            same.remove(before)
            (added if before.place in added else amended)[after.place] = after
        same.append(after)
    return Changes(list(added.values()), list(amended.values()), unknown)


def _first(report: Report) -> StoredTrade:
    trade = report.trade
    return StoredTrade(
        instrument_id=report.instrument_id,
        at_ns=report.at_ns,
        order_ns=report.order_ns,
        key=report.key,
        price=trade.price,
        size=trade.size,
        aggressor=trade.aggressor.value,
        off_market=trade.off_market.value,
        counts=trade.counts,
        withdrawn=False,
        amended_ns=report.received_ns,
    )
