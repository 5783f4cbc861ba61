"""Figures of this process for Prometheus: calculated when scraped, without cost for updates."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mesh.tasks import Supervised
from mesh.telemetry import scraped_counter, scraped_gauge
from svc_marketdata.adapters.redis.last_values import LastValues
from svc_marketdata.service.alerts.keeper import AlertKeeper
from svc_marketdata.service.history.writer import History
from svc_marketdata.service.market_data import MarketData

FEED_UPDATES = scraped_counter("marketdata_feed_updates", "Updates received from feeds")
FEED_UNREADABLE = scraped_counter("marketdata_feed_unreadable", "Updates that could not be read")
FEED_OVER_LIMIT = scraped_counter("marketdata_feed_over_limit", "Updates above instruments_max")
LATE_TRADES = scraped_counter("marketdata_late_trades", "Trades after the end of their candle")
UNKNOWN_AMENDMENTS = scraped_counter(
    "marketdata_unknown_amendments", "Withdrawals of trades that are not kept"
)
PUBLISHED_UPDATES = scraped_counter("marketdata_published_updates", "Updates of all channels")
INSTRUMENTS = scraped_gauge("marketdata_instruments", "Listings with prices")
SUBSCRIBERS = scraped_gauge("marketdata_subscribers", "Open streams")
INTERESTS = scraped_gauge("marketdata_interests", "Distinct subscriptions")
QUEUED_UPDATES_MAX = scraped_gauge(
    "marketdata_queued_updates_max", "Updates waiting for the slowest reader"
)
ALERTS_ACTIVE = scraped_gauge("marketdata_alerts_active", "Price alerts that wait for a price")
ALERTS_WAITING = scraped_gauge("marketdata_alerts_waiting", "Alerts fired and not recorded yet")
ALERTS_RECORDED = scraped_counter("marketdata_alerts_recorded", "Alerts fired here and recorded")
REDIS_CONNECTED = scraped_gauge("marketdata_redis_connected", "Redis answers")
REDIS_KEYS_WRITTEN = scraped_counter("marketdata_redis_keys_written", "Last values written")
REDIS_FAILURES = scraped_counter("marketdata_redis_failures", "Attempts that failed")
HISTORY_WAITING_TRADES = scraped_gauge(
    "marketdata_history_waiting_trades", "Trades that wait for the database"
)
HISTORY_LAG_SECONDS = scraped_gauge("marketdata_history_lag_seconds", "Age of the oldest of them")
HISTORY_DROPPED_TRADES = scraped_counter(
    "marketdata_history_dropped_trades", "Trades above history_queue_trades_max"
)
HISTORY_WRITTEN_TRADES = scraped_counter(
    "marketdata_history_written_trades", "Trades written by this process"
)
HISTORY_AMENDED_TRADES = scraped_counter(
    "marketdata_history_amended_trades", "Trades corrected or withdrawn"
)
HISTORY_UNKNOWN_AMENDMENTS = scraped_counter(
    "marketdata_history_unknown_amendments", "Withdrawals of trades not stored"
)
HISTORY_OUT_OF_RANGE_TRADES = scraped_counter(
    "marketdata_history_out_of_range_trades", "Trades older than what is kept"
)
HISTORY_FAILURES = scraped_counter("marketdata_history_failures", "Writes that failed")
HISTORY_UNWRITABLE_TRADES = scraped_counter(
    "marketdata_history_unwritable_trades", "Trades that the database refused"
)
HISTORY_WAITING_QUOTE_BLOCKS = scraped_gauge(
    "marketdata_history_waiting_quote_blocks", "Blocks of quotes that wait"
)
HISTORY_WRITTEN_QUOTE_BLOCKS = scraped_counter(
    "marketdata_history_written_quote_blocks", "Blocks of 30 s of quotes written"
)
HISTORY_DROPPED_QUOTE_BLOCKS = scraped_counter(
    "marketdata_history_dropped_quote_blocks", "Blocks of 30 s of quotes left out"
)
HISTORY_PARTITIONS_DROPPED = scraped_counter(
    "marketdata_history_partitions_dropped", "Partitions past retention"
)
VENUE_LIVE = scraped_gauge("marketdata_venue_live", "Feed up and sending", ["venue"])
STALE = scraped_gauge("marketdata_stale", "Listings flagged stale", ["venue"])
PART_HEALTHY = scraped_gauge("marketdata_part_healthy", "Background part works", ["part"])
PART_FAILURES = scraped_counter(
    "marketdata_part_failures", "Background part failed and began again", ["part"]
)


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
        yield FEED_UPDATES.value(counts.updates)
        yield FEED_UNREADABLE.value(counts.unreadable)
        yield FEED_OVER_LIMIT.value(counts.over_limit)
        yield LATE_TRADES.value(counts.late_trades)
        yield UNKNOWN_AMENDMENTS.value(counts.unknown_amendments)
        yield PUBLISHED_UPDATES.value(hub.updates_published)
        yield INSTRUMENTS.value(len(data.listed))
        yield SUBSCRIBERS.value(len(hub.subscribers))
        yield INTERESTS.value(hub.group_count)
        queued = max((s.queued_updates for s in hub.subscribers), default=0)
        yield QUEUED_UPDATES_MAX.value(queued)
        yield VENUE_LIVE.values(((one.mic,), one.live) for one in data.venues.values())
        yield STALE.values(
            ((mic,), sum(entry.market.stale for entry in data.of_venue(mic))) for mic in data.venues
        )
        yield PART_HEALTHY.values(((part.name,), part.healthy) for part in self._parts)
        yield PART_FAILURES.values(((part.name,), part.failures) for part in self._parts)
        yield from self._of_history()
        watching = self._alerts.watching
        yield ALERTS_ACTIVE.value(len(watching.active))
        yield ALERTS_WAITING.value(len(watching.fires))
        yield ALERTS_RECORDED.value(self._alerts.recorded)
        if self._last_values is not None:
            last = self._last_values
            yield REDIS_CONNECTED.value(last.connected)
            yield REDIS_KEYS_WRITTEN.value(last.keys_written)
            yield REDIS_FAILURES.value(last.failures)

    def _of_history(self) -> Iterable[Metric]:
        writer, counts = self._history.writer, self._history.recorder.counts
        yield HISTORY_WAITING_TRADES.value(writer.waiting)
        yield HISTORY_LAG_SECONDS.value(writer.lag_s)
        yield HISTORY_DROPPED_TRADES.value(counts.dropped)
        yield HISTORY_WRITTEN_TRADES.value(counts.written)
        yield HISTORY_AMENDED_TRADES.value(counts.amended)
        yield HISTORY_UNKNOWN_AMENDMENTS.value(counts.unknown)
        yield HISTORY_OUT_OF_RANGE_TRADES.value(counts.out_of_range)
        yield HISTORY_FAILURES.value(counts.failures)
        yield HISTORY_UNWRITABLE_TRADES.value(counts.unwritable)
        quotes = self._history.recorder.quotes
        yield HISTORY_WAITING_QUOTE_BLOCKS.value(quotes.waiting)
        yield HISTORY_WRITTEN_QUOTE_BLOCKS.value(counts.quote_blocks_written)
        yield HISTORY_DROPPED_QUOTE_BLOCKS.value(quotes.dropped)
        yield HISTORY_PARTITIONS_DROPPED.value(counts.partitions_dropped)
