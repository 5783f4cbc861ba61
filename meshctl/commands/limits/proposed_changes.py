"""`ordermesh limits changes`: what makes a control looser waits for a second person."""

from typing import Annotated, Final

import typer

from mesh.names import called
from meshctl.commands.common import (
    JsonOption,
    emit,
    enum_word,
    print_second_person,
    say,
    show,
    table,
    when,
    with_mesh,
)
from meshctl.commands.limits.limit_values import range_words, values_words
from ordermesh.oms.v1 import limit_pb2, order_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from ordermesh_client import MeshClient

RETRY_FOR_S: Final = 10.0

changes = typer.Typer(
    help="Changes that make a control looser: one person proposes, another confirms.",
    no_args_is_help=True,
)


@changes.command("list")
@with_mesh
async def list_changes(
    mesh: MeshClient,
    account: Annotated[str, typer.Option(help="Only what concerns this account.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only undecided ones.")] = False,
    most: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List proposed changes, newest first."""
    request = pb.ListProposedChangesRequest(account_id=account, page_size=most)
    if waiting:
        request.state = pb.PROPOSED_CHANGE_STATE_PROPOSED
    found = (await mesh.call(mesh.limits.ListProposedChanges, request)).changes
    shown = table("change", "what", "state", "until", "by", "decided by", "why", whole=("change",))
    for one in found:
        shown.add_row(
            one.change_id, change_words(one), _state(one), when(one.valid_until),
            called(one.proposed_by, one.proposed_by_name),
            called(one.decided_by, one.decided_by_name), one.decision_reason or _reason(one),
        )  # fmt: skip
    show(found, shown, "no proposed changes", as_json=as_json)


@changes.command()
@with_mesh
async def confirm(
    mesh: MeshClient,
    change_id: str,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Carry out a proposed change. The person must not be the one who proposed it."""
    request = pb.ConfirmChangeRequest(change_id=change_id, reason=reason)
    answer = await mesh.call(mesh.limits.ConfirmChange, request, RETRY_FOR_S)
    print_change(answer.change, as_json=as_json)


@changes.command()
@with_mesh
async def reject(
    mesh: MeshClient,
    change_id: str,
    reason: Annotated[str, typer.Option(help="Why.")],
    as_json: JsonOption = False,
) -> None:
    """Reject a proposed change, or withdraw your own."""
    request = pb.RejectChangeRequest(change_id=change_id, reason=reason)
    answer = await mesh.call(mesh.limits.RejectChange, request, RETRY_FOR_S)
    print_change(answer.change, as_json=as_json)


def print_change(change: pb.ProposedChange, *, as_json: bool) -> None:
    """Print a change, and what has to follow."""
    if as_json:
        emit(change)
        return
    say(f"{change.change_id}  {change_words(change)}: {change.looser}  {_state(change)}")
    if change.state == pb.PROPOSED_CHANGE_STATE_PROPOSED:
        print_second_person(f"limits changes confirm {change.change_id}")


def change_words(change: pb.ProposedChange) -> str:
    """Return what a change would do, in words."""
    match change.WhichOneof("change"):
        case "set_limit":
            wanted = change.set_limit
            kind = enum_word(limit_pb2.LimitKind, wanted.kind)
            return f"set {kind} of {range_words(wanted.range)}: {values_words(wanted.values)}"
        case "end_limit":
            return f"end limit {change.end_limit.limit_id}"
        case "set_trading_status":
            status = change.set_trading_status
            to = enum_word(order_pb2.AccountStatus, status.status)
            return f"set {status.target_id} to {to}"
        case _:
            return f"withdraw override {change.reject_override.override_id}"


def _reason(change: pb.ProposedChange) -> str:
    name = change.WhichOneof("change")
    return str(getattr(change, name).reason) if name else ""


def _state(change: pb.ProposedChange) -> str:
    return enum_word(pb.ProposedChangeState, change.state)
