"""Which orders may be linked, and which changes of linked and waiting orders are refused."""

from collections.abc import Sequence
from typing import Final

from kernel.decimals import plain
from svc_oms.domain.groups.group_rules import find, has_fired
from svc_oms.domain.lifecycle import LOCAL, OrderState
from svc_oms.domain.model import Link, LinkKind, Order, OrderTerms, TriggerPriceType
from svc_oms.domain.refusal import OrderRefused, invalid

GROUP_ORDERS_MAX: Final = 10
"""Members of a group; one more is refused with OBJECT_STATE."""
BRACKET_EXITS_MAX: Final = 2


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
    parent = find(members, link.parent_order_id)
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
            of a bracket's exit, the stop of an order that was sent. OBJECT_STATE: a stop that
            was reached.
    """
    if order.state is OrderState.HELD and actor != order.placed_by:
        raise OrderRefused(
            "SECOND_PERSON_REQUIRED",
            f"order {order.order_id} is HELD: only {order.placed_by}, who placed it, may change "
            f"it, and another approve it",
            "order_id",
            {"order_id": order.order_id, "placed_by": order.placed_by},
        )
    _check_stop(order, terms)
    link = order.link
    if link is None or link.kind is not LinkKind.BRACKET or not link.parent_order_id:
        return
    if terms.quantity != order.terms.quantity:
        invalid(
            "terms.quantity",
            plain(terms.quantity),
            f"{plain(order.terms.quantity)}: an exit's quantity follows its entry",
        )


def _check_stop(order: Order, terms: OrderTerms) -> None:
    """Refuse to move a stop that was reached: it goes, or went, whatever its stop price says."""
    if not has_fired(order):
        return
    if order.state in LOCAL:
        raise OrderRefused(
            "OBJECT_STATE",
            f"order {order.order_id} cannot be replaced: its stop was reached, and it is sent "
            f"when {order.venue_mic} takes it; it can be cancelled",
            "order_id",
            {"order_id": order.order_id, "state": order.state.name, "waits_for": "VENUE"},
        )
    for name in ("stop_price", "trailing_offset", "trigger_price_type"):
        asked, standing = getattr(terms, name), getattr(order.terms, name)
        if asked != standing:
            was = standing.name if isinstance(standing, TriggerPriceType) else standing
            value = asked.name if isinstance(asked, TriggerPriceType) else asked
            invalid(
                f"terms.{name}",
                "" if value is None else str(value),
                f"{'empty' if was is None else was}, because the stop was reached",
            )


def _group_state(link: Link, why: str) -> None:
    raise OrderRefused(
        "OBJECT_STATE",
        f"link.group_id {link.group_id} cannot be joined: {why}",
        "link.group_id",
        {"group_id": link.group_id, "why": why},
    )
