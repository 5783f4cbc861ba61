"""What a drop copy means: the same reports, on a way of their own, at a time of their own.

The order session is the authority. A copy may run ahead of it or behind, so only what
holds at any time is taken from it:

- Executions, busts and corrections. They are keyed by ExecID(17) and come once by
  whichever way is the first.
- The answer to a request that is in doubt here: it is the answer, whoever brings it. A
  copy that ran behind cannot make it untrue.
- That the venue ended an order that is in doubt here: nothing comes behind an end.

All else would set an order back to what it was, and is left to the order session.
"""

from dataclasses import replace
from typing import Final

from svc_oms.domain.events import Event, OrderResolved
from svc_oms.domain.facts import CancelRejectFacts, ExecutionReportFacts, Facts
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, ResolutionSource
from svc_oms.domain.venue_reports import NO_EXECUTIONS, Executions, interpret

_MONEY: Final = frozenset("FGH")
_ENDS: Final = frozenset("4C")
_STATUS: Final = "I"


def interpret_copy(
    order: Order, facts: Facts, executions: Executions = NO_EXECUTIONS
) -> list[Event]:
    """Return the events a copied report stands for; see `interpret`."""
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
