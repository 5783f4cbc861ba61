"""OrderService.GoFlat: two commands, a wait after each, and a report."""

import asyncio
from collections.abc import Collection
from decimal import Decimal

from mesh.rpc.call import Call
from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1 import order_service_pb2 as pb
from ordermesh.type.v1 import error_pb2
from svc_oms.api.orders.order_requests import body_hash
from svc_oms.domain.model import InstrumentKey
from svc_oms.service.commands.worker import CommandWorker
from svc_oms.service.errors import database_away
from svc_oms.service.ports import ListFilter, OrderStore, StoreUnavailableError
from svc_oms.service.reference.market import Market
from svc_oms.service.submissions import (
    CommandKind,
    GoFlat,
    Submission,
    Taken,
)

# How long the venue may take for the cancels, and then for the closing orders. Seconds.
FLAT_CANCELS_S_MAX = 4.0
FLAT_FILLS_S_MAX = 4.0
LOOK_S = 0.05
ORDERS_LOOKED_AT_MAX = 10_000


async def go_flat(
    store: OrderStore,
    worker: CommandWorker,
    market: Market,
    request: pb.GoFlatRequest,
    call: Call,
) -> pb.GoFlatResponse:
    """Cancel open orders, close positions, report what remains.

    Raises:
        MeshError: ACCOUNT_NOT_ALLOWED, INSTRUMENT_NOT_FOUND, IDEMPOTENCY_KEY_REUSED,
            DEPENDENCY_UNAVAILABLE.
    """
    user = call.user
    if "RISK" not in user.roles:
        user.require_trade(request.account_id)
    try:
        flat = _Flat(store, worker, market, request, call)
        await flat.submit(closing=False)
        await flat.until_closed(None, FLAT_CANCELS_S_MAX)
        taken = await flat.submit(closing=True)
        response = pb.GoFlatResponse.FromString(taken.body)
        response.duplicate = taken.duplicate
        placed = {order_id for one in response.positions for order_id in one.order_ids}
        await flat.until_closed(placed, FLAT_FILLS_S_MAX)
        await flat.report(response)
    except StoreUnavailableError as error:
        raise database_away(error) from error
    return response


class _Flat:
    """One GoFlat."""

    def __init__(
        self,
        store: OrderStore,
        worker: CommandWorker,
        market: Market,
        request: pb.GoFlatRequest,
        call: Call,
    ) -> None:
        self._store = store
        self._worker = worker
        self._request = request
        self._call = call
        self._hash = body_hash(request)
        self._key: InstrumentKey | None = None
        if request.instrument_id:
            self._key = InstrumentKey.of(market.instrument(request.instrument_id))

    async def submit(self, *, closing: bool) -> Taken:
        """Have the worker do a step; the same key gives the same result."""
        request = self._request
        # No client's key can have a ~ in it.
        key = request.idempotency_key if closing else f"~flat~{request.idempotency_key}"
        command = GoFlat(
            key,
            request.account_id,
            request.instrument_id,
            self._call.user.subject,
            closing,
            request.idempotency_key,
        )
        accounts = frozenset({request.account_id})
        return await self._worker.ask(
            lambda reply: Submission(
                CommandKind.GO_FLAT, command, accounts, self._hash, reply, request=request
            ),
            self._call,
        )

    async def open_orders(self) -> list[order_pb2.Order]:
        """Read the open orders in scope."""
        rows, _ = await self._store.list_orders(
            ListFilter((self._request.account_id,), (), "", True, 0, 0, "", ORDERS_LOOKED_AT_MAX)
        )
        orders = [order_pb2.Order.FromString(row.body) for row in rows]
        return [one for one in orders if self._key in {None, InstrumentKey.of(one)}]

    async def until_closed(self, order_ids: Collection[str] | None, seconds: float) -> None:
        """Wait until these orders, or all in scope, are closed; within a bound."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    live = {order.order_id for order in await self.open_orders()}
                    if not (live if order_ids is None else live.intersection(order_ids)):
                        return
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            return

    async def report(self, response: pb.GoFlatResponse) -> None:
        """Report what remains, and why."""
        still_open = await self.open_orders()
        del response.open_orders[:]
        for order in still_open:
            left = response.open_orders.add(order_id=order.order_id, state=order.progress.state)
            if order.HasField("rejection"):
                left.rejection.CopyFrom(order.rejection)
        rows = await self._store.controls().positions(self._request.account_id)
        held = {(row.isin, row.currency): row.quantity for row in rows}
        for result in response.positions:
            result.quantity_remaining = held.get((result.isin, result.currency), "0")
            if not Decimal(result.quantity_remaining):
                result.ClearField("cause")
                result.ClearField("rejection")
            elif not result.cause or result.cause == pb.FLAT_CAUSE_REMAINDER_OF_LOT:
                await self._why(result, {order.order_id for order in still_open})
        remains = any(
            Decimal(quantity) for key, quantity in held.items() if self._key in {None, key}
        )
        response.flat = not still_open and not remains

    async def _why(self, result: pb.FlatResult, still_open: Collection[str]) -> None:
        """Return why closing orders did not close everything."""
        for order_id in result.order_ids:
            row = await self._store.order(order_id)
            assert row is not None, "it was placed"
            order = order_pb2.Order.FromString(row.body)
            executed = order.progress.cum_quantity
            if order_id in still_open:
                text = f"order {order_id} has not been answered yet"
                _because(result, pb.FLAT_CAUSE_NO_ANSWER, text)
            elif order.progress.state == order_pb2.ORDER_STATE_REJECTED:
                result.cause = pb.FLAT_CAUSE_REFUSED
                result.rejection.CopyFrom(order.rejection)
            elif executed != order.terms.quantity:
                text = f"{executed} of {order.terms.quantity} of order {order_id} were executed"
                _because(result, pb.FLAT_CAUSE_NOT_FILLED, text)
            else:
                continue
            return


def _because(result: pb.FlatResult, cause: pb.FlatCause, text: str) -> None:
    result.cause = cause
    result.rejection.CopyFrom(error_pb2.Rejection(text=text))
