"""A gateway's signs of life to the OMS: no clock keeps them back."""

import asyncio
from types import SimpleNamespace
from typing import Any

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.service.orders import order_session
from svc_gateway.service.orders.order_session import OrderSession

SIGNS = 3


class IdleSession(OrderSession):
    """A session of which there is nothing to say."""

    def __init__(self) -> None:
        self._uplink_wake = asyncio.Event()
        self._beat_due = True
        self.view: Any = SimpleNamespace(due=False)
        self.liveness: Any = SimpleNamespace(mark=self._mark)
        self.marked = 0

    def _mark(self, frame: link.LinkRequest) -> None:
        self.marked += 1
        frame.beat = self.marked

    def _next_frame(self) -> link.LinkRequest | None:
        return None

    async def give_signs(self, stream: Any) -> None:
        """Work as on an open link."""
        await self._uplink(stream)


class Stream:
    """Takes frames, and ends with the last."""

    def __init__(self) -> None:
        self.beats: list[int] = []

    async def send(self, frame: link.LinkRequest) -> None:
        """Take one."""
        self.beats.append(frame.beat)
        if len(self.beats) == SIGNS:
            raise EOFError


async def test_a_timer_that_fires_early_by_the_clock_gives_its_sign_of_life(
    monkeypatch: Any,
) -> None:
    """A timer may fire a little before its time by the clock that is read then."""
    loop: Any = asyncio.get_running_loop()
    interval_s = 0.02
    monkeypatch.setattr(order_session, "BEAT_S", interval_s)
    at = loop.call_at
    monkeypatch.setattr(
        loop, "call_at", lambda when, *call, **more: at(when - 0.005, *call, **more)
    )
    stream = Stream()
    work = asyncio.create_task(IdleSession().give_signs(stream))
    done, _ = await asyncio.wait({work}, timeout=5)
    work.cancel()
    assert done
    assert isinstance(work.exception(), EOFError)
    assert stream.beats == [1, 2, 3]
