"""`ordermesh candles`, `trades`, `replay` and `history export`, against a real svc_marketdata."""

# ruff: noqa: N802  # handlers are named as the rpcs are

import asyncio
import json
import time
from decimal import Decimal

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from meshctl.client import local_mesh
from ordermesh.marketdata.v1 import history_service_pb2_grpc
from tests.integration.marketdata.history.support import ASML, HOUR_NS, NS_PER_S, Past, trade
from tests.support.fake_edge import FakeEdge
from tests.support.terminal import Terminal

COUNT = 40


class Edge(history_service_pb2_grpc.HistoryServiceServicer):
    """Passes calls on to the service, as the edge does."""

    def __init__(self, past: Past) -> None:
        self._past = past

    async def ListCandles(self, request, context):
        return await self._passed(self._past.stub.ListCandles, request, context)

    async def ListTrades(self, request, context):
        return await self._passed(self._past.stub.ListTrades, request, context)

    async def Replay(self, request, _):
        async for part in self._past.stub.Replay(request, metadata=self._past.service.metadata):
            yield part

    async def _passed(self, rpc, request, context):
        try:
            return await rpc(request, metadata=self._past.service.metadata)
        except grpc.aio.AioRpcError as error:
            details = tuple(error.trailing_metadata())
            return await context.abort(error.code(), error.details(), details)


@pytest.fixture
async def begin_ns(past, feed):
    """When the first of 40 trades was made; one each 30 s."""
    begin_ns = time.time_ns() // HOUR_NS * HOUR_NS - HOUR_NS
    await feed.send(
        updates=[
            trade(ASML, f"{100 + n % 7}.25", "0.5", f"T{n}", begin_ns + n * 30 * NS_PER_S)
            for n in range(COUNT)
        ]
    )
    await past.until_trades(COUNT)
    return begin_ns


@pytest.fixture
async def terminal(past, begin_ns, tls_folder, tmp_path):
    del begin_ns  # the trades are there
    edge = FakeEdge()
    edge.real.append(
        lambda server: history_service_pb2_grpc.add_HistoryServiceServicer_to_server(
            Edge(past), server
        )
    )
    await edge.start(tls_folder)
    made = Terminal(edge, edge.home(tmp_path / "home", tls_folder))
    async with local_mesh(made.home) as client:
        await client.login("alice", "right")
    yield made
    await edge.stop()


def lines(out):
    return [json.loads(line) for line in out.splitlines()]


async def test_candles_are_a_table_or_lines(terminal):
    shown = await terminal.done("candles", ASML, "1m", "--latest", "3")
    assert "VWAP" in shown
    assert "104.25" in shown
    found = lines(await terminal.done("candles", ASML, "5m", "--from", "3h", "--json"))
    assert sum(one["trade_count"] for one in found) == COUNT
    assert all(one["interval_s"] == 300 for one in found)


async def test_trades_are_a_table_or_lines(terminal):
    assert "T39" in await terminal.done("trades", ASML)
    found = lines(await terminal.done("trades", ASML, "--from", "3h", "--json"))
    assert [one["trade"]["trade_id"] for one in found] == [f"T{n}" for n in range(COUNT)]


async def test_a_replay_prints_the_trades(terminal):
    out = await terminal.done("history", "replay", ASML, "--from", "3h", "--speed", "0")
    assert out.count("0.5 @ ") == COUNT
    found = lines(
        await terminal.done("history", "replay", ASML, "--from", "3h", "--speed", "0", "--json")
    )
    assert {"quote", "candle", "trade"} <= {kind for one in found for kind in one.get("update", {})}


async def test_exports_have_what_the_history_has(terminal, past, begin_ns, tmp_path):
    file = tmp_path / "candles.parquet"
    await terminal.done("history", "export", "candles", str(file), ASML, "--from", "3h")
    rows = pq.read_table(file).to_pylist()
    stored = await past.all_candles(from_ns=begin_ns)
    assert len(rows) == len(stored) == COUNT // 2
    for row, (name, candle) in zip(rows, stored, strict=True):
        assert row["instrument_id"] == name
        assert row["start"].timestamp() == candle.start.seconds
        for column in ("open", "high", "low", "close"):
            assert row[column] == Decimal(getattr(candle, f"{column}_price"))
        assert (row["volume"], row["vwap"]) == (Decimal(candle.volume), Decimal(candle.vwap_price))
        assert (row["trade_count"], row["complete"]) == (candle.trade_count, candle.complete)
    about = pq.read_schema(file).metadata
    assert (about[b"ordermesh.prices"], about[b"ordermesh.adjustments"]) == (b"adjusted", b"[]")
    file = tmp_path / "trades.parquet"
    await terminal.done("history", "export", "trades", str(file), ASML, "--from", "3h")
    assert pq.read_schema(file).metadata[b"ordermesh.prices"] == b"raw"
    table = pq.read_table(file)
    trades = await past.last_trades()
    times = table["time"].cast(pa.int64()).to_pylist()
    assert times == [one.trade.venue_time.ToNanoseconds() for one in trades]
    rows = table.drop_columns(["time", "received_at"]).to_pylist()
    assert [(row["trade_id"], row["price"], row["size"]) for row in rows] == [
        (one.trade.trade_id, Decimal(one.trade.price), Decimal(one.trade.size)) for one in trades
    ]
    assert {row["counts"] for row in rows} == {True}
    assert {path.name for path in tmp_path.glob("*.parquet*")} == {
        "candles.parquet",
        "trades.parquet",
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("candles", ASML, "2m"), "one of 1s, 5s"),
        (("candles", ASML, "--from", "yesterday"), "--from is 'yesterday'"),
        (("trades", ASML, "--from", "3h", "--to", "25:00"), "--to is '25:00'"),
        (("history", "replay", ASML, "--from", "3x"), "--from is '3x'"),
        (("candles", ASML, "--prices", "new"), "--prices is 'new'; it should be adjusted or raw"),
        (("history", "export", "trades", "no/such/t.parquet", ASML, "--from", "3h"), "no folder"),
    ],
)
async def test_what_cannot_be_read_is_named(terminal, words, says):
    code, _, errors = await terminal.run(*words)
    assert code == 2
    assert says in errors


async def test_a_refusal_names_the_bound(terminal, tmp_path):
    file = tmp_path / "t.parquet"
    code, _, errors = await terminal.run(
        "history", "export", "trades", str(file), ASML, "--from", "400d"
    )
    assert code == 3
    assert "at most 31 days" in errors
    assert not list(tmp_path.glob("t.parquet*"))


async def test_watch_follows_the_building_candle(past, feed, terminal):
    words = ("candles", ASML, "1d", "--latest", "1", "--watch", "--json")
    running = asyncio.create_task(terminal.run(*words))
    out = terminal.home.run / "out"

    async def printed(count):
        while not out.exists() or len(out.read_text().splitlines()) < count:
            await asyncio.sleep(0.01)
        return lines(out.read_text())

    async with asyncio.timeout(30):
        (first,) = await printed(1)
        await feed.send(updates=[trade(ASML, "105.5", "1", "NEW")])
        await past.until_trades(COUNT + 1)
        _, second = await printed(2)
    assert second["trade_count"] == first["trade_count"] + 1
    assert second["close_price"] == "105.5"
    await terminal.edge.stop()
    assert (await running)[0] == 4
