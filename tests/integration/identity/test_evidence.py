"""The service's role cannot rewrite users and acts; a checkpoint shows what the owner did."""

import asyncio

import asyncpg
import pytest

from kernel.hashchain import GENESIS, event_hash
from mesh.checkpoints import write_new_key
from svc_identity.adapters.postgres.evidence import AUDIT_ENTRIES, USER_CHAINS
from svc_identity.adapters.postgres.privileges import TABLES
from tests.support.identity_process import Identity
from tests.support.ports import free_port
from tests.support.postgres import as_service

REFUSED = (
    "DELETE FROM identity.user_log",
    "UPDATE identity.user_log SET image = '{}'",
    "TRUNCATE identity.user_log",
    "INSERT INTO identity.user_log VALUES ('U', 1, now(), '{}', '')",
    "ALTER TABLE identity.user_log DISABLE TRIGGER USER",
    "DELETE FROM identity.users",
    "UPDATE identity.users SET user_id = '01JD00000000000000000000XX'",
    "ALTER TABLE identity.users DISABLE TRIGGER USER",
    "DROP TRIGGER users_logged ON identity.users",
    "CREATE OR REPLACE FUNCTION identity.log_user() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE identity.mine (a int)",
    """CREATE TEMP TABLE t (user_id text); CREATE TRIGGER forged AFTER INSERT ON t
        FOR EACH ROW EXECUTE FUNCTION identity.log_user()""",
    """CREATE TEMP TABLE t (entry_id text); CREATE TRIGGER forged BEFORE INSERT ON t
        FOR EACH ROW EXECUTE FUNCTION identity.chain_audit()""",
    "UPDATE identity.alembic_version SET version_num = '0001'",
    "DELETE FROM identity.audit_log",
    "TRUNCATE identity.audit_log",
    "UPDATE identity.audit_log SET actor = 'nobody'",
    "UPDATE identity.audit_log SET at_ns = 0",
    "INSERT INTO identity.audit_log (number) OVERRIDING SYSTEM VALUE VALUES (1)",
    "INSERT INTO identity.audit_chain VALUES (1, 1, '')",
    "UPDATE identity.audit_chain SET hash = ''",
    "DELETE FROM identity.audit_chain",
    "ALTER TABLE identity.audit_log DISABLE TRIGGER USER",
    "DROP TRIGGER audit_chained ON identity.audit_log",
    "SELECT * FROM oms.orders",
)


@pytest.fixture
def users(tmp_path, postgres_server, tls_folder):
    """A database with alice, who was changed, and bob, as the administration makes them."""

    def service(url: str) -> Identity:
        return Identity(tmp_path, tls_folder, url, free_port(), free_port(), free_port())

    def prepare(url: str) -> None:
        first = service(url)
        first.migrate()
        first.ensure_user("alice")
        first.ensure_user("bob")
        first.ensure_user("alice", "--account", "ACC-BOB")

    template = postgres_server.template("identity with alice and bob", prepare)
    url = postgres_server.create_database(template)
    yield service(url)
    postgres_server.drop_database(url)


async def test_the_role_of_the_service_cannot_rewrite_users(users):
    owner = await asyncpg.connect(users.database_url)
    await owner.execute("CREATE SCHEMA oms; CREATE TABLE oms.orders (order_id text)")
    await owner.close()
    connection = await asyncpg.connect(as_service(users.database_url, "identity"))
    for statement in REFUSED:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    log = "SELECT image ->> 'username', version FROM identity.user_log ORDER BY 1, 2"
    assert [tuple(row) for row in await connection.fetch(log)] == [
        ("alice", 1),
        ("alice", 2),
        ("bob", 1),
    ]
    await connection.close()


async def test_every_table_is_in_the_list_of_rights(users):
    connection = await asyncpg.connect(users.database_url)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'identity'")
    assert {row[0] for row in rows} <= TABLES.keys()
    await connection.close()


async def rechained(connection: asyncpg.Connection) -> None:
    heads: dict[str, bytes] = {}
    for user_id, version, payload, _ in await connection.fetch(USER_CHAINS.text):
        heads[user_id] = event_hash(heads.get(user_id, GENESIS), payload)
        await connection.execute(
            "UPDATE identity.user_log SET hash = $3 WHERE user_id = $1 AND version = $2",
            user_id,
            version,
            heads[user_id],
        )
    head = GENESIS
    for _, position, payload, _ in await connection.fetch(AUDIT_ENTRIES.text):
        head = event_hash(head, payload)
        await connection.execute(
            "UPDATE identity.audit_chain SET hash = $2 WHERE position = $1", position, head
        )


