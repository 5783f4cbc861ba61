"""Reasons to refuse an order: unlisted, closed, off the lot or the tick, over the size."""

from collections.abc import Iterator
from typing import Final

from sim_exchange.domain.order import STOPS, OrderKind, RejectCause, TimeInForce
from sim_exchange.domain.prices import format_price
from sim_exchange.instruments import Instrument
from sim_exchange.service.market import Market
from sim_exchange.service.orders import ClientOrder, CxlRejReason, OrdRejReason, Terms

Problem = tuple[int, str]
"""A reason code and the Text(58)."""

_K, _F = OrderKind, TimeInForce
_BASIC_KINDS: Final = frozenset({_K.MARKET, _K.LIMIT})
_BASIC_TIMES: Final = frozenset({_F.DAY, _F.GTC, _F.IOC, _F.FOK})


def problem_of_new(
    market: Market | None, terms: Terms, now_ns: int, *, is_open: bool, basic: bool = False
) -> Problem | None:
    """Return why an order cannot be taken: an OrdRejReason(103), or None."""
    if market is None:
        return OrdRejReason.UNKNOWN_SYMBOL, f"symbol '{terms.symbol}' is not listed"
    if not is_open and terms.tif is not TimeInForce.AT_OPEN:
        return OrdRejReason.EXCHANGE_CLOSED, "the trading session is closed"
    if basic and not _is_basic(terms):
        text = "this venue takes market and limit orders, DAY, GTC, IOC and FOK"
        return OrdRejReason.UNSUPPORTED_CHARACTERISTIC, text
    return _problem_of_terms(market.instrument, terms, now_ns)


def _is_basic(terms: Terms) -> bool:
    plain = terms.kind in _BASIC_KINDS and not terms.special.display
    return plain and terms.tif in _BASIC_TIMES


def problem_of_replace(
    market: Market, order: ClientOrder, terms: Terms, now_ns: int
) -> Problem | None:
    """Return why an open order cannot change: a CxlRejReason(102), or None."""
    standing = order.terms
    if _what_stays(terms) != _what_stays(standing):
        return CxlRejReason.OTHER, "Symbol(55), Side(54) and OrdType(40) cannot change"
    if terms.tif is not standing.tif and not (standing.tif.rests and terms.tif.rests):
        return CxlRejReason.OTHER, "TimeInForce(59) can change to DAY, GTC or GTD only"
    if terms.kind is OrderKind.MARKET_TO_LIMIT and not terms.price:
        return CxlRejReason.OTHER, "Price(44) is missing: the order has become a limit order"
    if terms.quantity < order.cum:
        text = f"quantity {terms.quantity} is below the executed {order.cum}"
        return CxlRejReason.OTHER, text
    if market.book.halted:
        return CxlRejReason.EXCHANGE_OPTION, RejectCause.HALTED.value
    problem = _problem_of_terms(market.instrument, terms, now_ns, is_new=False)
    return None if problem is None else (CxlRejReason.EXCHANGE_OPTION, problem[1])


def _what_stays(terms: Terms) -> tuple[object, ...]:
    iceberg = bool(terms.special.display)
    return terms.symbol, terms.side, terms.short_code, terms.kind, iceberg


def _problem_of_terms(
    instrument: Instrument, terms: Terms, now_ns: int, *, is_new: bool = True
) -> Problem | None:
    problems = _problems(instrument, terms, now_ns, is_new=is_new)
    return next(problems, None)


def _problems(
    instrument: Instrument, terms: Terms, now_ns: int, *, is_new: bool
) -> Iterator[Problem]:
    if terms.quantity % instrument.lot:
        text = f"quantity {terms.quantity} is not a multiple of the lot {instrument.lot}"
        yield OrdRejReason.INCORRECT_QUANTITY, text
    if terms.quantity > instrument.max_quantity:
        text = f"quantity {terms.quantity} is over the maximum {instrument.max_quantity}"
        yield OrdRejReason.EXCEEDS_LIMIT, text
    if is_new and terms.kind is OrderKind.MARKET_TO_LIMIT and terms.price:
        text = "Price(44) of a market-to-limit order is found by the venue"
        yield OrdRejReason.UNSUPPORTED_CHARACTERISTIC, text
    special, ticks = terms.special, instrument.ticks
    for name, price in (("price", terms.price), ("stop price", special.stop)):
        if price and not ticks.is_on_tick(price):
            tick = format_price(ticks.tick_at(price))
            text = f"{name} {format_price(price)} is not a multiple of the tick {tick}"
            yield OrdRejReason.OTHER, text
    smallest = ticks.tick_at(0)
    if special.trail % smallest or special.offset % smallest:
        yield OrdRejReason.OTHER, f"offset is not a multiple of the tick {format_price(smallest)}"
    if special.display > terms.quantity or special.display % instrument.lot:
        text = f"display quantity {special.display} is not a part of {terms.quantity} in lots"
        yield OrdRejReason.INCORRECT_QUANTITY, text
    if terms.expire_ns and terms.expire_ns <= now_ns:
        yield OrdRejReason.OTHER, "ExpireTime(126) is not in the future"
    if not _goes_with(terms):
        text = f"TimeInForce(59) {terms.tif.name} does not go with this order"
        yield OrdRejReason.UNSUPPORTED_CHARACTERISTIC, text


def _goes_with(terms: Terms) -> bool:
    """Whether type and time in force make sense together."""
    if terms.tif.rests:
        return True
    if terms.special.display:
        return False
    return terms.kind in _BASIC_KINDS or (terms.kind in STOPS and not terms.tif.is_auction)
