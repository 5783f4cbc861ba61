"""Words to other replicas: at once when somebody hears them, gathered when nobody does."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

from prometheus_client import REGISTRY

from svc_oms.service import wake_ups
from svc_oms.service.ports.store_errors import StoreUnavailableError
from svc_oms.service.wake_ups import (
    ACCOUNT_CHANNEL,
    SESSION_CHANNEL,
    SOMEBODY,
    WakeUpReceiver,
    WakeUpSender,
)


class Way:
    """Reaches so many replicas, this one among them."""

    def __init__(self, heard: int) -> None:
        self.heard = heard
        self.messages: list[tuple[str, str]] = []
        self._more = asyncio.Event()

    async def __call__(self, channel: str, message: str) -> int:
        if self.heard:
            self.messages.append((channel, message))
            self._more.set()
        return self.heard

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.messages) < count:
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def telling(*ways: Way):
    waker = WakeUpSender("R", ways)
    task = asyncio.create_task(waker.run())
    try:
        yield waker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def one_by_one(waker: WakeUpSender, names: str) -> None:
    for name in names:
        waker.wake_accounts([name])
        for _ in range(5):
            await asyncio.sleep(0)


async def test_a_sender_with_another_receiver_sends_everything_at_once():
    way = Way(SOMEBODY)
    async with telling(way) as waker:
        await one_by_one(waker, "abc")
        assert way.messages == [(ACCOUNT_CHANNEL, f"R|{name}") for name in "abc"]


async def test_who_is_alone_gathers_and_loses_nothing(monkeypatch):
    monkeypatch.setattr(wake_ups, "GATHER_S", 0.05)
    way = Way(1)
    async with telling(way) as waker:
        await one_by_one(waker, "abc")
        assert way.messages == [(ACCOUNT_CHANNEL, "R|a")], "the first message finds out"
        await way.until(2)
        assert way.messages[1:] == [(ACCOUNT_CHANNEL, "R|b,c")]


async def test_a_sender_that_is_not_alone_any_more_sends_at_once_again(monkeypatch):
    monkeypatch.setattr(wake_ups, "GATHER_S", 0.05)
    way = Way(1)
    async with telling(way) as waker:
        await one_by_one(waker, "ab")
        way.heard = SOMEBODY
        await way.until(2)
        await one_by_one(waker, "cd")
        assert [message for _, message in way.messages] == ["R|a", "R|b", "R|c", "R|d"]


async def test_what_is_gathered_goes_at_once_when_another_replica_is_heard(monkeypatch):
    monkeypatch.setattr(wake_ups, "GATHER_S", 3600.0)
    way = Way(1)
    async with telling(way) as waker:
        await one_by_one(waker, "ab")
        way.heard = SOMEBODY
        waker.heard("R|x")
        await one_by_one(waker, "c")
        assert way.messages == [(ACCOUNT_CHANNEL, "R|a")], "its own message is not another's"
        waker.heard("another|x")
        await one_by_one(waker, "d")
        assert [message for _, message in way.messages] == ["R|a", "R|b,c,d"]
        await one_by_one(waker, "e")
        assert way.messages[-1] == (ACCOUNT_CHANNEL, "R|e")


async def test_what_one_way_cannot_send_goes_the_next_and_sessions_go_first():
    away, other_way = Way(0), Way(SOMEBODY)
    async with telling(away, other_way) as waker:
        waker.wake_accounts(["a"])
        waker.wake_sessions(["s"])
        await other_way.until(2)
        assert other_way.messages == [(SESSION_CHANNEL, "R|s"), (ACCOUNT_CHANNEL, "R|a")]


class Looks:
    """A receiver's database, which counts the looks at it and may be away."""

    def __init__(self) -> None:
        self.away = False
        self.at_all = self.at_accounts = 0
        self.more = asyncio.Event()
        self.meanwhile = lambda: None

    async def refresh(self) -> None:
        await self.high_waters([])
        self.at_all += 1

    async def sessions(self) -> list[object]:
        return []

    async def unknown_orders(self) -> int:
        return 0

    async def high_waters(self, _accounts: list[str]) -> dict[str, int]:
        self.at_accounts += 1
        self.more.set()
        self.meanwhile()
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailableError("is away")
        return {}

    async def until(self, true) -> None:
        async with asyncio.timeout(10):
            while not true():
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def receiving(looks: Looks):
    nothing = SimpleNamespace(accounts={"a": None}, learn=list, sessions_moved=list, heard=list)
    receiver = WakeUpReceiver("R", looks, nothing, nothing, nothing, nothing, looks)
    task = asyncio.create_task(receiver.run())
    try:
        yield receiver
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def postgres_up() -> float | None:
    return REGISTRY.get_sample_value("ordermesh_dependency_up", {"dependency": "postgres"})


async def test_a_database_that_is_away_is_shown_whatever_was_asked_of_it(monkeypatch):
    monkeypatch.setattr(wake_ups, "LOOK_INTERVAL_S", 0.001)
    looks = Looks()
    async with receiving(looks) as receiver:
        await looks.until(lambda: postgres_up() == 1)
        looks.away = True
        receiver.heard(ACCOUNT_CHANNEL, "Q|a")
        await looks.until(lambda: postgres_up() == 0)
        looks.away = False
        await looks.until(lambda: postgres_up() == 1)


async def test_wake_ups_without_end_do_not_put_off_the_look_at_everything(monkeypatch):
    monkeypatch.setattr(wake_ups, "LOOK_INTERVAL_S", 0.02)
    looks = Looks()
    async with receiving(looks) as receiver:
        looks.meanwhile = lambda: receiver.heard(ACCOUNT_CHANNEL, "Q|a")
        looks.meanwhile()
        await looks.until(lambda: looks.at_all == 3)
