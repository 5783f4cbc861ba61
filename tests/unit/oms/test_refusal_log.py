"""Refusals before the command worker: durable before the answer, and bounded."""

import asyncio

import pytest

from mesh.errors import refuse
from ordermesh.oms.v1.audit_service_pb2 import (
    AUDIT_KIND_COUNTED,
    AUDIT_KIND_REFUSAL,
    AuditEntry,
)
from svc_oms.service.audit import refusal_log as module
from svc_oms.service.audit.refusal_log import RefusalLog, refusal_entry
from svc_oms.service.ports import AuditFilter
from tests.support.clock import ManualClock
from tests.support.oms_memory import MemoryStore

EVERY = AuditFilter(0, 0, "", "", "", (), 0, "", 1_000_000)


def entry(actor: str = "alice", **known):
    error = refuse("INVALID_FIELD", "side is not set", "side", value="")
    return refusal_entry(1_000_000_000, error, "OrderService/Place", actor=actor, **known)


async def recorded(store: MemoryStore) -> list[AuditEntry]:
    return [AuditEntry.FromString(body) for _, body in (await store.list_audit(EVERY)).rows][::-1]


@pytest.fixture
async def running():
    store, clock = MemoryStore(), ManualClock()
    refusal_log = RefusalLog(store, clock, "r1")
    task = asyncio.create_task(refusal_log.run())
    yield store, clock, refusal_log
    task.cancel()


async def test_a_known_caller_is_answered_after_the_commit(running):
    store, _, refusal_log = running
    await refusal_log.refused(entry())
    (found,) = await recorded(store)
    assert (found.actor, found.kind, found.field) == ("alice", AUDIT_KIND_REFUSAL, "side")


async def test_many_at_once_share_commits_and_are_chained(running):
    store, _, refusal_log = running
    before = store.commits
    await asyncio.gather(*(refusal_log.refused(entry(actor=f"a{i}")) for i in range(300)))
    assert store.commits - before <= 2
    assert [e.sequence for e in await recorded(store)] == list(range(1, 301))


async def test_nobody_known_does_not_wait(running):
    store, _, refusal_log = running
    store.away = True
    await refusal_log.refused(entry(actor=""))
    store.away = False


async def test_a_database_away_delays_an_answer_only_so_long_and_loses_nothing(
    running, monkeypatch
):
    monkeypatch.setattr(module, "ANSWER_DELAY_MAX_S", 0.01)
    monkeypatch.setattr(module, "RETRY_S", 0.001)
    store, _, refusal_log = running
    store.away = True
    await refusal_log.refused(entry())
    assert not store.tables.audit
    store.away = False
    await refusal_log.refused(entry())
    async with asyncio.timeout(5):
        while len(await recorded(store)) < 2:
            await asyncio.sleep(0)


async def test_a_budget_fills_again_with_time(monkeypatch):
    monkeypatch.setattr(module, "CALLER_ENTRIES_BURST", 2)
    clock = ManualClock()
    refusal_log = RefusalLog(MemoryStore(), clock, "r1")
    assert [refusal_log.admits(entry()) for _ in range(3)] == [True, True, False]
    assert refusal_log.admits(entry(actor="bob"))
    clock.advance(1 / module.CALLER_ENTRIES_PER_S)
    assert [refusal_log.admits(entry()) for _ in range(2)] == [True, False]


async def test_what_is_beyond_the_budget_is_counted_by_caller_command_and_reason(monkeypatch):
    monkeypatch.setattr(module, "CALLER_ENTRIES_BURST", 1)
    monkeypatch.setattr(module, "COUNTS_MAX", 2)
    store = MemoryStore()
    refusal_log = RefusalLog(store, ManualClock(), "r1")
    for actor in ("alice", "bob", "carol", "dave"):
        for _ in range(3):
            refusal_log.admits(entry(actor=actor))
    await refusal_log.close()
    assert sorted((e.actor, e.command, e.count, e.kind) for e in await recorded(store)) == [
        ("", "several", 4, AUDIT_KIND_COUNTED),
        ("alice", "OrderService/Place", 2, AUDIT_KIND_COUNTED),
        ("bob", "OrderService/Place", 2, AUDIT_KIND_COUNTED),
    ]


async def test_a_full_queue_counts(monkeypatch):
    monkeypatch.setattr(module, "QUEUE_ENTRIES_MAX", 1)
    store = MemoryStore()
    refusal_log = RefusalLog(store, ManualClock(), "r1")
    for _ in range(3):
        await refusal_log.refused(entry(actor=""))
    await refusal_log.close()
    assert sorted((e.kind, e.count) for e in await recorded(store)) == [
        (AUDIT_KIND_REFUSAL, 1),
        (AUDIT_KIND_COUNTED, 2),
    ]


async def test_what_came_with_a_bad_request_is_cut_and_cleaned(running):
    store, _, refusal_log = running
    await refusal_log.refused(
        entry(account_id="\x00" + "A" * 10_000, idempotency_key="k\n", order_id="é" * 100)
    )
    (found,) = await recorded(store)
    assert found.account_id.startswith("\N{REPLACEMENT CHARACTER}AAA")
    assert found.idempotency_key == "k\N{REPLACEMENT CHARACTER}"
    assert len(found.account_id) == len(found.order_id) == 64
