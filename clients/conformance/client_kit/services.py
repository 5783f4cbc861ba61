"""The services of the scripted mesh: login, orders, market data."""

# ruff: noqa: N802, D102  # handlers are named as the rpcs are

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from client_kit.case import Fault, Opening
from client_kit.made_orders import event_frames, orders_at
from client_kit.world import World, refuse
from ordermesh.identity.v1 import auth_service_pb2 as identity
from ordermesh.identity.v1 import auth_service_pb2_grpc as identity_grpc
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from ordermesh.marketdata.v1 import market_data_service_pb2_grpc as market_data_grpc
from ordermesh.oms.v1 import event_pb2, order_pb2, order_service_pb2_grpc
from ordermesh.oms.v1 import order_service_pb2 as oms
from ordermesh.type.v1 import stream_pb2

# Between heartbeats that say more exists than was sent, and that nothing is missing.
SOON_S = 0.05
FIRST_EPOCH = "life-1"


class Auth(identity_grpc.AuthServiceServicer):
    """Login and refresh of one user."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def _user(self) -> identity.User:
        return identity.User(user_id="1", username="alice", accounts=self.world.script.accounts)

    async def Login(self, request: Any, context: Any) -> Any:
        fault = await self.world.admit("Login", request, context, user=False)
        await self.world.strike(fault, context)
        if request.password != "right":  # noqa: S105  # of a made user
            await refuse(context, Fault(refuse="BAD_CREDENTIALS"))
        return identity.LoginResponse(tokens=self.world.tokens(), user=self._user)

    async def Refresh(self, request: Any, context: Any) -> Any:
        fault = await self.world.admit("Refresh", request, context, user=False)
        looked_at = fault is None or fault.applied
        if looked_at and not self.world.renew(request.refresh_token):
            await refuse(context, Fault(refuse="UNAUTHENTICATED"))
        await self.world.strike(fault, context)
        return identity.RefreshResponse(tokens=self.world.tokens(), user=self._user)

    async def Logout(self, request: Any, context: Any) -> Any:
        await self.world.admit("Logout", request, context, user=False)
        return identity.LogoutResponse()


class Orders(order_service_pb2_grpc.OrderServiceServicer):
    """Commands by idempotency key, and the order stream."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.epoch = FIRST_EPOCH
        self._answers: dict[str, tuple[bytes, Any]] = {}

    async def _command(self, name: str, request: Any, context: Any, answer: Any) -> Any:
        fault = await self.world.admit(name, request, context)
        key, body = request.idempotency_key, request.SerializeToString(deterministic=True)
        if fault is None or fault.applied:
            if key not in self._answers:
                self._answers[key] = (body, answer())
            if self._answers[key][0] != body:
                await refuse(context, Fault(refuse="IDEMPOTENCY_KEY_REUSED"))
        await self.world.strike(fault, context)
        return self._answers[key][1]

    def _order(self, request: Any) -> order_pb2.Order:
        made = len(self._answers) + 1
        order = order_pb2.Order(
            order_id=getattr(request, "order_id", "") or f"ORDER-{made}",
            idempotency_key=request.idempotency_key,
            last_sequence=made,
        )
        if hasattr(request, "terms"):
            order.terms.CopyFrom(request.terms)
        state = self.world.script.order_state
        order.progress.cum_quantity = "0"
        known = 0 if state.isdigit() else order_pb2.OrderState.Value(f"ORDER_STATE_{state}")
        # A state of tomorrow is a number that no name stands for.
        order.progress.state = known or int(state)  # type: ignore[assignment]
        return order

    async def Place(self, request: Any, context: Any) -> Any:
        return await self._command(
            "Place", request, context, lambda: oms.PlaceResponse(order=self._order(request))
        )

    async def Replace(self, request: Any, context: Any) -> Any:
        return await self._command(
            "Replace", request, context, lambda: oms.ReplaceResponse(order=self._order(request))
        )

    async def Cancel(self, request: Any, context: Any) -> Any:
        return await self._command(
            "Cancel", request, context, lambda: oms.CancelResponse(order=self._order(request))
        )

    async def Get(self, request: Any, context: Any) -> Any:
        fault = await self.world.admit("Get", request, context)
        await self.world.strike(fault, context)
        order = order_pb2.Order(order_id=request.order_id, last_sequence=1)
        order.progress.state = order_pb2.ORDER_STATE_NEW
        return oms.GetResponse(order=order)

    async def List(self, request: Any, context: Any) -> Any:
        fault = await self.world.admit("List", request, context)
        await self.world.strike(fault, context)
        pages = self.world.script.orders
        page = int(request.page_token or 0)
        before = sum(pages[:page])
        found = [f"ORDER-{before + n + 1}" for n in range(pages[page] if pages else 0)]
        return oms.ListResponse(
            orders=[order_pb2.Order(order_id=one) for one in found],
            next_page_token=str(page + 1) if page + 1 < len(pages) else "",
        )

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        opening = await self.world.opened("Watch", request, context)
        self.epoch = opening.epoch or self.epoch
        wanted = list(request.accounts) or [
            oms.AccountCursor(account_id=one) for one in self.world.script.accounts
        ]
        frames = [frame for one in wanted for frame in self._frames(one, opening)]
        beat = [self._heartbeat(one.account_id) for one in wanted]
        if opening.beat_after:
            frames.insert(opening.beat_after, beat)
        stream = played(self.world, opening, [*frames, beat], beat, request, context)
        async for items in stream:
            yield oms.WatchResponse(items=items)

    def _frames(self, wanted: oms.AccountCursor, opening: Opening) -> list[list[Any]]:
        log = self.world.script.logs[wanted.account_id]
        name, cursor, frames = wanted.account_id, wanted.cursor, []
        resync = opening.resync
        if wanted.HasField("cursor") and not resync and cursor.epoch != self.epoch:
            resync = "EPOCH_CHANGED"
        start = cursor.sequence
        if resync or not wanted.HasField("cursor"):
            start = log.snapshot if opening.snapshot_at is None else opening.snapshot_at
            if resync:
                again = stream_pb2.Resync(
                    cause=f"RESYNC_CAUSE_{resync}", channel=name, requested=cursor
                )
                frames.append([event_pb2.OrderStreamItem(resync=again)])
            there = orders_at(name, start, log)
            orders = [one for one in there if one.order_id not in opening.without]
            frames += [[event_pb2.OrderStreamItem(snapshot=one)] for one in orders]
            done = {"channel": name, "item_count": len(orders)}
            done["cursor"] = {"epoch": self.epoch, "sequence": start}
            frames.append([event_pb2.OrderStreamItem(snapshot_complete=done)])
        end = opening.withhold - 1 if opening.withhold else log.events
        sequences = [n for n in range(start + 1, end + 1) if n != opening.hole_at]
        twice = [n for n in sequences for _ in range(2 if n in opening.repeat else 1)]
        return [*frames, *event_frames(name, twice, log)]

    def _heartbeat(self, account: str) -> event_pb2.OrderStreamItem:
        item = event_pb2.OrderStreamItem(heartbeat={"channel": account})
        item.heartbeat.high_water.epoch = self.epoch
        item.heartbeat.high_water.sequence = self.world.script.logs[account].events
        item.heartbeat.server_time.GetCurrentTime()
        return item


