"""`ordermesh audit`: refused commands, and what people did to controls."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from mesh.names import called
from meshctl.commands.common import JsonOption, emit, enum_word, run, show, table, usage_error, when
from meshctl.commands.ticket import moment
from ordermesh.oms.v1 import audit_service_pb2
from ordermesh.type.v1 import error_pb2
from ordermesh_client import MeshClient

PAGE_MAX = 500


class AuditWord(StrEnum):
    """AuditKind in words."""

    REFUSAL = "refusal"
    ACTION = "action"
    COUNTED = "counted"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(audit)


def audit(
    since: Annotated[str, typer.Option(help="2027-01-31T17:30 (UTC), or 2h ago.")] = "",
    until: Annotated[str, typer.Option(help="Before this time.")] = "",
    actor: Annotated[str, typer.Option(help="Subject of the token.")] = "",
    account: Annotated[str, typer.Option(help="Only of this account.")] = "",
    order_id: Annotated[str, typer.Option("--order", help="Only of this order.")] = "",
    reasons: Annotated[
        list[str] | None, typer.Option("--reason", help="PRICE_OFF_TICK ...; repeatable.")
    ] = None,
    kind: Annotated[AuditWord | None, typer.Option(help="Only of this kind.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the audit log, newest first."""
    now = datetime.now(UTC)
    request = audit_service_pb2.AuditServiceListRequest(
        actor=actor, account_id=account, order_id=order_id, page_size=min(most, PAGE_MAX),
        reasons=[_reason(text) for text in reasons or ()],
        kind=f"AUDIT_KIND_{kind.name if kind else 'UNSPECIFIED'}",
    )  # fmt: skip
    if since:
        request.at_from.CopyFrom(moment(since, now, "--since", past=True))
    if until:
        request.at_until.CopyFrom(moment(until, now, "--until", past=True))

    async def work(mesh: MeshClient) -> None:
        shown = table("at", "actor", "command", "account", "reason", "text", whole=("at",))
        found = 0
        while found < most:
            answer = await mesh.call(mesh.audit.List, request)
            for one in list(answer.entries)[: most - found]:
                found += 1
                if as_json:
                    emit(one)
                    continue
                times = f" ({one.count} times)" if one.count > 1 else ""
                shown.add_row(
                    when(one.at), called(one.actor, one.actor_name), one.command,
                    one.account_id,
                    enum_word(error_pb2.ErrorReason, one.reason) if one.reason else "",
                    f"{one.text}{times}",
                )  # fmt: skip
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
        if not as_json:
            show([], shown, "no entries", as_json=False)

    run(work)


def _reason(text: str) -> error_pb2.ErrorReason:
    name = f"ERROR_REASON_{text.upper().replace('-', '_')}"
    if name not in error_pb2.ErrorReason.keys():  # noqa: SIM118  it is not a dict
        usage_error(f"--reason is {text!r}; it should be a reason such as PRICE_OFF_TICK")
    return error_pb2.ErrorReason.Value(name)  # type: ignore[return-value]
