"""Reports of a drop copy: the same reports on a second session, at other times.

The order session is the authority. A copy may be earlier or later than it, so only what is
true at any time is taken from it:

- Executions, busts and corrections. Their key is ExecID(17), so each counts once, whichever
  session brings it first.
- The answer to a request that is in doubt here. A late copy cannot make it untrue.
- The end of an order that is in doubt here, because nothing follows an end.

Everything else would set an order back to an earlier state and is left to the order session.
"""

from dataclasses import replace
from typing import Final

from svc_oms.domain.events import (
    Event,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderResolved,
)
from svc_oms.domain.facts import CancelRejectFacts, ExecutionReportFacts, Facts
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, ResolutionSource
from svc_oms.domain.reports.legs import Leg, leg_of
from svc_oms.domain.reports.report_parts import standing_doubts
from svc_oms.domain.reports.venue_reports import NO_EXECUTIONS, Executions, interpret

_MONEY: Final = frozenset("FGH")
_ENDS: Final = frozenset("4C")
_STATUS: Final = "I"
_CLOSING: Final = OrderCanceled | OrderExpired | OrderRejected


def interpret_copy(
    order: Order, facts: Facts, executions: Executions = NO_EXECUTIONS
) -> list[Event]:
    """Return the events of a copied report; see `interpret`."""
    if not _counts(order, facts):
        return []
    events = interpret(order, facts, executions, copied=True)
    if any(isinstance(event, _CLOSING) for event in events):
        # What the order session reports until it reports this end was sent before it.
        events.append(OrderResolved(ResolutionSource.DROP_COPY, order.cl_ord_id))
    return [
        replace(event, source=ResolutionSource.DROP_COPY)
        if isinstance(event, OrderResolved)
        else event
        for event in events
    ]


def _counts(order: Order, facts: Facts) -> bool:
    if isinstance(facts, CancelRejectFacts):
        return facts.cl_ord_id in order.in_doubt
    if not isinstance(facts, ExecutionReportFacts) or facts.exec_type == _STATUS:
        return False
    if facts.exec_type in _MONEY:
        return True
    if order.state is not OrderState.UNKNOWN or leg_of(order, facts) is not Leg.CURRENT:
        return False
    answers = facts.cl_ord_id in order.in_doubt
    if facts.cl_ord_id in standing_doubts(order):
        # Whether the order is still there, a late copy cannot show.
        answers = False
    return answers or facts.exec_type in _ENDS
