"""Orders in cash, CashOrderQty(152): the venue works out how many shares the money buys.

Until the venue reports OrderQty(38) the order has an estimated quantity: what the cash buys
at the lower of limit and reference price, rounded up to the lot. So the quantity is always
above zero, and limits count rather too much than too little. The venue's quantity replaces
the estimate with the first report that has OrderQty(38), or CumQty(14) and LeavesQty(151).

The venue may work the quantity out again: what the cash buys depends on the prices of the fills.
So as long as the order is for cash, every later report that has another quantity replaces the one
before. A filled order, OrdStatus(39)=2 with LeavesQty(151)=0, is for what was executed, CumQty(14),
whatever OrderQty(38) says.
"""

from decimal import ROUND_CEILING, Context, Decimal
from typing import Final

from kernel.decimals import plain
from svc_oms.domain.commands import PlaceOrder
from svc_oms.domain.events import Event, OrderRestated
from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.domain.lifecycle import TERMINAL, OrderState
from svc_oms.domain.model import Order, OrderTerms, OrderType
from svc_oms.domain.numbers import Price, Quantity, add, bounded, multiply
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.order_terms.terms import Capabilities
from svc_oms.domain.refusal import OrderRefused, invalid, unsupported

TYPES: Final = frozenset({OrderType.MARKET, OrderType.LIMIT})
_FIELD: Final = "terms.cash_quantity"
_LOTS: Final = Context(prec=60, rounding=ROUND_CEILING)


def estimated(
    command: PlaceOrder,
    instrument: Instrument,
    reference: Price | None,
    capabilities: Capabilities,
) -> OrderTerms:
    """Return the terms of a new order with the estimated quantity of its cash.

    Raises:
        OrderRefused: INVALID_FIELD, UNSUPPORTED_ORDER_CHARACTERISTIC, REFERENCE_PRICE_MISSING.
    """
    terms = command.terms
    cash = terms.cash_quantity
    assert cash is not None, "the caller checks that there is cash"
    for is_so, because in (
        (terms.quantity > 0, "because terms.quantity is given"),
        (command.type not in TYPES, f"because the type is {command.type.name}"),
        (command.link is not None, "because the order is linked with others"),
        (command.hold_for_approval, "because the order is held for approval"),
        (command.reduce_only, "because the order may only reduce, and that counts a quantity"),
    ):
        if is_so:
            invalid(_FIELD, plain(cash), f"empty, {because}")
    if cash <= 0:
        invalid(_FIELD, plain(cash), "above 0")
    if not capabilities.cash_quantity:
        unsupported(_FIELD, plain(cash), f"none: {instrument.venue_mic} takes terms.quantity only")
    if reference is None or reference <= 0:
        raise OrderRefused(
            "REFERENCE_PRICE_MISSING",
            f"{instrument.instrument_id} has no reference price now, and what {_FIELD} "
            f"{plain(cash)} {instrument.currency} buys must be compared with limits: send "
            f"terms.quantity, or wait for a price",
            _FIELD,
            {"instrument_id": instrument.instrument_id, "value": plain(cash)},
        )
    price = min(reference, terms.limit_price or reference)
    lots = _LOTS.to_integral_value(_LOTS.divide(cash, multiply(price, instrument.lot_size)))
    try:
        quantity = Quantity(bounded(multiply(lots, instrument.lot_size)))
    except ValueError:
        invalid(_FIELD, plain(cash), f"less: at {plain(price)} it buys too large a quantity")
    return terms._replace(quantity=quantity, quantity_is_estimate=True)


def refuse_estimate(terms: OrderTerms) -> None:
    """Refuse a request that calls its quantity an estimate.

    Raises:
        OrderRefused: INVALID_FIELD.
    """
    if terms.quantity_is_estimate:
        invalid("terms.quantity_is_estimate", "true", "empty: only the OMS sets it")


def refuse_replace(order: Order, terms: OrderTerms) -> None:
    """Refuse a replace by cash, and any replace before the venue reported the quantity.

    Raises:
        OrderRefused: INVALID_FIELD, UNSUPPORTED_ORDER_CHARACTERISTIC.
    """
    refuse_estimate(terms)
    if terms.cash_quantity is not None:
        why = "empty: a replace needs terms.quantity"
        invalid(_FIELD, plain(terms.cash_quantity), why)
    if order.terms.quantity_is_estimate:
        unsupported(
            "terms.quantity",
            plain(terms.quantity),
            f"none before {order.venue_mic} reports OrderQty(38); the order can be cancelled",
        )


def worth(terms: OrderTerms, price: Decimal) -> Decimal:
    """Return the value of terms at a price; the cash, while the quantity is an estimate."""
    if terms.quantity_is_estimate and terms.cash_quantity is not None:
        return terms.cash_quantity
    return multiply(terms.quantity, price)


def found_quantity(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Return the restatement if a report has the quantity that the venue made of the cash."""
    terms, base = order.terms, order.base_state
    if terms.cash_quantity is None or order.pending_replace_id:
        return []
    if base in TERMINAL and base is not OrderState.FILLED:
        return []
    quantity = _reported_quantity(facts)
    if quantity is None or (quantity == terms.quantity and not terms.quantity_is_estimate):
        return []
    return [OrderRestated(terms._replace(quantity=quantity, quantity_is_estimate=False))]


def _reported_quantity(facts: ExecutionReportFacts) -> Quantity | None:
    cum, leaves = facts.cum_quantity, facts.leaves_quantity
    if facts.ord_status == "2" and leaves is not None and not leaves and cum:
        return cum
    if facts.order_quantity:
        return facts.order_quantity
    if cum is None or leaves is None or not (leaves or facts.ord_status == "2"):
        return None
    return Quantity(add(cum, leaves)) if cum or leaves else None
