"""A background part that fails by a fault of ours: prices go on, and it is started again."""

# ruff: noqa: S608 - the names are constants of the tests

import asyncpg
from prometheus_client import REGISTRY

from meshctl.stack.servers.postgres import ROLES
from ordermesh.marketdata.v1 import history_service_pb2 as history_pb
from ordermesh.marketdata.v1 import instrument_service_pb2 as instruments_pb
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from ordermesh.marketdata.v1 import reference_data_service_pb2 as reference_pb
from tests.integration.marketdata.history.support import ASML, eventually, recorded, trade
from tests.support.marketdata_database import marketdata_url
from tests.support.waiting import until

__all__ = ["marketdata_url"]

TRADES = 20
ROLE = ROLES["marketdata"]
CSV = b"isin,type,name\nNL0011821202,SHARE,Later Holding\n"


def of_part(figure, part):
    return REGISTRY.get_sample_value(f"ordermesh_marketdata_{figure}", {"part": part})


async def last_price(service):
    answer = await service.prices.GetSnapshot(
        pb.GetSnapshotRequest(instrument_ids=[ASML]), metadata=service.metadata
    )
    return answer.updates[0].quote.last_price


async def test_a_trade_that_cannot_be_written_stops_neither_prices_nor_other_trades(
    tls_folder, mint, marketdata_url
):
    owner = await asyncpg.connect(marketdata_url)
    await owner.execute("ALTER TABLE marketdata.trades ADD CHECK (key <> 'T13')")
    async with recorded(tls_folder, mint, marketdata_url) as (service, past):
        gateway = await service.gateway().open()
        await gateway.send(updates=[trade(ASML, str(10 + n), "1", f"T{n}") for n in range(TRADES)])
        stored = await past.until_trades(TRADES - 1)
        assert "T13" not in {one.trade.trade_id for one in stored}
        assert of_part("part_failures_total", "history") > 0
        assert REGISTRY.get_sample_value("ordermesh_marketdata_history_unwritable_trades_total")
        await gateway.send(updates=[trade(ASML, "99", "1", "T99")])
        assert await last_price(service) == "99"
        await past.until_trades(TRADES)

        async def gap():
            gaps = (await past.candles(latest=60)).gaps
            return [one.dropped_trades for one in gaps
                    if one.cause == history_pb.HISTORY_GAP_CAUSE_DROPPED] == [1]  # fmt: skip

        await eventually(gap, "the trade that is left out is a named gap")
    await owner.close()


async def test_reference_data_that_cannot_be_read_stop_no_prices_and_are_read_later(
    tls_folder, mint, marketdata_url
):
    owner = await asyncpg.connect(marketdata_url)
    await owner.execute(f"REVOKE SELECT ON marketdata.current_records FROM {ROLE}")
    async with recorded(tls_folder, mint, marketdata_url) as (service, _):
        gateway = await service.gateway().open()
        await until(
            lambda: of_part("part_failures_total", "reference data") > 0, "the part has failed"
        )
        assert not of_part("part_healthy", "reference data")
        await gateway.send(updates=[trade(ASML, "12", "1", "T1")])
        assert await last_price(service) == "12"
        await owner.execute(f"GRANT SELECT ON marketdata.current_records TO {ROLE}")
        request = reference_pb.ImportRequest(csv=CSV, reason="first load")
        await service.reference.Import(request, metadata=service.operator)

        async def found():
            request = instruments_pb.SearchRequest(text="later holding")
            answer = await service.instruments.Search(request, metadata=service.metadata)
            return "NL0011821202" in {one.isin for one in answer.instruments}

        await eventually(found, "the reference data are read after all")
    await owner.close()
