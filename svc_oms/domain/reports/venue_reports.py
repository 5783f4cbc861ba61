"""What a report of the venue means for an order.

`interpret` turns a report into events. It may look at the order but never refuses: a report
that does not fit becomes VenueReportParked, or an event that `evolve` flags as an anomaly. A
report of what is known already becomes nothing. Three decisions:

*Executions come only with their ExecID(17).* A status, a cancel or a fill may report a
CumQty(14) larger than what we have. We never make up the missing fill. A status with a
larger CumQty(14) puts the order in doubt (UNKNOWN) until the executions have come, and the
rest of the status is applied beneath the doubt; a difference in any other report is parked.

*A session has an order.* The venue's messages are applied in session order, and it read ours
in session order too. So an answer to OrderStatusRequest(H) knows of everything sent before the
request, and a request that it does not mention did not arrive: this is how doubts end.
OrdStatusReqID(790) names the question, so that an old answer, read after a second crash,
concludes nothing about younger requests. If a venue does not return it and a conclusion is
wrong, the venue's next report overrules it.

*NOT_SENT only for an order that never was at the venue.* "Unknown order" ends a new order of
which no report has come. For any other order it is a contradiction.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from svc_oms.domain.events import (
    CancelPending,
    Event,
    ExecutionBusted,
    ExecutionCorrected,
    OrderAcknowledged,
    OrderCalculated,
    OrderCanceled,
    OrderDoneForDay,
    OrderExecuted,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderResolved,
    OrderRestated,
    OrderStopped,
    OrderSuspended,
    ReplacePending,
)
from svc_oms.domain.facts import (
    BusinessRejectFacts,
    CancelRejectFacts,
    ExecutionReportFacts,
    Facts,
    ReceiptFacts,
    SessionRejectFacts,
)
from svc_oms.domain.lifecycle import TERMINAL, OrderState
from svc_oms.domain.model import (
    Execution,
    Order,
    ResolutionSource,
)
from svc_oms.domain.numbers import NO_QUANTITY, add, subtract
from svc_oms.domain.order_terms.cash import found_quantity
from svc_oms.domain.reports.legs import end_of_another_leg, of_another_leg, was_overtaken, works
from svc_oms.domain.reports.report_parts import (
    PAUSED,
    arrival,
    as_text,
    ask_venue,
    execution,
    found,
    found_price,
    is_over,
    learned,
    parked,
    refusal,
    request_number,
    shows_replace,
    venue_rejection,
)
from svc_oms.domain.reports.request_rejects import cancel_reject, message_reject, receipt
from svc_oms.domain.reports.resolve import folded, second_thoughts
from svc_oms.domain.reports.status_answers import UNKNOWN_ORDER, order_status, unknown_order

__all__ = [
    "BusinessRejectFacts",
    "CancelRejectFacts",
    "ExecutionReportFacts",
    "Facts",
    "ReceiptFacts",
    "SessionRejectFacts",
    "interpret",
    "request_number",
]

Executions = Mapping[str, Execution]
NO_EXECUTIONS: Final[Executions] = {}

PAUSES: Final[Mapping[OrderState, Event]] = {
    OrderState.DONE_FOR_DAY: OrderDoneForDay(),
    OrderState.SUSPENDED: OrderSuspended(),
    OrderState.STOPPED: OrderStopped(),
    OrderState.CALCULATED: OrderCalculated(),
}
# OrdStatus(39) of an order that works.
_WORKING: Final = frozenset("0156E")
DUPLICATE_ORDER = 6
"""OrdRejReason(103): the venue has an order of this ClOrdID(11)."""


def interpret(
    order: Order,
    facts: Facts,
    executions: Executions = NO_EXECUTIONS,
    *,
    copied: bool = False,
    copied_venue: bool = False,
) -> list[Event]:
    """Return the events of a report, in order; [] if nothing is new.

    Fold them one after the other with `evolve`.

    Args:
        order: The order before the report.
        facts: The report. Of fills, busts and corrections the caller gives only those that are
            not applied yet (`execution_ids.seen`).
        executions: Executions of this order by ExecID(17); needed for ExecType(150)=H and G,
            which name one in ExecRefID(19) (`execution_ids.named`). One that was corrected
            counts as busted.
        copied: It is of a drop copy, and so does not show whether the order works now.
        copied_venue: The venue has a drop copy too, which may have been faster.
    """
    if isinstance(facts, CancelRejectFacts):
        return cancel_reject(order, facts, copied=copied)
    if not isinstance(facts, ExecutionReportFacts):
        return _refused_or_not_sent(order, facts)
    aside = of_another_leg(order, facts)
    if aside is not None:
        return aside
    first: list[Event] = []
    if order.stated_by_person:
        first, order = second_thoughts(order, facts)
    handler = _BY_EXEC_TYPE.get(facts.exec_type)
    if handler is None:
        return [*first, parked("8", f"ExecType(150)={facts.exec_type} is not known")]
    if copied_venue and was_overtaken(order, facts):
        return first
    if not copied:
        opened = works(order, facts)
        first, order = [*first, *opened], folded(order, opened)
    return [*first, *handler(order, facts, executions)]


def _refused_or_not_sent(
    order: Order, facts: BusinessRejectFacts | SessionRejectFacts | ReceiptFacts
) -> list[Event]:
    match facts:
        case BusinessRejectFacts():
            return message_reject(order, facts, "j", "BusinessMessageReject(j)")
        case SessionRejectFacts():
            return message_reject(order, facts, "3", "Reject(3)")
    return receipt(order, facts)


# --- ExecutionReport(8) -----------------------------------------------------------------


def _new(order: Order, facts: ExecutionReportFacts, _executions: Executions) -> list[Event]:
    base = order.base_state
    learns_id = bool(facts.venue_order_id) and not order.venue_order_id
    if (
        base is OrderState.PENDING_NEW
        or base is OrderState.REJECTED
        or base in PAUSED
        or (learns_id and base not in TERMINAL)
    ):
        return [
            *arrival(order, facts),
            OrderAcknowledged(facts.venue_order_id),
            *found_quantity(order, facts),
            *found_price(order, facts),
        ]
    return found_quantity(order, facts)


def _pending_new(order: Order, facts: ExecutionReportFacts, _executions: Executions) -> list[Event]:
    return arrival(order, facts)


def _trade(order: Order, facts: ExecutionReportFacts, _executions: Executions) -> list[Event]:
    quantity, price = facts.last_quantity, facts.last_price
    if not facts.exec_id or quantity is None or quantity <= 0 or price is None:
        return [
            parked(
                "8",
                f"a fill needs ExecID(17), LastQty(32) above 0 and LastPx(31): "
                f"{facts.exec_id or 'none'}, {as_text(quantity)}, {as_text(price)}",
            )
        ]
    events = arrival(order, facts)
    if order.base_state is OrderState.PENDING_NEW:
        # The venue sent no acknowledgement of its own, but it works the order.
        events.append(OrderAcknowledged(facts.venue_order_id))
    told_quantity = found_quantity(order, facts)
    if told_quantity and order.base_state in PAUSES:
        # A report of the quantity does not make the order work again.
        told_quantity.append(PAUSES[order.base_state])
    events += [*told_quantity, OrderExecuted(execution(order, facts))]
    events += found_price(order, facts)
    cum = add(order.cum_quantity, quantity)
    if 0 < order.awaited_cum <= cum:
        events.append(OrderResolved(ResolutionSource.VENUE_REPORT, ""))
    if not told_quantity:
        events += _ended_with(order, facts, cum)
    return events


def _ended_with(order: Order, facts: ExecutionReportFacts, cum: Decimal) -> list[Event]:
    """Return the end that a fill reports by its OrdStatus(39), with something left."""
    if facts.leaves_quantity or cum >= order.terms.quantity or order.base_state in TERMINAL:
        return []
    return _end_told(order, facts)


def _end_told(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Return the end that a report of an execution shows by its OrdStatus(39)."""
    match facts.ord_status:
        case "4":
            ended: Event = OrderCanceled(unsolicited=not order.pending_cancel_id, text=facts.text)
        case "8":
            rejection = venue_rejection(order, "order", facts.ord_rej_reason, facts.text)
            ended = OrderRejected(rejection)
        case "C":
            ended = OrderExpired(facts.text)
        case _:
            return []
    aside = end_of_another_leg(order, facts)
    return [ended] if aside is None else aside


