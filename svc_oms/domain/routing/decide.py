"""The one function of routing: what to do about a parent, given all that is known.

The order of the questions is that of their weight. Is the parent over? Must it become smaller? Is
it paused? Only then: what can be taken, what rests where, and has something better come up. A
step that must wait for an answer of a venue returns: the answer is an event, and the parent is
decided about again.
"""

from typing import Final

from kernel.decimals import plain
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decision import ActionKind, Decision, EndReason, Inputs, Verdict
from svc_oms.domain.routing.parent import ChildRole
from svc_oms.domain.routing.quantities import above_zero, minus
from svc_oms.domain.routing.request import Strategy
from svc_oms.domain.routing.strategies.contenders import contenders
from svc_oms.domain.routing.strategies.draft import Draft
from svc_oms.domain.routing.strategies.steps import (
    ends_at_once,
    route_all_or_nothing,
    route_list,
    route_post,
    route_taking,
)
from svc_oms.domain.routing.strategies.watch import keep_in_order, leave_denied, shrink

_GAVE_UP: Final = frozenset({Verdict.REJECTED_BEFORE, Verdict.ENDED_EARLY})


def decide(inputs: Inputs) -> Decision:
    """Decide about a parent. The same inputs always give the same decision.

    The actions keep invariant 11: whatever becomes of them, Σ over children (executed + possibly
    live) never exceeds the parent's quantity. They do so only if they are carried out as they
    are, on the state that `inputs.parent` shows: read it and store the children in one
    transaction that locks the parent.
    """
    draft = Draft(inputs)
    draft.take_parent(inputs.parent)
    if not _ends(draft) and not _is_too_large(draft):
        draft.venues = contenders(inputs)
        _route(draft)
    return draft.decision()


def _ends(draft: Draft) -> bool:
    """End a parent that is executed, cancelled or expired, as soon as nothing of it is live."""
    parent = draft.parent
    if draft.executed >= parent.quantity:
        draft.end(EndReason.FILLED, "the parent is executed")
    elif parent.cancel_requested:
        draft.end(EndReason.CANCELED, "the parent is to be cancelled")
    elif parent.expired:
        draft.end(EndReason.EXPIRED, "the time in force of the parent is over")
    elif draft.schedule_is_over:
        rest = plain(above_zero(minus(parent.quantity, draft.executed)))
        why = f"the schedule is over: {rest} of {plain(parent.quantity)} is not executed"
        draft.end(EndReason.EXPIRED, why)
    else:
        return False
    return True


def _is_too_large(draft: Draft) -> bool:
    """Answer a pending smaller quantity, and shrink what rests until nothing can exceed it.

    Returns:
        True if nothing else can be decided before that.
    """
    parent, wanted = draft.parent, draft.parent.pending_quantity
    if wanted is not None:
        if draft.executed > wanted:
            draft.answer_amend(ActionKind.REFUSE_AMEND, wanted, "more is executed already")
        elif draft.committed <= wanted:
            draft.answer_amend(ActionKind.GRANT_AMEND, wanted, "no child can exceed it any more")
        if _ends(draft):
            return True
    parent = draft.parent
    bound = parent.quantity if parent.pending_quantity is None else parent.pending_quantity
    excess = minus(draft.committed, bound)
    if excess <= 0:
        return False
    why = "the parent becomes smaller" if parent.pending_quantity else "more is live than allowed"
    shrink(draft, excess, why)
    if draft.request.schedule is not None:
        # An answer may not come before the end, when everything that rests is cancelled.
        draft.wake_at(draft.request.schedule.end_ns)
    draft.reason = f"{why}: {plain(excess)} must go first"
    return True


def _hold(draft: Draft) -> None:
    """Place nothing. What ends at once ends; else what rests stays, except at denied venues."""
    why = draft.inputs.held
    if ends_at_once(draft):
        draft.end(EndReason.IMMEDIATE, why)
        return
    leave_denied(draft)
    draft.reason = f"held: {why}"


def _route(draft: Draft) -> None:
    schedule = draft.request.schedule
    if schedule is not None:
        paused = draft.parent.paused
        now_ns = draft.inputs.now_ns
        draft.wake_at(schedule.end_ns if paused else schedule.next_slice_ns(now_ns))
    if draft.parent.paused:
        for child in draft.live(ChildRole.REST):
            draft.cancel(child, "the parent is paused")
        draft.reason = "the parent is paused"
        return
    allowed = [one for one in draft.venues if one.barred is not Verdict.DENIED]
    if allowed and all(one.barred in _GAVE_UP for one in allowed):
        names = ", ".join(one.mic for one in allowed)
        ended = any(one.barred is Verdict.ENDED_EARLY for one in allowed)
        how = "rejected, or ended early," if ended else "rejected"
        draft.end(EndReason.REJECTED, f"{how} by every venue that may be used: {names}")
        return
    if draft.inputs.held:
        _hold(draft)
        return
    keep_in_order(draft)
    if draft.request.time_in_force is TimeInForce.FOK:
        route_all_or_nothing(draft)
    elif draft.request.strategy is Strategy.POST:
        route_post(draft)
    elif draft.request.strategy is Strategy.LIST:
        route_list(draft)
    else:
        route_taking(draft)
