"""`ordermesh history export candles` and `export trades`: Parquet files, a page at a time."""

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from google.protobuf.json_format import MessageToDict

from meshctl.commands.common import resolve, say, usage_error, with_mesh
from meshctl.commands.history.ranges import (
    INTERVALS,
    PRICES,
    FromOption,
    PricesOption,
    ToOption,
    interval_of,
    prices_of,
    report_adjustment,
    report_gap,
    set_range,
)
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh_client import MeshClient

DECIMAL_DIGITS: Final = 27
TOTAL_DIGITS: Final = 38
"""A volume is a sum: it may have more digits than a number."""
FRACTION_DIGITS: Final = 9
CANDLE_COLUMNS: Final = (
    ("instrument_id", "text"), ("start", "time"), ("open", "decimal"), ("high", "decimal"),
    ("low", "decimal"), ("close", "decimal"), ("volume", "total"), ("vwap", "decimal"),
    ("trade_count", "count"), ("complete", "flag"),
)  # fmt: skip
TRADE_COLUMNS: Final = (
    ("instrument_id", "text"), ("time", "time"), ("price", "decimal"), ("size", "decimal"),
    ("trade_id", "text"), ("aggressor", "text"), ("off_market", "text"), ("counts", "flag"),
    ("received_at", "time"),
)  # fmt: skip

FileArgument = Annotated[Path, typer.Argument(help="File to write, as in candles.parquet.")]
SymbolsArgument = Annotated[list[str], typer.Argument(help="ASML, ASML.SIMA ...")]
HistoryPage = pb.ListCandlesResponse | pb.ListTradesResponse
Rows = AsyncIterator[tuple[HistoryPage, list[Sequence[Any]]]]


@with_mesh
async def export_candles(
    mesh: MeshClient,
    file: FileArgument,
    symbols: SymbolsArgument,
    begin: FromOption,
    end: ToOption = "",
    interval: Annotated[str, typer.Option(help=f"{', '.join(INTERVALS)}.")] = "1m",
    prices: PricesOption = "",
) -> None:
    """Write candles to a Parquet file: prices as decimals, times in UTC."""
    request = pb.ListCandlesRequest(
        instrument_ids=await _ids(mesh, symbols), interval=interval_of(interval),
        prices=prices_of(prices),
    )  # fmt: skip
    set_range(request, begin, end)

    async def rows() -> Rows:
        async for page in mesh.pages(mesh.history.ListCandles, request):
            yield page, [
                (series.instrument_id, one.start.ToNanoseconds(), *map(_decimal, (
                    one.open_price, one.high_price, one.low_price, one.close_price, one.volume,
                    one.vwap_price)), one.trade_count, one.complete)
                for series in page.instruments
                for one in series.candles
            ]  # fmt: skip

    await _write(file, CANDLE_COLUMNS, rows(), {"interval": interval})


@with_mesh
async def export_trades(
    mesh: MeshClient,
    file: FileArgument,
    symbols: SymbolsArgument,
    begin: FromOption,
    end: ToOption = "",
    prices: PricesOption = "",
) -> None:
    """Write trades to a Parquet file, as they finally stand; withdrawn ones are left out."""
    request = pb.ListTradesRequest(
        instrument_ids=await _ids(mesh, symbols), prices=prices_of(prices)
    )
    set_range(request, begin, end)

    async def rows() -> Rows:
        async for page in mesh.pages(mesh.history.ListTrades, request):
            yield page, [
                (one.instrument_id, one.trade.venue_time.ToNanoseconds(),
                 _decimal(one.trade.price), _decimal(one.trade.size), one.trade.trade_id,
                 _word(market_data_pb2.AggressorSide.Name(one.trade.aggressor), "AGGRESSOR_SIDE_"),
                 _word(market_data_pb2.OffMarket.Name(one.trade.off_market), "OFF_MARKET_"),
                 one.counts, one.trade.received_at.ToNanoseconds())
                for one in page.trades
            ]  # fmt: skip

    await _write(file, TRADE_COLUMNS, rows(), {})


async def _ids(mesh: MeshClient, symbols: Sequence[str]) -> list[str]:
    found = await asyncio.gather(*(resolve(mesh, symbol) for symbol in symbols))
    return [one.instrument_id for one in found]


async def _write(
    file: Path, columns: Sequence[tuple[str, str]], pages: Rows, about: dict[str, str]
) -> None:
    """Write pages of rows; the file has its name only when it is whole."""
    arrow, parquet = _libraries()
    types = {
        "text": arrow.string(),
        "time": arrow.timestamp("ns", tz="UTC"),
        "decimal": arrow.decimal128(DECIMAL_DIGITS, FRACTION_DIGITS),
        "total": arrow.decimal128(TOTAL_DIGITS, FRACTION_DIGITS),
        "count": arrow.int64(),
        "flag": arrow.bool_(),
    }
    schema = arrow.schema([(name, types[kind]) for name, kind in columns])
    if not file.parent.is_dir():
        usage_error(f"there is no folder {file.parent}")
    partial = file.with_name(f"{file.name}.partial")
    writer, count = None, 0
    try:
        async for page, rows in pages:
            if writer is None:
                # Gaps and adjustments come with the first page.
                noted = about | {
                    "gaps": json.dumps([MessageToDict(gap) for gap in page.gaps]),
                    "prices": next(word for word, basis in PRICES.items() if basis == page.prices),
                    "adjustments": json.dumps([MessageToDict(one) for one in page.adjustments]),
                }
                for gap in page.gaps:
                    report_gap(gap)
                for one in page.adjustments:
                    report_adjustment(one)
                schema = schema.with_metadata({f"ordermesh.{key}": v for key, v in noted.items()})
                writer = parquet.ParquetWriter(partial, schema, compression="zstd")
            if rows:
                values = zip(*rows, strict=True)
                arrays = [arrow.array(v, f.type) for v, f in zip(values, schema, strict=True)]
                writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
                count += len(rows)
    except BaseException:
        if writer is not None:
            writer.close()
        partial.unlink(missing_ok=True)
        raise
    assert writer is not None, "there is always a first page"
    writer.close()
    partial.replace(file)
    say(f"{count} rows in {file}")


def _libraries() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        usage_error("Parquet files need pyarrow: `pip install 'ordermesh[parquet]'`")


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _word(name: str, prefix: str) -> str | None:
    return name.removeprefix(prefix).replace("UNSPECIFIED", "") or None
