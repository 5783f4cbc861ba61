"""Trades and quotes for logs to have, written by the store of svc_marketdata itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kernel.nanoseconds import NS_PER_MS, NS_PER_S
from kernel.trading_calendar import UTC_DAYS
from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.adapters.postgres.history.store import PostgresHistory
from svc_marketdata.domain.history.quotes import (
    HAS_ASK,
    HAS_BID,
    PastQuote,
    QuoteBlock,
    block_start,
    pack,
)
from svc_marketdata.domain.history.reports import Report
from svc_marketdata.domain.market import Aggressor, Trade
from svc_marketdata.service.history.ports import Batch, Kept
from tests.support.postgres import as_service


class PriceLog:
    """Writes as a replica of svc_marketdata does, one transaction a call."""

    def __init__(self, store: PostgresHistory) -> None:
        self._store = store

    async def trades(
        self, at_ns: int, *named: tuple[str, str, str], withdrawn: bool = False
    ) -> None:
        """Report trades, each by listing, id and price."""
        made = [
            (name, key, Trade(key, price, "1", Aggressor.BUY, at_ns, 0, withdrawn=withdrawn))
            for name, key, price in named
        ]
        day = UTC_DAYS.day_of(at_ns)
        reports = [
            Report(name, key, at_ns + n, at_ns + n, one, day)
            for n, (name, key, one) in enumerate(made)
        ]
        await self._store.write(Batch(reports), at_ns)

    async def quote(self, name: str, at_ns: int, bid: int) -> None:
        """Store a quote with a bid, in 10⁻⁹, and an ask above it."""
        one = PastQuote(at_ns // NS_PER_MS, bid, NS_PER_S, bid + 1, NS_PER_S, HAS_BID | HAS_ASK, 1)
        block = QuoteBlock(name, block_start(name, at_ns), pack([one]))
        await self._store.write_quotes([block], NS_PER_S)


@asynccontextmanager
async def price_log(url: str) -> AsyncIterator[PriceLog]:
    """Write with the role of the service to a database that is migrated."""
    database = Database(as_service(url, "marketdata"))
    await database.open()
    try:
        yield PriceLog(PostgresHistory(database, Kept(31, 1830, 3)))
    finally:
        await database.close()
