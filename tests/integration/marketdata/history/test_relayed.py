"""What readers of logs see of trades and quotes: every change of a trade, the newest quote."""

import json
import time

from eventlog.logs import Log, Position
from eventlog.rights import ReaderName
from eventlog.source import LogSource
from meshctl.stack.servers.postgres import READERS
from svc_marketdata.adapters.postgres.migrate import let_read_logs
from tests.integration.marketdata.history.support import ASML, ING, NS_PER_S
from tests.support.postgres import as_service
from tests.support.price_log import price_log


async def test_each_change_of_a_trade_is_an_entry_and_a_listing_has_its_newest_quote(
    marketdata_url,
):
    await let_read_logs(marketdata_url, ReaderName.RELAY, READERS["relay"])
    url, now_ns = as_service(marketdata_url, "relay"), time.time_ns()
    source = LogSource(url, (Log.TRADES, Log.QUOTES), ReaderName.RELAY.value)
    async with price_log(marketdata_url) as prices:
        await prices.trades(now_ns, (ASML, "T1", "10.5"), (ING, "T1", "7"), (ASML, "T2", "11"))
        # Reported again by another replica, and withdrawn.
        await prices.trades(now_ns, (ASML, "T1", "10.5"))
        await prices.trades(now_ns + 1_000, (ASML, "T1", "10.5"), withdrawn=True)
        for n in range(3):
            await prices.quote(ASML, now_ns + n * NS_PER_S, 100 + n)
        await prices.quote(ING, now_ns, 200)
        # What is older than the newest quote changes nothing.
        await prices.quote(ASML, now_ns - 60 * NS_PER_S, 90)
    heads = await source.heads()
    assert heads.closed == {}
    trades = (await source.page(Log.TRADES, 0)).entries
    assert [(one.key, one.sequence) for one in trades] == [
        (ASML, 1),
        (ING, 1),
        (ASML, 2),
        (ASML, 3),
    ]
    assert heads.numbers[Log.TRADES] == trades[-1].log_number
    first, last = json.loads(trades[0].payload), json.loads(trades[-1].payload)
    assert (first["trade"], first["price"], first["withdrawn"]) == ("T1", "10.5", False)
    assert (last["trade"], last["withdrawn"]) == ("T1", True)
    quotes = (await source.page(Log.QUOTES, 0)).entries
    assert [(one.key, one.sequence) for one in quotes] == [(ASML, 3), (ING, 1)]
    assert json.loads(quotes[0].payload)["bid_price"] == "0.000000102"
    # A place whose entry a newer one replaced is still a place of this log.
    assert await source.has(Log.QUOTES, Position(1, b"replaced"))
    assert not await source.has(Log.QUOTES, Position(99, b"of another database"))
    await source.close()
