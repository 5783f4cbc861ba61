"""`ordermesh demo`: a scripted trading session as a live table."""

import asyncio
import contextlib
import json
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Final

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from meshctl.blotter import CLOSED, Blotter
from meshctl.commands.common import (
    EXIT_OK,
    EXIT_ORDER_NOT_DONE,
    JsonOption,
    chosen_login,
    console,
    current_home,
    emit,
    errors,
    table,
    usage_error,
    with_mesh,
)
from meshctl.commands.words import filled_words, order_words, state_text
from ordermesh.marketdata.v1 import instrument_pb2, market_data_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.type.v1 import stream_pb2
from ordermesh_client import MeshClient, MeshRefusedError, MeshUnreachableError

SYMBOLS: Final = 4
ROWS: Final = 16
OPEN_ORDERS_MAX: Final = 8
RETRY_FOR_S: Final = 60.0
SETTLE_TIMEOUT_S: Final = 60.0
ASK_AGAIN_AFTER_S: Final = 2.0
QUOTE_TIMEOUT_S: Final = 30.0


@dataclass
class Scene:
    """What the session has received and done."""

    mesh: MeshClient
    account: str
    listings: list[instrument_pb2.Instrument]
    chance: random.Random
    blotter: Blotter = field(default_factory=Blotter)
    quotes: dict[str, market_data_pb2.Quote] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)
    routed: set[str] = field(default_factory=set)
    """Those of `placed` that name an instrument."""
    routable: set[str] = field(default_factory=set)
    """Listings whose instrument another venue lists in the same currency, too."""
    refused: list[str] = field(default_factory=list)
    story: str = "reading prices"
    link: str = "connecting"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(demo)


@with_mesh
async def demo(
    mesh: MeshClient,
    seconds: Annotated[float, typer.Option(min=1, help="How long to trade.")] = 30.0,
    rate: Annotated[float, typer.Option(min=0.1, max=50, help="Commands per second.")] = 3.0,
    user: Annotated[
        str, typer.Option(help="Demo user who trades; without it that of --as, else alice.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Same seed, same script.")] = 1,
    as_json: JsonOption = False,
) -> int:
    """Trade at the simulated venues for a while and show the orders' life cycles.

    When a process of the mesh dies, commands are repeated with the same key.
    """
    scene = await _prepare(mesh, user or chosen_login() or "alice", seed)
    readers = [asyncio.create_task(_read_orders(scene)), asyncio.create_task(_read_quotes(scene))]
    painter = None if as_json else asyncio.create_task(_paint(scene))
    try:
        await _trade(scene, seconds, rate)
        await _settle(scene)
    finally:
        for task in filter(None, (*readers, painter)):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return _summary(scene, as_json=as_json)


async def _prepare(mesh: MeshClient, user: str, seed: int) -> Scene:
    users_file = current_home().users_file
    if not users_file.exists():
        raise MeshUnreachableError("no mesh was started here: `ordermesh up`")
    known = json.loads(users_file.read_text("utf-8"))
    if user not in known:
        usage_error(f"--user is {user!r}; it should be one of {', '.join(sorted(known))}")
    session = await mesh.login(user, known[user]["password"])
    if not session.accounts:
        usage_error(f"--user is {user!r}, who has no account to trade in")
    listings = [one for one in await mesh.instruments() if can_be_shown(one)]
    if not listings:
        raise MeshRefusedError(
            "FAILED_PRECONDITION", "NO_LISTINGS", "no simulated listings here", {}
        )
    chance = random.Random(seed)  # noqa: S311  a script, not a secret
    chosen = chance.sample(listings, min(SYMBOLS, len(listings)))
    scene = Scene(mesh, session.accounts[0], chosen, chance)
    venues: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in listings:
        venues[one.isin, one.currency].add(one.venue_mic)
    scene.routable = {
        one.instrument_id for one in chosen if one.isin and len(venues[one.isin, one.currency]) > 1
    }
    return scene


def can_be_shown(listing: instrument_pb2.Instrument) -> bool:
    """Return whether a listing is one of a simulation, is open, and has prices."""
    opened = listing.trading_status == instrument_pb2.TRADING_STATUS_OPEN
    return listing.simulated and opened and not listing.no_prices


async def _read_orders(scene: Scene) -> None:
    async for item in scene.mesh.watch_orders([scene.account]):
        scene.blotter.apply(item)
        if item.WhichOneof("item") != "gap":
            scene.link = "live"
        elif item.gap.channel:
            scene.story = f"{item.gap.channel}: {item.gap.text}"
        elif item.gap.kind == stream_pb2.GAP_KIND_LINK_DOWN:
            scene.link = f"connecting again ({item.gap.text})"


async def _read_quotes(scene: Scene) -> None:
    async for item in scene.mesh.watch_quotes([one.instrument_id for one in scene.listings]):
        if item.WhichOneof("item") == "update":
            scene.quotes[item.update.instrument_id] = item.update.quote


