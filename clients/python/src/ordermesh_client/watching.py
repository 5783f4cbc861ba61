"""What `MeshClient` can watch: streams that go on over any number of broken connections.

A broken connection shows as a ``gap`` item of kind LINK_DOWN with an empty channel, its end as
LINK_UP.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, TypeVar

from ordermesh.marketdata.v1 import (
    market_data_pb2,
    market_data_service_pb2,
    market_data_service_pb2_grpc,
    price_alert_pb2,
    price_alert_service_pb2,
    price_alert_service_pb2_grpc,
)
from ordermesh.notify.v1 import (
    notification_pb2,
    notification_service_pb2,
    notification_service_pb2_grpc,
)
from ordermesh.oms.v1 import event_pb2, order_service_pb2_grpc
from ordermesh.type.v1 import stream_pb2
from ordermesh_client.resume import resumed
from ordermesh_client.sequences import OrderSequences
from ordermesh_client.session import Session
from ordermesh_client.settings import ClientSettings
from ordermesh_rpc.backoff import Backoff

ItemT = TypeVar("ItemT")


class Watching(ABC):
    """The streams of a connection and a login."""

    _prices: market_data_service_pb2_grpc.MarketDataServiceStub
    alerts: price_alert_service_pb2_grpc.PriceAlertServiceStub
    notifications: notification_service_pb2_grpc.NotificationServiceStub
    order_service: order_service_pb2_grpc.OrderServiceStub
    _settings: ClientSettings

    @property
    @abstractmethod
    def session(self) -> Session:
        """The present login."""

    @abstractmethod
    async def refresh(self, refused_token: str = "") -> None:
        """Get a new access token."""

    @abstractmethod
    async def _fresh_token(self) -> None: ...

    @abstractmethod
    def _bearer(self) -> list[tuple[str, str]]: ...

    async def watch_orders(
        self, accounts: Iterable[str] = ()
    ) -> AsyncIterator[event_pb2.OrderStreamItem]:
        """Snapshot, then every event, each once; what is missing is read again."""
        sequences = OrderSequences(accounts or self.session.accounts, self._settings.heartbeat_s)
        async for item in self._resumed(
            self.order_service.Watch, sequences.request, event_pb2.OrderStreamItem, sequences.take
        ):
            for made in sequences.made():
                yield made
            yield item

    async def watch_quotes(
        self, instrument_ids: Iterable[str], interval_ms: int = 250
    ) -> AsyncIterator[market_data_pb2.MarketDataItem]:
        """Quotes as they move."""
        subscription = market_data_service_pb2.Subscription(
            instrument_ids=instrument_ids,
            topics=[market_data_pb2.TOPIC_QUOTE],
            mode=market_data_service_pb2.DELIVERY_MODE_INTERVAL,
            interval_ms=interval_ms,
        )
        async for item in self.watch_prices(subscription):
            yield item

    def watch_prices(
        self, subscription: market_data_service_pb2.Subscription
    ) -> AsyncIterator[market_data_pb2.MarketDataItem]:
        """Prices as a subscription asks for them."""
        request = market_data_service_pb2.WatchRequest(
            subscription=subscription, heartbeat_s=self._settings.heartbeat_s
        )
        return self._resumed(self._prices.Watch, lambda: request, market_data_pb2.MarketDataItem)

    def watch_alerts(self) -> AsyncIterator[price_alert_pb2.AlertItem]:
        """Active price alerts, then every change once."""
        return self._after_cursor(
            self.alerts.WatchAlerts,
            price_alert_service_pb2.WatchAlertsRequest,
            price_alert_pb2.AlertItem,
        )

    def watch_notifications(self) -> AsyncIterator[notification_pb2.NotificationItem]:
        """The newest notifications, then each new one once."""
        return self._after_cursor(
            self.notifications.Watch,
            notification_service_pb2.WatchRequest,
            notification_pb2.NotificationItem,
        )

    async def _after_cursor(
        self, rpc: Any, request_type: Any, item_type: Callable[..., ItemT]
    ) -> AsyncIterator[ItemT]:
        """Items of a stream with one cursor; each time it opens after what was read so far."""
        cursor = stream_pb2.Cursor()

        def request() -> Any:
            made = request_type(heartbeat_s=self._settings.heartbeat_s)
            if cursor.epoch:
                made.cursor.CopyFrom(cursor)
            return made

        item: Any
        async for item in self._resumed(rpc, request, item_type):
            if item.HasField("event"):
                cursor.sequence = item.event.sequence
            elif item.HasField("heartbeat") and item.heartbeat.HasField("high_water"):
                cursor.sequence = item.heartbeat.high_water.sequence
            elif item.HasField("snapshot_complete"):
                cursor.CopyFrom(item.snapshot_complete.cursor)
            yield item

    def _resumed(
        self,
        rpc: Any,
        request: Callable[[], Any],
        item_type: Callable[..., ItemT],
        take: Callable[[Any], bool] = lambda _: True,
    ) -> AsyncIterator[ItemT]:
        login = _StreamLogin(self)

        async def open_stream() -> Any:
            await self._fresh_token()
            login.token = self.session.access_token
            return rpc(request(), metadata=self._bearer())

        settings = self._settings
        backoff = Backoff(base=settings.backoff_base_s, cap_s=settings.backoff_cap_s)
        return resumed(
            open_stream, login, lambda gap: item_type(gap=gap), time.time_ns,
            backoff, take, settings,
        )  # fmt: skip


class _StreamLogin:
    """The login of one stream: a token that was renewed since it opened is not renewed again."""

    def __init__(self, mesh: Watching) -> None:
        self._mesh = mesh
        self.token = ""

    async def refresh(self) -> None:
        await self._mesh.refresh(self.token)
