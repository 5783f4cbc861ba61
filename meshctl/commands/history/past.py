"""`ordermesh candles`, `trades` and `replay`."""

import asyncio
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from meshctl.commands.common import JsonOption, console, emit, resolve, say, table, with_mesh
from meshctl.commands.history.export import export_candles, export_trades
from meshctl.commands.history.ranges import (
    INTERVALS,
    FromOption,
    PricesOption,
    ToOption,
    interval_of,
    prices_of,
    report_adjustment,
    report_gap,
    set_range,
)
from meshctl.commands.words import listing_words, sides_words
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh_client import MeshClient

LATEST_DEFAULT: Final = 30
WATCH_PAUSE_S: Final = 1.0
NO_SIDES: Final = sides_words(market_data_pb2.Quote())

history = typer.Typer(help="Prices of the past: as files, and replayed.", no_args_is_help=True)
export = typer.Typer(help="Write Parquet files.", no_args_is_help=True)
export.command("candles")(export_candles)
export.command("trades")(export_trades)
history.add_typer(export, name="export")

LatestOption = Annotated[
    int, typer.Option("--latest", min=0, max=5000, help="The last ones; 30 if no --from is given.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(candles)
    app.command()(trades)
    history.command()(replay)
    app.add_typer(history, name="history")


@with_mesh
async def candles(
    mesh: MeshClient,
    symbol: Annotated[str, typer.Argument(help="ASML, ASML.SIMA ...")],
    interval: Annotated[str, typer.Argument(help=f"{', '.join(INTERVALS)}.")] = "1m",
    begin: FromOption = "",
    end: ToOption = "",
    latest: LatestOption = 0,
    prices: PricesOption = "",
    watch: Annotated[bool, typer.Option("--watch", help="Follow the building candle.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show candles of a listing; the last one is building, unless it is complete."""
    listing = await resolve(mesh, symbol)
    request = pb.ListCandlesRequest(
        instrument_ids=[listing.instrument_id], interval=interval_of(interval),
        latest=latest or (0 if begin else LATEST_DEFAULT), prices=prices_of(prices),
    )  # fmt: skip
    set_range(request, begin, end)
    shown = candle_table(f"{listing_words(listing)} {interval}")
    last = market_data_pb2.Candle()
    async for page in mesh.pages(mesh.history.ListCandles, request):
        for gap in page.gaps:
            report_gap(gap)
        for one in page.adjustments:
            report_adjustment(one)
        for series in page.instruments:
            for candle in series.candles:
                last = candle
                if as_json:
                    emit(candle)
                else:
                    shown.add_row(*candle_cells(candle))
    if not as_json:
        console.print(shown if shown.row_count else "no candles")
    if watch:
        await _follow(mesh, request, last, as_json=as_json)


async def _follow(
    mesh: MeshClient, before: pb.ListCandlesRequest, last: market_data_pb2.Candle, *, as_json: bool
) -> None:
    """Print a candle whenever it has changed; the history is at most a second old."""
    request = pb.ListCandlesRequest(
        instrument_ids=before.instrument_ids, interval=before.interval, latest=2,
        prices=before.prices,
    )  # fmt: skip
    known = {last.start.seconds: last}
    while True:
        await asyncio.sleep(WATCH_PAUSE_S)
        answer = await mesh.call(mesh.history.ListCandles, request)
        found = {one.start.seconds: one for series in answer.instruments for one in series.candles}
        for start, candle in found.items():
            if known.get(start) != candle and start >= last.start.seconds:
                if as_json:
                    emit(candle)
                else:
                    say("  ".join(candle_cells(candle)))
        known = found


@with_mesh
async def trades(
    mesh: MeshClient,
    symbol: Annotated[str, typer.Argument(help="ASML, ASML.SIMA ...")],
    begin: FromOption = "",
    end: ToOption = "",
    latest: Annotated[
        int, typer.Option(min=0, max=1000, help="The last ones; 30 if no --from is given.")
    ] = 0,
    prices: PricesOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show trades of a listing as they finally stand; withdrawn ones are left out."""
    listing = await resolve(mesh, symbol)
    request = pb.ListTradesRequest(
        instrument_ids=[listing.instrument_id],
        latest=latest or (0 if begin else LATEST_DEFAULT),
        prices=prices_of(prices),
    )
    set_range(request, begin, end)
    shown = table(
        "time", "price", "size", "aggressor", "id", "", title=listing_words(listing),
        whole=("time",),
    )  # fmt: skip
    async for page in mesh.pages(mesh.history.ListTrades, request):
        for gap in page.gaps:
            report_gap(gap)
        for one in page.adjustments:
            report_adjustment(one)
        for stored in page.trades:
            if as_json:
                emit(stored)
            else:
                shown.add_row(*trade_cells(stored))
    if not as_json:
        console.print(shown if shown.row_count else "no trades")


@with_mesh
async def replay(
    mesh: MeshClient,
    symbols: Annotated[list[str], typer.Argument(help="ASML, ASML.SIMA ...")],
    begin: FromOption = "",
    end: ToOption = "",
    speed: Annotated[
        int, typer.Option(min=0, max=100_000, help="How many times faster; 0: at once.")
    ] = 1,
    as_json: JsonOption = False,
) -> None:
    """Replay quotes and trades of the past; with --json candles, too. Ctrl-S pauses."""
    listings = await asyncio.gather(*(resolve(mesh, symbol) for symbol in symbols))
    topics = [market_data_pb2.TOPIC_TRADE, market_data_pb2.TOPIC_QUOTE]
    if as_json:
        topics.append(market_data_pb2.TOPIC_CANDLE)
    request = pb.ReplayRequest(
        subscription={
            "instrument_ids": [one.instrument_id for one in listings], "topics": topics,
            "mode": "DELIVERY_MODE_EVERY_EVENT",
        },
        speed=speed,
    )  # fmt: skip
    set_range(request, begin, end)
    names = {one.instrument_id: listing_words(one) for one in listings}
    shown: dict[str, str] = {}
    async for item in mesh.replay(request):
        update = item.update
        if as_json:
            emit(item)
        elif update.HasField("trade"):
            trade = update.trade
            say(f"{time_text(trade.venue_time)}  {names[update.instrument_id]:<14}"
                f" {trade.size:>10} @ {trade.price}")  # fmt: skip
        elif update.HasField("quote"):
            # A trade changes the quote, too, but not its best prices.
            sides = f"{sides_words(update.quote)}{'  stale' if update.quote.stale else ''}"
            if shown.get(update.instrument_id, NO_SIDES) != sides:
                shown[update.instrument_id] = sides
                say(f"{time_text(update.quote.received_at)}  {names[update.instrument_id]:<14}"
                    f" {sides}")  # fmt: skip


def candle_table(title: str) -> Table:
    """Make an empty table of candles."""
    return table(
        "start", "open", "high", "low", "close", "volume", "VWAP", "trades", "", title=title,
        whole=("start",),
    )  # fmt: skip


def candle_cells(candle: market_data_pb2.Candle) -> tuple[str, ...]:
    """Return a row of that table."""
    return (
        time_text(candle.start), candle.open_price, candle.high_price, candle.low_price,
        candle.close_price, candle.volume, candle.vwap_price, str(candle.trade_count),
        "" if candle.complete else "building",
    )  # fmt: skip


def trade_cells(stored: pb.StoredTrade) -> tuple[str, ...]:
    """Return a row of the table of trades."""
    trade = stored.trade
    aggressor = market_data_pb2.AggressorSide.Name(trade.aggressor)
    why = market_data_pb2.OffMarket.Name(trade.off_market) if trade.off_market else ""
    return (
        time_text(trade.venue_time), trade.price, trade.size,
        aggressor.removeprefix("AGGRESSOR_SIDE_").replace("UNSPECIFIED", ""),
        trade.trade_id, why.removeprefix("OFF_MARKET_"),
    )  # fmt: skip


def time_text(stamp: Any) -> str:
    """Show a time to the millisecond, and a whole second as one: "2026-11-30 09:30:00Z"."""
    at = stamp.ToDatetime()
    precision = "milliseconds" if at.microsecond else "seconds"
    return f"{at.isoformat(sep=' ', timespec=precision)}Z"
