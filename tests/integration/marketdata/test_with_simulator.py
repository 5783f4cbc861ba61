"""svc_marketdata, a gateway and the simulated venue: restarts of each, and listings that are odd.

svc_marketdata has no Redis here, so that a restart loses all that it knew.
"""

import asyncio
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest

from kernel.clock import SystemClock
from ordermesh.marketdata.v1 import instrument_pb2, market_data_pb2
from ordermesh.marketdata.v1 import instrument_service_pb2 as instrument_service
from ordermesh.marketdata.v1 import market_data_service_pb2 as prices
from svc_gateway.app import Gateway
from tests.integration.marketdata.conftest import Service, running
from tests.support.ports import free_port
from tests.support.sim_process import SimProcess
from tests.support.waiting import until
from tests.support.wire import settings

HALTED, OPEN = instrument_pb2.TRADING_STATUS_HALTED, instrument_pb2.TRADING_STATUS_OPEN
DELISTED = instrument_pb2.TRADING_STATUS_DELISTED
ODD = {"BRK_2EB.SIMA": "BRK.B", "BF_2FB.SIMA": "BF/B", "VOLV_20B.SIMA": "VOLV B"}
ORDINARY = 22


class Mesh:
    """The three processes' parts, each of which a test may lose."""

    def __init__(self, folder: Path, tls: Path, mint) -> None:
        self.folder, self.tls, self.mint = folder, tls, mint
        self.sim_port, self.port = free_port(), free_port()
        self.service: Service
        self._sim = ExitStack()
        self._service = AsyncExitStack()
        self._stop = asyncio.Event()
        self._gateway: asyncio.Task[None] | None = None
        # What readers of svc_marketdata have, and every status that they ever got.
        self.listings: dict[str, instrument_pb2.Instrument] = {}
        self.quotes: dict[str, market_data_pb2.Quote] = {}
        self.seen: dict[str, set[int]] = {}

    async def start_sim(self, *, agents: bool = False, **environment: str) -> None:
        await self.stop_sim()
        flags = ("--mic", "SIMA", *(() if agents else ("--no-agents",)))
        store = self.folder / "sim"
        self._sim.enter_context(
            await asyncio.to_thread(
                lambda: SimProcess(store, *flags, port=self.sim_port, **environment)
            )
        )

    async def stop_sim(self) -> None:
        await asyncio.to_thread(self._sim.close)

    async def start_service(self) -> None:
        bind = f"127.0.0.1:{self.port}"
        self.service = await self._service.enter_async_context(
            running(self.tls, self.mint, bind=bind)
        )
        for watch in (self._watch_listings(), self._watch_quotes()):
            self._service.callback(asyncio.create_task(watch).cancel)

    async def lose_service(self) -> None:
        await self._service.aclose()
        self.listings.clear()
        self.quotes.clear()

    async def _watch_listings(self) -> None:
        request = instrument_service.InstrumentServiceWatchRequest()
        async for frame in self.service.instruments.Watch(request, metadata=self.service.metadata):
            for item in frame.items:
                if item.HasField("instrument"):
                    one = item.instrument
                    self.listings[one.instrument_id] = one
                    self.seen.setdefault(one.instrument_id, set()).add(one.trading_status)

    async def _watch_quotes(self) -> None:
        subscription = prices.Subscription(topics=[market_data_pb2.TOPIC_QUOTE])
        request = prices.WatchRequest(subscription=subscription)
        async for frame in self.service.prices.Watch(request, metadata=self.service.metadata):
            for item in frame.items:
                if item.HasField("update"):
                    self.quotes[item.update.instrument_id] = item.update.quote

    async def start_gateway(self, **dialect: bool) -> None:
        session = {
            "session_id": "sima-prices", "venue_mic": "SIMA", "role": "market_data",
            "sender_comp_id": "ORDERMESH-MD", "target_comp_id": "SIMA", "host": "127.0.0.1",
            "port": self.sim_port, "reconnect_s": 1, "dialect": dialect,
        }  # fmt: skip
        self._stop = asyncio.Event()
        target = f"127.0.0.1:{self.port}"
        gateway = Gateway(settings(self.folder, self.tls, target, [session], target), SystemClock())
        gateway.build()
        self._gateway = asyncio.create_task(gateway.run(self._stop))

    async def lose_gateway(self) -> None:
        self._stop.set()
        if self._gateway is not None:
            await self._gateway
            self._gateway = None

    def priced(self) -> set[str]:
        """The listings with a current quote."""
        return {name for name, quote in self.quotes.items() if not quote.stale}

    async def until_status(self, name: str, status: int) -> None:
        await until(
            lambda: name in self.listings and self.listings[name].trading_status == status,
            f"{name} has status {status}",
        )

    async def until_priced(self, count: int) -> None:
        await until(lambda: len(self.priced()) >= count, f"{count} current quotes")


