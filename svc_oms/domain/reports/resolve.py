"""How a named person states what the venue has of an order, and how the venue can overrule that.

A person states it for an order in UNKNOWN, or with an anomaly; a parked report is an anomaly of
its order. That is a command, so it may be refused: when the order is in no doubt and has no
anomaly, when the statement contradicts the venue's own reports, when the numbers do not add
up. It becomes OrderResolved with the source PERSON, and the events that follow from it. How
much money a statement is about says whether a second person must confirm it.
The order is marked as resting on a statement until the venue's next report, which is a fact:
it confirms the statement silently, or overrules it and is flagged (`second_thoughts`).
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from kernel.decimals import plain
from svc_oms.domain.commands import FoundExecution, ResolveOrder
from svc_oms.domain.events import (
    CancelRefused,
    Event,
    OrderAcknowledged,
    OrderCanceled,
    OrderExecuted,
    OrderRejected,
    OrderReplaced,
    OrderResolved,
    OrderRestated,
    ReplaceRefused,
    Stamp,
)
from svc_oms.domain.evolve import evolve
from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.domain.lifecycle import LOCAL, TERMINAL, OrderState
from svc_oms.domain.model import Execution, Order, ResolutionSource, VenueHolds
from svc_oms.domain.numbers import NO_QUANTITY, ZERO, Price, Quantity, add, multiply, subtract
from svc_oms.domain.order_terms.checks import OrderRefused
from svc_oms.domain.refusal import invalid
from svc_oms.domain.reports.report_parts import not_sent, parked

# OrdStatus(39) of an order that cannot trade any more, or not today.
_ENDED: Final = frozenset({"3", "4", "8", "B", "C"})
# ExecType(150) of answers to requests: cancelled, replaced, refused.
_ANSWERS: Final = frozenset({"4", "5", "8"})

Known = Mapping[str, Sequence[Execution]]
"""Applied executions of the order, by ExecID(17)."""


def decide_resolve(
    order: Order, command: ResolveOrder, known: Known, now_ns: int, *, venue_gone: bool = False
) -> list[Event]:
    """Return the events that follow from a person's statement.

    Args:
        order: The order.
        command: The statement.
        known: What is applied of the executions that it names.
        now_ns: The present time.
        venue_gone: The venue's session has been down for long: nobody knows what it has.

    Raises:
        OrderRefused: OBJECT_STATE, INVALID_FIELD.
    """
    _check_open(order, venue_gone=venue_gone)
    _check_replaced(order, command)
    fills = _new_executions(order, command, known, now_ns)
    cum = order.cum_quantity
    for fill in fills:
        cum = Quantity(add(cum, fill.quantity))
    _check_holds(order, command, cum)
    resolved = _resolved(order, command)
    if command.holds is VenueHolds.NOTHING:
        rejection = not_sent(order, "order", command.reason)
        return [*resolved, OrderRejected(rejection)]
    events: list[Event] = []
    if order.base_state is OrderState.PENDING_NEW:
        events.append(OrderAcknowledged(command.venue_order_id))
    if command.replaced:
        assert order.pending_terms is not None
        events.append(OrderReplaced(order.pending_terms, command.venue_order_id))
    if _is_quantity_found(order, command):
        events.append(OrderRestated(order.terms._replace(quantity=cum, quantity_is_estimate=False)))
    events += [OrderExecuted(fill) for fill in fills]
    events += resolved
    events += _requests(order, command)
    if command.holds is VenueHolds.CANCELED and order.base_state not in TERMINAL:
        solicited = bool(order.pending_cancel_id)
        events.append(OrderCanceled(unsolicited=not solicited, text=command.reason))
    return events


def _is_quantity_found(order: Order, command: ResolveOrder) -> bool:
    """Return whether "filled" says how large an order in cash is; a closed one keeps its terms."""
    if not order.terms.quantity_is_estimate or command.holds is not VenueHolds.FILLED:
        return False
    return order.base_state is OrderState.FILLED or order.base_state not in TERMINAL


def _check_open(order: Order, *, venue_gone: bool) -> None:
    """Refuse a statement about an order that is clear, or that is not at the venue."""
    if order.state is OrderState.UNKNOWN:
        return
    doubtful = order.anomaly_count > 0 or (venue_gone and not order.is_closed)
    if doubtful and order.state not in LOCAL:
        return
    why = "it is not at the venue" if order.state in LOCAL else "it has no anomaly"
    raise OrderRefused(
        "OBJECT_STATE",
        f"order {order.order_id} is {order.state.name} and {why}: a person can state what the "
        f"venue has of an order in UNKNOWN, of one with an anomaly, and of an open one whose "
        f"venue's session has been down for long",
        "order_id",
        {"order_id": order.order_id, "state": order.state.name},
    )


def statement_value(
    order: Order, command: ResolveOrder, known: Known, reference: Price | None
) -> Decimal | None:
    """Return how much money a statement is about, in the order's currency.

    That is the executions it adds, and what is left of the order if it states the end. Each is
    valued at the highest of the prices that are known, so that a price stated too low does not
    make a statement small.

    Args:
        order: The order before the statement.
        command: The statement.
        known: The applied executions that it repeats.
        reference: The last price of the listing, if there is one.

    Returns:
        The value; None if no price is known for a part of it.
    """
    floor = max(
        (price for price in (order.terms.limit_price, reference) if price is not None),
        default=None,
    )
    value, left = ZERO, order.leaves_quantity
    for one in command.executions:
        if known.get(one.exec_id):
            continue
        price = abs(one.price) if floor is None else max(abs(one.price), abs(floor))
        value = add(value, multiply(one.quantity, price))
        left = Quantity(max(subtract(left, one.quantity), ZERO))
    if command.holds in {VenueHolds.CANCELED, VenueHolds.NOTHING} and left:
        if floor is None:
            return None
        value = add(value, multiply(left, abs(floor)))
    return value


def _resolved(order: Order, command: ResolveOrder) -> list[Event]:
    """Return an event for each doubt; each says why it ends."""
    doubts = [*order.in_doubt]
    if order.awaited_cum > order.cum_quantity or not doubts:
        doubts.append("")
    return [
        OrderResolved(ResolutionSource.PERSON, doubt, command.venue_order_id, text=command.reason)
        for doubt in doubts
    ]


def _requests(order: Order, command: ResolveOrder) -> list[Event]:
    """Return events for the requests the statement ends: one without effect never arrived."""
    events: list[Event] = []
    # Of an order that is filled nothing is left that a request could change.
    filled = command.holds is VenueHolds.FILLED
    replace, cancel = (
        request if request and (filled or _is_stated(order, request)) else ""
        for request in (order.pending_replace_id, order.pending_cancel_id)
    )
    if replace and not command.replaced:
        events.append(ReplaceRefused(replace, not_sent(order, "replace", command.reason)))
    if cancel and command.holds is not VenueHolds.CANCELED:
        events.append(CancelRefused(cancel, not_sent(order, "cancel", command.reason)))
    return events


def _is_stated(order: Order, request: str) -> bool:
    """Return whether a statement is about this request, too.

    In an order in UNKNOWN that is a request in doubt. In another order it is any request that
    is pending: the state to be corrected is the pending one.
    """
    if order.state is OrderState.UNKNOWN:
        return request in order.in_doubt
    return bool(request)


def _check_replaced(order: Order, command: ResolveOrder) -> None:
    if command.replaced and not _is_stated(order, order.pending_replace_id):
        invalid("replaced", "true", "false: no replace is in doubt or pending")


def _new_executions(
    order: Order, command: ResolveOrder, known: Known, now_ns: int
) -> list[Execution]:
    fills: list[Execution] = []
    named: set[str] = set()
    for place, found in enumerate(command.executions):
        path = f"executions[{place}]"
        if found.exec_id in named:
            invalid(f"{path}.exec_id", found.exec_id, "each ExecID(17) once")
        named.add(found.exec_id)
        applied = known.get(found.exec_id)
        if not applied:
            fills.append(_execution(order, found, now_ns))
        elif (found.quantity, found.price) not in {(one.quantity, one.price) for one in applied}:
            reported = " or ".join(
                f"{plain(one.quantity)} at {plain(one.price)}" for one in applied
            )
            invalid(
                f"{path}.quantity",
                f"{plain(found.quantity)} at {plain(found.price)}",
                f"{reported}, as the venue reported",
            )
    return fills


def _execution(order: Order, found: FoundExecution, now_ns: int) -> Execution:
    return Execution(
        exec_id=found.exec_id,
        venue_mic=order.venue_mic,
        order_id=order.order_id,
        account_id=order.account_id,
        instrument_id=order.instrument_id,
        side=order.side,
        quantity=found.quantity,
        price=found.price,
        currency=order.currency,
        venue_time_ns=found.venue_time_ns,
        received_at_ns=now_ns,
    )


def _check_holds(order: Order, command: ResolveOrder, cum: Quantity) -> None:
    """Refuse a statement that contradicts the venue's reports, or does not add up."""
    holds, base = command.holds, order.base_state
    if holds is VenueHolds.NOTHING:
        if base is not OrderState.PENDING_NEW or order.venue_order_id or cum > NO_QUANTITY:
            invalid("venue_holds", "NOTHING", f"another: the venue reported {base.name}")
        return
    if holds is VenueHolds.WORKING and base in TERMINAL:
        invalid("venue_holds", "WORKING", f"another: the venue reported {base.name}")
    terms = order.terms
    if command.replaced and order.pending_terms is not None:
        terms = order.pending_terms
    if terms.quantity_is_estimate and cum > NO_QUANTITY and holds is VenueHolds.FILLED:
        # Only the venue knows the quantity.
        return
    if cum > terms.quantity:
        invalid("executions", plain(cum), f"together at most {plain(terms.quantity)}, the order's")
    full = cum == terms.quantity
    if full != (holds is VenueHolds.FILLED):
        invalid(
            "venue_holds",
            holds.name,
            f"what {plain(cum)} executed of {plain(terms.quantity)} make; "
            f"name the missing executions",
        )


def second_thoughts(order: Order, facts: ExecutionReportFacts) -> tuple[list[Event], Order]:
    """Let the venue confirm or overrule a person's statement.

    Returns:
        The events of that, and the order after them, for the rest of the report.
    """
    confirmed = OrderResolved(ResolutionSource.VENUE_REPORT, "")
    events: list[Event] = [confirmed]
    base = order.base_state
    if base in {OrderState.CANCELED, OrderState.REJECTED}:
        if facts.ord_status not in _ENDED:
            events.append(OrderAcknowledged(facts.venue_order_id))
    elif facts.exec_type in _ANSWERS and _is_answer_to_no_request(order, facts.cl_ord_id):
        text = f"the venue answers {facts.cl_ord_id}, which a person had stated it does not have"
        events.append(parked("8", text))
    return events, folded(order, events)


def folded(order: Order, events: Iterable[Event]) -> Order:
    """Return the order after events that are not stored yet."""
    for event in events:
        order = evolve(order, event, Stamp(order.updated_at_ns), order.last_sequence)
    return order


def _is_answer_to_no_request(order: Order, cl_ord_id: str) -> bool:
    return cl_ord_id not in {order.cl_ord_id, order.pending_cancel_id, order.pending_replace_id}
