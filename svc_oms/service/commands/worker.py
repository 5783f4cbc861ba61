"""The command worker: takes commands in batches, one transaction each.

Theory of operation. Commands wait in one bounded queue. The worker takes all waiting commands, up
to a named number, and works them in one transaction. It decides and folds in memory, on a guess of
what the database holds, and writes everything with one statement, which confirms the guess and
commits (`book/guessing.py`). If the guess misses, it locks the accounts in the order of their
names, reads keys and orders in sets, and decides anew. Only after the commit are callers answered,
readers woken and venue commands handed on. During a commit the next batch gathers, so batches grow
with the load. When the worker is idle, a command waits for nothing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import perf_counter

from kernel.ulid import valid_ulid
from mesh.errors import MeshError
from mesh.log import get_logger
from mesh.rpc.call import Call
from svc_oms.service import metrics
from svc_oms.service.audit.refusal_entries import add_refusals
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.guessing import work_on_guess
from svc_oms.service.bounded_queue import BoundedQueue
from svc_oms.service.commands.command_batch import CommandBatch, Handler, RolledBackError
from svc_oms.service.commands.worker_parts import WorkerParts
from svc_oms.service.errors import database_away, queue_full
from svc_oms.service.ports import AccountRow, StoreUnavailableError, Transaction
from svc_oms.service.submissions import (
    CommandKind,
    OrderCommand,
    Outcome,
    PlaceBatch,
    Submission,
    Taken,
)

log = get_logger("svc_oms.worker")
_SECONDS = metrics.BATCH_SECONDS.labels("commands")
_ITEMS = metrics.BATCH_ITEMS.labels("commands")

# Commands one transaction takes at most: a larger one gains little and delays the first.
BATCH_COMMANDS_MAX = 400
# Commands that may wait; beyond it callers are refused with OVERLOADED.
QUEUE_COMMANDS_MAX = 20_000


class CommandWorker:
    """Takes commands; see the head of this file."""

    def __init__(self, parts: WorkerParts, handlers: Mapping[CommandKind, Handler]) -> None:
        self._parts = parts
        self._handlers = handlers
        self._inbox: BoundedQueue[Submission] = BoundedQueue(QUEUE_COMMANDS_MAX)

    @property
    def waiting(self) -> int:
        """Commands in the queue."""
        return len(self._inbox)

    @property
    def takes(self) -> int:
        """How often commands were taken from the queue."""
        return self._inbox.takes

    def submit(self, submission: Submission) -> None:
        """Queue a command; its reply comes after the commit, or at once if the queue is full."""
        if not self._inbox.put(submission):
            submission.reply(queue_full(QUEUE_COMMANDS_MAX))

    async def ask(
        self, make: Callable[[Callable[[Outcome], None]], Submission], call: Call
    ) -> Taken:
        """Queue the command that ``make(reply)`` gives, and wait for its outcome.

        Raises:
            MeshError: The command was refused.
        """
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def reply(outcome: Outcome) -> None:
            # The caller may have gone; what was committed stays.
            if not future.done():
                future.set_result(outcome)

        submission = make(reply)
        submission.call = call
        self.submit(submission)
        outcome = await future
        if isinstance(outcome, Taken):
            return outcome
        raise outcome

    async def run(self) -> None:
        """Work batches forever."""
        while True:
            await self.work(await self._inbox.take(BATCH_COMMANDS_MAX))

    async def work(self, submissions: Sequence[Submission]) -> None:
        """Work one batch; every submission gets its reply whatever happens."""
        try:
            outcomes = await self._transaction(submissions)
        except StoreUnavailableError as error:
            log.warning("database away", error=str(error), commands=len(submissions))
            outcomes = [database_away(error)] * len(submissions)
        except Exception:
            if len(submissions) > 1:
                # One of the commands fails by a fault of ours: worked alone, it harms no other.
                log.exception("batch failed, working its commands singly")
                for submission in submissions:
                    await self.work([submission])
                return
            log.exception("command failed", kind=submissions[0].kind.name)
            outcomes = [MeshError("INTERNAL", "the OMS failed on this command; nothing changed")]
        for submission, outcome in zip(submissions, outcomes, strict=True):
            submission.reply(outcome)
        metrics.count_outcomes(submissions, outcomes)

    async def _transaction(self, submissions: Sequence[Submission]) -> list[Outcome]:
        parts = self._parts
        await self._find_owners(submissions)
        begun = perf_counter()
        batch = await work_on_guess(parts.store, "commands", partial(self._committed, submissions))
        for _, refusal in batch.refusals():
            refusal.recorded = True
        _SECONDS.observe(perf_counter() - begun)
        _ITEMS.observe(len(submissions))
        return batch.outcomes()

    async def _committed(
        self, submissions: Sequence[Submission], transaction: Transaction
    ) -> CommandBatch:
        """Decide, write and commit; return the batch."""
        parts = self._parts
        accounts = await transaction.lock_accounts(
            sorted({s.account_id for s in submissions if s.account_id})
        )
        batch = await self._decided(transaction, accounts, submissions)
        await batch.finish(transaction)
        writes = batch.changes.finish()
        refused = batch.refusals()
        add_refusals(parts.refusal_log, batch.changes.now_ns, refused, writes)
        bases = await transaction.write(writes) if writes.events or writes.idempotency else {}
        await parts.audit_log.append(transaction, writes.audit)
        await transaction.commit()
        # Readers need not wait until the connection is given back.
        parts.publisher.committed(batch.changes, accounts, bases)
        return batch

    async def _decided(
        self,
        transaction: Transaction,
        accounts: dict[str, AccountRow],
        submissions: Sequence[Submission],
    ) -> CommandBatch:
        """Decide a batch; again without each command that must be rolled back."""
        parts = self._parts
        taken_back: dict[int, RolledBackError] = {}
        while True:
            changes = BookChanges(accounts, parts.clock.now_ns())
            batch = CommandBatch(parts, submissions, changes, accounts, self._handlers, taken_back)
            parts.known.give(changes, accounts.values())
            await batch.read(transaction)
            try:
                batch.decide()
            except RolledBackError as error:
                # At most once for each command: the next time it has its answer already.
                taken_back[id(error.submission)] = error
            else:
                return batch

    async def _find_owners(self, submissions: Sequence[Submission]) -> None:
        """Find the accounts of commands that name only an order."""
        named = []
        for submission in submissions:
            command = submission.command
            if isinstance(command, OrderCommand):
                if valid_ulid(command.order_id):
                    named.append(command.order_id)
                continue
            submission.account_id = command.account_id
            if isinstance(command, PlaceBatch):
                for order in command.orders:
                    order.account_id = command.account_id
        parts = self._parts
        order_accounts = (
            await parts.known.order_accounts.find(named, parts.store.account_of) if named else {}
        )
        for submission in submissions:
            command = submission.command
            if isinstance(command, OrderCommand):
                owner = order_accounts.get(command.order_id, "")
                submission.account_id = owner if owner in submission.accounts else ""