@pytest.fixture
async def mesh(tmp_path, tls_folder, mint):
    made = Mesh(tmp_path, tls_folder, mint)
    yield made
    await made.lose_gateway()
    await made.lose_service()
    await made.stop_sim()


async def test_refused_delisted_and_odd_listings_leave_the_others_alone(mesh):
    more = ",".join(ODD.values())
    await mesh.start_sim(ORDERMESH_SIM_MORE_SYMBOLS=more, ORDERMESH_SIM_WITHOUT_PRICES="SAP")
    await mesh.start_service()
    await mesh.start_gateway()
    await mesh.until_priced(ORDINARY + len(ODD) - 1)
    listings = mesh.listings
    await until(lambda: listings["SAP.SIMA"].no_prices, "the refusal")
    assert listings.keys() - mesh.priced() == {"SAP.SIMA"}
    assert listings["SAP.SIMA"].no_prices == instrument_pb2.NO_PRICES_REFUSED
    assert "no permission for the prices of 'SAP'" in listings["SAP.SIMA"].no_prices_text
    assert {name: listings[name].venue_symbol for name in ODD} == ODD
    # The venue comes back without ASML, and grants the prices of SAP.
    await mesh.start_sim(ORDERMESH_SIM_MORE_SYMBOLS=more, ORDERMESH_SIM_UNLISTED="ASML")
    await mesh.until_status("ASML.SIMA", DELISTED)
    await mesh.until_priced(ORDINARY + len(ODD) - 1)
    assert listings.keys() - mesh.priced() == {"ASML.SIMA"}
    await until(lambda: not listings["SAP.SIMA"].no_prices, "the prices are granted")


@pytest.mark.parametrize(
    "lost",
    [
        "svc_marketdata",
        pytest.param("gateway", marks=pytest.mark.long),
        pytest.param("both", marks=pytest.mark.long),
    ],
)
async def test_a_halt_from_before_the_logon_survives_restarts(mesh, lost):
    await mesh.start_sim(ORDERMESH_SIM_HALTED="ASML")
    await mesh.start_service()
    await mesh.start_gateway()
    await mesh.until_status("ASML.SIMA", HALTED)
    await mesh.until_status("SAP.SIMA", OPEN)
    if lost != "svc_marketdata":
        await mesh.lose_gateway()
        await until(lambda: not mesh.priced(), "all quotes are stale")
    if lost != "gateway":
        await mesh.lose_service()
        await mesh.start_service()
    if lost != "svc_marketdata":
        await mesh.start_gateway()
    await mesh.until_priced(ORDINARY)
    await mesh.until_status("ASML.SIMA", HALTED)
    await mesh.until_status("SAP.SIMA", OPEN)
    # No reader ever got it as open.
    assert OPEN not in mesh.seen["ASML.SIMA"]


async def test_a_call_of_an_auction_is_shown_with_what_it_would_execute(mesh):
    call_s = "3600"  # longer than the test
    await mesh.start_sim(
        agents=True, ORDERMESH_SIM_AUCTION_S=call_s, ORDERMESH_SIM_ACTIONS_PER_S="500"
    )
    await mesh.start_service()
    await mesh.start_gateway(auction_prices=True)
    await until(lambda: any(quote.auction.price for quote in mesh.quotes.values()), "an indication")
    found = [quote for quote in mesh.quotes.values() if quote.auction.price]
    assert all(float(quote.auction.size) > 0 and not quote.last_price for quote in found)
