"""Words to other replicas: at once when somebody hears them, gathered when nobody does."""

import asyncio
from contextlib import asynccontextmanager

from svc_oms.service import wake_ups
from svc_oms.service.wake_ups import (
    ACCOUNT_CHANNEL,
    SESSION_CHANNEL,
    SOMEBODY,
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
