"""What any store of controls must do: the same tests on memory and on PostgreSQL."""

import asyncpg
import pytest

from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.ports import AccountInfo, LinkProgress, PositionRow, WriteSet
from svc_oms.service.ports.control_ports import ControlRecord, RecordKind
from tests.contract.oms.test_order_store import order, placed, written
from tests.support.oms_memory import MemoryStore
from tests.support.postgres import as_service

LIMIT, OVERRIDE, STATUS = RecordKind.LIMIT, RecordKind.OVERRIDE, RecordKind.STATUS


@pytest.fixture
async def store(store_url):
    opened = await PostgresStore.connect(as_service(store_url)) if store_url else MemoryStore()
    for name, desk in (("ACC-ALICE", "CASH"), ("ACC-BOB", "")):
        await opened.ensure_account(AccountInfo(name, name, "EUR", "DEMO", 1, desk))
    yield opened
    if isinstance(opened, PostgresStore):
        await opened.close()


def record(object_id: str, version: int, begin: int, end: int = 0, **changes) -> ControlRecord:
    made = ControlRecord(
        LIMIT, object_id, version, f"name {object_id}", "ACC-ALICE", begin, end, b"body"
    )
    return made._replace(body=f"{object_id} {version}".encode(), **changes)


async def add(store, *records: ControlRecord) -> None:
    async with store.controls().change() as change:
        for each in records:
            await change.add(each)


async def live(store, now_us: int) -> list[bytes]:
    async with store.transaction() as batch:
        return sorted(body for _, body in await batch.control_records(now_us))


async def test_a_batch_reads_what_is_in_force_or_will_be(store):
    await add(
        store,
        record("A", 1, 10),
        record("A", 2, 20),
        record("B", 1, 10, 30),
        record("C", 1, 10),
        record("C", 2, 25, 25),
        record("S", 1, 10, kind=STATUS),
    )
    assert await live(store, 15) == [b"A 1", b"A 2", b"B 1", b"C 1", b"C 2", b"S 1"]
    assert await live(store, 20) == [b"A 2", b"B 1", b"C 1", b"C 2", b"S 1"]
    assert await live(store, 25) == [b"A 2", b"B 1", b"S 1"]
    assert await live(store, 30) == [b"A 2", b"S 1"]


async def test_records_are_found_by_object_name_time_and_scope(store):
    controls = store.controls()
    await add(
        store,
        record("A", 1, 10, name="n"),
        record("A", 2, 20, name="n"),
        record("B", 1, 10, 30, scope_id="DEMO"),
        record("C", 1, 10),
        record("C", 2, 20, 20),
        record("O", 1, 10, kind=OVERRIDE, name="1"),
        record("O", 2, 20, kind=OVERRIDE, name="2"),
        record("P", 1, 10, kind=OVERRIDE, name="1"),
    )

    async def in_force(at, after="", scopes=None, limit=10):
        rows = await controls.in_force(LIMIT, at, after, scopes, limit)
        return [(row.object_id, row.version) for row in rows]

    assert await in_force(10) == [("A", 1), ("B", 1), ("C", 1)]
    assert await in_force(20) == [("A", 2), ("B", 1)]
    assert await in_force(30) == [("A", 2)]
    assert await in_force(20, "A") == [("B", 1)]
    assert await in_force(20, scopes=["DEMO"]) == [("B", 1)]
    assert await in_force(20, limit=1) == [("A", 2)]

    async def newest(before="", scopes=None, name="", limit=10):
        rows = await controls.newest_first(OVERRIDE, before, scopes, name, limit)
        return [(row.object_id, row.version) for row in rows]

    assert await newest() == [("P", 1), ("O", 2)]
    assert await newest(name="1") == [("P", 1)]
    assert await newest("P") == [("O", 2)]
    assert await newest(scopes=["X"]) == []
    assert await newest(limit=1) == [("P", 1)]
    rows = await controls.history(LIMIT, "A", 0, 10)
    assert [row.version for row in rows] == [1, 2]
    assert [row.version for row in await controls.history(LIMIT, "A", 1, 10)] == [2]
    async with controls.change() as change:
        assert (await change.newest(LIMIT, "A")).version == 2
        assert (await change.newest_named(LIMIT, "n")).version == 2
        assert await change.newest(LIMIT, "X") is None
        assert await change.newest_named(STATUS, "n") is None


async def test_scopes_and_accounts(store):
    async with store.controls().change() as change:
        assert await change.lock_account("ACC-X") is None
        assert (await change.lock_account("ACC-ALICE")).desk_id == "CASH"
        await change.set_account("ACC-ALICE", 3, '{"p":"x"}')
    (row,) = await store.controls().account_rows(["ACC-ALICE", "ACC-X"])
    assert (row.status, row.controls) == (3, '{"p":"x"}')


