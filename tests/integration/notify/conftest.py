from pathlib import Path

import pytest

from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from tests.support.notify import MINT, Events, User, notify_processes, prepare
from tests.support.postgres import PostgresServer


@pytest.fixture
def mesh_url(postgres_server: PostgresServer):
    """A database with all schemas that svc_notify reads, and its own."""
    url = postgres_server.create_database(postgres_server.template("notify", prepare))
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
async def notify(mesh_url: str, tls_folder: Path, tmp_path: Path):
    """Make processes by name; they are killed with the test."""
    async with notify_processes(mesh_url, tls_folder, tmp_path) as make:
        yield make


@pytest.fixture
async def events(mesh_url: str):
    """Writes events of orders."""
    store = await PostgresStore.connect(mesh_url)
    yield Events(store)
    await store.close()


@pytest.fixture
async def user():
    """Open channels as users; they are closed with the test."""
    channels = []

    def as_user(process, subject="alice", roles=("TRADER",), accounts=("ACC-ALICE",)):
        channels.append(process.channel())
        return User(channels[-1], MINT.mint_token(subject, roles, accounts))

    yield as_user
    for channel in channels:
        await channel.close()
