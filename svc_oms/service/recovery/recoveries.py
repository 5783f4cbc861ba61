"""Finds that the order book is older than what others know of it, and keeps it RECOVERING.

A database that was restored to an earlier state looks sound from inside. So the newest mark of
the book (domain/book_marks.py) is kept outside: by every gateway, which returns it when it
connects, and by every replica while it runs. A mark that is missing in the book opens a recovery:
a row in the database, a new epoch of the book, and a control that refuses new orders until a
person confirms (recovery_control.py). docs/adr/0021 says what is found and what is not.

Every replica looks once a second. Refusals do not wait for that: a recovery moves the version of
the controls, so the next batch of commands of any replica sees it. Nor does a replica whose
database goes back under it: its batches lock accounts only in the instance of the database that was
looked at, and compare what they lock with what this replica has committed (docs/adr/0036).
"""

import asyncio
from collections.abc import Callable, Sequence

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_US, to_us
from kernel.order_ids import order_id_of
from kernel.ulid import new_ulid
from mesh.log import get_logger
from mesh.tasks import is_set_within
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.domain.recovery.book_marks import LogMark, number_of, why_older
from svc_oms.service import metrics
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.codec.values import timestamp
from svc_oms.service.ports import OrderStore, SessionRow, StoreUnavailableError
from svc_oms.service.ports.recovery_ports import CheckResult, RecoveryRow, RecoverySessionRow
from svc_oms.service.readiness import Readiness

log = get_logger("svc_oms.recovery")

# Seconds between two looks at the book.
LOOK_INTERVAL_S = 1.0
# An instance of the database that is none: no batch locks accounts any more.
NO_INSTANCE = "none"
ACTOR = "oms:recovery"


class BookWentBackError(Exception):
    """The database lost what this replica had read: nothing kept in memory is true any more."""


