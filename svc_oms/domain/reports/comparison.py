"""Compares what a report repeats of its order with what the order knows.

A report is applied first, whatever it says: facts are never refused. Then every field that it
repeats is compared with the order after it. What differs is an anomaly of the order. A difference
in what is executed, what is left or whether the order still works also asks the venue
(`ask_venue`); the answer to OrderStatusRequest(H) agrees, or is an anomaly or a doubt itself.

Not compared: AvgPx(6), the venue's own arithmetic; OrdType(40), which a stop changes when it is
triggered; OrderQty(38) of an order in cash, which the venue works out; and the terms of a report
that changes them, which the order takes from it.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_S
from kernel.side import CODE_OF_SIDE, Side
from svc_oms.domain.events import Event, OrderInDoubt, OrderResolved, VenueReportParked
from svc_oms.domain.facts import (
    BusinessRejectFacts,
    CancelRejectFacts,
    ExecutionReportFacts,
    Facts,
    ReceiptFacts,
)
from svc_oms.domain.lifecycle import TERMINAL, OrderState
from svc_oms.domain.model import Order, OrderOrigin, OrderTerms, OrderType
from svc_oms.domain.numbers import NO_QUANTITY, ZERO, Quantity, subtract
from svc_oms.domain.reports.legs import Leg, leg_of
from svc_oms.domain.reports.report_parts import (
    TIMES_IN_FORCE,
    ask_venue,
    cum_differs,
    parked,
    request_number,
)
from svc_oms.domain.reports.status_answers import UNKNOWN_ORDER, answer_source
from svc_oms.domain.reports.unsolicited import NO_ORDER_ID

TRANSACT_TIME_APART_MAX_S: Final = 60
"""TransactTime(60) may be this long after the receipt of its report, by our clock, or before the
acceptance of its order. Beyond it the venue's clock or time zone is wrong."""

_APART_NS: Final = TRANSACT_TIME_APART_MAX_S * NS_PER_S
_MONEY: Final = frozenset("FGH")
_STATUS: Final = "I"
_REJECTED: Final = "8"
_PENDING: Final = frozenset("6E")
# ExecType(150) of reports that change the terms: replaced, restated, triggered.
_NEW_TERMS: Final = frozenset("5DL")
# Types for which the venue finds a limit or stop price by itself.
_FOUND_LIMIT: Final = frozenset({OrderType.MARKET_TO_LIMIT, OrderType.PEGGED})
_FOUND_STOP: Final = frozenset({OrderType.TRAILING_STOP})
# OrdStatus(39): the order ended with something left; it may have LeavesQty(151)=0 with something
# left; it works or waits for an answer.
_ENDED: Final = frozenset("48C")
_NOTHING_LEFT: Final = frozenset("348BC")
_WORKS: Final = frozenset("01")
_OVER: Final = _ENDED | {"2"}
_PAUSED_AS: Final = {
    "3": OrderState.DONE_FOR_DAY,
    "7": OrderState.STOPPED,
    "9": OrderState.SUSPENDED,
    "B": OrderState.CALCULATED,
}


