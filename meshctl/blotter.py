"""The orders of a stream for display: how many are open, and the states each went through."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from ordermesh.oms.v1 import event_pb2, order_pb2
from ordermesh_client import OrderCopies

CLOSED: Final = frozenset(
    {
        order_pb2.ORDER_STATE_FILLED,
        order_pb2.ORDER_STATE_CANCELED,
        order_pb2.ORDER_STATE_REJECTED,
        order_pb2.ORDER_STATE_EXPIRED,
    }
)


@dataclass
class Blotter(OrderCopies):
    """Copies of orders, and their trails.

    Attributes:
        trails: The states each order went through, by id; a state is not repeated.
    """

    trails: dict[str, list[int]] = field(default_factory=dict)

    def apply(self, item: event_pb2.OrderStreamItem) -> None:
        """Take one item, and note the state it reports."""
        super().apply(item)
        if item.HasField("snapshot"):
            self.trails.setdefault(item.snapshot.order_id, [item.snapshot.progress.state])
        elif item.HasField("event") and item.event.order_id:
            trail = self.trails.setdefault(item.event.order_id, [])
            if not trail or trail[-1] != item.event.progress.state:
                trail.append(item.event.progress.state)

    def open_orders(self) -> list[order_pb2.Order]:
        """Orders that can still trade, oldest first."""
        return [one for one in self.orders.values() if one.progress.state not in CLOSED]

    def states(self) -> Counter[str]:
        """Number of orders by state name."""
        return Counter(
            order_pb2.OrderState.Name(one.progress.state).removeprefix("ORDER_STATE_")
            for one in self.orders.values()
        )
