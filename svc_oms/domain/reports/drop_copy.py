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

from svc_oms.domain.events import Event, OrderResolved
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, ResolutionSource
from svc_oms.domain.reports.facts import CancelRejectFacts, ExecutionReportFacts, Facts
from svc_oms.domain.reports.venue_reports import NO_EXECUTIONS, Executions, interpret

_MONEY: Final = frozenset("FGH")
_ENDS: Final = frozenset("4C")
_STATUS: Final = "I"


def interpret_copy(
    order: Order, facts: Facts, executions: Executions = NO_EXECUTIONS
) -> list[Event]:
    """Return the events of a copied report; see `interpret`."""
    if not _counts(order, facts):
        return []
    return [
        replace(event, source=ResolutionSource.DROP_COPY)
        if isinstance(event, OrderResolved)
        else event
        for event in interpret(order, facts, executions)
    ]


def _counts(order: Order, facts: Facts) -> bool:
    if isinstance(facts, CancelRejectFacts):
        return facts.cl_ord_id in order.in_doubt
    if not isinstance(facts, ExecutionReportFacts) or facts.exec_type == _STATUS:
        return False
    if facts.exec_type in _MONEY:
        return True
    if order.state is not OrderState.UNKNOWN:
        return False
    return facts.cl_ord_id in order.in_doubt or facts.exec_type in _ENDS
