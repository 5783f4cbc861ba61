"""What the venue refuses, and the reason it gives."""

from sim_exchange.domain.order import OrderKind, RejectCause
from sim_exchange.domain.prices import format_price
from sim_exchange.service.market import Market
from sim_exchange.service.orders import ClientOrder, CxlRejReason, OrdRejReason, Terms

Problem = tuple[int, str]
"""A reason code and the Text(58)."""


def problem_of_new(market: Market | None, terms: Terms, *, is_open: bool) -> Problem | None:
    """Say why an order cannot be taken: an OrdRejReason(103), or None."""
    if market is None:
        return OrdRejReason.UNKNOWN_SYMBOL, f"symbol '{terms.symbol}' is not listed"
    if not is_open:
        return OrdRejReason.EXCHANGE_CLOSED, "the trading session is closed"
    return _problem_of_terms(market, terms)


def problem_of_replace(market: Market, order: ClientOrder, terms: Terms) -> Problem | None:
    """Say why an open order cannot change: a CxlRejReason(102), or None."""
    standing = order.terms
    fixed = (standing.symbol, standing.side, standing.kind)
    if (terms.symbol, terms.side, terms.kind) != fixed:
        return CxlRejReason.OTHER, "Symbol(55), Side(54) and OrdType(40) cannot change"
    if not terms.tif.rests:
        return CxlRejReason.OTHER, "TimeInForce(59) can change to DAY or GTC only"
    if terms.quantity < order.cum:
        text = f"quantity {terms.quantity} is below the executed {order.cum}"
        return CxlRejReason.OTHER, text
    if market.book.halted:
        return CxlRejReason.EXCHANGE_OPTION, RejectCause.HALTED.value
    problem = _problem_of_terms(market, terms)
    return None if problem is None else (CxlRejReason.EXCHANGE_OPTION, problem[1])


def _problem_of_terms(market: Market, terms: Terms) -> Problem | None:
    instrument = market.instrument
    if terms.quantity % instrument.lot:
        text = f"quantity {terms.quantity} is not a multiple of the lot {instrument.lot}"
        return OrdRejReason.INCORRECT_QUANTITY, text
    if terms.quantity > instrument.max_quantity:
        text = f"quantity {terms.quantity} is over the maximum {instrument.max_quantity}"
        return OrdRejReason.EXCEEDS_LIMIT, text
    if terms.kind is OrderKind.LIMIT and not instrument.ticks.is_on_tick(terms.price):
        tick = format_price(instrument.ticks.tick_at(terms.price))
        text = f"price {format_price(terms.price)} is not a multiple of the tick {tick}"
        return OrdRejReason.OTHER, text
    return None