async def _trade(scene: Scene, seconds: float, rate: float) -> None:
    ends = time.monotonic() + seconds
    acts: tuple[Callable[[Scene], Awaitable[None]], ...] = (
        _join,
        _join,
        _cross,
        _immediate,
        _route,
        _amend,
        _withdraw,
    )
    while time.monotonic() < ends:
        act = scene.chance.choice(acts)
        try:
            await act(scene)
        except MeshRefusedError as error:
            scene.refused.append(error.reason)
            scene.story = f"refused: {error.text}"
        await asyncio.sleep(1 / rate)


async def _join(scene: Scene) -> None:
    """Rest at the best price of the own side."""
    if len(_own_open(scene)) >= OPEN_ORDERS_MAX:
        await _withdraw(scene)
        return
    listing, quote, side = await _pick(scene)
    price = quote.bid_price if side == order_pb2.SIDE_BUY else quote.ask_price
    scene.story = f"rest at {price} in {listing.instrument_id}"
    await _place(scene, listing, side, price, order_pb2.TIME_IN_FORCE_DAY)


async def _cross(scene: Scene) -> None:
    """Trade against the other side of the market."""
    listing, quote, side = await _pick(scene)
    price = quote.ask_price if side == order_pb2.SIDE_BUY else quote.bid_price
    scene.story = f"take {price} in {listing.instrument_id}"
    await _place(scene, listing, side, price, order_pb2.TIME_IN_FORCE_DAY)


async def _immediate(scene: Scene) -> None:
    """Fill at once or not at all (FOK), or as much as possible (IOC, market)."""
    listing, quote, side = await _pick(scene)
    tif = scene.chance.choice((order_pb2.TIME_IN_FORCE_IOC, order_pb2.TIME_IN_FORCE_FOK))
    price = quote.ask_price if side == order_pb2.SIDE_BUY else quote.bid_price
    word = order_pb2.TimeInForce.Name(tif).removeprefix("TIME_IN_FORCE_")
    scene.story = f"{word} at {price} in {listing.instrument_id}"
    await _place(scene, listing, side, price, tif)


async def _route(scene: Scene) -> None:
    """Take at all venues of an instrument at once what is best after their fees."""
    routed = [one for one in scene.listings if one.instrument_id in scene.routable]
    if not routed:
        await _immediate(scene)
        return
    listing, quote, side = await _pick(scene, routed)
    price = quote.ask_price if side == order_pb2.SIDE_BUY else quote.bid_price
    scene.story = f"BEST at {price} or better: {listing.isin} at every venue that lists it"
    request = _request(scene, listing, side, price, order_pb2.TIME_IN_FORCE_IOC)
    request.ClearField("instrument_id")
    request.isin, request.currency = listing.isin, listing.currency
    request.routing.strategy = order_pb2.ROUTING_STRATEGY_BEST
    answer = await scene.mesh.place(request, retry_for_s=RETRY_FOR_S)
    scene.placed.add(answer.order.order_id)
    scene.routed.add(answer.order.order_id)


async def _amend(scene: Scene) -> None:
    """Move a resting order's quantity up."""
    working = [
        one
        for one in _own_open(scene)
        if one.progress.state in {order_pb2.ORDER_STATE_NEW, order_pb2.ORDER_STATE_PARTIALLY_FILLED}
    ]
    if not working:
        await _join(scene)
        return
    target = scene.chance.choice(working)
    terms = order_pb2.OrderTerms()
    terms.CopyFrom(target.terms)
    terms.quantity = str(int(Decimal(terms.quantity)) + 10)
    scene.story = f"replace {target.order_id}: quantity {terms.quantity}"
    request = order_service_pb2.ReplaceRequest(order_id=target.order_id, terms=terms)
    await scene.mesh.replace(request, retry_for_s=RETRY_FOR_S)


async def _withdraw(scene: Scene) -> None:
    """Cancel the oldest order."""
    working = _own_open(scene)
    if not working:
        await _join(scene)
        return
    scene.story = f"cancel {working[0].order_id}"
    await scene.mesh.cancel(working[0].order_id, retry_for_s=RETRY_FOR_S)


def _own_open(scene: Scene) -> list[order_pb2.Order]:
    return [one for one in scene.blotter.open_orders() if one.order_id in scene.placed]


async def _pick(
    scene: Scene, among: Sequence[instrument_pb2.Instrument] = ()
) -> tuple[instrument_pb2.Instrument, market_data_pb2.Quote, order_pb2.Side]:
    """Choose a listing with a two-sided quote; waits for one to come."""
    deadline = time.monotonic() + QUOTE_TIMEOUT_S
    while time.monotonic() < deadline:
        listing = scene.chance.choice(among or scene.listings)
        quote = scene.quotes.get(listing.instrument_id)
        if quote is not None and quote.bid_price and quote.ask_price:
            side = scene.chance.choice((order_pb2.SIDE_BUY, order_pb2.SIDE_SELL))
            return listing, quote, side
        await asyncio.sleep(0.05)
    raise MeshRefusedError(
        "UNAVAILABLE", "NO_QUOTES", f"no prices within {QUOTE_TIMEOUT_S:.0f} s", {}
    )


