"""Each way of rewriting history: refused by PostgreSQL, or found by comparing with a checkpoint."""
# ruff: noqa: S608 - statements are put together from constants of this file only

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import grpc.aio
import pytest

from kernel.hashchain import GENESIS, Head, event_hash
from meshctl.stack.servers.postgres import ROLES
from ordermesh.oms.v1 import audit_service_pb2 as audit_pb2
from svc_oms.adapters.postgres.controls.control_statements import ADD_RECORD
from svc_oms.adapters.postgres.logs import evidence
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.adapters.postgres.privileges import TABLES
from svc_oms.service.book.checkpoints import compare_with_checkpoint
from svc_oms.service.book.commit_logs import CommitLog
from svc_oms.service.book.report import Report
from svc_oms.service.book.verification import verify_book
from tests.integration.oms.test_admin import admin
from tests.support.oms import trading
from tests.support.postgres import as_service

SWITCH = """
INSERT INTO oms.kill_switches (switch_id, idempotency_key, body_hash, kind, drill, scope, reason,
    state, version, engaged_by, engaged_at_us)
VALUES ('K', 'k', '', 1, true, array_fill(''::text, ARRAY[8]), 'odd fills', 1, 1, 'rita', 1)
"""
ACTION = """
INSERT INTO oms.session_actions (action_id, session_id, kind, state, expires_at, body)
VALUES ('01ACT', 'sima-orders', 1, 1, now(), 'by oscar')
"""
STATEMENT = """
INSERT INTO oms.statements (statement_id, order_id, account_id, state, expires_at, request, body)
VALUES ($1, '01ORDER', 'ACC-ALICE', $2, now(), '', 'stated by rita')
"""
PARKED = """
INSERT INTO oms.parked_messages (session_id, session_epoch, msg_seq_num, msg_type, error, body,
    state, settled_by, settled_at, account_id)
VALUES ('sima-orders', 1, 1, '8', 'odd', '', 3, 'rita', now(), 'ACC-ALICE')
"""


@pytest.fixture
async def book(book_url, tls):
    """A book with orders, a fill, refusals, a limit, a released kill switch, and people."""
    async with trading(book_url, tls) as (_, client, gateway):
        for number in range(2):
            await client.place(f"k{number}")
            sent = await gateway.command(number)
            await gateway.send(gateway.acknowledged(sent.cl_ord_id), gateway.filled(sent.cl_ord_id))
        await gateway.applied()
        for number in range(4):
            with pytest.raises(grpc.aio.AioRpcError):
                await client.place(f"r{number}", quantity="1.5")
    connection = await asyncpg.connect(as_service(book_url))
    for version in (1, 2):
        await connection.execute(ADD_RECORD, 1, "01LIMIT", version, "n", "", 0, 0, b"value")
    await connection.execute(SWITCH)
    await connection.execute(
        "UPDATE oms.kill_switches SET release_proposed_by = 'rita', revision = 2"
    )
    await connection.execute(
        "UPDATE oms.kill_switches SET released_by = 'ravi', state = 3, revision = 3"
    )
    await connection.execute(ACTION)
    await connection.execute("INSERT INTO oms.people VALUES ('01ALICE', 'alice')")
    await connection.execute(STATEMENT, "01SAID", 2)
    await connection.execute(STATEMENT, "01WAITS", 1)
    await connection.execute(PARKED)
    await connection.close()
    return book_url


