"""`ordermesh order`, `orders`, `cancel`, `cancel-all`, `replace`."""

import asyncio
from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from meshctl.blotter import CLOSED
from meshctl.client import MeshClient
from meshctl.commands.common import (
    EXIT_OK,
    EXIT_ORDER_NOT_DONE,
    AccountOption,
    JsonOption,
    console,
    emit,
    errors,
    resolve,
    run,
    table,
    usage_error,
)
from meshctl.commands.words import (
    event_words,
    filled_words,
    order_words,
    rejection_words,
    state_text,
)
from ordermesh.oms.v1 import event_pb2, order_pb2, order_service_pb2

FILLED: Final = order_pb2.ORDER_STATE_FILLED
WAIT_DEFAULT_S: Final = 60.0
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.1, help="Seconds to wait for the venue.")
]


class SideWord(StrEnum):
    """Side(54) in words."""

    BUY = "buy"
    SELL = "sell"


class TifWord(StrEnum):
    """TimeInForce(59) in words."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(order)
    app.command()(orders)
    app.command()(cancel)
    app.command("cancel-all")(cancel_all)
    app.command()(replace)


def order(
    side: SideWord,
    symbol: Annotated[str, typer.Argument(help="ASML, or ASML.SIMA to name the venue.")],
    quantity: Annotated[str, typer.Argument(help="OrderQty(38).")],
    limit: Annotated[str, typer.Option("--limit", help="Price(44); a market order without.")] = "",
    tif: Annotated[TifWord, typer.Option("--tif", help="TimeInForce(59).")] = TifWord.DAY,
    account: AccountOption = "",
    key: Annotated[str, typer.Option(help="Idempotency key; made unless told.")] = "",
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Follow it until filled, closed or resting.")
    ] = True,
    timeout: TimeoutOption = WAIT_DEFAULT_S,
    as_json: JsonOption = False,
) -> None:
    """Place an order. Exit code 6 when the venue rejects or cancels it."""

    async def work(mesh: MeshClient) -> int:
        listing = await resolve(mesh, symbol)
        request = order_service_pb2.PlaceRequest(
            idempotency_key=key,
            account_id=account or _first_account(mesh),
            instrument_id=listing.instrument_id,
            side=f"SIDE_{side.name}",
            type=order_pb2.ORDER_TYPE_LIMIT if limit else order_pb2.ORDER_TYPE_MARKET,
            terms=order_pb2.OrderTerms(
                quantity=quantity,
                limit_price=limit,
                time_in_force=f"TIME_IN_FORCE_{tif.name}",
            ),
        )
        placed = (await mesh.place(request, retry_for_s=10)).order
        if not wait:
            _tell_order(placed, as_json=as_json)
            return EXIT_OK
        return await _follow(mesh, placed, as_json=as_json, timeout_s=timeout)

    run(work)


def orders(
    account: AccountOption = "",
    open_only: Annotated[bool, typer.Option("--open", help="Only orders that can trade.")] = False,
    symbol: Annotated[str, typer.Option(help="Only this listing.")] = "",
    most: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List orders, newest first."""

    async def work(mesh: MeshClient) -> None:
        listing = (await resolve(mesh, symbol)).instrument_id if symbol else ""
        request = order_service_pb2.ListRequest(
            account_id=account, open_only=open_only, instrument_id=listing, page_size=most
        )
        found = await mesh.orders(request)
        if as_json:
            for one in found:
                emit(one)
        else:
            console.print(orders_table(found) if found else "no orders")

    run(work)


def cancel(
    order_id: str, timeout: TimeoutOption = WAIT_DEFAULT_S, as_json: JsonOption = False
) -> None:
    """Cancel an open order and wait for the venue's answer."""

    async def work(mesh: MeshClient) -> int:
        answer = await mesh.cancel(order_id, retry_for_s=10)
        return await _follow(mesh, answer.order, "cancel", as_json=as_json, timeout_s=timeout)

    run(work)


def cancel_all(account: AccountOption = "", as_json: JsonOption = False) -> None:
    """Cancel every open order of an account."""

    async def work(mesh: MeshClient) -> None:
        results = await mesh.cancel_all(account or _first_account(mesh))
        for one in results:
            if as_json:
                emit(one)
            else:
                why = rejection_words(one.rejection) if one.HasField("rejection") else ""
                console.print(one.order_id, state_text(one.state), why, soft_wrap=True)
        if not results and not as_json:
            console.print("no open orders")

    run(work)


