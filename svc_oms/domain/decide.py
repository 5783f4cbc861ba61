"""From a command to its event, or to a refusal."""

from typing import NoReturn

from kernel.decimals import plain
from svc_oms.domain.commands import (
    ApproveOrder,
    CancelOrder,
    DeclineOrder,
    PlaceOrder,
    ReplaceOrder,
)
from svc_oms.domain.events import (
    CancelRequested,
    OrderAccepted,
    OrderApproved,
    OrderCanceled,
    OrderRejected,
    OrderReplaced,
    ReplaceRequested,
)
from svc_oms.domain.lifecycle import LOCAL, OrderState, first_state
from svc_oms.domain.model import Order, OrderTerms, Rejection, Trigger, WaitsFor
from svc_oms.domain.numbers import Price
from svc_oms.domain.order_terms import cash, triggers
from svc_oms.domain.order_terms.checks import Instrument, Limits, OrderRefused, check_terms
from svc_oms.domain.order_terms.terms import (
    BASIC,
    Capabilities,
    check_kind,
    how_worked,
    require_native,
)
from svc_oms.domain.refusal import invalid


def decide_place(
    command: PlaceOrder,
    instrument: Instrument,
    limits: Limits,
    order_id: str,
    now_ns: int,
    reference_price: Price | None = None,
    capabilities: Capabilities = BASIC,
) -> OrderAccepted:
    """Return the acceptance of a new order.

    Raises:
        OrderRefused: INSTRUMENT_NOT_TRADABLE, PRICE_OFF_TICK, QUANTITY_OFF_LOT,
            MAX_QUANTITY_EXCEEDED, MAX_VALUE_EXCEEDED, REFERENCE_PRICE_MISSING,
            UNSUPPORTED_ORDER_CHARACTERISTIC, INVALID_FIELD.
    """
    terms = command.terms
    cash.refuse_estimate(terms)
    if terms.cash_quantity is not None:
        terms = cash.estimated(command, instrument, reference_price, capabilities)
    elif terms.quantity <= 0:
        invalid("terms.quantity", "", "above 0, unless terms.cash_quantity is given")
    trigger = triggers.armed(command.type, terms, capabilities)
    check_terms(command.type, terms, instrument, limits, now_ns, reference_price)
    waits_for = _first_wait(command, trigger)
    return OrderAccepted(
        Order(
            order_id=order_id,
            account_id=command.account_id,
            idempotency_key=command.idempotency_key,
            instrument_id=instrument.instrument_id,
            symbol=instrument.symbol,
            venue_mic=instrument.venue_mic,
            isin=instrument.isin,
            currency=instrument.currency,
            side=command.side,
            type=command.type,
            terms=terms,
            leaves_quantity=terms.quantity,
            cl_ord_id=f"{order_id}-1",
            placed_by=command.actor,
            created_at_ns=now_ns,
            updated_at_ns=now_ns,
            regulatory=command.regulatory,
            link=command.link,
            client_note=command.client_note,
            reduce_only=command.reduce_only,
            listing_status_not_known=not instrument.status_known,
            venue_symbol=instrument.venue_symbol,
            state=first_state(waits=waits_for is not None, held=command.hold_for_approval),
            waits_for=waits_for,
            trigger=trigger,
        )
    )


def _first_wait(command: PlaceOrder, trigger: Trigger | None) -> WaitsFor | None:
    """Return what a new order waits for first: a person, its parent, or a price."""
    if command.hold_for_approval:
        return WaitsFor.APPROVAL
    if command.link is not None and command.link.parent_order_id:
        return WaitsFor.PARENT
    return None if trigger is None else WaitsFor.PRICE


def decide_approve(order: Order, command: ApproveOrder, parent: Order | None) -> OrderApproved:
    """Return the approval of a held order by a second person.

    Args:
        order: The held order.
        command: The approval.
        parent: The order it is a child of, if any.

    Raises:
        OrderRefused: OBJECT_STATE, SECOND_PERSON_REQUIRED, STALE_VERSION.
    """
    _require_held(order, command.actor, "approved")
    _require_version(order, command.expected_version)
    if parent is not None and not parent.is_closed:
        return OrderApproved(command.actor, WaitsFor.PARENT)
    return OrderApproved(command.actor, None if order.trigger is None else WaitsFor.PRICE)


def decide_decline(order: Order, command: DeclineOrder) -> OrderRejected:
    """Return the rejection of a held order that a second person declined.

    Raises:
        OrderRefused: OBJECT_STATE, SECOND_PERSON_REQUIRED.
    """
    _require_held(order, command.actor, "declined")
    words = f": {command.text}" if command.text else ""
    return OrderRejected(
        Rejection("APPROVAL_REQUIRED", f"{command.actor} declined the order{words}")
    )


def _require_held(order: Order, actor: str, what: str) -> None:
    if order.state is not OrderState.HELD:
        raise OrderRefused(
            "OBJECT_STATE",
            f"order {order.order_id} is {order.state.name} and cannot be {what}; it should be HELD",
            "order_id",
            {"order_id": order.order_id, "state": order.state.name, "expected": "HELD"},
        )
    if actor == order.placed_by:
        raise OrderRefused(
            "SECOND_PERSON_REQUIRED",
            f"order {order.order_id} was placed by {order.placed_by}: "
            f"it cannot be {what} by the same person",
            "order_id",
            {"order_id": order.order_id, "placed_by": order.placed_by},
        )


