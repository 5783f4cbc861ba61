"""The command DoubtOrder: a venue has not answered in time, so the order is UNKNOWN."""

from ordermesh.gateway.v1.venue_link_service_pb2 import VENUE_COMMAND_KIND_STATUS
from svc_oms.domain.commands import DoubtOrder
from svc_oms.domain.recovery.unanswered import unanswered
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.submissions import NOTHING_DONE, Submission, Taken


def doubt(batch: CommandBatch, submission: Submission) -> Taken:
    """Record the doubts, and ask the venue about each with OrderStatusRequest(H)."""
    command = submission.command
    assert isinstance(command, DoubtOrder)
    order = batch.changes.find(command.order_id)
    if order is None:
        return NOTHING_DONE
    session_id = batch.parts.venues.name_of(order.venue_mic)
    for event in unanswered(order, batch.changes.now_ns, command.age_s):
        order = batch.add(order, order.account_id, event, submission)
        if session_id:
            batch.send(session_id, VENUE_COMMAND_KIND_STATUS, order, order.terms, event.cl_ord_id)
    return NOTHING_DONE
