"""Parents and children as orders: how they are made, and what follows from one for the other.

A parent is an order without a listing, whose `routing` is set. Its children are limit orders,
linked with it by LinkKind.ROUTED in a group that is named after the parent. The rules look at the
present state of the members, as those of `groups.py` do, so what crosses on the wire does no harm:

    executed, busted, corrected   of a child, is the same event of the parent; the execution keeps
                                  the child's order_id, and counts only there
    the parent's cancel           cancels every live child; the parent ends when none is live
    the end of a child            is no end of the parent: what is left is decided about anew
    a parent that has ended       has no live child: one that is live all the same is cancelled
"""

from collections.abc import Iterable, Sequence
from typing import Final

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.commands import PlaceOrder
from svc_oms.domain.events import (
    CancelRequested,
    Event,
    ExecutionBusted,
    ExecutionCorrected,
    OrderCanceled,
    OrderExecuted,
)
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import (
    Link,
    LinkKind,
    Order,
    OrderTerms,
    OrderType,
    RoutingSums,
    TimeInForce,
)
from svc_oms.domain.numbers import NO_QUANTITY, ZERO, Price, Quantity
from svc_oms.domain.order_terms.terms import check_kind
from svc_oms.domain.refusal import OrderRefused, invalid, unsupported
from svc_oms.domain.routing.decision import Action, ActionKind, Decision, Inputs
from svc_oms.domain.routing.paced.orders import check_begin, is_paused, routing_from, schedule_of
from svc_oms.domain.routing.parent import Child, ChildRole, ChildState, ParentState, compacted
from svc_oms.domain.routing.quantities import minus, total
from svc_oms.domain.routing.request import RoutingRequest, Strategy
from svc_oms.domain.routing.strategies.watch import moves_in_a_row

EXECUTIONS: Final = OrderExecuted | ExecutionBusted | ExecutionCorrected
AT_ONCE: Final = frozenset({TimeInForce.IOC, TimeInForce.FOK})
_TYPES: Final = (OrderType.MARKET, OrderType.LIMIT)


def check_routable(command: PlaceOrder, now_ns: int) -> None:
    """Refuse what cannot be routed, whatever the venues show.

    Raises:
        OrderRefused: INVALID_FIELD, UNSUPPORTED_ORDER_CHARACTERISTIC.
    """
    if command.instrument_id:
        invalid("instrument_id", command.instrument_id, "empty, because routing is set")
    if not command.isin:
        invalid("isin", "", "the ISIN of the instrument, because routing is set")
    if command.type not in _TYPES:
        unsupported("type", command.type.name, ", ".join(one.name for one in _TYPES))
    if command.link is not None:
        invalid("link", command.link.kind.name, "not set, because routing is set")
    if command.hold_for_approval:
        invalid("hold_for_approval", "true", "false, because routing is set")
    if command.reduce_only:
        invalid("reduce_only", "true", "false, because routing is set")
    terms = command.terms
    if terms.cash_quantity is not None:
        invalid("terms.cash_quantity", str(terms.cash_quantity), "empty, because routing is set")
    if terms.quantity <= 0:
        invalid("terms.quantity", "", "above 0")
    check_kind(command.type, terms, now_ns)
    if command.routing is not None:
        check_begin(command.routing, now_ns)


def new_parent(command: PlaceOrder, currency: str, order_id: str, now_ns: int) -> Order:
    """Return a routed order as it is accepted."""
    return Order(
        order_id=order_id,
        account_id=command.account_id,
        idempotency_key=command.idempotency_key,
        instrument_id="",
        symbol="",
        venue_mic="",
        isin=command.isin,
        currency=currency,
        side=command.side,
        type=command.type,
        terms=command.terms,
        leaves_quantity=command.terms.quantity,
        cl_ord_id=f"{order_id}-1",
        placed_by=command.actor,
        created_at_ns=now_ns,
        updated_at_ns=now_ns,
        regulatory=command.regulatory,
        link=Link(LinkKind.ROUTED, order_id),
        client_note=command.client_note,
        routing=routing_from(command.routing, now_ns),
    )


def new_child(
    parent: Order, action: Action, listing: tuple[str, str, str, str], order_id: str, decision: int
) -> Order:
    """Return a child as it is accepted.

    Args:
        parent: The routed order.
        action: Of kind PLACE.
        listing: Its instrument_id, symbol, MIC, and the symbol as the venue writes it.
        order_id: Of the child.
        decision: Number of the decision.
    """
    instrument_id, symbol, venue_mic, venue_symbol = listing
    assert action.quantity is not None
    assert action.time_in_force is not None
    in_force = action.time_in_force
    terms = OrderTerms(
        action.quantity,
        action.price,
        time_in_force=in_force,
        expire_time_ns=parent.terms.expire_time_ns if in_force is TimeInForce.GTD else None,
    )
    return Order(
        order_id=order_id,
        account_id=parent.account_id,
        idempotency_key="",
        instrument_id=instrument_id,
        symbol=symbol,
        venue_mic=venue_mic,
        isin=parent.isin,
        currency=parent.currency,
        side=parent.side,
        type=OrderType.LIMIT,
        terms=terms,
        leaves_quantity=terms.quantity,
        cl_ord_id=f"{order_id}-1",
        placed_by=parent.placed_by,
        created_at_ns=parent.updated_at_ns,
        updated_at_ns=parent.updated_at_ns,
        regulatory=parent.regulatory,
        link=Link(LinkKind.ROUTED, parent.order_id, parent.order_id),
        venue_symbol=venue_symbol,
        routing_decision=decision,
    )


