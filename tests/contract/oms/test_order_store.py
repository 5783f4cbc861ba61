"""What any order store must do: the same tests on memory and on PostgreSQL."""

import asyncio

import pytest

from kernel.hashchain import GENESIS
from svc_oms.adapters.postgres.migrate import newest_revision
from svc_oms.service.ports import (
    AccountInfo,
    AuditFilter,
    AuditLine,
    EventWrite,
    ExecutionRow,
    FencedError,
    IdempotencyRow,
    LinkProgress,
    ListFilter,
    OrderWrite,
    OutboxWrite,
    ParkedWrite,
    SessionHeldError,
    StoreRefusedError,
    WriteSet,
)

ALL = ListFilter(None, (), "", False, 0, 0, "", 100)
OPEN, FILLED = 2, 4
# The ids below are of this time.
START_US = 1_700_000_000_000_000


def order(number: int, **changes) -> OrderWrite:
    """A row of an order of alice's."""
    order_id = f"01HF7YAT0000000000000000{number:02}"
    row = OrderWrite(
        order_id=order_id,
        account_id="ACC-ALICE",
        instrument_id="ASML.SIMA",
        venue_mic="SIMA",
        side=1,
        type=2,
        state=OPEN,
        is_open=True,
        quantity="100",
        limit_price="650.05",
        cum_quantity="0",
        leaves="100",
        average_price="0",
        cl_ord_id=f"{order_id}-1",
        created_sequence=number,
        last_sequence=number,
        created_at_us=START_US + number,
        updated_at_us=START_US + number,
        closed=False,
        waits=False,
        group_id="",
        unsolicited_key="",
        fold=b"\x08\x01",
        body=f"body {number}".encode(),
    )
    return row._replace(**changes)


def placed(*rows: OrderWrite, commands: int = 0) -> WriteSet:
    """What a batch of new orders writes."""
    writes = WriteSet(new_orders=list(rows))
    for row in rows:
        writes.events.append(
            EventWrite(row.account_id, row.created_sequence, row.order_id, b"event", b"h" * 32)
        )
        writes.idempotency.append(
            IdempotencyRow(
                row.account_id,
                f"key-{row.order_id}",
                1,
                b"hash",
                row.order_id,
                row.created_sequence,
                None,
            )
        )
    last = {row.account_id: row.created_sequence for row in rows}
    writes.accounts = [(name, sequence, b"h" * 32, "{}") for name, sequence in last.items()]
    writes.outbox = [OutboxWrite("sima-orders", f"c{i}".encode()) for i in range(commands)]
    return writes


async def written(store, writes: WriteSet, accounts=("ACC-ALICE",)) -> dict[str, int]:
    async with store.transaction() as batch:
        await batch.lock_accounts(accounts)
        return await batch.write(writes)


async def test_accounts_begin_at_zero_and_unknown_ones_are_left_out(store):
    async with store.transaction() as batch:
        rows = await batch.lock_accounts(["ACC-ALICE", "ACC-NOBODY"])
    assert list(rows) == ["ACC-ALICE"]
    assert rows["ACC-ALICE"].last_sequence == 0
    assert rows["ACC-ALICE"].chain_head == GENESIS


async def test_an_account_is_created_once(store):
    info = AccountInfo("ACC-NEW", "New", "EUR", "DEMO", 1)
    assert await store.ensure_account(info)
    assert not await store.ensure_account(info)


async def test_a_batch_is_read_back(store):
    await written(store, placed(order(1), order(2)))
    async with store.transaction() as batch:
        rows = await batch.lock_accounts(["ACC-ALICE"])
        assert rows["ACC-ALICE"][2:] == (2, b"h" * 32, "DEMO", "", "{}", 1)
        found = await batch.orders([order(2).order_id, "none"])
        assert [(r.order_id, r.body, r.fold) for r in found] == [
            (order(2).order_id, b"body 2", b"\x08\x01")
        ]
        key = f"key-{order(1).order_id}"
        keys = await batch.keys([("ACC-ALICE", key), ("ACC-BOB", key)])
        assert [(k.key, k.order_id, k.result) for k in keys] == [(key, order(1).order_id, None)]
        assert len(await batch.open_orders("ACC-ALICE", 1)) == 1
    assert await store.account_of([order(1).order_id, "none"]) == {order(1).order_id: "ACC-ALICE"}
    assert await store.events("ACC-ALICE", 1, 10) == [(2, b"event", b"body 2")]
    assert await store.high_waters(["ACC-ALICE", "ACC-NOBODY"]) == {"ACC-ALICE": 2}


