"""`ordermesh routing report`: the top five execution venues by class of instrument."""

import asyncio
import csv
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_S
from meshctl.commands.common import (
    JsonOption,
    console,
    emit,
    errors,
    say,
    table,
    usage_error,
    with_mesh,
)
from meshctl.commands.history.ranges import FromOption, ToOption, time_of
from meshctl.commands.orders.executed_venues import (
    NOT_KNOWN,
    ClassTable,
    Executed,
    class_of,
    tables,
)
from meshctl.commands.venue import routing_venues
from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1 import order_service_pb2 as pb
from ordermesh_client import MeshClient

PAGE_ORDERS: Final = 500
READS_AT_ONCE: Final = 16
"""Orders whose executions are read at the same time."""
CLOCKS_DIFFER_NS_MAX: Final = 3_600 * NS_PER_S
"""TransactTime(60) is by the venue's clock and the order's times by that of the OMS."""
COLUMNS: Final = (
    "from", "to", "class", "currency", "class_value", "class_orders", "rank", "venue", "value",
    "orders", "value_percent", "orders_percent", "passive_percent", "aggressive_percent",
    "directed_percent",
)  # fmt: skip

routing = typer.Typer(
    help="Where orders were executed, and the venues that are out of routing.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    routing_venues.add_to(routing)
    app.add_typer(routing, name="routing")


@routing.command()
@with_mesh
async def report(
    mesh: MeshClient,
    begin: FromOption,
    end: ToOption = "",
    account: Annotated[
        str, typer.Option(help="Only of this account; every account of the login if not given.")
    ] = "",
    file: Annotated[Path | None, typer.Option("--csv", help="Write the tables to a file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Report the top five venues by class of instrument, in the manner of RTS 28.

    Of executions with TransactTime(60) from --from until before --to. For each class and currency:
    share of value and of orders, and the percentage of passive, aggressive and directed orders.
    Orders that were archived and removed are not counted.
    """
    first, last = time_of(begin, "--from"), time_of(end or "0s", "--to")
    if first is None or last is None or first.ToNanoseconds() >= last.ToNanoseconds():
        usage_error(f"--from is {begin!r}; it should be a time before --to, {end or 'now'!r}")
    if file is not None and not file.parent.is_dir():
        usage_error(f"--csv is {str(file)!r}: there is no folder {file.parent}")
    made = tables(await read_executed(mesh, account, first, last))
    if file is not None:
        _write(file, made, first, last)
        say(f"{file}: {len(made)} table{'' if len(made) == 1 else 's'}")
    elif as_json:
        for row in _rows(made, first, last):
            emit(dict(zip(COLUMNS, row, strict=True)))
    else:
        _print(made)
    if any(one.class_name == NOT_KNOWN for one in made):
        errors.print(
            "some instruments are listed at no venue now: their class is not known", style="yellow"
        )


async def read_executed(
    mesh: MeshClient, account: str, first: Timestamp, last: Timestamp
) -> list[Executed]:
    """Read what was executed within a time."""
    orders, one_venue = await _orders(mesh, account, first)
    classes = {one.instrument_id: class_of(one) for one in await mesh.instruments()}
    places = asyncio.Semaphore(READS_AT_ONCE)

    async def read(order: order_pb2.Order) -> list[Executed]:
        async with places:
            found = (await mesh.get(order.order_id)).executions
        parent_id = parent_of(order)
        return [
            Executed(
                classes.get(order.instrument_id, NOT_KNOWN),
                one.currency or order.currency,
                one.last_market_mic or one.venue_mic,
                parent_id or order.order_id,
                Decimal(one.quantity),
                Decimal(one.price),
                one.liquidity,
                not parent_id or parent_id in one_venue,
            )
            for one in found
            if not one.busted
            and first.ToNanoseconds() <= _at(one).ToNanoseconds() < last.ToNanoseconds()
        ]

    return [one for page in await asyncio.gather(*map(read, orders)) for one in page]


async def _orders(
    mesh: MeshClient, account: str, first: Timestamp
) -> tuple[list[order_pb2.Order], set[str]]:
    """Read the orders that may have been executed since a time, without routed parents.

    All orders are read, because an order of any age may be executed today. A parent has no
    execution of its own: the executions that it shows are those of its children.

    Returns:
        The orders, and the ids of the routed orders that allow one venue only.
    """
    orders, one_venue = [], set()
    since_ns = first.ToNanoseconds() - CLOCKS_DIFFER_NS_MAX
    request = pb.ListRequest(account_id=account, page_size=PAGE_ORDERS)
    async for page in mesh.pages(mesh.order_service.List, request):
        for order in page.orders:
            if order.HasField("routing"):
                if len(order.routing.venues) == 1:
                    one_venue.add(order.order_id)
            elif (
                order.progress.cum_quantity not in {"", "0"}
                and order.updated_at.ToNanoseconds() >= since_ns
            ):
                orders.append(order)
    return orders, one_venue


def parent_of(order: order_pb2.Order) -> str:
    """Return the id of the routed order of which an order is a child; empty if it is none."""
    routed = order.link.kind == order_pb2.ORDER_LINK_KIND_ROUTED
    return order.link.parent_order_id if routed else ""


def _at(one: order_pb2.Execution) -> Timestamp:
    """Return TransactTime(60), or when the execution came if the venue reported none."""
    return one.venue_time if one.HasField("venue_time") else one.received_at


def _rows(made: Sequence[ClassTable], first: Timestamp, last: Timestamp) -> Iterator[list[str]]:
    for each in made:
        for rank, line in enumerate(each.venues, 1):
            yield [
                first.ToJsonString(), last.ToJsonString(), each.class_name, each.currency,
                plain(each.value), str(each.orders), str(rank), line.venue_mic, plain(line.value),
                str(line.orders), *map(str, line[3:]),
            ]  # fmt: skip


def _write(file: Path, made: Sequence[ClassTable], first: Timestamp, last: Timestamp) -> None:
    """Write a CSV file; it has its name only when it is whole."""
    partial = file.with_name(f"{file.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(_rows(made, first, last))
    partial.replace(file)


def _print(made: Sequence[ClassTable]) -> None:
    for each in made:
        title = f"{each.class_name}, {each.currency}: {plain(each.value)} by {each.orders} orders"
        shown = table(
            "venue", "value", "of value", "orders", "of orders", "passive", "aggressive",
            "directed", whole=("venue", "value"), title=title,
        )  # fmt: skip
        for line in each.venues:
            by_value, by_orders, *kinds = (f"{percent} %" for percent in line[3:])
            shown.add_row(
                line.venue_mic, plain(line.value), by_value, str(line.orders), by_orders, *kinds
            )
        console.print(shown)
    if not made:
        console.print("nothing was executed in this time")
