"""The orders of a stream: snapshot items and events, folded for display."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from ordermesh.oms.v1 import event_pb2, order_pb2

CLOSED: Final = frozenset(
    {
        order_pb2.ORDER_STATE_FILLED,
        order_pb2.ORDER_STATE_CANCELED,
        order_pb2.ORDER_STATE_REJECTED,
        order_pb2.ORDER_STATE_EXPIRED,
    }
)


@dataclass
class Blotter:
    """The orders of the watched accounts and what the stream has shown so far."""

    orders: dict[str, order_pb2.Order] = field(default_factory=dict)
    trails: dict[str, list[int]] = field(default_factory=dict)
    last_sequence: dict[str, int] = field(default_factory=dict)
    holes: list[str] = field(default_factory=list)

    def apply(self, item: event_pb2.OrderStreamItem) -> None:
        """Take one item; a missing or repeated sequence is noted in ``holes``."""
        kind = item.WhichOneof("item")
        if kind == "snapshot":
            self._keep(item.snapshot)
        elif kind == "snapshot_complete":
            done = item.snapshot_complete
            self.last_sequence[done.channel] = done.cursor.sequence
        elif kind == "event":
            self._apply_event(item.event)

    def open_orders(self) -> list[order_pb2.Order]:
        """Orders that can still trade, oldest first."""
        return [one for one in self.orders.values() if one.progress.state not in CLOSED]

    def states(self) -> Counter[str]:
        """Number of orders by state name."""
        return Counter(
            order_pb2.OrderState.Name(one.progress.state).removeprefix("ORDER_STATE_")
            for one in self.orders.values()
        )

    def _apply_event(self, event: event_pb2.OrderEvent) -> None:
        last = self.last_sequence.get(event.account_id)
        if last is not None and event.sequence != last + 1:
            self.holes.append(f"{event.account_id}: {event.sequence} came after {last}")
        self.last_sequence[event.account_id] = event.sequence
        if event.WhichOneof("kind") == "accepted":
            self._keep(event.accepted.order)
        known = self.orders.get(event.order_id)
        if known is None:
            return
        known.progress.CopyFrom(event.progress)
        if event.WhichOneof("kind") == "replaced":
            known.terms.CopyFrom(event.replaced.terms)
        trail = self.trails.setdefault(event.order_id, [])
        if not trail or trail[-1] != event.progress.state:
            trail.append(event.progress.state)

    def _keep(self, order: order_pb2.Order) -> None:
        kept = order_pb2.Order()
        kept.CopyFrom(order)
        self.orders[order.order_id] = kept
        self.trails.setdefault(order.order_id, [order.progress.state])
