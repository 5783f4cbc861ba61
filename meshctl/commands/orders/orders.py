"""`ordermesh order`, `orders`, `cancel`, `cancel-all`, `replace`."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from meshctl.commands.common import (
    EXIT_OK,
    AccountOption,
    JsonOption,
    console,
    emit,
    first_account,
    number,
    rejected,
    resolve,
    run,
    show,
    table,
    usage_error,
    with_mesh,
)
from meshctl.commands.orders.cautions import warned, warned_of_change
from meshctl.commands.orders.follow import follow, print_order
from meshctl.commands.orders.pace import (
    EveryOption,
    FromOption,
    Pace,
    RateOption,
    SliceMaxOption,
    ToOption,
    pause,
    resume,
)
from meshctl.commands.orders.routing import RouteWord, name_instrument, routing_of
from meshctl.commands.orders.ticket import (
    AsOfOption,
    SideWord,
    Ticket,
    TifWord,
    TriggerWord,
    bracket,
    instant,
    moment,
    oco_pair,
)
from meshctl.commands.words import (
    anomaly_words,
    filled_words,
    order_words,
    rejection_words,
    state_text,
)
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.type.v1 import error_pb2
from ordermesh_client import MeshClient

WAIT_DEFAULT_S: Final = 60.0
RETRY_FOR_S: Final = 10.0
SymbolArgument = Annotated[
    str, typer.Argument(help="ASML, or ASML.SIMA to name the venue; with --route also an ISIN.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Send without a question.")]
LimitOption = Annotated[str, typer.Option("--limit", help="Price(44); without it, a market order.")]
StopOption = Annotated[
    str,
    typer.Option(
        "--stop", help="StopPx(99): makes a stop order, which waits until this price is reached."
    ),
]
TrailOption = Annotated[
    str,
    typer.Option(
        "--trail", help="Makes a trailing stop, which follows the price at this distance."
    ),
]
TriggerOption = Annotated[
    TriggerWord | None, typer.Option("--trigger", help="The price that a stop is compared with.")
]
DisplayOption = Annotated[
    str,
    typer.Option("--display", help="MaxFloor(111): makes an iceberg, which shows this quantity."),
]
PegOption = Annotated[
    str,
    typer.Option(
        "--peg",
        help="Makes a pegged order: primary, midpoint or market, or with an offset, primary:-0.05.",
    ),
]
MarketToLimitOption = Annotated[
    bool,
    typer.Option(
        "--market-to-limit",
        help="Market-to-limit: the rest becomes a limit order at the price of the first fill.",
    ),
]
TifOption = Annotated[
    TifWord | None, typer.Option("--tif", help="TimeInForce(59); day if not given.")
]
ExpireOption = Annotated[
    str, typer.Option("--expire", help="ExpireTime(126): 2027-01-31T17:30 (UTC), or 2h; gtd.")
]
HoldOption = Annotated[
    bool, typer.Option("--hold", help="Send nothing until a second person approves.")
]
CashOption = Annotated[
    str, typer.Option(help="CashOrderQty(152): an amount of money instead of a quantity.")
]
ReduceOption = Annotated[
    bool,
    typer.Option(
        "--reduce-only",
        help="Only reduce the position; end when it is gone. With --bracket this is of the exits.",
    ),
]
OcoOption = Annotated[
    str, typer.Option("--oco", help="Add a stop at this price; a fill of one cancels the other.")
]
BracketOption = Annotated[
    str, typer.Option("--bracket", help="Exits when filled, PROFIT:LOSS: a limit and a stop.")
]
RouteOption = Annotated[
    RouteWord | None,
    typer.Option("--route", help="Execute it at several venues, by this strategy."),
]
VenuesOption = Annotated[
    str, typer.Option("--venues", help="With --route: only these MICs, SIMA,SIMB, in this order.")
]
NotVenuesOption = Annotated[str, typer.Option("--not-venues", help="With --route: not these MICs.")]
WaitOption = Annotated[
    bool,
    typer.Option(
        "--wait/--no-wait", help="Follow the order until it is filled, closed or resting."
    ),
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.1, help="Seconds to wait for the venue.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(order)
    app.command()(orders)
    app.command()(cancel)
    app.command("cancel-all")(cancel_all)
    app.command()(replace)
    app.command()(pause)
    app.command()(resume)


def _require_one(quantity: str, cash: str, oco: str, exits: str) -> None:
    """End with a usage error if two options exclude each other."""
    if bool(quantity) == bool(cash):
        usage_error("give either QUANTITY or --cash")
    if oco and exits:
        usage_error("give either --oco or --bracket, not both")


def order(
    side: SideWord,
    symbol: SymbolArgument,
    quantity: Annotated[str, typer.Argument(help="OrderQty(38); omit it with --cash.")] = "",
    cash: CashOption = "",
    limit: LimitOption = "",
    stop: StopOption = "",
    trail: TrailOption = "",
    trigger: TriggerOption = None,
    display: DisplayOption = "",
    peg: PegOption = "",
    market_to_limit: MarketToLimitOption = False,
    tif: TifOption = None,
    expire: ExpireOption = "",
    hold: HoldOption = False,
    reduce_only: ReduceOption = False,
    oco: OcoOption = "",
    exits: BracketOption = "",
    route: RouteOption = None,
    venues: VenuesOption = "",
    not_venues: NotVenuesOption = "",
    start: FromOption = "",
    end: ToOption = "",
    every: EveryOption = "",
    rate: RateOption = "",
    slice_max: SliceMaxOption = "",
    note: Annotated[str, typer.Option(help="Recorded here, not sent to the venue.")] = "",
    account: AccountOption = "",
    key: Annotated[str, typer.Option(help="Idempotency key; made if not given.")] = "",
    yes: YesOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = WAIT_DEFAULT_S,
    as_json: JsonOption = False,
) -> None:
    """Place an order. Exit code 6 when the venue rejects or cancels it."""
    _require_one(quantity, cash, oco, exits)
    ticket = Ticket(side, quantity, limit, stop, trail, display, peg, market_to_limit, tif,
                    expire, trigger, cash)  # fmt: skip
    request = order_service_pb2.PlaceRequest(
        idempotency_key=key, side=f"SIDE_{side.name}", type=ticket.order_type(),
        terms=ticket.terms(datetime.now(UTC)), hold_for_approval=hold, client_note=note,
        reduce_only=reduce_only,
        routing=routing_of(route, venues, not_venues, Pace(start, end, every, rate, slice_max)),
    )  # fmt: skip

    async def work(mesh: MeshClient) -> int:
        await name_instrument(mesh, request, symbol)
        request.account_id = account or first_account(mesh)
        crossing = await warned(mesh, request, yes=yes)
        batch = _linked(request, side, oco, exits)
        placed = await _placed(mesh, request, batch, as_json=as_json)
        if wait:
            return await follow(mesh, placed, as_json=as_json, timeout_s=timeout, crossing=crossing)
        if batch is None:
            print_order(placed, as_json=as_json)
        return EXIT_OK

    run(work)


def _linked(
    request: order_service_pb2.PlaceRequest, side: SideWord, oco: str, exits: str
) -> order_service_pb2.PlaceBatchRequest | None:
    if not (oco or exits):
        return None
    return oco_pair(request, oco) if oco else bracket(request, side, exits)


async def _placed(
    mesh: MeshClient,
    request: order_service_pb2.PlaceRequest,
    batch: order_service_pb2.PlaceBatchRequest | None,
    *,
    as_json: bool,
) -> order_pb2.Order:
    if batch is not None:
        return await _place_batch(mesh, batch, as_json=as_json)
    return (await mesh.place(request, retry_for_s=RETRY_FOR_S)).order


async def _place_batch(
    mesh: MeshClient, batch: order_service_pb2.PlaceBatchRequest, *, as_json: bool
) -> order_pb2.Order:
    """Place linked orders, all or none; return the first. Raises the refusal."""
    answer = await mesh.call(mesh.order_service.PlaceBatch, batch, RETRY_FOR_S)
    for result in answer.results:
        if result.HasField("order"):
            print_order(result.order, as_json=as_json)
    faults = [one.rejection for one in answer.results if not one.HasField("order")]
    if faults:
        # The order that was refused, before those that were not placed because of it.
        state = error_pb2.ERROR_REASON_OBJECT_STATE
        raise rejected(next((one for one in faults if one.reason != state), faults[0]))
    first: order_pb2.Order = answer.results[0].order
    return first


@with_mesh
async def orders(
    mesh: MeshClient,
    account: AccountOption = "",
    open_only: Annotated[bool, typer.Option("--open", help="Only orders that can trade.")] = False,
    symbol: Annotated[str, typer.Option(help="Only this listing.")] = "",
    most: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 30,
    as_of: AsOfOption = "",
    as_json: JsonOption = False,
) -> None:
    """List orders, newest first; with --as-of as they stood then."""
    listing = (await resolve(mesh, symbol)).instrument_id if symbol else ""
    request = order_service_pb2.ListRequest(
        account_id=account, open_only=open_only, instrument_id=listing, page_size=most
    )
    if as_of:
        request.as_of.CopyFrom(instant(as_of))
    found = await mesh.orders(request)
    show(found, orders_table(found), "no orders", as_json=as_json)


def cancel(
    order_id: str, timeout: TimeoutOption = WAIT_DEFAULT_S, as_json: JsonOption = False
) -> None:
    """Cancel an open order and wait for the venue's answer."""

    async def work(mesh: MeshClient) -> int:
        answer = await mesh.cancel(order_id, retry_for_s=RETRY_FOR_S)
        return await follow(mesh, answer.order, "cancel", as_json=as_json, timeout_s=timeout)

    run(work)