class _Found:
    """What a comparison found: differences, those that ask besides, and questions."""

    __slots__ = ("asking", "questions", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.asking: list[str] = []
        self.questions: list[str] = []

    def differs(self, text: str, question: str = "") -> None:
        (self.asking if question else self.texts).append(text)
        if question:
            self.questions.append(question)


def compared(
    before: Order,
    after: Order,
    facts: Facts,
    events: Sequence[Event] = (),
    *,
    copied: bool = False,
    drop_copy: bool = False,
) -> list[Event]:
    """Return the events of what does not fit between a report and its order.

    Args:
        before: The order before the report.
        after: The order after the events of the report.
        facts: The report.
        events: What the report became.
        copied: The venue has a drop copy too. It may have brought executions that the order
            session has not reported yet, so a lower CumQty(14) only asks.
        drop_copy: The report is a copy. It may be older or newer than the order session, so only
            what is true at any time is compared.
    """
    if isinstance(facts, ReceiptFacts):
        return []
    found = _Found()
    if facts.unreadable:
        found.differs(f"left out: {facts.unreadable}")
    if isinstance(facts, CancelRejectFacts):
        _compare_refused(before, facts, found)
    if not isinstance(facts, ExecutionReportFacts):
        return [parked(_msg_type(facts), "; ".join(found.texts))] if found.texts else []
    if leg_of(before, facts) is not Leg.CURRENT:
        # It is not of the order as it works now, which is flagged already (legs.py).
        return [parked("8", text) for text in found.texts]
    if facts.ord_rej_reason != UNKNOWN_ORDER:
        _compare_identity(before, facts, found)
        _compare_price_and_time(before, facts, found)
        late = _is_late(before, facts)
        if not (drop_copy or late) and facts.exec_type != _REJECTED:
            _compare_terms(before, after, facts, found)
            _compare_leaves(before, after, facts, found)
            if not (copied and _is_behind(after, facts)):
                # Otherwise the copy was faster, and the order has moved on since.
                _compare_status(before, after, facts, found)
        repeated = not events and facts.exec_type not in _PENDING
        if not ((repeated or late) and _is_behind(before, facts)):
            _compare_cum(after, facts, found, copied=copied)
    return _flagged(before, after, facts, events, found)


def _flagged(
    before: Order,
    after: Order,
    facts: ExecutionReportFacts,
    events: Sequence[Event],
    found: _Found,
) -> list[Event]:
    texts = found.texts
    if found.asking and not any(isinstance(event, VenueReportParked) for event in events):
        # Otherwise the report is an anomaly already: a difference that asks adds none.
        texts = [*texts, *found.asking]
    flagged: list[Event] = [parked("8", "; ".join(texts))] if texts else []
    if facts.exec_type == _STATUS:
        # An answer asks nothing: what it says ends the question.
        return [*flagged, *_agreement(before, facts, [*events, *flagged])]
    if not found.questions:
        return flagged
    return [*flagged, *ask_venue(after, "; ".join(found.questions))]


def _agreement(before: Order, facts: ExecutionReportFacts, events: Sequence[Event]) -> list[Event]:
    """End the question about a contradiction if the venue agrees with what is known here."""
    if not before.asked_about or facts.cum_quantity is None:
        return []
    if any(isinstance(event, VenueReportParked | OrderInDoubt) for event in events):
        return []
    return [OrderResolved(answer_source(facts), "")]


def _msg_type(facts: Facts) -> str:
    if isinstance(facts, CancelRejectFacts):
        return "9"
    return "j" if isinstance(facts, BusinessRejectFacts) else "3"


# --- What names the order ---------------------------------------------------------------


def _compare_identity(order: Order, facts: ExecutionReportFacts, found: _Found) -> None:
    repeats, named = facts.repeats, facts.venue_order_id
    if repeats is not None and not (
        repeats.isin == order.isin
        and repeats.account_id == order.account_id
        and repeats.symbol == order.symbol
        and repeats.currency == order.currency
        and repeats.side == CODE_OF_SIDE[order.side]
    ):
        for field, reported, known in (
            ("Side(54)", repeats.side, CODE_OF_SIDE[order.side]),
            ("Symbol(55)", repeats.symbol, order.symbol),
            ("SecurityID(48)", repeats.isin, order.isin),
            ("Account(1)", repeats.account_id, order.account_id),
            ("Currency(15)", repeats.currency, order.currency),
        ):
            if reported and known and reported != known:
                found.differs(f"{field} is {reported!r} where the order has {known!r}")
    if facts.cl_ord_id and not _is_ours(order, facts):
        found.differs(f"ClOrdID(11) is {facts.cl_ord_id!r}, which is none of this order's")
    before = order.venue_order_id
    if named == before or not before or named in NO_ORDER_ID:
        return
    if facts.exec_type not in _NEW_TERMS and not _of_an_earlier_request(order, facts):
        found.differs(f"OrderID(37) is {named!r} where the order has {before!r}")


def _compare_refused(order: Order, facts: CancelRejectFacts, found: _Found) -> None:
    """Compare what an OrderCancelReject(9) repeats of its order."""
    named, known = facts.venue_order_id, order.venue_order_id
    if known and named not in NO_ORDER_ID and named not in (known, *order.former_venue_order_ids):
        found.differs(f"OrderID(37) is {named!r} where the order has {known!r}")
    before = facts.orig_cl_ord_id
    if before and order.origin is not OrderOrigin.VENUE and not before.startswith(order.order_id):
        found.differs(f"OrigClOrdID(41) is {before!r}, which is none of this order's")
    if facts.account_id not in ("", order.account_id):
        found.differs(
            f"Account(1) is {facts.account_id!r} where the order has {order.account_id!r}"
        )


def _is_ours(order: Order, facts: ExecutionReportFacts) -> bool:
    """Return whether a report names its order by an identifier of ours, if the order has one."""
    if order.origin is OrderOrigin.VENUE or facts.cl_ord_id.startswith(order.order_id):
        return True
    # Some venues put their own identifier into ClOrdID(11) of what nobody asked for.
    return facts.orig_cl_ord_id.startswith(order.order_id)


def _compare_price_and_time(order: Order, facts: ExecutionReportFacts, found: _Found) -> None:
    price = facts.last_price
    if price is not None and price <= ZERO and facts.exec_type in {"F", "G"}:
        found.differs(f"LastPx(31) is {plain(price)}")
    at_ns, received_ns = facts.transact_time_ns, facts.received_at_ns
    if not at_ns or not received_ns:
        return
    ahead_ns, before_ns = at_ns - received_ns, order.created_at_ns - at_ns
    if ahead_ns > _APART_NS:
        found.differs(f"TransactTime(60) is {ahead_ns // NS_PER_S} s after its receipt")
    if before_ns > _APART_NS and order.origin is not OrderOrigin.VENUE:
        found.differs(f"TransactTime(60) is {before_ns // NS_PER_S} s before its order")


# --- Its terms --------------------------------------------------------------------------


def _of_an_earlier_request(order: Order, facts: ExecutionReportFacts) -> bool:
    """Return whether a report is of a request that a later one has replaced."""
    named = request_number(order, facts.cl_ord_id)
    return 0 < named < request_number(order, order.cl_ord_id)


def _compare_terms(before: Order, after: Order, facts: ExecutionReportFacts, found: _Found) -> None:
    if _are(after.terms, facts) and facts.exec_type not in _NEW_TERMS:
        return
    if _of_an_earlier_request(after, facts):
        return
    known = [after.terms]
    if facts.exec_type in _NEW_TERMS:
        if facts.exec_type != "5" or before.pending_terms is None or after.pending_terms:
            # The venue changed them by itself.
            return
        if facts.order_quantity == after.cum_quantity > before.pending_terms.quantity:
            # More is executed than was asked for: the venue grants what is possible.
            return
        known = [before.pending_terms]
    elif after.pending_terms is not None:
        # The venue may have granted it already.
        known.append(after.pending_terms)
    for field, reported, values in _terms(after, facts, known):
        if reported and values and all(value != reported for value in values):
            text = f"{field} is {plain(reported)} where the order has {plain(values[0])}"
            found.differs(text, f"{field} differs")
    in_force = TIMES_IN_FORCE.get(facts.time_in_force)
    if in_force is not None and all(one.time_in_force is not in_force for one in known):
        ours = known[0].time_in_force.name
        found.differs(f"TimeInForce(59) is {in_force.name} where the order has {ours}")
    _compare_expiry(facts.expire_time_ns, known, found)


def _compare_expiry(reported_ns: int, known: Sequence[OrderTerms], found: _Found) -> None:
    """Compare ExpireTime(126), which venues get in whole seconds."""
    expiries = [one.expire_time_ns // NS_PER_S for one in known if one.expire_time_ns is not None]
    if reported_ns and expiries and reported_ns // NS_PER_S not in expiries:
        apart_s = reported_ns // NS_PER_S - expiries[0]
        side = "after" if apart_s > 0 else "before"
        found.differs(f"ExpireTime(126) is {abs(apart_s)} s {side} the order's")


def _are(terms: OrderTerms, facts: ExecutionReportFacts) -> bool:
    """Return whether a report repeats these terms, as most do."""
    # A Decimal is never compared with None here: that takes longer than all the rest.
    quantity, limit = facts.order_quantity, facts.limit_price
    return (
        (quantity is None or quantity == terms.quantity)
        and (limit is None or (terms.limit_price is not None and limit == terms.limit_price))
        and facts.stop_price is None
        and facts.display_quantity is None
        and facts.cash_quantity is None
        and facts.peg_offset is None
        and not facts.expire_time_ns
        and TIMES_IN_FORCE.get(facts.time_in_force, terms.time_in_force) == terms.time_in_force
    )


def _terms(
    order: Order, facts: ExecutionReportFacts, known: Sequence[OrderTerms]
) -> Iterator[tuple[str, Decimal | None, list[Decimal]]]:
    """Yield each field of the terms: as reported, and as known."""
    if order.terms.cash_quantity is None:
        # The venue works out the quantity of an order in cash.
        yield "OrderQty(38)", facts.order_quantity, [one.quantity for one in known]
    if order.type not in _FOUND_LIMIT:
        limits = [one.limit_price for one in known if one.limit_price is not None]
        yield "Price(44)", facts.limit_price, [*limits]
    if order.type not in _FOUND_STOP:
        stops = [one.stop_price for one in known if one.stop_price is not None]
        yield "StopPx(99)", facts.stop_price, [*stops]
    shown = [one.display_quantity for one in known if one.display_quantity is not None]
    yield "MaxFloor(111)", facts.display_quantity, [*shown]
    cash = [one.cash_quantity for one in known if one.cash_quantity is not None]
    yield "CashOrderQty(152)", facts.cash_quantity, cash
    yield "PegOffsetValue(211)", facts.peg_offset, [*_offsets(order, known)]


def _offsets(order: Order, known: Sequence[OrderTerms]) -> Iterator[Decimal]:
    """Yield the distances from the market that the venue was given, as it was given them."""
    if order.trigger is not None:
        return  # the OMS watches the stop, and the venue was given none
    for one in known:
        if one.peg is not None:
            yield one.peg.offset
        elif one.trailing_offset is not None:
            yield one.trailing_offset if order.side is Side.BUY else -one.trailing_offset


# --- What is executed and left, and whether it works -------------------------------------


def _is_late(order: Order, facts: ExecutionReportFacts) -> bool:
    """Return whether a venue still considers a request that it has answered already."""
    # What the venue considers still works: an end in such a report is no old news.
    if facts.exec_type not in _PENDING or facts.ord_status in _OVER:
        return False
    return not (order.pending_cancel_id if facts.exec_type == "6" else order.pending_replace_id)


def _is_behind(order: Order, facts: ExecutionReportFacts) -> bool:
    """Return whether a report is older than what is known: with no news it is a repetition."""
    return facts.cum_quantity is not None and facts.cum_quantity < order.cum_quantity


def _compare_cum(order: Order, facts: ExecutionReportFacts, found: _Found, *, copied: bool) -> None:
    reported, cum = facts.cum_quantity, order.cum_quantity
    if reported is None or reported == cum or facts.exec_type == _STATUS:
        # order_status() compares it.
        return
    if facts.exec_type == _REJECTED and order.base_state is not OrderState.REJECTED:
        # The report is of a refused request, and not of the order.
        return
    apart = subtract(reported, cum)
    side = "above" if apart > 0 else "below"
    question = f"CumQty(14) is {plain(abs(apart))} {side} the executions"
    if apart < 0 and copied and facts.exec_type not in _MONEY:
        found.questions.append(question)
        return
    # While executions are awaited, the venue was asked already.
    text = cum_differs(facts, cum).text
    found.differs(text, "" if order.awaited_cum > cum else question)


def _compare_leaves(
    before: Order, after: Order, facts: ExecutionReportFacts, found: _Found
) -> None:
    leaves = facts.leaves_quantity
    if leaves == after.leaves_quantity and facts.cum_quantity == after.cum_quantity:
        return
    if leaves is None or after.terms.quantity_is_estimate or _of_an_earlier_request(after, facts):
        return
    if leaves == NO_QUANTITY and facts.ord_status in _NOTHING_LEFT:
        # FIX 4.4 has 0 here also for an order of which something is left.
        return
    if facts.exec_type == _STATUS and facts.cum_quantity not in {None, after.cum_quantity}:
        # Its executions are missing here, and so what is left differs.
        return
    # A report that is older than the end, as after a faster drop copy, has what was left then.
    over = after.base_state in TERMINAL and not _is_behind(after, facts)
    expected = {NO_QUANTITY} if over else _possible_leaves(after, facts)
    if before.pending_terms is not None and after.base_state not in TERMINAL:
        expected |= _possible_leaves(before, facts)
    if leaves not in expected:
        ours = " or ".join(sorted(plain(one) for one in expected))
        found.differs(
            f"LeavesQty(151) is {plain(leaves)} where {ours} are left", "LeavesQty(151) differs"
        )


def _possible_leaves(order: Order, facts: ExecutionReportFacts) -> set[Quantity]:
    cum = order.cum_quantity if facts.cum_quantity is None else facts.cum_quantity
    quantities = [order.terms.quantity]
    if order.pending_terms is not None:
        quantities.append(order.pending_terms.quantity)
    return {Quantity(max(subtract(quantity, cum), ZERO)) for quantity in quantities}


def _compare_status(
    before: Order, after: Order, facts: ExecutionReportFacts, found: _Found
) -> None:
    status, base = facts.ord_status, after.base_state
    if (
        (status == "2")
        if base is OrderState.FILLED
        else (status in _WORKS and base not in TERMINAL)
    ):
        return
    if _of_an_earlier_request(after, facts):
        return
    if facts.exec_type == _STATUS:
        # order_status() brings the order to it; but with something left it is not filled.
        if status == "2" and facts.leaves_quantity and base not in TERMINAL:
            found.differs(f"OrdStatus(39)=2 of an order that is {base.name}")
        return
    differs = f"OrdStatus(39)={status} of an order that is {base.name}"
    if base not in TERMINAL:
        # By its own terms; a replace without answer may have left more.
        expected = after.pending_terms is not None and after.cum_quantity >= after.terms.quantity
        filled = status == "2" and not after.terms.quantity_is_estimate and not expected
        if status in _ENDED or filled:
            found.differs(differs, f"OrdStatus(39)={status}")
        elif status in _PAUSED_AS and _PAUSED_AS[status] is not base:
            # Perhaps the report of it is on its way.
            found.questions.append(f"OrdStatus(39)={status}")
        return
    if status not in _WORKS or (facts.exec_type == "0" and before.base_state is base):
        # A New that a fill overtook is a repetition.
        return
    if before.base_state in TERMINAL and facts.exec_type in _MONEY:
        # A fill of a closed order is an anomaly already.
        found.questions.append(f"OrdStatus(39)={status}")
    else:
        found.differs(differs, f"OrdStatus(39)={status}")
