"""What any store of kill switches must do: the same tests on memory and on PostgreSQL."""

import pytest

from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.ports import AccountInfo, WriteSet
from svc_oms.service.ports.kill_ports import (
    PullRow,
    SwitchKind,
    SwitchRow,
    SwitchState,
)
from tests.contract.oms.test_order_store import FILLED, order
from tests.support.oms_memory import MemoryStore
from tests.support.postgres import as_service

PENDING, PULLED, CANNOT = 1, 2, 5


@pytest.fixture
async def store(store_url):
    opened = await PostgresStore.connect(as_service(store_url)) if store_url else MemoryStore()
    await opened.ensure_account(AccountInfo("ACC-ALICE", "A", "EUR", "F1", 1, "D1"))
    await opened.ensure_account(AccountInfo("ACC-CAROL", "C", "EUR", "F2", 1))
    yield opened
    if isinstance(opened, PostgresStore):
        await opened.close()


def scope(**fields) -> tuple[str, ...]:
    names = ("firm", "desk", "account", "trader", "algorithm", "session", "venue", "instrument")
    return tuple(fields.get(name, "") for name in names)


def switch(number: int = 1, **changes) -> SwitchRow:
    row = SwitchRow(
        switch_id=f"01JD0000000000000000000K{number:02}",
        idempotency_key=f"k{number}",
        body_hash=b"h",
        kind=SwitchKind.SWITCH,
        drill=False,
        scope=scope(firm="F1"),
        reason="test",
        state=SwitchState.ENGAGING,
        version=0,
        engaged_by="rita",
        engaged_at_us=1_700_000_000_000_000,
    )
    return row._replace(**changes)


async def engage(store, *args, **changes) -> SwitchRow:
    stored = await store.kills.engage(switch(*args, **changes), 10)
    assert stored is not None
    return stored[0]


async def blocking(store):
    async with store.transaction() as batch:
        await batch.lock_accounts(["ACC-ALICE"])
        return await batch.controls_version(), await batch.kill_switches()


async def test_an_engaged_switch_moves_the_version_and_is_seen_by_the_next_batch(store):
    before, none = await blocking(store)
    row = await engage(store)
    after, found = await blocking(store)
    assert none == []
    assert found == [row]
    assert row.version == after > before


async def test_the_same_key_of_the_same_person_is_the_same_switch(store):
    row = await engage(store)
    version, _ = await blocking(store)
    assert await store.kills.engage(switch(2, idempotency_key="k1"), 10) == (row, False)
    assert (await blocking(store))[0] == version
    assert await store.kills.has_key("rita", "k1")
    assert not await store.kills.has_key("ravi", "k1")
    other, new = await store.kills.engage(switch(2, idempotency_key="k1", engaged_by="ravi"), 10)
    assert new
    assert other.switch_id != row.switch_id


async def test_no_more_than_may_be_are_in_force(store):
    await engage(store)
    assert await store.kills.engage(switch(2), 1) is None
    assert await store.kills.engage(switch(3, drill=True), 1) is not None
    assert (
        await store.kills.engage(
            switch(4, kind=SwitchKind.MASS_CANCEL, state=SwitchState.NOT_BLOCKING), 1
        )
        is not None
    )


async def test_drills_and_mass_cancels_block_nothing(store):
    await engage(store, drill=True)
    await engage(store, 2, kind=SwitchKind.MASS_CANCEL, state=SwitchState.NOT_BLOCKING)
    assert (await blocking(store))[1] == []


async def test_two_persons_release(store):
    kills, row = store.kills, await engage(store)
    assert (await kills.release(row.switch_id, "ravi", 5)).state == SwitchState.ENGAGING
    assert row.engaged_by_name == ""
    proposed = await kills.propose_release(row.switch_id, "rita", "why", 6, "Rita")
    assert (proposed.release_reason, proposed.release_proposed_by_name) == ("why", "Rita")
    assert (await kills.propose_release(row.switch_id, "ravi", "other", 7)).release_reason == "why"
    assert (await kills.release(row.switch_id, "rita", 8)).state == SwitchState.ENGAGING
    released = await kills.release(row.switch_id, "ravi", 9, "Ravi")
    assert released.released_by_name == "Ravi"
    assert (released.state, released.released_by, released.released_at_us) == (
        SwitchState.RELEASED,
        "ravi",
        9,
    )
    assert released.version > row.version
    assert (await blocking(store))[1] == []
    assert await kills.release("01JD0000000000000000000999", "ravi", 9) is None