async def test_a_failed_batch_leaves_nothing(store):
    async def fail() -> None:
        async with store.transaction() as batch:
            await batch.lock_accounts(["ACC-ALICE"])
            await batch.write(placed(order(1)))
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        await fail()
    assert await store.order(order(1).order_id) is None
    assert await store.high_waters(["ACC-ALICE"]) == {"ACC-ALICE": 0}


async def test_the_same_order_twice_is_refused(store):
    await written(store, placed(order(1)))
    with pytest.raises(StoreRefusedError):
        await written(store, placed(order(1)))


async def test_batches_of_one_account_wait_for_each_other(store):
    async def add_one() -> None:
        async with store.transaction() as batch:
            rows = await batch.lock_accounts(["ACC-ALICE"])
            await batch.write(placed(order(rows["ACC-ALICE"].last_sequence + 1)))

    await asyncio.gather(*(add_one() for _ in range(10)))
    rows = await store.events("ACC-ALICE", 0, 100)
    assert [row.sequence for row in rows] == list(range(1, 11))


async def test_a_changed_order_moves_and_closes_once(store):
    await written(store, placed(order(1)))
    closed = order(1, state=FILLED, is_open=False, closed=True, leaves="0", body=b"closed")
    await written(store, WriteSet(changed_orders=[closed]))
    row = await store.order(order(1).order_id)
    assert row.body == b"closed"
    recent = await store.snapshot("ACC-ALICE", closed.updated_at_us, 10)
    assert recent.bodies == [b"closed"]
    later = await store.snapshot("ACC-ALICE", closed.updated_at_us + 1, 10)
    assert later.bodies == []
    assert await store.snapshot("ACC-NOBODY", 0, 10) is None


async def test_lists_filter_and_page_newest_first(store):
    bob = order(4, account_id="ACC-BOB", created_sequence=1)
    rows = [order(1), order(2, instrument_id="SAP.SIMA"), order(3, state=FILLED, is_open=False)]
    await written(store, placed(*rows, bob), ("ACC-ALICE", "ACC-BOB"))

    async def ids(**changes) -> list[int]:
        found, more = await store.list_orders(ALL._replace(**changes))
        assert more == (found[-1].order_id if "limit" in changes else "")
        return [int(row.order_id[-2:]) for row in found]

    assert await ids() == [4, 3, 2, 1]
    assert await ids(account_ids=("ACC-ALICE",)) == [3, 2, 1]
    assert await ids(account_ids=()) == []
    assert await ids(states=(FILLED,)) == [3]
    assert await ids(instrument_id="SAP.SIMA") == [2]
    assert await ids(open_only=True) == [4, 2, 1]
    assert await ids(created_from_us=order(3).created_at_us) == [4, 3]
    assert await ids(created_until_us=order(3).created_at_us) == [2, 1]
    assert await ids(before_order_id=order(3).order_id, limit=1) == [2]


async def test_commands_are_numbered_without_holes(store):
    await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    assert await written(store, placed(order(1), commands=2)) == {"sima-orders": 0}
    assert await written(store, placed(order(2), commands=1)) == {"sima-orders": 2}
    assert await store.outbox("sima-orders", 0, 10) == [(1, b"c0"), (2, b"c1"), (3, b"c0")]
    assert await store.outbox("sima-orders", 2, 10) == [(3, b"c0")]


async def test_what_a_venue_reported_may_have_commands_at_every_venue_as_its_consequence(store):
    session = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    await store.take_session("simb-orders", "SIMB", "r1", "g", may_add=True)
    await written(store, placed(order(1), commands=2))
    sends = [
        OutboxWrite("simb-orders", b"b1"),
        OutboxWrite("sima-orders", b"a1"),
        OutboxWrite("simb-orders", b"b2"),
    ]
    progress = LinkProgress("sima-orders", session.fencing_token, 7, 9, 1)
    bases = await written(store, WriteSet(outbox=sends, progress=progress))
    assert bases == {"sima-orders": 2, "simb-orders": 0}
    assert await store.outbox("sima-orders", 0, 10) == [(2, b"c1"), (3, b"a1")]
    assert await store.outbox("simb-orders", 0, 10) == [(1, b"b1"), (2, b"b2")]
    rows = {row.session_id: row for row in await store.sessions()}
    assert (rows["sima-orders"].outbound_sequence, rows["simb-orders"].outbound_sequence) == (3, 2)
    assert rows["sima-orders"].inbound_msg_seq_num == 9
    fenced = progress._replace(fencing_token=0)
    with pytest.raises(FencedError):
        await written(store, WriteSet(outbox=sends, progress=fenced))
    assert len(await store.outbox("simb-orders", 0, 10)) == 2


