"""Order groups: what a change of one order means for the others, one pure function per rule.

A group is the orders of one account with the same group_id. Its rules look at the present
state of the members, not at what happened. So fills, cancels, busts and refusals may come in
any order: members in the same state have the same consequences.

    OCO       One member has an execution: the others are cancelled.
    OTO       The parent is closed: a child is sent with the parent's executed quantity, at
              most its own. If nothing was executed, the child is cancelled.
    BRACKET   The parent is the entry. Its two exits are released as OTO children, with the
              entry's cum. From then on the quantity of each exit is the entry's cum less the
              other exit's. So both together never trade more than the entry did, except for
              a fill that crosses the change on the wire. An exit of which nothing is left is
              cancelled.

An order at the venue has at most one request without answer, so a change may have to wait:
the answer changes the order, and the group is looked at again then. A refused change is not
requested again at once, but when another member changes.
"""

from collections.abc import Iterable, Sequence
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
from svc_oms.domain.model import Link, LinkKind, Order, OrderTerms, WaitsFor
from svc_oms.domain.numbers import Quantity, subtract
from svc_oms.domain.refusal import OrderRefused, invalid

GROUP_ORDERS_MAX: Final = 10
"""Members of a group; one more is refused with OBJECT_STATE."""
BRACKET_EXITS_MAX: Final = 2


class Consequence(NamedTuple):
    """An event that follows for another order; the command to the venue follows from it."""

    order: Order
    event: Event


def consequences(members: Sequence[Order], changed: Order, before: Order) -> list[Consequence]:
    """Return the consequences for the members of a group when one of them changes.

    Fold each with `evolve`, and call again for every order that this changes.

    Args:
        members: All orders of the group, as they are now; `changed` among them.
        changed: The order that changed, as it is now.
        before: The same order before the change.
    """
    link = changed.link
    if link is None or link.kind is LinkKind.ROUTED:
        return []
    if link.kind is LinkKind.OCO:
        return _one_cancels_others(members, changed, before)
    parent = changed if not link.parent_order_id else _find(members, link.parent_order_id)
    children = [order for order in members if order.link and order.link.parent_order_id]
    if parent is not None and link.kind is LinkKind.BRACKET:
        return _bracket(parent, children, changed, before)
    if parent is not changed:
        return []
    return [one for child in children for one in _after_parent(parent, child)]


def _find(members: Iterable[Order], order_id: str) -> Order | None:
    return next((order for order in members if order.order_id == order_id), None)


def _one_cancels_others(
    members: Sequence[Order], changed: Order, before: Order
) -> list[Consequence]:
    if not any(order.cum_quantity for order in members):
        return []
    keeps = _keeper(members)
    refused = before.pending_cancel_id and not changed.pending_cancel_id
    return [
        one
        for order in members
        if order is not keeps and not (refused and order is changed)
        for one in _cancel(order, "another order of its group was executed")
    ]


def _keeper(members: Sequence[Order]) -> Order | None:
    """Return the order that may go on: executed, open, and without a cancel requested.

    None when one is filled: then no other may go on. When fills crossed and several qualify,
    it is the oldest.
    """
    if any(order.state is OrderState.FILLED for order in members):
        return None
    able = (
        order
        for order in members
        if order.cum_quantity and not order.is_closed and not order.pending_cancel_id
    )
    return min(able, key=lambda order: order.order_id, default=None)


def _after_parent(parent: Order, child: Order) -> list[Consequence]:
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
    terms = child_terms(parent, child)
    if terms != child.terms:
        found.append(Consequence(child, OrderReplaced(terms)))
    found.append(Consequence(child, OrderReleased(next_wait(child), _released(parent))))
    return found


def child_terms(parent: Order, child: Order) -> OrderTerms:
    """Return the terms of a child after its parent is closed."""
    assert child.link is not None
    quantity = parent.cum_quantity
    if child.link.kind is not LinkKind.BRACKET:
        quantity = min(quantity, child.terms.quantity)
    return child.terms._replace(quantity=quantity)


def next_wait(order: Order) -> WaitsFor:
    """Return what an order waits for after its parent or a person released it."""
    return WaitsFor.VENUE if order.trigger is None else WaitsFor.PRICE


def _released(parent: Order) -> str:
    return f"its parent {parent.order_id} has {plain(parent.cum_quantity)} executed"


def _bracket(
    entry: Order, exits: Sequence[Order], changed: Order, before: Order
) -> list[Consequence]:
    found = []
    for order in exits:
        if order.is_closed:
            continue
        if changed is entry and order.state in LOCAL and entry.is_closed:
            released = _after_parent(entry, order)
            if released:
                found += released
                continue
        if order.state in LOCAL and not entry.is_closed and order.waits_for in _NOT_YET:
            continue
        target = _target(entry, exits, order)
        if order is not changed or _answered(changed, before, target):
            found += _sized(order, target)
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


def _sized(order: Order, quantity: Quantity) -> list[Consequence]:
    """Return the events that give an exit this quantity."""
    if quantity <= order.cum_quantity:
        return _cancel(order, "the other exit of its bracket executed the whole quantity")
    terms = order.terms if order.pending_terms is None else order.pending_terms
    if terms.quantity == quantity:
        return []
    terms = terms._replace(quantity=quantity)
    if terms.display_quantity is not None and terms.display_quantity > quantity:
        terms = terms._replace(display_quantity=quantity)
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


