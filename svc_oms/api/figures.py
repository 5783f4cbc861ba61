"""What a replica shows of itself: figures for Prometheus that are calculated when scraped."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from kernel.nanoseconds import US_PER_S
from mesh.telemetry import scraped_gauge
from mesh.telemetry.scrape import Standstill
from svc_oms.service.ports.kill_ports import SwitchState
from svc_oms.service.replica import Replica

QUEUE_ITEMS = scraped_gauge("oms_queue_items", "Commands that wait for a transaction")
QUEUE_STANDSTILL = scraped_gauge(
    "oms_queue_standstill_seconds",
    "Seconds for which commands waited and none was taken, as seen at scrapes",
)
OUTBOX_COMMANDS = scraped_gauge(
    "oms_outbox_commands",
    "Commands of a session without a receipt of the gateway; at the replica that owns it",
    ["session", "venue"],
)
OUTBOX_STANDSTILL = scraped_gauge(
    "oms_outbox_standstill_seconds",
    "Seconds for which commands of a session waited and none got a receipt, as seen at scrapes",
    ["session", "venue"],
)
KILL_SWITCHES = scraped_gauge("oms_kill_switches_in_force", "Kill switches that block orders now")
KILL_SWITCHES_PENDING = scraped_gauge(
    "oms_kill_switches_engaging", "Kill switches that not all gateways have confirmed"
)
CHECK_FINISHED = scraped_gauge(
    "oms_check_finished_timestamp_seconds",
    "When the whole order book was last compared, with its log (verify) or a copy of it (replay)",
    ["check"],
)
CHECK_DIFFERENCES = scraped_gauge(
    "oms_check_differences",
    "Differences that the last comparison of the whole book found",
    ["check"],
)


class ReplicaCollector(Collector):
    """Reads what a replica has in memory."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._standstill = Standstill(replica.clock.monotonic)

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        worker, age = self._replica.worker, self._standstill.seconds
        yield QUEUE_ITEMS.value(worker.waiting)
        yield QUEUE_STANDSTILL.value(age("commands", worker.waiting, worker.takes))
        links = [(one, *one.outbox) for one in self._replica.leases.links]
        yield OUTBOX_COMMANDS.values(
            ((one.session_id, one.venue_mic), waiting) for one, waiting, _ in links
        )
        yield OUTBOX_STANDSTILL.values(
            (
                (one.session_id, one.venue_mic),
                age(f"outbox of {one.session_id}", waiting, (one.token, done)),
            )
            for one, waiting, done in links
        )
        rows = [row for row in self._replica.blocks.rows if row.blocks]
        checks = self._replica.recoveries.checks
        yield CHECK_FINISHED.values(((one.name,), one.finished_at_us / US_PER_S) for one in checks)
        yield CHECK_DIFFERENCES.values(((one.name,), one.differences) for one in checks)
        yield KILL_SWITCHES.value(len(rows))
        yield KILL_SWITCHES_PENDING.value(sum(row.state == SwitchState.ENGAGING for row in rows))
