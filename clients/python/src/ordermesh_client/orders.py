"""A program's copies of the orders a stream carries. Nothing here is derived from events."""

from dataclasses import dataclass, field

from ordermesh.oms.v1 import event_pb2, order_pb2


@dataclass
class OrderCopies:
    """The orders of the watched accounts; give it every item of `MeshClient.watch_orders`.

    Attributes:
        orders: Each order as the stream carried it last, by id.
        last_sequence: Sequence of the last event taken, by account.
        holes: Missing and repeated sequences, each as a sentence.
    """

    orders: dict[str, order_pb2.Order] = field(default_factory=dict)
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
        elif kind == "resync":
            self._forget(item.resync.channel)
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
            self._keep(order)

    def _keep(self, order: order_pb2.Order) -> None:
        kept = order_pb2.Order()
        kept.CopyFrom(order)
        self.orders[order.order_id] = kept

    def _forget(self, account_id: str) -> None:
        """Drop an account's orders: the snapshot that follows has those that count."""
        self.orders = {k: one for k, one in self.orders.items() if one.account_id != account_id}
        self.last_sequence.pop(account_id, None)
