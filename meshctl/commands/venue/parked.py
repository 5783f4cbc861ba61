"""`ordermesh parked`: messages of a venue that could not be applied, and statements that wait."""

from typing import Annotated

import typer

from mesh.names import called
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
from meshctl.commands.orders.follow import print_order
from meshctl.commands.venue.resolve import HoldsWord, found_execution, print_resolved
from ordermesh.oms.v1 import order_service_pb2, statement_pb2
from ordermesh.oms.v1 import parked_service_pb2 as service
from ordermesh_client import MeshClient

RETRY_FOR_S = 10.0
PAGE_MAX = 500

parked = typer.Typer(
    help="Messages of venues that could not be applied, and statements that wait for a second "
    "person.",
    no_args_is_help=True,
)
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; recorded in the audit log.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(parked, name="parked")


@parked.command("list")
@with_mesh
async def list_parked(
    mesh: MeshClient,
    account: Annotated[str, typer.Option(help="Only of this account.")] = "",
    order_id: Annotated[str, typer.Option("--order", help="Only of this order.")] = "",
    session_id: Annotated[str, typer.Option("--session", help="Only of this FIX session.")] = "",
    settled: Annotated[bool, typer.Option("--all", help="Settled ones, too.")] = False,
    most: Annotated[int, typer.Option(min=1, max=PAGE_MAX, help="How many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List parked messages, newest first."""
    request = service.ParkedServiceListRequest(
        account_id=account, order_id=order_id, session_id=session_id, all_states=settled,
        page_size=most,
    )  # fmt: skip
    found = (await mesh.call(mesh.parked.List, request)).items
    shown = table("id", "at", "session", "number", "type", "order", "state", "why", whole=("id",))
    for one in found:
        state = enum_word(service.ParkedState, one.state)
        by = f" by {called(one.settled_by, one.settled_by_name)}" if one.settled_by else ""
        shown.add_row(
            str(one.parked_id), when(one.parked_at), one.session_id, str(one.msg_seq_num),
            one.msg_type, one.order_id, f"{state}{by}", one.why,
        )  # fmt: skip
    show(found, shown, "no parked messages", as_json=as_json)


@parked.command("show")
@with_mesh
async def show_parked(mesh: MeshClient, parked_id: int, as_json: JsonOption = False) -> None:
    """Show a parked message: its FIX text, why it was parked, and its order."""
    request = service.ParkedServiceGetRequest(parked_id=parked_id)
    answer = await mesh.call(mesh.parked.Get, request)
    if as_json:
        emit(answer)
        return
    one = answer.item
    facts = {
        "message": f"MsgType(35) {one.msg_type}, MsgSeqNum(34) {one.msg_seq_num} of "
        f"{one.session_id}",
        "parked": when(one.parked_at),
        "why": one.why,
        "order": one.order_id or "none",
        "account": one.account_id or "none",
        "state": enum_word(service.ParkedState, one.state),
    }
    if one.settled_by:
        who = called(one.settled_by, one.settled_by_name)
        facts["settled"] = f"{when(one.settled_at)} by {who}: {one.reason}"
    facts["FIX text as received" if answer.as_received else "FIX text"] = answer.fix_text
    if not answer.can_apply and one.state == service.PARKED_STATE_OPEN:
        facts["can be applied"] = "no: the gateway could not read it; use `state` or `discard`"
    for name, value in facts.items():
        say(f"{name:<22} {value}", markup=False)


@parked.command()
@with_mesh
async def apply(
    mesh: MeshClient,
    parked_id: int,
    reason: ReasonOption,
    order_id: Annotated[
        str, typer.Option("--order", help="The order it belongs to, if it names none.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Interpret a parked message again, and apply it."""
    request = service.ParkedServiceApplyRequest(
        parked_id=parked_id, order_id=order_id, reason=reason
    )
    answer = await mesh.call(mesh.parked.Apply, request)
    print_order(answer.order, as_json=as_json)


@parked.command()
@with_mesh
async def state(
    mesh: MeshClient,
    parked_id: int,
    holds: Annotated[HoldsWord, typer.Argument(help="What the venue has of the order.")],
    reason: Annotated[str, typer.Option(help="How you know; recorded in the log.")],
    order_id: Annotated[
        str, typer.Option("--order", help="The order; that of the message if not given.")
    ] = "",
    execution: Annotated[
        list[str] | None,
        typer.Option(help="What the message reports: EXEC_ID:QUANTITY:PRICE; repeatable."),
    ] = None,
    replaced: Annotated[
        bool, typer.Option("--replaced", help="The pending replace took effect.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """State what a parked message means for its order. Two persons above a value."""
    if not order_id:
        request = service.ParkedServiceGetRequest(parked_id=parked_id)
        order_id = (await mesh.call(mesh.parked.Get, request)).item.order_id
    if not order_id:
        usage_error(f"parked message {parked_id} belongs to no order: give --order")
    statement = order_service_pb2.ResolveRequest(
        order_id=order_id,
        venue_holds=f"VENUE_HOLDS_{holds.name}",
        executions=[found_execution(text) for text in execution or ()],
        replaced=replaced,
        reason=reason,
        parked_id=parked_id,
    )
    print_resolved(await mesh.resolve(statement, RETRY_FOR_S), as_json=as_json)


@parked.command()
@with_mesh
async def discard(
    mesh: MeshClient, parked_id: int, reason: ReasonOption, as_json: JsonOption = False
) -> None:
    """Settle a parked message without applying it."""
    request = service.ParkedServiceDiscardRequest(parked_id=parked_id, reason=reason)
    item = (await mesh.call(mesh.parked.Discard, request)).item
    if as_json:
        emit(item)
    else:
        say(f"parked message {parked_id} is {enum_word(service.ParkedState, item.state)}")


@parked.command()
@with_mesh
async def statements(
    mesh: MeshClient,
    order_id: Annotated[str, typer.Option("--order", help="Only about this order.")] = "",
    decided: Annotated[bool, typer.Option("--all", help="Decided ones, too.")] = False,
    most: Annotated[int, typer.Option(min=1, max=PAGE_MAX, help="How many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List statements that wait for a second person, newest first."""
    request = order_service_pb2.ListStatementsRequest(
        order_id=order_id, waiting_only=not decided, page_size=most
    )
    found = (await mesh.call(mesh.order_service.ListStatements, request)).statements
    shown = table("id", "order", "state", "value", "by", "what", "reason", whole=("id", "order"))
    for one in found:
        shown.add_row(
            one.statement_id, one.order_id, enum_word(statement_pb2.StatementState, one.state),
            f"{one.value or 'not known'} {one.currency}",
            called(one.stated_by, one.stated_by_name), one.text, one.reason,
        )  # fmt: skip
    show(found, shown, "no statements", as_json=as_json)


@parked.command()
@with_mesh
async def confirm(mesh: MeshClient, statement_id: str, as_json: JsonOption = False) -> None:
    """Confirm another person's statement; it is then applied."""
    request = order_service_pb2.ConfirmStatementRequest(statement_id=statement_id)
    answer = await mesh.call(mesh.order_service.ConfirmStatement, request)
    print_order(answer.order, as_json=as_json)


@parked.command()
@with_mesh
async def decline(
    mesh: MeshClient, statement_id: str, reason: ReasonOption, as_json: JsonOption = False
) -> None:
    """Decline a statement; your own, too."""
    request = order_service_pb2.DeclineStatementRequest(statement_id=statement_id, reason=reason)
    statement = (await mesh.call(mesh.order_service.DeclineStatement, request)).statement
    if as_json:
        emit(statement)
    else:
        word = enum_word(statement_pb2.StatementState, statement.state)
        say(f"statement {statement_id} is {word}")
