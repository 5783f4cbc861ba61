"""Whether a report is of the order as it works now, and whether it shows that the order works.

Some venues replace an order by ending it and opening another one: each request that is granted
has an OrderID(37) of its own, a *leg*. The end of a leg that another one has superseded is not the
end of the order. It may come before or after the report of the replace:

- After it, the leg is known: OrderID(37) is one that the order had before, or ClOrdID(11) is of
  an earlier request. The report ends nothing. It is flagged, and the venue is asked.
- Before it, it looks like the end of the order, and is taken for it. The report of the replace
  then shows a working order and opens it again, with an anomaly, as any such report does.

OrderID(37) shows the leg where venue and order have one. If OrderID(37) is that of the order and
ClOrdID(11) is of an earlier request, the terms decide; if they do not show it, it is not known
whether the order works: a doubt.
"""

from enum import Enum
from typing import Final

from svc_oms.domain.events import Event, OrderAcknowledged, OrderInDoubt, OrderResolved
from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, ResolutionSource
from svc_oms.domain.numbers import add
from svc_oms.domain.reports.report_parts import (
    ask_venue,
    merged,
    parked,
    request_number,
    standing_doubts,
)
from svc_oms.domain.reports.unsolicited import NO_ORDER_ID

# ExecType(150): reports that end an order; that pause it or change its terms.
_ENDS: Final = frozenset("4C8")
_CHANGES: Final = frozenset("379BD5L")
# Stopped, suspended.
_PAUSED_BY: Final = frozenset("79")
_TRADE: Final = "F"
_STATUS: Final = "I"
# OrdStatus(39) of an order that ended or is paused, in the answer to a question.
_STANDS: Final = frozenset("48C379B")
# ExecType(150) and OrdStatus(39) of reports that can show a working order.
_CAN_SHOW: Final = frozenset("056DEFIL")
_WORKS: Final = frozenset("0156E")
# ExecType(150) of reports that open a closed order again. Fills and pending requests are often
# late: they were sent before the end that came first. The numbers of a fill differ, and the venue
# is asked (comparison.py); its answer opens the order.
_OPENS: Final = frozenset("05DIL")
_REOPENS: Final = frozenset({OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED})


class Leg(Enum):
    """What a report is of."""

    CURRENT = "the order as it works now"
    SUPERSEDED = "a leg that another one has superseded"
    UNCLEAR = "either of them"


def leg_of(order: Order, facts: ExecutionReportFacts) -> Leg:
    """Return what a report that ends, pauses or changes an order is of."""
    told = facts.exec_type == _STATUS and facts.ord_status in _STANDS
    if not told and facts.exec_type not in _ENDS | _CHANGES:
        return Leg.CURRENT
    # The answer to a question names the ClOrdID(11) that was asked about.
    return _leg_named(order, facts, ends=facts.exec_type in _ENDS)


def _leg_named(order: Order, facts: ExecutionReportFacts, *, ends: bool) -> Leg:
    """Return the leg that the identifiers of a report name; only an end may be unclear."""
    answers = facts.cl_ord_id in {order.pending_cancel_id, order.pending_replace_id} - {""}
    if answers and facts.exec_type != _STATUS:
        return Leg.CURRENT
    named = facts.venue_order_id
    if named in order.former_venue_order_ids:
        return Leg.SUPERSEDED
    # Of what nobody asked for, some venues put their own identifier into ClOrdID(11).
    number = request_number(order, facts.cl_ord_id) or request_number(order, facts.orig_cl_ord_id)
    earlier = 0 < number < request_number(order, order.cl_ord_id)
    if not earlier or not ends or order.pending_cancel_id:
        return Leg.CURRENT
    if _has_its_terms(order, facts):
        return Leg.CURRENT
    return Leg.SUPERSEDED if named in NO_ORDER_ID else Leg.UNCLEAR


def _has_its_terms(order: Order, facts: ExecutionReportFacts) -> bool:
    """Return whether a report repeats the terms that the order has now."""
    priced = order.terms.limit_price is None or facts.limit_price is not None
    complete = facts.order_quantity is not None and priced
    return complete and merged(order.terms, facts) == order.terms