def _canceled(order: Order, facts: ExecutionReportFacts, _executions: Executions) -> list[Event]:
    if order.base_state is OrderState.CANCELED:
        return []
    canceled = OrderCanceled(unsolicited=not order.pending_cancel_id, text=facts.text)
    return [*_end(order, facts), canceled]


def _expired(order: Order, facts: ExecutionReportFacts, _executions: Executions) -> list[Event]:
    if order.base_state is OrderState.EXPIRED:
        return []
    return [*_end(order, facts), OrderExpired(facts.text)]


def _end(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Return the events that come before an order's end."""
    events = arrival(order, facts)
    cancel = order.pending_cancel_id
    if cancel in order.in_doubt:
        events.append(OrderResolved(ResolutionSource.VENUE_REPORT, cancel))
    return events


def _pending_cancel(
    order: Order, facts: ExecutionReportFacts, _executions: Executions
) -> list[Event]:
    if not order.pending_cancel_id:
        return arrival(order, facts)
    return [*arrival(order, facts), *found(order, order.pending_cancel_id), CancelPending()]


def _pending_replace(
    order: Order, facts: ExecutionReportFacts, _executions: Executions
) -> list[Event]:
    if not order.pending_replace_id:
        return arrival(order, facts)
    return [*arrival(order, facts), *found(order, order.pending_replace_id), ReplacePending()]


def _replaced(order: Order, facts: ExecutionReportFacts, _executions: Executions) -> list[Event]:
    pending = order.pending_replace_id
    if pending and order.pending_terms is not None and shows_replace(order, facts):
        terms = learned(order.type, order.pending_terms, facts)
        return [
            *arrival(order, facts),
            *found(order, pending),
            OrderReplaced(terms, facts.venue_order_id),
            *found_price(order, facts, terms),
        ]
    terms = learned(order.type, order.terms, facts)
    if terms == order.terms:
        return []
    return [*arrival(order, facts), OrderReplaced(terms, facts.venue_order_id)]


def _rejected(order: Order, facts: ExecutionReportFacts, _executions: Executions) -> list[Event]:
    if facts.ord_rej_reason == UNKNOWN_ORDER:
        return unknown_order(order, facts)
    rejection = venue_rejection(order, "order", facts.ord_rej_reason, facts.text)
    if facts.cl_ord_id in {order.pending_cancel_id, order.pending_replace_id}:
        # The venue should have sent OrderCancelReject(9).
        return refusal(order, facts.cl_ord_id, rejection)
    base = order.base_state
    if base is OrderState.REJECTED:
        return []
    if facts.ord_status in _WORKING and base not in {OrderState.PENDING_NEW, *TERMINAL}:
        # The refusal of something else: the same report says that the order works.
        text = f"refused, with OrdStatus(39)={facts.ord_status}, of an order that is {base.name}"
        return [parked("8", text), *ask_venue(order, "a working order was refused")]
    if facts.ord_rej_reason == DUPLICATE_ORDER and base is not OrderState.PENDING_NEW:
        return [
            parked("8", "the venue refused a second order of this ClOrdID(11); the first works")
        ]
    return [*arrival(order, facts), OrderRejected(rejection)]


def _done_for_day(order: Order, facts: ExecutionReportFacts, _e: Executions) -> list[Event]:
    return _moved(order, facts, OrderState.DONE_FOR_DAY, OrderDoneForDay())


def _suspended(order: Order, facts: ExecutionReportFacts, _e: Executions) -> list[Event]:
    return _moved(order, facts, OrderState.SUSPENDED, OrderSuspended(facts.text))


def _stopped(order: Order, facts: ExecutionReportFacts, _e: Executions) -> list[Event]:
    return _moved(order, facts, OrderState.STOPPED, OrderStopped(facts.last_price))


def _calculated(order: Order, facts: ExecutionReportFacts, _e: Executions) -> list[Event]:
    return _moved(order, facts, OrderState.CALCULATED, OrderCalculated())


def _moved(
    order: Order, facts: ExecutionReportFacts, state: OrderState, event: Event
) -> list[Event]:
    events: list[Event] = [] if order.base_state is state else [*arrival(order, facts), event]
    if order.base_state not in TERMINAL and is_over(order, facts, state):
        events.append(OrderExpired(facts.text))
    return events


def _restated(order: Order, facts: ExecutionReportFacts, _executions: Executions) -> list[Event]:
    # A triggered stop is reported here too: in FIX 4.4 its state is New before and after.
    restated = OrderRestated(
        learned(order.type, order.terms, facts),
        facts.exec_restatement_reason or 0,
        facts.pegged_price,
    )
    events: list[Event] = [*arrival(order, facts), restated]
    if facts.ord_status == "9":
        events.append(OrderSuspended(facts.text))
    return events


def _busted(order: Order, facts: ExecutionReportFacts, executions: Executions) -> list[Event]:
    named = executions.get(facts.exec_ref_id)
    known = named
    if known is None or known.busted:
        known = _only_possible(order, facts, executions)
    if known is None or known.busted:
        nothing_left = facts.cum_quantity is None and not order.cum_quantity
        if named is not None and (nothing_left or facts.cum_quantity == order.cum_quantity):
            # The venue repeats, under another ExecID(17), what was taken back before.
            return []
        return [parked("8", f"bust of execution {_unusable(facts, named)}")]
    busted = ExecutionBusted(facts.exec_id, known.exec_id, known.quantity, known.price)
    return [busted, *_closed_with(order, facts)]


def _unusable(facts: ExecutionReportFacts, named: Execution | None) -> str:
    """Return the execution that a report names, and why it cannot be changed, in words."""
    what = facts.exec_ref_id or "none"
    if named is None:
        return f"{what}, not known here"
    return f"{what}, which was taken back or corrected before"


def _only_possible(
    order: Order, facts: ExecutionReportFacts, executions: Executions
) -> Execution | None:
    """Return the execution that a bust or correction without a usable ExecRefID(19) changes.

    Some venues repeat the ExecID(17) of the execution in a bust, or name an execution as it was
    before it was corrected. Otherwise the quantity, the price and the CumQty(14) must leave only
    one.
    """
    takes_back = facts.exec_type == "H"
    repeated = executions.get(facts.exec_id)
    if takes_back and repeated is not None and not repeated.busted:
        return repeated
    if facts.cum_quantity is None and (facts.exec_ref_id or facts.last_quantity is None):
        # An ExecRefID(19) of an execution that does not count proves nothing by itself.
        return None
    comes_to = NO_QUANTITY if takes_back else facts.last_quantity or NO_QUANTITY
    meant = [
        one
        for one in executions.values()
        if one.order_id == order.order_id
        and not one.busted
        and (not takes_back or facts.last_quantity in {None, one.quantity})
        and (not takes_back or facts.last_price in {None, one.price})
        and facts.cum_quantity in {None, add(subtract(order.cum_quantity, one.quantity), comes_to)}
    ]
    return meant[0] if len(meant) == 1 else None


def _corrected(order: Order, facts: ExecutionReportFacts, executions: Executions) -> list[Event]:
    named = executions.get(facts.exec_ref_id)
    known = named
    if named is not None and named.busted:
        known = _only_possible(order, facts, executions)
    if known is None or known.busted:
        return [parked("8", f"correction of execution {_unusable(facts, named)}")]
    if not facts.exec_id or facts.last_quantity is None or facts.last_price is None:
        return [parked("8", "a correction needs ExecID(17), LastQty(32) and LastPx(31)")]
    corrected = ExecutionCorrected(
        known.exec_id, execution(order, facts), known.quantity, known.price
    )
    return [corrected, *_closed_with(order, facts)]


def _closed_with(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Close an order that was filled, is not filled any more, and does not work again either."""
    return _end_told(order, facts) if order.base_state is OrderState.FILLED else []


def _status(order: Order, facts: ExecutionReportFacts, _executions: Executions) -> list[Event]:
    return order_status(order, facts)


_BY_EXEC_TYPE: Final[
    dict[str, Callable[[Order, ExecutionReportFacts, Executions], list[Event]]]
] = {
    "0": _new,
    "3": _done_for_day,
    "4": _canceled,
    "5": _replaced,
    "6": _pending_cancel,
    "7": _stopped,
    "8": _rejected,
    "9": _suspended,
    "A": _pending_new,
    "B": _calculated,
    "C": _expired,
    "D": _restated,
    "E": _pending_replace,
    "F": _trade,
    "G": _corrected,
    "H": _busted,
    "I": _status,
    # Triggered, of FIX 5.0; accepted if a venue sends it.
    "L": _restated,
}
