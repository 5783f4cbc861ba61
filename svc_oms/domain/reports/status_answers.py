"""Order Status: how doubts end. ExecType(150)=I, and "unknown order" to a status request."""

from kernel.decimals import plain
from svc_oms.domain.events import (
    Event,
    OrderAcknowledged,
    OrderCalculated,
    OrderCanceled,
    OrderDoneForDay,
    OrderExpired,
    OrderInDoubt,
    OrderRejected,
    OrderReplaced,
    OrderResolved,
    OrderRestated,
    OrderStopped,
    OrderSuspended,
)
from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.domain.lifecycle import TERMINAL, OrderState
from svc_oms.domain.model import Order, OrderTerms, ResolutionSource
from svc_oms.domain.numbers import Quantity
from svc_oms.domain.order_terms.cash import found_quantity
from svc_oms.domain.reports.report_parts import (
    PAUSED,
    arrival,
    cum_differs,
    found,
    is_over,
    merged,
    not_sent,
    parked,
    refusal,
    request_number,
    standing_doubts,
    venue_rejection,
)

_WORKS = frozenset("012")
UNKNOWN_ORDER = 5
"""OrdRejReason(103): the venue does not know the order of a status request."""

ORD_STATUSES = frozenset("0123456789ABCDE")
"""OrdStatus(39) of FIX 4.4."""

# OrdStatus(39) of an order that the venue works; what is executed is compared apart.
_AT_VENUE = frozenset({"0", "1", "2", "6", "E"})

_BASE_OF_STATUS = {
    "3": OrderState.DONE_FOR_DAY,
    "4": OrderState.CANCELED,
    "7": OrderState.STOPPED,
    "8": OrderState.REJECTED,
    "9": OrderState.SUSPENDED,
    "B": OrderState.CALCULATED,
    "C": OrderState.EXPIRED,
}


def answer_source(facts: ExecutionReportFacts) -> ResolutionSource:
    """Return how an answer ends a doubt: it is of one order, or part of a mass answer."""
    if facts.mass_status_request_id:
        return ResolutionSource.MASS_STATUS
    return ResolutionSource.STATUS_REQUEST


