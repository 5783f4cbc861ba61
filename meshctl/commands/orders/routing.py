"""Routed orders: the options that make one, and the proof of how it was executed."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from rich.markup import escape

from kernel.decimals import plain
from meshctl.commands.common import console, emit, resolve, table, usage_error, when
from meshctl.commands.orders.pace import Pace, schedule_words
from meshctl.commands.words import filled_words, order_words, state_text
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh_client import MeshClient

_ISIN: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")


class RouteWord(StrEnum):
    """RoutingStrategy in words."""

    BEST = "best"
    POST = "post"
    SPLIT = "split"
    LIST = "list"
    TWAP = "twap"
    POV = "pov"


_PACED: Final = (RouteWord.TWAP, RouteWord.POV)


def routing_of(
    route: RouteWord | None, venues: str, not_venues: str, pace: Pace
) -> order_pb2.Routing | None:
    """Return how an order is routed; None if it names a listing."""
    if any(pace) and route not in _PACED:
        usage_error("--from, --to, --every, --rate and --slice-max need --route twap or pov")
    if route is None:
        if venues or not_venues:
            usage_error("--venues and --not-venues need --route")
        return None
    return order_pb2.Routing(
        strategy=f"ROUTING_STRATEGY_{route.name}",
        venues=_mics(venues),
        denied_venues=_mics(not_venues),
        schedule=pace.schedule(datetime.now(UTC), follows_volume=route is RouteWord.POV)
        if route in _PACED
        else None,
    )


def _mics(text: str) -> list[str]:
    return [mic.strip().upper() for mic in text.split(",") if mic.strip()]


async def name_instrument(
    mesh: MeshClient, request: order_service_pb2.PlaceRequest, symbol: str
) -> None:
    """Put into a request what it trades: a listing, or the instrument if it is routed."""
    if not request.HasField("routing"):
        request.instrument_id = (await resolve(mesh, symbol)).instrument_id
        return
    isin, _, currency = symbol.upper().partition("/")
    if not _ISIN.fullmatch(isin):
        listing = await resolve(mesh, symbol, any_listing=True)
        isin, currency = listing.isin, listing.currency
        if not isin:
            usage_error(f"{listing.instrument_id} has no ISIN and cannot be routed: omit --route")
    request.isin, request.currency = isin, currency


# --- the proof --------------------------------------------------------------------------------

# Places in the arrays of a record: the fields of Inputs, Decision and Candidate of
# svc_oms/domain/routing/decision.py, in their order.
_VIEW, _CANDIDATES = 1, 1
_VERDICTS: Final = (
    "", "chosen", "not needed", "denied", "not open", "prices stale", "session down", "taken out",
    "no fees", "nothing within the limit", "below its lot", "time in force not offered",
    "rejected before", "ended early",
)  # fmt: skip


async def show_routing(mesh: MeshClient, order_id: str, *, as_json: bool) -> None:
    """Print every decision about a routed order, and its children."""
    request = order_service_pb2.ShowRoutingRequest(order_id=order_id)
    while True:
        answer = await mesh.call(mesh.order_service.ShowRouting, request)
        if as_json:
            emit(answer)
        else:
            if not request.after_number:
                _print_parent(answer.order)
            _print_children(answer.children)
            for decision in answer.decisions:
                _print_decision(decision)
        if not answer.more:
            return
        request.after_number = answer.decisions[-1].number


def _print_parent(parent: order_pb2.Order) -> None:
    console.print(f"{parent.order_id}  {order_words(parent)}", soft_wrap=True)
    console.print(state_text(parent.progress.state), filled_words(parent))
    if parent.routing.HasField("schedule"):
        rest = Decimal(parent.terms.quantity) - Decimal(parent.progress.cum_quantity)
        words = schedule_words(parent.routing.schedule)
        console.print(f"{words}; {plain(rest)} is not executed", soft_wrap=True)


def _print_children(found: Iterable[order_pb2.Order]) -> None:
    children = table("decision", "child", "what", "filled", "state", whole=("child", "state"))
    for child in found:
        children.add_row(
            str(child.routing_decision),
            child.order_id,
            order_words(child),
            filled_words(child),
            state_text(child.progress.state),
        )
    console.print(children)


def _print_decision(decision: order_service_pb2.RoutingDecision) -> None:
    _, inputs, decided = json.loads(decision.record)
    console.print(
        f"decision {decision.number} at {when(decision.decided_at)}: {escape(decided[3])}",
        soft_wrap=True,
    )
    if decision.finding:
        console.print(f"[red]{escape(decision.finding)}[/red]", soft_wrap=True)
    found = table("venue", "verdict", "takes", "price", "net price", "displayed", "age", "book")
    books = {venue[0]: venue for venue in inputs[_VIEW][2]}
    for mic, verdict, displayed, quantity, price, net, age_ns, _ in decided[_CANDIDATES]:
        found.add_row(
            mic,
            _VERDICTS[verdict],
            quantity if quantity != "0" else "",
            price or "",
            net or "",
            displayed,
            f"{age_ns / 1e9:.1f} s",
            _book(books.get(mic)),
        )
    console.print(found)


def _book(venue: Any) -> str:
    """Describe the best levels of a venue: "100@650 | 200@650.05 300@650.1"."""
    if venue is None:
        return ""
    bids, offers = ([f"{size}@{price}" for price, size in side[:3]] for side in venue[3:5])
    return f"{' '.join(bids)} | {' '.join(offers)}"
