"""The command of cancel on disconnect; flow_guards.py decides when it is given."""

from collections.abc import Sequence

from mesh.errors import MeshError
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.domain.model import Order
from svc_oms.service.audit.audit_log import action
from svc_oms.service.commands.checked import cancel_one_of_many
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.commands.idempotency import key_row
from svc_oms.service.ports import AuditWrite, IdempotencyRow
from svc_oms.service.submissions import DisconnectCancel, Submission


def disconnect_cancel(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Cancel the open orders of a lost flow's user in an account. No control may refuse it."""
    command = submission.command
    assert isinstance(command, DisconnectCancel)
    response = order_service_pb2.CancelAllResponse()
    sequence = 0
    left = []
    for order_id in [order.order_id for order in _scope(batch, command)]:
        # Its present state: the cancel of one may have ended another of its group.
        order = batch.order(order_id)
        if order.is_closed:
            continue
        result = response.results.add(order_id=order_id)
        outcome = cancel_one_of_many(batch, submission, order, result, refusable=False)
        if isinstance(outcome, MeshError):
            left.append(order_id)
        else:
            sequence = outcome.last_sequence
    if response.results:
        found = len(response.results)
        batch.changes.writes.audit.append(_entry(batch.changes.now_ns, command, found, left))
    return key_row(submission, "", sequence, response.SerializeToString())


def _scope(batch: CommandBatch, command: DisconnectCancel) -> list[Order]:
    return sorted(
        (
            order
            for order in batch.changes.orders.values()
            if order.account_id == command.account_id
            and order.placed_by == command.subject
            and not order.is_closed
            # A cancel is pending already.
            and not order.pending_cancel_id
            # It is cancelled with its routed order.
            and not order.routed_by
        ),
        key=lambda order: order.order_id,
    )


def _entry(now_ns: int, command: DisconnectCancel, found: int, left: Sequence[str]) -> AuditWrite:
    text = (
        f"flow {command.session_name!r} of {command.subject} was lost and not resumed within "
        f"{command.grace_s} s: {found - len(left)} orders cancelled, {len(left)} could not be"
    )
    return action(
        now_ns,
        command.actor,
        "CancelOnDisconnect",
        text,
        account_id=command.account_id,
        subject=command.subject,
        session_name=command.session_name,
        cancelled=found - len(left),
        left=",".join(left),
    )
