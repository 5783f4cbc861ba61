"""The price history: trades written, candles read, in the data layer of svc_marketdata."""

import random
import tempfile
import time
from pathlib import Path

import uvloop

from bench.bare.postgres import embedded_postgres
from bench.measure import Figure, Plan
from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from kernel.trading_calendar import UTC_DAYS, TradingCalendar
from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.adapters.postgres.history import statements as sql
from svc_marketdata.adapters.postgres.history.reader import PostgresHistoryReader
from svc_marketdata.adapters.postgres.history.store import PostgresHistory
from svc_marketdata.adapters.postgres.migrate import migrate
from svc_marketdata.domain.history.hours import Minute, hour_of, pack
from svc_marketdata.domain.history.intervals import HOUR_NS, MINUTE_NS, Interval
from svc_marketdata.domain.history.reports import Report
from svc_marketdata.domain.market import Aggressor, Trade
from svc_marketdata.service.history.candles import PastCandles
from svc_marketdata.service.history.ports import Batch, Kept

LISTINGS = [f"L{n:03}.SIMA" for n in range(200)]
CHART_LISTINGS = LISTINGS[:40]
DAYS = 61
WEEKDAYS = 5
FIRST_HOUR, HOURS_A_DAY, LAST_MINUTES = 8, 9, 30
"""Trading from 8:00 to 16:30 UTC."""
CENT = 10_000_000
BATCH_TRADES = 5_000


def measure(plan: Plan) -> list[Figure]:
    """Seconds of reads, and trades written a second."""
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
        return uvloop.run(_measure(plan, Path(folder)))


async def _measure(plan: Plan, folder: Path) -> list[Figure]:
    months = Figure("history, 1-minute candles of 200 listings and 2 months", "s")
    chart = Figure("history, 60 daily and a day's 1-minute candles of 40 listings", "s")
    written = Figure("history, trades written", "trades/s")
    async with embedded_postgres(folder) as server:
        await migrate(server.owner_url("marketdata"))
        database = Database(server.owner_url("marketdata"))
        await database.open()
        begin_ns, end_ns = await _fill(database)
        reader = PostgresHistoryReader(database)
        calendar = TradingCalendar("Europe/Amsterdam", 0, range(WEEKDAYS))
        past = PastCandles(reader, lambda _: calendar, {})
        store = PostgresHistory(database, Kept(31, 1_830))
        for _ in range(plan.repeats):
            start = time.perf_counter()
            found = await reader.hours(LISTINGS, begin_ns, end_ns)
            count = sum(len(hour.unpacked().minutes) for hours in found.values() for hour in hours)
            months.values.append(time.perf_counter() - start)
            months.note = f"{count:,} candles"
            del found
            start = time.perf_counter()
            await past.last(CHART_LISTINGS, Interval.DAY, end_ns, 60)
            await past.last(CHART_LISTINGS, Interval.MINUTE, end_ns, 510)
            chart.values.append(time.perf_counter() - start)
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < plan.seconds:
            await store.write(_batch(done), time.time_ns())
            done += BATCH_TRADES
        written.values.append(done / (time.perf_counter() - start))
        written.note = f"{BATCH_TRADES:,} a transaction"
        await database.close()
    return [months, chart, written]


async def _fill(database: Database) -> tuple[int, int]:
    """Store candles of two months; return when they begin and end."""
    chance = random.Random(1)  # noqa: S311  # no secret
    end_ns = time.time_ns() // NS_PER_DAY * NS_PER_DAY
    begin_ns = end_ns - DAYS * NS_PER_DAY
    monday_ns = 4 * NS_PER_DAY  # 1970-01-05
    for day_ns in range(begin_ns, end_ns, NS_PER_DAY):
        if (day_ns - monday_ns) // NS_PER_DAY % 7 >= WEEKDAYS:
            continue
        rows = []
        for name in LISTINGS:
            price = chance.randrange(1_000, 90_000)
            for number in range(HOURS_A_DAY):
                start_ns = day_ns + (FIRST_HOUR + number) * HOUR_NS
                minutes = LAST_MINUTES if number == HOURS_A_DAY - 1 else 60
                made = [_minute(chance, start_ns + m * MINUTE_NS, price) for m in range(minutes)]
                rows.append((name, start_ns, pack(hour_of(made))))
        async with database.transaction() as connection:
            day = time.gmtime(day_ns // NS_PER_S)
            await connection.execute(
                "SELECT marketdata.add_history_partition('candle_hours', make_date($1, $2, $3))",
                day.tm_year, day.tm_mon, day.tm_mday,
            )  # fmt: skip
            await connection.execute(sql.PUT_HOURS, *map(list, zip(*rows, strict=True)))
    async with database.transaction() as connection:
        await connection.execute(sql.SET_PACKED_UNTIL, end_ns)
    return begin_ns, end_ns


def _minute(chance: random.Random, start_ns: int, price: int) -> Minute:
    opened, close = (price + chance.randrange(-50, 50) for _ in range(2))
    high, low = max(opened, close) + chance.randrange(9), min(opened, close) - chance.randrange(9)
    volume = chance.randrange(1, 50_000)
    turnover = volume * (opened + close) // 2 * CENT * NS_PER_S
    prices = (opened * CENT, high * CENT, low * CENT, close * CENT)
    return Minute(start_ns, *prices, volume * NS_PER_S, turnover, chance.randrange(1, 300))


def _batch(first: int) -> Batch:
    now_ns = time.time_ns()
    trades = (
        Trade(f"T{first + n}", f"{100 + n % 50}.5", "25", Aggressor.BUY, now_ns + n, now_ns + n)
        for n in range(BATCH_TRADES)
    )
    return Batch(
        [
            Report(
                LISTINGS[n % len(LISTINGS)],
                one.trade_id,
                now_ns + n,
                now_ns + n,
                one,
                UTC_DAYS.day_of(now_ns + n),
            )
            for n, one in enumerate(trades)
        ]
    )
