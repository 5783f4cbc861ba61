"""The order log in monthly parts, and the migration that makes them of a log that has rows."""

import asyncio
import contextlib

import asyncpg
import grpc.aio
import pytest
from alembic.script import ScriptDirectory

from meshctl.stack.servers.postgres import ROLES
from svc_oms.adapters.postgres import migrate
from svc_oms.adapters.postgres.controls.control_statements import ADD_RECORD
from svc_oms.adapters.postgres.logs.commit_log import read_log
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.book.commit_logs import CommitLog
from svc_oms.service.ports import EventWrite, StoreRefusedError, WriteSet
from tests.integration.oms.test_admin import admin
from tests.support.oms import trading, verified

TABLES = (
    "accounts", "orders", "order_events", "executions", "idempotency", "sessions", "outbox",
    "positions", "instruments", "audit_chains", "audit_log", "control_records", "kill_switches",
    "session_actions",
)  # fmt: skip
PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'oms.order_events'::regclass ORDER BY 1
"""
OLD_EVENT = """
INSERT INTO oms.order_events (account_id, sequence, order_id, payload, hash, recorded_at)
VALUES ('ACC-ALICE', 1, '', '', '', $1::text::timestamptz)
"""


@pytest.fixture
async def connection(book_url):
    opened = await asyncpg.connect(book_url)
    yield opened
    await opened.close()


async def names(connection: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await connection.fetch(PARTITIONS)]


async def test_partitions_are_added_ahead_once(connection, book_url):
    await connection.execute("SET timezone = 'Pacific/Auckland'")
    first = await names(connection)
    assert len(first) == 3, "this month, the next one and the rest"
    store = await PostgresStore.connect(book_url)
    assert await store.add_partitions() == 0
    added = await asyncio.gather(
        *(store._write_pool.fetchval("SELECT oms.add_event_partitions(4)") for _ in range(4))
    )
    await store.close()
    assert sorted(added) == [0, 0, 0, 3]
    assert len(await names(connection)) == 6
    await connection.execute("INSERT INTO oms.order_events SELECT 'A', 1, '', '', ''")
    written = await connection.fetchval("SELECT tableoid::regclass::text FROM oms.order_events")
    assert written == f"oms.{first[0]}"


async def test_a_month_that_began_in_the_default_partition_stays_there(connection):
    soon = "(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months')"
    await connection.execute(OLD_EVENT, str(await connection.fetchval(f"SELECT {soon}::text")))
    assert await connection.fetchval("SELECT oms.add_event_partitions(3)") == 1
    assert len(await names(connection)) == 4
    assert await connection.fetchval("SELECT count(*) FROM oms.order_events_default") == 1


async def test_a_sequence_comes_once_over_all_partitions(connection, book_url):
    await connection.execute(OLD_EVENT, "2020-01-01")
    await connection.execute("UPDATE oms.accounts SET last_sequence = 1")
    with pytest.raises(asyncpg.CheckViolationError, match="may not go from 1 back to 0"):
        await connection.execute("UPDATE oms.accounts SET last_sequence = 0")
    store = await PostgresStore.connect(book_url)
    for events, last in (((1,), 2), ((2, 2), 2), ((2,), 0)):
        writes = WriteSet(accounts=[("ACC-ALICE", last, b"h", "")])
        writes.events = [EventWrite("ACC-ALICE", each, "", b"", b"h") for each in events]
        with pytest.raises(StoreRefusedError):
            await _write(store, writes)
    await store.close()
    assert await connection.fetchval("SELECT count(*) FROM oms.order_events") == 1


@pytest.mark.parametrize(
    "change", ["UPDATE {} SET order_id = 'x'", "DELETE FROM {}", "TRUNCATE {}"]
)
async def test_no_partition_can_be_changed(connection, change):
    for table in ("order_events", *await names(connection)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await connection.execute(change.format(f"oms.{table}"))


async def test_an_account_whose_log_goes_on_in_an_old_partition_is_read_anew(connection, book_url):
    await connection.execute(OLD_EVENT, "2020-01-01")
    rest = (
        "INSERT INTO oms.order_events (account_id, sequence, order_id, payload, hash, recorded_at)"
        " VALUES ('ACC-ALICE', $1, '', '', 'h', $2::text::timestamptz)"
    )
    await connection.execute(rest, 2, "now")
    await connection.execute(rest, 3, "2020-01-02")
    await connection.execute(rest, 4, "now")
    await connection.execute("UPDATE oms.accounts SET last_sequence = 4")
    store = await PostgresStore.connect(book_url)
    async with store.transaction() as transaction:
        for known, hash_, whole in ((1, b"", False), (2, b"h", False), (4, b"h", True)):
            found, _ = await transaction.orders_since([("ACC-ALICE", known, hash_)])
            assert bool(found) is whole, known
    await store.close()


async def test_partitions_past_their_retention_are_named(connection, book_url):
    await connection.execute("""
        CREATE TABLE oms.order_events_2020_01 PARTITION OF oms.order_events
        FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')""")
    kept = admin(book_url, "partitions", ORDERMESH_RETENTION_EVENTS_DAYS="0")
    assert (kept.returncode, len(kept.stdout.splitlines())) == (0, 4)
    assert "past" not in kept.stdout
    marked = admin(book_url, "partitions", ORDERMESH_RETENTION_EVENTS_DAYS="2190")
    assert [
        line.split("\t")[0] for line in marked.stdout.splitlines() if "past 2190 days" in line
    ] == ["order_events_2020_01"]


