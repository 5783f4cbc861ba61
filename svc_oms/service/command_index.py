"""The index of commands: what each kind needs read, and what carries it out."""

from collections.abc import Mapping
from typing import Any, Final

from svc_oms.domain.commands import PlaceOrder, ReplaceOrder
from svc_oms.service.commands.command_batch import CommandBatch, Handler
from svc_oms.service.commands.doubt import doubt
from svc_oms.service.commands.go_flat import go_flat
from svc_oms.service.commands.order_commands import cancel, cancel_all, place, replace
from svc_oms.service.commands.place_batch import place_batch
from svc_oms.service.commands.resolve import resolve, resolved_executions, settled
from svc_oms.service.disconnect.disconnect_command import disconnect_cancel
from svc_oms.service.kill.pull_command import named, pull
from svc_oms.service.ports import IdempotencyRow
from svc_oms.service.routing.route_commands import pause, place_routed, replace_routed, route
from svc_oms.service.submissions import CommandKind, Submission
from svc_oms.service.waiting import reduce_only
from svc_oms.service.waiting import waiting_commands as waiting


def _named(command: Any) -> tuple[str]:
    return (command.order_id,)


def _place(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    command = submission.command
    assert isinstance(command, PlaceOrder)
    return (place if command.routing is None else place_routed)(batch, submission)


def _replace(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    command = submission.command
    assert isinstance(command, ReplaceOrder)
    routed = batch.order(command.order_id).routing is not None
    return (replace_routed if routed else replace)(batch, submission)


HANDLERS: Final[Mapping[CommandKind, Handler]] = {
    CommandKind.PLACE: Handler(_place),
    CommandKind.REPLACE: Handler(_replace, _named),
    CommandKind.CANCEL: Handler(cancel, _named),
    CommandKind.PAUSE: Handler(pause, _named),
    CommandKind.RESUME: Handler(pause, _named),
    CommandKind.CANCEL_ALL: Handler(cancel_all, all_open=True),
    CommandKind.DISCONNECT_CANCEL: Handler(disconnect_cancel, all_open=True),
    CommandKind.PULL: Handler(pull, named),
    CommandKind.PLACE_BATCH: Handler(place_batch),
    CommandKind.APPROVE: Handler(waiting.approve, _named),
    CommandKind.DECLINE: Handler(waiting.decline, _named),
    CommandKind.TRIGGER: Handler(waiting.trigger, _named),
    CommandKind.MOVE_TRIGGER: Handler(waiting.move_trigger, _named),
    CommandKind.EXPIRE: Handler(waiting.expire, _named),
    CommandKind.DOUBT: Handler(doubt, _named),
    CommandKind.RESOLVE: Handler(resolve, _named, exec_ids=resolved_executions, settles=settled),
    CommandKind.CHECK_REDUCE_ONLY: Handler(reduce_only.check, named, positions=True),
    CommandKind.ROUTE: Handler(route, _named),
    CommandKind.GO_FLAT: Handler(go_flat, all_open=True, positions=True),
}