async def test_a_confirmation_is_of_one_link(store):
    taken = await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    await store.kills.confirm("sima-orders", taken.fencing_token, 7, 9)
    [one] = await store.kills.standings()
    assert (one.confirmed_version, one.confirmed_at_us, one.linked) == (7, 9, True)
    again = await store.take_session("sima-orders", "SIMA", "r2", "g", may_add=True)
    [one] = await store.kills.standings()
    assert one.confirmed_version == 0
    await store.kills.confirm("sima-orders", taken.fencing_token, 8, 9)
    assert (await store.kills.standings())[0].confirmed_version == 0
    await store.kills.confirm("sima-orders", again.fencing_token, 8, 9)
    assert (await store.kills.standings())[0].confirmed_version == 8


async def test_a_switch_is_acknowledged_once(store):
    kills, row = store.kills, await engage(store)
    found = await kills.acknowledge(row.switch_id, SwitchState.ENGAGING, b"one", 5)
    assert (found.sessions, found.acknowledged_at_us) == (b"one", 0)
    assert await kills.acknowledge(row.switch_id, SwitchState.ENGAGING, b"one", 6) is None
    found = await kills.acknowledge(row.switch_id, SwitchState.ENGAGED, b"two", 7)
    assert (found.state, found.acknowledged_at_us) == (SwitchState.ENGAGED, 7)
    assert found.revision > row.revision
    assert await kills.acknowledge(row.switch_id, SwitchState.ENGAGED, b"three", 8) is None


async def test_one_replica_works_at_a_time(store):
    row = await engage(store)
    assert await store.kills.lease(row.switch_id, "r1", 60)
    assert await store.kills.lease(row.switch_id, "r1", 60)
    assert not await store.kills.lease(row.switch_id, "r2", 60)


async def place(store, *rows):
    async with store.transaction() as batch:
        await batch.write(WriteSet(new_orders=list(rows)))


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"firm": "F1"}, [1, 2]),
        ({"firm": "F2"}, [3]),
        ({"desk": "D1"}, [1, 2]),
        ({"account": "ACC-CAROL"}, [3]),
        ({"venue": "SIMB"}, [2]),
        ({"instrument": "ASML.SIMA"}, [1, 3]),
        ({"session": "simb-orders"}, [2]),
        ({"session": "no-such"}, []),
        ({"firm": "F1", "venue": "SIMA"}, [1]),
        ({"trader": "not compared here"}, [1, 2, 3]),
    ],
)
async def test_open_orders_in_scope(store, wanted, numbers):
    await store.take_session("simb-orders", "SIMB", "r1", "g", may_add=True)
    await place(
        store,
        order(1),
        order(2, venue_mic="SIMB", instrument_id="ASML.SIMB"),
        order(3, account_id="ACC-CAROL"),
        order(4, state=FILLED, is_open=False),
    )
    row = await engage(store)
    found = await store.kills.open_orders(row.switch_id, scope(**wanted), "", 10)
    assert [one.order_id for one in found] == [order(n).order_id for n in numbers]
    for one in found:
        assert one.body == b"body %d" % int(one.order_id[-2:])
        firm = ("F2", "") if one.account_id == "ACC-CAROL" else ("F1", "D1")
        assert (one.firm_id, one.desk_id) == firm


def pull(number: int, outcome: int = PENDING, **changes) -> PullRow:
    order_id = order(number).order_id
    row = PullRow(switch().switch_id, order_id, "ACC-ALICE", "ASML.SIMA", outcome)
    return row._replace(**{"updated_at_us": 1} | changes)