async def test_waiting_orders_and_groups_are_found(store):
    mine = order(1, waits=True, group_id="G1")
    await written(store, placed(mine, order(2, group_id="G1"), order(3, waits=True), order(4)))
    assert await store.waiting() == {mine.order_id: 1, order(3).order_id: 3}
    rows = await store.orders([mine.order_id, "nobody's"])
    assert [row.body for row in rows] == [mine.body]
    async with store.transaction() as batch:
        await batch.lock_accounts(["ACC-ALICE"])
        found = await batch.groups([("ACC-ALICE", "G1"), ("ACC-BOB", "G1"), ("ACC-ALICE", "")])
    assert {row.order_id for row in found} == {mine.order_id, order(2).order_id}
    gone = mine._replace(waits=False, last_sequence=5)
    await written(store, WriteSet(changed_orders=[gone]))
    assert await store.waiting() == {order(3).order_id: 3}


async def test_an_order_may_get_its_venue_after_it_was_written(store):
    await written(store, placed(order(1, venue_mic="", instrument_id="")))
    wanted = ALL._replace(instrument_id="ASML.SIMA")
    assert await store.list_orders(wanted) == ([], "")
    await written(store, WriteSet(changed_orders=[order(1, last_sequence=2)]))
    assert [row.order_id for row in (await store.list_orders(wanted)).rows] == [order(1).order_id]


async def test_unsolicited_orders_are_written_with_its_progress_and_found_by_its_number(store):
    row = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    progress = LinkProgress("sima-orders", row.fencing_token, 1, 9, 0)
    mine = order(1, unsolicited_key="PHONE-1", body=b"reported as PHONE-1")
    await written(store, WriteSet(new_orders=[mine], progress=progress))
    async with store.transaction() as batch:
        assert await batch.unsolicited_orders("SIMA", ["PHONE-1", "PHONE-2", ""]) == [
            ("PHONE-1", mine.order_id, "ACC-ALICE")
        ]
        assert await batch.unsolicited_orders("SIMB", ["PHONE-1"]) == []
    await written(store, placed(order(2), order(3)))
    changed = mine._replace(last_sequence=5, body=b"PHONE-1 still")
    await written(store, WriteSet(changed_orders=[changed]))
    names = [("SIMA", "V1", mine.order_id), ("SIMA", "V2", mine.order_id)]
    await written(store, WriteSet(venue_order_ids=names + names, progress=progress))
    wanted = ["V2", "V1", "V3"]
    async with store.transaction() as batch:
        found = await batch.orders_by_venue_id("SIMA", wanted)
        assert sorted((named, row.body) for named, row in found) == [
            ("V1", changed.body),
            ("V2", changed.body),
        ]
        assert await batch.orders_by_venue_id("SIMB", wanted) == []
        assert await batch.unsolicited_opened("SIMA", "") == 1
        assert await batch.unsolicited_opened("SIMA", mine.order_id) == 0
        assert await batch.unsolicited_orders("SIMA", ["PHONE-1"]) != []
    # Closed long ago: another day's order may have its number.
    gone = changed._replace(is_open=False, closed=True, last_sequence=6)
    await written(store, WriteSet(changed_orders=[gone]))
    async with store.transaction() as batch:
        assert await batch.orders_by_venue_id("SIMA", wanted) == []
    fenced = progress._replace(fencing_token=0)
    with pytest.raises(FencedError):
        await written(
            store, WriteSet(new_orders=[order(4, unsolicited_key="PHONE-4")], progress=fenced)
        )
    async with store.transaction() as batch:
        assert await batch.unsolicited_orders("SIMA", ["PHONE-4"]) == []


