"""What the relay shows of itself: figures for Prometheus, and the text of /readyz."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mesh.telemetry import scraped_counter, scraped_gauge
from svc_relay.domain.state import Condition
from svc_relay.service.relay import Progress

EVENTS = scraped_counter("relay_events", "Entries written to Kafka by this process", ["log"])
BYTES = scraped_counter("relay_bytes", "Payloads of these entries", ["log"])
WAITING = scraped_gauge("relay_waiting_events", "Entries that are not in Kafka yet", ["log"])
LAG = scraped_gauge("relay_lag_seconds", "Seconds since everything was in Kafka; 0 if it is")
TRANSACTIONS = scraped_counter("relay_transactions", "Transactions of Kafka")
STATE = scraped_gauge("relay_state", "1 for what the relay does", ["state"])

LAGGING = "LAGGING"
"""In the text of /readyz: entries wait for longer than they should."""


class RelayCollector(Collector):
    """Reads the figures when they are scraped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        progress = self._progress
        yield EVENTS.values(((log,), count) for log, count in progress.relayed.items())
        yield BYTES.values(((log,), count) for log, count in progress.bytes.items())
        yield WAITING.values(((log,), count) for log, count in progress.waiting.items())
        yield LAG.value(progress.lag.seconds)
        yield TRANSACTIONS.value(progress.transactions)
        yield STATE.values(((one,), one is progress.state.condition) for one in Condition)


def readiness(progress: Progress, lag_max_s: float) -> tuple[bool, str]:
    """Return whether the relay does what it is for, and what it does or why not."""
    text = progress.state.words()
    if progress.state.condition is Condition.RELAYING and progress.lag.seconds > lag_max_s:
        waiting = sum(progress.waiting.values())
        text = f"{LAGGING}: {waiting} entries wait, for {progress.lag.seconds:.0f} s"
    return progress.state.works, text
