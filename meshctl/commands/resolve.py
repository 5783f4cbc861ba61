"""`ordermesh resolve`: a named person states what the venue has of an order in UNKNOWN."""

from enum import StrEnum
from typing import Annotated

import typer

from meshctl.commands.common import JsonOption, console, emit, run, usage_error
from meshctl.commands.words import state_text
from ordermesh.oms.v1 import order_service_pb2
from ordermesh_client import MeshClient

EXECUTION_PARTS = 3


class HoldsWord(StrEnum):
    """VenueHolds in words."""

    NOTHING = "nothing"
    WORKING = "working"
    CANCELED = "canceled"
    FILLED = "filled"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("resolve")(resolve_order)


def resolve_order(
    order_id: str,
    holds: Annotated[HoldsWord, typer.Argument(help="What the venue has.")],
    reason: Annotated[str, typer.Option(help="How you know; recorded in the log.")],
    execution: Annotated[
        list[str] | None,
        typer.Option(help="An execution that has not come: EXEC_ID:QUANTITY:PRICE; repeatable."),
    ] = None,
    replaced: Annotated[
        bool, typer.Option("--replaced", help="The replace in doubt took effect.")
    ] = False,
    venue_order_id: Annotated[str, typer.Option(help="OrderID(37), if known.")] = "",
    as_json: JsonOption = False,
) -> None:
    """State what the venue has of an order in UNKNOWN (role RISK)."""
    request = order_service_pb2.ResolveRequest(
        order_id=order_id,
        venue_holds=f"VENUE_HOLDS_{holds.name}",
        executions=[_execution(text) for text in execution or ()],
        replaced=replaced,
        venue_order_id=venue_order_id,
        reason=reason,
    )

    async def work(mesh: MeshClient) -> None:
        answer = await mesh.resolve(request, retry_for_s=10)
        if as_json:
            emit(answer.order)
        else:
            progress = answer.order.progress
            console.print(order_id, state_text(progress.state), "filled", progress.cum_quantity)

    run(work)


def _execution(text: str) -> order_service_pb2.FoundExecution:
    # An ExecID(17) may contain colons.
    parts = text.rsplit(":", EXECUTION_PARTS - 1)
    if len(parts) != EXECUTION_PARTS:
        usage_error(f"--execution is {text!r}; it should be EXEC_ID:QUANTITY:PRICE")
    exec_id, quantity, price = parts
    return order_service_pb2.FoundExecution(exec_id=exec_id, quantity=quantity, price=price)
