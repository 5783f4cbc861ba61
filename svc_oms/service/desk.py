"""The desk: takes commands in batches, one transaction each.

Theory of operation. Commands wait in one bounded queue. The worker takes all
that wait, up to a named number, and works them in one transaction: it locks the
accounts in the order of their names, reads keys and orders in sets, decides and
folds in memory, and writes everything with one statement. Only behind the commit
are callers answered, readers woken and venue commands handed on. While a commit
is under way the next batch gathers: the busier the desk, the larger its batches.
When idle a command waits for nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from mesh.clock import Clock
from mesh.errors import MeshError, to_rejection
from mesh.ids import new_ulid, valid_ulid
from mesh.log import get_logger
from ordermesh.gateway.v1.venue_link_service_pb2 import (
    VENUE_COMMAND_KIND_CANCEL,
    VENUE_COMMAND_KIND_NEW,
    VENUE_COMMAND_KIND_REPLACE,
    VenueCommandKind,
)
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.domain.checks import Limits, OrderRefused
from svc_oms.domain.commands import CancelOrder, PlaceOrder, ReplaceOrder
from svc_oms.domain.events import CancelRequested, ReplaceRequested, Stamp
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.domain.order import decide_cancel, decide_place, decide_replace
from svc_oms.service import metrics
from svc_oms.service.codec.orders import order_message, progress_message, read_order
from svc_oms.service.codec.venue import command_bytes
from svc_oms.service.inbox import Inbox
from svc_oms.service.known import KnownOrders
from svc_oms.service.ledger import Ledger
from svc_oms.service.market import Market
from svc_oms.service.ports import (
    Batch,
    IdempotencyRow,
    OrderStore,
    OutboxWrite,
    StoreUnavailableError,
)
from svc_oms.service.publisher import Publisher
from svc_oms.service.submissions import (
    CancelAll,
    CommandKind,
    Outcome,
    Submission,
    Taken,
    account_not_found,
    database_away,
    key_reused,
    order_not_found,
    queue_full,
    refused,
)
from svc_oms.service.venues import VenueSessions

log = get_logger("svc_oms.desk")

# Commands one transaction takes at most: a larger one gains little and delays the first.
BATCH_COMMANDS_MAX = 400
# Commands that may wait; beyond it callers are refused with OVERLOADED.
QUEUE_COMMANDS_MAX = 20_000
# Orders one CancelAll can reach.
CANCEL_ALL_ORDERS_MAX = 10_000
# Owners of orders kept in memory; they never change.
OWNERS_KNOWN_MAX = 200_000


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What the desk works with."""

    store: OrderStore
    clock: Clock
    known: KnownOrders
    market: Market
    venues: VenueSessions
    publisher: Publisher
    limits: Limits


class Desk:
    """Takes commands; see above."""

    def __init__(self, parts: DeskParts) -> None:
        self._parts = parts
        self._inbox: Inbox[Submission] = Inbox(QUEUE_COMMANDS_MAX)
        self._owners: dict[str, str] = {}

    @property
    def waiting(self) -> int:
        """Commands in the queue."""
        return len(self._inbox)

    def submit(self, submission: Submission) -> None:
        """Queue a command; its reply comes behind the commit, or at once if there is no room."""
        if not self._inbox.put(submission):
            submission.reply(queue_full(QUEUE_COMMANDS_MAX))

    async def run(self) -> None:
        """Work batches for ever."""
        while True:
            await self.work(await self._inbox.take(BATCH_COMMANDS_MAX))

    async def work(self, submissions: Sequence[Submission]) -> None:
        """Work one batch, whatever happens: every submission gets its reply."""
        try:
            outcomes = await self._transaction(submissions)
        except StoreUnavailableError as error:
            log.warning("database away", error=str(error), commands=len(submissions))
            outcomes = [database_away()] * len(submissions)
        except Exception:
            if len(submissions) > 1:
                # One of them is poison: alone it harms nobody but itself.
                log.exception("batch failed, working its commands singly")
                for submission in submissions:
                    await self.work([submission])
                return
            log.exception("command failed", kind=submissions[0].kind.name)
            outcomes = [MeshError("INTERNAL", "the command met a fault of ours; nothing changed")]
        for submission, outcome in zip(submissions, outcomes, strict=True):
            submission.reply(outcome)
        metrics.count_outcomes(submissions, outcomes)

    async def _transaction(self, submissions: Sequence[Submission]) -> list[Outcome]:
        parts = self._parts
        await self._find_owners(submissions)
        begun = perf_counter()
        async with parts.store.batch() as batch:
            accounts = await batch.lock_accounts(
                sorted({s.account_id for s in submissions if s.account_id})
            )
            work = _Work(parts, submissions, Ledger(accounts, parts.clock.now_ns()), set(accounts))
            for row in accounts.values():
                work.ledger.know(parts.known.current(row.account_id, row.last_sequence))
            await work.read(batch)
            work.decide()
            writes = work.ledger.finish()
            bases = await batch.write(writes) if writes.events or writes.idempotency else {}
        metrics.BATCH_SECONDS.labels("commands").observe(perf_counter() - begun)
        metrics.BATCH_ITEMS.labels("commands").observe(len(submissions))
        changed = work.ledger.changed()
        for account_id, lines in work.ledger.published().items():
            base, orders = accounts[account_id].last_sequence, changed.get(account_id, [])
            parts.known.committed(account_id, base, lines[-1].sequence, orders)
            for order in orders:
                self._owners[order.order_id] = account_id
        parts.publisher.committed(work.ledger, bases)
        return work.outcomes()

    async def _find_owners(self, submissions: Sequence[Submission]) -> None:
        """Find the accounts of commands that name an order only."""
        if len(self._owners) > OWNERS_KNOWN_MAX:
            self._owners.clear()
        unknown = set()
        for submission in submissions:
            command = submission.command
            if isinstance(command, ReplaceOrder | CancelOrder):
                order_id = command.order_id
                if valid_ulid(order_id) and order_id not in self._owners:
                    unknown.add(order_id)
            else:
                submission.account_id = command.account_id
        if unknown:
            self._owners.update(await self._parts.store.account_of(list(unknown)))
        for submission in submissions:
            command = submission.command
            if isinstance(command, ReplaceOrder | CancelOrder):
                owner = self._owners.get(command.order_id, "")
                submission.account_id = owner if owner in submission.accounts else ""


