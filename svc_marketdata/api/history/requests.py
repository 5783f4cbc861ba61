"""Reads requests for history: listings, ranges, pages."""

from collections.abc import Iterable
from typing import Any, Final

from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from mesh.errors import MeshError, refuse
from mesh.timestamps import from_timestamp
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from svc_marketdata.api.rights import not_entitled
from svc_marketdata.api.subscriptions import instrument_not_found
from svc_marketdata.domain.history.intervals import RANGE_DAYS_MAX, Interval
from svc_marketdata.domain.price_rights import PriceRight, PriceRights
from svc_marketdata.service.delayed import DELAY_S
from svc_marketdata.service.history.ports import HistoryReader
from svc_marketdata.service.market_data import MarketData

INTERVALS: Final = {
    pb.CANDLE_INTERVAL_SECOND: Interval.SECOND,
    pb.CANDLE_INTERVAL_FIVE_SECONDS: Interval.FIVE_SECONDS,
    pb.CANDLE_INTERVAL_MINUTE: Interval.MINUTE,
    pb.CANDLE_INTERVAL_FIVE_MINUTES: Interval.FIVE_MINUTES,
    pb.CANDLE_INTERVAL_QUARTER: Interval.QUARTER,
    pb.CANDLE_INTERVAL_HOUR: Interval.HOUR,
    pb.CANDLE_INTERVAL_DAY: Interval.DAY,
    pb.CANDLE_INTERVAL_WEEK: Interval.WEEK,
    pb.CANDLE_INTERVAL_MONTH: Interval.MONTH,
}
TRADES_RANGE_DAYS_MAX: Final = 31
TIME_NS_MAX: Final = 4_102_444_800 * NS_PER_S
"""The year 2100: a later time is a mistake."""


def invalid(field: str, value: object, expected: str) -> MeshError:
    """Refuse a field, with what it was and what it should be."""
    text = f"{field} was {value}; expected {expected}"
    return refuse("INVALID_FIELD", text, field, value=str(value), expected=expected)


async def listings(data: MarketData, reader: HistoryReader, names: Iterable[str], field: str
) -> list[str]:  # fmt: skip
    """Return the listings of a request, sorted, none twice.

    Raises:
        MeshError: INSTRUMENT_NOT_FOUND: neither a venue nor the history knows one.
    """
    names = list(names)
    unknown = [name for name in names if not data.known(name)]
    stored = await reader.known(unknown) if unknown else set()
    for index, name in enumerate(names):
        if name in unknown and name not in stored:
            raise instrument_not_found(name, f"{field}[{index}]")
    return sorted(set(names))


def hidden(names: Iterable[str], rights: PriceRights, now_ns: int, field: str) -> dict[str, int]:
    """Return the listings with delayed prices, and from when on the caller may not read trades.

    Raises:
        MeshError: PERMISSION_DENIED: there is no right to the prices of a venue.
    """
    hidden_from: dict[str, int] = {}
    for name in names:
        mic = name.rpartition(".")[2]
        right = rights.of(mic)
        if right is PriceRight.NONE:
            raise not_entitled(rights, mic, "history", field)
        if right is PriceRight.DELAYED:
            hidden_from[name] = now_ns - DELAY_S * NS_PER_S
    return hidden_from


def time_of(request: Any, field: str) -> int:
    """Return a time of a request in nanoseconds; 0 if it is not set.

    Raises:
        MeshError: INVALID_FIELD: it is before 1970 or after 2100.
    """
    if not request.HasField(field):
        return 0
    at_ns = from_timestamp(getattr(request, field))
    if not 0 < at_ns < TIME_NS_MAX:
        stamp = getattr(request, field).ToJsonString()
        raise invalid(field, stamp, "a time from 1970 to 2099")
    return at_ns


def range_of(request: Any, now_ns: int, interval: Interval | None) -> tuple[int, int]:
    """Return the range of a request.

    Args:
        request: Has `from` and `to`.
        now_ns: What stands for `to` if it is not set.
        interval: Of candles; None for trades.

    Raises:
        MeshError: INVALID_FIELD: it is too long, or it is none.
    """
    from_ns = time_of(request, "from")
    to_ns = time_of(request, "to") or now_ns
    if not from_ns:
        raise invalid("from", "not set", "a time, or `latest`")
    if from_ns >= to_ns:
        stamp = getattr(request, "from").ToJsonString()
        raise invalid("from", stamp, "a time before `to`, which is now if it is not set")
    days = TRADES_RANGE_DAYS_MAX if interval is None else RANGE_DAYS_MAX[interval]
    if to_ns - from_ns > days * NS_PER_DAY:
        what = "trades" if interval is None else f"candles of {interval.name}"
        found = f"{(to_ns - from_ns) / NS_PER_DAY:.1f} days before `to`"
        raise invalid("from", found, f"at most {days} days before `to` for {what}")
    return from_ns, to_ns


def check_latest(request: Any, count: int, most: int) -> None:
    """Check `latest` beside the fields that it excludes.

    Raises:
        MeshError: INVALID_FIELD.
    """
    if request.HasField("from"):
        raise invalid("from", getattr(request, "from").ToJsonString(), "nothing beside `latest`")
    if request.page_token:
        raise invalid("page_token", request.page_token[:32], "nothing beside `latest`")
    if count * request.latest > most:
        expected = f"at most {most} for all listings together, so {most // count} for {count}"
        raise invalid("latest", request.latest, expected)
