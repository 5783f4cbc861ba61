"""What the desk works with."""

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.clock import Clock
from svc_oms.domain.checks import Limits
from svc_oms.service.gates import Follower, Gate
from svc_oms.service.known import KnownOrders
from svc_oms.service.market import Market
from svc_oms.service.ports import OrderStore
from svc_oms.service.publisher import Publisher
from svc_oms.service.venues import VenueSessions


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What the desk works with.

    Attributes:
        gates: Controls every new order and change passes, in this order, before it is taken.
        followers: What fills move; the same as the links have, for a person may bring fills.
    """

    store: OrderStore
    clock: Clock
    known: KnownOrders
    market: Market
    venues: VenueSessions
    publisher: Publisher
    limits: Limits
    gates: Sequence[Gate] = ()
    followers: Sequence[Follower] = ()