LOGS = ("order_events", "audit_log", "control_records", "state_log")
REFUSED = (
    *(f"DELETE FROM oms.{log}" for log in LOGS),
    *(f"TRUNCATE oms.{log}" for log in LOGS),
    *(f"DROP TABLE oms.{log}" for log in LOGS),
    *(f"ALTER TABLE oms.{log} DISABLE TRIGGER USER" for log in LOGS),
    *(f"UPDATE oms.{log} SET hash = hash" for log in LOGS),
    *(f"UPDATE oms.{log} SET log_number = log_number + 1000" for log in LOGS),
    "UPDATE oms.audit_log SET actor = 'nobody'",
    "DELETE FROM oms.order_events_default",
    "ALTER TABLE oms.order_events DETACH PARTITION oms.order_events_default",
    # An entry of yesterday, and one before others.
    """INSERT INTO oms.order_events (account_id, sequence, order_id, payload, hash, recorded_at)
        VALUES ('ACC-BOB', 1, '', '', '', '2020-01-01')""",
    """INSERT INTO oms.audit_log (writer, sequence, entry_id, at, kind, actor, account_id, order_id,
        reason, payload, hash, log_number)
        VALUES ('new', 1, 'E', now(), 1, '', '', '', 0, '', '', -1)""",
    """INSERT INTO oms.control_records (kind, object_id, version, name, scope_id, valid_from_us,
        valid_until_us, body, hash) VALUES (1, 'L', 1, '', '', 0, 0, '', '')""",
    """INSERT INTO oms.state_log (subject, object_id, version, image, hash)
        VALUES ('kill_switches', 'K', 9, '{}', '')""",
    """CREATE TEMP TABLE kill_switches (switch_id text); CREATE TRIGGER forged AFTER INSERT
        ON kill_switches FOR EACH ROW EXECUTE FUNCTION oms.log_state('switch_id')""",
    "SELECT setval('oms.audit_log_log_numbers', 1)",
    # Who did what.
    "UPDATE oms.kill_switches SET engaged_by = 'nobody'",
    "UPDATE oms.kill_switches SET reason = 'another'",
    "UPDATE oms.kill_switches SET release_proposed_by = 'nobody'",
    "UPDATE oms.kill_switches SET released_by = 'nobody'",
    "UPDATE oms.kill_switches SET state = 1",
    "DELETE FROM oms.kill_switches",
    "DELETE FROM oms.session_actions",
    "UPDATE oms.session_actions SET action_id = 'x'",
    "DELETE FROM oms.people",
    "UPDATE oms.people SET subject = 'x'",
    "DELETE FROM oms.sessions",
    "DELETE FROM oms.accounts",
    "UPDATE oms.accounts SET account_id = 'X'",
    "DELETE FROM oms.audit_chains",
    # What the orders are.
    "DELETE FROM oms.orders",
    "DELETE FROM oms.executions",
    "UPDATE oms.executions SET price = 1",
    "UPDATE oms.idempotency SET order_id = ''",
    "UPDATE oms.parked_messages SET body = ''",
    "UPDATE oms.parked_messages SET account_id = 'ACC-BOB'",
    "UPDATE oms.parked_messages SET order_id = 'another'",
    "UPDATE oms.parked_messages SET counted = counted + 1",
    "DELETE FROM oms.parked_messages",
    "UPDATE oms.statements SET body = 'stated by nobody' WHERE statement_id = '01SAID'",
    "UPDATE oms.statements SET state = 1 WHERE statement_id = '01SAID'",
    "UPDATE oms.statements SET request = '1'",
    "DELETE FROM oms.statements",
    # What keeps it so.
    "CREATE OR REPLACE FUNCTION oms.log_state() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    "ALTER FUNCTION oms.log_state() RENAME TO log_nothing",
    "DROP TRIGGER kill_switches_update_logged ON oms.kill_switches",
    "CREATE TABLE oms.mine (a int)",
    "UPDATE oms.alembic_version SET version_num = '0001'",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
    f"GRANT ALL ON oms.audit_log TO {ROLES['oms']}",
    "ALTER SCHEMA oms RENAME TO oms_old",
)
DENIED = (
    asyncpg.InsufficientPrivilegeError,
    # A grant of a right that one does not have is a warning only, or this.
    asyncpg.InvalidGrantOperationError,
)


async def test_the_role_of_the_service_cannot_rewrite_what_it_wrote(book):
    connection = await asyncpg.connect(as_service(book))
    allowed = []
    for statement in REFUSED:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(statement)
            allowed.append(statement)
        except DENIED:
            pass
        finally:
            await transaction.rollback()
    assert [one for one in allowed if not one.startswith("GRANT")] == []
    assert not await connection.fetchval(
        "SELECT has_table_privilege('oms.audit_log', 'UPDATE, DELETE, TRUNCATE, TRIGGER')"
    )
    await connection.close()


