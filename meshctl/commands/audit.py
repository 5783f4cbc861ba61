"""`ordermesh audit` and `logins`: refused commands, what people did to controls, who came in."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from mesh.names import called
from meshctl.commands.common import (
    JsonOption,
    emit,
    enum_word,
    run,
    show,
    table,
    usage_error,
    when,
    with_mesh,
)
from meshctl.commands.orders.routing import show_routing
from meshctl.commands.orders.ticket import moment
from ordermesh.identity.v1 import identity_audit_service_pb2
from ordermesh.oms.v1 import audit_service_pb2
from ordermesh.type.v1 import error_pb2
from ordermesh_client import MeshClient

PAGE_MAX = 500
USER_NAME_CHARACTERS_MAX = 64


AboutArgument = Annotated[
    list[str] | None,
    typer.Argument(help="order ID: only of this order.", metavar="[order ID]"),
]
RoutingOption = Annotated[
    bool, typer.Option("--routing", help="How the routed order was executed: the records.")
]


class AuditWord(StrEnum):
    """AuditKind in words."""

    REFUSAL = "refusal"
    ACTION = "action"
    COUNTED = "counted"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(audit)
    app.command()(logins)


def audit(
    about: AboutArgument = None,
    routing: RoutingOption = False,
    since: Annotated[str, typer.Option(help="2027-01-31T17:30 (UTC), or 2h ago.")] = "",
    until: Annotated[str, typer.Option(help="Before this time.")] = "",
    actor: Annotated[str, typer.Option(help="Only of this user, by user name or id.")] = "",
    account: Annotated[str, typer.Option(help="Only of this account.")] = "",
    order_id: Annotated[str, typer.Option("--order", help="Only of this order.")] = "",
    reasons: Annotated[
        list[str] | None, typer.Option("--reason", help="PRICE_OFF_TICK ...; repeatable.")
    ] = None,
    kind: Annotated[AuditWord | None, typer.Option(help="Only of this kind.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the audit log, newest first.

    `ordermesh show ENTRY` shows a refused request whole, with the limits at that time.
    """
    order_id = _order_id(about or [], order_id)
    if routing:
        if not order_id:
            usage_error("--routing needs an order: ordermesh audit order ID --routing")
        run(lambda mesh: show_routing(mesh, order_id, as_json=as_json))
    now = datetime.now(UTC)
    request = audit_service_pb2.AuditServiceListRequest(
        account_id=account, order_id=order_id, page_size=min(most, PAGE_MAX),
        reasons=[_reason(text) for text in reasons or ()],
        kind=f"AUDIT_KIND_{kind.name if kind else 'UNSPECIFIED'}",
    )  # fmt: skip
    _set_times(request, since, until, now)

    async def work(mesh: MeshClient) -> None:
        request.actor = await user_id_of(mesh, actor) if actor else ""
        shown = table(
            "at", "actor", "command", "account", "reason", "text", "entry", whole=("at", "entry")
        )
        found = 0
        while found < most:
            answer = await mesh.call(mesh.audit.List, request)
            for one in list(answer.entries)[: most - found]:
                found += 1
                if as_json:
                    emit(one)
                    continue
                shown.add_row(*_row(one))
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
        if not as_json:
            show([], shown, "no entries", as_json=False)

    run(work)


def _order_id(about: list[str], order_id: str) -> str:
    """Return the order that was named, by words or by the option."""
    if not about:
        return order_id
    if len(about) != len(("order", "ID")) or about[0] != "order" or order_id:
        usage_error(f"{' '.join(about)!r} should be: order ID")
    return about[1]


def _set_times(
    request: audit_service_pb2.AuditServiceListRequest, since: str, until: str, now: datetime
) -> None:
    if since:
        request.at_from.CopyFrom(moment(since, now, "--since", past=True))
    if until:
        request.at_until.CopyFrom(moment(until, now, "--until", past=True))


def _row(one: audit_service_pb2.AuditEntry) -> tuple[str, ...]:
    times = f" ({one.count} times)" if one.count > 1 else ""
    reason = enum_word(error_pb2.ErrorReason, one.reason) if one.reason else ""
    who = called(one.actor, one.actor_name)
    text = f"{one.text}{times}"
    return when(one.at), who, one.command, one.account_id, reason, text, one.entry_id


async def user_id_of(mesh: MeshClient, name: str) -> str:
    """Return the id of the user who logged in with a name; the name itself if nobody did.

    A name that several users had is refused, with their ids.
    """
    if len(name) > USER_NAME_CHARACTERS_MAX:
        return name
    request = identity_audit_service_pb2.IdentityAuditServiceListRequest(
        username=name, page_size=PAGE_MAX
    )
    found: set[str] = set()
    while True:
        page = (await mesh.call(mesh.identity_audit.List, request)).entries
        found |= {one.user_id for one in page if one.user_id}
        if len(page) < PAGE_MAX or len(found) > 1:
            break
        request.before_entry_id = page[-1].entry_id
    if len(found) > 1:
        usage_error(f"--actor is {name!r}; give one of the users {', '.join(sorted(found))}")
    return next(iter(found), name)


@with_mesh
async def logins(
    mesh: MeshClient,
    since: Annotated[str, typer.Option(help="2027-01-31T17:30 (UTC), or 2h ago.")] = "",
    until: Annotated[str, typer.Option(help="Before this time.")] = "",
    user: Annotated[str, typer.Option(help="Only about this user name.")] = "",
    acts: Annotated[
        list[str] | None, typer.Option("--act", help="LOGIN_FAILED, USER_CHANGED ...; repeatable.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List logins, failures, and what was done to users and keys."""
    now = datetime.now(UTC)
    request = identity_audit_service_pb2.IdentityAuditServiceListRequest(
        username=user, page_size=min(most, PAGE_MAX), acts=[_act(text) for text in acts or ()]
    )
    if since:
        request.at_from.CopyFrom(moment(since, now, "--since", past=True))
    if until:
        request.at_until.CopyFrom(moment(until, now, "--until", past=True))
    found: list[identity_audit_service_pb2.IdentityAuditEntry] = []
    while len(found) < most:
        page = (await mesh.call(mesh.identity_audit.List, request)).entries
        found += page
        if len(page) < request.page_size:
            break
        request.before_entry_id = page[-1].entry_id
    shown = table("at", "act", "user", "by", "address", "detail", whole=("at", "act"))
    for one in found[:most]:
        times = f" ({one.count} times)" if one.count > 1 else ""
        shown.add_row(
            when(one.at), enum_word(identity_audit_service_pb2.IdentityAct, one.act),
            one.username or one.user_id, one.actor if one.actor != one.user_id else "",
            one.address, f"{one.detail}{times}",
        )  # fmt: skip
    show(found[:most], shown, "no entries", as_json=as_json)


def _act(text: str) -> identity_audit_service_pb2.IdentityAct:
    name = f"IDENTITY_ACT_{text.upper().replace('-', '_')}"
    if name not in identity_audit_service_pb2.IdentityAct.keys():  # noqa: SIM118  it is not a dict
        usage_error(f"--act is {text!r}; it should be an act such as LOGIN_FAILED")
    return identity_audit_service_pb2.IdentityAct.Value(name)  # type: ignore[return-value]


def _reason(text: str) -> error_pb2.ErrorReason:
    name = f"ERROR_REASON_{text.upper().replace('-', '_')}"
    if name not in error_pb2.ErrorReason.keys():  # noqa: SIM118  it is not a dict
        usage_error(f"--reason is {text!r}; it should be a reason such as PRICE_OFF_TICK")
    return error_pb2.ErrorReason.Value(name)  # type: ignore[return-value]