async def test_a_number_that_another_order_has_is_found_when_it_is_written(store):
    row = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    progress = LinkProgress("sima-orders", row.fencing_token, 1, 9, 0)
    await written(store, placed(order(1), order(2), order(3)))
    names = [("SIMA", "V1", order(1).order_id), ("SIMA", "V2", order(1).order_id)]
    await written(store, WriteSet(venue_order_ids=names, progress=progress))
    again = [
        ("SIMA", "V1", order(1).order_id),
        ("SIMA", "V2", order(2).order_id),
        ("SIMB", "V1", order(3).order_id),
    ]
    async with store.transaction() as batch:
        assert batch.named_before() == {}
        await batch.write(WriteSet(venue_order_ids=again, progress=progress))
        assert batch.named_before() == {"V2": order(1).order_id}
        await batch.write(WriteSet(progress=progress))
        assert batch.named_before() == {}
        # By a person, without a session.
        await batch.write(WriteSet(venue_order_ids=[("SIMA", "V1", order(3).order_id)]))
        assert batch.named_before() == {"V1": order(1).order_id}


async def test_each_owner_has_a_new_token_and_the_older_cannot_write(store):
    first = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    second = await store.take_session("sima-orders", "SIMA", "r2", "g", may_add=True)
    assert second.fencing_token == first.fencing_token + 1
    await written(store, placed(order(1)))
    execution = ExecutionRow(
        "SIMA", "E1", order(1).order_id, "ACC-ALICE", 1, "F", "10", "650.05", b"x", False
    )
    stale = LinkProgress("sima-orders", first.fencing_token, 7, 5, 0)
    with pytest.raises(FencedError):
        await written(store, WriteSet(executions=[execution], progress=stale))
    assert await store.order_executions(order(1).order_id) == []
    with pytest.raises(FencedError):
        await store.store_status("sima-orders", first.fencing_token, 3, 0, b"")
    current = stale._replace(fencing_token=second.fencing_token)
    await written(store, WriteSet(executions=[execution], progress=current))
    assert await store.order_executions(order(1).order_id) == [execution]
    row = (await store.sessions())[0]
    assert (row.inbound_epoch, row.inbound_msg_seq_num, row.owner) == (7, 5, "r2")


async def test_a_held_session_is_its_gateways_alone(store):
    first = await store.take_session("a", "SIMA", "r1", "first", may_add=True)
    with pytest.raises(SessionHeldError) as held:
        await store.take_session("a", "SIMA", "r2", "second", may_add=True)
    assert (held.value.row.gateway, held.value.row.fencing_token) == ("first", 1)
    again = await store.take_session("a", "SIMA", "r2", "first", may_add=True)
    await store.free_session("a", first.fencing_token)  # an older owner frees nothing
    with pytest.raises(SessionHeldError):
        await store.take_session("a", "SIMA", "r2", "second", may_add=True)
    await store.free_session("a", again.fencing_token)
    assert not (await store.sessions())[0].held
    taken = await store.take_session("a", "SIMA", "r2", "second", may_add=True)
    assert (taken.fencing_token, taken.held) == (3, True)


async def test_numbers_go_on_in_a_new_store(store):
    session = await store.take_session("a", "SIMA", "r1", "g", may_add=True)
    token = session.fencing_token
    await store.store_status("a", token, 3, 0, b"", (7, 40))
    await written(store, WriteSet(progress=LinkProgress("a", token, 7, 12, 0, 55)))
    await store.store_status("a", token, 3, 0, b"")  # without an epoch it says nothing of numbers
    row = (await store.sessions())[0]
    assert (row.sender_epoch, row.next_sender) == (7, 55)
    row = await store.take_session("a", "SIMA", "r1", "g", may_add=True, store_lost_epoch=9)
    assert (row.inbound_epoch, row.inbound_msg_seq_num) == (9, 12)
    assert (row.sender_epoch, row.next_sender) == (9, 55)


async def test_a_receipt_takes_commands_out_of_the_outbox(store):
    session = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    await written(store, placed(order(1), commands=3))
    progress = LinkProgress("sima-orders", session.fencing_token, 7, 1, 2)
    await written(store, WriteSet(progress=progress))
    assert [number for number, _ in await store.outbox("sima-orders", 0, 10)] == [3]
    assert (await store.sessions())[0].acknowledged_outbound_sequence == 2


async def test_an_execution_comes_once_and_can_be_taken_back(store):
    session = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    await written(store, placed(order(1)))
    progress = LinkProgress("sima-orders", session.fencing_token, 7, 1, 0)
    row = ExecutionRow(
        "SIMA", "E1", order(1).order_id, "ACC-ALICE", 1, "F", "10", "650.05", b"x", False
    )
    await written(store, WriteSet(executions=[row], progress=progress))
    with pytest.raises(StoreRefusedError):
        await written(store, WriteSet(executions=[row], progress=progress))
    bust = row._replace(exec_id="E2", exec_type="H", body=b"", busted=True, sequence=2)
    gone = (order(1).order_id, "E1", 1)
    await written(store, WriteSet(executions=[bust], busted=[gone], progress=progress))
    assert await store.order_executions(order(1).order_id) == [row._replace(busted=True)]
    async with store.transaction() as batch:
        mine = order(1).order_id
        known = await batch.executions([(mine, "E1"), (mine, "E2"), (order(2).order_id, "E1")])
    assert [one.exec_id for one in known] == ["E1", "E2"]


