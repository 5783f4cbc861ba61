"""The schema of svc_marketdata, the rights of its role, and prices without a database."""

import asyncpg
import pytest

from kernel.clock import SystemClock
from mesh.rpc.server import MeshServer
from meshctl.stack.servers.postgres import ROLES
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.adapters.postgres.migrate import migrate, newest_revision
from svc_marketdata.adapters.postgres.privileges import TABLES
from svc_marketdata.app import build
from svc_marketdata.service.errors import StoreUnavailableError
from svc_marketdata.settings import MarketDataSettings
from tests.integration.marketdata.conftest import NAMES, running
from tests.support.certificates import tls_settings
from tests.support.marketdata_database import marketdata_url
from tests.support.ports import free_port
from tests.support.postgres import as_service
from tests.support.waiting import until

__all__ = ["marketdata_url"]

REFUSED = (
    "DELETE FROM marketdata.changes",
    "TRUNCATE marketdata.records",
    "UPDATE marketdata.records SET body = '{}'",
    "UPDATE marketdata.changes SET username = 'nobody'",
    "ALTER TABLE marketdata.changes DISABLE TRIGGER USER",
    "CREATE TABLE marketdata.mine (a int)",
    "UPDATE marketdata.alembic_version SET version_num = '0001'",
)


async def test_the_rights_name_exactly_the_tables_that_there_are(marketdata_url):
    connection = await asyncpg.connect(marketdata_url)
    names = await connection.fetch(
        """SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'marketdata'::regnamespace
            AND c.relkind IN ('r', 'p') AND NOT c.relispartition"""
    )
    await connection.close()
    assert {row[0] for row in names} == set(TABLES)


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_role_of_the_service_cannot_rewrite_a_record(marketdata_url, statement):
    connection = await asyncpg.connect(as_service(marketdata_url, "marketdata"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    await connection.close()


async def test_migrating_again_changes_nothing(marketdata_url):
    assert await migrate(marketdata_url, ROLES["marketdata"]) == newest_revision()


async def test_a_database_that_is_not_migrated_says_what_to_run(database_url):
    database = Database(database_url)
    await database.open()
    with pytest.raises(StoreUnavailableError, match=r"svc_marketdata\.admin migrate"):
        async with database.read() as connection:
            await connection.fetch("SELECT 1 FROM marketdata.changes")
    await database.close()


async def test_prices_flow_although_the_database_is_away(tls_folder, mint):
    away = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    async with running(tls_folder, mint, database_url=away) as service:
        await service.gateway().open()
        answer = await service.prices.GetSnapshot(
            pb.GetSnapshotRequest(instrument_ids=NAMES), metadata=service.metadata
        )
        assert not answer.updates[0].quote.stale


async def test_readiness_says_whether_the_database_answers(tls_folder, mint, marketdata_url):
    settings = MarketDataSettings(
        bind="127.0.0.1:0",
        database_url=as_service(marketdata_url, "marketdata"),
        **tls_settings(tls_folder, "svc-marketdata"),
    )
    server = MeshServer(settings, SystemClock(), mint.verifier())
    async with build(settings, server) as ops:
        await until(lambda: "database: reachable" in ops.readiness()[1], "the database answers")
        assert ops.readiness()[0]
