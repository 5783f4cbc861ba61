"""Order groups: what a change of one order means for the others, one pure function per rule.

A group is the orders of one account with the same group_id. Its rules look at the present
state of the members, not at what happened. So fills, cancels, busts and refusals may come in
any order: members in the same state have the same consequences.

    OCO       One member has an execution: the others are cancelled. A stop that was reached
              goes on with what the members that were cancelled for it did not execute.
    OTO       The parent is closed: a child is sent with the parent's executed quantity, at
              most its own, in whole lots. If nothing was executed, the child is cancelled.
    BRACKET   The parent is the entry. Its two exits are released as OTO children, with the
              entry's cum. From then on the quantity of each exit is the entry's cum less the
              other exit's, in whole lots. So both together never trade more than the entry
              did, except for a fill that crosses the change on the wire. An exit of which
              nothing is left is cancelled.

A stop that is reached is sent when no other order of an OCO group, and no other exit of a bracket,
is at the venue any more: the command cancels them first (`in_the_way`).

An order at the venue has at most one request without answer, so a change may have to wait:
the answer changes the order, and the group is looked at again then. A refused change is not
requested again at once, but when another member changes.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from kernel.decimals import plain
from svc_oms.domain.events import (
    CancelRequested,
    Event,
    OrderCanceled,
    OrderReleased,
    OrderReplaced,
    ReplaceRequested,
)
from svc_oms.domain.lifecycle import LOCAL, OrderState
from svc_oms.domain.model import InstrumentKey, LinkKind, Order, OrderTerms, WaitsFor
from svc_oms.domain.numbers import EXACT, Quantity, subtract


class Consequence(NamedTuple):
    """An event that follows for another order; the command to the venue follows from it."""

    order: Order
    event: Event


LotOf = Callable[[Order], Quantity | None]
"""Returns the lot of an order's listing; None if the listing is not known."""


def _any_quantity(_order: Order) -> None:
    return None


def consequences(
    members: Sequence[Order], changed: Order, before: Order, lot_of: LotOf = _any_quantity
) -> list[Consequence]:
    """Return the consequences for the members of a group when one of them changes.

    Fold each with `evolve`, and call again for every order that this changes.

    Args:
        members: All orders of the group, as they are now; `changed` among them.
        changed: The order that changed, as it is now.
        before: The same order before the change.
        lot_of: Returns the lot of an order's listing.
    """
    link = changed.link
    if link is None or link.kind is LinkKind.ROUTED:
        return []
    if link.kind is LinkKind.OCO:
        return _one_cancels_others(members, changed, before)
    parent = changed if not link.parent_order_id else find(members, link.parent_order_id)
    children = [order for order in members if order.link and order.link.parent_order_id]
    if parent is not None and link.kind is LinkKind.BRACKET:
        return _bracket(parent, children, changed, before, lot_of)
    if parent is not changed:
        return []
    return [one for child in children for one in _after_parent(parent, child, lot_of)]


def find(members: Iterable[Order], order_id: str) -> Order | None:
    """Return a member of a group, if it is there."""
    return next((order for order in members if order.order_id == order_id), None)


def _one_cancels_others(
    members: Sequence[Order], changed: Order, before: Order
) -> list[Consequence]:
    if not any(order.cum_quantity for order in members):
        return []
    keeps = _keeper(members)
    refused = before.pending_cancel_id and not changed.pending_cancel_id
    found = [
        one
        for order in members
        if order is not keeps and not (refused and order is changed)
        for one in _cancel(order, "another order of its group was executed")
    ]
    executed = subtract(changed.cum_quantity, before.cum_quantity)
    if keeps is not None and keeps is not changed and executed and keeps is _reached_one(members):
        # A stop that was reached, and an execution that crossed the cancel made for it.
        rest = Quantity(subtract(keeps.terms.quantity, executed))
        found += _sized(keeps, rest, "the other orders of its group executed the whole quantity")
    return found


def _keeper(members: Sequence[Order]) -> Order | None:
    """Return the order that may go on: executed, open, and without a cancel requested.

    None when one is filled: then no other may go on. When fills crossed and several qualify,
    it is the oldest. When none does, it is a stop that was reached.
    """
    if any(order.state is OrderState.FILLED for order in members):
        return None
    able = (
        order
        for order in members
        if order.cum_quantity and not order.is_closed and not order.pending_cancel_id
    )
    return min(able, key=lambda order: order.order_id, default=None) or _reached_one(members)


def _reached_one(members: Sequence[Order]) -> Order | None:
    """Return an open stop that was reached and trades what the executed members traded."""
    executed = [order for order in members if order.cum_quantity]
    for order in members:
        if has_fired(order) and not order.is_closed and not order.pending_cancel_id:
            same = all(
                (one.side, InstrumentKey.of(one)) == (order.side, InstrumentKey.of(order))
                for one in executed
            )
            return order if same else None
    return None


def has_fired(order: Order) -> bool:
    """Return whether the price that a watched stop waited for was reached."""
    if order.trigger is None:
        return False
    return order.base_state not in LOCAL or order.waits_for is WaitsFor.VENUE


def in_the_way(members: Sequence[Order], order: Order) -> list[Order]:
    """Return the orders at the venue that must be closed before a stop of their group is sent.

    Both would trade the same quantity: the other orders of an OCO group, the other exit of a
    bracket.
    """
    link = order.link
    if link is None or order.trigger is None:
        return []
    if link.kind is LinkKind.BRACKET and not link.parent_order_id:
        return []
    if link.kind not in {LinkKind.OCO, LinkKind.BRACKET}:
        return []
    return [
        other
        for other in members
        if other.order_id not in {order.order_id, link.parent_order_id}
        and other.state not in LOCAL
        and not other.is_closed
    ]


