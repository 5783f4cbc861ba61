"""What a routed parent order asks for."""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from kernel.side import Side
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.routing.fees import FeeSchedule
from svc_oms.domain.routing.view import ConsolidatedView


class Strategy(IntEnum):
    """How a parent is routed."""

    BEST = 1
    """Sweep: IOC children at what is displayed, best net price first; the rest by the TIF."""
    POST = 2
    """Rest, without taking, where net price and queue are best."""
    SPLIT = 3
    """IOC children in proportion to the displayed quantities; the rest by the TIF."""
    LIST = 4
    """One venue after the other in the order of `venues`; next if one rejects or is down."""


class RoutingRequest(NamedTuple):
    """What the client asked for, and what account and firm allow. Quantities: see ParentState."""

    strategy: Strategy
    side: Side
    limit_price: Price | None
    """No child has a worse price. None: a market parent, which only takes what is displayed."""
    time_in_force: TimeInForce
    """TimeInForce(59) of the parent: DAY, GTC, GTD, IOC or FOK."""
    venues: tuple[str, ...] = ()
    """MICs that may be used, in the client's order, which breaks ties; LIST needs them. Empty:
    every venue of the view, by MIC."""
    denied: frozenset[str] = frozenset()
    """MICs that are not used: those of the order, the account and the firm together."""
    expire_time_ns: int | None = None
    """ExpireTime(126) of a GTD parent."""

    @property
    def is_buy(self) -> bool:
        """True for buys; every other side sells."""
        return self.side is Side.BUY


def check_request(
    request: RoutingRequest, view: ConsolidatedView, fees: Iterable[FeeSchedule]
) -> None:
    """Refuse a request that cannot be routed.

    Raises:
        OrderRefused: Names the field, what it was and what would do: an unknown or denied venue, no
            venue left, a venue without fee schedule or with one in another currency, a time in
            force or limit price that the strategy cannot have.
    """
    raise NotImplementedError


def check_quantity(request: RoutingRequest, view: ConsolidatedView, quantity: Quantity) -> None:
    """Refuse a quantity that no venue can fill, because of lots or smallest orders.

    Raises:
        OrderRefused: QUANTITY_OFF_LOT, naming the venues' lots and the nearest quantities.
    """
    raise NotImplementedError
