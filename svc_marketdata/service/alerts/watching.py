"""Compares the prices of listings that have alerts with their thresholds.

A `ListingWatch` collects what changes on the channels of its listing, as a group of readers of
every event does. A listing without alerts has none, so its updates cost nothing more; an update of
one with alerts costs a comparison with the nearest thresholds, whatever the number of alerts. What
fires is only noted here. `keeper` records it.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from svc_marketdata.domain.alerts.alert import Alert, AlertPrice
from svc_marketdata.domain.alerts.thresholds import Thresholds
from svc_marketdata.service.alerts.prices import (
    Decoder,
    DelayedPrices,
    LivePrices,
    Prices,
    price_text,
)
from svc_marketdata.service.channels import DELAYED, Channel, Topic
from svc_marketdata.service.market_data import MarketData


class Fire(NamedTuple):
    """A price reached the threshold of an alert; not recorded yet."""

    alert_id: str
    price: str
    at_ns: int


class ListingWatch:
    """The alerts on the real-time, or on the delayed, prices of one listing."""

    __slots__ = (
        "_ask", "_bid", "_channels", "_count", "_fired", "_last", "_last_waits", "_mid", "prices",
    )  # fmt: skip

    def __init__(
        self, prices: Prices, channels: list[Channel],
        fired: Callable[[list[str], AlertPrice, int], None],
    ) -> None:  # fmt: skip
        self.prices = prices
        self._channels = channels
        self._fired = fired
        self._last, self._bid, self._ask, self._mid = (Thresholds() for _ in AlertPrice)
        self._last_waits = False
        """An alert was compared with a last price that did not count then: it was stale."""
        self._count = 0
        for channel in channels:
            channel.every.append(self)

    def collect(self, channel: Channel) -> None:
        """Compare what has just changed. Whether a price counts is asked when it reaches one."""
        if channel.topic is Topic.TRADE or channel.topic is Topic.DELAYED_TRADE:
            price = self.prices.traded()
            if price is not None and self._last.reaches(price):
                self._fired(self._last.take(price), AlertPrice.LAST, price)
            return
        if self._last_waits:
            self._last_waits = False
            self._compare(AlertPrice.LAST, self._last)
        bid, ask = self.prices.best()
        if bid is not None:
            if self._bid.reaches(bid):
                self._compare(AlertPrice.BID, self._bid)
            if ask is not None and self._mid.reaches(bid + ask):
                self._compare(AlertPrice.MID, self._mid)
        if ask is not None and self._ask.reaches(ask):
            self._compare(AlertPrice.ASK, self._ask)

    def add(self, alert: Alert) -> None:
        """Watch for an alert; it fires now if its price is there."""
        thresholds = self._of(alert.price)
        self._count += 1
        thresholds.add(alert.condition, alert.level, alert.alert_id)
        self._compare(alert.price, thresholds)

    def remove(self, alert: Alert) -> bool:
        """Watch for an alert no longer; return whether nothing is watched any more.

        One that has fired is counted until it is removed.
        """
        self._of(alert.price).remove(alert.condition, alert.level, alert.alert_id)
        self._count -= 1
        return not self._count

    def close(self) -> None:
        """Leave the channels."""
        for channel in self._channels:
            channel.every.remove(self)

    def _of(self, price: AlertPrice) -> Thresholds:
        if price is AlertPrice.LAST:
            return self._last
        if price is AlertPrice.MID:
            return self._mid
        return self._bid if price is AlertPrice.BID else self._ask

    def _compare(self, kind: AlertPrice, thresholds: Thresholds) -> None:
        price = self.prices.now(kind)
        if price is None:
            self._last_waits |= kind is AlertPrice.LAST
        elif thresholds.reaches(price):
            self._fired(thresholds.take(price), kind, price)


class Watching:
    """The active alerts of this process, and what fired."""

    def __init__(self, data: MarketData, decode: Decoder, wake: Callable[[], None]) -> None:
        self.active: dict[str, Alert] = {}
        """Alerts that are active as far as is known here, also those that fired just now."""
        self.fires: list[Fire] = []
        """What fired and is not recorded yet, in order."""
        self._data = data
        self._decode = decode
        self._wake = wake
        self._watches: dict[tuple[str, bool], ListingWatch] = {}
        self._of_user: dict[str, set[str]] = {}
        self._unplaced: dict[str, None] = {}
        """Alerts on listings that no venue has reported since the start."""

    def of_user(self, user_id: str) -> Iterable[Alert]:
        """Return the active alerts of a user."""
        return [self.active[alert_id] for alert_id in self._of_user.get(user_id, ())]

    def price_now(self, instrument_id: str, price: AlertPrice, *, delayed: bool) -> int | None:
        """Return a price as an alert would see it now; None if there is none that counts."""
        return self._prices(instrument_id, delayed=delayed).now(price)

    def add(self, alert: Alert) -> None:
        """Watch for an active alert; nothing if it is watched already."""
        if alert.alert_id in self.active:
            return
        self.active[alert.alert_id] = alert
        self._of_user.setdefault(alert.user_id, set()).add(alert.alert_id)
        self._unplaced[alert.alert_id] = None
        self._place(alert)

    def remove(self, alert_id: str) -> None:
        """Watch for an alert no longer: it has ended."""
        alert = self.active.pop(alert_id, None)
        if alert is None:
            return
        placed = alert_id not in self._unplaced
        self._unplaced.pop(alert_id, None)
        of_user = self._of_user[alert.user_id]
        of_user.discard(alert_id)
        if not of_user:
            del self._of_user[alert.user_id]
        key = (alert.instrument_id, alert.delayed)
        watch = self._watches.get(key)
        if placed and watch is not None and watch.remove(alert):
            watch.close()
            del self._watches[key]

    def place_waiting(self) -> None:
        """Watch for the alerts whose listing a venue has reported by now."""
        for alert_id in list(self._unplaced):
            self._place(self.active[alert_id])

    def _place(self, alert: Alert) -> None:
        if not self._data.known(alert.instrument_id):
            return
        del self._unplaced[alert.alert_id]
        key = (alert.instrument_id, alert.delayed)
        watch = self._watches.get(key)
        if watch is None:
            prices = self._prices(alert.instrument_id, delayed=alert.delayed)
            channels = self._channels(alert.instrument_id, delayed=alert.delayed)
            watch = self._watches[key] = ListingWatch(prices, channels, self._fired)
        watch.add(alert)

    def _prices(self, instrument_id: str, *, delayed: bool) -> Prices:
        entry = self._data.listed[instrument_id]
        if not delayed:
            return LivePrices(entry, self._data.venues[entry.market.venue_mic])
        channels = self._data.hub.channels
        return DelayedPrices(
            channels[instrument_id, DELAYED[Topic.QUOTE]],
            channels[instrument_id, DELAYED[Topic.TRADE]],
            self._decode,
        )

    def _channels(self, instrument_id: str, *, delayed: bool) -> list[Channel]:
        """Return the channels whose changes may make an alert fire.

        Best prices count while the listing and its venue trade, so a change of the status may, too.
        """
        channels = self._data.hub.channels
        if delayed:
            return [channels[instrument_id, topic] for topic in DELAYED.values()]
        entry = self._data.listed[instrument_id]
        venue = channels[entry.market.venue_mic, Topic.VENUE]
        return [entry.quote, entry.trade, entry.listing_channel, venue]

    def _fired(self, alert_ids: list[str], price: AlertPrice, value: int) -> None:
        now_ns, text = self._data.clock.now_ns(), price_text(price, value)
        self.fires += [Fire(alert_id, text, now_ns) for alert_id in alert_ids]
        self._wake()
