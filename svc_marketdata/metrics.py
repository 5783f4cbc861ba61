"""Figures of this process for Prometheus: calculated when scraped, without cost for updates."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mesh.tasks import Supervised
from svc_marketdata.adapters.redis.last_values import LastValues
from svc_marketdata.service.alerts.keeper import AlertKeeper
from svc_marketdata.service.history.writer import History
from svc_marketdata.service.market_data import MarketData

_PREFIX = "ordermesh_marketdata_"


class MarketDataCollector(Collector):
    """Reads the counters of the service."""

    def __init__(
        self,
        data: MarketData,
        last_values: LastValues | None,
        history: History,
        parts: Sequence[Supervised],
        alerts: AlertKeeper,
    ) -> None:
        self._data = data
        self._alerts = alerts
        self._last_values = last_values
        self._history = history
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        data, hub = self._data, self._data.hub
        counts = data.counts
        yield _counter("feed_updates", "Updates received from feeds", counts.updates)
        yield _counter("feed_unreadable", "Updates that could not be read", counts.unreadable)
        yield _counter("feed_over_limit", "Updates above instruments_max", counts.over_limit)
        yield _counter("late_trades", "Trades after the end of their candle", counts.late_trades)
        yield _counter(
            "unknown_amendments",
            "Withdrawals of trades that are not kept",
            counts.unknown_amendments,
        )
        yield _counter("published_updates", "Updates of all channels", hub.updates_published)
        yield _gauge("instruments", "Listings with prices", len(data.listed))
        yield _gauge("subscribers", "Open streams", len(hub.subscribers))
        yield _gauge("interests", "Distinct subscriptions", hub.group_count)
        queued = max((s.queued_updates for s in hub.subscribers), default=0)
        yield _gauge("queued_updates_max", "Updates waiting for the slowest reader", queued)
        live = GaugeMetricFamily(_PREFIX + "venue_live", "Feed up and sending", labels=["venue"])
        for venue in data.venues.values():
            live.add_metric([venue.mic], float(venue.live))
        yield live
        stale = GaugeMetricFamily(_PREFIX + "stale", "Listings flagged stale", labels=["venue"])
        for mic in data.venues:
            flagged = sum(entry.market.stale for entry in data.of_venue(mic))
            stale.add_metric([mic], flagged)
        yield stale
        healthy = GaugeMetricFamily(
            _PREFIX + "part_healthy", "Background part works", labels=["part"]
        )
        failed = CounterMetricFamily(
            _PREFIX + "part_failures", "Background part failed and began again", labels=["part"]
        )
        for part in self._parts:
            healthy.add_metric([part.name], float(part.healthy))
            failed.add_metric([part.name], part.failures)
        yield healthy
        yield failed
        yield from self._of_history()
        watching = self._alerts.watching
        yield _gauge("alerts_active", "Price alerts that wait for a price", len(watching.active))
        yield _gauge("alerts_waiting", "Alerts fired and not recorded yet", len(watching.fires))
        yield _counter("alerts_recorded", "Alerts fired here and recorded", self._alerts.recorded)
        if self._last_values is not None:
            last = self._last_values
            yield _gauge("redis_connected", "Redis answers", last.connected)
            yield _counter("redis_keys_written", "Last values written", last.keys_written)
            yield _counter("redis_failures", "Attempts that failed", last.failures)

    def _of_history(self) -> Iterable[Metric]:
        writer, counts = self._history.writer, self._history.recorder.counts
        yield _gauge("history_waiting_trades", "Trades that wait for the database", writer.waiting)
        yield _gauge("history_lag_seconds", "Age of the oldest of them", writer.lag_s)
        yield _counter(
            "history_dropped_trades", "Trades above history_queue_trades_max", counts.dropped
        )
        yield _counter("history_written_trades", "Trades written by this process", counts.written)
        yield _counter("history_amended_trades", "Trades corrected or withdrawn", counts.amended)
        yield _counter(
            "history_unknown_amendments", "Withdrawals of trades not stored", counts.unknown
        )
        yield _counter(
            "history_out_of_range_trades", "Trades older than what is kept", counts.out_of_range
        )
        yield _counter("history_failures", "Writes that failed", counts.failures)
        yield _counter(
            "history_unwritable_trades", "Trades that the database refused", counts.unwritable
        )
        quotes = self._history.recorder.quotes
        yield _gauge("history_waiting_quote_blocks", "Blocks of quotes that wait", quotes.waiting)
        yield _counter(
            "history_written_quote_blocks",
            "Blocks of 30 s of quotes written",
            counts.quote_blocks_written,
        )
        yield _counter(
            "history_dropped_quote_blocks", "Blocks of 30 s of quotes left out", quotes.dropped
        )
        yield _counter(
            "history_partitions_dropped", "Partitions past retention", counts.partitions_dropped
        )


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(_PREFIX + name, text, value=value)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, text, value=value)
