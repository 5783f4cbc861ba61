"""A reader of a log in commit order skips nothing and repeats nothing, whatever commits when."""

import asyncio
import contextlib
import itertools
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import pytest

from eventlog.logs import Entry, Log
from eventlog.source import LogReader
from svc_oms.adapters.postgres.controls.control_statements import ADD_RECORD
from svc_oms.adapters.postgres.logs.audit_log_store import LOCK_CHAIN
from svc_oms.adapters.postgres.logs.commit_log import read_log
from svc_oms.adapters.postgres.orders.order_statements import LOCK_CONTROLS
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.book.commit_logs import CommitLog, LogEntry, check_commit_order
from svc_oms.service.book.verification import verify_book
from svc_oms.service.ports import AccountInfo, EventWrite, WriteSet

WAIT_S = 30.0
RELAYED = {
    CommitLog.ORDER_EVENTS: Log.ORDERS,
    CommitLog.AUDIT: Log.AUDIT,
    CommitLog.STATES: Log.STATES,
}


@pytest.fixture
async def connect(book_url):
    """Open connections that are closed with the test."""
    opened: list[asyncpg.Connection] = []

    async def one() -> asyncpg.Connection:
        opened.append(await asyncpg.connect(book_url))
        return opened[-1]

    yield one
    for connection in opened:
        await connection.close()


async def lock(connection: asyncpg.Connection, log: CommitLog, key: str) -> None:
    """Take the lock that orders a key's entries; from here on there is a transaction id."""
    if log is CommitLog.ORDER_EVENTS:
        await connection.execute(
            "SELECT FROM oms.accounts WHERE account_id = $1 FOR UPDATE", f"ACC-{key}"
        )
    elif log is CommitLog.AUDIT:
        await connection.fetchrow(LOCK_CHAIN, key)
    else:
        await connection.execute("SELECT pg_current_xact_id()")


async def append(connection: asyncpg.Connection, log: CommitLog, key: str) -> None:
    """Write the first entry of a key."""
    if log is CommitLog.ORDER_EVENTS:
        await connection.execute(
            "INSERT INTO oms.order_events (account_id, sequence, order_id, payload, hash)"
            " VALUES ($1, 1, '', '', '')",
            f"ACC-{key}",
        )
    elif log is CommitLog.AUDIT:
        await connection.execute(
            "INSERT INTO oms.audit_log VALUES ($1, 1, $1, now(), 1, '', '', '', 0, '', '')", key
        )
    else:
        await connection.execute(
            "INSERT INTO oms.session_actions (action_id, session_id, kind, state, expires_at, body)"
            " VALUES ($1, $1, 1, 1, now(), '')",
            key,
        )


async def newest(connection: asyncpg.Connection, log: CommitLog) -> int:
    """Return the place after what the fixtures wrote."""
    return int(
        await connection.fetchval(f"SELECT coalesce(max(log_number), 0) FROM oms.{log}")  # noqa: S608 - a table of ours
    )


def keys(entries: Sequence[LogEntry | Entry]) -> list[str]:
    return [entry.key.removeprefix("ACC-").rpartition("/")[2] for entry in entries]


@pytest.mark.parametrize("log", [CommitLog.ORDER_EVENTS, CommitLog.AUDIT, CommitLog.STATES])
@pytest.mark.parametrize("lower_began_first", [True, False])
@pytest.mark.parametrize("lower_commits", [True, False])
async def test_a_lower_number_that_commits_later_is_waited_for(
    connect, log, lower_began_first, lower_commits
):
    lower, higher, mine = await connect(), await connect(), await connect()
    start = await newest(mine, log)
    begun = lower.transaction(), higher.transaction()
    for transaction in begun:
        await transaction.start()
    order = [(lower, "ALICE"), (higher, "BOB")]
    for connection, key in order if lower_began_first else reversed(order):
        await lock(connection, log, key)
    for connection, key in order:
        await append(connection, log, key)
    await begun[1].commit()
    reader = LogReader(mine, RELAYED[log], start)
    for _ in range(3):
        assert await reader.read(10) == []
    assert await LogReader(mine, RELAYED[log], start).read(10) == []
    assert keys(await read_log(mine, log, start, 10)) == ["BOB"]
    if lower_commits:
        await begun[0].commit()
        expected = ["ALICE", "BOB"]
    else:
        await begun[0].rollback()
        expected = ["BOB"]
    assert keys(await reader.read(10) + await reader.read(10)) == expected
    assert await reader.read(10) == []
    fresh = LogReader(mine, RELAYED[log], start)
    assert keys(await fresh.read(10) + await fresh.read(10)) == expected


