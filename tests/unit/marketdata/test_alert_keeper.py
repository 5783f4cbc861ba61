"""What a keeper of alerts does when the clock, or the database, steps back."""

from dataclasses import replace

from svc_marketdata.api.alerts.mapping import shown_of
from svc_marketdata.domain.alerts.alert import Alert, AlertPrice, AlertState, Condition
from svc_marketdata.service.alerts.keeper import DUE_PAUSE_S, AlertKeeper
from svc_marketdata.service.alerts.ports import LogEntry
from tests.unit.marketdata.test_feed_session import ID, Bench


class Store:
    """A log of alerts in memory."""

    def __init__(self) -> None:
        self.log: list[LogEntry] = []
        self.looked_for_due = 0

    def note(self, alert: Alert) -> None:
        number = len(self.log) + 1
        self.log.append(LogEntry(number, number, 0, alert))

    async def active(self):
        newest = {entry.alert.alert_id: entry.alert for entry in self.log}
        active = [one for one in newest.values() if one.state is AlertState.ACTIVE]
        return await self.newest(), active

    async def newest(self):
        return len(self.log)

    async def log_after(self, log_number, limit):
        return self.log[log_number : log_number + limit]

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
    return bench, store, AlertKeeper(bench.data, store, shown_of)


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


async def test_what_is_due_is_looked_for_after_the_clock_stepped_back(monkeypatch):
    bench, store, keeper = scene()
    await keeper.look()
    assert store.looked_for_due == 1
    bench.clock.advance(DUE_PAUSE_S)
    monkeypatch.setattr(bench.clock, "now_ns", lambda: 1)
    await keeper.look()
    assert store.looked_for_due == 2
