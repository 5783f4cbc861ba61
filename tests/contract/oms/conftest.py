"""The store under test: in memory, and on PostgreSQL."""

import pytest

from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.ports import AccountInfo
from tests.support.oms import prepare_database
from tests.support.oms_memory import MemoryStore
from tests.support.postgres import as_service


@pytest.fixture(params=["memory", "postgres"])
def store_url(request):
    """The URL of a migrated database, or none for memory."""
    if request.param == "memory":
        yield ""
        return
    server = request.getfixturevalue("postgres_server")
    url = server.create_database(server.template("oms", prepare_database))
    yield url
    server.drop_database(url)


@pytest.fixture
async def store(store_url):
    opened = await PostgresStore.connect(as_service(store_url)) if store_url else MemoryStore()
    for name in ("ACC-ALICE", "ACC-BOB"):
        await opened.ensure_account(AccountInfo(name, name, "EUR", "DEMO", 1))
    yield opened
    if isinstance(opened, PostgresStore):
        await opened.close()
