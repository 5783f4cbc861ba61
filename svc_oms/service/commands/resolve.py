"""The command Resolve: a person's statement about an order in UNKNOWN, and its fills."""

from collections.abc import Collection

from svc_oms.domain.commands import ResolveOrder
from svc_oms.domain.events import OrderExecuted, Stamp
from svc_oms.domain.model import Execution
from svc_oms.domain.order import decide_resolve
from svc_oms.service.codec.order_records import execution_row, found_execution
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.commands.idempotency import key_row
from svc_oms.service.ports import IdempotencyRow
from svc_oms.service.submissions import Submission


def resolved_executions(command: ResolveOrder) -> Collection[str]:
    """Return the executions a person names."""
    return [found.exec_id for found in command.executions]


def resolve(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Apply a person's statement of what the venue has."""
    command = submission.command
    assert isinstance(command, ResolveOrder)
    before = batch.order(command.order_id)
    known: dict[str, list[Execution]] = {}
    for exec_id in resolved_executions(command):
        rows = batch.executions.get((before.order_id, exec_id), [])
        known[exec_id] = [found for row in rows if (found := found_execution(row)) is not None]
    events = decide_resolve(before, command, known, batch.changes.now_ns)
    stamp = Stamp(
        occurred_at_ns=batch.changes.now_ns,
        actor=command.actor,
        idempotency_key=command.idempotency_key,
    )
    order = batch.changes.add(before.account_id, before, events, stamp)
    first = order.last_sequence - len(events) + 1
    for sequence, event in enumerate(events, first):
        if isinstance(event, OrderExecuted):
            row = execution_row(event.execution, sequence, "F")
            rows = batch.executions[before.order_id, row.exec_id]
            row = row._replace(part=len(rows) + 1)
            rows.append(row)
            batch.changes.writes.executions.append(row)
    batch.moved(before, order, events)
    return key_row(submission, order.order_id, order.last_sequence)
