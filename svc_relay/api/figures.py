"""What the relay shows of itself: figures for Prometheus, and the text of /readyz."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from svc_relay.domain.state import Condition
from svc_relay.service.relay import Progress

_PREFIX = "ordermesh_relay_"
LAGGING = "LAGGING"
"""In the text of /readyz: entries wait for longer than they should."""


class RelayCollector(Collector):
    """Reads the figures when they are scraped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        progress = self._progress
        events = CounterMetricFamily(
            _PREFIX + "events", "Entries written to Kafka by this process", labels=["log"]
        )
        size = CounterMetricFamily(_PREFIX + "bytes", "Payloads of these entries", labels=["log"])
        waiting = GaugeMetricFamily(
            _PREFIX + "waiting_events", "Entries that are not in Kafka yet", labels=["log"]
        )
        for log in progress.relayed:
            events.add_metric([log], progress.relayed[log])
            size.add_metric([log], progress.bytes[log])
            waiting.add_metric([log], progress.waiting[log])
        yield from (events, size, waiting)
        yield GaugeMetricFamily(
            _PREFIX + "lag_seconds",
            "Seconds since everything was in Kafka; 0 if it is",
            value=progress.lag.seconds,
        )
        yield CounterMetricFamily(
            _PREFIX + "transactions", "Transactions of Kafka", value=progress.transactions
        )
        state = GaugeMetricFamily(_PREFIX + "state", "1 for what the relay does", labels=["state"])
        for condition in Condition:
            state.add_metric([condition], float(condition is progress.state.condition))
        yield state


def readiness(progress: Progress, lag_max_s: float) -> tuple[bool, str]:
    """Return whether the relay does what it is for, and what it does or why not."""
    text = progress.state.words()
    if progress.state.condition is Condition.RELAYING and progress.lag.seconds > lag_max_s:
        waiting = sum(progress.waiting.values())
        text = f"{LAGGING}: {waiting} entries wait, for {progress.lag.seconds:.0f} s"
    return progress.state.works, text
