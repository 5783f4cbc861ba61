"""Run the batch controls, and the cancels that they require before an order."""

from collections.abc import Callable, Sequence

from mesh.errors import MeshError, to_rejection
from ordermesh.gateway.v1.venue_link_service_pb2 import VENUE_COMMAND_KIND_CANCEL
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.domain.commands import CancelOrder
from svc_oms.domain.controls.rules import SelfMatchRefused
from svc_oms.domain.events import CancelRequested, OrderCanceled
from svc_oms.domain.model import Order
from svc_oms.domain.order import decide_cancel
from svc_oms.domain.order_terms.checks import OrderRefused
from svc_oms.domain.routing.orders import split
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.controls.pre_trade_control import BatchControl
from svc_oms.service.errors import refused
from svc_oms.service.submissions import Submission


def check_controls(
    batch: CommandBatch,
    submission: Submission,
    ask: Callable[[BatchControl], Sequence[Order] | None],
) -> None:
    """Run every batch control; first cancel the orders that must not meet the new one.

    Raises:
        OrderRefused, MeshError: A control refused.
    """
    resting: list[Order] = []
    try:
        for control in batch.batch_controls:
            resting += ask(control) or ()
    except SelfMatchRefused as error:
        _cancel_each(batch, submission, error.resting)
        raise
    _cancel_each(batch, submission, resting)


def _cancel_each(batch: CommandBatch, submission: Submission, orders: Sequence[Order]) -> None:
    key, actor = submission.command.idempotency_key, submission.command.actor
    for order_id in [order.order_id for order in orders]:
        # Its present state: the cancel of one may have ended another of its group.
        order = batch.order(order_id)
        if not order.is_closed and not order.pending_cancel_id:
            cancel_order(batch, submission, order, CancelOrder(key, order_id, actor))


def cancel_order(
    batch: CommandBatch,
    submission: Submission,
    before: Order,
    command: CancelOrder,
    *,
    refusable: bool = True,
) -> Order:
    """Cancel one order: ask the venue, or end it here if the venue does not have it.

    Args:
        batch: The batch.
        submission: The command this is a part of.
        before: The present order.
        command: The cancel.
        refusable: The message rate may refuse it; not true of cancels for safety.
    """
    if before.routing is not None:
        return _cancel_routed(batch, submission, before, command, refusable=refusable)
    event = decide_cancel(before, command)
    at_venue = isinstance(event, CancelRequested)
    session_id = batch.parts.venues.session_of(before.venue_mic) if at_venue else ""
    if refusable:
        for control in batch.batch_controls:
            control.cancel(submission, before)
    order = batch.add(before, before.account_id, event, submission)
    if isinstance(event, CancelRequested):
        batch.send(
            session_id,
            VENUE_COMMAND_KIND_CANCEL,
            order,
            order.terms,
            event.cl_ord_id,
            before.orig_cl_ord_id,
        )
    return order


def _cancel_routed(
    batch: CommandBatch,
    submission: Submission,
    before: Order,
    command: CancelOrder,
    *,
    refusable: bool,
) -> Order:
    """Cancel a routed order: its live children first; it ends when none of them is live."""
    event = decide_cancel(before, command)
    if refusable:
        for control in batch.batch_controls:
            control.cancel(submission, before)
    # The cancels of the children follow from it.
    order = batch.add(before, before.account_id, event, submission)
    _, children = split(batch.order_groups.members(order))
    if all(child.is_closed for child in children):
        order = batch.add(order, order.account_id, OrderCanceled(), submission)
    return order


def cancel_one_of_many(
    batch: CommandBatch,
    submission: Submission,
    before: Order,
    result: order_service_pb2.CancelAllResult,
    *,
    refusable: bool = True,
) -> Order | MeshError:
    """Cancel an order for a command that cancels several, and write what became of it.

    Returns:
        The order after the cancel, or why it could not be cancelled.
    """
    command = submission.command
    wanted = CancelOrder(command.idempotency_key, before.order_id, command.actor)
    outcome: Order | MeshError
    try:
        outcome = after = cancel_order(batch, submission, before, wanted, refusable=refusable)
    except (OrderRefused, MeshError) as error:
        outcome, after = refused(error), before
        result.rejection.CopyFrom(to_rejection(outcome))
    result.state = after.state.value  # type: ignore[assignment] # by number
    return outcome
