"""Ends reduce-only orders whose position is gone, and lowers those that are larger than it.

The watch knows every open reduce-only order: commits of this replica update it, and every few
seconds it reads the changes of other replicas. After a commit with an execution in the account of
such an order it submits one command for the account; the command compares each order with the
position again, with the account locked. So every replica may submit it, and a replica may die at
any point. Accounts without such orders pay one look into a dictionary for a commit.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable

from mesh.errors import MeshError
from mesh.log import get_logger
from ordermesh.gateway.v1.venue_link_service_pb2 import VENUE_COMMAND_KIND_REPLACE
from svc_oms.domain.commands import CancelOrder, CheckReduceOnly
from svc_oms.domain.events import OrderCanceled, OrderReplaced, ReplaceRequested
from svc_oms.domain.groups.group_rules import whole_lots
from svc_oms.domain.lifecycle import LOCAL
from svc_oms.domain.model import Order
from svc_oms.domain.positions.reduce_only import GONE, is_judged, room, too_much
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.commands.checked import cancel_order
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.ports import OrderStore, StoreUnavailableError
from svc_oms.service.submissions import (
    EVERY_ACCOUNT,
    NOTHING_DONE,
    CommandKind,
    Outcome,
    Submission,
    Taken,
)

# Seconds between two readings of other replicas' changes: the longest time an order is not watched
# when the replica that took it dies.
READ_INTERVAL_S = 5.0
# Orders that one command looks at; the others are looked at by the next reading.
CHECKED_ORDERS_MAX = 500

log = get_logger("svc_oms.reduce_only")


# --- The command ------------------------------------------------------------------------------


def check(batch: CommandBatch, submission: Submission) -> Taken:
    """End or lower the reduce-only orders of an account that its positions do not allow."""
    command = submission.command
    assert isinstance(command, CheckReduceOnly)
    for order_id in command.order_ids:
        order = batch.changes.find(order_id)
        if order is not None and is_judged(order):
            _judge(batch, submission, order)
    return NOTHING_DONE


def _judge(batch: CommandBatch, submission: Submission, order: Order) -> None:
    most = whole_lots(room(order, batch.held(order)), batch.order_groups.lot(order))
    if not most:
        if not order.pending_cancel_id:
            end(batch, submission, order)
        return
    quantity = too_much(order, most)
    if quantity is None:
        return
    session_id = batch.parts.venues.session_of(order.venue_mic)
    terms = order.terms._replace(quantity=quantity)
    if terms.display_quantity is not None:
        terms = terms._replace(display_quantity=min(terms.display_quantity, quantity))
    request = ReplaceRequested(order.next_cl_ord_id, terms)
    after = batch.add(order, order.account_id, request, submission)
    batch.send(
        session_id,
        VENUE_COMMAND_KIND_REPLACE,
        after,
        terms,
        request.cl_ord_id,
        order.orig_cl_ord_id,
    )


def end(batch: CommandBatch, submission: Submission, order: Order) -> None:
    """End an order whose position is gone."""
    if order.state in LOCAL:
        batch.add(order, order.account_id, OrderCanceled(text=GONE), submission)
        return
    command = submission.command
    cancel = CancelOrder(command.idempotency_key, order.order_id, command.actor)
    cancel_order(batch, submission, order, cancel, refusable=False)


def sent_terms(batch: CommandBatch, submission: Submission, order: Order) -> Order:
    """Return an order that is about to be sent, lowered to what may be traded."""
    if not order.reduce_only:
        return order
    most = whole_lots(room(order, batch.held(order)), batch.order_groups.lot(order))
    if order.terms.quantity <= most:
        return order
    terms = order.terms._replace(quantity=most)
    if terms.display_quantity is not None:
        terms = terms._replace(display_quantity=min(terms.display_quantity, most))
    return batch.add(order, order.account_id, OrderReplaced(terms), submission)


def has_no_room(batch: CommandBatch, order: Order) -> bool:
    """Return whether an order may only reduce a position that is not there."""
    if not order.reduce_only:
        return False
    most = whole_lots(room(order, batch.held(order)), batch.order_groups.lot(order))
    return not most


# --- The watch --------------------------------------------------------------------------------


class ReduceOnlyWatch:
    """The watch; see the head of this file."""

    def __init__(self, store: OrderStore, submit: Callable[[Submission], None]) -> None:
        self._store = store
        self._submit = submit
        self._accounts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        """By account: the last sequence of each open order."""
        self._seen: dict[str, int] = {}
        """The last sequence of every watched order that was read, of this kind or another."""
        self._busy: set[str] = set()
        self._again: set[str] = set()
        self._checked: dict[str, int] = {}
        """By account: how far its log was when it was last checked."""

    def learn(self, orders: Iterable[Order]) -> None:
        """Set orders after a commit, and check the accounts whose positions may have moved."""
        due = set()
        for order in orders:
            if order.reduce_only:
                self._set(order)
            if order.account_id in self._accounts and (order.cum_quantity or order.reduce_only):
                due.add(order.account_id)
        for account_id in due:
            self._check(account_id)

    def _set(self, order: Order) -> None:
        mine = self._accounts[order.account_id]
        if mine.get(order.order_id, 0) <= order.last_sequence:
            if order.is_closed:
                mine.pop(order.order_id, None)
            else:
                mine[order.order_id] = order.last_sequence
        if not mine:
            del self._accounts[order.account_id]

    def _check(self, account_id: str) -> None:
        if account_id in self._busy:
            self._again.add(account_id)
            return
        self._busy.add(account_id)

        def done(outcome: Outcome) -> None:
            self._busy.discard(account_id)
            if isinstance(outcome, MeshError):
                # The next reading tries again.
                self._checked.pop(account_id, None)
                log.warning("reduce-only not checked", account=account_id, why=outcome.reason)
            elif account_id in self._again and account_id in self._accounts:
                self._again.discard(account_id)
                self._check(account_id)

        order_ids = tuple(self._accounts[account_id])[:CHECKED_ORDERS_MAX]
        command = CheckReduceOnly(account_id, order_ids)
        self._submit(Submission(CommandKind.CHECK_REDUCE_ONLY, command, EVERY_ACCOUNT, b"", done))

    async def read(self) -> None:
        """Read the changes of other replicas, and check the accounts whose logs grew."""
        watched = await self._store.waiting()
        wanted = [i for i, sequence in watched.items() if self._seen.get(i, 0) < sequence]
        rows = await self._store.orders(wanted) if wanted else []
        self._seen = watched
        for order in (read_order(row.body, row.fold) for row in rows):
            if order.reduce_only:
                self._set(order)
        for account_id, mine in list(self._accounts.items()):
            for order_id in mine.keys() - watched.keys():
                del mine[order_id]
            if not mine:
                del self._accounts[account_id]
        if not self._accounts:
            return
        for account_id, high in (await self._store.high_waters(list(self._accounts))).items():
            if self._checked.get(account_id) != high:
                self._checked[account_id] = high
                self._check(account_id)

    async def run(self) -> None:
        """Read, forever."""
        while True:
            try:
                await self.read()
            except StoreUnavailableError as error:
                log.warning("reduce-only orders not read", error=str(error))
            await asyncio.sleep(READ_INTERVAL_S)
