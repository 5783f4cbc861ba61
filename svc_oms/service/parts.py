"""What the desk works with."""

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.clock import Clock
from svc_oms.domain.checks import Limits
from svc_oms.service.gates import Gate
from svc_oms.service.known import KnownOrders
from svc_oms.service.market import Market
from svc_oms.service.ports import OrderStore
from svc_oms.service.publisher import Publisher
from svc_oms.service.venues import VenueSessions

TRADING_DAY_END_S = 22 * 3600


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What the desk works with.

    Attributes:
        gates: Controls every new order and change passes, in this order, before it is taken.
        trading_day_end_s: When DAY ends for orders that wait here, seconds since midnight UTC.
    """

    store: OrderStore
    clock: Clock
    known: KnownOrders
    market: Market
    venues: VenueSessions
    publisher: Publisher
    limits: Limits
    gates: Sequence[Gate] = ()
    trading_day_end_s: int = TRADING_DAY_END_S
