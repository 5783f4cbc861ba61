"""From refusals to entries of the audit log: who requested what, and why it was refused."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Final

from google.protobuf.message import Message

from mesh.errors import MeshError
from mesh.rpc.call import Call
from ordermesh.oms.v1.audit_service_pb2 import AUDIT_KIND_ACTION
from svc_oms.service.audit.refusal_log import RefusalLog, refusal_entry
from svc_oms.service.codec.audit_entries import request_text
from svc_oms.service.ports import AuditWrite, WriteSet
from svc_oms.service.submissions import OrderCommand, Submission

# Regular ends of streams, and unknown outcomes: neither refuses a command.
NOT_REFUSALS: Final = frozenset(
    {"DRAINING", "SLOW_CONSUMER", "DEPENDENCY_UNAVAILABLE", "COMMAND_OUTCOME_UNKNOWN"}
)


def is_refusal(error: MeshError) -> bool:
    """Return whether an error must be recorded and is not yet."""
    return not error.recorded and error.reason not in NOT_REFUSALS


def call_refusal(
    now_ns: int, call: Call, request: Message | None, error: MeshError, what: str = ""
) -> AuditWrite:
    """Make the entry of a request that was refused before the command worker got it."""
    named = {
        name: str(getattr(request, name))
        for name in ("account_id", "order_id", "idempotency_key")
        if request is not None and name in request.DESCRIPTOR.fields_by_name
    }
    return refusal_entry(now_ns, error, _command(call, what), **_caller(call), **named)


def call_action(call: Call, request: Message, account_id: str = "") -> AuditWrite:
    """Begin the entry of an action that a call requests; who acts adds its time and a text."""
    return AuditWrite(
        kind=AUDIT_KIND_ACTION,
        at_ns=0,
        command=_command(call, ""),
        text="",
        account_id=account_id,
        idempotency_key=getattr(request, "idempotency_key", ""),
        request=request_text(request),
        **_caller(call),  # type: ignore[arg-type] # by the names of AuditWrite
    )


def add_refusals(
    refusal_log: RefusalLog,
    now_ns: int,
    refused: Iterable[tuple[Submission, MeshError]],
    writes: WriteSet,
) -> None:
    """Add the entries of what the command worker refuses in one batch.

    Budgets and counts change after the commit: a batch may be decided twice.
    """
    admitted: Counter[str] = Counter()
    for submission, error in refused:
        entry = _desk_refusal(now_ns, submission, error)
        actor = entry.actor
        if refusal_log.has_room(actor, admitted[actor]):
            admitted[actor] += 1
            writes.audit.append(entry._replace(request=request_text(submission.request)))
            writes.afterwards.append(partial(refusal_log.take, actor))
        else:
            writes.afterwards.append(partial(refusal_log.count, entry))


def _desk_refusal(now_ns: int, submission: Submission, error: MeshError) -> AuditWrite:
    command, call = submission.command, submission.call
    if isinstance(command, OrderCommand):
        of = {"account_id": submission.account_id, "order_id": command.order_id}
    else:
        of = {"account_id": command.account_id}
    what = submission.kind.name.lower()
    known: dict[str, object] = {"actor": command.actor} if call is None else _caller(call)
    return refusal_entry(
        now_ns,
        error,
        what if call is None else _command(call, what),
        idempotency_key=command.idempotency_key,
        **of,
        **known,
    )


def _command(call: Call, what: str) -> str:
    service, _, rpc = call.method.removeprefix("/").rpartition("/")
    name = f"{service.rpartition('.')[2]}/{rpc}"
    return f"{name}/{what}" if what and rpc == "Flow" else name


def _caller(call: Call) -> dict[str, object]:
    user = call.principal
    known: dict[str, object] = {"peer": call.origin}
    if user is not None:
        known |= {
            "actor": user.subject,
            "actor_name": user.username,
            "roles": tuple(user.roles),
        }
    else:
        known["actor"] = ""
    return known
