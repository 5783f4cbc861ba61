"""What a replica shows when it is scraped: queue, outboxes, kill switches."""

from types import SimpleNamespace

from prometheus_client import REGISTRY, CollectorRegistry

from svc_oms.api.figures import ReplicaCollector
from svc_oms.service.bounded_queue import BoundedQueue
from svc_oms.service.ports.kill_ports import SwitchKind, SwitchRow, SwitchState
from svc_oms.service.ports.recovery_ports import CheckName, CheckResult
from tests.support.clock import ManualClock


def switch(state: SwitchState, *, drill: bool = False, kind: SwitchKind = SwitchKind.SWITCH):
    return SwitchRow("id", "key", b"", kind, drill, (), "", state, 1, "rita", 0)


def link(session: str, waiting: int, done: int, token: int = 1):
    return SimpleNamespace(
        session_id=session, venue_mic=session[:4].upper(), token=token, outbox=(waiting, done)
    )


class World:
    """A replica as the collector sees it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.worker = SimpleNamespace(waiting=0, takes=0)
        self.leases = SimpleNamespace(links=[])
        self.blocks = SimpleNamespace(rows=[])
        self.recoveries = SimpleNamespace(checks=[])
        self.registry = CollectorRegistry()
        self.registry.register(ReplicaCollector(self))

    def figures(self) -> dict[str, float]:
        """Scrape."""
        return {
            " ".join([one.name.removeprefix("ordermesh_oms_"), *one.labels.values()]): one.value
            for family in self.registry.collect()
            for one in family.samples
        }


def test_a_queue_stands_still_only_while_nothing_is_taken() -> None:
    world = World()
    world.worker.waiting = 3
    assert world.figures()["queue_standstill_seconds"] == 0
    world.clock.advance(7)
    found = world.figures()
    assert (found["queue_items"], found["queue_standstill_seconds"]) == (3, 7)
    world.worker.takes = 1
    assert world.figures()["queue_standstill_seconds"] == 0


def test_each_outbox_has_an_age_of_its_own() -> None:
    world = World()
    world.leases.links = [link("sima-orders", 2, 10), link("simb-orders", 0, 4)]
    world.figures()
    world.clock.advance(30)
    found = world.figures()
    assert found["outbox_commands sima-orders SIMA"] == 2
    assert found["outbox_standstill_seconds sima-orders SIMA"] == 30
    assert found["outbox_standstill_seconds simb-orders SIMB"] == 0
    world.leases.links = [link("sima-orders", 2, 10, token=2)]
    assert world.figures()["outbox_standstill_seconds sima-orders SIMA"] == 0, "a new owner"


def test_only_switches_that_block_are_in_force() -> None:
    world = World()
    world.blocks.rows = [
        switch(SwitchState.ENGAGED),
        switch(SwitchState.ENGAGING),
        switch(SwitchState.ENGAGED, drill=True),
        switch(SwitchState.RELEASED),
        switch(SwitchState.ENGAGED, kind=SwitchKind.MASS_CANCEL),
    ]
    found = world.figures()
    assert (found["kill_switches_in_force"], found["kill_switches_engaging"]) == (2, 1)


async def test_a_queue_counts_how_often_items_were_taken() -> None:
    queue: BoundedQueue[int] = BoundedQueue(10)
    for item in range(3):
        queue.put(item)
    assert queue.takes == 0
    assert await queue.take(2) == [0, 1]
    assert await queue.take(2) == [2]
    assert queue.takes == 2


def test_faults_of_ours_are_counted_from_the_start() -> None:
    for outcome in ("INTERNAL", "DEPENDENCY_UNAVAILABLE", "COMMAND_OUTCOME_UNKNOWN"):
        labels = {"kind": "resume", "outcome": outcome}
        assert REGISTRY.get_sample_value("ordermesh_oms_commands_total", labels) is not None


def test_a_comparison_of_the_book_is_shown_with_its_time_and_one_that_never_ran_is_not() -> None:
    world = World()
    assert not [name for name in world.figures() if name.startswith("check")]
    world.recoveries.checks = [CheckResult(CheckName.VERIFY, 1_500_000, 3)]
    found = world.figures()
    assert found["check_finished_timestamp_seconds verify"] == 1.5
    assert found["check_differences verify"] == 3
    assert "check_differences replay" not in found
