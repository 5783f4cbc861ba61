"""One batch of commands between its reads and its write.

Here is what every kind of command needs: keys, orders, stamps, the numbered outbox. What a
kind does is in its handler (handlers.py).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from mesh.errors import MeshError
from ordermesh.gateway.v1.venue_link_service_pb2 import VenueCommandKind
from svc_oms.domain.commands import (
    ApproveOrder,
    PlaceOrder,
    ReplaceOrder,
    ResolveOrder,
    TriggerOrder,
)
from svc_oms.domain.events import Event, Stamp
from svc_oms.domain.model import InstrumentKey, Order, OrderTerms
from svc_oms.domain.numbers import ZERO
from svc_oms.domain.order_terms.checks import OrderRefused
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.order_groups import OrderGroups
from svc_oms.service.codec.order_records import order_message, progress_message, read_order
from svc_oms.service.codec.venue_messages import command_bytes, origin_bytes
from svc_oms.service.commands.idempotency import IdempotencyKeys
from svc_oms.service.commands.worker_parts import WorkerParts
from svc_oms.service.controls.pre_trade_control import BatchControl, BatchFollower
from svc_oms.service.errors import (
    account_not_found,
    order_not_found,
    refused,
)
from svc_oms.service.ports import (
    AccountRow,
    ExecutionRow,
    IdempotencyRow,
    OutboxWrite,
    PositionRow,
    Transaction,
)
from svc_oms.service.ports.parked_ports import ParkedRow, StatementRow
from svc_oms.service.submissions import (
    Command,
    CommandKind,
    OrderCommand,
    Outcome,
    PlaceBatch,
    Submission,
    Taken,
)

# Orders that one command can name.
OPEN_ORDERS_MAX = 10_000

Refused = tuple[Submission, MeshError]


@dataclass(frozen=True, slots=True)
class Handler:
    """What must be read for a kind of command, and what the command does.

    Attributes:
        act: Decides in memory; raises OrderRefused or MeshError to refuse. Returns the row of the
            idempotency key, or an answer that is stored under no key.
        order_ids: Orders the command names.
        all_open: The command needs every open order of its account.
        exec_ids: Executions of its order that the command names. The followers are opened for
            such a command, because it may bring fills.
        positions: The command needs the positions of its account.
        settles: The parked message and the statement that the command settles; 0 and "" for none.
    """

    act: "Callable[[CommandBatch, Submission], IdempotencyRow | Taken]"
    order_ids: Callable[[Any], Collection[str]] = lambda _command: ()
    all_open: bool = False
    exec_ids: Callable[[Any], Collection[str]] | None = None
    positions: bool = False
    settles: Callable[[Any], tuple[int, str]] | None = None


class RolledBackError(Exception):
    """A command was carried out in part but must have no effect: the batch is decided anew.

    Attributes:
        submission: The command.
        answer: Its answer.
        refusals: Its parts that were refused.
    """

    def __init__(
        self, submission: Submission, answer: Taken, refusals: Sequence[Refused] = ()
    ) -> None:
        super().__init__("a command is rolled back")
        self.submission = submission
        self.answer = answer
        self.refusals = tuple(refusals)


class CommandBatch:
    """A batch of commands; see the head of this file.

    Attributes:
        parts: What the command worker works with.
        changes: What the batch adds to the order book.
        accounts: The locked accounts.
        keys: The idempotency keys of the commands.
        batch_controls: The pre-trade controls, opened for this batch.
        order_groups: The groups of its orders.
        executions: Executions that a command names and that are stored, by (order, ExecID(17)).
        batch_followers: The followers of fills, opened if a command may bring fills.
        positions: Positions of the accounts of commands that need them.
        parked: Parked messages that commands settle, locked, by id.
        statements: Statements that commands settle, locked, by id.
        having: Open orders by venue and OrderID(37), of the numbers that persons state.
        parts_refused: Refused parts of commands, for the audit log; the commands themselves were
            not refused.
    """

    def __init__(
        self,
        parts: WorkerParts,
        submissions: Sequence[Submission],
        changes: BookChanges,
        accounts: Mapping[str, AccountRow],
        handlers: Mapping[CommandKind, Handler],
        taken_back: Mapping[int, RolledBackError] | None = None,
    ) -> None:
        self.parts = parts
        self.changes = changes
        self.accounts = accounts
        self.batch_controls: list[BatchControl] = []
        self.order_groups = OrderGroups(changes, parts.venues, accounts, parts.market)
        self._taken_back = taken_back or {}
        self.parts_refused: list[Refused] = [
            one for error in self._taken_back.values() for one in error.refusals
        ]
        self.executions: defaultdict[tuple[str, str], list[ExecutionRow]] = defaultdict(list)
        self.batch_followers: list[BatchFollower] = []
        self.positions: list[PositionRow] = []
        self.parked: dict[int, ParkedRow] = {}
        self.statements: dict[str, StatementRow] = {}
        self.having: dict[tuple[str, str], list[Order]] = {}
        self._submissions = submissions
        self._handlers = handlers
        self.keys = IdempotencyKeys()
        self._answers: list[Outcome | tuple[IdempotencyRow, bool]] = []
        self._stored: dict[str, bytes] = {}

    async def read(self, transaction: Transaction) -> None:
        """Read keys, orders and what the controls need, in sets."""
        mine = [s for s in self._submissions if s.account_id in self.accounts]
        if not mine:
            return
        for submission in tuple(mine):
            if isinstance(submission.command, PlaceBatch):
                mine += submission.command.orders
        needed = await self.keys.read(transaction, mine)
        for submission in mine:
            needed.update(self._handlers[submission.kind].order_ids(submission.command))
        missing = [order_id for order_id in needed if self.changes.find(order_id) is None]
        rows = await transaction.orders(missing) if missing else []
        for account_id in {s.account_id for s in mine if self._handlers[s.kind].all_open}:
            rows += await transaction.open_orders(account_id, OPEN_ORDERS_MAX)
        for row in rows:
            self._stored[row.order_id] = row.body
            if row.order_id not in self.changes.orders:
                self.changes.orders[row.order_id] = read_order(row.body, row.fold)
        await self.order_groups.read(transaction, mine, needed)
        await self._read_executions(transaction, mine)
        await self._read_settled(transaction, mine)
        await self._read_having(transaction, mine)
        holding = {s.account_id for s in mine if self._needs_positions(s)}
        if holding:
            self.positions = await transaction.positions(sorted(holding))
        pre_trade_controls = self.parts.pre_trade_controls
        if pre_trade_controls:
            version = await transaction.controls_version()
            self.batch_controls = [
                await gate.open(transaction, self.accounts, self.changes, mine, version)
                for gate in pre_trade_controls
            ]

    def _needs_positions(self, submission: Submission) -> bool:
        command = submission.command
        if self._handlers[submission.kind].positions:
            return True
        if isinstance(command, PlaceOrder):
            return command.reduce_only
        if isinstance(command, ReplaceOrder | ApproveOrder | TriggerOrder):
            order = self.changes.find(command.order_id)
            return order is not None and order.reduce_only
        return False

    async def _read_executions(self, transaction: Transaction, mine: Sequence[Submission]) -> None:
        wanted: set[tuple[str, str]] = set()
        bringing = False
        for submission in mine:
            named = self._handlers[submission.kind].exec_ids
            if named is not None and isinstance(submission.command, OrderCommand):
                bringing = True
                order_id = submission.command.order_id
                wanted.update((order_id, each) for each in named(submission.command))
        if wanted:
            for row in await transaction.executions(list(wanted)):
                self.executions[row.order_id, row.exec_id].append(row)
        if bringing:
            self.batch_followers = [
                await fill_follower.open(transaction, self.accounts, self.changes)
                for fill_follower in self.parts.fill_followers
            ]

    async def _read_settled(self, transaction: Transaction, mine: Sequence[Submission]) -> None:
        """Lock the parked messages and statements that commands settle."""
        parked_ids: set[int] = set()
        statement_ids: set[str] = set()
        for submission in mine:
            settles = self._handlers[submission.kind].settles
            if settles is not None:
                parked_id, statement_id = settles(submission.command)
                parked_ids.update({parked_id} - {0})
                statement_ids.update({statement_id} - {""})
        if parked_ids:
            rows = await transaction.parked_messages(sorted(parked_ids))
            self.parked = {row.parked_id: row for row in rows}
        if statement_ids:
            found = await transaction.statements(sorted(statement_ids))
            self.statements = {row.statement_id: row for row in found}

    async def _read_having(self, transaction: Transaction, mine: Sequence[Submission]) -> None:
        """Read the open orders that have an OrderID(37) which a person states."""
        for submission in mine:
            command = submission.command
            if not isinstance(command, ResolveOrder) or not command.venue_order_id:
                continue
            order = self.changes.find(command.order_id)
            if order is not None:
                key = order.venue_mic, command.venue_order_id
                rows = await transaction.orders_by_venue_id(key[0], [key[1]])
                found = [read_order(row.body, row.fold) for _, row in rows]
                self.having[key] = [one for one in found if not one.is_closed]

    def decide(self) -> None:
        """Decide every command in the order they came."""
        for submission in self._submissions:
            try:
                self._answers.append(self._decide_one(submission))
            except (OrderRefused, MeshError) as error:
                self._answers.append(refused(error))
        for batch_control in self.batch_controls:
            batch_control.finish()

    async def finish(self, transaction: Transaction) -> None:
        """Let the followers of fills add what the decided commands changed."""
        for batch_follower in self.batch_followers:
            await batch_follower.finish(transaction)

    def _decide_one(self, submission: Submission) -> Taken | tuple[IdempotencyRow, bool]:
        taken_back = self._taken_back.get(id(submission))
        return self.decide_one(submission) if taken_back is None else taken_back.answer

    def decide_one(self, submission: Submission) -> Taken | tuple[IdempotencyRow, bool]:
        """Decide a command: return the row of its key, and whether the row is an earlier one."""
        command = submission.command
        if submission.account_id not in self.accounts:
            if isinstance(command, OrderCommand):
                raise order_not_found(command.order_id)
            raise account_not_found(command.account_id)
        seen = self.keys.find(submission, command.idempotency_key)
        if seen is not None:
            return seen, True
        row = self._handlers[submission.kind].act(self, submission)
        if isinstance(row, Taken):
            return row
        self.keys.add(row)
        self.changes.writes.idempotency.append(row)
        return row, False

    # For handlers.

    def act(self, submission: Submission) -> IdempotencyRow | Taken:
        """Carry out a command of another kind as a part of this one, under no key.

        Raises:
            OrderRefused, MeshError: It is refused, and nothing of it was done.
        """
        return self._handlers[submission.kind].act(self, submission)

    def order(self, order_id: str) -> Order:
        """Return an order that was read.

        Raises:
            MeshError: ORDER_NOT_FOUND.
        """
        order = self.changes.find(order_id)
        if order is None:
            raise order_not_found(order_id)
        return order

    def held(self, order: Order) -> Decimal:
        """Return the position that an order's account had in its instrument before the batch."""
        key = order.account_id, *InstrumentKey.of(order)
        return next((Decimal(row.quantity) for row in self.positions if row[:3] == key), ZERO)

    def add(
        self, before: Order | None, account_id: str, event: Event, submission: Submission
    ) -> Order:
        """Fold an event of a command into its order, and inform the controls."""
        command = submission.command
        stamp = Stamp(
            occurred_at_ns=self.changes.now_ns,
            actor=command.actor,
            idempotency_key=command.idempotency_key,
        )
        order = self.changes.add(account_id, before, [event], stamp)
        self.moved(before, order, [event])
        return order

    def moved(self, before: Order | None, order: Order, events: Sequence[Event]) -> None:
        """Inform controls and followers of an order's change, and apply the rules of its group."""
        for batch_control in self.batch_controls:
            batch_control.taken(before, order)
        if before is None:
            if order.link is not None:
                self.order_groups.joined(order)
            return
        for batch_follower in self.batch_followers:
            batch_follower.followed(before, order, events)
        for moved in self.order_groups.follow(before, order, events, itself=False):
            for batch_control in self.batch_controls:
                batch_control.taken(moved.before, moved.after)
            for batch_follower in self.batch_followers:
                batch_follower.followed(*moved)

    def send(
        self,
        session_id: str,
        kind: VenueCommandKind,
        order: Order,
        terms: OrderTerms,
        cl_ord_id: str,
        orig_cl_ord_id: str = "",
        requested_by: str = "",
    ) -> None:
        """Put a command for the venue into the outbox."""
        payload = command_bytes(kind, order, terms, cl_ord_id, orig_cl_ord_id, self.changes.now_ns)
        account = self.accounts[order.account_id]
        payload += origin_bytes(account.firm_id, account.desk_id, order.placed_by, requested_by)
        self.changes.writes.outbox.append(OutboxWrite(session_id, payload))

    def part_refused(
        self, submission: Submission, kind: CommandKind, command: Command, error: MeshError
    ) -> None:
        """Record a part of a command as refused, under the caller of the command."""
        self.parts_refused.append((replace(submission, kind=kind, command=command), error))

    # After the write.

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each submission, in their order."""
        return [
            answer if isinstance(answer, MeshError | Taken) else self._taken(*answer)
            for answer in self._answers
        ]

    def refusals(self) -> list[Refused]:
        """Return the refused submissions, and refused parts of others, with the reasons."""
        whole = [
            (submission, answer)
            for submission, answer in zip(self._submissions, self._answers, strict=True)
            if isinstance(answer, MeshError)
        ]
        return whole + self.parts_refused

    def _taken(self, row: IdempotencyRow, duplicate: bool) -> Taken:
        if row.result is not None:
            return Taken("", 0, row.sequence, duplicate, row.result)
        order = self.order(row.order_id)
        return Taken(order.order_id, order.state.value, row.sequence, duplicate, self.body(order))

    def body(self, order: Order) -> bytes:
        """Return an order as its readers get it; call it only after the batch's last change."""
        body = self.changes.bodies.get(order.order_id) or self._stored.get(order.order_id)
        if body is None:
            body = order_message(order, progress_message(order)).SerializeToString()
        return body