def order_status(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Return the events of an Order Status."""
    if facts.ord_status not in ORD_STATUSES:
        return [parked("8", f"OrdStatus(39) {facts.ord_status!r} is none of FIX 4.4")]
    if facts.ord_status == "8" and facts.ord_rej_reason == UNKNOWN_ORDER:
        return unknown_order(order, facts)
    events = arrival(order, facts, answer_source(facts))
    cum = facts.cum_quantity
    if cum is None and facts.ord_status == "2" and not order.terms.quantity_is_estimate:
        cum = max(order.terms.quantity, order.cum_quantity)
    if cum is not None and cum < order.cum_quantity:
        return [*events, cum_differs(facts, order.cum_quantity)]
    if order.is_closed:
        return [*events, *_status_of_closed(order, facts, cum)]
    if cum is not None:
        events += _executions_missing(order, facts, cum)
    events += _pending_requests(order, facts)
    events += [
        OrderResolved(answer_source(facts), doubt)
        for doubt in standing_doubts(order)
        if not any(isinstance(one, OrderResolved) and one.cl_ord_id == doubt for one in events)
    ]
    events += _status_of_base(order, facts)
    events += _ends_for_good(order, facts)
    if facts.ord_status in _WORKS:
        events += found_quantity(order, facts)
    return events


def _executions_missing(order: Order, facts: ExecutionReportFacts, cum: Quantity) -> list[Event]:
    """Begin or end the doubt about executions that have not come."""
    if cum == order.cum_quantity:
        if order.awaited_cum > cum:
            return [OrderResolved(answer_source(facts), "")]
        return []
    if cum == order.awaited_cum:
        return []
    text = (
        f"{order.venue_mic} has executed {plain(cum)} but only reports of "
        f"{plain(order.cum_quantity)} have come"
    )
    return [OrderInDoubt(order.cl_ord_id, text, cum)]


def _status_of_closed(
    order: Order, facts: ExecutionReportFacts, cum: Quantity | None
) -> list[Event]:
    """Compare a status with an order that is closed here; it agrees or is parked."""
    base = order.base_state
    if base is OrderState.REJECTED and facts.ord_status in {"0", "1"}:
        return [OrderAcknowledged(facts.venue_order_id)]
    if cum is not None and cum > order.cum_quantity:
        return [cum_differs(facts, order.cum_quantity)]
    # Done for day and calculated are reported of closed orders too.
    closed = {"2", "3", "B"} if base is OrderState.FILLED else {"3", "4", "8", "B", "C"}
    if facts.ord_status in closed:
        return []
    return [
        parked(
            "8", f"OrdStatus(39)={facts.ord_status} was reported of an order that is {base.name}"
        )
    ]


def _pending_requests(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Conclude what became of a cancel or replace of unknown fate."""
    events: list[Event] = []
    status = facts.ord_status
    replace, cancel = order.pending_replace_id, order.pending_cancel_id
    if _is_settled(order, replace, facts):
        if status == "E":
            events += found(order, replace, answer_source(facts))
        elif order.pending_terms is not None and _shows_replace(order, order.pending_terms, facts):
            events += found(order, replace, answer_source(facts))
            events.append(OrderReplaced(merged(order.pending_terms, facts), facts.venue_order_id))
        elif status != "6":  # a pending cancel would hide a pending replace
            events += _never_arrived(order, replace, facts)
    if _is_settled(order, cancel, facts):
        if status in {"4", "6"}:
            events += found(order, cancel, answer_source(facts))
        else:
            events += _never_arrived(order, cancel, facts)
    return events


def _is_settled(order: Order, cl_ord_id: str, facts: ExecutionReportFacts) -> bool:
    """Return whether a status shows what became of a pending request.

    A request that the status does not mention did not arrive, if it was sent before the question.
    The question about a request is sent after it, so the number of the request in the question
    bounds what can be concluded. A gateway also asks about requests that it certainly sent, when
    the venue reports a gap: these were never in doubt here. Some venues return neither the
    question's id nor the ClOrdID(11) in it, but the one the order has now: their answers are
    taken to know of everything that is in doubt, and of nothing else.
    """
    if not cl_ord_id:
        return False
    if facts.mass_status_request_id and not facts.status_request_id:
        # Part of an answer to a forgotten question: it may be older than the request.
        return False
    asked = request_number(order, facts.status_request_id)
    if not asked and facts.cl_ord_id != order.cl_ord_id:
        asked = request_number(order, facts.cl_ord_id)
    if asked:
        return request_number(order, cl_ord_id) <= asked
    return cl_ord_id in order.in_doubt


def _shows_replace(order: Order, asked: OrderTerms, facts: ExecutionReportFacts) -> bool:
    """Return whether a status shows the pending replace done.

    The terms show it if they can: the ClOrdID(11) may only repeat that of the question.
    """
    if merged(order.terms, facts) != order.terms:
        return True
    fits_both = merged(asked, facts) == asked
    return fits_both and facts.cl_ord_id == order.pending_replace_id


def _status_of_base(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Return the event that brings an open order's base to OrdStatus(39), if it differs."""
    base, status = order.base_state, facts.ord_status
    if status in _AT_VENUE:
        resumed = base in PAUSED and status in {"0", "1"}
        if resumed or base is OrderState.PENDING_NEW:
            return [OrderAcknowledged(facts.venue_order_id)]
        return []
    reported = _BASE_OF_STATUS.get(status)
    if reported is None or reported is base:
        return []
    match reported:
        case OrderState.DONE_FOR_DAY:
            event: Event = OrderDoneForDay()
        case OrderState.CANCELED:
            event = OrderCanceled(unsolicited=not order.pending_cancel_id, text=facts.text)
        case OrderState.STOPPED:
            event = OrderStopped()
        case OrderState.REJECTED:
            event = OrderRejected(venue_rejection(order, "order", facts.ord_rej_reason, facts.text))
        case OrderState.SUSPENDED:
            event = OrderSuspended(facts.text)
        case OrderState.CALCULATED:
            event = OrderCalculated()
        case _:
            event = OrderExpired(facts.text)
    return [event]


def _ends_for_good(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Return the end of an order that the venue reports as paused for the day, or as filled."""
    reported = _BASE_OF_STATUS.get(facts.ord_status)
    if reported is not None and is_over(order, facts, reported):
        return [OrderExpired(facts.text)]
    cum, terms = order.cum_quantity, order.terms
    shorter = facts.ord_status == "2" and facts.leaves_quantity == 0 and cum < terms.quantity
    if not shorter or facts.cum_quantity != cum or not cum or order.pending_terms is not None:
        return []
    # All executions are here, and the venue's order is smaller than ours.
    text = f"the venue's order is filled with {plain(cum)}, ours is of {plain(terms.quantity)}"
    return [parked("8", text), OrderRestated(terms._replace(quantity=cum))]


def unknown_order(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Return what follows if the venue does not know the ClOrdID(11) of a status request."""
    asked = facts.cl_ord_id
    if asked and asked in {order.pending_cancel_id, order.pending_replace_id}:
        return _never_arrived(order, asked, facts)
    known_as = {f"{order.order_id}-1", order.cl_ord_id}
    if asked not in known_as or order.base_state in TERMINAL:
        return []
    if order.base_state is not OrderState.PENDING_NEW or order.venue_order_id:
        text = f"the venue does not know an order that is {order.base_state.name}"
        doubted = bool(standing_doubts(order))
        return [
            parked("8", text),
            *([] if doubted else [OrderInDoubt(order.cl_ord_id, text)]),
        ]
    rejection = not_sent(order, "order", facts.text)
    return [
        *found(order, asked, answer_source(facts), rejection),
        OrderRejected(rejection),
    ]


def _never_arrived(order: Order, cl_ord_id: str, facts: ExecutionReportFacts) -> list[Event]:
    """End a pending cancel or replace that is not at the venue."""
    what = "cancel" if cl_ord_id == order.pending_cancel_id else "replace"
    rejection = not_sent(order, what, "")
    return refusal(order, cl_ord_id, rejection, answer_source(facts))
