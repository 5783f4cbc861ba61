"""From refusals to entries of the audit log: who requested what, and why it was refused."""

from collections.abc import Iterable
from typing import Final

from google.protobuf.message import Message

from mesh.call import Call
from mesh.errors import MeshError
from svc_oms.service.audit.refusal_log import RefusalLog, refusal_entry
from svc_oms.service.ports import AuditWrite
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


def batch_refusals(
    refusal_log: RefusalLog, now_ns: int, refused: Iterable[tuple[Submission, MeshError]]
) -> list[AuditWrite]:
    """Make the entries of what the command worker refuses in one batch."""
    entries = [_desk_refusal(now_ns, submission, error) for submission, error in refused]
    return [entry for entry in entries if refusal_log.admits(entry)]


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
