"""The report of execution venues, of what the order book has stored about routed orders."""

from types import SimpleNamespace

from kernel.decimals import plain
from meshctl.commands.history.ranges import time_of
from meshctl.commands.orders.executed_venues import tables
from meshctl.commands.orders.venue_report import read_executed
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from tests.support.oms import BOB, RITA
from tests.support.routed import IOC, routed

S = order_pb2.OrderState
AT = time_of("2026-06-01", "")


class Reader:
    """A user who reads over the rpcs of a replica, with listings that are all shares."""

    def __init__(self, mesh, metadata):
        self._orders, self._metadata = mesh.client.orders, metadata
        self.order_service = SimpleNamespace(List=self._orders.List)

    async def pages(self, rpc, request):
        while True:
            page = await rpc(request, metadata=self._metadata)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def get(self, order_id):
        request = order_service_pb2.GetRequest(order_id=order_id)
        return await self._orders.Get(request, metadata=self._metadata)

    async def instruments(self):
        return [
            instrument_pb2.Instrument(instrument_id=f"ASML.{mic}", cfi_code="ESVUFR")
            for mic in ("SIMA", "SIMB")
        ]


async def report(mesh, metadata, account=""):
    reader = Reader(mesh, metadata)
    begin, end = time_of("2000-01-01", "--from"), time_of("2100-01-01", "--to")
    made = tables(await read_executed(reader, account, begin, end))
    return [
        (one.class_name[:3], one.currency, line.venue_mic, plain(line.value), line.orders)
        for one in made
        for line in one.venues
    ]


async def test_a_routed_order_of_several_rounds_is_one_order_at_each_venue(book_url, tls):
    async with routed(book_url, tls) as mesh:
        mesh.show(offers={"SIMA": "200@650.05"})
        parent = await mesh.place(quantity="300", time_in_force=IOC)
        first = await mesh.command("SIMA")
        mesh.show(offers={"SIMA": "100@650.05", "SIMB": "100@650.10"})
        await mesh.acknowledge("SIMA", first)
        await mesh.fill("SIMA", first, "100", transact_time=AT)
        await mesh.end("SIMA", first, "100")
        second, third = await mesh.command("SIMA", 1), await mesh.command("SIMB")
        for mic, child in (("SIMA", second), ("SIMB", third)):
            await mesh.acknowledge(mic, child)
            await mesh.fill(mic, child, transact_time=AT)
        await mesh.client.in_state(parent.order_id, S.ORDER_STATE_FILLED)
        wanted = [("(a)", "EUR", "SIMA", "130010", 1), ("(a)", "EUR", "SIMB", "65010", 1)]
        assert await report(mesh, mesh.client.metadata) == wanted
        assert await report(mesh, mesh.client.metadata, "ACC-ALICE") == wanted
        assert await report(mesh, RITA) == wanted
        assert await report(mesh, BOB) == []