# --- Which orders may be linked -----------------------------------------------------------


def check_link(order: Order, members: Sequence[Order]) -> None:
    """Check that a new order may join its group.

    Args:
        order: The order as it would be accepted.
        members: The orders of its account with its group_id.

    Raises:
        OrderRefused: INVALID_FIELD, ORDER_CLOSED, OBJECT_STATE.
    """
    link = order.link
    assert link is not None
    if link.kind is LinkKind.ROUTED:
        invalid("link.kind", link.kind.name, "one of OCO, OTO, BRACKET")
    if not link.group_id:
        invalid("link.group_id", "", "the name of a group")
    if len(members) >= GROUP_ORDERS_MAX:
        _group_state(
            link, f"it has {len(members)} orders, at most {GROUP_ORDERS_MAX} may be linked"
        )
    for other in members:
        assert other.link is not None
        if other.link.kind is not link.kind:
            invalid("link.kind", link.kind.name, f"{other.link.kind.name}, as its group has")
    if link.kind is LinkKind.OCO:
        _check_oco(link, members)
    elif not link.parent_order_id:
        if members:
            _group_state(link, "it has a parent; name that in parent_order_id")
    else:
        _check_child(order, link, members)


def _check_oco(link: Link, members: Sequence[Order]) -> None:
    if link.parent_order_id:
        invalid("link.parent_order_id", link.parent_order_id, "empty, because the kind is OCO")
    if any(order.cum_quantity for order in members):
        _group_state(link, "one of its orders was executed")
    if members and all(order.is_closed for order in members):
        _group_state(link, "all its orders are closed")


def _check_child(order: Order, link: Link, members: Sequence[Order]) -> None:
    parent = _find(members, link.parent_order_id)
    if parent is None or parent.link is None or parent.link.parent_order_id:
        invalid(
            "link.parent_order_id",
            link.parent_order_id,
            f"the parent of group {link.group_id}: an order of the account with this group_id",
        )
    if parent.is_closed:
        raise OrderRefused(
            "ORDER_CLOSED",
            f"link.parent_order_id {parent.order_id} is {parent.state.name}: "
            f"an order can wait only for a parent that is open",
            "link.parent_order_id",
            {"order_id": parent.order_id, "state": parent.state.name},
        )
    if link.kind is LinkKind.BRACKET:
        _check_exit(order, link, parent, members)


def _check_exit(order: Order, link: Link, entry: Order, members: Sequence[Order]) -> None:
    if len(members) > BRACKET_EXITS_MAX:
        _group_state(link, f"its entry has {BRACKET_EXITS_MAX} exits")
    if order.instrument_id != entry.instrument_id:
        invalid("instrument_id", order.instrument_id, f"{entry.instrument_id}, as its entry has")
    if order.is_buy == entry.is_buy:
        invalid("side", order.side.name, f"the other than its entry's, {entry.side.name}")
    if order.terms.quantity != entry.terms.quantity:
        quantity = plain(entry.terms.quantity)
        invalid("terms.quantity", plain(order.terms.quantity), f"{quantity}, as its entry has")
    for other in members:
        if other is not entry and not other.is_closed:
            _check_prices(order, other)


def _check_prices(order: Order, other: Order) -> None:
    """Refuse exits in the wrong order: at any price one of them would trade at once."""
    stop, target = (order, other) if order.terms.stop_price is not None else (other, order)
    stop_price, limit_price = stop.terms.stop_price, target.terms.limit_price
    if stop_price is None or limit_price is None or target.terms.stop_price is not None:
        return
    if stop_price <= limit_price if order.is_buy else stop_price >= limit_price:
        field = "stop_price" if stop is order else "limit_price"
        own, bound = (stop_price, limit_price) if stop is order else (limit_price, stop_price)
        way = "above" if (stop is order) is order.is_buy else "below"
        invalid(
            f"terms.{field}",
            plain(own),
            f"{way} {plain(bound)}, where the other {order.side.name} exit of the bracket is",
        )


def check_replace(order: Order, terms: OrderTerms, actor: str) -> None:
    """Refuse a change that the caller must not make.

    Raises:
        OrderRefused: SECOND_PERSON_REQUIRED: only the person who placed a held order may change
            it, so that the person who approves it is another one. INVALID_FIELD: the quantity
            of a bracket's exit.
    """
    if order.state is OrderState.HELD and actor != order.placed_by:
        raise OrderRefused(
            "SECOND_PERSON_REQUIRED",
            f"order {order.order_id} is HELD: only {order.placed_by}, who placed it, may change "
            f"it, and another approve it",
            "order_id",
            {"order_id": order.order_id, "placed_by": order.placed_by},
        )
    link = order.link
    if link is None or link.kind is not LinkKind.BRACKET or not link.parent_order_id:
        return
    if terms.quantity != order.terms.quantity:
        invalid(
            "terms.quantity",
            plain(terms.quantity),
            f"{plain(order.terms.quantity)}: an exit's quantity follows its entry",
        )


def _group_state(link: Link, why: str) -> None:
    raise OrderRefused(
        "OBJECT_STATE",
        f"link.group_id {link.group_id} cannot be joined: {why}",
        "link.group_id",
        {"group_id": link.group_id, "why": why},
    )
