"""When a delivery begins: at once, or after a pause as long as the last one took."""

import asyncio

import pytest

from svc_marketdata.service.delivery.pace import Pace


class Deliveries:
    """Counts deliveries, each of which takes some time by the clock of the loop's thread."""

    def __init__(self, monkeypatch, took_s):
        self.count = 0
        self.now_s = 100.0
        self.pauses = []
        self._took_s = took_s
        monkeypatch.setattr("svc_marketdata.service.delivery.pace.monotonic", lambda: self.now_s)
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "call_later", self._later)
        self.over = None

    def __call__(self):
        self.count += 1
        self.now_s += self._took_s

    def _later(self, pause_s, call):
        self.pauses.append(pause_s)
        self.over = call


async def test_the_first_delivery_is_at_once_and_the_next_after_the_pause(monkeypatch):
    made = Deliveries(monkeypatch, took_s=0.002)
    pace = Pace(made, 0.005)
    pace.due()
    assert made.count == 1
    pace.due()
    await asyncio.sleep(0)
    pace.due()
    assert (made.count, made.pauses) == (1, [made.now_s - 100])
    made.over()
    assert made.count == 2
    await asyncio.sleep(0)
    made.over()
    assert made.count == 2
    pace.due()
    assert made.count == 3


async def test_the_pause_has_a_limit(monkeypatch):
    made = Deliveries(monkeypatch, took_s=9)
    Pace(made, 0.005).due()
    await asyncio.sleep(0)
    assert made.pauses == [0.005]


async def test_a_delivery_that_fails_is_not_the_last(monkeypatch):
    made = Deliveries(monkeypatch, took_s=0.001)
    faults = [ValueError("a value that cannot be serialised")]

    def deliver():
        if faults:
            raise faults.pop()
        made()

    pace = Pace(deliver, 0.005)
    with pytest.raises(ValueError, match="cannot be serialised"):
        pace.due()
    await asyncio.sleep(0)
    made.over()
    pace.due()
    assert made.count == 1


def test_without_a_pause_every_delivery_is_at_once():
    count = []
    pace = Pace(lambda: count.append(1), 0)
    pace.due()
    pace.due()
    assert len(count) == 2
