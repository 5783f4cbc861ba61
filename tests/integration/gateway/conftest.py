import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conformance.scripted_venue import Cable
from tests.support.fake_links import FakeMarketData, FakeOms, serve_fake
from tests.support.forked_venue import ForkedVenue
from tests.support.gateway_bench import Bench
from tests.support.oms import prepare_database
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.session_trial import Trial, trial


@pytest.fixture
async def bench(tmp_path: Path, tls_folder: Path) -> AsyncIterator[Bench]:
    venue = ForkedVenue(tmp_path, free_port())
    oms_fake, market_fake = FakeOms(), FakeMarketData()
    cable = Cable(venue.port)
    made = Bench(tmp_path, tls_folder, venue, cable, oms_fake, market_fake)
    oms_server, made.oms_port = await serve_fake(oms_fake, "svc-oms", tls_folder)
    market_server, made.market_port = await serve_fake(market_fake, "svc-marketdata", tls_folder)
    venue.start()
    await cable.start()
    yield made
    # Without a venue to say goodbye to, QuickFIX ends a second earlier.
    cable.cut()
    await made.stop()
    await cable.stop()
    await asyncio.to_thread(venue.stop)
    await oms_server.stop(0)
    await market_server.stop(0)
    assert venue.failures == []


@pytest.fixture
def book_url(postgres_server: PostgresServer):
    """A migrated database with two accounts and two listings."""
    url = postgres_server.create_database(postgres_server.template("oms", prepare_database))
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
async def t(book_url: str, tls_folder: Path, tmp_path: Path) -> AsyncIterator[Trial]:
    """An order book, a venue, and one gateway process that has the session."""
    async with trial(book_url, tls_folder, tmp_path) as made:
        made.gateways.launch("first")
        await made.up("first")
        yield made
