"""`ordermesh destinations` and `ordermesh dead-letters`: ways out of the mesh, and what failed."""

import uuid
from enum import StrEnum
from typing import Annotated, Final

import typer

from meshctl.commands.common import (
    JsonOption,
    emit,
    enum_word,
    say,
    show,
    table,
    usage_error,
    when,
    with_mesh,
)
from ordermesh.notify.v1 import destination_service_pb2 as pb
from ordermesh_client import MeshClient

RETRY_FOR_S: Final = 10.0
PAGE: Final = 500

destinations = typer.Typer(
    help="Destinations outside the mesh: webhooks, e-mail, Slack.", no_args_is_help=True
)
dead_letters = typer.Typer(help="Messages that could not be delivered.", no_args_is_help=True)


class ChannelWord(StrEnum):
    """How a destination is reached."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    SLACK = "slack"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(destinations, name="destinations")
    app.add_typer(dead_letters, name="dead-letters")


@destinations.command("list")
@with_mesh
async def list_destinations(mesh: MeshClient, as_json: JsonOption = False) -> None:
    """List destinations and whether they deliver."""
    found = await _all(mesh)
    shown = table("destination", "name", "channel", "address", "state", whole=("destination",))
    for one in found:
        shown.add_row(
            one.destination_id, one.name, enum_word(pb.ChannelKind, one.channel), one.address,
            state_words(one),
        )  # fmt: skip
    show(found, shown, "no destinations", as_json=as_json)


@destinations.command("set")
@with_mesh
async def set_destination(
    mesh: MeshClient,
    name: Annotated[str, typer.Argument(help="Name for people.")],
    channel: Annotated[ChannelWord, typer.Option(help="How it is reached.")],
    address: Annotated[str, typer.Option(help="https URL, or e-mail address.")],
    destination_id: Annotated[
        str, typer.Option("--destination", help="Take the place of this destination.")
    ] = "",
    user_id: Annotated[
        str, typer.Option("--user-id", help="Only the rules of this user may name it.")
    ] = "",
    paused: Annotated[bool, typer.Option("--paused", help="Send nothing; messages wait.")] = False,
    ask_secret: Annotated[
        bool, typer.Option("--secret", help="Ask for the key of the webhook's signatures.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a destination, or take the place of one. A new webhook needs --secret."""
    one = pb.Destination(
        destination_id=destination_id, name=name, channel=f"CHANNEL_KIND_{channel.name}",
        address=address, user_id=user_id, paused=paused,
    )  # fmt: skip
    if destination_id:
        known = {each.destination_id: each.version for each in await _all(mesh)}
        one.version = known.get(destination_id, 0)
    # Never on the command line, which every user of the machine can read.
    secret = typer.prompt("key of the signatures", hide_input=True) if ask_secret else ""
    request = pb.SetDestinationRequest(
        idempotency_key=str(uuid.uuid4()), destination=one, secret=secret
    )
    stored = (await mesh.call(mesh.destinations.SetDestination, request, RETRY_FOR_S)).destination
    if as_json:
        emit(stored)
    else:
        say(f"{stored.destination_id} version {stored.version}  {stored.name}", markup=False)


@destinations.command("remove")
@with_mesh
async def remove(
    mesh: MeshClient,
    destination_id: Annotated[str, typer.Argument(help="From `ordermesh destinations list`.")],
) -> None:
    """Remove a destination that no rule names; what waits for it becomes dead letters."""
    request = pb.DeleteDestinationRequest(destination_id=destination_id)
    await mesh.call(mesh.destinations.DeleteDestination, request)
    say(f"destination {destination_id} is removed", markup=False)


@dead_letters.command("list")
@with_mesh
async def list_dead(
    mesh: MeshClient,
    destination: Annotated[str, typer.Option(help="Only of this destination.")] = "",
    most: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List messages that were given up, newest first."""
    request = pb.ListDeadLettersRequest(destination_id=destination, page_size=min(most, PAGE))
    found: list[pb.DeadLetter] = []
    async for page in mesh.pages(mesh.destinations.ListDeadLetters, request):
        found += page.dead_letters
        if len(found) >= most:
            break
    shown = table("message", "given up", "destination", "attempts", "cause", whole=("message",))
    for one in found[:most]:
        shown.add_row(
            one.message_id, when(one.dead_at), one.destination_id, str(one.attempts), one.cause
        )
    show(found[:most], shown, "no dead letters", as_json=as_json)


@dead_letters.command()
@with_mesh
async def retry(
    mesh: MeshClient,
    message_ids: Annotated[list[str], typer.Argument(help="From `ordermesh dead-letters list`.")],
) -> None:
    """Send messages again that were given up."""
    for message_id in message_ids:
        request = pb.RetryDeadLetterRequest(message_id=message_id)
        await mesh.call(mesh.destinations.RetryDeadLetter, request)
        say(f"message {message_id} waits to be sent", markup=False)


@dead_letters.command()
@with_mesh
async def discard(
    mesh: MeshClient,
    message_ids: Annotated[list[str], typer.Argument(help="From `ordermesh dead-letters list`.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove messages that were given up."""
    if not yes and not typer.confirm(f"remove {len(message_ids)} messages for ever?"):
        usage_error("nothing was removed")
    for message_id in message_ids:
        request = pb.DiscardDeadLetterRequest(message_id=message_id)
        await mesh.call(mesh.destinations.DiscardDeadLetter, request)
        say(f"message {message_id} is removed", markup=False)


async def _all(mesh: MeshClient) -> list[pb.Destination]:
    answer = await mesh.call(mesh.destinations.ListDestinations, pb.ListDestinationsRequest())
    return list(answer.destinations)


def state_words(one: pb.Destination) -> str:
    """Describe the state of a destination: "paused", "RETRIES: connection refused"."""
    if one.paused:
        return "paused"
    if not one.state:
        return ""
    state = enum_word(pb.DestinationState, one.state)
    return f"{state}: {one.cause}" if one.cause else state
