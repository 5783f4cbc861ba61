"""`ordermesh go-flat`: cancel an account's orders, close its positions, report what remains."""

from typing import Annotated, Final

import typer

from meshctl.commands.common import (
    EXIT_OK,
    EXIT_ORDER_NOT_DONE,
    AccountOption,
    JsonOption,
    console,
    emit,
    enum_word,
    first_account,
    table,
    with_mesh,
)
from meshctl.commands.words import rejection_words, state_text
from ordermesh.oms.v1 import order_service_pb2
from ordermesh_client import MeshClient

# The mesh waits 4 s for cancels and 4 s for fills before it answers.
RETRY_FOR_S: Final = 30.0


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("go-flat")(go_flat)


@with_mesh
async def go_flat(
    mesh: MeshClient,
    account: AccountOption = "",
    instrument: Annotated[
        str, typer.Option("--instrument", help="Only the position of this listing: ASML.SIMA.")
    ] = "",
    key: Annotated[str, typer.Option(help="Idempotency key; made if not given.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Cancel open orders and close positions at the market. Exit code 6 when anything remains."""
    request = order_service_pb2.GoFlatRequest(
        idempotency_key=key, account_id=account or first_account(mesh), instrument_id=instrument
    )
    answer = await mesh.call(mesh.order_service.GoFlat, request, RETRY_FOR_S)
    if as_json:
        emit(answer)
    else:
        _print(answer)
    return EXIT_OK if answer.flat else EXIT_ORDER_NOT_DONE


def _print(answer: order_service_pb2.GoFlatResponse) -> None:
    shown = table("position", "listing", "was", "is", "why", whole=("position",))
    for one in answer.positions:
        cause = enum_word(order_service_pb2.FlatCause, one.cause) if one.cause else ""
        reason = rejection_words(one.rejection) if one.HasField("rejection") else ""
        shown.add_row(
            one.isin,
            one.instrument_id,
            f"{one.quantity_before} {one.currency}",
            one.quantity_remaining,
            f"{cause} {reason}".strip(),
        )
    if shown.row_count:
        console.print(shown)
    for order in answer.open_orders:
        why = rejection_words(order.rejection) if order.HasField("rejection") else ""
        console.print("still open", order.order_id, state_text(order.state), why, soft_wrap=True)
    console.print("flat" if answer.flat else "[red]not flat[/]")
