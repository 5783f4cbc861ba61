"""Who is noted as they call, and what is forgotten when it cannot be kept."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from mesh.auth.tokens import Principal
from mesh.names import called
from mesh.rpc.call import Call
from svc_oms.service.directory import user_names as people
from svc_oms.service.directory.user_names import Person, UserNames, person_of
from svc_oms.service.ports import StoreUnavailableError


class Kept:
    """Keeps people, unless it is away."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []
        self.away = False
        self.asked = asyncio.Event()

    async def keep_people(self, rows) -> None:
        self.asked.set()
        if self.away:
            raise StoreUnavailableError("away")
        self.rows += rows


def call(subject: str, username: str = "", *roles: str) -> Call:
    user = Principal(subject, "Name", frozenset(roles or ("TRADER",)), frozenset(), 2**62, username)
    return Call("/x/Y", None, user)


@asynccontextmanager
async def noting(store: Kept):
    noted = UserNames(store)
    task = asyncio.create_task(noted.run())
    try:
        yield noted
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def kept(store: Kept) -> list[tuple[str, str]]:
    """Return what the store has once it was asked."""
    async with asyncio.timeout(10):
        await store.asked.wait()
    store.asked.clear()
    return store.rows


async def test_whoever_may_enter_orders_is_kept_once_and_again_under_a_new_name():
    store = Kept()
    async with noting(store) as noted:
        noted.seen(call("a", "alice"))
        noted.seen(call("b", "rita", "RISK"))
        for nobody in (call("c", "vera", "VIEWER"), call("d" * 129), Call("/x/Y", None, None)):
            noted.seen(nobody)
        assert await kept(store) == [("a", "alice"), ("b", "rita")]
        assert [noted.knows(one) for one in ("a", "b", "c", "d" * 129)] == [True, True] + [
            False
        ] * 2
        noted.seen(call("a", "alice"))
        noted.seen(call("a", "alicia"))
        assert await kept(store) == [("a", "alice"), ("b", "rita"), ("a", "alicia")]


async def test_whoever_cannot_be_kept_is_tried_with_the_next_call():
    store = Kept()
    async with noting(store) as noted:
        store.away = True
        noted.seen(call("a", "alice"))
        assert await kept(store) == []
        store.away = False
        async with asyncio.timeout(10):
            while noted.knows("a"):
                await asyncio.sleep(0)
        noted.seen(call("a", "alice"))
        assert await kept(store) == [("a", "alice")]


@pytest.mark.parametrize(
    ("limit", "known"), [("PEOPLE_WAITING_MAX", {"a"}), ("PEOPLE_KNOWN_MAX", {"b"})]
)
async def test_memory_is_bounded(monkeypatch, limit, known):
    monkeypatch.setattr(people, limit, 1)
    noted = UserNames(Kept())
    for name in ("a", "b"):
        noted.seen(call(name))
    assert {name for name in ("a", "b") if noted.knows(name)} == known


def test_a_person_is_reported_by_both_names():
    assert person_of(call("01JD", "rita").principal) == Person("01JD", "rita")
    assert called("01JD", "rita") == "rita (01JD)"
    assert called("01JD", "") == called("01JD", "01JD") == "01JD"
