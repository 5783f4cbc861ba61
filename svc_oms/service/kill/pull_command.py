"""The command Pull: cancels the orders that a kill switch or mass cancel names."""

from mesh.errors import MeshError, to_rejection
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.domain.commands import CancelOrder
from svc_oms.domain.model import Order
from svc_oms.service.commands.checked import cancel_one_of_many, cancel_order
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.commands.idempotency import key_row
from svc_oms.service.ports import IdempotencyRow
from svc_oms.service.submissions import Pull, Submission


def pull(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Cancel the named orders, one result each. No control may refuse it."""
    command = submission.command
    assert isinstance(command, Pull)
    response = order_service_pb2.CancelAllResponse()
    sequence = 0
    for order_id in command.order_ids:
        result = response.results.add(order_id=order_id)
        try:
            order = batch.order(order_id)
        except MeshError as error:
            result.rejection.CopyFrom(to_rejection(error))
            continue
        if order.routed_by and command.with_parents:
            order = _cancel_parent(batch, submission, order)
        if order.routed_by and order.pending_cancel_id:
            # It was cancelled with its routed order.
            result.state = order.state.value  # type: ignore[assignment] # by number
            continue
        outcome = cancel_one_of_many(batch, submission, order, result, refusable=False)
        if not isinstance(outcome, MeshError):
            sequence = outcome.last_sequence
    return key_row(submission, "", sequence, response.SerializeToString())


def _cancel_parent(batch: CommandBatch, submission: Submission, child: Order) -> Order:
    """Cancel a child with its routed order; return the child after that."""
    parent = batch.order_groups.parent(child)
    if parent is not None and not parent.is_closed and not parent.pending_cancel_id:
        cancel = CancelOrder("", parent.order_id, submission.command.actor)
        cancel_order(batch, submission, parent, cancel, refusable=False)
    return batch.order(child.order_id)


def named(command: Pull) -> tuple[str, ...]:
    """Return the orders a pull names."""
    return command.order_ids