async def test_a_log_that_has_rows_is_converted(postgres_server, book_url, connection, tls):
    """A book that traded under the schema before: no row is lost, and the chains verify."""
    async with trading(book_url, tls) as (_, client, gateway):
        for number in range(3):
            await client.place(f"k{number}")
            sent = await gateway.command(number)
            await gateway.send(gateway.acknowledged(sent.cl_ord_id), gateway.filled(sent.cl_ord_id))
        await gateway.applied()
        with contextlib.suppress(grpc.aio.AioRpcError):
            await client.place("too much", quantity="999999999")
    await connection.execute(ADD_RECORD, 1, "01J", 1, "n", "", 0, 1, b"v")
    await connection.execute(
        "INSERT INTO oms.kill_switches (switch_id, idempotency_key, body_hash, kind, drill, scope,"
        " reason, state, version, engaged_by, engaged_at_us)"
        " VALUES ('K', 'k', '', 1, true, array_fill(''::text, ARRAY[8]), '', 1, 1, 'rita', 1)"
    )
    url = postgres_server.create_database()
    await _migrate_to_the_one_before(url)
    old = await asyncpg.connect(url)
    stood = {table: await _copy(table, connection, old) for table in TABLES}
    assert len(stood["order_events"]) > 6
    assert stood["audit_log"]
    await migrate.migrate(url, service_role=ROLES["oms"])
    for table in TABLES:
        assert await _rows(table, old, stood[table][0].keys() if stood[table] else ()) == [
            tuple(row) for row in stood[table]
        ]
    await verified(url)
    for log in CommitLog:
        entries = await read_log(old, log, 0, 1000)
        assert [each.log_number for each in entries] == list(range(1, len(entries) + 1))
        assert entries
    numbered = "SELECT nextval('oms.order_events_log_numbers')"
    assert await old.fetchval(numbered) == len(stood["order_events"]) + 1
    await old.close()
    async with trading(url, tls) as (_, client, gateway):
        await client.place("k-after")
        await gateway.command(0)
    await verified(url)
    postgres_server.drop_database(url)


async def _write(store: PostgresStore, writes: WriteSet) -> None:
    async with store.transaction() as transaction:
        await transaction.lock_accounts(["ACC-ALICE"])
        await transaction.write(writes)


async def _migrate_to_the_one_before(url: str) -> None:
    before = ScriptDirectory(str(migrate.FOLDER)).get_revision("0012").down_revision
    await migrate.migrate(url, before)


async def _copy(table: str, source: asyncpg.Connection, target: asyncpg.Connection):
    """Copy the columns that the older schema has, and return the rows in order."""
    found = await target.fetch(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'oms' AND table_name = $1 ORDER BY ordinal_position",
        table,
    )
    columns = [row[0] for row in found]
    rows = await source.fetch(f"SELECT {', '.join(columns)} FROM oms.{table} ORDER BY 1, 2")  # noqa: S608
    await target.copy_records_to_table(table, schema_name="oms", columns=columns, records=rows)
    return rows


async def _rows(table: str, connection: asyncpg.Connection, columns) -> list[tuple]:
    if not columns:
        return []
    found = await connection.fetch(f"SELECT {', '.join(columns)} FROM oms.{table} ORDER BY 1, 2")  # noqa: S608
    return [tuple(row) for row in found]
