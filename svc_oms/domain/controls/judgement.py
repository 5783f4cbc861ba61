"""The controls in their order, for one command; and the counts of what was taken."""

from kernel.nanoseconds import NS_PER_MS
from svc_oms.domain.controls.limits.limit_values import Applied, LimitKind
from svc_oms.domain.controls.limits.refusals import WITHOUT_PRICE
from svc_oms.domain.controls.parts import Change
from svc_oms.domain.controls.rules import (
    SINGLE,
    check_permission,
    check_self_match,
    check_state,
    check_stopped,
    collar_name,
    collar_with,
)
from svc_oms.domain.controls.state import Stop
from svc_oms.domain.controls.totals import (
    TOTALS,
    check_volume_of_rest,
    count_message,
    counts_acceptance,
    volume_name,
)
from svc_oms.domain.controls.trial import AccountView, Trial
from svc_oms.domain.model import Order
from svc_oms.domain.numbers import ZERO, Quantity
from svc_oms.domain.order_terms.checks import OrderRefused

CHECKS = (*SINGLE, *TOTALS)


ONCE = frozenset({LimitKind.DUPLICATE_ORDER})
"""Checked and counted when an order is accepted, not again when it is released: the order that
waited here is the same one."""


def judge(
    view: AccountView, trial: Trial, leave_out: frozenset[LimitKind] = frozenset()
) -> tuple[Order, ...]:
    """Refuse a command, or return the own resting orders to cancel before it.

    Raises:
        OrderRefused: By the first control that refuses.
    """
    check_state(view, trial)
    check_stopped(view, trial)
    limits = view.applied(trial.order, trial.now_ns)
    if not limits:
        return ()
    for kind, check in CHECKS:
        if kind in limits and kind not in leave_out:
            check(view, trial, limits[kind])
    applied = limits.get(LimitKind.SELF_MATCH)
    return () if applied is None else check_self_match(view, trial, applied)


def judge_child(view: AccountView, trial: Trial) -> tuple[Order, ...]:
    """Refuse a child of a routed order, or return the own resting orders to cancel before it.

    The routed order is judged as a whole, by `judge_rest`. Of its child only what belongs to its
    venue and price is: whether the listing is halted or not permitted, limits whose range names a
    venue or a listing, the collar, and whether it would meet own orders there.

    Raises:
        OrderRefused: By the first control that refuses.
    """
    check_listing(view, trial)
    limits = view.applied(trial.order, trial.now_ns)
    for kind, check in CHECKS:
        applied = limits.get(kind)
        if applied is None or kind in ONCE:
            continue
        if is_of_venue(applied):
            check(view, trial, applied)
        elif kind is LimitKind.PRICE_COLLAR and trial.reference is not None:
            # The window counted the routed order when it was accepted.
            values = applied.values._replace(window_percent=None)
            check(view, trial, applied._replace(values=values))
    applied = limits.get(LimitKind.SELF_MATCH)
    return () if applied is None else check_self_match(view, trial, applied)


OF_CHILDREN = ONCE.union({LimitKind.PRICE_COLLAR, LimitKind.INSTRUMENT_PERMISSION})
"""Kinds that judge the children of a routed order, or its acceptance, and not what is left."""


def judge_rest(view: AccountView, trial: Trial, free: Quantity) -> None:
    """Refuse that more of a routed order goes to a venue, if what is left may not go as a whole.

    Args:
        view: The account.
        trial: What is left of the routed order; see `rest_of`.
        free: What of it is not at a venue.

    Raises:
        OrderRefused: By the first control that refuses, other than for want of a price: the order
            was valued when it was accepted.
    """
    check_state(view, trial)
    limits = view.applied(trial.order, trial.now_ns)
    for kind, check in CHECKS:
        applied = limits.get(kind)
        if applied is None or kind in OF_CHILDREN:
            continue
        try:
            if kind is LimitKind.VOLUME:
                check_volume_of_rest(view, trial, applied, free)
            else:
                check(view, trial, applied)
        except OrderRefused as refusal:
            if refusal.reason != WITHOUT_PRICE:
                raise