async def test_every_table_is_in_the_list_of_rights(book):
    connection = await asyncpg.connect(book)
    rows = await connection.fetch(
        "SELECT relname, relispartition FROM pg_class WHERE relnamespace = 'oms'::regnamespace"
        " AND relkind IN ('r', 'p')"
    )
    assert {name for name, part in rows if not part} == TABLES.keys()
    # A partition is used through its table only.
    for name in (name for name, part in rows if part):
        rights = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"
        asked = "SELECT has_table_privilege($1, $2, $3)"
        assert not await connection.fetchval(asked, ROLES["oms"], f"oms.{name}", rights)
    await connection.close()


FOUND_BY_VERIFY = (
    ("UPDATE oms.audit_chains SET last_sequence = 1", "audit_chain"),
    ("UPDATE oms.accounts SET chain_head = sha256('')", "hash_chain"),
    ("UPDATE oms.orders SET quantity = 7", "fold"),
    ("UPDATE oms.executions SET busted = true", "executions"),
    ("UPDATE oms.positions SET cost = 1", "positions"),
)


async def test_what_the_role_can_change_of_the_present_differs_from_the_logs(book):
    connection = await asyncpg.connect(as_service(book))
    store = await PostgresStore.connect(as_service(book))
    assert not (await verify_book(store)).findings
    for statement, invariant in FOUND_BY_VERIFY:
        owner = await asyncpg.connect(book)
        table = statement.split()[1]
        await owner.execute(f"CREATE TABLE oms.kept AS TABLE {table}")
        # PostgreSQL computes it, and takes no value for it.
        await owner.execute("ALTER TABLE oms.kept DROP COLUMN IF EXISTS closed_member_sequence")
        await connection.execute(statement)
        found = {one.invariant for one in (await verify_book(store)).findings}
        assert invariant in found, statement
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await owner.execute(f"DELETE FROM {table}")
        await owner.execute(f"INSERT INTO {table} TABLE oms.kept")
        await owner.execute("DROP TABLE oms.kept")
        await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        await owner.close()
    assert not (await verify_book(store)).findings
    await store.close()
    await connection.close()


async def test_what_the_role_changes_of_people_and_controls_is_in_the_log(book):
    connection = await asyncpg.connect(as_service(book))
    await connection.execute("UPDATE oms.people SET username = 'mallory' WHERE subject = '01ALICE'")
    await connection.execute("UPDATE oms.session_actions SET body = 'by mallory'")
    await connection.execute("UPDATE oms.accounts SET firm_id = 'OTHER'")
    await connection.execute("UPDATE oms.statements SET body = 'by mallory' WHERE state = 1")
    await connection.execute("UPDATE oms.kill_switches SET settled_at_us = 1")
    states = "SELECT image FROM oms.state_log WHERE subject = $1 ORDER BY object_id, version"
    for subject, count in (
        ("people", 3), ("session_actions", 2), ("accounts", 4), ("statements", 3),
    ):  # fmt: skip
        assert len(await connection.fetch(states, subject)) == count
    assert len(await connection.fetch(states, "kill_switches")) == 4
    await connection.close()
    store = await PostgresStore.connect(as_service(book))
    assert not (await verify_book(store)).findings
    await store.close()


# What the owner of the tables can do: it disables triggers, and computes all hashes anew.

Connection = Any
Way = Callable[[Connection], Awaitable[None]]


async def rechained(connection: Connection, log: CommitLog) -> None:
    """Compute the chains of a log anew."""
    table = "control_records" if log is CommitLog.CONTROLS else "state_log"
    heads: dict[str, bytes] = {}
    for row in await connection.fetch(evidence.CHAINS[log]):
        key, version, payload, _ = row
        heads[key] = event_hash(heads.get(key, GENESIS), payload)
        where = (
            f"ctid = (SELECT ctid FROM oms.control_records ORDER BY log_number OFFSET {version - 1}"
            " LIMIT 1)"
            if log is CommitLog.CONTROLS
            else f"subject || '/' || object_id = '{key}' AND version = {version}"
        )
        await connection.execute(f"UPDATE oms.{table} SET hash = $1 WHERE {where}", heads[key])


