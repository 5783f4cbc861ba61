"""Unsolicited orders: placed by telephone, or on the venue's own screen.

Such an order is a fact: no control and no rule of a listing is applied. It is opened once,
by the venue's OrderID(37), and only on a report that says what the order is: that it was
taken, or a fill. Reports of only its cancel, correction or status do not say enough.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from kernel.side import SIDE_OF_CODE, Side
from svc_oms.domain.facts import ExecutionReportFacts, ReportedOrder
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, OrderOrigin, OrderTerms, OrderType, TimeInForce
from svc_oms.domain.numbers import NO_QUANTITY, Price, Quantity, add
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.reports.report_parts import TIMES_IN_FORCE

OPENING: Final = frozenset("A0F")
"""ExecType(150) of reports that open an order: pending new, new, trade."""
NO_ORDER_ID: Final = frozenset({"", "NONE"})
"""OrderID(37) if there is none: FIX requires the field in every report."""


def side_of(reported: ReportedOrder) -> Side | None:
    """Return Side(54) as ours; None if it is none of ours."""
    return SIDE_OF_CODE.get(reported.side)


def why_not(facts: ExecutionReportFacts, instrument: Instrument | None) -> str:
    """Return why a report opens no order here; empty if it does.

    Args:
        facts: The report.
        instrument: The listing it names, if that is known.
    """
    reported = facts.reported_order
    if reported is None:
        return "what it says of the order is not taken on this session"
    faults = chain(_faults_of_name(facts, reported), _faults_of_order(facts, reported, instrument))
    return next(faults, "")


def _faults_of_name(facts: ExecutionReportFacts, reported: ReportedOrder) -> Iterator[str]:
    named = facts.venue_order_id
    if named in NO_ORDER_ID or not named.isprintable() or not facts.cl_ord_id.isprintable():
        yield f"OrderID(37) {named!r} names no order"
    if facts.exec_type not in OPENING:
        yield f"a report with ExecType(150)={facts.exec_type} opens none"
    if not reported.account_id:
        yield "Account(1) is missing, and the venues file has no telephone_account"
    elif not reported.opens_max:
        yield (
            f"the venues file lets no unsolicited order of account {reported.account_id!r} be "
            f"opened at this venue (telephone_orders, telephone_accounts)"
        )


def _faults_of_order(
    facts: ExecutionReportFacts, reported: ReportedOrder, instrument: Instrument | None
) -> Iterator[str]:
    if instrument is None:
        yield f"Symbol(55) {reported.symbol!r} is no listing known of this venue"
        return
    for field, reported_value, known in (
        ("SecurityID(48)", reported.isin, instrument.isin),
        ("Currency(15)", reported.currency, instrument.currency),
    ):
        if reported_value and known and reported_value != known:
            yield f"{field} is {reported_value!r} where {instrument.instrument_id} has {known!r}"
    if side_of(reported) is None:
        yield f"Side(54) {reported.side!r} is none of 1, 2, 5, 6"
    if _quantity(facts) <= 0:
        yield "OrderQty(38) is missing, and LeavesQty(151) and CumQty(14) do not give it"
    if facts.exec_type == "F" and not (
        facts.exec_id.isprintable() and facts.last_quantity and facts.last_price is not None
    ):
        yield "a fill needs ExecID(17), LastQty(32) above 0 and LastPx(31)"


def differences(order: Order, reported: ReportedOrder | None) -> Iterator[str]:
    """Return what a report says of its order that is not so; what it leaves out is no difference.

    Args:
        order: An order that has the report's OrderID(37).
        reported: What the report says; None if the gateway passed nothing on.
    """
    if reported is None:
        return
    account_id = "" if reported.account_assumed else reported.account_id
    for field, value, known in (
        ("Account(1)", account_id, order.account_id),
        ("Symbol(55)", reported.symbol, order.symbol),
    ):
        if value and value != known:
            yield f"{field} is {value!r} where order {order.order_id} has {known!r}"
    side = side_of(reported)
    if reported.side and side is not order.side:
        yield f"Side(54) is {reported.side!r} where order {order.order_id} is {order.side.name}"


def opened(
    facts: ExecutionReportFacts, instrument: Instrument, order_id: str, now_ns: int
) -> Order:
    """Return the order a report opens, as it is before that report is folded into it."""
    reported = facts.reported_order
    assert reported is not None, "why_not says so"
    side = side_of(reported)
    assert side is not None, "why_not says so"
    quantity, (kind, limit, stop) = _quantity(facts), _kind(facts, reported)
    return Order(
        order_id=order_id,
        account_id=reported.account_id,
        # What a key is for a client's order: the same one again is no second order.
        idempotency_key=facts.venue_order_id,
        instrument_id=instrument.instrument_id,
        symbol=instrument.symbol,
        venue_mic=instrument.venue_mic,
        isin=instrument.isin,
        # A listing whose currency is not known: the report is what there is.
        currency=instrument.currency or reported.currency,
        side=side,
        type=kind,
        terms=OrderTerms(
            quantity,
            limit,
            stop,
            facts.display_quantity or None,
            TIMES_IN_FORCE.get(facts.time_in_force, TimeInForce.DAY),
        ),
        leaves_quantity=quantity,
        # OrigClOrdID(41) of a cancel: FIX 4.4 requires one, and the venue knows no other name.
        cl_ord_id=facts.cl_ord_id or facts.venue_order_id,
        placed_by=f"venue:{instrument.venue_mic}",
        created_at_ns=now_ns,
        updated_at_ns=now_ns,
        state=OrderState.PENDING_NEW,
        venue_order_id=facts.venue_order_id,
        origin=OrderOrigin.VENUE,
    )


def _quantity(facts: ExecutionReportFacts) -> Quantity:
    if facts.order_quantity:
        return facts.order_quantity
    cum = facts.cum_quantity or NO_QUANTITY
    return Quantity(add(cum, facts.leaves_quantity or NO_QUANTITY))


def _kind(
    facts: ExecutionReportFacts, reported: ReportedOrder
) -> tuple[OrderType, Price | None, Price | None]:
    """Return type, limit and stop price of a report; a type without its price is none."""
    limit = facts.limit_price or None
    stop = facts.stop_price or None
    if reported.order_type == "1":
        return OrderType.MARKET, None, None
    if stop is not None and reported.order_type in {"3", "4"}:
        return (OrderType.STOP if limit is None else OrderType.STOP_LIMIT), limit, stop
    return (OrderType.MARKET if limit is None else OrderType.LIMIT), limit, None
