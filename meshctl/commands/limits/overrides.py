"""`ordermesh limits override`: other limit values for one account for some time, by two persons."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from mesh.names import called
from meshctl.commands.common import (
    JsonOption,
    emit,
    enum_word,
    print_second_person,
    run,
    say,
    show,
    table,
    when,
    with_mesh,
)
from meshctl.commands.limits.limit_values import takes_values, values_words
from meshctl.commands.limits.proposed_changes import print_change
from meshctl.commands.orders.ticket import moment
from ordermesh.oms.v1 import limit_pb2, limit_service_pb2
from ordermesh_client import MeshClient

RETRY_FOR_S: Final = 10.0

overrides = typer.Typer(help="Other values for some time, by two persons.", no_args_is_help=True)


@overrides.command()
@takes_values
def propose(
    limit_id: str,
    account: Annotated[str, typer.Option(help="For this account.")],
    until: Annotated[str, typer.Option(help="2027-01-31T17:30 (UTC), or 2h; a day at most.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    *,
    values: limit_pb2.LimitValues,
    as_json: JsonOption = False,
) -> None:
    """Propose other values; they take effect when another person approves."""
    request = limit_service_pb2.ProposeOverrideRequest(
        limit_id=limit_id, account_id=account, reason=reason,
        values=values,
        valid_until=moment(until, datetime.now(UTC), "--until"),
    )  # fmt: skip

    async def work(mesh: MeshClient) -> None:
        answer = await mesh.call(mesh.limits.ProposeOverride, request, RETRY_FOR_S)
        _print(answer.override, as_json=as_json)

    run(work)


@overrides.command()
@with_mesh
async def approve(
    mesh: MeshClient,
    override_id: str,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Put an override into effect. The approver must not be the person who proposed it."""
    request = limit_service_pb2.ApproveOverrideRequest(override_id=override_id, reason=reason)
    answer = await mesh.call(mesh.limits.ApproveOverride, request, RETRY_FOR_S)
    _print(answer.override, as_json=as_json)


@overrides.command()
@with_mesh
async def reject(
    mesh: MeshClient,
    override_id: str,
    reason: Annotated[str, typer.Option(help="Why.")],
    as_json: JsonOption = False,
) -> None:
    """Refuse an override, or end one in effect."""
    request = limit_service_pb2.RejectOverrideRequest(override_id=override_id, reason=reason)
    answer = await mesh.call(mesh.limits.RejectOverride, request, RETRY_FOR_S)
    if answer.HasField("proposed"):
        print_change(answer.proposed, as_json=as_json)
    else:
        _print(answer.override, as_json=as_json)


@overrides.command("list")
@with_mesh
async def list_overrides(
    mesh: MeshClient,
    account: Annotated[str, typer.Option(help="Only for this account.")] = "",
    most: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List overrides, newest first."""
    request = limit_service_pb2.ListOverridesRequest(account_id=account, page_size=most)
    found = (await mesh.call(mesh.limits.ListOverrides, request)).overrides
    shown = table(
        "override", "account", "values", "state", "until", "by", "decided by", "why",
        whole=("override",),
    )  # fmt: skip
    for one in found:
        shown.add_row(
            one.override_id, one.account_id, values_words(one.values), _state(one),
            when(one.valid_until), called(one.proposed_by, one.proposed_by_name),
            called(one.decided_by, one.decided_by_name),
            one.decision_reason or one.reason,
        )  # fmt: skip
    show(found, shown, "no overrides", as_json=as_json)


def _state(override: limit_pb2.Override) -> str:
    return enum_word(limit_pb2.OverrideState, override.state)


def _print(override: limit_pb2.Override, *, as_json: bool) -> None:
    if as_json:
        emit(override)
        return
    say(
        f"{override.override_id}  {override.account_id}: {values_words(override.values)} "
        f"until {when(override.valid_until)}  {_state(override)}"
    )
    if override.state == limit_pb2.OVERRIDE_STATE_PROPOSED:
        print_second_person(f"limits override approve {override.override_id}")