class Recoveries:
    """The recovery as this replica knows it; see the head of this file.

    Attributes:
        readiness: Has the epoch that the last look found.
        current: The open recovery; None if the book is sound.
        checks: The newest results of comparisons of the whole book, for metrics.
    """

    def __init__(
        self, store: OrderStore, readiness: Readiness, clock: Clock, audit_log: AuditLog
    ) -> None:
        self._orders = store
        self._store = store.recoveries()
        self.readiness = readiness
        self._clock = clock
        self._audit_log = audit_log
        self._newest: Sequence[LogMark] = ()
        self._on_opened: list[Callable[[], None]] = []
        # What a batch found, and whether there is a reason to look at once.
        self._evidence = ""
        self._due = asyncio.Event()
        self.current: RecoveryRow | None = None
        self.checks: Sequence[CheckResult] = ()

    def mark(self, fencing_token: int) -> gw.BookMark | None:
        """Return the newest mark for a session's owner; None while there is none to keep."""
        if self.current is not None or not self._newest:
            return None
        return gw.BookMark(
            book_epoch=self.readiness.epoch,
            fencing_token=fencing_token,
            logs=[gw.LogMark(log=m.log, log_number=m.log_number, digest=m.digest)
                  for m in self._newest],
        )  # fmt: skip

    async def look(self) -> None:
        """Read the epoch, the open recovery and the newest mark.

        Raises:
            StoreUnavailableError: Nothing was read.
            BookWentBackError: The book is older than at the last look; a recovery is open.
        """
        view = await self._store.look()
        older = ""
        if self._newest and list(view.marks) != list(self._newest):
            older = why_older(self._newest, await self._store.find(self._newest))
        # A batch may have found something meanwhile.
        why = self._evidence or older
        if why:
            self.went_back(why)
            await self._begin(f"the database went back under a running replica: {why}")
            raise BookWentBackError(why)
        self._newest = view.marks
        self._orders.trust(view.instance, self._due.set)
        self._take(view.recovery)
        self.checks = view.checks
        self.readiness.epoch = view.epoch

    def went_back(self, evidence: str) -> None:
        """Note that the database lacks what this replica had; no batch is worked any more."""
        self._evidence = evidence
        self._orders.trust(NO_INSTANCE, self._due.set)
        self._due.set()

    async def run(self) -> None:
        """Look forever.

        Raises:
            BookWentBackError: This process must begin anew.
        """
        while True:
            await is_set_within(self._due, LOOK_INTERVAL_S)
            self._due.clear()
            try:
                await self.look()
            except StoreUnavailableError as error:
                log.debug("the book was not looked at", error=str(error))

    async def examine(self, opened: gw.LinkOpen) -> int:
        """Compare the book with what a gateway knows of it, before the gateway gets the session.

        Returns:
            The MsgSeqNum(34) from which the gateway must send the requests of its FIX store; 0 if
            it need not.

        Raises:
            StoreUnavailableError: The database cannot be reached.
        """
        row = next(
            (r for r in await self._orders.sessions() if r.session_id == opened.session_id), None
        )
        why = await self._why_older(opened, row)
        if why:
            await self._begin(f"{opened.session_id}: {why}")
        if why or self.current is not None:
            await self.look()
        if row is not None and opened.mark.fencing_token > row.fencing_token:
            # The gateway takes frames of a higher token only.
            await self._store.raise_token(opened.session_id, opened.mark.fencing_token)
        recovery = self.current
        if recovery is None:
            return 0
        same = row is not None and row.sender_epoch == opened.session_epoch
        first = max(1, row.next_sender) if row is not None and same else 1
        session = await self._store.add_session(
            RecoverySessionRow(recovery.recovery_id, opened.session_id, why, first)
        )
        if opened.drop_copy:
            # It sends no requests.
            await self._store.set_compared(recovery.recovery_id, opened.session_id)
        return 0 if opened.drop_copy or session.compared else session.from_msg_seq_num

    async def adopted(self, session_id: str, recovered: int, not_recovered: Sequence[str]) -> None:
        """Note that the requests of a session's FIX store are recorded.

        Raises:
            StoreUnavailableError: It may not be noted; the gateway sends them again.
        """
        row = self.current
        if row is not None:
            store = self._store
            await store.add_recovered(row.recovery_id, session_id, recovered, not_recovered)
            await store.set_compared(row.recovery_id, session_id)

    async def confirm(
        self, recovery_id: str, by: str, name: str, reason: str
    ) -> RecoveryRow | None:
        """End the open recovery; None if this one is not open."""
        now_ns = self._clock.now_ns()
        row = await self._store.confirm(recovery_id, to_us(now_ns), by, name, reason)
        if row is not None:
            entry = action(now_ns, by, "RecoveryService/Confirm", reason, recovery_id=recovery_id)
            await self._audit_log.record(self._orders, [entry._replace(actor_name=name)])
            log.warning("recovery confirmed", recovery=recovery_id, by=by, why=reason)
            await self.look()
        return row

    def words(self) -> str:
        """Return the open recovery as a sentence; empty if there is none."""
        row = self.current
        if row is None:
            return ""
        since = timestamp(row.opened_at_us * NS_PER_US).ToJsonString()
        return f"RECOVERING since {since}: {row.evidence}"

    async def _begin(self, evidence: str) -> None:
        now_ns = self._clock.now_ns()
        mine = new_ulid(now_ns)
        row = await self._store.begin(RecoveryRow(mine, to_us(now_ns), evidence, "", 0))
        if row.recovery_id == mine:
            log.error("the order book is older than what is known of it", evidence=evidence)
            entry = action(now_ns, ACTOR, "recovery/begin", evidence, recovery_id=mine)
            await self._audit_log.record(self._orders, [entry])

    def on_opened(self, listener: Callable[[], None]) -> None:
        """Call this whenever a recovery was opened, here or by another replica."""
        self._on_opened.append(listener)

    def _take(self, row: RecoveryRow | None) -> None:
        before, self.current = self.current, row
        if row is not None and (before is None or before.recovery_id != row.recovery_id):
            for listener in self._on_opened:
                listener()
        metrics.RECOVERING.set(row is not None)

    async def _why_older(self, opened: gw.LinkOpen, row: SessionRow | None) -> str:
        """Return what the gateway knows that the book does not; empty if there is nothing."""
        mark = opened.mark
        if opened.HasField("mark") and not await self._store.has_ended(mark.book_epoch):
            known = 0 if row is None else row.fencing_token
            if mark.fencing_token > known:
                return (
                    f"the gateway had the session with fencing token {mark.fencing_token}, "
                    f"the book has given {known}"
                )
            logs = [LogMark(m.log, m.log_number, m.digest) for m in mark.logs]
            why = why_older(logs, await self._store.find(logs))
            if why:
                return why
        return await self._why_not_sent(opened, row)

    async def _why_not_sent(self, opened: gw.LinkOpen, row: SessionRow | None) -> str:
        """Return a request that left without being in the book; empty if there is none."""
        first = 0
        if row is not None and row.sender_epoch == opened.session_epoch:
            # What has a receipt was committed before the receipt was.
            first = row.next_sender
        sent = [
            each
            for each in opened.sent
            if each.msg_seq_num >= first and order_id_of(each.cl_ord_id)
        ]
        if not sent:
            return ""
        ids = sorted({order_id_of(each.cl_ord_id) for each in sent})
        counts = {
            stored.order_id: read_order(stored.body, stored.fold).request_count
            for stored in await self._orders.orders(ids)
        }
        archived_before = await self._orders.archived_before()
        for each in sent:
            order_id = order_id_of(each.cl_ord_id)
            if order_id not in counts and order_id < archived_before:
                # Its time was over.
                continue
            if number_of(each.cl_ord_id) > counts.get(order_id, 0):
                return (
                    f"the gateway has sent {each.cl_ord_id} with MsgSeqNum(34) "
                    f"{each.msg_seq_num}, and the book does not know this request"
                )
        return ""
