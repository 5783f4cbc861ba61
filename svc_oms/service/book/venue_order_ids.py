"""Which order has an OrderID(37), as far as this replica has seen it.

A venue gives a number to one order in a trading day. Two orders with one number are a
contradiction, which the second order shows. It is looked for in memory only, so that an order does
not pay for a look-up: what another replica applied is not known here.
"""

from collections.abc import Iterable

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.model import Order
from svc_oms.domain.reports.unsolicited import NO_ORDER_ID

# Beyond it everything is forgotten.
VENUE_ORDER_IDS_MAX = 100_000
# A venue may use a number again for an order of another day.
VENUE_ORDER_ID_FRESH_S = 12 * 3600


class VenueOrderIds:
    """The last order of each (venue, OrderID(37)), with the time of its last change."""

    def __init__(self) -> None:
        self._orders: dict[tuple[str, str], tuple[str, int]] = {}

    def learn(self, orders: Iterable[Order]) -> None:
        """Note orders as they are now."""
        for order in orders:
            if order.venue_order_id not in NO_ORDER_ID:
                key = order.venue_mic, order.venue_order_id
                self._orders[key] = order.order_id, order.updated_at_ns
        if len(self._orders) > VENUE_ORDER_IDS_MAX:
            self._orders.clear()

    def other(self, order: Order) -> str:
        """Return another order with the OrderID(37) of this one; empty if none is known."""
        found = self._orders.get((order.venue_mic, order.venue_order_id))
        if found is None or found[0] == order.order_id:
            return ""
        order_id, changed_ns = found
        fresh = order.updated_at_ns - changed_ns < VENUE_ORDER_ID_FRESH_S * NS_PER_S
        return order_id if fresh else ""
