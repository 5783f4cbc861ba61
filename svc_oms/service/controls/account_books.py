"""Open orders and positions of accounts, kept between batches while they are current.

What is kept of an account's orders was true at one sequence of its log, and the chain head
at that sequence says of which log: a batch that was never committed has a head that no log
has. So the account's row, once locked, shows whether what is kept is current. If another
batch or replica changed the account since, only the orders of the later events are read.
Positions change with venue reports only; the account's state names the last such batch.
"""

from collections.abc import Iterable, Mapping

from svc_oms.domain.controls.exposure import OpenBook, PriceOf
from svc_oms.domain.model import InstrumentKey, Order
from svc_oms.domain.positions.account_positions import Position
from svc_oms.service.codec.control_records import position_value
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.ports import AccountRow, OrderRow, Transaction

# Accounts of which something is kept; beyond it all is forgotten and read again as needed.
ACCOUNTS_KEPT_MAX = 10_000
# An account that has more events since is read anew.
EVENTS_BEHIND_MAX = 2_000


class _Orders:
    """An account's open orders at one point of its log."""

    __slots__ = ("book", "head", "sequence")

    def __init__(self, sequence: int, head: bytes, book: OpenBook) -> None:
        self.sequence = sequence
        self.head = head
        self.book = book


Positions = dict[InstrumentKey, Position]


class Books:
    """See the head of this file. A batch takes a book out and puts it back at its end."""

    def __init__(self, price_of: PriceOf) -> None:
        self._price_of = price_of
        self._orders: dict[str, _Orders] = {}
        self._positions: dict[str, tuple[str, Positions]] = {}

    async def positions(
        self, transaction: Transaction, positions_at: Mapping[str, str]
    ) -> dict[str, Positions]:
        """Return the positions of locked accounts, given the batch that changed each last."""
        found: dict[str, Positions] = {}
        missing = []
        for account_id, at in positions_at.items():
            kept = self._positions.get(account_id)
            if kept is not None and kept[0] == at:
                found[account_id] = kept[1]
            else:
                found[account_id] = {}
                missing += [account_id] if at else []
        for row in await transaction.positions(missing) if missing else ():
            position = position_value(row)
            found[row.account_id][position.key] = position
        for account_id in missing:
            self.moved(account_id, positions_at[account_id], found[account_id])
        return found

    def moved(self, account_id: str, at: str, positions: Positions) -> None:
        """Keep positions of a batch; if it fails, no later state names them."""
        if len(self._positions) > ACCOUNTS_KEPT_MAX:
            self._positions.clear()
        self._positions[account_id] = (at, positions)

    async def take(
        self,
        transaction: Transaction,
        rows: Iterable[AccountRow],
        positions: Mapping[str, Positions],
    ) -> dict[str, OpenBook]:
        """Return the open orders of locked accounts, brought up to date."""
        found: dict[str, OpenBook] = {}
        outdated: list[_Orders] = []
        outdated_rows: list[AccountRow] = []
        anew: list[AccountRow] = []
        for row in rows:
            kept = self._orders.pop(row.account_id, None)
            if kept is None:
                anew.append(row)
            elif (kept.sequence, kept.head) == (row.last_sequence, row.chain_head):
                found[row.account_id] = kept.book
            elif 0 < row.last_sequence - kept.sequence <= EVENTS_BEHIND_MAX:
                outdated.append(kept)
                outdated_rows.append(row)
            else:
                anew.append(row)
        if outdated:
            anew += await self._follow(transaction, outdated_rows, outdated, found)
        if anew:
            await self._read(transaction, anew, found)
        for account_id, book in found.items():
            for position in positions[account_id].values():
                if book.positions.get(position.key) != position:
                    book.hold(position)
        return found

    async def _follow(
        self,
        transaction: Transaction,
        rows: list[AccountRow],
        kept: list[_Orders],
        found: dict[str, OpenBook],
    ) -> list[AccountRow]:
        """Bring books up to date; return the accounts whose book belongs to no existing log."""
        known = [
            (row.account_id, each.sequence, each.head) for row, each in zip(rows, kept, strict=True)
        ]
        true, moved = await transaction.orders_since(known)
        lost = []
        for row, each in zip(rows, kept, strict=True):
            if row.account_id in true:
                found[row.account_id] = each.book
            else:
                lost.append(row)
        for order in moved:
            found[order.account_id].put(read_order(order.body, order.fold))
        return lost

    async def _read(
        self, transaction: Transaction, rows: list[AccountRow], found: dict[str, OpenBook]
    ) -> None:
        """Read the open orders of accounts of which nothing is kept."""
        by_account: dict[str, list[OrderRow]] = {row.account_id: [] for row in rows}
        some = [row.account_id for row in rows if row.last_sequence]
        for order in await transaction.all_open_orders(some) if some else ():
            by_account[order.account_id].append(order)
        for account_id, orders in by_account.items():
            read = [read_order(order.body, order.fold) for order in orders]
            found[account_id] = OpenBook(read, {}, self._price_of)

    def take_current(self, row: AccountRow) -> OpenBook | None:
        """Return the open orders of a locked account if they are current, without reading."""
        kept = self._orders.get(row.account_id)
        if kept is None or (kept.sequence, kept.head) != (row.last_sequence, row.chain_head):
            return None
        del self._orders[row.account_id]
        return kept.book

    def put_back(
        self, account_id: str, book: OpenBook, changed: Iterable[Order], at: tuple[int, bytes]
    ) -> None:
        """Keep a book after the batch.

        Args:
            account_id: Whose book it is.
            book: As the batch has it.
            changed: The account's orders that the batch changed.
            at: Sequence and chain head of the account's log with the events of the batch.
        """
        if len(self._orders) > ACCOUNTS_KEPT_MAX:
            self._orders.clear()
        for order in changed:
            book.put(order)
        self._orders[account_id] = _Orders(*at, book)
