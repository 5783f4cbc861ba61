"""Commands on orders that wait here: approve, decline, trigger, move, expire.

The last three are the OMS's own. They say what may be so; here, with the account locked, it is
checked again. So every replica may send them, twice or late: the first correct one is carried
out, and the others find that the order has changed and do nothing.
"""

from collections.abc import Sequence

from mesh.errors import ERROR_TABLE, RETRYABLE, MeshError
from ordermesh.gateway.v1.venue_link_service_pb2 import VENUE_COMMAND_KIND_NEW
from svc_oms.domain.commands import (
    ApproveOrder,
    CancelOrder,
    DeclineOrder,
    ExpireOrder,
    MoveTrigger,
    TriggerOrder,
)
from svc_oms.domain.events import (
    Event,
    OrderExpired,
    OrderRejected,
    OrderReleased,
    OrderReplaced,
    OrderTriggered,
    TriggerMoved,
)
from svc_oms.domain.groups.group_rules import child_terms, in_the_way
from svc_oms.domain.lifecycle import LOCAL, OrderState
from svc_oms.domain.model import Order, Rejection, WaitsFor
from svc_oms.domain.numbers import Price
from svc_oms.domain.order import decide_approve, decide_decline
from svc_oms.domain.order_terms import triggers
from svc_oms.domain.order_terms.checks import OrderRefused, check_terms
from svc_oms.domain.order_terms.trading_hours import require_taken
from svc_oms.domain.positions.reduce_only import require_room
from svc_oms.service.commands.checked import cancel_order, check_controls
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.commands.idempotency import key_row
from svc_oms.service.errors import refused
from svc_oms.service.ports import IdempotencyRow
from svc_oms.service.submissions import NOTHING_DONE, Submission, Taken
from svc_oms.service.waiting.reduce_only import end, has_no_room, sent_terms

PASSING = frozenset({"INSTRUMENT_NOT_FOUND", "INSTRUMENT_NOT_TRADABLE", "REFERENCE_PRICE_MISSING"})
"""Refusals that, like those that may be repeated unchanged, keep a reached stop waiting. Any
other rejects the order: a stop that cannot be sent must not be sent some other day."""