async def audit_rechained(connection: Connection) -> None:
    rows = await connection.fetch("SELECT writer, payload FROM oms.audit_log ORDER BY 1, sequence")
    await connection.execute("DELETE FROM oms.audit_log")
    heads: dict[str, tuple[int, bytes]] = {}
    for writer, payload in rows:
        sequence, head = heads.get(writer, (0, GENESIS))
        entry = audit_pb2.AuditEntry.FromString(payload)
        entry.sequence = sequence + 1
        body = entry.SerializeToString(deterministic=True)
        heads[writer] = sequence + 1, event_hash(head, body)
        await connection.execute(
            "INSERT INTO oms.audit_log VALUES ($1, $2, $3, to_timestamp($4::int8 / 1000000.0), $5,"
            " $6, $7, $8, $9, $10, $11)",
            writer, sequence + 1, entry.entry_id, entry.at.ToMicroseconds(), entry.kind,
            entry.actor, entry.account_id, entry.order_id, entry.reason, body, heads[writer][1],
        )  # fmt: skip
    for writer, (sequence, head) in heads.items():
        await connection.execute(
            "UPDATE oms.audit_chains SET last_sequence = $2, head = $3 WHERE writer = $1",
            writer, sequence, head,
        )  # fmt: skip


async def audit_entries_are_removed(connection: Connection) -> None:
    await connection.execute("DELETE FROM oms.audit_log WHERE sequence = 2")
    await audit_rechained(connection)


async def audit_entries_are_cut(connection: Connection) -> None:
    await connection.execute("DELETE FROM oms.audit_log WHERE sequence > 1")
    await audit_rechained(connection)


async def an_audit_entry_is_rewritten(connection: Connection) -> None:
    for entry_id, payload in await connection.fetch("SELECT entry_id, payload FROM oms.audit_log"):
        entry = audit_pb2.AuditEntry.FromString(payload)
        entry.actor = "nobody"
        body = entry.SerializeToString()
        await connection.execute(
            "UPDATE oms.audit_log SET payload = $2 WHERE entry_id = $1", entry_id, body
        )
    await audit_rechained(connection)


async def a_limit_is_deleted(connection: Connection) -> None:
    await connection.execute("DELETE FROM oms.control_records")


async def a_limit_is_rewritten(connection: Connection) -> None:
    await connection.execute("UPDATE oms.control_records SET body = 'more' WHERE version = 1")
    await rechained(connection, CommitLog.CONTROLS)


async def the_author_of_a_kill_switch_is_rewritten(connection: Connection) -> None:
    await connection.execute("UPDATE oms.kill_switches SET engaged_by = 'nobody'")
    await connection.execute(
        "UPDATE oms.state_log SET image = jsonb_set(image, '{engaged_by}', '\"nobody\"')"
        " WHERE subject = 'kill_switches'"
    )
    await rechained(connection, CommitLog.STATES)


async def a_kill_switch_is_deleted(connection: Connection) -> None:
    await connection.execute("DELETE FROM oms.kill_switches")
    await connection.execute("DELETE FROM oms.state_log WHERE subject = 'kill_switches'")


async def a_state_of_a_session_is_cut(connection: Connection) -> None:
    await connection.execute("UPDATE oms.sessions SET kept_out = true")
    await connection.execute(
        "UPDATE oms.state_log SET image = jsonb_set(image, '{kept_out}', 'true')"
        " WHERE subject = 'sessions'"
    )
    await rechained(connection, CommitLog.STATES)


async def a_person_is_deleted(connection: Connection) -> None:
    await connection.execute("DELETE FROM oms.people WHERE subject = '01ALICE'")
    await connection.execute("DELETE FROM oms.state_log WHERE object_id = '01ALICE'")


async def the_orders_of_an_account_are_deleted(connection: Connection) -> None:
    for table in ("order_events", "orders", "executions", "positions"):
        await connection.execute(f"DELETE FROM oms.{table}")
    await connection.execute("UPDATE oms.accounts SET last_sequence = 0, chain_head = $1", GENESIS)


