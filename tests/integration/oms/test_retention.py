"""What is older than its age goes to the archive; what stays verifies, whatever is killed."""

import asyncio
import gzip
import json
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import asyncpg
import pytest

from kernel.hashchain import GENESIS, event_hash
from mesh.settings import child_environment
from ordermesh.oms.v1 import event_pb2, order_pb2, order_service_pb2
from ordermesh.type.v1 import stream_pb2
from svc_oms.adapters.archive_files import ArchiveFolder
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.adapters.postgres.retention.retention_store import PostgresRetention
from svc_oms.service.retention.retention import retain_audit, retain_orders
from tests.integration.oms.test_admin import admin
from tests.support.oms import trading, verified

AGE = {"ORDERMESH_RETENTION_EVENTS_DAYS": "35", "ORDERMESH_RETENTION_AUDIT_DAYS": "35"}
MADE_OLD = (
    """
    CREATE TABLE oms.order_events_2020_01 PARTITION OF oms.order_events
    (PRIMARY KEY (account_id, sequence), UNIQUE (log_number))
    FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z')""",
    "ALTER TABLE oms.order_events DISABLE TRIGGER USER",
    "UPDATE oms.order_events SET recorded_at = '2020-01-15Z'",
    "ALTER TABLE oms.order_events ENABLE TRIGGER USER",
)
_RUN = "FROM pg_stat_activity WHERE application_name = 'svc-oms-retention'"
_OF_BOOK = "datname = current_database()"
WAITS = f"SELECT EXISTS (SELECT {_RUN} AND {_OF_BOOK} AND wait_event_type = 'Lock')"
CONNECTED = f"SELECT EXISTS (SELECT {_RUN} AND {_OF_BOOK})"
CHANGES = {
    "set_openings", "record", "remove_orders", "remove_keys", "move_base", "drop_events",
    "remove_audit",
}  # fmt: skip


class KilledError(Exception):
    """The run ends here, as if it was killed."""


class Dying:
    """A store that ends the run after a number of changes."""

    def __init__(self, store: PostgresRetention, changes: int) -> None:
        self._store = store
        self._left = changes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in CHANGES:
            return method

        async def change(*words: Any) -> Any:
            result = await method(*words)
            self._left -= 1
            if not self._left:
                raise KilledError
            return result

        return change


async def place_and_fill(client, gateway, key: str, **changes) -> str:
    order = (await client.place(key, **changes)).order
    name = f"{order.order_id}-1"
    price = changes.get("limit_price", "650")
    await gateway.send(
        gateway.acknowledged(name), gateway.filled(name, exec_id=f"F-{key}", last_price=price)
    )
    await client.in_state(order.order_id, order_pb2.ORDER_STATE_FILLED)
    return order.order_id


async def trade_long_ago(client, gateway) -> str:
    """Buy, sell and buy; return an order that is partly executed and stays open."""
    await place_and_fill(client, gateway, "old-buy", limit_price="600")
    await place_and_fill(client, gateway, "old-sell", limit_price="610", side=order_pb2.SIDE_SELL)
    order_id = (await client.place("old-open")).order.order_id
    await gateway.send(
        gateway.acknowledged(f"{order_id}-1"),
        gateway.filled(f"{order_id}-1", "60", "60", "40", exec_id="F-open", last_price="650"),
    )
    await client.in_state(order_id, order_pb2.ORDER_STATE_PARTIALLY_FILLED)
    await gateway.applied()
    return order_id


async def make_old(book_url: str) -> None:
    connection = await asyncpg.connect(book_url)
    for statement in MADE_OLD:
        await connection.execute(statement)
    await connection.close()


async def ids(book_url: str, table: str, column: str = "order_id") -> set[str]:
    connection = await asyncpg.connect(book_url)
    rows = await connection.fetch(f"SELECT {column} FROM oms.{table}")  # noqa: S608
    await connection.close()
    return {row[0] for row in rows}


async def version(book_url: str) -> str:
    store = await PostgresStore.connect(book_url)
    found = await store.account_versions(["ACC-ALICE"])
    await store.close()
    return found["ACC-ALICE"]


