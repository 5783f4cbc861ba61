"""`ordermesh resolve`: a named person states what the venue has of an order."""

from enum import StrEnum
from typing import Annotated

import typer

from meshctl.commands.common import (
    JsonOption,
    console,
    emit,
    number,
    print_second_person,
    run,
    say,
    usage_error,
)
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
        bool, typer.Option("--replaced", help="The pending replace took effect.")
    ] = False,
    venue_order_id: Annotated[str, typer.Option(help="OrderID(37), if known.")] = "",
    as_json: JsonOption = False,
) -> None:
    """State what the venue has of an order in UNKNOWN or with an anomaly (role RISK).

    A statement of a high value changes nothing until another person confirms it.
    """
    request = order_service_pb2.ResolveRequest(
        order_id=order_id,
        venue_holds=f"VENUE_HOLDS_{holds.name}",
        executions=[found_execution(text) for text in execution or ()],
        replaced=replaced,
        venue_order_id=venue_order_id,
        reason=reason,
    )

    async def work(mesh: MeshClient) -> None:
        print_resolved(await mesh.resolve(request, retry_for_s=10), as_json=as_json)

    run(work)


def print_resolved(answer: order_service_pb2.ResolveResponse, *, as_json: bool) -> None:
    """Print the order as stated, or the statement that waits for a second person."""
    if answer.HasField("statement"):
        waits = answer.statement
        if as_json:
            emit(waits)
            return
        say(f"statement {waits.statement_id} of {waits.value or 'unknown value'} {waits.currency}")
        print_second_person(f"parked confirm {waits.statement_id}")
        return
    if as_json:
        emit(answer.order)
        return
    progress = answer.order.progress
    order_id = answer.order.order_id
    console.print(order_id, state_text(progress.state), "filled", progress.cum_quantity)


def found_execution(text: str) -> order_service_pb2.FoundExecution:
    """Read EXEC_ID:QUANTITY:PRICE."""
    # An ExecID(17) may contain colons.
    parts = text.rsplit(":", EXECUTION_PARTS - 1)
    if len(parts) != EXECUTION_PARTS:
        usage_error(f"--execution is {text!r}; it should be EXEC_ID:QUANTITY:PRICE")
    exec_id, quantity, price = parts
    return order_service_pb2.FoundExecution(
        exec_id=exec_id, quantity=number(quantity), price=number(price)
    )
