"""Orders that may only reduce a position (PlaceRequest.reduce_only): how much each may trade.

Such an order protects a position, so it must not open one. Every way to the venue compares it
with what is held at that moment; when the position that it would reduce is gone, it ends. Two such
orders on one position each count alone: the first that trades leaves the other less, or nothing.
"""

from decimal import Decimal

from kernel.decimals import plain
from svc_oms.domain.lifecycle import LOCAL, OrderState
from svc_oms.domain.model import Order, WaitsFor
from svc_oms.domain.numbers import NO_QUANTITY, Quantity, add, subtract
from svc_oms.domain.refusal import OrderRefused

GONE = "reduce_only: the position that it would reduce is gone"

_NOT_YET = frozenset({WaitsFor.PARENT, WaitsFor.APPROVAL})


def room(order: Order, held: Decimal) -> Quantity:
    """Return the quantity that closes what is held; 0 if the order would not reduce it.

    Args:
        order: The order.
        held: The position of its account in its instrument; negative if short.
    """
    reduced = held.copy_negate() if order.is_buy else held
    return Quantity(reduced) if reduced > 0 else NO_QUANTITY


def require_room(order: Order, quantity: Quantity, held: Decimal) -> None:
    """Refuse an order that would do more than close the position.

    Args:
        order: The order.
        quantity: What it would have left to trade.
        held: The position.

    Raises:
        OrderRefused: REDUCE_ONLY.
    """
    most = room(order, held)
    if quantity > most:
        raise OrderRefused(
            "REDUCE_ONLY",
            f"reduce_only is set, and {order.side.name} {plain(quantity)} does more than reduce "
            f"the position: {plain(held)} is held, and at most {plain(most)} reduces it",
            "terms.quantity",
            {"value": plain(quantity), "maximum": plain(most), "held": plain(held)},
        )


def is_judged(order: Order) -> bool:
    """Return whether an order must have a position to reduce now.

    A child that waits for its parent has none yet; an order that is held is judged when a second
    person approves it.
    """
    return order.reduce_only and not order.is_closed and order.waits_for not in _NOT_YET


def too_much(order: Order, most: Quantity) -> Quantity | None:
    """Return the whole quantity that an order at the venue should have; None if it fits.

    Not while a request has no answer: it is looked at again then.

    Args:
        order: The order.
        most: What it may still trade.
    """
    pending = order.pending_cancel_id or order.pending_replace_id
    if pending or order.state in LOCAL or order.state is OrderState.UNKNOWN:
        return None
    left = Quantity(subtract(order.terms.quantity, order.cum_quantity))
    return None if left <= most else Quantity(add(order.cum_quantity, most))