def check_listing(view: AccountView, trial: Trial) -> None:
    """Refuse a listing whose trading is halted or stopped, or that is not permitted."""
    part = trial.change.after
    # As a change of nothing: its quantity counts in the routed order already.
    check_state(view, trial._replace(change=Change(part, part, part)))
    check_stopped(view, trial)
    applied = view.limit(LimitKind.INSTRUMENT_PERMISSION, trial.order, trial.now_ns)
    if applied is not None:
        check_permission(view, trial, applied)


def is_of_venue(applied: Applied) -> bool:
    """Return whether the range of a limit names a venue or a listing."""
    return bool(applied.limit.range.venue_mic or applied.limit.range.instrument_id)


def left_to_parent(
    view: AccountView, order: Order, parent: Order | None, now_ns: int
) -> frozenset[LimitKind]:
    """Return the kinds of limit by which only the routed order counts, not this child of it.

    VOLUME counts the child once its window is past the acceptance of the routed order.
    """
    limits = view.applied(order, now_ns)
    of_parent = {kind for kind, applied in limits.items() if not is_of_venue(applied)}
    volume = limits.get(LimitKind.VOLUME)
    if volume is not None and parent is not None and not counts_acceptance(volume, parent, now_ns):
        of_parent.discard(LimitKind.VOLUME)
    return ONCE.union(of_parent)


def count(view: AccountView, trial: Trial, leave_out: frozenset[LimitKind] = frozenset()) -> None:
    """Count a new order or a change that was taken.

    What waits here counts for volume and collar when it is sent, not when it is accepted.
    """
    order, now_ns, state = trial.order, trial.now_ns, view.state
    limits = view.applied(order, now_ns)
    applied = None if LimitKind.VOLUME in leave_out else limits.get(LimitKind.VOLUME)
    if applied is not None and trial.sent and (trial.more_quantity or trial.more_value):
        name = volume_name(applied, order.currency)
        window = state.window(name, now_ns, applied.values.window_ms)
        state.windows[name] = window.counted(now_ns, trial.more_quantity, trial.more_value)
    applied = limits.get(LimitKind.DUPLICATE_ORDER)
    if applied is not None and LimitKind.DUPLICATE_ORDER not in leave_out:
        state.remember(now_ns, trial.mark, applied.values.window_ms * NS_PER_MS)
    applied = None if LimitKind.PRICE_COLLAR in leave_out else limits.get(LimitKind.PRICE_COLLAR)
    if applied is not None and trial.sent and _moves_collar(applied, trial):
        name = collar_name(applied, order)
        collar = collar_with(view, trial, applied)
        state.collars.pop(name, None)
        state.collars[name] = collar


def _moves_collar(applied: Applied, trial: Trial) -> bool:
    terms = trial.terms
    if applied.values.window_percent is None or terms.limit_price is None or terms.stop_price:
        return False
    return trial.is_new or trial.terms.limit_price != trial.order.terms.limit_price


def count_command(view: AccountView, order: Order, now_ns: int, *, is_cancel: bool) -> None:
    """Count a message for the message rate."""
    applied = view.limit(LimitKind.MESSAGE_RATE, order, now_ns)
    if applied is not None:
        count_message(view, applied, now_ns, is_cancel=is_cancel)


def count_execution(view: AccountView, order: Order, now_ns: int) -> Stop | None:
    """Count a fill; return the stop if this fill caused it."""
    applied = view.limit(LimitKind.REPEATED_EXECUTION, order, now_ns)
    if applied is None:
        return None
    state, values = view.state, applied.values
    key = view.strategy(order)
    name = f"{applied.limit.limit_id}|{key.text()}"
    window = state.counted_executions(name, now_ns, values.window_ms).counted(now_ns, ONE_FILL)
    state.executions.pop(name, None)
    state.executions[name] = window
    total = int(window.sums()[0])
    if total < values.executions or key in state.stops:
        return None
    stop = state.stops[key] = Stop(applied.limit.limit_id, applied.limit.version, total, now_ns)
    return stop


ONE_FILL = ZERO + 1