async def test_a_change_moves_the_version_and_keeps_its_answer(store):
    async with store.transaction() as batch:
        rows = await batch.lock_accounts(["ACC-ALICE"])
        before = await batch.controls_version()
        assert rows["ACC-ALICE"].controls_seen == before
    async with store.controls().change() as change:
        assert await change.answer("rita", "k") is None
        await change.done("rita", "k", b"hash", b"answer")
    async with store.controls().change() as change:
        assert await change.answer("rita", "k") == (b"hash", b"answer")
        assert await change.answer("ravi", "k") is None
    async with store.transaction() as batch:
        rows = await batch.lock_accounts(["ACC-ALICE"])
        assert rows["ACC-ALICE"].controls_seen == await batch.controls_version() == before + 1


async def test_the_version_is_the_same_after_keys(store):
    async with store.transaction() as batch:
        rows = await batch.lock_accounts(["ACC-ALICE"])
        assert await batch.keys([]) == await batch.keys([("ACC-ALICE", "k")]) == []
        assert await batch.controls_version() == rows["ACC-ALICE"].controls_seen


async def test_a_change_that_fails_leaves_nothing(store):
    async def fail():
        async with store.controls().change() as change:
            await change.add(record("A", 1, 10))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await live(store, 15) == []


async def test_orders_moved_since_are_found_by_sequence_and_chain_head(store):
    await written(store, placed(order(1), order(2)))
    async with store.transaction() as batch:
        head = (await batch.lock_accounts(["ACC-ALICE"]))["ACC-ALICE"]
        everything = await batch.all_open_orders(["ACC-ALICE", "ACC-BOB"])
        assert {row.order_id for row in everything} == {order(1).order_id, order(2).order_id}
        # The suite's events carry no chain: the first one's hash is what the log has there.
        true, moved = await batch.orders_since([("ACC-ALICE", 1, b"h" * 32)])
        assert head.last_sequence == 2
        assert true == {"ACC-ALICE"}
        assert [row.order_id for row in moved] == [order(2).order_id]
        true, moved = await batch.orders_since([("ACC-ALICE", 1, b"x" * 32), ("ACC-BOB", 1, b"")])
        assert (true, moved) == (set(), [])


async def test_positions_are_written_with_what_the_venue_reported(store):
    session = await store.take_session("s", "SIMA", "me", "g", may_add=True)
    rows = [
        PositionRow("ACC-ALICE", "I1", "EUR", "10", "1000.5", "100.05", "0", 3),
        PositionRow("ACC-ALICE", "I1", "USD", "-5", "-50", "10", "1.25", 4),
    ]
    for number, row in enumerate([*rows, rows[0]._replace(quantity="7", as_of_sequence=9)]):
        writes = WriteSet(positions=[row])
        writes.progress = LinkProgress("s", session.fencing_token, 1, number, 0)
        async with store.transaction() as batch:
            await batch.lock_accounts(["ACC-ALICE"])
            await batch.write(writes)
    expected = [rows[0]._replace(quantity="7", as_of_sequence=9), rows[1]]
    async with store.transaction() as batch:
        assert await batch.positions(["ACC-ALICE", "ACC-BOB"]) == expected
    assert await store.controls().positions("ACC-ALICE") == expected
    picture = await store.controls().picture("ACC-ALICE", 0)
    assert picture.positions == expected
    assert await store.controls().picture("ACC-X", 0) is None


async def test_positions_are_built_only_at_the_sequence_they_were_made_of(store):
    row = PositionRow("ACC-BOB", "I1", "EUR", "10", "100", "10", "0", 3)
    controls = store.controls()
    assert not await controls.rebuild_positions("ACC-BOB", 5, [row], "state")
    assert await controls.positions("ACC-BOB") == []
    assert await controls.rebuild_positions("ACC-BOB", 0, [row], "state")
    assert await controls.positions("ACC-BOB") == [row]
    assert (await controls.account_rows(["ACC-BOB"]))[0].controls == "state"


async def test_records_cannot_be_changed(store_url):
    if not store_url:
        pytest.skip("memory keeps no triggers")
    connection = await asyncpg.connect(store_url)
    try:
        for statement in (
            "UPDATE oms.control_records SET version = 2",
            "DELETE FROM oms.control_records",
            "TRUNCATE oms.control_records",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await connection.execute(statement)
    finally:
        await connection.close()
