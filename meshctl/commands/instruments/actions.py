"""`ordermesh instruments actions`: corporate actions, and the working orders that they affect."""

from typing import Annotated, Final

import typer

from meshctl.commands.common import JsonOption, emit, number, say, with_mesh
from meshctl.commands.instruments.words import action_words
from meshctl.commands.words import order_words, state_text
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.marketdata.v1 import reference_data_service_pb2 as pb
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh_client import MeshClient

PAGE: Final = 500

actions = typer.Typer(
    help="Corporate actions: splits, changes of symbol, delistings.", no_args_is_help=True
)
KeyArgument = Annotated[str, typer.Argument(help="Listing: ASML.SIMA.")]
DayOption = Annotated[str, typer.Option("--on", help="First trading day with it: 2027-01-31.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the record.")]


def register(instruments: typer.Typer) -> None:
    """Add the commands to the group."""
    instruments.add_typer(actions, name="actions")


@actions.command("list")
@with_mesh
async def list_actions(
    mesh: MeshClient,
    key: Annotated[str, typer.Argument(help="Only of this ISIN or listing.")] = "",
    since: Annotated[str, typer.Option("--since", help="Only from this day on.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List corporate actions by day, each with your working orders that it affects."""
    request = pb.ListActionsRequest(key=key.upper(), date_from=since, page_size=PAGE)
    found = [
        action
        async for page in mesh.pages(mesh.reference_data.ListActions, request)
        for action in page.actions
    ]
    for action in found:
        orders = await _affected(mesh, action)
        if as_json:
            emit(action)
            for order in orders:
                emit(order)
            continue
        say(action_words(action), markup=False)
        for order in orders:
            say(
                f"  look at {order.order_id} {order.account_id}: {order_words(order)} ",
                state_text(order.progress.state),
                markup=False,
            )
    if not found and not as_json:
        say("no corporate actions")


async def _affected(
    mesh: MeshClient, action: instrument_pb2.CorporateAction
) -> list[order_pb2.Order]:
    """Return the working orders of the listings that an action affects."""
    if action.state == instrument_pb2.CORPORATE_ACTION_STATE_WITHDRAWN:
        return []
    listings = [action.instrument_id]
    if not action.instrument_id:
        listings = [
            one.instrument_id for one in await mesh.instruments() if one.isin == action.isin
        ]
    found = []
    for listing in listings:
        request = order_service_pb2.ListRequest(
            instrument_id=listing, open_only=True, page_size=PAGE
        )
        async for page in mesh.pages(mesh.order_service.List, request):
            found += page.orders
    return found


@actions.command()
@with_mesh
async def split(
    mesh: MeshClient,
    isin: Annotated[str, typer.Argument(help="ISIN: NL0010273215.")],
    ratio: Annotated[str, typer.Argument(help="New for old shares: 2:1.")],
    on: DayOption,
    reason: ReasonOption,
) -> None:
    """Record a split. Prices of earlier days are adjusted; working orders are listed."""
    new, _, old = ratio.partition(":")
    request = pb.RecordActionRequest(
        kind=instrument_pb2.CORPORATE_ACTION_KIND_SPLIT, key=isin.upper(), effective_date=on,
        new_shares=number(new), old_shares=number(old), reason=reason,
    )  # fmt: skip
    await _record(mesh, request)


@actions.command()
@with_mesh
async def rename(
    mesh: MeshClient,
    listing: KeyArgument,
    symbol: Annotated[str, typer.Argument(help="The new symbol: META.")],
    on: DayOption,
    reason: ReasonOption,
) -> None:
    """Record a change of symbol."""
    request = pb.RecordActionRequest(
        kind=instrument_pb2.CORPORATE_ACTION_KIND_SYMBOL_CHANGE, key=listing.upper(),
        effective_date=on, new_symbol=symbol.upper(), reason=reason,
    )  # fmt: skip
    await _record(mesh, request)


@actions.command()
@with_mesh
async def delist(
    mesh: MeshClient, listing: KeyArgument, on: DayOption, reason: ReasonOption
) -> None:
    """Record a delisting."""
    request = pb.RecordActionRequest(
        kind=instrument_pb2.CORPORATE_ACTION_KIND_DELISTING, key=listing.upper(),
        effective_date=on, reason=reason,
    )  # fmt: skip
    await _record(mesh, request)


@actions.command()
@with_mesh
async def withdraw(
    mesh: MeshClient,
    action_id: Annotated[str, typer.Argument(help="From `ordermesh instruments actions list`.")],
    reason: ReasonOption,
) -> None:
    """Withdraw an action that is not effective yet."""
    request = pb.WithdrawActionRequest(action_id=action_id, reason=reason)
    answer = await mesh.call(mesh.reference_data.WithdrawAction, request)
    say(action_words(answer.action), markup=False)


async def _record(mesh: MeshClient, request: pb.RecordActionRequest) -> None:
    answer = await mesh.call(mesh.reference_data.RecordAction, request)
    say(action_words(answer.action), markup=False)
