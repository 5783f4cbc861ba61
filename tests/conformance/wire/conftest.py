from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.oms import prepare_database
from tests.support.postgres import PostgresServer
from tests.support.wire import Wire, wired


@pytest.fixture(scope="module")
def wire_url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.create_database(postgres_server.template("oms", prepare_database))
    yield url
    postgres_server.drop_database(url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(
    wire_url: str, tls_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Wire]:
    """The order path, started once for all cases of a module."""
    folder = tmp_path_factory.mktemp("wire")
    dialect = {
        "cash_quantity": True,
        "telephone_orders": "adopt",
        "telephone_accounts": ["ACC-ALICE"],
    }
    async with wired(wire_url, tls_folder, folder, dialect=dialect) as path:
        yield path