async def test_an_execution_id_may_come_again_for_another_order_or_part(store):
    session = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    await written(store, placed(order(1)))
    progress = LinkProgress("sima-orders", session.fencing_token, 7, 1, 0)
    first = ExecutionRow(
        "SIMA", "E1", order(1).order_id, "ACC-ALICE", 1, "F", "10", "650.05", b"x", False
    )
    second = first._replace(part=2, sequence=2)
    other = first._replace(order_id=order(2).order_id, sequence=3)
    rows = [first, second, other]
    await written(store, WriteSet(executions=rows, progress=progress))
    for row in rows:
        with pytest.raises(StoreRefusedError):
            await written(store, WriteSet(executions=[row], progress=progress))
    gone = (order(1).order_id, "E1", 2)
    await written(store, WriteSet(busted=[gone], progress=progress))
    async with store.transaction() as batch:
        assert await batch.executions([(order(1).order_id, "E1")]) == [
            first,
            second._replace(busted=True),
        ]
        of_the_venue = await batch.venue_executions("SIMA", ["E1", "E2"])
        assert [one.order_id for one in of_the_venue] == [
            order(1).order_id,
            order(1).order_id,
            order(2).order_id,
        ]
        assert await batch.venue_executions("SIMB", ["E1"]) == []


async def test_fills_and_amendments_are_read_in_the_order_of_the_log(store):
    session = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    await written(store, placed(order(1), order(2), order(3, body=b"of another instrument")))
    progress = LinkProgress("sima-orders", session.fencing_token, 7, 1, 0)
    fills = [
        ExecutionRow(
            "SIMA", f"E{n}", order(of).order_id, "ACC-ALICE", n, "F", "10", "650.05", b"x", False
        )
        for n, of in ((5, 1), (4, 2), (6, 3))
    ]
    bust = fills[1]._replace(exec_id="E7", exec_type="H", body=b"", busted=True, sequence=7)
    gone = (order(2).order_id, "E4", 1)
    writes = WriteSet(executions=[*fills, bust], busted=[gone], progress=progress)
    writes.accounts.append(("ACC-ALICE", 7, b"h" * 32, ""))
    writes.events += [
        EventWrite("ACC-ALICE", n, order(2).order_id, f"event {n}".encode(), b"h" * 32)
        for n in (4, 5, 6, 7)
    ]
    await written(store, writes)
    async with store.transaction() as batch:
        found = [(row.order_body, row.exec_id, row.sequence) async for row in batch.fills(
            "ACC-ALICE", "body"
        )]  # fmt: skip
        amendments = await batch.amendments("ACC-ALICE", "body")
        assert [row async for row in batch.fills("ACC-BOB", "body")] == []
    assert found == [(b"body 2", "E4", 4), (b"body 1", "E5", 5)]
    assert amendments == [(b"body 2", b"event 7")]


async def test_parked_messages_are_written(store):
    session = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    parked = ParkedWrite("sima-orders", 7, 3, "8", "unreadable", None, None, b"raw")
    progress = LinkProgress("sima-orders", session.fencing_token, 7, 3, 0)
    await written(store, WriteSet(parked=[parked], progress=progress))
    assert (await store.sessions())[0].inbound_msg_seq_num == 3


async def test_a_session_belongs_to_one_venue(store):
    assert await store.take_session("a", "SIMA", "r1", "g", may_add=False) is None
    assert await store.take_session("a", "SIMA", "r1", "g", may_add=True)
    assert await store.take_session("a", "SIMB", "r1", "g", may_add=True) is None
    assert await store.take_session("b", "SIMA", "r1", "g", may_add=True) is None


async def test_a_venue_may_have_a_drop_copy_beside_its_order_session(store):
    async def take(name: str, *, drop_copy: bool):
        return await store.take_session(name, "SIMA", "r1", "g", may_add=True, drop_copy=drop_copy)

    assert (await take("orders", drop_copy=False)).drop_copy is False
    assert (await take("copy", drop_copy=True)).drop_copy is True
    assert await take("second", drop_copy=True) is None
    assert await take("orders", drop_copy=True) is None
    assert await take("copy", drop_copy=False) is None
    assert {row.session_id: row.drop_copy for row in await store.sessions()} == {
        "orders": False,
        "copy": True,
    }


