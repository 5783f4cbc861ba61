"""The command Pull: cancels the orders that a kill switch or mass cancel names."""

from mesh.errors import MeshError, to_rejection
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.domain.checks import OrderRefused
from svc_oms.domain.commands import CancelOrder
from svc_oms.domain.model import Order
from svc_oms.service.commands.checked import cancel_order
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.commands.submissions import Pull, Submission
from svc_oms.service.errors import refused
from svc_oms.service.ports import IdempotencyRow


def pull(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Cancel the named orders, one result each. No control may refuse it."""
    command = submission.command
    assert isinstance(command, Pull)
    response = order_service_pb2.CancelAllResponse()
    sequence = 0
    for order_id in command.order_ids:
        result = response.results.add(order_id=order_id)
        order: Order | None = None
        try:
            before = order = batch.order(order_id)
            cancel = CancelOrder(command.idempotency_key, order_id, command.actor)
            order = cancel_order(batch, submission, before, cancel, refusable=False)
            sequence = order.last_sequence
        except (OrderRefused, MeshError) as error:
            result.rejection.CopyFrom(to_rejection(refused(error)))
        if order is not None:
            result.state = order.state.value  # type: ignore[assignment] # by number
    return batch.row(submission, "", sequence, response.SerializeToString())


def named(command: Pull) -> tuple[str, ...]:
    """Return the orders a pull names."""
    return command.order_ids
