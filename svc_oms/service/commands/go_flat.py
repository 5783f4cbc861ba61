"""The command GoFlat: first it cancels, then it places the closing orders."""

from dataclasses import replace
from decimal import Decimal

from mesh.errors import MeshError, to_rejection
from ordermesh.oms.v1 import order_service_pb2 as pb
from ordermesh.type.v1 import error_pb2
from svc_oms.domain.commands import CancelOrder, PlaceOrder
from svc_oms.domain.model import InstrumentKey, Order, OrderTerms, OrderType, TimeInForce
from svc_oms.domain.order_terms.checks import Instrument, OrderRefused
from svc_oms.domain.positions.go_flat import Cause, Plan, Sizes, plan
from svc_oms.service.commands.command_batch import OPEN_ORDERS_MAX, CommandBatch
from svc_oms.service.commands.idempotency import key_row
from svc_oms.service.errors import refused
from svc_oms.service.ports import IdempotencyRow, PositionRow
from svc_oms.service.submissions import Command, CommandKind, GoFlat, Submission


def go_flat(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Request the cancels of the open orders in scope, or place the orders that close positions."""
    command = submission.command
    assert isinstance(command, GoFlat)
    wanted: InstrumentKey | None = None
    if command.instrument_id:
        wanted = InstrumentKey.of(batch.parts.market.instrument(command.instrument_id))
    live = [
        order
        for _, order in sorted(batch.changes.orders.items())
        if order.account_id == command.account_id
        and not order.is_closed
        and wanted in {None, InstrumentKey.of(order)}
    ]
    # Refused before the first step has cancelled anything.
    batch.keys.find(submission, command.client_key)
    response = pb.GoFlatResponse()
    if command.closing:
        for position in batch.positions:
            key = InstrumentKey(position.isin, position.currency)
            if position.account_id == command.account_id and wanted in {None, key}:
                _close(batch, submission, position, live, response)
    else:
        # The children of a routed order are cancelled with it.
        own = [order for order in live if not order.routed_by]
        for order in own[:OPEN_ORDERS_MAX]:
            _cancel(batch, submission, order, response)
    return key_row(submission, "", 0, response.SerializeToString())


def _part(submission: Submission, kind: CommandKind, command: Command) -> Submission:
    return replace(submission, kind=kind, command=command)


def _cancel(
    batch: CommandBatch, submission: Submission, order: Order, response: pb.GoFlatResponse
) -> None:
    key, actor = submission.command.idempotency_key, submission.command.actor
    result = response.open_orders.add(order_id=order.order_id)
    cancel = CancelOrder(key, order.order_id, actor)
    try:
        batch.act(_part(submission, CommandKind.CANCEL, cancel))
    except (OrderRefused, MeshError) as error:
        refusal = refused(error)
        result.rejection.CopyFrom(to_rejection(refusal))
        batch.part_refused(submission, CommandKind.CANCEL, cancel, refusal)
    result.state = batch.order(order.order_id).state.value  # type: ignore[assignment] # by number


def _close(
    batch: CommandBatch,
    submission: Submission,
    position: PositionRow,
    live: list[Order],
    response: pb.GoFlatResponse,
) -> None:
    command = submission.command
    assert isinstance(command, GoFlat)
    held = Decimal(position.quantity)
    if not held:
        return
    key = InstrumentKey(position.isin, position.currency)
    result = response.positions.add(
        isin=position.isin, currency=position.currency, quantity_before=position.quantity
    )
    blocking = [order.order_id for order in live if InstrumentKey.of(order) == key]
    if blocking:
        ids = ", ".join(blocking[:3])
        _because(result, Cause.OPEN_ORDERS, f"{len(blocking)} orders are still open: {ids}")
        return
    listings = [
        one
        for one in batch.parts.market.all()
        if InstrumentKey.of(one) == key and command.instrument_id in {"", one.instrument_id}
    ]

    def sizes(listing: Instrument) -> Sizes:
        allowed = Sizes()
        for control in batch.batch_controls:
            allowed = allowed.both(control.order_sizes(command.account_id, listing))
        return allowed

    planned = plan(held, listings, batch.parts.venues.up(), sizes)
    result.instrument_id = planned.instrument_id
    if planned.cause is not None:
        _because(result, planned.cause, planned.text)
    _place(batch, submission, planned, result)


def _place(
    batch: CommandBatch, submission: Submission, planned: Plan, result: pb.FlatResult
) -> None:
    command = submission.command
    assert isinstance(command, GoFlat)
    for quantity in planned.quantities:
        order = PlaceOrder(
            command.idempotency_key,
            command.account_id,
            planned.instrument_id,
            planned.side,
            OrderType.MARKET,
            OrderTerms(quantity, time_in_force=TimeInForce.IOC),
            command.actor,
            client_note="go flat",
        )
        part = _part(submission, CommandKind.PLACE, order)
        try:
            row = batch.act(part)
        except (OrderRefused, MeshError) as error:
            refusal = refused(error)
            result.cause = Cause.REFUSED.value  # type: ignore[assignment] # by number
            result.rejection.CopyFrom(to_rejection(refusal))
            batch.parts_refused.append((part, refusal))
            return
        result.order_ids.append(row.order_id)


def _because(result: pb.FlatResult, cause: Cause, text: str) -> None:
    result.cause = cause.value  # type: ignore[assignment] # by number
    result.rejection.CopyFrom(error_pb2.Rejection(text=text))
