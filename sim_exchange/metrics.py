"""The metrics of the venue, read from the parts' own counts when Prometheus asks."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sim_exchange.running import RunningVenue


class VenueCollector(Collector):
    """Collects the numbers of one running venue."""

    def __init__(self, running: RunningVenue) -> None:
        self._running = running

    def collect(self) -> Iterable[Metric]:
        """Read the parts' own counts."""
        parts = self._running.parts
        mic = parts.venue.mic
        received = CounterMetricFamily(
            "ordermesh_sim_received", "FIX messages received", labels=["mic", "msg_type"]
        )
        for msg_type, count in dict(parts.application.received).items():
            received.add_metric([mic, msg_type], count)
        sent = CounterMetricFamily(
            "ordermesh_sim_sent", "FIX messages sent", labels=["mic", "msg_type"]
        )
        for msg_type, count in dict(parts.sender.sent).items():
            sent.add_metric([mic, msg_type], count)
        fills = CounterMetricFamily("ordermesh_sim_fills", "Client fills", labels=["mic"])
        fills.add_metric([mic], parts.answers.fills)
        errors = CounterMetricFamily("ordermesh_sim_errors", "Faults of ours", labels=["mic"])
        errors.add_metric([mic], parts.application.errors + self._running.timer.errors)
        sessions = GaugeMetricFamily("ordermesh_sim_sessions", "Sessions logged on", labels=["mic"])
        sessions.add_metric([mic], len(parts.sender.logged_on))
        resting = GaugeMetricFamily(
            "ordermesh_sim_client_orders", "Client orders in the books", labels=["mic"]
        )
        markets = parts.venue.markets.values()
        resting.add_metric([mic], sum(len(market.resting_clients) for market in markets))
        return [received, sent, fills, errors, sessions, resting]