def _after_parent(parent: Order, child: Order, lot_of: LotOf) -> list[Consequence]:
    """Return the consequence of the parent's end for a child that waits for it."""
    if not parent.is_closed or child.is_closed:
        return []
    if not parent.cum_quantity:
        if child.state not in LOCAL:
            return []
        text = f"its parent {parent.order_id} is {parent.state.name} with nothing executed"
        return [Consequence(child, OrderCanceled(text=text))]
    if child.waits_for is not WaitsFor.PARENT:
        return []
    found = []
    lot = lot_of(child)
    terms, remainder = child_terms(parent, child, lot)
    text = _released(parent)
    if remainder:
        assert lot is not None, "only a lot leaves a remainder"
        text += f"; {plain(remainder)} of it is less than the lot of {plain(lot)}"
    if not terms.quantity:
        return [Consequence(child, OrderCanceled(text=text))]
    if terms != child.terms:
        found.append(Consequence(child, OrderReplaced(terms)))
    found.append(Consequence(child, OrderReleased(next_wait(child), text, remainder)))
    return found


def child_terms(parent: Order, child: Order, lot: Quantity | None) -> tuple[OrderTerms, Quantity]:
    """Return the terms of a child after its parent is closed, and the remainder of a lot.

    The remainder is what the parent executed beyond whole lots: the child cannot trade it.
    """
    assert child.link is not None
    quantity = parent.cum_quantity
    if child.link.kind is not LinkKind.BRACKET:
        quantity = min(quantity, child.terms.quantity)
    whole = whole_lots(quantity, lot)
    return _of_quantity(child.terms, whole), Quantity(subtract(quantity, whole))


def whole_lots(quantity: Quantity, lot: Quantity | None) -> Quantity:
    """Return the largest multiple of the lot that is not above a quantity."""
    if lot is None:
        return quantity
    return Quantity(subtract(quantity, EXACT.remainder(quantity, lot)))


def _of_quantity(terms: OrderTerms, quantity: Quantity) -> OrderTerms:
    terms = terms._replace(quantity=quantity)
    if terms.display_quantity is not None and terms.display_quantity > quantity:
        terms = terms._replace(display_quantity=quantity)
    return terms


def next_wait(order: Order) -> WaitsFor:
    """Return what an order waits for after its parent or a person released it."""
    return WaitsFor.VENUE if order.trigger is None else WaitsFor.PRICE


def _released(parent: Order) -> str:
    return f"its parent {parent.order_id} has {plain(parent.cum_quantity)} executed"


def _bracket(
    entry: Order, exits: Sequence[Order], changed: Order, before: Order, lot_of: LotOf
) -> list[Consequence]:
    found = []
    for order in exits:
        if order.is_closed:
            continue
        if changed is entry and order.state in LOCAL and entry.is_closed:
            released = _after_parent(entry, order, lot_of)
            if released:
                found += released
                continue
        if order.state in LOCAL and not entry.is_closed and order.waits_for in _NOT_YET:
            continue
        target = whole_lots(_target(entry, exits, order), lot_of(order))
        if order is not changed or _answered(changed, before, target):
            found += _sized(
                order, target, "the other exit of its bracket executed the whole quantity"
            )
    return found


_NOT_YET: Final = frozenset({WaitsFor.PARENT, WaitsFor.APPROVAL})


def _target(entry: Order, exits: Sequence[Order], order: Order) -> Quantity:
    """Return an exit's quantity: what the entry executed and no other exit did."""
    quantity = entry.cum_quantity
    for other in exits:
        if other.order_id != order.order_id:
            quantity = Quantity(subtract(quantity, other.cum_quantity))
    return quantity


def _answered(order: Order, before: Order, target: Quantity) -> bool:
    """Return whether an exit can be changed now; not if just that change was refused."""
    if order.pending_cancel_id or order.pending_replace_id:
        return False
    if before.state is OrderState.UNKNOWN and order.state is not OrderState.UNKNOWN:
        return True
    if before.pending_cancel_id:
        return target > order.cum_quantity
    return before.pending_terms is not None and before.pending_terms.quantity != target


def _sized(order: Order, quantity: Quantity, text: str) -> list[Consequence]:
    """Return the events that give an order this quantity; the text says why it has none left."""
    if quantity <= order.cum_quantity:
        return _cancel(order, text)
    terms = order.terms if order.pending_terms is None else order.pending_terms
    if terms.quantity == quantity or (order.reduce_only and quantity > terms.quantity):
        # A reduce-only order was lowered to its position, and does not grow by itself.
        return []
    terms = _of_quantity(terms, quantity)
    if order.state in LOCAL:
        return [Consequence(order, OrderReplaced(terms))]
    if order.pending_cancel_id or order.pending_replace_id or order.state is OrderState.UNKNOWN:
        # Looked at again when the pending request is answered.
        return []
    return [Consequence(order, ReplaceRequested(order.next_cl_ord_id, terms))]


def _cancel(order: Order, text: str) -> list[Consequence]:
    if order.is_closed or order.pending_cancel_id:
        return []
    if order.state in LOCAL:
        return [Consequence(order, OrderCanceled(text=text))]
    return [Consequence(order, CancelRequested(order.next_cl_ord_id))]