def approve(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Release a held order: to the venue, or to the next thing it waits for."""
    command = submission.command
    assert isinstance(command, ApproveOrder)
    before = batch.order(command.order_id)
    parent = batch.order_groups.parent(before)
    event = decide_approve(before, command, parent)
    terms = before.terms
    if parent is not None and parent.is_closed:
        terms, _ = child_terms(parent, before, batch.order_groups.lot(before))
    goes = event.waits_for is None
    session_id = _checked(batch, submission, before._replace(terms=terms), goes=goes)
    if goes and before.reduce_only:
        require_room(before, terms.quantity, batch.held(before))
    if terms != before.terms:
        before = batch.add(before, before.account_id, OrderReplaced(terms), submission)
    order = batch.add(before, before.account_id, event, submission)
    if goes:
        batch.send(session_id, VENUE_COMMAND_KIND_NEW, order, order.terms, order.cl_ord_id)
    return key_row(submission, order.order_id, order.last_sequence)


def decline(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """End a held order."""
    command = submission.command
    assert isinstance(command, DeclineOrder)
    before = batch.order(command.order_id)
    event = decide_decline(before, command)
    order = batch.add(before, before.account_id, event, submission)
    return key_row(submission, order.order_id, order.last_sequence)


def trigger(batch: CommandBatch, submission: Submission) -> Taken:
    """Release an order whose stop is reached, or that waited only for its venue."""
    command = submission.command
    assert isinstance(command, TriggerOrder)
    order = batch.changes.find(command.order_id)
    if order is None or order.state is not OrderState.AWAITING_TRIGGER:
        return NOTHING_DONE
    if _expired(batch, submission, order):
        return NOTHING_DONE
    if order.waits_for is WaitsFor.VENUE:
        _go(batch, submission, order, OrderReleased())
    elif order.waits_for is WaitsFor.PRICE and command.price is not None:
        order = _moved(batch, submission, order, command.extreme_price)
        assert order.trigger is not None, "an order that waits for a price has a trigger"
        if triggers.reached(order.side, order.trigger, command.price):
            _go(batch, submission, order, OrderTriggered(command.price))
    return NOTHING_DONE


def move_trigger(batch: CommandBatch, submission: Submission) -> Taken:
    """Store how far a trailing stop has followed."""
    command = submission.command
    assert isinstance(command, MoveTrigger)
    order = batch.changes.find(command.order_id)
    if order is not None and order.waits_for is WaitsFor.PRICE:
        _moved(batch, submission, order, command.extreme_price)
    return NOTHING_DONE


def expire(batch: CommandBatch, submission: Submission) -> Taken:
    """End an order whose time in force ended while it waited here."""
    command = submission.command
    assert isinstance(command, ExpireOrder)
    order = batch.changes.find(command.order_id)
    if order is not None and order.state in LOCAL:
        _expired(batch, submission, order)
    return NOTHING_DONE


def _expired(batch: CommandBatch, submission: Submission, order: Order) -> bool:
    """End the order if its time in force has ended."""
    ends_ns = triggers.ends_at_ns(order, batch.parts.venues.day_ends_at_ns)
    if ends_ns is None or ends_ns > batch.changes.now_ns:
        return False
    text = f"its time in force {order.terms.time_in_force.name} ended while it waited here"
    batch.add(order, order.account_id, OrderExpired(text), submission)
    return True


def _moved(
    batch: CommandBatch, submission: Submission, order: Order, extreme_price: Price | None
) -> Order:
    if extreme_price is None or order.trigger is None:
        return order
    moved = triggers.followed(order.side, order.terms, order.trigger, extreme_price)
    if moved == order.trigger:
        return order
    return batch.add(order, order.account_id, TriggerMoved(moved), submission)


def _go(batch: CommandBatch, submission: Submission, order: Order, event: Event) -> None:
    """Send an order that waited, after the same checks and controls as a new one."""
    if has_no_room(batch, order):
        end(batch, submission, order)
        return
    others = in_the_way(batch.order_groups.members(order), order)
    if others and order.waits_for is not WaitsFor.VENUE:
        # Before the controls are asked: they count the next event of an order that they let go.
        names = ", ".join(each.order_id for each in others)
        text = f"its stop was reached; it is sent when {names} of its group is closed"
        released = OrderReleased(WaitsFor.VENUE, text)
        order = batch.add(order, order.account_id, released, submission)
    try:
        session_id = _checked(batch, submission, order, goes=True)
    except (OrderRefused, MeshError) as error:
        refusal = refused(error)
        _not_now(batch, submission, order, refusal)
        return
    if others:
        _cancel_first(batch, submission, others)
        return
    order = sent_terms(batch, submission, order)
    order = batch.add(order, order.account_id, event, submission)
    batch.send(session_id, VENUE_COMMAND_KIND_NEW, order, order.terms, order.cl_ord_id)


def _cancel_first(batch: CommandBatch, submission: Submission, others: Sequence[Order]) -> None:
    """Cancel the orders that would trade the same quantity; the stop goes when they are closed."""
    command = submission.command
    for other_id in [each.order_id for each in others]:
        other = batch.order(other_id)
        if not other.is_closed and not other.pending_cancel_id:
            cancel = CancelOrder(command.idempotency_key, other_id, command.actor)
            cancel_order(batch, submission, other, cancel, refusable=False)


def _not_now(batch: CommandBatch, submission: Submission, order: Order, refusal: MeshError) -> None:
    reason = refusal.reason
    if reason not in PASSING and ERROR_TABLE[reason].retry_class != RETRYABLE:
        rejection = Rejection(reason, refusal.text, refusal.field)
        batch.add(order, order.account_id, OrderRejected(rejection), submission)
    elif order.waits_for is not WaitsFor.VENUE:
        # A reached stop stays reached: the order goes when it can, at whatever price.
        event = OrderReleased(WaitsFor.VENUE, refusal.text)
        batch.add(order, order.account_id, event, submission)


def _checked(batch: CommandBatch, submission: Submission, order: Order, *, goes: bool) -> str:
    """Check an order as if it were new; return the session it is sent to, if it is sent.

    Raises:
        OrderRefused: As in decide_place.
        MeshError: VENUE_UNAVAILABLE, or the refusal of a control.
    """
    parts = batch.parts
    instrument = parts.market.instrument(order.instrument_id)
    session_id = parts.venues.require_up(order.venue_mic) if goes else ""
    type_, terms = triggers.at_venue(order, order.terms) if goes else (order.type, order.terms)
    reference = parts.market.reference_price(order.instrument_id)
    if order.trigger is not None and order.trigger.stop_price is not None:
        reference = reference or order.trigger.stop_price
    now_ns = batch.changes.now_ns
    check_terms(type_, terms, instrument, parts.limits, now_ns, reference)
    if goes:
        trading = parts.venues.trading(order.venue_mic)
        require_taken(trading, order.instrument_id, order.venue_mic, terms.time_in_force, now_ns)
    check_controls(batch, submission, lambda control: control.release(submission, order, sent=goes))
    return session_id
