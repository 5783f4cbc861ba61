"""What reports of trades make of the trades that are stored.

Several replicas receive the same reports, each may write them again after a restart, and one
replica may be late. So a report shows by itself whether it changes something: by the key of its
trade, and by when it was received, compared with the newest report that made the stored trade what
it is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from svc_marketdata.domain.market import OffMarket, Trade

NO_ID = "~"
"""How the key of a trade begins that has no id of the venue."""

Key = tuple[str, str]
"""Listing and key of a trade."""


class Report(NamedTuple):
    """A report of a trade: a new one, a correction or a withdrawal."""

    instrument_id: str
    key: str
    order_ns: int
    """Rises with every report of a process: the order in which they came."""
    received_ns: int
    trade: Trade

    @property
    def at_ns(self) -> int:
        """When the trade was made, by the venue."""
        return self.trade.venue_time_ns or self.received_ns


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


def apply(stored: Mapping[Key, StoredTrade], reports: Iterable[Report]) -> Changes:
    """Apply reports in order.

    Args:
        stored: The stored trades that the reports name.
        reports: The reports.
    """
    now: dict[Key, StoredTrade] = {}
    unknown = 0
    for report in reports:
        key = (report.instrument_id, report.key)
        before = now.get(key) or stored.get(key)
        if before is not None:
            now[key] = before.after(report)
        elif report.trade.withdrawn:
            unknown += 1
        else:
            now[key] = _first(report)
    added = [trade for key, trade in now.items() if key not in stored]
    amended = [trade for key, trade in now.items() if key in stored and trade is not stored[key]]
    return Changes(added, amended, unknown)


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