class Prices(market_data_grpc.MarketDataServiceServicer):
    """Quotes of a few listings."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._sent: dict[str, int] = {}

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        opening = await self.world.opened("Prices", request, context)
        frames: list[list[Any]] = []
        for name in request.subscription.instrument_ids:
            snapshot, last = self.world.script.prices[name]
            frames.append([_quote(name, max(snapshot, self._sent.get(name, 0)), snapshot=True)])
        done = {"cursor": {"epoch": FIRST_EPOCH}, "item_count": len(frames)}
        frames.append([market_data_pb2.MarketDataItem(snapshot_complete=done)])
        for name in request.subscription.instrument_ids:
            snapshot, last = self.world.script.prices[name]
            begin = max(snapshot, self._sent.get(name, 0))
            frames += [[_quote(name, n)] for n in range(begin + 1, last + 1)]
        beat = [market_data_pb2.MarketDataItem(heartbeat={})]
        async for items in played(self.world, opening, frames, beat, request, context):
            for item in items:
                if item.HasField("update"):
                    self._sent[item.update.instrument_id] = item.update.sequence
            yield market_data_service_pb2.WatchResponse(items=items)


def _quote(name: str, sequence: int, *, snapshot: bool = False) -> market_data_pb2.MarketDataItem:
    update = market_data_pb2.MarketDataUpdate(
        instrument_id=name,
        sequence=sequence,
        snapshot=snapshot,
        quote={"bid_price": f"{640 + sequence}.05", "ask_price": f"{641 + sequence}.05"},
    )
    return market_data_pb2.MarketDataItem(update=update)


async def played(
    world: World, opening: Opening, frames: list[Any], beat: Any, request: Any, context: Any
) -> AsyncIterator[list[Any]]:
    """Give the frames of an opening, then let it end as it says."""
    for sent, frame in enumerate(frames[: opening.frames], 1):
        yield frame
        if sent >= world.script.release_after_frames:
            world.released.set()
    world.released.set()
    if opening.end == "SILENT":
        await asyncio.Event().wait()
    if not opening.end:
        pause = SOON_S if opening.withhold else float(request.heartbeat_s or 5)
        while True:
            await asyncio.sleep(pause)
            yield beat
    async for last in _ended(world, opening, type(beat[0]), context):
        yield [last]


async def _ended(
    world: World, opening: Opening, item_type: Any, context: Any
) -> AsyncIterator[Any]:
    kind, _, cause = opening.end.partition(" ")
    if kind == "OK":
        return
    if kind in {"RESET", "FREEZE"}:
        (world.reset if kind == "RESET" else world.freeze)()
        await asyncio.Event().wait()
    if kind == "DRAIN":
        drain = stream_pb2.Drain(cause=f"DRAIN_CAUSE_{cause}")
        drain.retry_after.FromMilliseconds(int((opening.retry_after_s or 0) * 1000))
        yield item_type(drain=drain)
        await refuse(context, Fault(refuse="DRAINING"))
    if kind == "SLOW_CONSUMER":
        yield item_type(slow_consumer={"limit_items": 1000})
        await refuse(context, Fault(refuse="SLOW_CONSUMER"))
    fault = Fault(refuse=opening.refuse, code=kind, retry_after_s=opening.retry_after_s)
    await refuse(context, fault)