async def test_numbers_follow_the_sequences_where_transaction_ids_do_not(connect):
    first, second = await connect(), await connect()
    begun = first.transaction(), second.transaction()
    for transaction in begun:
        await transaction.start()
    await lock(first, CommitLog.ORDER_EVENTS, "ALICE")
    await lock(second, CommitLog.ORDER_EVENTS, "BOB")
    await append(second, CommitLog.ORDER_EVENTS, "BOB")
    await begun[1].commit()
    await lock(first, CommitLog.ORDER_EVENTS, "BOB")
    await first.execute(
        "INSERT INTO oms.order_events (account_id, sequence, order_id, payload, hash)"
        " VALUES ('ACC-BOB', 2, '', '', '')"
    )
    await begun[0].commit()
    rows = "SELECT sequence FROM oms.order_events ORDER BY {}"
    by_number = [row[0] for row in await first.fetch(rows.format("log_number"))]
    by_transaction = [row[0] for row in await first.fetch(rows.format("xmin::text::int8"))]
    assert (by_number, by_transaction) == ([1, 2], [2, 1])


async def write_events(
    store: PostgresStore, names: list[str], last: Callable[[], Awaitable[object]] | None = None
) -> None:
    """Write two events of each account, then do this last before the commit."""
    async with store.transaction() as transaction:
        locked = await transaction.lock_accounts(names)
        writes = WriteSet()
        for name in names:
            high = locked[name].last_sequence + 2
            writes.events += [
                EventWrite(name, number, "", b"event", b"h" * 32) for number in (high - 1, high)
            ]
            writes.accounts.append((name, high, b"h" * 32, ""))
        await transaction.write(writes)
        if last is not None:
            await last()


def assert_every_event_once(read: list[Entry]) -> None:
    counts: dict[str, int] = defaultdict(int)
    for entry in read:
        counts[entry.key] += 1
        assert entry.sequence == counts[entry.key]


async def test_a_reader_sees_every_event_once_while_many_write_and_one_stays_open(
    book_url, connect
):
    store = await PostgresStore.connect(book_url)
    accounts = [f"ACC-{number:02}" for number in range(12)]
    for name in ("ACC-SLOW", *accounts):
        await store.ensure_account(AccountInfo(name, name, "EUR", "DEMO", 1))
    chance = random.Random(7)
    slow_has_number, slow_may_commit = asyncio.Event(), asyncio.Event()

    async def stay_open() -> None:
        slow_has_number.set()
        await slow_may_commit.wait()

    async def fail() -> None:
        raise ZeroDivisionError

    async def writer() -> None:
        for _ in range(40):
            names = sorted(chance.sample(accounts, chance.randint(1, 4)))
            with contextlib.suppress(ZeroDivisionError):
                await write_events(store, names, fail if chance.random() < 0.2 else None)

    read: list[Entry] = []
    reader = LogReader(await connect(), Log.ORDERS)
    wanted = "SELECT account_id, sequence FROM oms.order_events ORDER BY log_number"
    table = await connect()
    async with asyncio.timeout(WAIT_S):
        await write_events(store, accounts)
        slow = asyncio.create_task(write_events(store, ["ACC-SLOW"], stay_open))
        await slow_has_number.wait()
        writers = [asyncio.create_task(writer()) for _ in range(4)]
        for reads in itertools.count():
            read += await reader.read(7)
            if all(each.done() for each in writers) and reads > 100:
                break
        assert {entry.key for entry in read} == set(accounts)
        assert len(read) == 2 * len(accounts), "nothing passes the transaction that is open"
        slow_may_commit.set()
        await asyncio.gather(slow, *writers)
        rows = [tuple(row) for row in await table.fetch(wanted)]
        while len(read) < len(rows):
            read += await reader.read(50)
    assert [(entry.key, entry.sequence) for entry in read] == rows
    assert_every_event_once(read)
    assert await reader.read(50) == []
    await store.close()


