"""What the desk does for kill switches: cancels the orders a switch or mass cancel names."""

from mesh.errors import MeshError, to_rejection
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.domain.checks import OrderRefused
from svc_oms.domain.commands import CancelOrder
from svc_oms.domain.model import Order
from svc_oms.service.judged import cancel_order
from svc_oms.service.ports import IdempotencyRow
from svc_oms.service.submissions import Pull, Submission, refused
from svc_oms.service.work import Work


def pull(work: Work, submission: Submission) -> IdempotencyRow:
    """Cancel the orders named, one result each. No control may refuse it."""
    command = submission.command
    assert isinstance(command, Pull)
    response = order_service_pb2.CancelAllResponse()
    sequence = 0
    for order_id in command.order_ids:
        result = response.results.add(order_id=order_id)
        order: Order | None = None
        try:
            before = order = work.order(order_id)
            cancel = CancelOrder(command.idempotency_key, order_id, command.actor)
            order = cancel_order(work, submission, before, cancel, refusable=False)
            sequence = order.last_sequence
        except (OrderRefused, MeshError) as error:
            result.rejection.CopyFrom(to_rejection(refused(error)))
        if order is not None:
            result.state = order.state.value  # type: ignore[assignment] # by number
    return work.row(submission, "", sequence, response.SerializeToString())


def named(command: Pull) -> tuple[str, ...]:
    """Return the orders a pull names."""
    return command.order_ids
