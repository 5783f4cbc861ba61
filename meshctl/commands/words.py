"""Orders, events and notices as text for people."""

from datetime import UTC
from typing import Final

from rich.text import Text

from ordermesh.marketdata.v1 import calendar_pb2, instrument_pb2, market_data_pb2
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
    "HELD": "magenta",
    "AWAITING_TRIGGER": "magenta",
    "SUSPENDED": "magenta",
}


def state_text(state: int) -> Text:
    """Return the name of a state, coloured."""
    name = order_pb2.OrderState.Name(state).removeprefix("ORDER_STATE_")
    return Text(name, STATE_STYLES.get(name, "blue"))


def order_words(one: order_pb2.Order) -> str:
    """Describe an order: "BUY 100 ASML.SIMA 640.5 DAY", "SELL 5 SAP.SIMA stop 200 GTC"."""
    side = order_pb2.Side.Name(one.side).removeprefix("SIDE_")
    tif = order_pb2.TimeInForce.Name(one.terms.time_in_force).removeprefix("TIME_IN_FORCE_")
    if one.terms.HasField("expire_time"):
        tif += one.terms.expire_time.ToDatetime().strftime(" until %Y-%m-%d %H:%MZ")
    link = order_pb2.OrderLinkKind.Name(one.link.kind).removeprefix("ORDER_LINK_KIND_")
    linked = f" ({link}{' exit' if one.link.parent_order_id else ''})" if one.link.kind else ""
    quantity = one.terms.quantity
    if one.terms.quantity_is_estimate:
        quantity = f"for {one.terms.cash_quantity} {one.currency} (about {quantity})"
    if one.link.kind == order_pb2.ORDER_LINK_KIND_ROUTED:
        return f"{side} {quantity} {traded(one)} {price_words(one)} {tif}{routed_words(one)}"
    return f"{side} {quantity} {listing_words(one)} {price_words(one)} {tif}{linked}"


def listing_words(one: order_pb2.Order | instrument_pb2.Instrument) -> str:
    """Name a listing as its venue writes the symbol: "BRK.B.SIMA" for BRK_2EB.SIMA."""
    return f"{one.venue_symbol}.{one.venue_mic}" if one.venue_symbol else one.instrument_id


def traded(one: order_pb2.Order) -> str:
    """Name what an order trades: its listing, or the instrument of a routed order."""
    return listing_words(one) if one.instrument_id else f"{one.isin}/{one.currency}"


def routed_words(one: order_pb2.Order) -> str:
    """Describe a routed order, " routed BEST", " routed TWAP until ...", or a child of one."""
    if one.link.parent_order_id:
        return f" child of {one.link.parent_order_id}"
    strategy = order_pb2.RoutingStrategy.Name(one.routing.strategy)
    until = ""
    if one.routing.HasField("schedule"):
        until = one.routing.schedule.end_time.ToDatetime().strftime(" until %Y-%m-%d %H:%M:%SZ")
    return f" routed {strategy.removeprefix('ROUTING_STRATEGY_')}{until}"


def price_words(one: order_pb2.Order) -> str:
    """Describe the price: "640.5", "market", "stop 620 limit 619", "trail 5", "peg MIDPOINT"."""
    terms = one.terms
    words = []
    if terms.trailing_offset:
        words.append(f"trail {terms.trailing_offset}")
    # If the OMS watches a stop, the stop moves.
    if stop := one.trigger.stop_price or terms.stop_price:
        words.append(f"stop {stop}")
    if terms.HasField("peg"):
        reference = order_pb2.PegReference.Name(terms.peg.reference)
        offset = f" {terms.peg.offset}" if terms.peg.offset not in {"", "0"} else ""
        words.append(f"peg {reference.removeprefix('PEG_REFERENCE_')}{offset}")
    if terms.limit_price:
        words.append(f"limit {terms.limit_price}" if words else terms.limit_price)
    if terms.display_quantity:
        words.append(f"showing {terms.display_quantity}")
    if one.type == order_pb2.ORDER_TYPE_MARKET_TO_LIMIT:
        words.append("market to limit")
    return " ".join(words) or "market"


_WAITS: Final[dict[int, str]] = {
    order_pb2.WAITS_FOR_PRICE: "waits for its price",
    order_pb2.WAITS_FOR_PARENT: "waits for the end of its parent",
    order_pb2.WAITS_FOR_APPROVAL: "waits for a second person: `ordermesh approve`",
    order_pb2.WAITS_FOR_VENUE: "waits for the venue's session",
}


def waits_words(waits_for: int) -> str:
    """Describe what an order waits for that is here and not at the venue."""
    return _WAITS.get(waits_for, "")


def filled_words(one: order_pb2.Order) -> str:
    """Describe the executed quantity: "40 @ 640.1", empty if there is none."""
    done = one.progress
    return (
        f"{done.cum_quantity} @ {done.average_price}" if done.cum_quantity not in {"", "0"} else ""
    )


def rejection_words(rejection: error_pb2.Rejection) -> str:
    """Give the reason: our sentence, followed by the venue's text if it says more."""
    ours, theirs = rejection.text, rejection.venue_text
    if not theirs or theirs in ours:
        return ours or error_pb2.ErrorReason.Name(rejection.reason).removeprefix("ERROR_REASON_")
    return f"{ours} (venue: {theirs})" if ours else theirs


