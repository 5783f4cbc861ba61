"""A program's copies of the orders a stream carries. Nothing here is derived from events."""

from dataclasses import dataclass, field

from ordermesh.oms.v1 import event_pb2, order_pb2


@dataclass
class OrderCopies:
    """The orders of the watched accounts; give it every item of `MeshClient.watch_orders`.

    A snapshot replaces the orders of its account when it is complete; until then the old ones stay.

    Attributes:
        orders: Each order as the stream carried it last, by id.
        last_sequence: Sequence of the last event taken, by account.
        holes: Missing and repeated sequences, each as a sentence.
    """

    orders: dict[str, order_pb2.Order] = field(default_factory=dict)
    last_sequence: dict[str, int] = field(default_factory=dict)
    holes: list[str] = field(default_factory=list)
    # Snapshots that have begun, by account.
    _begun: dict[str, dict[str, order_pb2.Order]] = field(default_factory=dict)

    def apply(self, item: event_pb2.OrderStreamItem) -> None:
        """Take one item; a missing or repeated sequence is noted in ``holes``."""
        kind = item.WhichOneof("item")
        if kind == "snapshot":
            begun = self._begun.setdefault(item.snapshot.account_id, {})
            begun[item.snapshot.order_id] = _copied(item.snapshot)
        elif kind == "snapshot_complete":
            done = item.snapshot_complete
            self._replace(done.channel)
            self.last_sequence[done.channel] = done.cursor.sequence
        elif kind == "resync":
            self._begun.pop(item.resync.channel, None)
            self.last_sequence.pop(item.resync.channel, None)
        elif kind == "event":
            self._count(item.event)
            if item.HasField("order"):
                self._take_order(item.order)

    def _count(self, event: event_pb2.OrderEvent) -> None:
        last = self.last_sequence.get(event.account_id)
        if last is not None and event.sequence != last + 1:
            self.holes.append(f"{event.account_id}: {event.sequence} came after {last}")
        self.last_sequence[event.account_id] = event.sequence

    def _take_order(self, order: order_pb2.Order) -> None:
        known = self.orders.get(order.order_id)
        # A replay brings orders as they are stored: newer than events that are still to come.
        if known is None or order.last_sequence > known.last_sequence:
            self.orders[order.order_id] = _copied(order)

    def _replace(self, account_id: str) -> None:
        others = {k: one for k, one in self.orders.items() if one.account_id != account_id}
        self.orders = others | self._begun.pop(account_id, {})


def _copied(order: order_pb2.Order) -> order_pb2.Order:
    kept = order_pb2.Order()
    kept.CopyFrom(order)
    return kept