def _require_version(order: Order, expected_version: int) -> None:
    if expected_version not in {0, order.version}:
        raise OrderRefused(
            "STALE_VERSION",
            f"expected_version {expected_version} is not that of order "
            f"{order.order_id}, which is {order.version}",
            "expected_version",
            {"value": str(expected_version), "version": str(order.version)},
        )


def decide_replace(
    order: Order,
    command: ReplaceOrder,
    instrument: Instrument,
    limits: Limits,
    now_ns: int,
    reference_price: Price | None = None,
    capabilities: Capabilities = BASIC,
) -> ReplaceRequested | OrderReplaced:
    """Return the request to the venue, or the change itself if nothing is at the venue.

    Raises:
        OrderRefused: ORDER_CLOSED, ORDER_CHANGE_PENDING, OUTCOME_UNKNOWN, STALE_VERSION
            and all of decide_place.
    """
    require_changeable(order, command)
    if order.state is OrderState.UNKNOWN:
        raise OrderRefused(
            "OUTCOME_UNKNOWN",
            f"order {order.order_id} cannot be replaced before it is known whether "
            f"{order.venue_mic} has it; it can be cancelled",
            "order_id",
            {"order_id": order.order_id, "venue_mic": order.venue_mic},
        )
    _require_version(order, command.expected_version)
    terms = command.terms
    cash.refuse_replace(order, terms)
    require_more_than_executed(order, terms)
    if order.state in LOCAL:
        how_worked(order.type, terms.time_in_force, capabilities)
    else:
        type_, at_the_venue = triggers.at_venue(order, terms)
        require_native(type_, at_the_venue.time_in_force, capabilities)
    if order.trigger is None and terms.trigger_price_type in triggers.QUOTED:
        # The venue watches the stop, and FIX 4.4 lets it watch only its last trade.
        invalid("terms.trigger_price_type", terms.trigger_price_type.name, "LAST")
    check_terms(order.type, terms, instrument, limits, now_ns, reference_price, order.terms)
    if order.state in LOCAL:
        return OrderReplaced(terms)
    return ReplaceRequested(order.next_cl_ord_id, terms)


def decide_replace_routed(order: Order, command: ReplaceOrder, now_ns: int) -> ReplaceRequested:
    """Return the request for other terms of a routed order.

    Raises:
        OrderRefused: ORDER_CLOSED, ORDER_CHANGE_PENDING, STALE_VERSION, INVALID_FIELD.
    """
    require_changeable(order, command)
    _require_version(order, command.expected_version)
    terms = command.terms
    cash.refuse_replace(order, terms)
    require_more_than_executed(order, terms)
    standing = order.terms.time_in_force
    if terms.time_in_force is not standing:
        name = terms.time_in_force.name
        invalid("terms.time_in_force", name, f"{standing.name}, as the routed order has")
    check_kind(order.type, terms, now_ns, order.terms)
    return ReplaceRequested(order.next_cl_ord_id, terms)


def require_changeable(order: Order, command: ReplaceOrder) -> None:
    """Refuse a change of an order that is closed, or of which another change has no answer."""
    assert command.order_id == order.order_id
    require_open(order, "replaced")
    if order.pending_cancel_id or order.pending_replace_id:
        change_pending(order)


def require_more_than_executed(order: Order, terms: OrderTerms) -> None:
    """Refuse a quantity that is executed already."""
    if terms.quantity <= order.cum_quantity:
        executed = plain(order.cum_quantity)
        invalid(
            "terms.quantity",
            plain(terms.quantity),
            f"above {executed}, which is executed already; to cancel the rest, cancel the order",
        )


def decide_cancel(order: Order, command: CancelOrder) -> CancelRequested | OrderCanceled:
    """Return the request to the venue, or the cancel itself if nothing is at the venue.

    An order in doubt may be cancelled, because a cancel can only help.

    Raises:
        OrderRefused: ORDER_CLOSED, ORDER_CHANGE_PENDING (a cancel is pending already; a
            pending replace does not matter, the venue takes them in order).
    """
    assert command.order_id == order.order_id
    require_open(order, "cancelled")
    if order.pending_cancel_id:
        change_pending(order)
    if order.state in LOCAL:
        return OrderCanceled()
    return CancelRequested(order.next_cl_ord_id)


def require_open(order: Order, what: str) -> None:
    """Refuse a change of an order that is closed."""
    if order.is_closed:
        raise OrderRefused(
            "ORDER_CLOSED",
            f"order {order.order_id} is {order.state.name} and cannot be {what}",
            "order_id",
            {"order_id": order.order_id, "state": order.state.name},
        )


def change_pending(order: Order) -> NoReturn:
    """Refuse a change because another one has no answer."""
    pending = order.pending_cancel_id or order.pending_replace_id
    what = "cancel" if order.pending_cancel_id else "replace"
    raise OrderRefused(
        "ORDER_CHANGE_PENDING",
        f"order {order.order_id} has a {what} without answer, {pending}: wait for it",
        "order_id",
        {"order_id": order.order_id, "pending": what, "cl_ord_id": pending},
    )
