"""The command Pull: cancels the orders that a kill switch or mass cancel names."""

from mesh.errors import MeshError, to_rejection
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.service.commands.checked import cancel_one_of_many
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
        if order.routed_by and order.pending_cancel_id:
            # It was cancelled with its routed order.
            result.state = order.state.value  # type: ignore[assignment] # by number
            continue
        outcome = cancel_one_of_many(batch, submission, order, result, refusable=False)
        if not isinstance(outcome, MeshError):
            sequence = outcome.last_sequence
    return key_row(submission, "", sequence, response.SerializeToString())


def named(command: Pull) -> tuple[str, ...]:
    """Return the orders a pull names."""
    return command.order_ids