WAYS = {
    "a user becomes a risk manager": (
        "UPDATE identity.users SET roles = '{RISK}' WHERE username = 'bob'",
        (
            "UPDATE identity.user_log SET image = jsonb_set(image, '{roles}', '[\"RISK\"]')"
            " WHERE image ->> 'username' = 'bob'"
        ),
        "or one before it was rewritten",
    ),
    "a user is deleted": (
        "DELETE FROM identity.users WHERE username = 'bob'",
        "DELETE FROM identity.user_log WHERE image ->> 'username' = 'bob'",
        "entry 1 is gone",
    ),
    "a state is cut": (
        (
            "UPDATE identity.users SET version = 1, changed_at_ns = 0, accounts = '{ACC-ALICE}'"
            " WHERE username = 'alice'"
        ),
        "DELETE FROM identity.user_log WHERE version = 2",
        "entry 2 is gone",
    ),
    "the author of a change is another": (
        "UPDATE identity.audit_log SET actor = 'admin:nobody'",
        "SELECT 1",
        "audit_log/all: entry 3 or one before it was rewritten",
    ),
    "the newest act is cut": (
        "DELETE FROM identity.audit_log WHERE number = 3",
        "DELETE FROM identity.audit_chain WHERE number = 3",
        "audit_log/all: entry 3 is gone",
    ),
    "an act in the middle is cut": (
        "DELETE FROM identity.audit_log WHERE number = 2",
        (
            "DELETE FROM identity.audit_chain WHERE number = 2;"
            "UPDATE identity.audit_chain SET position = 2 WHERE number = 3"
        ),
        "audit_log/all: entry 3 is gone",
    ),
    "an act is invented": (
        (
            "INSERT INTO identity.audit_log (entry_id, at_ns, act, actor, user_id, username,"
            " address, session_id, detail, count) SELECT 'X' || substr(entry_id, 2), at_ns, act,"
            " actor, user_id, username, address, session_id, detail, count"
            " FROM identity.audit_log WHERE number = 1"
        ),
        (
            "UPDATE identity.audit_chain SET position = 4 WHERE number = 3;"
            "INSERT INTO identity.audit_chain SELECT 3, max(number), '' FROM identity.audit_log"
        ),
        "audit_log/all: entry 3 or one before it was rewritten",
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_the_owner_rewrites_is_found_by_a_checkpoint(users, tmp_path, way):
    row, log, text = WAYS[way]
    key, checkpoint = tmp_path / "checkpoint-key.pem", tmp_path / "checkpoint"
    public = write_new_key(key)
    written = users.admin("checkpoint", str(checkpoint), "--key", str(key))
    assert (written.returncode, "3 chains" in written.stdout) == (0, True), written.stderr
    against = ("verify", "--against", str(checkpoint), "--key", str(public))
    held = users.admin(*against)
    assert (held.returncode, held.stdout) == (
        0,
        "3 states of users, 3 entries of the audit log chained\nno difference\n",
    )
    connection = await asyncpg.connect(users.database_url)
    for table in ("users", "user_log", "audit_log", "audit_chain"):
        await connection.execute(f"ALTER TABLE identity.{table} DISABLE TRIGGER USER")
    await connection.execute(row)
    assert users.admin("verify").returncode == 1, "it is not as in the log, or as chained"
    await connection.execute(log)
    if way == "a state is cut":
        # The password was hashed again.
        await connection.execute(
            "UPDATE identity.user_log SET image = jsonb_set(image, '{password}', to_jsonb(encode("
            "sha256(convert_to((SELECT password_hash FROM identity.users WHERE username = 'alice'),"
            " 'UTF8')), 'hex'))) WHERE image ->> 'username' = 'alice'"
        )
    await rechained(connection)
    await connection.close()
    alone = users.admin("verify")
    assert alone.returncode == 0, alone.stdout
    found = users.admin(*against)
    assert (found.returncode, text in found.stdout) == (1, True), found.stdout


async def test_acts_that_are_recorded_at_once_have_one_chain(users):
    """Each transaction appends at its commit: the longest is the last."""
    url = as_service(users.database_url, "identity")
    connections = [await asyncpg.connect(url) for _ in range(8)]
    insert = (
        "INSERT INTO identity.audit_log (entry_id, at_ns, act, actor, user_id, username, address,"
        " session_id, detail, count) VALUES ($1, 0, 2, '', '', 'x', '', '', '', 1)"
    )

    async def record(number, connection):
        async with connection.transaction():
            for entry in range(3):
                await connection.execute(insert, f"{number}{entry}".rjust(26, "0"))
                await asyncio.sleep(0)  # the others go on

    await asyncio.gather(*(record(number, each) for number, each in enumerate(connections)))
    rows = await connections[0].fetch("SELECT position FROM identity.audit_chain ORDER BY 1")
    assert [row[0] for row in rows] == list(range(1, 28))
    for connection in connections:
        await connection.close()
    report = users.admin("verify")
    assert (report.returncode, "27 entries of the audit log" in report.stdout) == (0, True)


async def test_acts_from_before_the_chain_are_in_it(users):
    """Migration 0008 over a log that has entries, compared with what the trigger made of them."""
    connection = await asyncpg.connect(users.database_url)
    made = await connection.fetch(AUDIT_ENTRIES.text)
    await connection.execute(
        "DROP VIEW identity.relayed_heads, identity.relayed_identity, identity.relayed_users;"
        "DROP TRIGGER audit_chained ON identity.audit_log; DROP FUNCTION identity.chain_audit();"
        "DROP TABLE identity.audit_chain, identity.user_settings, identity.setting_heads,"
        "identity.settings_epoch; UPDATE identity.alembic_version SET version_num = '0007'"
    )
    users.migrate()
    assert await connection.fetch(AUDIT_ENTRIES.text) == made
    await connection.close()
