"""The commands of routed orders: place, replace, and the OMS's own command to decide again."""

from collections.abc import Callable

from kernel.nanoseconds import NS_PER_S
from kernel.ulid import new_ulid
from svc_oms.domain.commands import PauseOrder, PlaceOrder, ReplaceOrder
from svc_oms.domain.decide import decide_replace_routed
from svc_oms.domain.events import OrderAccepted, OrderAcknowledged
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, TimeInForce
from svc_oms.domain.order_terms.times import utc
from svc_oms.domain.refusal import invalid
from svc_oms.domain.routing.decision import Cause, WakeUp
from svc_oms.domain.routing.orders import check_routable, new_parent
from svc_oms.domain.routing.paced.orders import decide_pause, decide_resume
from svc_oms.service.commands.checked import check_controls
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.commands.idempotency import key_row
from svc_oms.service.ports import IdempotencyRow
from svc_oms.service.reference.routing_views import RoutingParts, currency_of
from svc_oms.service.routing.plans import carry_out, give_terms, make_plan
from svc_oms.service.submissions import NOTHING_DONE, RouteOrder, Submission, Taken

# After a decision in which a control denied a venue, the next one, which asks the control again.
DENIED_RETRY_NS = 10 * NS_PER_S


def place_routed(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Accept a routed order, and send its first children, or refuse it and send nothing."""
    command = submission.command
    assert isinstance(command, PlaceOrder)
    now_ns = batch.changes.now_ns
    check_routable(command, now_ns)
    currency = currency_of(batch.parts.market, command.isin, command.currency)
    parent = new_parent(command, currency, new_ulid(now_ns), now_ns)
    _require_within(parent, ends_at_ns(batch.parts.routing, parent))
    plan = make_plan(batch, submission, parent, Cause.PLACED, expired=False)
    check_controls(batch, submission, lambda control: control.place(submission, parent))
    order = batch.add(None, command.account_id, OrderAccepted(parent), submission)
    # Nothing has to answer: the OMS itself works it.
    order = batch.add(order, order.account_id, OrderAcknowledged(), submission)
    order = carry_out(batch, submission, order.order_id, plan)
    return key_row(submission, order.order_id, order.last_sequence)


def _require_within(parent: Order, ends_ns: int | None) -> None:
    """Refuse a schedule that is longer than the order's time in force."""
    schedule = None if parent.routing is None else parent.routing.schedule
    if schedule is not None and ends_ns is not None and schedule.end_time_ns > ends_ns:
        in_force = parent.terms.time_in_force.name
        expected = f"at most {utc(ends_ns)}, when the order's time in force, {in_force}, ends"
        invalid("routing.schedule.end_time", utc(schedule.end_time_ns), expected)


def pause(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Pause a TWAP or POV order, or let it go on, and decide about it."""
    command = submission.command
    assert isinstance(command, PauseOrder)
    before = batch.order(command.order_id)
    event = decide_pause(before) if command.paused else decide_resume(before)
    base = OrderState.SUSPENDED if command.paused else OrderState.NEW
    plan = make_plan(
        batch, submission, before._replace(base_state=base), Cause.RESUMED, expired=False
    )
    order = batch.add(before, before.account_id, event, submission)
    if plan.is_stored:
        order = carry_out(batch, submission, order.order_id, plan)
    return key_row(submission, order.order_id, order.last_sequence)


def replace_routed(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Give a routed order other terms: at once, or when no child can exceed a smaller quantity."""
    command = submission.command
    assert isinstance(command, ReplaceOrder)
    before = batch.order(command.order_id)
    event = decide_replace_routed(before, command, batch.changes.now_ns)
    terms = event.terms
    at_once = terms.quantity >= before.terms.quantity
    asked = before._replace(terms=terms) if at_once else before._replace(pending_terms=terms)
    check_controls(batch, submission, lambda control: control.replace(submission, before, terms))
    plan = make_plan(batch, submission, asked, Cause.AMENDED, expired=False)
    order = batch.add(before, before.account_id, event, submission)
    if at_once:
        give_terms(batch, submission, order, terms)
    order = carry_out(batch, submission, order.order_id, plan)
    return key_row(submission, order.order_id, order.last_sequence)


def route(batch: CommandBatch, submission: Submission) -> Taken:
    """Decide about a routed order again; without anything to do, nothing is written."""
    command = submission.command
    assert isinstance(command, RouteOrder)
    command.decided.clear()
    parent = batch.changes.find(command.order_id)
    if parent is None or parent.routing is None or parent.is_closed:
        return NOTHING_DONE
    ends_ns = ends_at_ns(batch.parts.routing, parent)
    expired = ends_ns is not None and ends_ns <= batch.changes.now_ns
    plan = make_plan(batch, submission, parent, Cause(command.cause), expired=expired)
    if plan.is_stored:
        carry_out(batch, submission, parent.order_id, plan)
    decision = plan.decision
    if plan.denied:
        again = WakeUp(Cause.TIMER, at_ns=batch.changes.now_ns + DENIED_RETRY_NS)
        decision = decision._replace(wake_ups=(*decision.wake_ups, again))
    command.decided.append(decision)
    return NOTHING_DONE


def ends_at_ns(parts: RoutingParts, parent: Order) -> int | None:
    """Return when the time in force of a routed order ends; None: not at a known time.

    DAY ends with the day of the venue that trades longest.
    """
    terms = parent.terms
    if terms.time_in_force is TimeInForce.GTD:
        return terms.expire_time_ns
    if terms.time_in_force is not TimeInForce.DAY:
        return None
    day_ends_at_ns: Callable[[str, int], int | None] = parts.venues.day_ends_at_ns
    ends = [
        end
        for listing in parts.market.listings(parent.isin, parent.currency)
        if (end := day_ends_at_ns(listing.instrument_id, parent.created_at_ns)) is not None
    ]
    return max(ends, default=None)