def of_another_leg(order: Order, facts: ExecutionReportFacts) -> list[Event] | None:
    """Return the events of a report that is not, or perhaps not, of the order as it works now.

    None: it is, and is applied.
    """
    leg = leg_of(order, facts)
    if leg is Leg.CURRENT:
        return None
    if order.is_closed or facts.exec_type == _STATUS:
        # It agrees with what is known of this leg.
        return []
    return _set_aside(order, facts, leg)


def end_of_another_leg(order: Order, facts: ExecutionReportFacts) -> list[Event] | None:
    """Return the events of the end in a fill, bust or correction, if it is not of the order.

    The execution counts, whichever leg it names. None: the end is that of the order.
    """
    leg = _leg_named(order, facts, ends=True)
    return None if leg is Leg.CURRENT else _set_aside(order, facts, leg)


def _set_aside(order: Order, facts: ExecutionReportFacts, leg: Leg) -> list[Event]:
    """Return the events of an end that is not, or perhaps not, of the order."""
    what = f"ExecType(150)={facts.exec_type} of ClOrdID(11) {facts.cl_ord_id or 'none'}"
    if leg is Leg.SUPERSEDED:
        text = (
            f"{what} and OrderID(37) {facts.venue_order_id or 'none'}, which {order.cl_ord_id} "
            f"and OrderID(37) {order.venue_order_id or 'none'} superseded"
        )
        return [parked("8", text), *ask_venue(order, "a superseded leg ended")]
    text = f"{what}, which {order.cl_ord_id} superseded, and of the order's own OrderID(37)"
    return [parked("8", text), *in_contradiction(order, order.cl_ord_id, text)]


def in_contradiction(order: Order, cl_ord_id: str, text: str) -> list[Event]:
    """Put an order in doubt that the venue says is gone, and ask the venue.

    Args:
        order: The order.
        cl_ord_id: The request by which the doubt is known.
        text: What the venue said.
    """
    asks = ask_venue(order, "the venue says that the order is gone")
    if standing_doubts(order) or cl_ord_id in order.in_doubt:
        return asks
    return [OrderInDoubt(cl_ord_id, text), *asks]


def was_overtaken(order: Order, facts: ExecutionReportFacts) -> bool:
    """Return whether a pause is older than the fill that ended the order: a copy brought that."""
    return (
        facts.exec_type in _PAUSED_BY
        and order.base_state is OrderState.FILLED
        and facts.cum_quantity is not None
        and facts.cum_quantity < order.cum_quantity
    )


def shows_working(order: Order, facts: ExecutionReportFacts) -> bool:
    """Return whether a report shows that the venue works the order now.

    A report that is older than what is known shows nothing: it has less executed, or is a
    possible resend. A fill must say itself what it leaves, because it can be late.
    """
    if facts.exec_type not in _CAN_SHOW or facts.ord_status not in _WORKS or facts.possible_resend:
        return False
    if facts.venue_order_id in order.former_venue_order_ids:
        return False
    leaves, cum = facts.leaves_quantity, facts.cum_quantity
    if facts.exec_type == _TRADE:
        if not leaves or cum is None or facts.last_quantity is None:
            return False
        return cum == add(order.cum_quantity, facts.last_quantity)
    return leaves != 0 and (cum is None or cum >= order.cum_quantity)


def works(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Return the events by which a report that shows a working order opens it, or ends a doubt.

    They come before those of the report itself.
    """
    base = order.base_state
    if base in _REOPENS:
        if not shows_working(order, facts):
            return _confirmed(order, facts)
        if order.ended_by_copy or facts.exec_type not in _OPENS:
            # The drop copy brought the end: this report was sent before it.
            return []
        opened: list[Event] = [OrderAcknowledged(facts.venue_order_id)]
        if facts.exec_type == _STATUS:
            return opened
        return [*opened, *ask_venue(order, f"it works after it was {base.name}")]
    doubts = standing_doubts(order)
    if doubts and facts.exec_type != _STATUS and shows_working(order, facts):
        return [OrderResolved(ResolutionSource.VENUE_REPORT, doubt) for doubt in doubts]
    return []


def _confirmed(order: Order, facts: ExecutionReportFacts) -> list[Event]:
    """Note that the order session reports the end that the drop copy brought."""
    if order.ended_by_copy and facts.exec_type in _ENDS:
        return [OrderResolved(ResolutionSource.VENUE_REPORT, order.cl_ord_id)]
    return []