def split(members: Iterable[Order]) -> tuple[Order | None, list[Order]]:
    """Return the parent and the children of a group, oldest first."""
    parent, children = None, []
    for order in members:
        if order.routing is not None:
            parent = order
        else:
            children.append(order)
    children.sort(key=_order_id)
    return parent, children


def _order_id(order: Order) -> str:
    return order.order_id


def followed(
    members: Sequence[Order], changed: Order, events: Sequence[Event]
) -> list[tuple[Order, Event]]:
    """Return what follows for the other members when one changes, each with its order.

    Args:
        members: All orders of the group as they are now; `changed` among them.
        changed: The order that changed.
        events: What happened to it.
    """
    parent, children = split(members)
    if parent is None:
        return []
    if changed.routing is None:
        found: list[tuple[Order, Event]] = [
            (parent, event) for event in events if isinstance(event, EXECUTIONS)
        ]
        ends = not found and parent.pending_cancel_id and not parent.is_closed
        if ends and all(child.is_closed for child in children):
            found.append((parent, OrderCanceled()))
        return found if found or not parent.is_closed else _pulled([changed])
    if not (parent.is_closed or parent.pending_cancel_id):
        return []
    if not parent.is_closed and all(child.is_closed for child in children):
        return [(parent, OrderCanceled())]
    return _pulled(children)


def _pulled(children: Iterable[Order]) -> list[tuple[Order, Event]]:
    return [
        (child, CancelRequested(child.next_cl_ord_id))
        for child in children
        if not child.is_closed and not child.pending_cancel_id
    ]


def request_of(parent: Order, denied: Iterable[str] = ()) -> RoutingRequest:
    """Return what a parent asks for; a replace without answer counts already.

    Args:
        parent: The routed order.
        denied: MICs that account and firm do not allow.
    """
    routing = parent.routing
    assert routing is not None
    terms = parent.pending_terms or parent.terms
    return RoutingRequest(
        Strategy.BEST if routing.schedule is not None else Strategy(routing.strategy),
        parent.side,
        terms.limit_price,
        terms.time_in_force,
        routing.venues,
        frozenset(routing.denied_venues).union(denied),
        schedule_of(routing),
    )


def parent_state(
    parent: Order,
    children: Sequence[Order],
    *,
    expired: bool,
    now_ns: int,
    market_volume: Quantity = NO_QUANTITY,
) -> ParentState:
    """Return a parent and its children as the decision takes them.

    Args:
        parent: The routed order.
        children: Its children, oldest first: at least those that are open or that changed after
            `parent.routing_sums.after_sequence`.
        expired: The parent's time in force is over.
        now_ns: The present time.
        market_volume: POV: traded since its start.
    """
    sums = parent.routing_sums or RoutingSums()
    # What is reported of a child after its end brings it here again: its end counts once.
    fresh = [
        child
        for child in children
        if not child.is_closed
        or (child.closed_sequence or child.last_sequence) > sums.after_sequence
    ]
    schedule = None if parent.routing is None else schedule_of(parent.routing)
    # A schedule looks at the rounds of its present slice, whose children are all here.
    whole = not sums.after_sequence or schedule is not None
    numbers = sorted({child.routing_decision for child in fresh}) if whole else []
    rounds = {number: place for place, number in enumerate(numbers, 1)}
    states = tuple(_child(child, rounds.get(child.routing_decision, 0)) for child in fresh)
    asked = parent.pending_terms
    resting = (child.round for child in states if child.role is ChildRole.REST)
    state = ParentState(
        parent.order_id,
        parent.terms.quantity,
        states,
        rejected_mics=sums.rejected_mics,
        returned_mics=sums.returned_mics,
        round=len(numbers) if whole else sums.round,
        rest_round=max(resting, default=0) if whole else sums.rest_round,
        pending_quantity=None if asked is None else asked.quantity,
        cancel_requested=bool(parent.pending_cancel_id),
        expired=expired,
        paused=is_paused(parent),
        market_volume=market_volume,
        early_ends=sums.early_ends,
        moves=sums.moves,
        moved_at_ns=sums.moved_at_ns,
    )
    # Closed children are in the totals: the record of a decision does not grow with their number.
    # A schedule keeps those of its present slice.
    state = compacted(state, 2**63 if schedule is None else schedule.slice_start_ns(now_ns))
    # The executions of the children, whether they are read or not, are those of the parent.
    known = total(child.cum_quantity for child in state.children)
    return state._replace(closed_cum_quantity=minus(parent.cum_quantity, known))