async def test_a_status_is_kept(store):
    session = await store.take_session("a", "SIMA", "r1", "g", may_add=True)
    await store.store_status("a", session.fencing_token, 3, 1_700_000_000_000_000, b"up")
    await store.vouch(["a"], "r1")
    row = (await store.sessions())[0]
    assert (row.state, row.status) == (3, b"up")


async def test_listings_are_kept_and_replaced(store):
    await store.keep_instruments([("ASML.SIMA", b"one"), ("SAP.SIMA", b"two")])
    await store.keep_instruments([("ASML.SIMA", b"three")])
    assert {b"two", b"three"} <= set(await store.instruments())


async def test_unknown_orders_are_counted(store):
    await written(store, placed(order(1, state=14), order(2)))
    assert await store.unknown_orders() == 1


async def test_the_schema_is_the_newest(store):
    assert await store.revision() == newest_revision()


def line(number: int, **changes) -> AuditLine:
    row = AuditLine(
        sequence=number,
        entry_id=f"01HF7YAT0000000000000000{number:02}",
        at_us=START_US + number * 1_000_000,
        kind=1,
        actor="alice" if number % 2 else "",
        account_id="ACC-ALICE",
        order_id="",
        reason=number,
        payload=b"%d" % number,
        hash=bytes([number]) * 32,
    )
    return row._replace(**changes)


async def test_the_audit_log_is_chained_per_writer_and_listed_newest_first(store):
    async with store.transaction() as batch:
        assert await batch.lock_audit("r1") == (0, GENESIS)
        await batch.write_audit("r1", [line(1), line(2), line(3, order_id="O", kind=2)])
    async with store.transaction() as batch:
        assert await batch.lock_audit("r1") == (3, bytes([3]) * 32)
        assert await batch.lock_audit("r2") == (0, GENESIS)
    every = AuditFilter(0, 0, "", "", "", (), 0, "", 100)
    assert [body for _, body in (await store.list_audit(every)).rows] == [b"3", b"2", b"1"]
    for change, found in (
        ({"from_us": START_US + 2_000_000}, [b"3", b"2"]),
        ({"until_us": START_US + 2_000_000}, [b"1"]),
        ({"actor": "alice"}, [b"3", b"1"]),
        ({"account_id": "ACC-BOB"}, []),
        ({"order_id": "O"}, [b"3"]),
        ({"reasons": (1, 2)}, [b"2", b"1"]),
        ({"kind": 2}, [b"3"]),
        ({"before_entry_id": line(3).entry_id}, [b"2", b"1"]),
        ({"limit": 2}, [b"3", b"2"]),
    ):
        rows, _ = await store.list_audit(every._replace(**change))
        assert [body for _, body in rows] == found, change


async def test_a_chain_that_is_not_committed_did_not_move(store):
    async def fail() -> None:
        async with store.transaction() as batch:
            await batch.lock_audit("r1")
            await batch.write_audit("r1", [line(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with store.transaction() as batch:
        assert await batch.lock_audit("r1") == (0, GENESIS)


async def test_a_command_may_bring_executions(store):
    """A person found them at the venue; no session's numbers move by it."""
    row = ExecutionRow(
        "SIMA", "E1", order(1).order_id, "ACC-ALICE", 1, "F", "10", "650.05", b"fill", False
    )
    writes = placed(order(1))
    writes.executions.append(row)
    await written(store, writes)
    async with store.transaction() as batch:
        await batch.lock_accounts(["ACC-ALICE"])
        mine = order(1).order_id
        assert await batch.executions([(mine, "E1"), (mine, "E2")]) == [row]
    with pytest.raises(StoreRefusedError):
        await written(store, WriteSet(executions=[row]))


async def test_what_was_committed_stays_whatever_comes_before_the_batch_is_left(store):
    async def spoil():
        async with store.transaction() as batch:
            await batch.lock_accounts(["ACC-ALICE"])
            await batch.write(placed(order(1)))
            await batch.commit()
            raise RuntimeError("after the commit")

    with pytest.raises(RuntimeError, match="after the commit"):
        await spoil()
    async with store.transaction() as batch:
        assert (await batch.lock_accounts(["ACC-ALICE"]))["ACC-ALICE"].last_sequence == 1
