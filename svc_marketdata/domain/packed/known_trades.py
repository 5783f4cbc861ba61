"""The ids of the last trades of a listing, to recognise a trade that is reported twice."""

from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import TradingDay
from svc_marketdata.domain.packed.queues import PackedIds


class KnownTrades:
    """Ids with their days: venues give the same id again on another trading day."""

    __slots__ = ("_ids", "_limit")

    def __init__(self, limit: int) -> None:
        self._ids = PackedIds()
        self._limit = limit

    def note(self, day: TradingDay, trade_id: str) -> bool:
        """Note an id; return whether it was new. The oldest one goes if there are too many."""
        known = _of_day(day, trade_id)
        if known in self._ids:
            return False
        if len(self._ids) == self._limit:
            self._ids.popleft()
        self._ids.append(known)
        return True

    def forget(self, day: TradingDay, trade_id: str) -> None:
        """Forget an id, if it is known: it may be reported again."""
        self._ids.remove(_of_day(day, trade_id))


def _of_day(day: TradingDay, trade_id: str) -> str:
    """Return the id with its day. No two days begin in the same second."""
    return f"{day.begins_ns // NS_PER_S:x} {trade_id}"
