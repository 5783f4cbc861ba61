"""`ordermesh routing venues` and `routing put-back`: venues that are out of routing."""

from typing import Annotated

import typer

from meshctl.commands.common import JsonOption, emit, say, show, table, when, with_mesh
from meshctl.commands.venue.parked import ReasonOption
from ordermesh.oms.v1 import routing_service_pb2 as service
from ordermesh_client import MeshClient


def add_to(routing: typer.Typer) -> None:
    """Add the commands to the group `ordermesh routing`."""
    routing.command()(venues)
    routing.command("put-back")(put_back)


@with_mesh
async def venues(mesh: MeshClient, as_json: JsonOption = False) -> None:
    """List the venues that were taken out of routing because they rejected too many orders."""
    found = (await mesh.call(mesh.routing.ListVenues, service.ListVenuesRequest())).venues
    shown = table("venue", "state", "since", "until", "rejects", "why", whole=("venue", "state"))
    for one in found:
        put = one.HasField("put_back_at")
        state = "OUT" if one.out else "PUT BACK" if put else "BACK"
        shown.add_row(
            one.venue_mic, state, when(one.since), when(one.until), str(one.rejects), one.reason
        )
    show(found, shown, "no venue was ever taken out of routing", as_json=as_json)


@with_mesh
async def put_back(
    mesh: MeshClient,
    venue: Annotated[str, typer.Argument(help="MIC, as in SIMA.")],
    reason: ReasonOption,
    as_json: JsonOption = False,
) -> None:
    """Route to a venue again before its time."""
    request = service.PutVenueBackRequest(venue_mic=venue.upper(), reason=reason)
    put = (await mesh.call(mesh.routing.PutVenueBack, request)).venue
    if as_json:
        emit(put)
    else:
        say(f"{put.venue_mic} gets routed orders again; it was out since {when(put.since)}")