async def _place(
    scene: Scene,
    listing: instrument_pb2.Instrument,
    side: order_pb2.Side,
    price: str,
    tif: order_pb2.TimeInForce,
) -> None:
    request = _request(scene, listing, side, price, tif)
    answer = await scene.mesh.place(request, retry_for_s=RETRY_FOR_S)
    scene.placed.add(answer.order.order_id)


def _request(
    scene: Scene,
    listing: instrument_pb2.Instrument,
    side: order_pb2.Side,
    price: str,
    tif: order_pb2.TimeInForce,
) -> order_service_pb2.PlaceRequest:
    quantity = int(Decimal(listing.lot_size or "1")) * scene.chance.choice((10, 50, 100, 400))
    return order_service_pb2.PlaceRequest(
        idempotency_key=str(uuid.uuid4()),
        account_id=scene.account,
        instrument_id=listing.instrument_id,
        side=side,
        type=order_pb2.ORDER_TYPE_LIMIT,
        terms=order_pb2.OrderTerms(quantity=str(quantity), limit_price=price, time_in_force=tif),
        client_note="demo",
    )


async def _settle(scene: Scene) -> None:
    """Cancel the open orders and wait until no order of this session is open or unanswered."""
    scene.story = "done: cancelling the open orders"
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    asked_at: dict[str, float] = {}
    while time.monotonic() < deadline:
        known = scene.placed & scene.blotter.orders.keys()
        working = _own_open(scene)
        if known == scene.placed and not working:
            return
        for one in working:
            pending = one.progress.state not in {
                order_pb2.ORDER_STATE_NEW,
                order_pb2.ORDER_STATE_PARTIALLY_FILLED,
            }
            # A venue may refuse a cancel and leave the order working: ask again.
            recently = time.monotonic() - asked_at.get(one.order_id, 0.0) < ASK_AGAIN_AFTER_S
            if recently or pending:
                continue
            asked_at[one.order_id] = time.monotonic()
            with contextlib.suppress(MeshRefusedError):  # closed meanwhile
                await scene.mesh.cancel(one.order_id, retry_for_s=RETRY_FOR_S)
        await asyncio.sleep(0.1)


async def _paint(scene: Scene) -> None:
    with Live(_screen(scene), console=console, refresh_per_second=8) as live:
        while True:
            live.update(_screen(scene))
            await asyncio.sleep(0.125)


def _screen(scene: Scene) -> Group:
    prices = table("listing", "bid", "ask", "last", title="live prices (simulated)")
    for listing in scene.listings:
        quote = scene.quotes.get(listing.instrument_id, market_data_pb2.Quote())
        prices.add_row(listing.instrument_id, quote.bid_price, quote.ask_price, quote.last_price)
    shown = table("order", "what", "filled", "life", title=f"orders of {scene.account}")
    own = [one for one in scene.blotter.orders.values() if one.order_id in scene.placed]
    for one in own[-ROWS:][::-1]:
        life = Text(" > ").join(
            state_text(state) for state in scene.blotter.trails.get(one.order_id, [])[-5:]
        )
        shown.add_row(one.order_id[-8:], order_words(one), filled_words(one), life)
    return Group(prices, shown, Text(f"stream {scene.link} · {scene.story}", "dim"))


def _summary(scene: Scene, *, as_json: bool) -> int:
    own = [one for name, one in scene.blotter.orders.items() if name in scene.placed]
    states: dict[str, int] = {}
    for one in own:
        name = order_pb2.OrderState.Name(one.progress.state).removeprefix("ORDER_STATE_")
        states[name] = states.get(name, 0) + 1
    unfinished = [one for one in own if one.progress.state not in CLOSED]
    missing = scene.placed - scene.blotter.orders.keys()
    well = bool(own) and not unfinished and not missing and not scene.blotter.holes
    facts = {
        "orders": len(scene.placed),
        "routed": len(scene.routed),
        "states": states,
        "refused": scene.refused,
        "unfinished": [one.order_id for one in unfinished],
        "missing": sorted(missing),
        "holes": scene.blotter.holes,
    }
    if as_json:
        emit(facts)
    else:
        if not console.is_terminal:
            console.print()  # the live table ends without a newline in a file
        counts = ", ".join(f"{count} {name}" for name, count in sorted(states.items()))
        console.print(
            f"{len(scene.placed)} orders, {len(scene.routed)} of them routed: {counts}; "
            f"{len(scene.refused)} commands refused"
        )
        for hole in scene.blotter.holes:
            errors.print(f"[red]gap in the stream[/] {hole}")
        if unfinished or missing:
            errors.print(f"[red]{len(unfinished)} orders unfinished, {len(missing)} never seen[/]")
    return EXIT_OK if well else EXIT_ORDER_NOT_DONE
