"""A mesh under load and kills: the log, its copy in Kafka and its archive stay one and the same."""

import asyncio
import os
import random
import signal
from collections.abc import Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from event_archive.source import ArchiveSource
from eventlog.copies.entries import EventSource
from eventlog.copies.kafka import KafkaSource
from eventlog.logs import SCHEMA_OF, SCHEMAS, Log
from mesh.kafka.connection import client_configuration, quiet
from meshctl.stack.servers.kafka.broker import CLIENT
from meshctl.stack.servers.postgres import EmbeddedPostgres
from tests.support.relay import in_postgres
from tests.support.stack import Mesh, running_mesh
from tests.support.trading import Load, check_invariants, logged_in
from tests.support.waiting import until, wait_for

# Most of it waits for processes that start again; five minutes on a busy machine.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

TASKS = 12
COMMANDS_A_FAULT = 200
# What is killed at once. Between two faults the load goes on.
FAULTS = (
    ("relay",), ("archive",), ("oms",), ("kafka",), ("relay", "archive"), ("kafka", "relay"),
    ("postgres",), ("oms", "kafka", "archive"), ("archive",), ("relay", "oms"),
)  # fmt: skip
CLOSES_ITS_FILES = frozenset({1, 4, 7})
"""After these faults the archiver ends in good order, so that later ones find entries of it."""
Entries = dict[str, list[tuple[int, bytes, bytes]]]
"""Sequence, value and hash of each entry, by key, in the order of the copy."""


def owner_url(mesh: Mesh, schema: str) -> str:
    return EmbeddedPostgres(mesh.home, mesh.ports["postgres"]).owner_url(schema)


async def stored(mesh: Mesh) -> dict[Log, Entries]:
    """Return what PostgreSQL has of each log that is copied."""
    return {log: await in_postgres(owner_url(mesh, SCHEMA_OF[log]), log) for log in SCHEMAS}


async def copied(source: EventSource) -> dict[Log, Entries]:
    """Return the same of a copy."""
    found: dict[Log, Entries] = {log: {} for log in SCHEMAS}
    for log, keys in found.items():
        async for page in source.pages(log):
            for one in page:
                keys.setdefault(one.key, []).append((one.sequence, one.value, one.hash))
    return found


async def in_kafka(mesh: Mesh) -> dict[Log, Entries]:
    where = f"127.0.0.1:{mesh.ports['kafka']}"
    configuration = client_configuration(where, mesh.home.tls, CLIENT) | quiet()
    return await copied(await KafkaSource.opened(configuration, "ordermesh.", list(SCHEMAS)))


async def in_archive(mesh: Mesh) -> dict[Log, Entries]:
    return await copied(ArchiveSource(str(mesh.home.event_archive)))


def close_files(mesh: Mesh) -> None:
    """End the archiver in good order, and wait until the next one runs."""
    before = mesh.entry("archive")
    os.kill(before["pid"], signal.SIGTERM)
    wait_for(
        lambda: (now := mesh.entry("archive"))["pid"] != before["pid"] and now["state"] == "ready",
        "the next archiver runs",
        60,
    )


async def kill(mesh: Mesh, names: Iterable[str]) -> None:
    await asyncio.gather(*(asyncio.to_thread(mesh.kill, name) for name in names))


async def traded(mesh: Mesh) -> None:
    """Trade while one fault follows the other, until every order is closed."""
    chance = random.Random(5)
    async with logged_in(mesh, "alice") as client:
        listings = [one for one in await client.instruments("ASML") if one.symbol == "ASML"]
        load = Load(client, "ACC-ALICE", listings)
        reader = asyncio.create_task(load.read())
        await until(lambda: load.blotter.last_sequence, "the snapshot is complete")
        trading = asyncio.create_task(load.trade(TASKS))
        for number, names in enumerate(FAULTS):
            target = load.commands + COMMANDS_A_FAULT + chance.randrange(50)
            await until(
                lambda target=target: load.commands > target or trading.done(), "the load runs", 120
            )
            await kill(mesh, names)
            if number in CLOSES_ITS_FILES:
                await asyncio.to_thread(close_files, mesh)
        load.stop()
        await trading
        await load.settle()
        check_invariants(mesh, load)
        reader.cancel()


async def same(mesh: Mesh, what: str, copy) -> None:
    """Wait until a copy has every entry of PostgreSQL: each once, in order per key."""
    expected: dict[Log, Entries] = {}
    found: dict[Log, Entries] = {}

    async def equal() -> bool:
        nonlocal expected, found
        expected, found = await stored(mesh), await copy(mesh)
        return expected == found

    for _ in range(30):
        if await equal():
            return
        await asyncio.sleep(1)
    wrong = [
        f"{log} {key}: {len(expected[log].get(key, []))} entries, {len(found[log].get(key, []))}"
        for log in SCHEMAS
        for key in expected[log].keys() | found[log].keys()
        if expected[log].get(key) != found[log].get(key)
    ]
    raise AssertionError(f"PostgreSQL and {what} differ: {wrong[:10]}")


@asynccontextmanager
async def one_byte_changed(mesh: Mesh):
    """Change one byte of an event in PostgreSQL, as only the owner can; yield which event."""
    connection = await asyncpg.connect(owner_url(mesh, "oms"))
    change = """UPDATE oms.order_events SET payload = set_byte(payload, octet_length(payload) - 1,
        get_byte(payload, octet_length(payload) - 1) # 1) WHERE account_id = $1 AND sequence = $2"""
    event = "ACC-ALICE", 40
    await connection.execute("ALTER TABLE oms.order_events DISABLE TRIGGER USER")
    await connection.execute(change, *event)
    yield "ACC-ALICE/40"
    await connection.execute(change, *event)
    await connection.execute("ALTER TABLE oms.order_events ENABLE TRIGGER USER")
    await connection.close()


def ordermesh(mesh: Mesh, *words: str) -> tuple[int, str]:
    done = mesh.command(*words, timeout_s=180)
    return done.returncode, done.stdout + done.stderr


async def test_log_kafka_and_archive_are_one_whatever_is_killed(tmp_path: Path) -> None:
    with running_mesh(tmp_path / "home", "--kafka") as mesh:
        await traded(mesh)
        await same(mesh, "Kafka", in_kafka)
        await asyncio.to_thread(close_files, mesh)
        await same(mesh, "the archive", in_archive)
        place = str(mesh.home.event_archive)
        key = ("--key", str(mesh.home.secrets / "checkpoint-key.pem.pub"))
        for words in (("archive", "verify", *key), ("replay",), ("replay", "--archive", place)):
            code, text = ordermesh(mesh, *words)
            assert (code, "no difference" in text) == (0, True), f"{words}: {text}"
        async with one_byte_changed(mesh) as event:
            code, text = ordermesh(mesh, "replay", "--archive", place, "--account", "ACC-ALICE")
            assert code == 1, text
            assert event in text
        path = max(mesh.home.event_archive.glob("orders/*/*.parquet"), key=os.path.getsize)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        code, text = ordermesh(mesh, "archive", "verify")
        assert code == 1, text
        assert f"{path.name} was changed" in text.replace("\n", "")
