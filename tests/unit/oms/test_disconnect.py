"""Cancel on disconnect without a database: who is given up for dead, and when."""

import pytest

from mesh.auth.tokens import Principal
from mesh.errors import MeshError, refuse
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.service.disconnect import flow_guards as disconnect
from svc_oms.service.disconnect.flow_guards import FlowGuards, Wish
from svc_oms.service.ports import StoreUnavailableError
from svc_oms.service.submissions import Taken
from tests.support.clock import ManualClock
from tests.support.oms_memory_guards import MemoryGuards

ALICE = Principal("alice", "A", frozenset({"TRADER"}), frozenset({"ACC-ALICE", "ACC-A2"}), 2**62)


class CommandWorker:
    """Answers at once, as configured, and keeps the requests."""

    def __init__(self) -> None:
        self.keys = []
        self.answers = []

    def submit(self, submission) -> None:
        self.keys.append(
            (
                submission.account_id or submission.command.account_id,
                submission.command.idempotency_key,
            )
        )
        answer = self.answers.pop(0) if self.answers else order_service_pb2.CancelAllResponse()
        if not isinstance(answer, MeshError):
            answer = Taken("", 0, 0, duplicate=False, body=answer.SerializeToString())
        submission.reply(answer)


class Away(MemoryGuards):
    away = False

    async def due(self, *, dead_too):
        if self.away:
            raise StoreUnavailableError("away")
        return await super().due(dead_too=dead_too)


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.setattr(disconnect, "LOOK_INTERVAL_S", 0)
    store, desk, clock = Away(), CommandWorker(), ManualClock()
    return store, desk, clock, FlowGuards(store, desk, clock)


async def look(guards: FlowGuards) -> None:
    for row in await guards._look():
        await guards._fire(row)


async def test_every_account_is_swept_under_a_key_of_the_flow(parts):
    store, desk, _, guards = parts
    guard = await guards.arm(ALICE, Wish(0, "algo"))
    guards.lost(guard, by_server=False)
    await look(guards)
    holder = guard.row.holder
    assert desk.keys == [
        ("ACC-A2", f"disconnect.{holder}.1"),
        ("ACC-ALICE", f"disconnect.{holder}.1"),
    ]
    assert not store.rows


async def test_what_could_not_be_asked_for_is_tried_again_and_then_left(parts):
    _, desk, _, guards = parts
    guard = await guards.arm(ALICE, Wish(0, "algo"))
    left = order_service_pb2.CancelAllResponse()
    left.results.add(order_id="O").rejection.text = "no"
    desk.answers = [left] * disconnect.SWEEPS_MAX
    guards.lost(guard, by_server=False)
    await look(guards)
    assert len(desk.keys) == disconnect.SWEEPS_MAX + 1


async def test_a_sweep_that_was_interrupted_is_taken_up_again(parts):
    store, desk, _, guards = parts
    guard = await guards.arm(ALICE, Wish(0, "algo"))
    desk.answers = [refuse("DEPENDENCY_UNAVAILABLE", "away")]
    guards.lost(guard, by_server=False)
    await look(guards)
    await look(guards)
    assert len(desk.keys) == 2
    store.now += 10
    await look(guards)
    assert len(desk.keys) == 4
    assert not store.rows


async def test_an_account_that_is_not_in_the_book_has_nothing_open(parts):
    store, desk, _, guards = parts
    guard = await guards.arm(ALICE, Wish(0, "algo"))
    desk.answers = [refuse("ACCOUNT_NOT_ALLOWED", "none")] * 2
    guards.lost(guard, by_server=False)
    await look(guards)
    assert not store.rows


async def test_nobody_is_dead_because_the_database_was_away(parts):
    store, desk, clock, guards = parts
    dead = FlowGuards(store, desk, clock)
    await dead.arm(ALICE, Wish(0, "algo"))
    await look(guards)
    clock.advance(disconnect.DATABASE_SEEN_MIN_S)
    await look(guards)
    assert not desk.keys
    # Long away: nobody could vouch, so nobody is judged by it when it is back.
    store.away = True
    with pytest.raises(StoreUnavailableError):
        await look(guards)
    guards._seen_since = None
    store.away = False
    store.now += 100
    await look(guards)
    assert not desk.keys
    clock.advance(disconnect.DATABASE_SEEN_MIN_S)
    await look(guards)
    assert desk.keys


async def test_a_flow_whose_guard_fired_hears_of_it(parts):
    store, _, _, guards = parts
    guard = await guards.arm(ALICE, Wish(0, "algo"))
    heard = []
    guard.gone = lambda: heard.append(True)
    await look(guards)
    assert not heard
    store.rows.clear()
    await look(guards)
    await look(guards)
    assert heard == [True]


async def test_a_flow_waits_while_its_predecessor_is_swept(parts, monkeypatch):
    store, _, _, guards = parts
    monkeypatch.setattr(disconnect, "ARM_WAIT_MAX_S", 0)
    first = await guards.arm(ALICE, Wish(0, "algo"))
    await store.lost(first.row.holder, 0)
    assert await store.claim(first.row.holder)
    with pytest.raises(MeshError, match="ORDER_CHANGE_PENDING"):
        await guards.arm(ALICE, Wish(0, "algo"))
    await store.fired(first.row.holder)
    assert await guards.arm(ALICE, Wish(0, "algo"))


async def test_defaults_of_accounts_guard_those_only_and_bound_wishes(parts):
    store, _, _, guards = parts
    assert await guards.arm(ALICE, None) is None
    store.account_defaults["ACC-A2"] = 7
    unasked = await guards.arm(ALICE, None)
    assert (unasked.row.account_ids, unasked.row.grace_s) == (("ACC-A2",), 7)
    asked = await guards.arm(ALICE, Wish(30, "x"))
    assert (asked.row.account_ids, asked.row.grace_s) == (("ACC-A2", "ACC-ALICE"), 7)


async def test_the_end_by_the_server_is_reported_at_the_stop(parts):
    store, _, _, guards = parts
    guard = await guards.arm(ALICE, Wish(0, "algo"))
    guards.lost(guard, by_server=True)
    await guards.close()
    assert store.rows[guard.row.holder].due_at == disconnect.SERVER_END_GRACE_S
