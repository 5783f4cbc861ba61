"""`ordermesh watch`: live streams."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table

from meshctl.commands.common import (
    AccountOption,
    JsonOption,
    console,
    emit,
    errors,
    resolve,
    say,
    table,
    usage_error,
    with_mesh,
)
from meshctl.commands.ladder import Ladder, book_words, delay_words, right_words
from meshctl.commands.words import (
    auction_words,
    event_words,
    gap_words,
    listing_words,
    no_prices_words,
    order_words,
    quote_words,
    state_text,
)
from ordermesh.marketdata.v1 import (
    market_data_pb2,
    market_data_service_pb2,
)
from ordermesh_client import MeshClient

REFRESH_PER_SECOND = 8
ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")

watch = typer.Typer(help="Live streams; Ctrl-C ends.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(watch, name="watch")


@watch.command("orders")
@with_mesh
async def watch_orders(
    mesh: MeshClient, account: AccountOption = "", as_json: JsonOption = False
) -> None:
    """Print every event of an account; continues by itself when the connection breaks."""
    async for item in mesh.watch_orders([account] if account else []):
        kind = item.WhichOneof("item")
        if as_json:
            emit(item)
        elif kind == "event":
            event = item.event
            say(
                f"{event.account_id} {event.sequence:>6}  {event.order_id} ",
                event_words(event),
                state_text(event.progress.state),
            )
        elif kind == "snapshot" and item.snapshot.progress.leaves_quantity != "0":
            one = item.snapshot
            say(
                f"{one.account_id} {one.last_sequence:>6}  {one.order_id}  open: "
                f"{order_words(one)}",
                state_text(one.progress.state),
            )
        elif kind == "gap":
            console.print(gap_words(item.gap), style="yellow", soft_wrap=True)


@watch.command("quotes")
@with_mesh
async def watch_quotes(
    mesh: MeshClient,
    symbols: Annotated[list[str], typer.Argument(help="ASML, ASML.SIMA, BRK.B ...")],
    interval_ms: Annotated[int, typer.Option(min=50, max=10000, help="At most one per.")] = 250,
    as_json: JsonOption = False,
) -> None:
    """Show live quotes; continues by itself when the connection breaks."""
    listings = await asyncio.gather(*(resolve(mesh, symbol) for symbol in symbols))
    names = {one.instrument_id: listing_words(one) for one in listings}
    for one in listings:
        if words := no_prices_words(one):
            errors.print(f"{listing_words(one)} has no prices: {words}", style="yellow")
    stream = mesh.watch_quotes(list(names), interval_ms)
    if as_json:
        async for item in stream:
            if item.WhichOneof("item") in {"update", "gap", "venue_status"}:
                emit(item)
        return
    if not console.is_terminal:
        await _print_quotes(stream, names)
        return
    quotes: dict[str, market_data_pb2.Quote] = {}
    delayed_s: dict[str, int] = {}
    with Live(
        quotes_table(quotes, {}), console=console, refresh_per_second=REFRESH_PER_SECOND
    ) as live:
        async for item in stream:
            if item.WhichOneof("item") == "update":
                name = names[item.update.instrument_id]
                quotes[name], delayed_s[name] = item.update.quote, item.update.delayed_s
                live.update(quotes_table(quotes, delayed_s))
            elif words := right_words(item):
                errors.print(words, style="yellow")


@watch.command("book")
@with_mesh
async def watch_book(
    mesh: MeshClient,
    instrument: Annotated[str, typer.Argument(help="ISIN, or a listing: ASML.SIMA")],
    currency: Annotated[
        str, typer.Option(help="Currency, if the ISIN is listed in several; as in EUR.")
    ] = "",
    depth: Annotated[int, typer.Option(min=1, max=1000, help="Price levels per side.")] = 5,
    interval_ms: Annotated[int, typer.Option(min=50, max=10000, help="At most one per.")] = 250,
    as_json: JsonOption = False,
) -> None:
    """Show the book of all venues of an instrument, with each venue's share, age and state."""
    if ISIN.fullmatch(instrument.upper()):
        key = market_data_pb2.InstrumentKey(isin=instrument.upper(), currency=currency.upper())
    elif currency:
        usage_error(f"--currency {currency!r} goes with an ISIN; {instrument!r} is a listing")
    else:
        listing = await resolve(mesh, instrument)
        key = market_data_pb2.InstrumentKey(instrument_id=listing.instrument_id)
    subscription = market_data_service_pb2.Subscription(
        instruments=[key],
        depth=depth,
        mode=market_data_service_pb2.DELIVERY_MODE_INTERVAL,
        interval_ms=interval_ms,
    )
    stream = mesh.watch_prices(subscription)
    if as_json:
        async for item in stream:
            if item.WhichOneof("item") in {"update", "gap"}:
                emit(item)
    elif console.is_terminal:
        await _show_ladder(stream)
    else:
        async for item in stream:
            if item.WhichOneof("item") == "update":
                typer.echo(book_words(item.update.instrument_id, item.update.consolidated_book))
            elif item.WhichOneof("item") == "gap":
                typer.echo(gap_words(item.gap))


async def _show_ladder(stream: AsyncIterator[market_data_pb2.MarketDataItem]) -> None:
    ladder = Ladder(time.time_ns)
    with Live(ladder, console=console, refresh_per_second=REFRESH_PER_SECOND):
        async for item in stream:
            if item.WhichOneof("item") == "update":
                ladder.name, ladder.book = item.update.instrument_id, item.update.consolidated_book
            elif item.WhichOneof("item") == "gap":
                ladder.gap = item.gap


async def _print_quotes(
    stream: AsyncIterator[market_data_pb2.MarketDataItem], names: Mapping[str, str]
) -> None:
    """Write a line per change, for a file or a pipe."""
    async for item in stream:
        if item.WhichOneof("item") == "update":
            update = item.update
            words = quote_words(names[update.instrument_id], update.quote)
            typer.echo(words + delay_words(update.delayed_s))
        elif item.WhichOneof("item") == "gap":
            typer.echo(gap_words(item.gap))
        elif words := right_words(item):
            errors.print(words, style="yellow")


def quotes_table(quotes: dict[str, market_data_pb2.Quote], delayed_s: dict[str, int]) -> Table:
    """Show quotes by listing."""
    shown = table("listing", "bid size", "bid", "ask", "ask size", "last", "volume", "vwap", "")
    for name, quote in sorted(quotes.items()):
        shown.add_row(
            name, quote.bid_size, quote.bid_price, quote.ask_price, quote.ask_size,
            quote.last_price, quote.volume, quote.vwap_price,
            ("stale" if quote.stale else "") + delay_words(delayed_s.get(name, 0))
            + (auction_words(quote.auction) if quote.HasField("auction") else ""),
            style="dim" if quote.stale else "",
        )  # fmt: skip
    return shown