async def run_admin(book_url: str, *words: str) -> CompletedProcess[str]:
    """Run the command beside a replica that goes on in this process."""
    return await asyncio.to_thread(admin, book_url, "retention", *words, **AGE)


async def run(book_url: str, archive: Path, changes: int = 0) -> None:
    async with PostgresRetention.opened(book_url) as store:
        dying = Dying(store, changes)
        folder = ArchiveFolder(archive, 1_700_000_000_000_000_000)
        await retain_orders(dying, folder, 35, lambda _: None)
        await retain_audit(dying, folder, 35, lambda _: None)


def says_what_is_missing(book_url: str, folder: Path, events: int) -> None:
    """Exports and evidence name the events that were archived."""
    named = f"ACC-ALICE: events up to number {events}, from the beginning to 20"
    table = admin(book_url, "export", "rts24", "--out", str(folder / "rts24.csv"))
    assert f"not exported: {named}" in table.stdout
    page = folder / "evidence.html"
    assert admin(book_url, "evidence", "--out", str(page)).returncode == 0
    assert f"Not counted here: {named}" in page.read_text()


async def test_old_orders_go_to_the_archive_and_what_stays_verifies(book_url, tls, tmp_path):
    async with trading(book_url, tls) as (_, client, gateway):
        open_id = await trade_long_ago(client, gateway)
        events = len(await ids(book_url, "order_events", "log_number"))
        await make_old(book_url)
        new_id = await place_and_fill(client, gateway, "new", limit_price="640")

        planned = await run_admin(book_url, "--archive", str(tmp_path), "--dry-run")
        assert planned.returncode == 0, planned.stderr
        assert f"{events} rows of order_events, 2 rows of orders, 2 rows of exec" in planned.stdout
        assert not list(tmp_path.iterdir())

        before = await version(book_url)
        done = await run_admin(book_url, "--archive", str(tmp_path))
        assert done.returncode == 0, done.stderr
        # So no copy of a read shows what was removed.
        assert await version(book_url) != before
        assert "ACC-ALICE: 2 orders, 3 keys removed; 1 orders stay open" in done.stdout
        assert "dropped order_events_2020_01" in done.stdout
        for table in ("orders", "executions"):
            assert await ids(book_url, table) == {open_id, new_id}
        assert await ids(book_url, "idempotency", "key") == {"new"}
        await verified(book_url)

        # A bust of an execution that is in the archive, and executions after it.
        name = f"{open_id}-1"
        await gateway.send(
            gateway.report(
                name, "H", "0", exec_id="B", exec_ref_id="F-open", cum_quantity="0",
                leaves_quantity="100",
            ),
            gateway.filled(name, "30", "30", "70", exec_id="F-after", last_price="655"),
        )  # fmt: skip
        await gateway.applied()
        found = await client.get(open_id)
        assert found.order.progress.cum_quantity == "30"
        await place_and_fill(client, gateway, "newest", side=order_pb2.SIDE_SELL)
        await gateway.send(
            gateway.report(
                f"{new_id}-1", "H", "0", exec_id="B2", exec_ref_id="F-new", cum_quantity="0",
                leaves_quantity="100",
            )
        )  # fmt: skip
        await gateway.applied()
    await verified(book_url)

    again = admin(book_url, "retention", "--archive", str(tmp_path), **AGE)
    assert (again.returncode, "no events recorded" in again.stdout) == (0, True)
    says_what_is_missing(book_url, tmp_path, events)
    checked = admin(book_url, "verify-archive", "--archive", str(tmp_path))
    assert (checked.returncode, checked.stdout) == (0, "no difference\n")
    (file,) = tmp_path.glob("*/order_events.jsonl.gz")
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert len(lines) == events
    first = event_pb2.OrderEvent.FromString(bytes.fromhex(lines[0]["payload"][2:]))
    assert first.sequence == 1
    assert first.accepted.order.account_id == "ACC-ALICE"


async def test_a_run_that_is_killed_anywhere_leaves_a_book_that_verifies(book_url, tls, tmp_path):
    async with trading(book_url, tls) as (_, client, gateway):
        open_id = await trade_long_ago(client, gateway)
        await make_old(book_url)
        await place_and_fill(client, gateway, "new")
    killed = 0
    while True:
        try:
            await run(book_url, tmp_path / str(killed), changes=1 + killed)
        except KilledError:
            killed += 1
            await verified(book_url)
            continue
        break
    assert killed > 5
    await verified(book_url)
    assert open_id in await ids(book_url, "orders")
    assert len(await ids(book_url, "orders")) == 2
    assert "order_events_2020_01" not in await partitions(book_url)


