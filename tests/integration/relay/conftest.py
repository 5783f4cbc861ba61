import asyncio
import contextlib
from pathlib import Path

import pytest

from eventlog.rights import ReaderName
from meshctl.stack.servers.postgres import READERS, ROLES
from svc_identity.adapters.postgres import migrate as identity
from svc_marketdata.adapters.postgres import migrate as marketdata
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from tests.support.oms import prepare_database
from tests.support.postgres import PostgresServer
from tests.support.relay import Writer, relay_process


def prepare_relayed(url: str) -> None:
    """Make the schemas whose logs are relayed."""
    prepare_database(url)
    asyncio.run(identity.migrate(url, ROLES["identity"]))
    asyncio.run(marketdata.migrate(url, ROLES["marketdata"]))
    for read in (identity, marketdata):
        asyncio.run(read.let_read_logs(url, ReaderName.RELAY, READERS["relay"]))


@pytest.fixture
def book_url(postgres_server: PostgresServer):
    url = postgres_server.create_database(postgres_server.template("relayed", prepare_relayed))
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
async def writer(book_url):
    store = await PostgresStore.connect(book_url)
    yield Writer(store)
    await store.close()


@pytest.fixture
def relay(book_url, kafka_server, topic_prefix, tmp_path):
    """Start relays by name; they are killed with the test."""
    with contextlib.ExitStack() as stack:

        def start(name: str = "one", **settings: str):
            log = tmp_path / f"{name}.log"
            settings.setdefault("KAFKA_TOPIC_PREFIX", topic_prefix)
            return stack.enter_context(
                relay_process(book_url, kafka_server, topic_prefix, log, **settings)
            )

        yield start


def pytest_collection_modifyitems(items):
    """A broker takes up to half a minute to start on a busy machine, and some tests restart it."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(300))
