"""A mesh under load and kills: the log, its copy in Kafka and its archive stay one and the same."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from event_archive.source import ArchiveSource
from eventlog.copies.entries import EventSource
from eventlog.copies.kafka import KafkaSource
from eventlog.logs import NEWEST_ONLY, SCHEMA_OF, SCHEMAS, Log
from mesh.kafka.connection import client_configuration, quiet
from mesh.log import get_logger
from meshctl.stack.servers.kafka.broker import CLIENT
from meshctl.stack.servers.postgres import EmbeddedPostgres
from tests.support.relay import in_postgres
from tests.support.stack import Mesh, running_mesh
from tests.support.trading import Load, check_invariants, logged_in
from tests.support.waiting import until, wait_for

SOAK_MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
"""Minutes that the load with faults goes on, at least one round of them; `make soak` sets it."""
SOAK_COMMANDS_PER_S = float(os.environ.get("SOAK_COMMANDS_PER_S", "0"))
"""Commands a second of the load, about; 0 is as many as the mesh answers."""
# Most of it waits for processes that start again; five minutes on a busy machine. What is compared
# afterwards grows with the load.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900 + 120 * SOAK_MINUTES)]
COMMAND_S_MAX = 180 + 60 * SOAK_MINUTES

TASKS = 12
PAUSE_S = TASKS / SOAK_COMMANDS_PER_S if SOAK_COMMANDS_PER_S else 0
COMMANDS_A_FAULT = 200
# What is killed at once. Between two faults the load goes on.
FAULTS = (
    ("relay",), ("archive",), ("oms",), ("kafka",), ("relay", "archive"), ("kafka", "relay"),
    ("postgres",), ("oms", "kafka", "archive"), ("archive",), ("relay", "oms"),
)  # fmt: skip
CLOSES_ITS_FILES = frozenset({1, 4, 7})
"""After these faults of a round the archiver ends in good order, so that later ones find entries of
it."""
COPIED = tuple(log for log in SCHEMAS if log not in NEWEST_ONLY)
_log = get_logger(__name__)
Entries = dict[str, list[tuple[int, bytes, bytes]]]
"""Sequence, value and hash of each entry, by key, in the order of the copy."""


def owner_url(mesh: Mesh, schema: str) -> str:
    return EmbeddedPostgres(mesh.home, mesh.ports["postgres"]).owner_url(schema)


async def stored(mesh: Mesh) -> dict[Log, Entries]:
    """Return what PostgreSQL has of each log that is copied."""
    return {log: await in_postgres(owner_url(mesh, SCHEMA_OF[log]), log) for log in COPIED}


async def copied(source: EventSource) -> dict[Log, Entries]:
    """Return the same of a copy."""
    found: dict[Log, Entries] = {log: {} for log in COPIED}
    for log, keys in found.items():
        async for page in source.pages(log):
            for one in page:
                keys.setdefault(one.key, []).append((one.sequence, one.value, one.hash))
    return found


async def in_kafka(mesh: Mesh) -> dict[Log, Entries]:
    where = f"127.0.0.1:{mesh.ports['kafka']}"
    configuration = client_configuration(where, mesh.home.tls, CLIENT) | quiet()
    return await copied(await KafkaSource.opened(configuration, "ordermesh.", list(COPIED)))


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


def faults(chance: random.Random) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield one round of faults, then others until the time is over; each with its place."""
    ends = time.monotonic() + 60 * SOAK_MINUTES
    yield from enumerate(FAULTS)
    while time.monotonic() < ends:
        place = chance.randrange(len(FAULTS))
        yield place, FAULTS[place]


async def traded(mesh: Mesh) -> None:
    """Trade while one fault follows the other, until every order is closed."""
    chance = random.Random(5)
    async with logged_in(mesh, "alice") as client:
        listings = [one for one in await client.instruments("ASML") if one.symbol == "ASML"]
        load = Load(client, "ACC-ALICE", listings, pause_s=PAUSE_S)
        reader = asyncio.create_task(load.read())
        await until(lambda: load.blotter.last_sequence, "the snapshot is complete")
        trading = asyncio.create_task(load.trade(TASKS))
        count = 0
        for number, names in faults(chance):
            count += 1
            target = load.commands + COMMANDS_A_FAULT + chance.randrange(50)
            await until(
                lambda target=target: load.commands > target or trading.done(), "the load runs", 120
            )
            await kill(mesh, names)
            if number in CLOSES_ITS_FILES:
                await asyncio.to_thread(close_files, mesh)
        _log.info("the load ends", commands=load.commands, faults=count, refused=len(load.refused))
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
        return not differing()

    def differing() -> list[tuple[Log, str]]:
        return [
            (log, key)
            for log in COPIED
            for key in expected[log].keys() | found[log].keys()
            if not _equal(log, expected[log].get(key, []), found[log].get(key, []))
        ]

    for _ in range(30):
        if await equal():
            return
        await asyncio.sleep(1)
    wrong = [
        f"{log} {key}: {len(expected[log].get(key, []))} entries, {len(found[log].get(key, []))}"
        for log, key in differing()
    ]
    raise AssertionError(f"PostgreSQL and {what} differ: {wrong[:10]}")


def _equal(log: Log, expected: list[Any], found: list[Any]) -> bool:
    """Trades go on while the two are read: what one has and the other has not is the newest."""
    if log is Log.TRADES:
        both = min(len(expected), len(found))
        return expected[:both] == found[:both]
    return expected == found


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
    done = mesh.command(*words, timeout_s=COMMAND_S_MAX)
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
