"""The desk: takes commands in batches, one transaction each.

Theory of operation. Commands wait in one bounded queue. The worker takes all
that wait, up to a named number, and works them in one transaction: it locks the
accounts in the order of their names, reads keys and orders in sets, decides and
folds in memory, and writes everything with one statement. Only behind the commit
are callers answered, readers woken and venue commands handed on. While a commit
is under way the next batch gathers: the busier the desk, the larger its batches.
When idle a command waits for nothing.
"""

from collections.abc import Sequence
from time import perf_counter

from kernel.ulid import valid_ulid
from mesh.errors import MeshError
from mesh.log import get_logger
from svc_oms.service import metrics
from svc_oms.service.handlers import HANDLERS
from svc_oms.service.inbox import Inbox
from svc_oms.service.ledger import Ledger
from svc_oms.service.parts import DeskParts
from svc_oms.service.ports import AccountRow, Batch, StoreUnavailableError
from svc_oms.service.refusals import desk_refusals
from svc_oms.service.submissions import (
    OrderCommand,
    Outcome,
    PlaceBatch,
    Submission,
    database_away,
    queue_full,
)
from svc_oms.service.work import TakenBackError, Work

log = get_logger("svc_oms.desk")

# Commands one transaction takes at most: a larger one gains little and delays the first.
BATCH_COMMANDS_MAX = 400
# Commands that may wait; beyond it callers are refused with OVERLOADED.
QUEUE_COMMANDS_MAX = 20_000


class Desk:
    """Takes commands; see above."""

    def __init__(self, parts: DeskParts) -> None:
        self._parts = parts
        self._inbox: Inbox[Submission] = Inbox(QUEUE_COMMANDS_MAX)

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
            work = await self._decided(batch, accounts, submissions)
            writes = work.ledger.finish()
            refused = work.refusals()
            writes.audit += desk_refusals(parts.auditor, work.ledger.now_ns, refused)
            bases = await batch.write(writes) if writes.events or writes.idempotency else {}
            await parts.trail.append(batch, writes.audit)
            await batch.commit()
            parts.known.committed_all(accounts, work.ledger)
        for _, refusal in refused:
            refusal.recorded = True
        metrics.BATCH_SECONDS.labels("commands").observe(perf_counter() - begun)
        metrics.BATCH_ITEMS.labels("commands").observe(len(submissions))
        parts.publisher.committed(work.ledger, bases)
        return work.outcomes()

    async def _decided(
        self, batch: Batch, accounts: dict[str, AccountRow], submissions: Sequence[Submission]
    ) -> Work:
        """Decide a batch; anew without a command that takes back what it did."""
        parts = self._parts
        taken_back: dict[int, TakenBackError] = {}
        while True:
            ledger = Ledger(accounts, parts.clock.now_ns())
            work = Work(parts, submissions, ledger, accounts, HANDLERS, taken_back)
            for row in accounts.values():
                ledger.know(parts.known.current(row.account_id, row.last_sequence))
            await work.read(batch)
            try:
                work.decide()
            except TakenBackError as error:
                # Once per command at most: then its answer stands beforehand.
                taken_back[id(error.submission)] = error
            else:
                return work

    async def _find_owners(self, submissions: Sequence[Submission]) -> None:
        """Find the accounts of commands that name an order only."""
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
        owners = await parts.known.owners.find(named, parts.store.account_of) if named else {}
        for submission in submissions:
            command = submission.command
            if isinstance(command, OrderCommand):
                owner = owners.get(command.order_id, "")
                submission.account_id = owner if owner in submission.accounts else ""