async def partitions(book_url: str) -> set[str]:
    connection = await asyncpg.connect(book_url)
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relname LIKE 'order_events_%'"
    )
    await connection.close()
    return {row[0] for row in rows}


async def test_the_audit_log_goes_and_its_chains_go_on(book_url, tmp_path):
    for grace in range(3):
        words = ("--account", "ACC-ALICE", "--by", "rita", "--grace-s", str(grace))
        assert admin(book_url, "disconnect-default", *words).returncode == 0
    connection = await asyncpg.connect(book_url)
    await connection.execute("ALTER TABLE oms.audit_log DISABLE TRIGGER USER")
    # The column only: verification compares it with the entry, so the entry is given the time too.
    await connection.execute(
        "UPDATE oms.audit_log SET at = at - interval '90 days' WHERE sequence < 3"
    )
    await connection.execute("ALTER TABLE oms.audit_log ENABLE TRIGGER USER")
    done = admin(book_url, "retention", "--archive", str(tmp_path), **AGE)
    assert done.returncode == 0, done.stderr
    assert "2 entries of the audit log and 0 settled" in done.stdout
    left = await connection.fetch("SELECT sequence FROM oms.audit_log ORDER BY 1")
    await connection.close()
    # The one that stays, and the entry about the run.
    assert [row[0] for row in left] == [3, 4]
    await verified(book_url)
    assert admin(book_url, "verify-archive", "--archive", str(tmp_path)).returncode == 0


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(gzip.compress(b"")), "its SHA-256 differs"),
    ],
)
async def test_a_changed_archive_is_found(book_url, tls, tmp_path, spoil, text):
    async with trading(book_url, tls) as (_, client, gateway):
        await trade_long_ago(client, gateway)
    await make_old(book_url)
    assert admin(book_url, "retention", "--archive", str(tmp_path), **AGE).returncode == 0
    (file,) = tmp_path.glob("*/order_events.jsonl.gz")
    spoil(file)
    checked = admin(book_url, "verify-archive", "--archive", str(tmp_path))
    assert checked.returncode == 1
    assert text in checked.stdout
    assert "the database begins after" in checked.stdout


async def test_a_cursor_below_what_is_kept_begins_anew(book_url, tls, tmp_path):
    async with trading(book_url, tls) as (_, client, gateway):
        await trade_long_ago(client, gateway)
        await make_old(book_url)
        await run(book_url, tmp_path)
        epoch = await ids(book_url, "book", "epoch::text")
        cursor = stream_pb2.Cursor(epoch=epoch.pop(), sequence=2)
        request = order_service_pb2.WatchRequest()
        request.accounts.add(account_id="ACC-ALICE", cursor=cursor)
        call = client.orders.Watch(request, metadata=client.metadata)
        item = (await call.read()).items[0]
        assert item.resync.cause == stream_pb2.RESYNC_CAUSE_CURSOR_TOO_OLD
        call.cancel()


async def test_a_report_of_an_archived_order_is_parked_and_its_key_is_free(book_url, tls, tmp_path):
    """The replica that has traded goes on, and remembers more than the database has."""
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = await place_and_fill(client, gateway, "old-buy", limit_price="600")
        await gateway.applied()
        await make_old(book_url)
        await run(book_url, tmp_path)
        assert await ids(book_url, "orders") == set()
        name = f"{order_id}-1"
        await gateway.send(
            gateway.report(
                name, "H", "0", exec_id="B", exec_ref_id="F-old-buy", cum_quantity="0",
                leaves_quantity="100",
            )
        )  # fmt: skip
        await gateway.applied()
        parked = await ids(book_url, "parked_messages", "msg_seq_num")
        again = await place_and_fill(client, gateway, "old-buy", limit_price="600")
        assert again != order_id
        assert await ids(book_url, "orders") >= {again}
    assert len(parked) == 1
    await verified(book_url)


