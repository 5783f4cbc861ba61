"""`ordermesh approve` and `decline`: the decision of a second person."""

from typing import Annotated

import typer

from meshctl.commands.common import JsonOption, with_mesh
from meshctl.commands.orders.follow import print_order
from meshctl.commands.orders.orders import RETRY_FOR_S
from ordermesh.oms.v1 import order_service_pb2
from ordermesh_client import MeshClient


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(approve)
    app.command()(decline)


@with_mesh
async def approve(
    mesh: MeshClient,
    order_id: str,
    version: Annotated[
        int, typer.Option(min=0, help="Only if the order is at this version; 0 for any.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Approve an order placed with --hold. The approver must not be the person who placed it."""
    request = order_service_pb2.ApproveRequest(order_id=order_id, expected_version=version)
    answer = await mesh.call(mesh.order_service.Approve, request, RETRY_FOR_S)
    print_order(answer.order, as_json=as_json)


@with_mesh
async def decline(
    mesh: MeshClient,
    order_id: str,
    text: Annotated[
        str, typer.Option(help="Reason; shown to the person who placed the order.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Decline an order placed with --hold; the order ends."""
    request = order_service_pb2.DeclineRequest(order_id=order_id, text=text)
    answer = await mesh.call(mesh.order_service.Decline, request, RETRY_FOR_S)
    print_order(answer.order, as_json=as_json)