async def test_orders_are_listed_once_in_pages_and_counted(store):
    kills, row = store.kills, await engage(store)
    await place(store, *[order(n) for n in range(1, 6)])
    await kills.keep_pulls(row.switch_id, [pull(1), pull(2), pull(3)])
    left = await kills.open_orders(row.switch_id, row.scope, "", 10)
    assert [one.order_id for one in left] == [order(4).order_id, order(5).order_id]
    page = await kills.open_orders(row.switch_id, row.scope, order(4).order_id, 10)
    assert [one.order_id for one in page] == [order(5).order_id]
    asked = pull(2, CANNOT, attempts=2, asked_at_us=8, rejection=b"why", state=2)
    await kills.keep_pulls(row.switch_id, [asked, pull(3, PULLED)])
    # Of two replicas that work at once, the one that knows less takes nothing back.
    await kills.keep_pulls(row.switch_id, [pull(2, CANNOT, rejection=b"why", state=2)])
    assert await kills.pulls(row.switch_id, "", 10, ()) == [pull(1), asked, pull(3, PULLED)]
    assert await kills.pulls(row.switch_id, order(1).order_id, 10, (PENDING, CANNOT)) == [asked]
    known = {"listed": True, "commands_held": 2, "settled": False, "now_us": 5}
    assert await kills.count(row.switch_id, **known)
    assert not await kills.count(row.switch_id, **known)
    found = await kills.switch(row.switch_id)
    assert (found.counts, found.listed, found.commands_held) == ((1, 1, 0, 0, 1, 0), True, 2)
    assert found.settled_at_us == 0
    await kills.count(row.switch_id, **(known | {"settled": True}))
    assert (await kills.switch(row.switch_id)).settled_at_us == 5


async def test_what_is_not_settled_or_open_again_is_looked_at(store):
    kills, row = store.kills, await engage(store)
    closed = {"state": FILLED, "is_open": False}
    await place(store, order(1), order(2, **closed), order(3, **closed), order(4))
    rows = [pull(1), pull(2, PULLED), pull(3), pull(4, PULLED)]
    await kills.keep_pulls(row.switch_id, rows)
    found = await kills.unsettled(row.switch_id, "", 10)
    assert [one.row for one in found] == [pull(1), pull(3), pull(4, PULLED)]
    assert found[0].body == b"body 1"
    assert [one.row for one in await kills.unsettled(row.switch_id, pull(1).order_id, 1)] == [
        pull(3)
    ]


async def test_lists_and_what_is_current(store):
    first = await engage(store, scope=scope(account="ACC-ALICE"))
    await engage(store, 2, drill=True)
    third = await engage(store, 3)
    kills = store.kills
    shown = [row.switch_id for row in await kills.current(600)]
    assert shown == [switch(n).switch_id for n in (1, 2, 3)]
    everything = {"in_force_only": False, "account_ids": None}
    page = await kills.switches("", 2, **everything)
    assert [r.switch_id for r in page] == [switch(n).switch_id for n in (3, 2)]
    assert await kills.switches(page[-1].switch_id, 2, **everything) == [first]
    in_force = await kills.switches("", 9, in_force_only=True, account_ids=None)
    assert in_force == [third, first]
    # What names the account, and what can block it: no drill, and no other's firm or trader.
    fourth = await engage(store, 4, scope=scope(trader="alice", venue="SIMA"))
    fifth = await engage(store, 5, scope=scope(account="ACC-CAROL", trader="alice"))
    seen = {
        (account, trader): await kills.switches(
            "", 9, in_force_only=False, account_ids=[account], trader=trader
        )
        for account in ("ACC-ALICE", "ACC-CAROL", "ACC-NONE")
        for trader in ("alice", "bob")
    }
    assert seen == {
        ("ACC-ALICE", "alice"): [fourth, third, first],
        ("ACC-ALICE", "bob"): [third, first],
        ("ACC-CAROL", "alice"): [fifth, fourth],
        ("ACC-CAROL", "bob"): [fifth],
        ("ACC-NONE", "alice"): [],
        ("ACC-NONE", "bob"): [],
    }