@pytest.mark.long
async def test_a_run_that_the_system_kills_while_it_waits_is_gone_on_with(book_url, tls, tmp_path):
    async with trading(book_url, tls) as (_, client, gateway):
        await trade_long_ago(client, gateway)
        await make_old(book_url)
        await place_and_fill(client, gateway, "new")
    # A transaction sees the activity as it was when it first looked: so two connections.
    holder, watcher = await asyncpg.connect(book_url), await asyncpg.connect(book_url)
    for lock in (
        "SELECT FROM oms.accounts FOR UPDATE",
        "SELECT FROM oms.orders FOR UPDATE",
        "LOCK TABLE oms.log_bases IN EXCLUSIVE MODE",
    ):
        holding = holder.transaction()
        await holding.start()
        await holder.execute(lock)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "svc_oms.admin", "retention", "--archive", str(tmp_path),
            env=child_environment({"ORDERMESH_DATABASE_URL": book_url, **AGE}),
        )  # fmt: skip
        async with asyncio.timeout(30):
            while not await watcher.fetchval(WAITS):
                assert process.returncode is None, lock
                await asyncio.sleep(0.01)
        process.kill()
        await process.wait()
        await holding.rollback()
        async with asyncio.timeout(30):
            while await watcher.fetchval(CONNECTED):
                await asyncio.sleep(0.01)
        await verified(book_url)
    await holder.close()
    await watcher.close()
    done = await run_admin(book_url, "--archive", str(tmp_path))
    assert done.returncode == 0, done.stderr
    await verified(book_url)
    assert len(await ids(book_url, "orders")) == 2
    checked = admin(book_url, "verify-archive", "--archive", str(tmp_path))
    assert (checked.returncode, checked.stdout) == (0, "no difference\n")


async def test_a_base_that_was_invented_is_found_by_a_checkpoint(book_url, tls, tmp_path):
    """The owner of the tables rewrites the log, and says that it was archived."""
    async with trading(book_url, tls) as (_, client, gateway):
        await place_and_fill(client, gateway, "old-buy", limit_price="600")
        await gateway.applied()
    key, checkpoint, archive = tmp_path / "key", tmp_path / "checkpoint", tmp_path / "archive"
    assert admin(book_url, "new-checkpoint-key", str(key)).returncode == 0
    words = ("checkpoint", str(checkpoint), "--key", str(key))
    assert admin(book_url, *words).returncode == 0
    against = ("--against", str(checkpoint), "--key", f"{key}.pub")
    # Before it is archived, an event gets another text; all hashes are computed anew.
    connection = await asyncpg.connect(book_url)
    await connection.execute("ALTER TABLE oms.order_events DISABLE TRIGGER USER")
    head = GENESIS
    for sequence, payload in await connection.fetch(
        "SELECT sequence, payload FROM oms.order_events ORDER BY sequence"
    ):
        event = event_pb2.OrderEvent.FromString(payload)
        event.actor = "nobody"
        body = event.SerializeToString(deterministic=True)
        head = event_hash(head, body)
        await connection.execute(
            "UPDATE oms.order_events SET payload = $2, hash = $3 WHERE sequence = $1",
            sequence, body, head,
        )  # fmt: skip
    await connection.execute("ALTER TABLE oms.order_events ENABLE TRIGGER USER")
    await connection.execute(
        "UPDATE oms.accounts SET chain_head = $1 WHERE account_id = 'ACC-ALICE'", head
    )
    await connection.close()
    await make_old(book_url)
    place = ("--archive", str(archive))
    assert (await run_admin(book_url, *place)).returncode == 0
    assert admin(book_url, "verify-archive", *place).stdout == "no difference\n"
    found = admin(book_url, "verify-archive", *place, *against)
    assert found.returncode == 1
    assert "checkpoint: order_events/ACC-ALICE: entry" in found.stdout
    assert "was rewritten" in found.stdout


def test_an_age_has_a_least_value(book_url, tmp_path):
    short = {"ORDERMESH_RETENTION_EVENTS_DAYS": "34"}
    refused = admin(book_url, "retention", "--archive", str(tmp_path), **short)
    assert refused.returncode != 0
    assert "at least 35 days" in refused.stdout + refused.stderr