def sums_after(
    inputs: Inputs, decision: Decision, after_sequence: int, before: RoutingSums | None
) -> RoutingSums:
    """Return what the next decision has to know of what this one took in and decided.

    Args:
        inputs: Of the decision.
        decision: The decision; it is carried out.
        after_sequence: The last sequence of the account before it.
        before: What the decision before kept; None: it is the first.
    """
    parent, now_ns = inputs.parent, inputs.now_ns
    moves, moved_at_ns = parent.moves, parent.moved_at_ns
    if decision.moved:
        moves, moved_at_ns = moves_in_a_row(parent, now_ns, inputs.limits) + 1, now_ns
    rejected, returned = parent.all_rejected_mics, parent.all_returned_mics
    if inputs.request.schedule is not None:
        # Its decisions look at each child of the present slice: none of them is left out.
        if all(child.is_live for child in parent.children):
            before = RoutingSums(
                after_sequence,
                rejected_mics=rejected,
                returned_mics=returned,
                early_ends=parent.early_ends,
            )
        kept = before or RoutingSums()
        return kept._replace(moves=moves, moved_at_ns=moved_at_ns, held=inputs.held)
    placed = [one.role for one in decision.actions if one.kind is ActionKind.PLACE]
    number = parent.round + bool(placed)
    return RoutingSums(
        after_sequence,
        number,
        number if ChildRole.REST in placed else parent.rest_round,
        rejected,
        returned,
        parent.early_ends,
        moves,
        moved_at_ns,
        inputs.held,
    )


def _child(order: Order, number: int) -> Child:
    terms = order.terms
    role = ChildRole.TAKE if terms.time_in_force in AT_ONCE else ChildRole.REST
    return Child(
        order.order_id,
        order.venue_mic,
        role,
        _state(order),
        terms.quantity,
        order.cum_quantity,
        terms.limit_price or Price(ZERO),
        terms.time_in_force,
        number,
        order.replace_asked_at_ns or order.created_at_ns,
        None if order.pending_terms is None else order.pending_terms.quantity,
        bool(order.pending_cancel_id),
        order.state is OrderState.REJECTED and refused_by_venue(order),
        _refused_at_ns(order),
        ended_early(order),
    )


def _refused_at_ns(order: Order) -> int:
    """Return when a venue refused to change an open order; 0: it did not, or was asked since."""
    pending = order.pending_cancel_id or order.pending_replace_id
    return 0 if order.rejection is None or order.is_closed or pending else order.updated_at_ns


def _state(order: Order) -> ChildState:
    if order.is_closed:
        return ChildState.CLOSED
    if order.state is OrderState.UNKNOWN:
        return ChildState.UNKNOWN
    if order.pending_replace_id:
        return ChildState.REPLACE_PENDING
    return ChildState.SENT if order.base_state is OrderState.PENDING_NEW else ChildState.WORKING


def refused_by_venue(order: Order) -> bool:
    """Return whether a rejected child was refused by its venue, and not ended here unsent."""
    return order.rejection is None or order.rejection.reason not in _OURS


def _is_unasked(order: Order) -> bool:
    """Return whether a cancelled order had no cancel under way: its last request is in force."""
    return order.cl_ord_id == f"{order.order_id}-{order.request_count}"


EARLY_END_NS: Final = 60 * NS_PER_S
"""A resting child that its venue ends by itself within this time has ended early."""


def ended_early(order: Order) -> bool:
    """Return whether a venue ended a resting child by itself, soon and with nothing executed."""
    ended = order.state is OrderState.EXPIRED or (
        order.state is OrderState.CANCELED and _is_unasked(order)
    )
    early = order.updated_at_ns - order.created_at_ns < EARLY_END_NS
    rests = order.terms.time_in_force not in AT_ONCE
    return ended and early and rests and not order.cum_quantity


def failed_at_venue(order: Order) -> bool:
    """Return whether a child counts as a failure of its venue: rejected, or ended early."""
    if order.state is OrderState.REJECTED:
        return refused_by_venue(order)
    return ended_early(order)


_OURS: Final = frozenset({"NOT_SENT", "KILL_SWITCH_ENGAGED", "VENUE_UNAVAILABLE"})


def possibly_live(children: Iterable[Order]) -> Quantity:
    """Return the most that children may still execute."""
    live = NO_QUANTITY
    for child in children:
        if not child.is_closed:
            left = child.quantity_possible - child.cum_quantity
            live = Quantity(live + max(left, NO_QUANTITY))
    return live


def require_own(order: Order, what: str) -> None:
    """Refuse a client's change of a child: it follows its routed order.

    Raises:
        OrderRefused: OBJECT_STATE.
    """
    if order.routed_by:
        raise OrderRefused(
            "OBJECT_STATE",
            f"order {order.order_id} is a child of routed order {order.routed_by} and cannot be "
            f"{what} by itself; name the routed order",
            "order_id",
            {"order_id": order.order_id, "parent_order_id": order.routed_by},
        )
