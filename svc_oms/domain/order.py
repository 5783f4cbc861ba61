"""Decide and evolve: the two functions of an order, in one place to import from.

`decide_*` takes a command and may refuse it. `evolve` takes an event and may not refuse it,
because what the venue reports has happened whether it fits or not.
"""

from svc_oms.domain.decide import (
    decide_approve,
    decide_cancel,
    decide_decline,
    decide_place,
    decide_replace,
)
from svc_oms.domain.evolve import evolve
from svc_oms.domain.model import Execution, Order, OrderTerms, Rejection
from svc_oms.domain.order_terms.checks import OrderRefused
from svc_oms.domain.reports.resolve import decide_resolve

__all__ = [
    "Execution",
    "Order",
    "OrderRefused",
    "OrderTerms",
    "Rejection",
    "decide_approve",
    "decide_cancel",
    "decide_decline",
    "decide_place",
    "decide_replace",
    "decide_resolve",
    "evolve",
]
