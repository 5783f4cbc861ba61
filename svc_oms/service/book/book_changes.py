"""What one batch adds to the order book: folded in memory, written once.

Pure: it reads and writes nothing outside. A command adds either all of its events or, if
anything raises, none. So a bad command cannot harm the others of its batch.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from kernel.hashchain import event_hash
from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.controls.state import AccountState
from svc_oms.domain.events import Event, OrderAccepted, Stamp, VenueReportParked
from svc_oms.domain.model import Order
from svc_oms.domain.order import evolve
from svc_oms.service.codec.order_events import encode_account_event, encode_event
from svc_oms.service.codec.order_records import order_message, order_write, progress_message
from svc_oms.service.ports import AccountRow, EventWrite, WriteSet

_Encoded = tuple[order_pb2.OrderProgress, order_pb2.Order | None, bytes]
"""Of an order after its last event: its progress, and if its acceptance was that event, its message
and the message's bytes."""


class BookChanges:
    """The accounts and orders of a batch, changing with every event.

    Attributes:
        orders: Orders that were read or changed, by id.
        writes: The rows to write; `finish` completes it.
        bodies: Serialised orders that changed, by id; filled by `finish`.
        controls: The control state of each account; written if its log grows or a key is added.
        states: What these texts say, as far as a control or follower of the batch needs it: one
            object of each account, because what one of them counts the other one writes, too.
    """

    __slots__ = (
        "_accounts",
        "_created",
        "_encoded",
        "_known",
        "_lines",
        "bodies",
        "controls",
        "now_ns",
        "orders",
        "states",
        "writes",
    )

    def __init__(self, accounts: Mapping[str, AccountRow], now_ns: int) -> None:
        self._accounts = {
            account_id: (row.last_sequence, row.chain_head) for account_id, row in accounts.items()
        }
        self.controls = {account_id: row.controls for account_id, row in accounts.items()}
        self.states: dict[str, AccountState] = {}
        self._created: set[str] = set()
        self._encoded: dict[str, _Encoded] = {}
        self._lines: defaultdict[str, list[EventWrite]] = defaultdict(list)
        self._known: list[Mapping[str, Order]] = []
        self.orders: dict[str, Order] = {}
        self.bodies: dict[str, bytes] = {}
        self.writes = WriteSet()
        self.now_ns = now_ns

    def know(self, orders: Mapping[str, Order]) -> None:
        """Add orders to look in; they are current and are not copied."""
        if orders:
            self._known.append(orders)

    def find(self, order_id: str) -> Order | None:
        """Return the present order, if it is in memory."""
        order = self.orders.get(order_id)
        if order is None:
            for known in self._known:
                order = known.get(order_id)
                if order is not None:
                    break
        return order

    def add(
        self, account_id: str, order: Order | None, events: Sequence[Event], stamp: Stamp
    ) -> Order:
        """Fold events into an order and append them to its account's log, all or none."""
        sequence, head = self._accounts[account_id]
        lines = []
        progress, message, body = None, None, b""
        for event in events:
            sequence += 1
            order = evolve(order, event, stamp, sequence)
            progress = progress_message(order)
            message, body = None, b""
            if type(event) is OrderAccepted:
                message = order_message(order, progress)
                body = message.SerializeToString()
            payload = encode_event(event, stamp, order, progress, body)
            head = event_hash(head, payload)
            lines.append(EventWrite(account_id, sequence, order.order_id, payload, head))
        assert order is not None, "an order begins with an event"
        assert progress is not None, "no events, nothing to add"
        # Nothing can raise from here on.
        if isinstance(events[0], OrderAccepted):
            self._created.add(order.order_id)
        self._accounts[account_id] = (sequence, head)
        self._lines[account_id].extend(lines)
        self.orders[order.order_id] = order
        self._encoded[order.order_id] = (progress, message, body)
        return order

    def add_account_event(self, account_id: str, event: VenueReportParked, stamp: Stamp) -> None:
        """Append an event that belongs to no order."""
        sequence, head = self._accounts[account_id]
        sequence += 1
        payload = encode_account_event(account_id, sequence, event, stamp)
        head = event_hash(head, payload)
        self._accounts[account_id] = (sequence, head)
        self._lines[account_id].append(EventWrite(account_id, sequence, "", payload, head))

    def finish(self) -> WriteSet:
        """Encode what changed and return the complete write set."""
        writes = self.writes
        for account_id, lines in self._lines.items():
            head = self._accounts[account_id]
            writes.accounts.append((account_id, *head, self.controls[account_id]))
            writes.events.extend(lines)
        # A key without an event, too, changes the row: another replica that guesses meanwhile must
        # find that the account has moved, and look for the key.
        for account_id in {key.account_id for key in writes.idempotency}.difference(self._lines):
            writes.accounts.append(
                (account_id, *self._accounts[account_id], self.controls[account_id])
            )
        for order_id, (progress, message, body) in self._encoded.items():
            order = self.orders[order_id]
            if message is None:
                message = order_message(order, progress)  # noqa: PLW2901  not encoded so far
                body = message.SerializeToString()  # noqa: PLW2901
            self.bodies[order_id] = body
            rows = writes.new_orders if order_id in self._created else writes.changed_orders
            rows.append(order_write(order, message, body))
        return writes

    def head(self, account_id: str) -> tuple[int, bytes]:
        """Return sequence and chain head of an account's log, with this batch's events."""
        return self._accounts[account_id]

    def published(self) -> Mapping[str, list[EventWrite]]:
        """Return the new lines of the log by account."""
        return self._lines

    def changed(self) -> Mapping[str, list[Order]]:
        """Return the orders that this batch changed, by account."""
        changed: defaultdict[str, list[Order]] = defaultdict(list)
        for order_id in self._encoded:
            order = self.orders[order_id]
            changed[order.account_id].append(order)
        return changed