class _Work:
    """One batch between its reads and its write."""

    def __init__(
        self,
        parts: DeskParts,
        submissions: Sequence[Submission],
        ledger: Ledger,
        accounts: set[str],
    ) -> None:
        self.ledger = ledger
        self._parts = parts
        self._submissions = submissions
        self._accounts = accounts
        self._keys: dict[tuple[str, str], IdempotencyRow] = {}
        self._answers: list[MeshError | tuple[IdempotencyRow, bool]] = []
        self._stored: dict[str, bytes] = {}

    async def read(self, batch: Batch) -> None:
        """Read keys and orders in sets."""
        mine = [s for s in self._submissions if s.account_id in self._accounts]
        if not mine:
            return
        wanted = {(s.account_id, s.command.idempotency_key) for s in mine}
        self._keys = {(row.account_id, row.key): row for row in await batch.keys(list(wanted))}
        needed = {row.order_id for row in self._keys.values() if row.order_id}
        for submission in mine:
            if isinstance(submission.command, ReplaceOrder | CancelOrder):
                needed.add(submission.command.order_id)
        missing = [order_id for order_id in needed if self.ledger.find(order_id) is None]
        rows = await batch.orders(missing) if missing else []
        for account_id in {s.account_id for s in mine if s.kind is CommandKind.CANCEL_ALL}:
            rows += await batch.open_orders(account_id, CANCEL_ALL_ORDERS_MAX)
        for row in rows:
            self._stored[row.order_id] = row.body
            if row.order_id not in self.ledger.orders:
                self.ledger.orders[row.order_id] = read_order(row.body, row.fold)

    def decide(self) -> None:
        """Decide every command in the order they came."""
        actions: dict[CommandKind, Callable[[Submission], IdempotencyRow]] = {
            CommandKind.PLACE: self._place,
            CommandKind.REPLACE: self._replace,
            CommandKind.CANCEL: self._cancel,
            CommandKind.CANCEL_ALL: self._cancel_all,
        }
        for submission in self._submissions:
            try:
                self._answers.append(self._decide_one(submission, actions[submission.kind]))
            except OrderRefused as error:
                self._answers.append(refused(error))
            except MeshError as error:
                self._answers.append(error)

    def _decide_one(
        self, submission: Submission, action: Callable[[Submission], IdempotencyRow]
    ) -> tuple[IdempotencyRow, bool]:
        if submission.account_id not in self._accounts:
            command = submission.command
            if isinstance(command, ReplaceOrder | CancelOrder):
                raise order_not_found(command.order_id)
            raise account_not_found(command.account_id)
        key = (submission.account_id, submission.command.idempotency_key)
        seen = self._keys.get(key)
        if seen is not None:
            if seen.body_hash != submission.body_hash or seen.kind != submission.kind:
                raise key_reused(seen.key)
            return seen, True
        row = action(submission)
        self._keys[key] = row
        self.ledger.writes.idempotency.append(row)
        return row, False

    def _stamp(self, actor: str, key: str) -> Stamp:
        return Stamp(occurred_at_ns=self.ledger.now_ns, actor=actor, idempotency_key=key)

    def _row(
        self, submission: Submission, order_id: str, sequence: int, result: bytes | None = None
    ) -> IdempotencyRow:
        return IdempotencyRow(
            submission.account_id,
            submission.command.idempotency_key,
            submission.kind.value,
            submission.body_hash,
            order_id,
            sequence,
            result,
        )

    def _send(
        self,
        session_id: str,
        kind: VenueCommandKind,
        order: Order,
        terms: OrderTerms,
        cl_ord_id: str,
        orig_cl_ord_id: str = "",
    ) -> None:
        payload = command_bytes(kind, order, terms, cl_ord_id, orig_cl_ord_id, self.ledger.now_ns)
        self.ledger.writes.outbox.append(OutboxWrite(session_id, payload))

    def _place(self, submission: Submission) -> IdempotencyRow:
        command = submission.command
        assert isinstance(command, PlaceOrder)
        parts, ledger = self._parts, self.ledger
        instrument = parts.market.instrument(command.instrument_id)
        session_id = parts.venues.require_up(instrument.venue_mic)
        event = decide_place(
            command,
            instrument,
            parts.limits,
            new_ulid(ledger.now_ns),
            ledger.now_ns,
            parts.market.reference_price(command.instrument_id),
        )
        stamp = self._stamp(command.actor, command.idempotency_key)
        order = ledger.add(command.account_id, None, [event], stamp)
        self._send(session_id, VENUE_COMMAND_KIND_NEW, order, order.terms, order.cl_ord_id)
        return self._row(submission, order.order_id, order.last_sequence)

    def _order(self, order_id: str) -> Order:
        order = self.ledger.find(order_id)
        if order is None:
            raise order_not_found(order_id)
        return order

    def _replace(self, submission: Submission) -> IdempotencyRow:
        command = submission.command
        assert isinstance(command, ReplaceOrder)
        parts = self._parts
        before = self._order(command.order_id)
        event = decide_replace(
            before,
            command,
            parts.market.instrument(before.instrument_id),
            parts.limits,
            parts.market.reference_price(before.instrument_id),
        )
        session_id = parts.venues.require_up(before.venue_mic)
        stamp = self._stamp(command.actor, command.idempotency_key)
        order = self.ledger.add(submission.account_id, before, [event], stamp)
        if isinstance(event, ReplaceRequested):
            self._send(
                session_id,
                VENUE_COMMAND_KIND_REPLACE,
                order,
                event.terms,
                event.cl_ord_id,
                before.orig_cl_ord_id,
            )
        return self._row(submission, order.order_id, order.last_sequence)

    def _cancel_order(self, before: Order, command: CancelOrder) -> Order:
        event = decide_cancel(before, command)
        session_id = self._parts.venues.session_of(before.venue_mic)
        stamp = self._stamp(command.actor, command.idempotency_key)
        order = self.ledger.add(before.account_id, before, [event], stamp)
        if isinstance(event, CancelRequested):
            self._send(
                session_id,
                VENUE_COMMAND_KIND_CANCEL,
                order,
                order.terms,
                event.cl_ord_id,
                before.orig_cl_ord_id,
            )
        return order

    def _cancel(self, submission: Submission) -> IdempotencyRow:
        command = submission.command
        assert isinstance(command, CancelOrder)
        order = self._cancel_order(self._order(command.order_id), command)
        return self._row(submission, order.order_id, order.last_sequence)

    def _cancel_all(self, submission: Submission) -> IdempotencyRow:
        command = submission.command
        assert isinstance(command, CancelAll)
        scope = [
            order
            for order in self.ledger.orders.values()
            if order.account_id == command.account_id
            and not order.is_closed
            and command.instrument_id in {"", order.instrument_id}
            and command.side in {0, order.side.value}
        ]
        scope.sort(key=lambda order: order.order_id)
        response = order_service_pb2.CancelAllResponse()
        sequence = 0
        for before in scope[:CANCEL_ALL_ORDERS_MAX]:
            result = response.results.add(order_id=before.order_id)
            try:
                order = self._cancel_order(
                    before, CancelOrder(command.idempotency_key, before.order_id, command.actor)
                )
                sequence = order.last_sequence
            except OrderRefused as error:
                order = before
                result.rejection.CopyFrom(to_rejection(refused(error)))
            result.state = order.state.value  # type: ignore[assignment] # by number
        return self._row(submission, "", sequence, response.SerializeToString())

    def outcomes(self) -> list[Outcome]:
        """Return what became of each submission, in their order."""
        return [
            answer if isinstance(answer, MeshError) else self._taken(*answer)
            for answer in self._answers
        ]

    def _taken(self, row: IdempotencyRow, duplicate: bool) -> Taken:
        if row.result is not None:
            return Taken("", 0, row.sequence, duplicate, row.result)
        order = self._order(row.order_id)
        return Taken(order.order_id, order.state.value, row.sequence, duplicate, self._body(order))

    def _body(self, order: Order) -> bytes:
        body = self.ledger.bodies.get(order.order_id) or self._stored.get(order.order_id)
        if body is None:
            body = order_message(order, progress_message(order)).SerializeToString()
        return body


def order_of(taken: Taken) -> order_pb2.Order:
    """Decode the order of an outcome."""
    return order_pb2.Order.FromString(taken.body)