@with_mesh
async def cancel_all(
    mesh: MeshClient, account: AccountOption = "", as_json: JsonOption = False
) -> None:
    """Cancel every open order of an account."""
    results = await mesh.cancel_all(account or first_account(mesh))
    for one in results:
        if as_json:
            emit(one)
        else:
            why = rejection_words(one.rejection) if one.HasField("rejection") else ""
            console.print(one.order_id, state_text(one.state), why, soft_wrap=True)
    if not results and not as_json:
        console.print("no open orders")


def replace(
    order_id: str,
    quantity: Annotated[
        str, typer.Option(help="New OrderQty(38), including the filled quantity.")
    ] = "",
    limit: Annotated[str, typer.Option(help="New Price(44).")] = "",
    stop: Annotated[str, typer.Option(help="New StopPx(99).")] = "",
    trail: Annotated[str, typer.Option(help="New distance of a trailing stop.")] = "",
    display: Annotated[str, typer.Option(help="New MaxFloor(111).")] = "",
    expire: Annotated[str, typer.Option(help="New ExpireTime(126).")] = "",
    yes: YesOption = False,
    timeout: TimeoutOption = WAIT_DEFAULT_S,
    as_json: JsonOption = False,
) -> None:
    """Change an open order; values that are not given stay."""
    changes = {
        "quantity": quantity,
        "limit_price": limit,
        "stop_price": stop,
        "trailing_offset": trail,
        "display_quantity": display,
    }
    if not any(changes.values()) and not expire:
        usage_error(
            "give at least one of --quantity, --limit, --stop, --trail, --display, --expire"
        )

    async def work(mesh: MeshClient) -> int:
        order = (await mesh.get(order_id)).order
        terms = order.terms
        for field, value in changes.items():
            setattr(terms, field, number(value) or getattr(terms, field))
        if limit:
            await warned_of_change(mesh, order, terms, yes=yes)
        if expire:
            terms.expire_time.CopyFrom(moment(expire, datetime.now(UTC), "--expire"))
        request = order_service_pb2.ReplaceRequest(order_id=order_id, terms=terms)
        answer = await mesh.replace(request, retry_for_s=RETRY_FOR_S)
        return await follow(mesh, answer.order, "replace", as_json=as_json, timeout_s=timeout)

    run(work)


def orders_table(found: list[order_pb2.Order]) -> Table:
    """Print orders as a table; with the account only when there are several."""
    several = len({one.account_id for one in found}) > 1
    accounts = ("account",) if several else ()
    shown = table("order", *accounts, "what", "filled", "state", whole=("order", "state"))
    for one in found:
        what = Text(order_words(one))
        if one.HasField("rejection"):
            what.append(f"\n{rejection_words(one.rejection)}", "dim")
        if anomalies := anomaly_words(one.anomaly_count):
            what.append(f"\n{anomalies}", "yellow")
        account = (one.account_id,) if several else ()
        shown.add_row(
            one.order_id, *account, what, filled_words(one), state_text(one.progress.state)
        )
    return shown