def event_words(event: event_pb2.OrderEvent) -> str:
    """Describe an event in a few words, and its anomaly."""
    words = _kind_words(event)
    return f"{words} (anomaly: {event.anomaly})" if event.anomaly else words


def anomaly_words(count: int) -> str:
    """Describe the number of anomalies of an order."""
    return f"{count} anomalies: reports of the venue that do not fit the order" if count else ""


def _kind_words(event: event_pb2.OrderEvent) -> str:
    kind = str(event.WhichOneof("kind"))
    words = kind.replace("_", " ")
    if kind == "executed":
        fill = event.executed.execution
        return f"executed {fill.quantity} @ {fill.price}  (filled {event.progress.cum_quantity})"
    if kind in {"rejected", "cancel_refused", "replace_refused"}:
        return f"{words}: {rejection_words(getattr(event, kind).rejection)}"
    if kind == "trigger_moved":
        return f"stop moved to {event.trigger_moved.trigger.stop_price}"
    if kind in {"approved", "released"}:
        waits = waits_words(getattr(event, kind).waits_for)
        words = f"{words}, {waits}" if waits else words
        odd = event.released.odd_lot_remainder
        return f"{words}; odd lot of {odd} left over" if odd else words
    if kind in _WITH_TEXT and (why := getattr(event, kind).text):
        return f"{words}: {why}"
    return words


_WITH_TEXT: Final = frozenset(
    {
        "canceled",
        "expired",
        "suspended",
        "in_doubt",
        "resolved",
        "status_requested",
        "routing_decided",
    }
)


_GAPS: Final = {
    stream_pb2.GAP_KIND_LINK_DOWN: "down",
    stream_pb2.GAP_KIND_LINK_UP: "up",
    stream_pb2.GAP_KIND_STALE: "stale",
    stream_pb2.GAP_KIND_LOST: "events lost",
}


def gap_words(gap: stream_pb2.Gap) -> str:
    """Describe a gap of a venue or of the connection: "SIMA is down: logged out"."""
    about = f"{gap.channel or 'connection'} is {_GAPS.get(gap.kind, 'in doubt')}"
    return f"{about}: {gap.text}" if gap.text else about


def no_prices_words(listing: instrument_pb2.Instrument) -> str:
    """Return why a listing has no prices; empty if nothing is known against them."""
    if listing.no_prices == instrument_pb2.NO_PRICES_UNSPECIFIED:
        return ""
    words = {
        instrument_pb2.NO_PRICES_REFUSED: "the venue refuses them",
        instrument_pb2.NO_PRICES_NO_SESSION: "no market-data session with the venue",
        instrument_pb2.NO_PRICES_DELISTED: "the venue does not list it any more",
    }
    said = words.get(listing.no_prices, "a reason that this program does not know")
    return f"{said}: {listing.no_prices_text}" if listing.no_prices_text else said


def trading_words(status: int) -> str:
    """Return the trading status of a listing: "OPEN", "HALTED", "NOT KNOWN"."""
    name = instrument_pb2.TradingStatus.Name(status)
    return name.removeprefix("TRADING_STATUS_").replace("_", " ")


def phase_name(phase: int) -> str:
    """Return the name of a TradingPhase: "opening auction"."""
    name = calendar_pb2.TradingPhase.Name(phase)
    return name.removeprefix("TRADING_PHASE_").replace("_", " ").lower().replace("pre ", "pre-")


def phase_words(scheduled: calendar_pb2.ScheduledPhase) -> str:
    """Describe a phase by the calendar: "scheduled: continuous until 16:30Z"."""
    ends = scheduled.ends_at.ToDatetime(UTC)
    return f"scheduled: {phase_name(scheduled.phase)} until {ends:%Y-%m-%d %H:%M}Z"


def left_out_words(one: instrument_pb2.LeftOutListing) -> str:
    """Describe a listing that the mesh leaves out."""
    return f"{one.symbol!r} of {one.venue_mic} is left out, it cannot be traded: {one.text}"


def sides_words(quote: market_data_pb2.Quote) -> str:
    """Describe the best prices: sizes outside, prices inside, as in an order book."""
    return (
        f"{quote.bid_size or '-'} x {quote.bid_price or '-'} / "
        f"{quote.ask_price or '-'} x {quote.ask_size or '-'}"
    )


def quote_words(name: str, quote: market_data_pb2.Quote) -> str:
    """Describe a quote in a line."""
    stale = "  stale" if quote.stale else ""
    last = f"{quote.last_price or '-'}{' (off-market)' if quote.last_off_market else ''}"
    day = f"volume {quote.volume or '-'}  vwap {quote.vwap_price or '-'}"
    auction = f"  {auction_words(quote.auction)}" if quote.HasField("auction") else ""
    return f"{name}  {sides_words(quote)}  last {last}  {day}{auction}{stale}"


def auction_words(said: market_data_pb2.AuctionIndication) -> str:
    """Describe what a venue says of an auction: "auction 400 at 10.5, 50 more to buy"."""
    price = f"{said.size or '?'} at {said.price}" if said.price else "no price"
    sides = {
        market_data_pb2.IMBALANCE_SIDE_BUY: " to buy",
        market_data_pb2.IMBALANCE_SIDE_SELL: " to sell",
    }
    more = f", {said.imbalance_size} more{sides.get(said.imbalance_side, '')}"
    faulty = " (a value of the venue cannot be used)" if said.faulty else ""
    return f"auction {price}{more if said.imbalance_size else ''}{faulty}"
