"""What rests is watched: it shrinks, moves, follows its price, or gives way to what is shown."""

from decimal import Decimal
from typing import Final

from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import EXACT, NO_QUANTITY, Price, Quantity
from svc_oms.domain.routing.decision import Cause, RoutingLimits, Verdict
from svc_oms.domain.routing.parent import Child, ChildRole, ChildState, ParentState
from svc_oms.domain.routing.quantities import above_zero, beyond_lots, minus, plus, total
from svc_oms.domain.routing.request import Strategy
from svc_oms.domain.routing.strategies.contenders import Contender
from svc_oms.domain.routing.strategies.draft import Draft
from svc_oms.domain.routing.strategies.rest import Place, cost_at, margin, places, rest_price
from svc_oms.domain.routing.view import VenueState

_LOST: Final = frozenset({VenueState.HALTED, VenueState.SESSION_DOWN})
"""A child at such a venue is not executed for now."""


def shrink(draft: Draft, excess: Quantity, why: str) -> None:
    """Make resting children smaller by a quantity, the newest first.

    What cancels and replaces without answer will take away counts as taken away.
    """
    rests = draft.live(ChildRole.REST)
    for child in rests:
        excess = minus(excess, _on_its_way(child))
    for child in reversed(rests):
        if excess <= 0:
            return
        if not child.cancel_pending:
            live = minus(child.possibly_live, _on_its_way(child))
            reduce(draft, child, excess, why)
            excess = minus(excess, live)


def reduce(draft: Draft, child: Child, quantity: Quantity, why: str) -> None:
    """Replace a child by a smaller one; cancel it if not enough would be left, or if it cannot."""
    view = next((view for view in draft.inputs.view.venues if view.mic == child.mic), None)
    lot = child.quantity if view is None else view.lot_size
    beyond = beyond_lots(quantity, lot)
    if beyond:
        quantity = plus(quantity, minus(lot, beyond))
    left = minus(child.possibly_live, quantity)
    smallest = None if view is None else view.min_quantity
    # A control that denies a venue refuses replaces there, too; cancels pass.
    changes = child.can_be_changed and child.mic not in draft.request.denied
    if left > 0 and changes and (smallest is None or left >= smallest):
        smaller = minus(child.quantity, quantity)
        draft.replace(child, smaller, child.price, why)
    else:
        draft.cancel(child, why)


def _on_its_way(child: Child) -> Quantity:
    if child.cancel_pending:
        return child.possibly_live
    if child.pending_quantity is None:
        return NO_QUANTITY
    return above_zero(minus(child.quantity, child.pending_quantity))


def leave_denied(draft: Draft) -> None:
    """Cancel resting children at venues that may not be used any more."""
    venues = {one.mic: one for one in draft.venues}
    for child in draft.live(ChildRole.REST):
        if not child.cancel_pending and _is_denied(venues.get(child.mic)):
            _leave(draft, child)


def _is_denied(venue: Contender | None) -> bool:
    return venue is None or venue.barred is Verdict.DENIED


def _leave(draft: Draft, child: Child) -> None:
    draft.cancel(child, f"{child.mic} may not be used any more")


def keep_in_order(draft: Draft) -> None:
    """Replace or cancel resting children that are in the wrong place or at a wrong price."""
    venues = {one.mic: one for one in draft.venues}
    for child in draft.live(ChildRole.REST):
        if not child.cancel_pending:
            _keep_one(draft, child, venues.get(child.mic))


def _keep_one(draft: Draft, child: Child, venue: Contender | None) -> None:
    if venue is None or _is_denied(venue):
        _leave(draft, child)
    elif venue.view.state in _LOST:
        if any(place.contender is not venue for place in _places(draft, child)):
            state = venue.view.state.name
            draft.cancel(child, f"{child.mic} is {state}: the child moves to another venue")
    elif venue.schedule is not None:
        wanted = rest_price(draft.request, venue)
        if wanted is not None:
            _follow(draft, child, venue, wanted)


