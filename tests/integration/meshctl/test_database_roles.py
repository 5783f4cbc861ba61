"""A home of an earlier version, whose tables belonged to the services, gets owners for them."""

import asyncio
import subprocess
from collections.abc import AsyncIterator

import asyncpg
import pytest

from meshctl.stack.home import Home
from meshctl.stack.servers.postgres import ROLES, EmbeddedPostgres, owner_of
from svc_identity.adapters.postgres.migrate import migrate as migrate_identity
from svc_marketdata.adapters.postgres.migrate import migrate as migrate_marketdata
from svc_notify.adapters.postgres.migrate import migrate as migrate_notify
from svc_oms.adapters.postgres.migrate import migrate
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.adapters.postgres.replay.scratch_book import PostgresScratchBooks
from svc_oms.service.book.verification import verify_book
from svc_oms.service.ports import AccountInfo
from tests.support.ports import free_port


@pytest.fixture
async def embedded(tmp_path) -> AsyncIterator[EmbeddedPostgres]:
    home = Home(tmp_path / "home")
    home.create()
    server = EmbeddedPostgres(home, free_port())
    await asyncio.to_thread(server.initialise)
    spec = server.process()
    process = await asyncio.create_subprocess_exec(
        *spec.command,
        env=dict(spec.environment),
        cwd=spec.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(30):
            while not await spec.ready():
                await asyncio.sleep(0.05)
        yield server
    finally:
        process.send_signal(spec.stop_signal)
        await process.wait()


async def as_it_was(embedded: EmbeddedPostgres) -> None:
    """Give the schemas to the roles of the services, and run the migrations of that version."""
    await embedded.ensure_roles()
    connection = await embedded._connect("ordermesh")
    for schema, role in ROLES.items():
        await connection.execute(f'ALTER SCHEMA {schema} OWNER TO "{role}"')
    await connection.close()
    await migrate(embedded.url("oms"), "0019")
    store = await PostgresStore.connect(embedded.url("oms"))
    await store.ensure_account(AccountInfo("ACC-ALICE", "Alice", "EUR", "DEMO", 1))
    await store.close()


async def test_the_tables_of_an_older_home_get_an_owner(embedded):
    await as_it_was(embedded)
    await embedded.ensure_roles()
    await migrate(embedded.owner_url("oms"), service_role=ROLES["oms"])
    await migrate_identity(embedded.owner_url("identity"), ROLES["identity"])
    await migrate_marketdata(embedded.owner_url("marketdata"), ROLES["marketdata"])
    await migrate_notify(embedded.owner_url("notify"), ROLES["notify"])
    store = await PostgresStore.connect(embedded.url("oms"))
    assert not (await verify_book(store)).findings
    assert not await store.ensure_account(AccountInfo("ACC-ALICE", "Alice B", "EUR", "DEMO", 1))
    assert await store.add_partitions() == 0
    await store.close()
    for schema, role in ROLES.items():
        connection = await asyncpg.connect(embedded.url(schema))
        owners = await connection.fetch(
            "SELECT DISTINCT relowner::regrole::text FROM pg_class"
            " WHERE relnamespace = $1::regnamespace",
            schema,
        )
        assert [row[0] for row in owners] == [owner_of(role)]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"DROP SCHEMA {schema} CASCADE")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE SCHEMA replay")
        await connection.close()
    async with PostgresScratchBooks(embedded.owner_url("oms")).open("replay") as scratch:
        assert len(await scratch.reader.accounts()) == 1
    # The next start changes nothing.
    await embedded.ensure_roles()
    await migrate(embedded.owner_url("oms"), service_role=ROLES["oms"])
