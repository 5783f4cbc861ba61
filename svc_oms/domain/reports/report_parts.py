"""What the interpretation of several kinds of report has in common."""

from collections.abc import Mapping
from decimal import Decimal

from kernel.decimals import plain
from svc_oms.domain.events import (
    CancelRefused,
    Event,
    OrderResolved,
    OrderRestated,
    ReplaceRefused,
    StatusRequested,
    VenueReportParked,
)
from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.domain.lifecycle import LOCAL, OrderState
from svc_oms.domain.model import (
    Execution,
    Order,
    OrderTerms,
    OrderType,
    Rejection,
    ResolutionSource,
    TimeInForce,
)
from svc_oms.domain.numbers import Quantity
from svc_oms.domain.reports.venue_reasons import BY_ORD_REJ_REASON, OTHER

# Base states that the venue can make working again.
PAUSED = frozenset(
    {
        OrderState.DONE_FOR_DAY,
        OrderState.SUSPENDED,
        OrderState.STOPPED,
        OrderState.CALCULATED,
    }
)

_VENUE_FINDS = frozenset({OrderType.MARKET_TO_LIMIT, OrderType.TRAILING_STOP, OrderType.PEGGED})

TIMES_IN_FORCE = {
    "0": TimeInForce.DAY,
    "1": TimeInForce.GTC,
    "2": TimeInForce.AT_OPEN,
    "3": TimeInForce.IOC,
    "4": TimeInForce.FOK,
    "6": TimeInForce.GTD,
    "7": TimeInForce.AT_CLOSE,
}


_FOR_DAYS = frozenset({TimeInForce.GTC, TimeInForce.GTD})


def is_over(order: Order, facts: ExecutionReportFacts, state: OrderState) -> bool:
    """Return whether a pause for the day is the end: no other day follows, and nothing is left."""
    if state not in {OrderState.DONE_FOR_DAY, OrderState.CALCULATED}:
        return False
    return facts.leaves_quantity == 0 and order.terms.time_in_force not in _FOR_DAYS


def request_number(order: Order, cl_ord_id: str) -> int:
    """Return n of a ClOrdID(11) of this order; 0 if it is not one of its own."""
    owner, _, number = cl_ord_id.rpartition("-")
    if owner != order.order_id or not number.isdecimal():
        return 0
    n = int(number)
    return n if 1 <= n <= order.request_count else 0


def shows_replace(order: Order, facts: ExecutionReportFacts) -> bool:
    """Return whether a report shows the pending replace done, not the terms before it."""
    if facts.cl_ord_id == order.pending_replace_id:
        return True
    asked = order.pending_terms
    # A venue that repeats the old ClOrdID(11): only the terms can show it.
    return asked is not None and merged(order.terms, facts) == merged(asked, facts) != order.terms


def arrival(
    order: Order,
    facts: ExecutionReportFacts,
    source: ResolutionSource = ResolutionSource.VENUE_REPORT,
) -> list[Event]:
    """End the doubt about the new order, if there is one: a report of it has come."""
    if not order.in_doubt:
        return []
    first = f"{order.order_id}-1"
    if first not in order.in_doubt:
        return []
    return [OrderResolved(source, first, facts.venue_order_id)]


def standing_doubts(order: Order) -> tuple[str, ...]:
    """Return the doubts whether an order that the venue had is still there.

    They are known by a request that is not pending: the venue answered it by saying that the
    order is gone. Another report of the order ends them, or a person.
    """
    if not order.in_doubt:
        return ()
    pending = {order.pending_cancel_id, order.pending_replace_id}
    if order.base_state is OrderState.PENDING_NEW:
        pending.add(f"{order.order_id}-1")
    return tuple(doubt for doubt in order.in_doubt if doubt not in pending)


def found(
    order: Order,
    cl_ord_id: str,
    source: ResolutionSource = ResolutionSource.VENUE_REPORT,
    rejection: Rejection | None = None,
) -> list[Event]:
    """End the doubt about a request, if there is one."""
    if cl_ord_id not in order.in_doubt:
        return []
    return [OrderResolved(source, cl_ord_id, rejection=rejection)]


def refusal(
    order: Order,
    cl_ord_id: str,
    rejection: Rejection,
    source: ResolutionSource = ResolutionSource.VENUE_REPORT,
) -> list[Event]:
    """Refuse the pending request of this ClOrdID(11); nothing if it has been answered."""
    if cl_ord_id == order.pending_cancel_id:
        return [
            *found(order, cl_ord_id, source, rejection),
            CancelRefused(cl_ord_id, rejection),
        ]
    if cl_ord_id == order.pending_replace_id:
        return [
            *found(order, cl_ord_id, source, rejection),
            ReplaceRefused(cl_ord_id, rejection),
        ]
    return []


