"""What the desk works with."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.clock import Clock
from svc_oms.domain.checks import Limits
from svc_oms.service.auditor import Auditor
from svc_oms.service.gates import Follower, Gate
from svc_oms.service.known import KnownOrders
from svc_oms.service.market import Market
from svc_oms.service.ports import OrderStore
from svc_oms.service.publisher import Publisher
from svc_oms.service.trail import Trail
from svc_oms.service.venues import VenueSessions

TRADING_DAY_END_S = 22 * 3600


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What the desk works with.

    Attributes:
        auditor: Tells which refusals are recorded one by one.
        trail: Where the desk's entries of the audit log go.
        gates: Controls every new order and change passes, in this order, before it is taken.
        trading_day_end_s: When DAY ends for orders that wait here, seconds since midnight UTC.
        followers: What fills move; the same as the links have, for a person may bring fills.
    """

    store: OrderStore
    clock: Clock
    known: KnownOrders
    market: Market
    venues: VenueSessions
    publisher: Publisher
    limits: Limits
    auditor: Auditor
    trail: Trail
    gates: Sequence[Gate] = ()
    trading_day_end_s: int = TRADING_DAY_END_S
    followers: Sequence[Follower] = ()
