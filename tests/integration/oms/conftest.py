from pathlib import Path

import pytest

from tests.support.oms import prepare_database
from tests.support.postgres import PostgresServer


@pytest.fixture
def book_url(postgres_server: PostgresServer):
    """A migrated database with two accounts and two listings."""
    url = postgres_server.create_database(postgres_server.template("oms", prepare_database))
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def tls(tls_folder: Path) -> Path:
    return tls_folder