FOUND_AGAINST: dict[Way, str] = {
    audit_entries_are_removed: "audit_log/",
    audit_entries_are_cut: "audit_log/",
    an_audit_entry_is_rewritten: "audit_log/",
    a_limit_is_deleted: "control_records/all",
    a_limit_is_rewritten: "control_records/all",
    the_author_of_a_kill_switch_is_rewritten: "state_log/kill_switches/K",
    a_kill_switch_is_deleted: "state_log/kill_switches/K",
    a_state_of_a_session_is_cut: "state_log/sessions/sima-orders",
    a_person_is_deleted: "state_log/people/01ALICE",
    the_orders_of_an_account_are_deleted: "order_events/ACC-ALICE",
}


async def checkpointed(url: str) -> list[Head]:
    store = await PostgresStore.connect(url)
    async with store.audit() as reader:
        heads = await reader.heads()
    assert not (await verify_book(store)).findings
    report = Report()
    await compare_with_checkpoint(store, "now", heads, report)
    assert not report.findings
    await store.close()
    return heads


async def test_what_the_owner_rewrites_is_found_by_a_checkpoint(book, postgres_server):
    heads = await checkpointed(as_service(book))
    assert {head.log for head in heads} == set(LOGS)
    for way, where in FOUND_AGAINST.items():
        copy = await asyncio.to_thread(postgres_server.create_database, book.rpartition("/")[2])
        owner = await asyncpg.connect(copy)
        for log in (*LOGS, "kill_switches", "sessions", "people", "accounts"):
            await owner.execute(f"ALTER TABLE oms.{log} DISABLE TRIGGER USER")
        for (part,) in await owner.fetch(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'oms.order_events'::regclass"
        ):
            await owner.execute(f"ALTER TABLE {part} DISABLE TRIGGER USER")
        await way(owner)
        await owner.close()
        store = await PostgresStore.connect(copy)
        assert [one.text for one in (await verify_book(store)).findings] == [], way.__name__
        report = Report()
        await compare_with_checkpoint(store, "then", heads, report)
        await store.close()
        found = report.findings
        assert any(one.subject.startswith(where) for one in found), (way.__name__, found)
        await asyncio.to_thread(postgres_server.drop_database, copy)


async def test_what_the_role_changes_does_not_keep_a_chain_out_of_a_checkpoint(book):
    role = await asyncpg.connect(as_service(book))
    await role.execute("UPDATE oms.accounts SET last_sequence = last_sequence + 1")
    await role.execute("UPDATE oms.audit_chains SET last_sequence = last_sequence + 1")
    await role.close()
    store = await PostgresStore.connect(as_service(book))
    async with store.audit() as reader:
        heads = await reader.heads()
    await store.close()
    assert {head.log for head in heads} == set(LOGS)
    assert [head.key for head in heads if head.log == CommitLog.ORDER_EVENTS] == ["ACC-ALICE"]


async def test_a_checkpoint_on_the_command_line(book, tmp_path):
    url, key = as_service(book), tmp_path / "key.pem"
    checkpoint, public = tmp_path / "checkpoint", tmp_path / "key.pem.pub"
    assert admin(url, "new-checkpoint-key", str(key)).returncode == 0
    written = admin(url, "checkpoint", str(checkpoint), "--key", str(key))
    assert written.returncode == 0, written.stderr
    against = ("verify", "--against", str(checkpoint), "--key", str(public))
    # What was appended since is no difference.
    connection = await asyncpg.connect(book)
    await connection.execute(ADD_RECORD, 1, "01LATER", 1, "n", "", 0, 0, b"value")
    held = admin(url, *against)
    assert (held.returncode, held.stdout.splitlines()[-1]) == (0, "no difference"), held.stdout
    await connection.execute("ALTER TABLE oms.control_records DISABLE TRIGGER USER")
    await connection.execute("DELETE FROM oms.control_records")
    await connection.close()
    gone = admin(url, *against)
    assert gone.returncode == 1
    assert "checkpoint: control_records/all: entry 2 is gone" in gone.stdout
    alone = admin(url, *against[:3])
    assert (alone.returncode, "--against needs --key" in alone.stderr) == (2, True)