def replace(
    order_id: str,
    quantity: Annotated[str, typer.Option(help="New OrderQty(38), filled part included.")] = "",
    limit: Annotated[str, typer.Option(help="New Price(44).")] = "",
    timeout: TimeoutOption = WAIT_DEFAULT_S,
    as_json: JsonOption = False,
) -> None:
    """Change quantity or price of an open order."""
    if not quantity and not limit:
        usage_error("say what to change: --quantity, --limit")

    async def work(mesh: MeshClient) -> int:
        terms = (await mesh.get(order_id)).order.terms
        terms.quantity = quantity or terms.quantity
        terms.limit_price = limit or terms.limit_price
        request = order_service_pb2.ReplaceRequest(order_id=order_id, terms=terms)
        answer = await mesh.replace(request, retry_for_s=10)
        return await _follow(mesh, answer.order, "replace", as_json=as_json, timeout_s=timeout)

    run(work)


async def _follow(
    mesh: MeshClient, order: order_pb2.Order, change: str = "", *, as_json: bool, timeout_s: float
) -> int:
    """Tell each event of an order until it is closed, or the venue has answered and it rests.

    Args:
        mesh: Where to read.
        order: The order as the command's answer had it.
        change: "cancel" or "replace" when the answer to that is waited for.
        as_json: One object a line.
        timeout_s: Wait no longer.
    """
    _tell_order(order, as_json=as_json)
    state = order.progress.state
    try:
        async with asyncio.timeout(timeout_s):
            async for item in mesh.watch_orders([order.account_id]):
                kind = item.WhichOneof("item")
                if kind == "snapshot" and item.snapshot.order_id == order.order_id:
                    if item.snapshot.last_sequence > order.last_sequence:
                        _tell_order(item.snapshot, as_json=as_json)
                    state = item.snapshot.progress.state
                    refused = item.snapshot.HasField("rejection")
                elif kind == "event" and item.event.order_id == order.order_id:
                    _tell_event(item.event, as_json=as_json)
                    state = item.event.progress.state
                    refused = item.event.WhichOneof("kind") == f"{change}_refused"
                else:
                    continue
                if (code := _verdict(order, state, change, refused=refused)) is not None:
                    return code
    except TimeoutError:
        name = order_pb2.OrderState.Name(state).removeprefix("ORDER_STATE_")
        errors.print(
            f"still {name} after {timeout_s:g} s; it goes on without this command: "
            "`ordermesh watch orders`"
        )
    return EXIT_ORDER_NOT_DONE


_RESTING_TIFS: Final = frozenset(
    {order_pb2.TIME_IN_FORCE_DAY, order_pb2.TIME_IN_FORCE_GTC, order_pb2.TIME_IN_FORCE_GTD}
)
_WORKING: Final = frozenset({order_pb2.ORDER_STATE_NEW, order_pb2.ORDER_STATE_PARTIALLY_FILLED})


def _verdict(order: order_pb2.Order, state: int, change: str, *, refused: bool) -> int | None:
    """Give the exit code, None while the last word is not spoken."""
    if state in CLOSED:
        wanted = order_pb2.ORDER_STATE_CANCELED if change == "cancel" else FILLED
        return EXIT_OK if state == wanted else EXIT_ORDER_NOT_DONE
    if state not in _WORKING:
        return None
    if change:
        # A cancel that left the order working was refused, whatever came between.
        return EXIT_ORDER_NOT_DONE if refused or change == "cancel" else EXIT_OK
    rests = order.type == order_pb2.ORDER_TYPE_LIMIT
    return EXIT_OK if rests and order.terms.time_in_force in _RESTING_TIFS else None


def orders_table(found: list[order_pb2.Order]) -> Table:
    """Show orders as people want them; the account only when there are several."""
    several = len({one.account_id for one in found}) > 1
    accounts = ("account",) if several else ()
    shown = table("order", *accounts, "what", "filled", "state", whole=("order", "state"))
    for one in found:
        what = Text(order_words(one))
        if one.HasField("rejection"):
            what.append(f"\n{rejection_words(one.rejection)}", "dim")
        account = (one.account_id,) if several else ()
        shown.add_row(
            one.order_id, *account, what, filled_words(one), state_text(one.progress.state)
        )
    return shown


def _tell_order(one: order_pb2.Order, *, as_json: bool) -> None:
    if as_json:
        emit(one)
        return
    filled = f"filled {words} " if (words := filled_words(one)) else ""
    console.print(
        f"{one.order_id}  {order_words(one)}  {filled}",
        state_text(one.progress.state),
        highlight=False,
        soft_wrap=True,
        sep="",
    )
    if one.HasField("rejection"):
        console.print(f"   {rejection_words(one.rejection)}", highlight=False, soft_wrap=True)


def _tell_event(event: event_pb2.OrderEvent, *, as_json: bool) -> None:
    if as_json:
        emit(event)
        return
    console.print(
        f"   {event_words(event)} ",
        state_text(event.progress.state),
        highlight=False,
        soft_wrap=True,
    )


def _first_account(mesh: MeshClient) -> str:
    if not mesh.session.accounts:
        usage_error(f"{mesh.session.username} has no account: say --account")
    return mesh.session.accounts[0]
