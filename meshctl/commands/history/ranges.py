"""Intervals and times as people type them."""

import datetime as dt
import re
import time
from typing import Annotated, Final

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from meshctl.commands.common import errors, usage_error
from ordermesh.marketdata.v1 import history_service_pb2 as pb

INTERVALS: Final = {
    "1s": pb.CANDLE_INTERVAL_SECOND,
    "5s": pb.CANDLE_INTERVAL_FIVE_SECONDS,
    "1m": pb.CANDLE_INTERVAL_MINUTE,
    "5m": pb.CANDLE_INTERVAL_FIVE_MINUTES,
    "15m": pb.CANDLE_INTERVAL_QUARTER,
    "1h": pb.CANDLE_INTERVAL_HOUR,
    "1d": pb.CANDLE_INTERVAL_DAY,
    "1w": pb.CANDLE_INTERVAL_WEEK,
    "1M": pb.CANDLE_INTERVAL_MONTH,
}
PRICES: Final = {"adjusted": pb.PRICE_BASIS_ADJUSTED, "raw": pb.PRICE_BASIS_RAW}
UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
TIME_WORDS: Final = (
    "a time of UTC, as in 2026-11-30 or 2026-11-30T09:30, or an age, as in 90m or 3d"
)

FromOption = Annotated[str, typer.Option("--from", help=f"Begin: {TIME_WORDS}.")]
ToOption = Annotated[str, typer.Option("--to", help="End, in the same form; now if not given.")]


PricesOption = Annotated[
    str,
    typer.Option(
        "--prices",
        help="adjusted for splits and changes of symbol, or raw: as the venue reported them. "
        "Candles are adjusted and trades raw if it is not given.",
    ),
]


def prices_of(word: str) -> pb.PriceBasis:
    """Return which prices a word means; exit with the usage code if it means none."""
    if word and word not in PRICES:
        usage_error(f"--prices is {word!r}; it should be {' or '.join(PRICES)}")
    return PRICES.get(word, pb.PRICE_BASIS_UNSPECIFIED)


def report_adjustment(one: pb.PriceAdjustment) -> None:
    """Say on standard error what earlier prices are adjusted by."""
    before = one.before.ToDatetime().isoformat(sep=" ", timespec="minutes")
    what = (
        f"before {before}Z it was {one.previous_instrument_id}"
        if one.previous_instrument_id
        else f"prices before {before}Z are adjusted for a split {one.new_shares}:{one.old_shares}"
    )
    errors.print(f"{one.instrument_id}: {what}", style="yellow", highlight=False)


def interval_of(word: str) -> pb.CandleInterval:
    """Return the interval for a word; exit with the usage code if there is none."""
    if word not in INTERVALS:
        usage_error(f"the interval is {word!r}; it should be one of {', '.join(INTERVALS)}")
    return INTERVALS[word]


def time_of(word: str, option: str) -> Timestamp | None:
    """Read a time; None if it is not given. Exits with the usage code if it cannot be read."""
    if not word:
        return None
    stamp = Timestamp()
    if age := re.fullmatch(r"(\d{1,6})([smhd])", word):
        stamp.FromSeconds(int(time.time()) - int(age[1]) * UNITS_S[age[2]])
        return stamp
    try:
        at = dt.datetime.fromisoformat(word)
    except ValueError:
        usage_error(f"{option} is {word!r}; it should be {TIME_WORDS}")
    stamp.FromDatetime(at if at.tzinfo else at.replace(tzinfo=dt.UTC))
    return stamp


def set_range(request: pb.ListCandlesRequest | pb.ListTradesRequest | pb.ReplayRequest,
              begin: str, end: str) -> None:  # fmt: skip
    """Set `from` and `to` of a request, where they are given."""
    for field, word in (("from", begin), ("to", end)):
        if stamp := time_of(word, f"--{field}"):
            getattr(request, field).CopyFrom(stamp)


def report_gap(gap: pb.HistoryGap) -> None:
    """Say on standard error where trades are missing."""
    begin = getattr(gap, "from").ToDatetime().isoformat(sep=" ", timespec="seconds")
    until = gap.until.ToDatetime().isoformat(sep=" ", timespec="seconds")
    dropped = gap.cause == pb.HISTORY_GAP_CAUSE_DROPPED
    why = f"{gap.dropped_trades} trades were dropped" if dropped else "it was not recorded"
    text = f"{gap.venue_mic} from {begin}Z to {until}Z: {why}, trades may be missing"
    errors.print(text, style="yellow", highlight=False)
