"""svc_marketdata with a database, and trades of a scripted gateway."""

import asyncio
import time
from contextlib import asynccontextmanager

from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import feed_service_pb2 as feed_pb
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from ordermesh.marketdata.v1 import history_service_pb2_grpc, market_data_pb2
from tests.integration.marketdata.conftest import Service, running
from tests.support.marketdata_process import marketdata_process
from tests.support.postgres import as_service
from tests.support.waiting import POLL_S, WAIT_S

ASML, ING = "ASML.SIMA", "ING.SIMA"
NS_PER_S = 1_000_000_000
HOUR_NS = 3_600 * NS_PER_S
MINUTE = pb.CANDLE_INTERVAL_MINUTE


def stamp(at_ns):
    return to_timestamp(at_ns)


def request(kind, names=(ASML,), from_ns=0, to_ns=0, **fields):
    times = {"from": stamp(from_ns)} if from_ns else {}
    if to_ns:
        times["to"] = stamp(to_ns)
    return kind(instrument_ids=names, **times, **fields)


def trade(name, price, size="1", trade_id="", at_ns=0, received_ns=0, **fields):
    """A report of a trade, made now unless it says when."""
    now_ns = time.time_ns()
    made = market_data_pb2.Trade(
        trade_id=trade_id, price=price, size=size, aggressor=1,
        venue_time=stamp(at_ns or now_ns), **fields,
    )  # fmt: skip
    return feed_pb.FeedUpdate(
        instrument_id=name, received_at=stamp(received_ns or now_ns), trade=made
    )


async def eventually(condition, what):
    """Wait until a coroutine function returns something true."""
    try:
        async with asyncio.timeout(WAIT_S):
            while not await condition():
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise AssertionError(f"not within {WAIT_S:.0f} s: {what}") from None


class Past:
    """The history of a running service."""

    def __init__(self, service):
        self.service = service
        self.stub = history_service_pb2_grpc.HistoryServiceStub(service.channel("envoy"))

    async def candles(self, *names, interval=MINUTE, **fields):
        asked = request(pb.ListCandlesRequest, names or (ASML,), interval=interval, **fields)
        return await self.stub.ListCandles(asked, metadata=self.service.metadata)

    async def trades(self, *names, **fields):
        asked = request(pb.ListTradesRequest, names or (ASML,), **fields)
        return await self.stub.ListTrades(asked, metadata=self.service.metadata)

    async def last_trades(self, *names, latest=1000, **fields):
        return list((await self.trades(*names, latest=latest, **fields)).trades)

    async def until_trades(self, count, *names):
        async def there():
            return len(await self.last_trades(*names)) == count

        await eventually(there, f"{count} trades are stored")
        return await self.last_trades(*names)

    async def all_candles(self, *names, **fields):
        """Every page."""
        found, token = [], ""
        while True:
            page = await self.candles(*names, page_token=token, **fields)
            found += [(one.instrument_id, c) for one in page.instruments for c in one.candles]
            token = page.next_page_token
            if not token:
                return found


@asynccontextmanager
async def recorded(folder, mint, url, **settings):
    """Run svc_marketdata with the role of the service."""
    database_url = as_service(url, "marketdata")
    async with running(folder, mint, database_url=database_url, **settings) as service:
        yield service, Past(service)


@asynccontextmanager
async def replica(folder, mint, url, logs, **settings):
    """Run a process of svc_marketdata, which may be killed or have others beside it."""
    async with marketdata_process(url, folder, mint, logs, **settings) as process:
        service = Service(process.port, folder, mint)
        try:
            yield process, Past(service)
        finally:
            await service.close()
