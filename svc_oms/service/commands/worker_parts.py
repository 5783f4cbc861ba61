"""What the command worker uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kernel.clock import Clock
from svc_oms.domain.order_terms.checks import Limits
from svc_oms.service.audit.audit_log import AuditLog
from svc_oms.service.audit.refusal_log import RefusalLog
from svc_oms.service.book.known_orders import KnownOrders
from svc_oms.service.controls.pre_trade_control import FillFollower, PreTradeControl
from svc_oms.service.ports import OrderStore
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.routing_views import RoutingParts
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.streams.publisher import Publisher

ANSWER_AGE_MAX_S = 60.0


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What the command worker uses.

    Attributes:
        refusal_log: Says which refusals are recorded one by one.
        audit_log: Makes the worker's entries of the audit log.
        pre_trade_controls: Controls that every new order and change must pass, in this order.
        fill_followers: What fills change; the same as in the session links, because a person's
            statement may bring fills.
        statement_value_alone_max: The largest value that one person may state alone, in the
            currency of the order; None: no limit.
        answer_age_max_s: A venue whose session is down for longer is gone: persons may state what
            it has. Seconds.
    """

    store: OrderStore
    clock: Clock
    known: KnownOrders
    market: Market
    venues: VenueSessions
    publisher: Publisher
    limits: Limits
    refusal_log: RefusalLog
    audit_log: AuditLog
    routing: RoutingParts
    pre_trade_controls: Sequence[PreTradeControl] = ()
    fill_followers: Sequence[FillFollower] = ()
    statement_value_alone_max: Decimal | None = None
    answer_age_max_s: float = ANSWER_AGE_MAX_S
