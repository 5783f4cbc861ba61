"""Orders that this replica has in memory, and the rule for when they are current.

Every change of an order increases its account's last sequence. So what is kept of an account
is current exactly if it was kept at the sequence in the account's row, and the row is locked
when that is checked. Another replica's commit increases the sequence, so what is kept here is
no longer used.
"""

from collections.abc import Callable, Iterable, Mapping

from svc_oms.domain.model import Order
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.order_accounts import OrderAccounts
from svc_oms.service.ports import AccountRow, StoreWentBackError

# Beyond it everything is forgotten and read again as needed.
ORDERS_KNOWN_MAX = 100_000


class _Account:
    __slots__ = ("last_sequence", "orders")

    def __init__(self, last_sequence: int) -> None:
        self.last_sequence = last_sequence
        self.orders: dict[str, Order] = {}


class KnownOrders:
    """Open orders by account, valid at one sequence each.

    Attributes:
        order_accounts: Accounts of orders, which are valid forever.
    """

    def __init__(self) -> None:
        self.order_accounts = OrderAccounts()
        self._accounts: dict[str, _Account] = {}
        self._count = 0
        self._on_went_back: Callable[[str], None] | None = None

    def on_went_back(self, listener: Callable[[str], None]) -> None:
        """Call this with the evidence when the database lacks a commit of this replica."""
        self._on_went_back = listener

    def current(self, account_id: str, last_sequence: int) -> Mapping[str, Order]:
        """Return what is known of an account whose row is locked at this sequence.

        At another sequence nothing is forgotten: a commit of this replica may have changed the row
        and be noted here in a moment.
        """
        known = self._accounts.get(account_id)
        if known is None or known.last_sequence != last_sequence:
            return {}
        return known.orders

    def give(self, changes: BookChanges, accounts: Iterable[AccountRow]) -> None:
        """Give a batch what is known of accounts whose rows it has locked.

        Raises:
            StoreWentBackError: A row is older than a commit of this replica.
        """
        for row in accounts:
            known = self._accounts.get(row.account_id)
            if known is not None and known.last_sequence > row.last_sequence:
                evidence = (
                    f"account {row.account_id} is at sequence {row.last_sequence}, this replica "
                    f"has committed {known.last_sequence}"
                )
                if self._on_went_back is not None:
                    self._on_went_back(evidence)
                raise StoreWentBackError(evidence)
            changes.know(self.current(row.account_id, row.last_sequence))

    def committed_all(self, accounts: Mapping[str, AccountRow], changes: BookChanges) -> None:
        """Keep the orders of a committed batch; called by the publisher, and by nobody else."""
        changed = changes.changed()
        for account_id, lines in changes.published().items():
            base, orders = accounts[account_id].last_sequence, changed.get(account_id, [])
            self.committed(account_id, base, lines[-1].sequence, orders)

    def committed(
        self, account_id: str, base_sequence: int, last_sequence: int, orders: Iterable[Order]
    ) -> None:
        """Keep the orders of a commit, unless those of a later commit came first."""
        orders = tuple(orders)
        self.order_accounts.learn((order.order_id, account_id) for order in orders)
        known = self._accounts.get(account_id)
        if known is None:
            known = self._accounts[account_id] = _Account(base_sequence)
        if known.last_sequence > last_sequence:
            return
        if known.last_sequence != base_sequence:
            self._count -= len(known.orders)
            known.orders = {}
        before = len(known.orders)
        for order in orders:
            if order.is_closed:
                known.orders.pop(order.order_id, None)
            else:
                known.orders[order.order_id] = order
        known.last_sequence = last_sequence
        self._count += len(known.orders) - before
        if self._count > ORDERS_KNOWN_MAX:
            self._accounts.clear()
            self._count = 0