def _follow(draft: Draft, child: Child, venue: Contender, wanted: Price) -> None:
    """Follow the limit price, and what has become better by more than the margin."""
    limit = draft.request.limit_price
    if limit is not None and is_worse(draft, child.price, limit):
        if child.can_be_changed:
            draft.replace(child, child.quantity, wanted, "the limit price has changed")
        elif child.state is not ChildState.REPLACE_PENDING:
            draft.cancel(child, "the limit price has changed")
        return
    if not child.can_be_changed:
        return
    cost = cost_at(draft.request, venue, child.price)
    here = cost_at(draft.request, venue, wanted)
    best = next(iter(_places(draft, child)), None)
    if best is not None and best.contender is not venue and best.cost < here:
        moves = draft.request.strategy is not Strategy.LIST
        if moves and _gains(draft, child, cost, best.cost) and is_due(draft, child):
            draft.cancel(child, f"{best.contender.mic} is better after fees: moves there")
    elif here < cost:
        # Only POST has prices that the market moves; it pays for a new one with its queue.
        slides = draft.request.strategy is Strategy.POST
        if not slides or (_gains(draft, child, cost, here) and is_due(draft, child)):
            draft.replace(child, child.quantity, wanted, "its venue allows a better price")


def _places(draft: Draft, child: Child) -> list[Place]:
    return places(draft.request, draft.venues, child.possibly_live)


def _gains(draft: Draft, child: Child, cost: Decimal, other: Decimal) -> bool:
    """Return whether another cost is better by more than the margin of moves."""
    return EXACT.subtract(cost, other) > margin(child.price, draft.limits.move_margin_bps)


def is_worse(draft: Draft, price: Price, limit: Price) -> bool:
    """Return whether a price is worse for the parent than another one."""
    return price > limit if draft.request.is_buy else price < limit


def is_due(draft: Draft, child: Child) -> bool:
    """Return whether a child may be moved for a better price; else come back when it may.

    It has rested long enough, and the last move of the parent is long enough ago: so a price that
    comes and goes moves it less and less often.
    """
    limits, parent = draft.limits, draft.parent
    due_ns = child.placed_at_ns + limits.rest_time_ns_min
    if draft.inputs.cause is Cause.AMENDED:
        return True
    moves = moves_in_a_row(parent, draft.inputs.now_ns, limits)
    if moves:
        doublings = min(moves, limits.move_interval_ns_max.bit_length())
        interval_ns = min(limits.rest_time_ns_min << doublings, limits.move_interval_ns_max)
        due_ns = max(due_ns, parent.moved_at_ns + interval_ns)
    if draft.inputs.now_ns >= due_ns:
        draft.moved = True
        return True
    draft.wake_at(due_ns)
    return False


def moves_in_a_row(parent: ParentState, now_ns: int, limits: RoutingLimits) -> int:
    """Return how often what rests was moved for a better price without a long pause."""
    forgotten = now_ns - parent.moved_at_ns >= limits.moves_forgotten_ns
    return 0 if forgotten else parent.moves


def give_way(draft: Draft) -> None:
    """Make what rests smaller by what other venues display at its price or a better one.

    Once the venue has confirmed it, that much is free and is taken there.
    """
    spoken_for: dict[str, Quantity] = {}
    for child in reversed(draft.live(ChildRole.REST)):
        if not child.can_be_changed:
            continue
        shown = NO_QUANTITY
        for venue in draft.venues:
            if venue.mic != child.mic and venue.barred is None:
                here = _shown_for(draft, child, venue, spoken_for.get(venue.mic, NO_QUANTITY))
                room = minus(child.possibly_live, shown)
                here = venue.whole_lots(min(here, room))
                if venue.takes(here):
                    spoken_for[venue.mic] = plus(here, spoken_for.get(venue.mic, NO_QUANTITY))
                    shown = plus(shown, here)
        if shown > 0 and is_due(draft, child):
            reduce(draft, child, shown, "another venue displays what the child waits for")


def _shown_for(draft: Draft, child: Child, venue: Contender, spoken_for: Quantity) -> Quantity:
    """Return what a venue displays at the price of a child, better by the margin of takes."""
    better_by = margin(child.price, draft.limits.take_margin_bps)
    signed = better_by.copy_negate() if draft.request.is_buy else better_by
    bound = Price(EXACT.add(child.price, signed))
    if TimeInForce.IOC not in venue.view.times_in_force:
        return NO_QUANTITY
    shown = total(
        level.quantity for level in venue.levels if not is_worse(draft, level.price, bound)
    )
    return above_zero(minus(shown, spoken_for))
