"""Databases with the schema of svc_marketdata."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from meshctl.stack.servers.postgres import ROLES
from svc_marketdata.adapters.postgres.migrate import migrate
from tests.support.postgres import PostgresServer


def template(server: PostgresServer) -> str:
    """Migrate once a session, in a thread of its own: a loop may run in this one."""
    names: list[str] = []

    def prepare(url: str) -> None:
        asyncio.run(migrate(url, ROLES["marketdata"]))

    thread = threading.Thread(target=lambda: names.append(server.template("marketdata", prepare)))
    thread.start()
    thread.join()
    assert names, "the migrations of svc_marketdata failed; see the thread's traceback"
    return names[0]


@pytest.fixture
def marketdata_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The owner's URL of a migrated database of the test's own."""
    url = postgres_server.create_database(template(postgres_server))
    yield url
    postgres_server.drop_database(url)
