"""Orders, events and notices in the words people read."""

from typing import Final

from rich.text import Text

from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.oms.v1 import event_pb2, order_pb2
from ordermesh.type.v1 import error_pb2, stream_pb2

STATE_STYLES: Final = {
    "NEW": "cyan",
    "PARTIALLY_FILLED": "yellow",
    "FILLED": "green",
    "CANCELED": "bright_black",
    "EXPIRED": "bright_black",
    "REJECTED": "red",
    "UNKNOWN": "bold magenta",
}


def state_text(state: int) -> Text:
    """Name a state, coloured."""
    name = order_pb2.OrderState.Name(state).removeprefix("ORDER_STATE_")
    return Text(name, STATE_STYLES.get(name, "blue"))


def order_words(one: order_pb2.Order) -> str:
    """Say what was ordered: "BUY 100 ASML.SIMA 640.5 DAY"."""
    side = order_pb2.Side.Name(one.side).removeprefix("SIDE_")
    tif = order_pb2.TimeInForce.Name(one.terms.time_in_force).removeprefix("TIME_IN_FORCE_")
    price = one.terms.limit_price or "market"
    return f"{side} {one.terms.quantity} {one.instrument_id} {price} {tif}"


def filled_words(one: order_pb2.Order) -> str:
    """Say what was executed: "40 @ 640.1", empty when nothing was."""
    done = one.progress
    return (
        f"{done.cum_quantity} @ {done.average_price}" if done.cum_quantity not in {"", "0"} else ""
    )


def rejection_words(rejection: error_pb2.Rejection) -> str:
    """Say why: our sentence, the venue's text behind it when it says more."""
    ours, theirs = rejection.text, rejection.venue_text
    if not theirs or theirs in ours:
        return ours or error_pb2.ErrorReason.Name(rejection.reason).removeprefix("ERROR_REASON_")
    return f"{ours} (venue: {theirs})" if ours else theirs


def event_words(event: event_pb2.OrderEvent) -> str:
    """Say what happened in a few words."""
    kind = str(event.WhichOneof("kind"))
    words = kind.replace("_", " ")
    if kind == "executed":
        fill = event.executed.execution
        return f"executed {fill.quantity} @ {fill.price}  (filled {event.progress.cum_quantity})"
    if kind in {"rejected", "cancel_refused", "replace_refused"}:
        return f"{words}: {rejection_words(getattr(event, kind).rejection)}"
    if kind in {"canceled", "expired", "suspended"} and (why := getattr(event, kind).text):
        return f"{words}: {why}"
    return words


_GAPS: Final = {
    stream_pb2.GAP_KIND_LINK_DOWN: "down",
    stream_pb2.GAP_KIND_LINK_UP: "up",
    stream_pb2.GAP_KIND_STALE: "stale",
    stream_pb2.GAP_KIND_LOST: "events lost",
}


def gap_words(gap: stream_pb2.Gap) -> str:
    """Say what is the matter with a venue or with the connection: "SIMA is down: logged out"."""
    about = f"{gap.channel or 'connection'} is {_GAPS.get(gap.kind, 'in doubt')}"
    return f"{about}: {gap.text}" if gap.text else about


def quote_words(name: str, quote: market_data_pb2.Quote) -> str:
    """Say a quote in a line: sizes outside, prices inside, as a book is read."""
    sides = (
        f"{quote.bid_size or '-'} x {quote.bid_price or '-'} / "
        f"{quote.ask_price or '-'} x {quote.ask_size or '-'}"
    )
    stale = "  stale" if quote.stale else ""
    return f"{name}  {sides}  last {quote.last_price or '-'}  volume {quote.volume or '-'}{stale}"
