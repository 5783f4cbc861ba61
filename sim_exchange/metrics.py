"""The metrics of the venue, read from the parts' own counts when Prometheus asks."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mesh.telemetry import scraped_counter, scraped_gauge
from sim_exchange.running import RunningVenue

_BY_TYPE = ["venue", "msg_type"]
RECEIVED = scraped_counter("sim_received", "FIX messages received", _BY_TYPE)
SENT = scraped_counter("sim_sent", "FIX messages sent", _BY_TYPE)
FILLS = scraped_counter("sim_fills", "Client fills", ["venue"])
ERRORS = scraped_counter("sim_errors", "Faults of ours", ["venue"])
SESSIONS = scraped_gauge("sim_sessions", "Sessions logged on", ["venue"])
RESTING = scraped_gauge("sim_client_orders", "Client orders in the books", ["venue"])


class VenueCollector(Collector):
    """Collects the numbers of one running venue."""

    def __init__(self, running: RunningVenue) -> None:
        self._running = running

    def collect(self) -> Iterable[Metric]:
        """Read the parts' own counts."""
        parts = self._running.parts
        mic = parts.venue.mic
        received = dict(parts.application.received)
        yield RECEIVED.values(((mic, kind), count) for kind, count in received.items())
        yield SENT.values(((mic, kind), count) for kind, count in dict(parts.sender.sent).items())
        yield FILLS.values([((mic,), parts.answers.fills)])
        yield ERRORS.values([((mic,), parts.application.errors + self._running.timer.errors)])
        yield SESSIONS.values([((mic,), len(parts.sender.logged_on))])
        markets = parts.venue.markets.values()
        yield RESTING.values([((mic,), sum(len(one.resting_clients) for one in markets))])
