"""What the desk does for kill switches: cancels the orders a switch or mass cancel names."""

from mesh.errors import MeshError, to_rejection
from ordermesh.gateway.v1.venue_link_service_pb2 import VENUE_COMMAND_KIND_CANCEL
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.domain.checks import OrderRefused
from svc_oms.domain.commands import CancelOrder
from svc_oms.domain.events import CancelRequested
from svc_oms.domain.model import Order
from svc_oms.domain.order import decide_cancel
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
            order = _cancel(work, submission, before, command)
            sequence = order.last_sequence
        except OrderRefused as error:
            result.rejection.CopyFrom(to_rejection(refused(error)))
        except MeshError as error:
            result.rejection.CopyFrom(to_rejection(error))
        if order is not None:
            result.state = order.state.value  # type: ignore[assignment] # by number
    return work.row(submission, "", sequence, response.SerializeToString())


def _cancel(work: Work, submission: Submission, before: Order, command: Pull) -> Order:
    event = decide_cancel(
        before, CancelOrder(command.idempotency_key, before.order_id, command.actor)
    )
    session_id = ""
    if isinstance(event, CancelRequested):
        session_id = work.parts.venues.session_of(before.venue_mic)
    order = work.add(before, before.account_id, event, submission)
    if isinstance(event, CancelRequested):
        work.send(
            session_id,
            VENUE_COMMAND_KIND_CANCEL,
            order,
            order.terms,
            event.cl_ord_id,
            before.orig_cl_ord_id,
        )
    return order


def named(command: Pull) -> tuple[str, ...]:
    """Return the orders a pull names."""
    return command.order_ids
