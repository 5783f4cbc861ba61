"""`ordermesh notifications`: what happened, as the rules of the user select it."""

from enum import StrEnum
from typing import Annotated, Final

import typer

from meshctl.commands.common import (
    JsonOption,
    console,
    emit,
    enum_word,
    say,
    show,
    table,
    usage_error,
    when,
    with_mesh,
)
from meshctl.commands.words import gap_words
from ordermesh.notify.v1 import notification_pb2
from ordermesh.notify.v1 import notification_service_pb2 as pb
from ordermesh_client import MeshClient

PAGE: Final = 500
_STYLES: Final = {"WARNING": "yellow", "CRITICAL": "bold red"}

notifications = typer.Typer(help="What happened to your accounts.", no_args_is_help=True)

Kind = StrEnum(  # type: ignore[misc]  # the words are those of the contract
    "Kind",
    {
        name: name.removeprefix("NOTIFICATION_KIND_").lower().replace("_", "-")
        for name, number in notification_pb2.NotificationKind.items()
        if number
    },
)
"""What a notification is about."""


class SeverityWord(StrEnum):
    """How urgent a notification is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(notifications, name="notifications")


@notifications.command("list")
@with_mesh
async def list_notifications(
    mesh: MeshClient,
    kinds: Annotated[
        list[Kind] | None, typer.Option("--kind", help="Only of this kind; may be repeated.")
    ] = None,
    severity: Annotated[SeverityWord | None, typer.Option(help="Only at least so urgent.")] = None,
    account: Annotated[str, typer.Option(help="Only of this account.")] = "",
    order: Annotated[str, typer.Option(help="Only of this order.")] = "",
    venue: Annotated[str, typer.Option(help="Only of this venue: SIMA.")] = "",
    unread: Annotated[bool, typer.Option("--unread", help="Only what is not read.")] = False,
    most: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List notifications, newest first: also those that no rule of yours selects."""
    request = pb.ListRequest(
        kinds=[kind.name for kind in kinds or ()],
        severity_min=f"SEVERITY_{severity.name}" if severity else None,
        account_id=account.upper(), order_id=order, venue_mic=venue.upper(),
        unread_only=unread, page_size=min(most, PAGE),
    )  # fmt: skip
    found: list[notification_pb2.Notification] = []
    async for page in mesh.pages(mesh.notifications.List, request):
        found += page.notifications
        if len(found) >= most:
            break
    shown = table("notification", "time", "kind", "account", "what", whole=("notification",))
    for one in found[:most]:
        mark = "" if one.HasField("read_at") else "● "
        shown.add_row(
            one.notification_id, when(one.occurred_at), f"{mark}{_kind(one)}", one.account_id,
            one.text, style=_STYLES.get(_severity(one), ""),
        )  # fmt: skip
    show(found[:most], shown, "no notifications", as_json=as_json)


@notifications.command()
@with_mesh
async def watch(mesh: MeshClient, as_json: JsonOption = False) -> None:
    """Print the newest notifications, then each new one as it comes; Ctrl-C ends."""
    async for item in mesh.watch_notifications():
        kind = item.WhichOneof("item")
        if as_json:
            if kind in {"snapshot", "event", "read", "gap"}:
                emit(item)
        elif kind in {"snapshot", "event"}:
            one = getattr(item, kind)
            line = f"{when(one.occurred_at)}  {_kind(one):20}  {one.text}"
            say(line, markup=False, style=_STYLES.get(_severity(one), ""))
        elif kind == "gap":
            console.print(gap_words(item.gap), style="yellow", soft_wrap=True)


@notifications.command()
@with_mesh
async def read(
    mesh: MeshClient,
    ids: Annotated[
        list[str] | None, typer.Argument(help="From `ordermesh notifications list`.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that there are now.")] = False,
) -> None:
    """Mark notifications as read."""
    if bool(ids) == everything:
        usage_error("give ids or --all")
    request = pb.MarkReadRequest(notification_ids=ids or ())
    if everything:
        newest = await mesh.call(mesh.notifications.List, pb.ListRequest(page_size=1))
        if not newest.notifications:
            say("no notifications")
            return
        request.up_to_sequence = newest.notifications[0].sequence
    await mesh.call(mesh.notifications.MarkRead, request)
    say("marked as read")


def _kind(one: notification_pb2.Notification) -> str:
    return enum_word(notification_pb2.NotificationKind, one.kind)


def _severity(one: notification_pb2.Notification) -> str:
    return enum_word(notification_pb2.Severity, one.severity)