async def test_a_rolled_back_number_is_passed_though_somebody_always_writes(connect):
    mine, failed = await connect(), await connect()
    others = [await connect() for _ in range(2)]
    transaction = failed.transaction()
    await transaction.start()
    await lock(failed, CommitLog.AUDIT, "failed")
    await append(failed, CommitLog.AUDIT, "failed")
    await transaction.rollback()
    reader, open_ = LogReader(mine, Log.AUDIT), None
    read: list[Entry] = []
    for number in range(6):
        # The next one begins before the last one ends: somebody is always open.
        connection = others[number % 2]
        following = connection.transaction()
        await following.start()
        await lock(connection, CommitLog.AUDIT, f"w{number}")
        if open_ is not None:
            await open_.commit()
        await append(connection, CommitLog.AUDIT, f"w{number}")
        open_ = following
        read += await reader.read(10)
    assert keys(read)[:3] == ["w0", "w1", "w2"]
    await open_.commit()


async def test_states_and_controls_have_a_log_of_every_change(connect, book_url):
    connection = await connect()
    start = await newest(connection, CommitLog.STATES)
    await append(connection, CommitLog.STATES, "act")
    await connection.execute("UPDATE oms.session_actions SET state = 2")
    await connection.execute("UPDATE oms.session_actions SET state = 2")
    await connection.execute(
        "INSERT INTO oms.kill_switches (switch_id, idempotency_key, body_hash, kind, drill, scope,"
        " reason, state, version, engaged_by, engaged_at_us)"
        " VALUES ('K', 'k', '', 1, false, $1, 'why', 1, 1, 'rita', 1)",
        [""] * 8,
    )
    await connection.execute("UPDATE oms.kill_switches SET worker = 'a replica'")
    await connection.execute("UPDATE oms.kill_switches SET state = 2, revision = revision + 1")
    entries = await read_log(connection, CommitLog.STATES, start, 10)
    assert [(e.log_number - start, e.key, e.version) for e in entries] == [
        (1, "session_actions/act", 1),
        (2, "session_actions/act", 2),
        (3, "kill_switches/K", 1),
        (4, "kill_switches/K", 2),
    ]
    assert b'"state": 2' in entries[-1].body
    async with connection.transaction():
        await connection.execute(LOCK_CONTROLS)
        for version in (1, 2):
            await connection.execute(ADD_RECORD, 1, "01J", version, "n", "", 0, 0, b"v")
    controls = await read_log(connection, CommitLog.CONTROLS, 0, 10)
    assert [(e.key, e.version, e.body) for e in controls] == [
        ("1/01J", 1, b"v"),
        ("1/01J", 2, b"v"),
    ]
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await connection.execute("DELETE FROM oms.state_log")
    store = await PostgresStore.connect(book_url)
    assert not (await verify_book(store)).findings
    await connection.execute("ALTER TABLE oms.state_log DISABLE TRIGGER USER")
    await connection.execute("DELETE FROM oms.state_log WHERE log_number = $1", start + 1)
    report = await verify_book(store)
    found = [f.invariant for f in report.findings]
    assert found == ["state_chain", "state_chain", "commit_order"]
    await store.close()


async def test_a_place_survives_a_dump_and_restore(postgres_server, book_url, connect):
    before = await PostgresStore.connect(book_url)
    names = ["ACC-ALICE", "ACC-BOB"]
    for _ in range(3):
        await write_events(before, names)
    await before.close()
    place = (await LogReader(await connect(), Log.ORDERS).read(5))[-1].log_number
    url = postgres_server.restored(book_url)
    after = await PostgresStore.connect(url)
    await write_events(after, names)
    restored = await asyncpg.connect(url)
    read = await LogReader(restored, Log.ORDERS, place).read(100)
    assert [each.log_number for each in read] == list(range(6, 17))
    assert [each.sequence for each in read if each.key == "ACC-BOB"][-2:] == [7, 8]
    await restored.close()
    await after.close()
    postgres_server.drop_database(url)


async def test_an_order_that_does_not_hold_is_found():
    async def entries():
        for number, version in ((1, 1), (2, 3), (4, 2)):
            yield LogEntry(number, "A", version, b"")

    found = await check_commit_order(CommitLog.AUDIT, entries(), {})
    assert [(f.subject, f.text) for f in found] == [
        ("audit_log/A", "log number 2 has 3, should be 2"),
        ("audit_log/A", "log number 4 has 2, should be 4"),
    ]
