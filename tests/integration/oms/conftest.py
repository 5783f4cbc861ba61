from pathlib import Path

import asyncpg
import pytest

from tests.support.oms import prepare_database
from tests.support.postgres import PostgresServer
from tests.support.refusals import BookState


@pytest.fixture
def book_url(postgres_server: PostgresServer):
    """A migrated database with two accounts and two listings."""
    url = postgres_server.create_database(postgres_server.template("oms", prepare_database))
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def tls(tls_folder: Path) -> Path:
    return tls_folder


@pytest.fixture
async def book(book_url: str):
    """The tables, to see that nothing changed."""
    connection = await asyncpg.connect(book_url)
    yield BookState(connection)
    await connection.close()
