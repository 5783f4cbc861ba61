"""What a keeper of alerts does when the clock, or the database, steps back."""

from dataclasses import replace

import pytest

from kernel.nanoseconds import NS_PER_S
from svc_marketdata.api.alerts.mapping import shown_of
from svc_marketdata.domain.alerts.alert import Alert, AlertPrice, AlertState, Condition
from svc_marketdata.domain.price_rights import ALL_PRICES, PriceRight, PriceRights
from svc_marketdata.service.alerts.keeper import (
    DUE_PAUSE_S,
    FOLLOW_PAUSE_S,
    RIGHT_LOST,
    AlertKeeper,
    KeeperRules,
)
from svc_marketdata.service.alerts.ports import LogEntry, LogPlace
from svc_marketdata.service.alerts.watching import Fire
from tests.unit.marketdata.test_feed_session import ID, Bench


class Store:
    """A log of alerts in memory."""

    def __init__(self) -> None:
        self.log: list[LogEntry] = []
        self.looked_for_due = 0
        self.looked_at_log = 0
        self.cut_before_ns: list[int] = []
        self.life = 0

    def note(self, alert: Alert) -> None:
        number = len(self.log) + 1
        self.log.append(LogEntry(number, number, self.life + number, alert))

    async def active(self):
        newest = {entry.alert.alert_id: entry.alert for entry in self.log}
        active = [one for one in newest.values() if one.state is AlertState.ACTIVE]
        last = self.log[-1] if self.log else None
        return LogPlace(last.log_number, last.recorded_ns) if last else LogPlace(0, 0), active

    async def holds(self, place):
        self.looked_at_log += 1
        known = {entry.log_number: entry.recorded_ns for entry in self.log} | {0: 0}
        return known.get(place.log_number) == place.recorded_ns

    async def cut(self, before_ns):
        self.cut_before_ns.append(before_ns)
        return 0

    async def log_after(self, log_number, limit):
        return self.log[log_number : log_number + limit]

    async def end(self, ends, now_ns):
        del now_ns
        newest = {entry.alert.alert_id: entry.alert for entry in self.log}
        for one in ends:
            if newest[one.alert_id].state is AlertState.ACTIVE:
                self.note(replace(newest[one.alert_id], state=one.state, ended_text=one.text))

    async def end_due(self, now_ns):
        del now_ns
        self.looked_for_due += 1


def alert(alert_id: str) -> Alert:
    return Alert(
        alert_id, "u", "u", ID, "", AlertPrice.LAST, Condition.ABOVE, "20", "", "", delayed=False,
        note="", created_ns=0, expires_ns=1,
    )  # fmt: skip


def scene() -> tuple[Bench, Store, AlertKeeper]:
    bench, store = Bench(), Store()
    bench.feed()
    return bench, store, AlertKeeper(bench.data, store, shown_of, KeeperRules())


async def test_a_database_that_was_restored_is_followed_from_its_place():
    _, store, keeper = scene()
    for one in ("A", "B", "C"):
        store.note(alert(one))
    store.note(replace(alert("A"), state=AlertState.FIRED))
    await keeper.look()
    assert set(keeper.watching.active) == {"B", "C"}
    del store.log[2:]
    await keeper.follow()
    assert set(keeper.watching.active) == {"A", "B"}
    store.note(alert("D"))
    await keeper.follow()
    assert set(keeper.watching.active) == {"A", "B", "D"}


async def test_a_restored_log_that_has_grown_as_long_again_is_read_again():
    _, store, keeper = scene()
    for one in ("A", "B", "C"):
        store.note(alert(one))
    await keeper.look()
    del store.log[1:]
    store.life = 100
    for one in ("D", "E", "F"):
        store.note(alert(one))
    keeper.heard()
    await keeper.look()
    assert set(keeper.watching.active) == {"A", "D", "E", "F"}


async def test_the_log_is_read_when_it_is_announced_and_else_after_a_long_pause():
    bench, store, keeper = scene()
    await keeper.look()
    assert store.looked_at_log == 1
    for _ in range(10):
        bench.clock.advance(1)
        await keeper.look()
    assert store.looked_at_log == 1
    keeper.heard()
    await keeper.look()
    assert store.looked_at_log == 2
    bench.clock.advance(FOLLOW_PAUSE_S)
    await keeper.look()
    assert store.looked_at_log == 3


async def test_what_is_older_than_is_kept_is_removed_once_an_hour():
    bench, store, keeper = scene()
    for _ in range(3):
        await keeper.look()
        bench.clock.advance(1800)
    assert len(store.cut_before_ns) == 2
    assert store.cut_before_ns[0] == bench.clock.now_ns() - (5400 + 400 * 86_400) * NS_PER_S


async def test_what_is_due_is_looked_for_after_the_clock_stepped_back(monkeypatch):
    bench, store, keeper = scene()
    await keeper.look()
    assert store.looked_for_due == 1
    bench.clock.advance(DUE_PAUSE_S)
    monkeypatch.setattr(bench.clock, "now_ns", lambda: 1)
    await keeper.look()
    assert store.looked_for_due == 2


@pytest.mark.parametrize("known", [True, False], ids=["running", "just started"])
async def test_who_loses_a_right_loses_the_alerts_before_they_fire(known):
    bench, store, keeper = scene()
    store.note(alert("A"))
    store.note(replace(alert("B"), user_id="other"))
    if known:
        await keeper.look()
        keeper.watching.fires.append(Fire("A", "20", bench.clock.now_ns()))
    keeper.rights_changed({"u": PriceRights(PriceRight.NONE), "nobody": ALL_PRICES})
    await keeper.look()
    ended = {entry.alert.alert_id: entry.alert for entry in store.log}
    assert (ended["A"].state, ended["A"].ended_text) == (AlertState.ENDED, RIGHT_LOST)
    assert ended["B"].state is AlertState.ACTIVE
    assert set(keeper.watching.active) == {"B"}
    assert keeper.watching.fires == []


async def test_a_right_that_is_enough_ends_nothing():
    _, store, keeper = scene()
    store.note(alert("A"))
    await keeper.look()
    keeper.rights_changed({"u": ALL_PRICES})
    await keeper.look()
    assert set(keeper.watching.active) == {"A"}
