"""The client: calls, repeats with the same key, streams that resume.

```python
async with MeshClient("localhost:8443", ca) as mesh:
    await mesh.login("alice", password)
    placed = await mesh.place(order_service_pb2.PlaceRequest(account_id="ACC-ALICE", ...))
    async for item in mesh.watch_orders(["ACC-ALICE"]):
        ...
```
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any, Final, Self

import grpc
import grpc.aio
from google.protobuf.message import Message

from ordermesh.identity.v1 import auth_service_pb2 as identity
from ordermesh.identity.v1 import auth_service_pb2_grpc as identity_grpc
from ordermesh.identity.v1 import identity_audit_service_pb2_grpc
from ordermesh.marketdata.v1 import (
    history_service_pb2,
    history_service_pb2_grpc,
    instrument_pb2,
    instrument_service_pb2,
    instrument_service_pb2_grpc,
    market_data_pb2,
    market_data_service_pb2,
    market_data_service_pb2_grpc,
    price_alert_service_pb2_grpc,
    reference_data_service_pb2_grpc,
)
from ordermesh.notify.v1 import (
    destination_service_pb2_grpc,
    notification_service_pb2_grpc,
    rule_service_pb2_grpc,
)
from ordermesh.oms.v1 import (
    audit_service_pb2_grpc,
    kill_switch_service_pb2_grpc,
    limit_service_pb2_grpc,
    order_pb2,
    order_service_pb2,
    order_service_pb2_grpc,
    parked_service_pb2_grpc,
    recovery_service_pb2_grpc,
    routing_service_pb2_grpc,
    session_service_pb2_grpc,
)
from ordermesh_client.errors import (
    MeshRefusedError,
    MeshUnreachableError,
    NotLoggedInError,
    refused_error,
)
from ordermesh_client.session import Session, SessionStore
from ordermesh_client.settings import ClientSettings
from ordermesh_client.watching import Watching
from ordermesh_rpc.backoff import CONNECT_TIMEOUT_MS, RECONNECT_BACKOFF_MIN_MS, Backoff

# Of a page whose request does not say how many.
ORDERS_PER_PAGE: Final = 100
MESSAGE_BYTES_MAX: Final = 16 * 1024 * 1024
# gRPC's own default grows to two minutes: far longer than a mesh needs to heal.
RECONNECT_DELAY_MS_MAX: Final = 2_000
CHANNEL_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.initial_reconnect_backoff_ms", RECONNECT_BACKOFF_MIN_MS),
    ("grpc.min_reconnect_backoff_ms", CONNECT_TIMEOUT_MS),
    ("grpc.max_reconnect_backoff_ms", RECONNECT_DELAY_MS_MAX),
    # A connection on which nothing came for so long is asked whether it is alive. Without this,
    # one whose other end vanished is used until the kernel gives it up, many minutes later.
    ("grpc.keepalive_time_ms", 10_000),
    # This is the timeout that gRPC goes by; grpc.keepalive_timeout_ms alone leaves it at a minute.
    ("grpc.http2.ping_timeout_ms", 3_000),
    ("grpc.http2.max_pings_without_data", 0),
)

# How long a call waits for a refresh while the old token holds: an identity service that hangs
# must not hold up orders and cancels.
REFRESH_PATIENCE_S: Final = 1.0

Call = Callable[..., Any]


class MeshClient(Watching):
    """One connection to the edge and one login; safe for many tasks of one loop."""

    def __init__(
        self,
        target: str,
        ca: bytes | None = None,
        store: SessionStore | None = None,
        settings: ClientSettings | None = None,
    ) -> None:
        """Connect lazily: the first call does.

        Args:
            target: Host and port of the edge: "localhost:8443".
            ca: Certificates in PEM that the edge's is checked by; else those of gRPC.
            store: Keeps the login between runs; without one it ends with the program.
            settings: Time limits, heartbeats and backoff.
        """
        self._settings = settings or ClientSettings()
        self._store = store
        self._session = store.load() if store else None
        self._refreshing: asyncio.Task[None] | None = None
        self._channel = grpc.aio.secure_channel(
            target, grpc.ssl_channel_credentials(ca), options=CHANNEL_OPTIONS
        )
        self._auth = identity_grpc.AuthServiceStub(self._channel)
        self._prices = market_data_service_pb2_grpc.MarketDataServiceStub(self._channel)
        self.instrument_service = instrument_service_pb2_grpc.InstrumentServiceStub(self._channel)
        self.reference_data = reference_data_service_pb2_grpc.ReferenceDataServiceStub(
            self._channel
        )
        # For `call`: each holds every rpc of its service.
        self.alerts = price_alert_service_pb2_grpc.PriceAlertServiceStub(self._channel)
        self.notifications = notification_service_pb2_grpc.NotificationServiceStub(self._channel)
        self.notify_rules = rule_service_pb2_grpc.RuleServiceStub(self._channel)
        self.destinations = destination_service_pb2_grpc.DestinationServiceStub(self._channel)
        self.history = history_service_pb2_grpc.HistoryServiceStub(self._channel)
        self.order_service = order_service_pb2_grpc.OrderServiceStub(self._channel)
        self.kill_switches = kill_switch_service_pb2_grpc.KillSwitchServiceStub(self._channel)
        self.limits = limit_service_pb2_grpc.LimitServiceStub(self._channel)
        self.sessions = session_service_pb2_grpc.SessionServiceStub(self._channel)
        self.parked = parked_service_pb2_grpc.ParkedServiceStub(self._channel)
        self.recovery = recovery_service_pb2_grpc.RecoveryServiceStub(self._channel)
        self.routing = routing_service_pb2_grpc.RoutingServiceStub(self._channel)
        self.audit = audit_service_pb2_grpc.AuditServiceStub(self._channel)
        self.identity_audit = identity_audit_service_pb2_grpc.IdentityAuditServiceStub(
            self._channel
        )

    async def __aenter__(self) -> Self:
        """Give the client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection; a refresh that is under way ends first, for its answer counts."""
        if self._refreshing is not None and not self._refreshing.done():
            await asyncio.wait({self._refreshing})
        await self._channel.close()

    @property
    def session(self) -> Session:
        """The login. Raises NotLoggedInError."""
        if self._session is None:
            raise NotLoggedInError("nobody is logged in")
        return self._session

    async def login(self, username: str, password: str) -> Session:
        """Exchange a password for tokens and keep them."""
        request = identity.LoginRequest(username=username, password=password)
        answer = await self._call(self._auth.Login, request, authorised=False)
        return self._keep(Session.from_tokens(answer.user, answer.tokens))

    async def logout(self) -> None:
        """End the login here and at the mesh."""
        request = identity.LogoutRequest(refresh_token=self.session.refresh_token)
        await self._call(self._auth.Logout, request, authorised=False)
        self._session = None
        if self._store:
            self._store.forget()

    async def token(self) -> str:
        """Give an access token that is not about to end."""
        await self._fresh_token()
        return self.session.access_token

    async def call(self, rpc: Call, request: Message, retry_for_s: float = 0.0) -> Any:
        """Call any unary rpc: `await mesh.call(mesh.kill_switches.Engage, request)`.

        A request that has an idempotency_key is given one, and a lost answer is then asked
        for again with the same.
        """
        if not self._keyed(request):
            return await self._call(rpc, request)
        return await self._retried(rpc, request, retry_for_s)

    async def read(self, rpc: Call, request: Message, retry_for_s: float) -> Any:
        """Call an rpc that changes nothing; asked again while the mesh does not answer."""
        return await self._retried(rpc, request, retry_for_s)

    @staticmethod
    def _keyed(request: Any) -> bool:
        if "idempotency_key" not in request.DESCRIPTOR.fields_by_name:
            return False
        request.idempotency_key = request.idempotency_key or str(uuid.uuid4())
        return True

    async def place(
        self, request: order_service_pb2.PlaceRequest, retry_for_s: float = 0.0
    ) -> order_service_pb2.PlaceResponse:
        """Place an order; a lost answer is asked for again with the same key."""
        answer: order_service_pb2.PlaceResponse = await self.call(
            self.order_service.Place, request, retry_for_s
        )
        return answer

    async def replace(
        self, request: order_service_pb2.ReplaceRequest, retry_for_s: float = 0.0
    ) -> order_service_pb2.ReplaceResponse:
        """Change an open order."""
        answer: order_service_pb2.ReplaceResponse = await self.call(
            self.order_service.Replace, request, retry_for_s
        )
        return answer

    async def resolve(
        self, request: order_service_pb2.ResolveRequest, retry_for_s: float = 0.0
    ) -> order_service_pb2.ResolveResponse:
        """State what the venue has of an order."""
        answer: order_service_pb2.ResolveResponse = await self.call(
            self.order_service.Resolve, request, retry_for_s
        )
        return answer

    async def cancel(
        self, order_id: str, retry_for_s: float = 0.0
    ) -> order_service_pb2.CancelResponse:
        """Cancel an open order."""
        answer: order_service_pb2.CancelResponse = await self.call(
            self.order_service.Cancel,
            order_service_pb2.CancelRequest(order_id=order_id),
            retry_for_s,
        )
        return answer

    async def cancel_all(self, account: str) -> list[order_service_pb2.CancelAllResult]:
        """Cancel every open order of an account."""
        request = order_service_pb2.CancelAllRequest(
            idempotency_key=str(uuid.uuid4()), account_id=account
        )
        return list((await self._call(self.order_service.CancelAll, request)).results)

    async def get(self, order_id: str, retry_for_s: float = 0.0) -> order_service_pb2.GetResponse:
        """One order with its executions."""
        answer: order_service_pb2.GetResponse = await self.read(
            self.order_service.Get, order_service_pb2.GetRequest(order_id=order_id), retry_for_s
        )
        return answer

    async def orders(self, request: order_service_pb2.ListRequest) -> list[order_pb2.Order]:
        """Orders by filter, newest first: as many as a page of the request has."""
        asked = order_service_pb2.ListRequest()
        asked.CopyFrom(request)
        most = request.page_size or ORDERS_PER_PAGE
        found: list[order_pb2.Order] = []
        while True:
            # Where the filter matches few orders, a page ends before it is full.
            answer = await self._call(self.order_service.List, asked)
            found += answer.orders
            if len(found) >= most or not answer.next_page_token:
                return found[:most]
            asked.page_token = answer.next_page_token

    async def instruments(self, text: str = "") -> list[instrument_pb2.Instrument]:
        """Every listing whose symbol or name holds ``text``."""
        return list((await self.instrument_list(text)).instruments)

    async def instrument_list(self, text: str = "") -> instrument_service_pb2.ListResponse:
        """Every listing whose symbol or name holds ``text``, and what the mesh leaves out."""
        found: list[instrument_pb2.Instrument] = []
        request = instrument_service_pb2.ListRequest(text=text, page_size=500)
        while True:
            answer = await self._call(self.instrument_service.List, request)
            found += answer.instruments
            if not answer.next_page_token:
                return instrument_service_pb2.ListResponse(
                    instruments=found, left_out=answer.left_out
                )
            request.page_token = answer.next_page_token

    async def quotes(self, instrument_ids: Iterable[str]) -> dict[str, market_data_pb2.Quote]:
        """Best prices now, by instrument id."""
        request = market_data_service_pb2.GetSnapshotRequest(instrument_ids=instrument_ids)
        answer = await self._call(self._prices.GetSnapshot, request)
        return {update.instrument_id: update.quote for update in answer.updates}

    async def pages(self, rpc: Call, request: Any) -> AsyncIterator[Any]:
        """Every page of an rpc with page tokens: `mesh.pages(mesh.history.ListTrades, ...)`."""
        asked = type(request)()
        asked.CopyFrom(request)
        while True:
            page = await self._call(rpc, asked)
            yield page
            if not page.next_page_token:
                return
            asked.page_token = page.next_page_token

    async def replay(
        self, request: history_service_pb2.ReplayRequest
    ) -> AsyncIterator[market_data_pb2.MarketDataItem]:
        """Prices of the past as they were, until the last one. It stands while nobody reads."""
        await self._fresh_token()
        try:
            async for response in self.history.Replay(request, metadata=self._bearer()):
                for item in response.items:
                    yield item
        except grpc.aio.AioRpcError as error:
            raise refused_error(error) from error

    async def _retried(self, call: Call, request: Message, retry_for_s: float) -> Any:
        """Repeat the same request, key included, while repeating may help and time is left."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + retry_for_s
        settings = self._settings
        backoff = Backoff(base=settings.backoff_base_s, cap_s=settings.backoff_cap_s)
        while True:
            try:
                return await self._call(call, request)
            except (MeshUnreachableError, MeshRefusedError) as error:
                refused = error if isinstance(error, MeshRefusedError) else None
                if (refused and not refused.retryable) or loop.time() >= deadline:
                    raise
                at_least_s = (refused and refused.retry_after_s) or 0.0
            await asyncio.sleep(max(backoff.next_delay(), at_least_s))

    async def _call(self, call: Call, request: Message, *, authorised: bool = True) -> Any:
        if authorised:
            await self._fresh_token()
        for last in (False, True):
            metadata = self._bearer() if authorised else None
            token = self.session.access_token if authorised else ""
            timeout_s = self._settings.attempt_timeout_s
            try:
                return await call(request, timeout=timeout_s, metadata=metadata)
            except grpc.aio.AioRpcError as error:
                expired = error.code() is grpc.StatusCode.UNAUTHENTICATED and authorised
                if not expired or last:
                    raise refused_error(error) from error
            await self.refresh(token)
        raise AssertionError("unreachable: the second pass returns or raises")

    async def _fresh_token(self) -> None:
        if self.session.fresh():
            return
        if not self.session.holds():
            await self.refresh()
            return
        try:
            async with asyncio.timeout(REFRESH_PATIENCE_S):
                await self.refresh()
        except (TimeoutError, MeshUnreachableError):
            return  # the old token holds for a while
        except MeshRefusedError as refused:
            if not refused.retryable:
                raise

    async def refresh(self, refused_token: str = "") -> None:
        """Exchange the refresh token for a new pair, once for all tasks that ask.

        The exchange goes on when the task that asked is cancelled: its answer must not be lost,
        for a refresh token that is used twice ends the login.

        Args:
            refused_token: The access token the mesh no longer takes; the one in hand
                if left out.
        """
        stale = refused_token or self.session.access_token
        if self.session.access_token != stale:
            return  # another task did it meanwhile
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._exchange())
            self._refreshing.add_done_callback(_note_failure)
        await asyncio.shield(self._refreshing)

    async def _exchange(self) -> None:
        used = self.session.refresh_token
        request = identity.RefreshRequest(refresh_token=used)
        try:
            answer = await self._auth.Refresh(request, timeout=self._settings.attempt_timeout_s)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise refused_error(error) from error
            if self._uses(used):
                self._session = None
            raise NotLoggedInError("the login has ended") from error
        # A logout or another login may have come in between.
        if self._uses(used):
            self._keep(Session.from_tokens(answer.user, answer.tokens))

    def _uses(self, refresh_token: str) -> bool:
        return self._session is not None and self._session.refresh_token == refresh_token

    def _keep(self, session: Session) -> Session:
        self._session = session
        if self._store:
            self._store.save(session)
        return session

    def _bearer(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self.session.access_token}")]


def _note_failure(refreshing: asyncio.Task[None]) -> None:
    """Look at the outcome: those who wait have it too, and there may be none."""
    if not refreshing.cancelled():
        refreshing.exception()