def execution(order: Order, facts: ExecutionReportFacts) -> Execution:
    """Return the execution of a fill or a correction."""
    assert facts.last_quantity is not None
    assert facts.last_price is not None
    return Execution(
        exec_id=facts.exec_id,
        venue_mic=order.venue_mic,
        order_id=order.order_id,
        account_id=order.account_id,
        instrument_id=order.instrument_id,
        side=order.side,
        quantity=facts.last_quantity,
        price=facts.last_price,
        currency=order.currency,
        venue_time_ns=facts.transact_time_ns,
        received_at_ns=facts.received_at_ns,
        liquidity=facts.last_liquidity,
        last_market_mic=facts.last_market_mic,
        cum_quantity=facts.cum_quantity,
    )


def merged(terms: OrderTerms, facts: ExecutionReportFacts) -> OrderTerms:
    """Return the terms with those of a report; what the report leaves out stays."""
    quantity = facts.order_quantity
    limit = facts.limit_price if terms.limit_price is not None else None
    stop = facts.stop_price if terms.stop_price is not None else None
    display = facts.display_quantity if terms.display_quantity is not None else None
    return terms._replace(
        quantity=quantity or terms.quantity,
        quantity_is_estimate=terms.quantity_is_estimate and not quantity,
        limit_price=limit or terms.limit_price,
        stop_price=stop or terms.stop_price,
        display_quantity=display or terms.display_quantity,
        time_in_force=TIMES_IN_FORCE.get(facts.time_in_force, terms.time_in_force),
    )


def learned(type_: OrderType, terms: OrderTerms, facts: ExecutionReportFacts) -> OrderTerms:
    """Return the terms with those of a report, also a price that the venue found by itself.

    Not to find which terms are new: a price that nobody requested shows nothing there.
    """
    return _found(type_, merged(terms, facts), facts)


def _found(type_: OrderType, terms: OrderTerms, facts: ExecutionReportFacts) -> OrderTerms:
    """Return the terms with the limit or stop price that the venue finds."""
    if type_ is OrderType.MARKET_TO_LIMIT and facts.limit_price:
        return terms._replace(limit_price=facts.limit_price)
    if type_ is OrderType.TRAILING_STOP and facts.stop_price:
        return terms._replace(stop_price=facts.stop_price)
    return terms


def found_price(
    order: Order, facts: ExecutionReportFacts, terms: OrderTerms | None = None
) -> list[Event]:
    """Return the restatement if a report has a price that the venue found.

    Args:
        order: The order before the report.
        facts: A report of something else: new, a fill, replaced.
        terms: The terms after that report; None: the order's own.
    """
    if order.type not in _VENUE_FINDS or facts.leaves_quantity == 0:
        return []
    standing = order.terms if terms is None else terms
    known = _found(order.type, standing, facts)
    pegged = facts.pegged_price if order.type is OrderType.PEGGED else None
    if known == standing and pegged in {None, order.pegged_price}:
        return []
    return [OrderRestated(known, pegged_price=pegged)]


def venue_rejection(
    order: Order,
    what: str,
    code: int | None,
    text: str,
    reasons: Mapping[int, str] = BY_ORD_REJ_REASON,
) -> Rejection:
    """Return the rejection for a refusal of the venue; `reasons` maps its code."""
    words = text or (f"code {code}" if code is not None else "without a reason")
    reason = OTHER if code is None else reasons.get(code, OTHER)
    return Rejection(
        reason,
        f"{order.venue_mic} refused the {what}: {words}",
        venue_code=code,
        venue_text=text,
    )


def not_sent(order: Order, what: str, text: str) -> Rejection:
    """Return the rejection for a request that never reached the venue."""
    words = f"the {what} never reached {order.venue_mic}"
    return Rejection("NOT_SENT", f"{words}: {text}" if text else words, venue_text=text)


def cum_differs(facts: ExecutionReportFacts, cum: Quantity | Decimal) -> VenueReportParked:
    """Return the record of a CumQty(14) that is not the sum of the executions."""
    return parked(
        "8",
        f"CumQty(14) {as_text(facts.cum_quantity)} came with ExecType(150)={facts.exec_type} "
        f"but the executions add up to {plain(cum)}",
    )


def ask_venue(order: Order, contradiction: str) -> list[Event]:
    """Ask the venue about an order that a report contradicts, once for each contradiction.

    `StatusRequested` becomes an OrderStatusRequest(H) in the transaction that stores it. An
    answer that agrees is an `OrderResolved` (comparison.py), and the same contradiction is
    asked about again afterwards. Otherwise the answer is an anomaly, and it is not.

    Args:
        order: The order.
        contradiction: It in words, the same words as long as it is the same one: a difference
            of two numbers that grow, and not the numbers.
    """
    if order.asked_about == contradiction or order.base_state in LOCAL:
        return []
    return [StatusRequested(order.cl_ord_id, contradiction)]


def parked(msg_type: str, text: str) -> VenueReportParked:
    """Return the record of a report that does not fit."""
    return VenueReportParked(msg_type, text)


def as_text(number: Decimal | None) -> str:
    """Return a number as text, also one that was not reported."""
    return "none" if number is None else plain(number)
