"""What a person sees before an order is sent: that its limit is far from the market."""

import sys
from decimal import Decimal
from typing import Final

import typer

from kernel.decimals import is_canonical, plain
from meshctl.commands.common import EXIT_USAGE, errors
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh_client import MeshClient, MeshRefusedError, MeshUnreachableError

FAR_PERCENT_MAX: Final = Decimal(5)
"""A limit that is worse for the person than the market by more than this is warned about."""
_LIMITED: Final = frozenset({order_pb2.ORDER_TYPE_LIMIT, order_pb2.ORDER_TYPE_ICEBERG})


async def warned(mesh: MeshClient, request: order_service_pb2.PlaceRequest, *, yes: bool) -> bool:
    """Warn of a limit far from the market; return whether the limit reaches the other side."""
    quote = await quote_of(mesh, request)
    confirm(far_words(request, quote), yes=yes)
    return reaches(request, quote)


async def warned_of_change(
    mesh: MeshClient, order: order_pb2.Order, terms: order_pb2.OrderTerms, *, yes: bool
) -> None:
    """Warn of a limit that an order gets, if it is far from the market."""
    changed = order_service_pb2.PlaceRequest(
        instrument_id=order.instrument_id, side=order.side, type=order.type, terms=terms
    )
    await warned(mesh, changed, yes=yes)


async def quote_of(
    mesh: MeshClient, request: order_service_pb2.PlaceRequest
) -> market_data_pb2.Quote | None:
    """Return the quote of the listing of a limit order; None: there is none that is current."""
    if request.type not in _LIMITED or not request.instrument_id:
        return None
    try:
        quotes = await mesh.quotes([request.instrument_id])
    except (MeshRefusedError, MeshUnreachableError):
        # Without a price there is no warning; the order is checked by the mesh all the same.
        return None
    quote = quotes.get(request.instrument_id)
    return None if quote is None or quote.stale else quote


def reaches(request: order_service_pb2.PlaceRequest, quote: market_data_pb2.Quote | None) -> bool:
    """Return whether the limit reaches the other side: the order can trade at once."""
    price = _other_side(request, quote)
    return price is not None and _worse(request, price) >= 0


def far_words(request: order_service_pb2.PlaceRequest, quote: market_data_pb2.Quote | None) -> str:
    """Say that the limit is far from the market; empty if it is not."""
    price = _other_side(request, quote)
    if price is None:
        return ""
    percent = _worse(request, price) / price * 100
    if percent <= FAR_PERCENT_MAX:
        return ""
    way = "above" if request.side == order_pb2.SIDE_BUY else "below"
    shown, limit = plain(Decimal(f"{percent:.1f}")), request.terms.limit_price
    return f"the limit {limit} is {shown} % {way} the market ({plain(price)})"


def confirm(words: str, *, yes: bool) -> None:
    """Warn; at a terminal, exit with the usage code unless the person agrees."""
    if not words:
        return
    errors.print(f"[yellow]warning[/] {words}", highlight=False, soft_wrap=True)
    if not yes and sys.stdin.isatty() and not typer.confirm("Send it all the same?", err=True):
        raise typer.Exit(EXIT_USAGE)


def _other_side(
    request: order_service_pb2.PlaceRequest, quote: market_data_pb2.Quote | None
) -> Decimal | None:
    # What is no number is refused by the mesh, which says why.
    if quote is None or not is_canonical(request.terms.limit_price):
        return None
    price = quote.ask_price if request.side == order_pb2.SIDE_BUY else quote.bid_price
    return Decimal(price) if price and Decimal(price) > 0 else None


def _worse(request: order_service_pb2.PlaceRequest, price: Decimal) -> Decimal:
    """By how much the limit is worse than the market; above zero it trades at once."""
    limit = Decimal(request.terms.limit_price)
    return limit - price if request.side == order_pb2.SIDE_BUY else price - limit
