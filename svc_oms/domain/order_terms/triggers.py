"""Stops that the OMS watches where the venue does not: when they are reached, what is sent.

A buy stop is reached at its price or above, a sell stop at its price or below. A gap through
the stop reaches it too, and the order is sent at the price of the market. A trailing stop
keeps its distance from the best price seen and only moves in the trader's favour: up for a
sell, down for a buy.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, NamedTuple

from kernel.side import Side
from svc_oms.domain.model import (
    Order,
    OrderTerms,
    OrderType,
    TimeInForce,
    Trigger,
    TriggerPriceType,
)
from svc_oms.domain.numbers import Price, Quantity, add, average_price, subtract
from svc_oms.domain.order_terms.terms import ONCE_TRIGGERED, Capabilities, Worker, how_worked

STOPS: Final = frozenset(ONCE_TRIGGERED)
"""Types that wait for a price."""

QUOTED: Final = frozenset(TriggerPriceType) - {TriggerPriceType.LAST}
"""The prices other than the last trade: FIX 4.4 has no field to name them for a stop."""

_TWO: Final = Quantity(Decimal(2))


class Prices(NamedTuple):
    """The present prices of the market, not stale. None: there is no such price."""

    last: Price | None = None
    best_bid: Price | None = None
    best_offer: Price | None = None


def armed(type_: OrderType, terms: OrderTerms, capabilities: Capabilities) -> Trigger | None:
    """Return the trigger of a new order that the OMS has to watch; None for all others.

    FIX 4.4 lets a venue compare a stop only with its last trade. A stop that is compared with
    another price is watched here, whatever the venue offers.

    Raises:
        OrderRefused: UNSUPPORTED_ORDER_CHARACTERISTIC: neither the venue nor the OMS works it.
    """
    if terms.trigger_price_type in QUOTED:
        capabilities = capabilities._replace(order_types=capabilities.order_types - STOPS)
    how = how_worked(type_, terms.time_in_force, capabilities)
    return None if how.worker is Worker.NATIVE else Trigger(terms.stop_price)


def price_of(kind: TriggerPriceType | None, prices: Prices) -> Price | None:
    """Return the price a stop of this kind is compared with; a crossed book has no midpoint."""
    if kind is TriggerPriceType.BEST_BID:
        return prices.best_bid
    if kind is TriggerPriceType.BEST_OFFER:
        return prices.best_offer
    if kind is TriggerPriceType.MIDPOINT:
        bid, offer = prices.best_bid, prices.best_offer
        if bid is None or offer is None or bid >= offer:
            return None
        return average_price(add(bid, offer), _TWO)
    return prices.last


def reached(side: Side, trigger: Trigger, price: Price) -> bool:
    """Return whether a price triggers the order."""
    stop = trigger.stop_price
    if stop is None:
        return False
    return price >= stop if side is Side.BUY else price <= stop


def followed(side: Side, terms: OrderTerms, trigger: Trigger, price: Price) -> Trigger:
    """Return the trigger after this price; the same one if it does not move."""
    offset = terms.trailing_offset
    if offset is None:
        return trigger
    best, stop = trigger.extreme_price, trigger.stop_price
    if side is Side.BUY:
        best = price if best is None else min(best, price)
        candidate = Price(add(best, offset))
        stop = candidate if stop is None else min(stop, candidate)
    else:
        best = price if best is None else max(best, price)
        candidate = Price(subtract(best, offset))
        stop = candidate if stop is None else max(stop, candidate)
    moved = Trigger(stop, best)
    return trigger if moved == trigger else moved


def rearmed(side: Side, terms: OrderTerms, trigger: Trigger) -> Trigger:
    """Return the trigger under new terms; prices that were seen still count."""
    fresh = Trigger(terms.stop_price, trigger.extreme_price)
    best = trigger.extreme_price
    return fresh if best is None else followed(side, terms, fresh, best)


def released(type_: OrderType, terms: OrderTerms) -> tuple[OrderType, OrderTerms]:
    """Return type and terms of the order for the venue after a watched stop is reached.

    A market order trades at once or not at all, so good-till becomes DAY.
    """
    becomes = ONCE_TRIGGERED[type_]
    terms = terms._replace(stop_price=None, trailing_offset=None, trigger_price_type=None)
    if becomes is not OrderType.MARKET:
        return becomes, terms
    if terms.time_in_force in {TimeInForce.GTC, TimeInForce.GTD}:
        terms = terms._replace(time_in_force=TimeInForce.DAY, expire_time_ns=None)
    return becomes, terms


def at_venue(order: Order, terms: OrderTerms) -> tuple[OrderType, OrderTerms]:
    """Return type and terms as the venue should have them."""
    return (order.type, terms) if order.trigger is None else released(order.type, terms)


def ends_at_ns(order: Order, day_ends_at_ns: Callable[[str, int], int | None]) -> int | None:
    """Return when a waiting order's time in force ends; None if it does not, or is not known yet.

    Args:
        order: The waiting order.
        day_ends_at_ns: Returns when DAY ends, from the listing and the time of acceptance.
    """
    terms = order.terms
    if terms.time_in_force is TimeInForce.GTD:
        return terms.expire_time_ns
    if terms.time_in_force is not TimeInForce.DAY:
        return None
    return day_ends_at_ns(order.instrument_id, order.created_at_ns)
