"""The link of one FIX order session, as long as this replica owns it.

What the gateway says is applied in transactions that carry the fencing token, so
an owner that was overtaken cannot write. What the book wants from the venue is
read from the session's outbox: from the tail in memory when this replica wrote it
last, from the database otherwise. A failure of the database ends the link; the
gateway dials again and is told how far the book really is. That is the same path
as after a crash, so there is no other.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

from mesh.clock import Clock
from mesh.ids import valid_ulid
from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.type.v1 import stream_pb2
from svc_oms.service import metrics
from svc_oms.service.blocks import BlockView
from svc_oms.service.codec.frames import joined, numbered_command
from svc_oms.service.codec.values import nanoseconds, timestamp
from svc_oms.service.gates import Follower
from svc_oms.service.inbox import Inbox
from svc_oms.service.known import KnownOrders
from svc_oms.service.ledger import Ledger
from svc_oms.service.linked import Linked
from svc_oms.service.notices import Notices
from svc_oms.service.ports import (
    FencedError,
    LinkProgress,
    OrderStore,
    SessionRow,
    StoreUnavailableError,
    Waker,
)
from svc_oms.service.publisher import Publisher
from svc_oms.service.tails import Tail
from svc_oms.service.trail import Trail
from svc_oms.service.venue_batch import Report, VenueBatch, read_message, read_receipt
from svc_oms.service.venues import VenueSession, VenueSessions, told_session

log = get_logger("svc_oms.link")

# Venue messages one transaction takes at most.
BATCH_MESSAGES_MAX = 500
# Frames of a gateway that may wait; then its stream is not read until there is room.
INBOX_FRAMES_MAX = 64
# Commands in one frame.
FRAME_COMMANDS_MAX = 500
# Also between commands: a gateway sends new orders only for 8 s behind the time in the last one.
HEARTBEAT_S = 2.0
# Commands a gateway has without a receipt at most. It never has to stop reading for want of room,
# so that a kill switch never waits behind commands.
OUTSTANDING_COMMANDS_MAX = 4_000
# How long a receipt that only says "sent" may wait to be stored with what the venue answers.
# Lost with a crash it is not missed: the gateway is asked again and gives it again.
RECEIPTS_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class LinkParts:
    """What links work with."""

    store: OrderStore
    clock: Clock
    known: KnownOrders
    venues: VenueSessions
    publisher: Publisher
    notices: Notices
    waker: Waker
    trail: Trail
    blocks: BlockView
    followers: Sequence[Follower] = ()


class VenueLink:
    """One owner's life; see above."""

    def __init__(self, parts: LinkParts, session: SessionRow) -> None:
        self._parts = parts
        self.session_id = session.session_id
        self.venue_mic = session.venue_mic
        self.token = session.fencing_token
        self.drop_copy = session.drop_copy
        self._epoch = session.inbound_epoch
        self._applied = session.inbound_msg_seq_num
        self._acknowledged = session.acknowledged_outbound_sequence
        self._receipts_timer: asyncio.TimerHandle | None = None
        self._redelivered_to = session.outbound_sequence
        self._inbox: Inbox[gw.LinkRequest] = Inbox(INBOX_FRAMES_MAX)
        self._room = asyncio.Event()
        self._wake = asyncio.Event()
        self._ack_due = False
        self._confirmed = 0
        self._failure: Exception | None = None
        self._owners: dict[str, str] = {}
        self._status = gw.SessionStatus()
        self.tail = Tail(session.outbound_sequence)

    # What the gateway says.

    async def receive(self, frame: gw.LinkRequest) -> None:
        """Queue a frame; waits while there is no room, which stops the gateway's stream."""
        while not self._inbox.put(frame):
            self._room.clear()
            await self._room.wait()

    def fail(self, error: Exception) -> None:
        """End the link with this error."""
        if self._failure is None:
            self._failure = error
            self._wake.set()

    async def run(self) -> None:
        """Apply frames until something fails; the failure ends the link."""
        try:
            while True:
                frames = await self._inbox.take(INBOX_FRAMES_MAX)
                self._room.set()
                await self._work(frames)
        except (FencedError, StoreUnavailableError) as error:
            self.fail(error)
        except Exception as error:
            log.exception("link failed", session=self.session_id)
            self.fail(error)

    async def _work(self, frames: Sequence[gw.LinkRequest]) -> None:
        messages: list[gw.VenueMessage] = []
        receipts: list[gw.CommandReceipt] = []
        for frame in frames:
            messages.extend(frame.messages)
            receipts.extend(frame.receipts)
            if frame.HasField("status"):
                await self._apply_all(messages, receipts)
                messages, receipts = [], []
                await self.set_status(frame.status)
        await self._apply_all(messages, receipts)
        confirmed = max(frame.blocks_version for frame in frames)
        if confirmed > self._confirmed:
            await self._parts.blocks.confirmed(self.session_id, self.token, confirmed)
            self._confirmed = confirmed
        timer = self._receipts_timer
        if timer is not None and timer.when() <= asyncio.get_running_loop().time():
            await self._transaction([], self._progress())

    def _progress(self) -> LinkProgress:
        return LinkProgress(
            self.session_id, self.token, self._epoch, self._applied, self._acknowledged
        )

    async def _apply_all(
        self, messages: Sequence[gw.VenueMessage], receipts: Sequence[gw.CommandReceipt]
    ) -> None:
        for start in range(0, max(len(messages), 1), BATCH_MESSAGES_MAX):
            part = messages[start : start + BATCH_MESSAGES_MAX]
            # Receipts go first: a command is sent before the venue answers it.
            await self.apply(part, receipts if start == 0 else ())

    async def apply(
        self, messages: Sequence[gw.VenueMessage], receipts: Sequence[gw.CommandReceipt]
    ) -> None:
        """Apply messages and receipts in one transaction.

        Raises:
            FencedError: another owner took the session.
            StoreUnavailableError: the outcome is not known; this link cannot go on.
        """
        if not messages and not receipts:
            return
        epoch, applied = self._epoch, self._applied
        acknowledged, reports = self._read_receipts(receipts)
        for message in messages:
            if message.session_epoch != epoch:
                # The FIX store began a new life, and its numbers with it.
                epoch, applied = message.session_epoch, 0
            if message.msg_seq_num > applied:
                applied = message.msg_seq_num
                reports.append(read_message(message))
        progress = LinkProgress(self.session_id, self.token, epoch, applied, acknowledged)
        if reports or (epoch, applied) != (self._epoch, self._applied):
            await self._transaction(reports, progress)
            self._epoch, self._applied, self._acknowledged = progress[2:]
            self._wake.set()
        elif acknowledged != self._acknowledged:
            self._acknowledged = acknowledged
            self._wake.set()
            self._store_receipts_soon()
        if messages:
            self._ack_due = True
            self._wake.set()

    def _read_receipts(self, receipts: Iterable[gw.CommandReceipt]) -> tuple[int, list[Report]]:
        """Return the number they reach up to, and those that tell more than "sent"."""
        acknowledged = self._acknowledged
        reports = []
        for receipt in receipts:
            if receipt.outbound_sequence > acknowledged:
                acknowledged = receipt.outbound_sequence
                report = read_receipt(receipt)
                if report is not None:
                    reports.append(report)
        return acknowledged, reports

    def _store_receipts_soon(self) -> None:
        """See that receipts are stored, should the venue's answer not come at once."""
        if self._receipts_timer is None:
            # An empty frame makes the worker look; with a full inbox it looks anyway.
            self._receipts_timer = asyncio.get_running_loop().call_later(
                RECEIPTS_WAIT_S, self._inbox.put, gw.LinkRequest()
            )

    async def _transaction(self, reports: Sequence[Report], progress: LinkProgress) -> None:
        if self._receipts_timer is not None:
            self._receipts_timer.cancel()
            self._receipts_timer = None
        parts = self._parts
        await self._find_owners(reports)
        begun = perf_counter()
        async with parts.store.batch() as batch:
            accounts = await batch.lock_accounts(
                sorted({self._owners[r.order_id] for r in reports if r.order_id in self._owners})
            )
            ledger = Ledger(accounts, parts.clock.now_ns())
            for row in accounts.values():
                ledger.know(parts.known.current(row.account_id, row.last_sequence))
            work = VenueBatch(
                self.session_id,
                self.venue_mic,
                reports,
                self._owners,
                ledger,
                accounts,
                Linked(ledger, parts.venues, accounts),
                parts.followers,
                self.drop_copy,
            )
            await work.read(batch)
            work.apply()
            writes = ledger.finish()
            writes.progress = progress
            bases = await batch.write(writes)
            await parts.trail.append(batch, writes.audit)
        metrics.BATCH_SECONDS.labels("venue").observe(perf_counter() - begun)
        metrics.BATCH_ITEMS.labels("venue").observe(len(reports))
        changed = ledger.changed()
        for account_id, lines in ledger.published().items():
            base, orders = accounts[account_id].last_sequence, changed.get(account_id, [])
            parts.known.committed(account_id, base, lines[-1].sequence, orders)
        parts.publisher.committed(ledger, bases)

    async def _find_owners(self, reports: Iterable[Report]) -> None:
        wanted = {r.order_id for r in reports if valid_ulid(r.order_id)}
        unknown = [order_id for order_id in wanted if order_id not in self._owners]
        if unknown:
            # Kept for one batch after the other only: orders come and go.
            self._owners = {k: v for k, v in self._owners.items() if k in wanted}
            self._owners.update(await self._parts.store.account_of(unknown))

    async def set_status(self, status: gw.SessionStatus) -> None:
        """Keep the session's state and tell everybody.

        Raises:
            FencedError: another owner took the session.
        """
        parts = self._parts
        since_ns = nanoseconds(status.since) or parts.clock.now_ns()
        await parts.store.store_status(
            self.session_id,
            self.token,
            status.state or gw.SESSION_STATE_DOWN,
            since_ns // 1000,
            status.SerializeToString(),
        )
        self._status = status
        session = self.as_session(status)
        parts.notices.sessions_moved(parts.venues.learn([session]), status.text)
        parts.waker.wake_sessions([self.session_id])

    def as_session(self, status: gw.SessionStatus) -> VenueSession:
        """Return the session as its gateway tells it."""
        return told_session(
            self.session_id, self.venue_mic, self.token, status, drop_copy=self.drop_copy
        )

    def given_up(self, since_ns: int, why: str) -> gw.SessionStatus:
        """Return the status of a session nobody owns: down, and able to what it was."""
        return gw.SessionStatus(
            session_id=self.session_id,
            venue_mic=self.venue_mic,
            state=gw.SESSION_STATE_DOWN,
            since=timestamp(since_ns),
            text=why,
            order_types=self._status.order_types,
            times_in_force=self._status.times_in_force,
        )

    # What the book says.

    def opened(self) -> gw.LinkResponse:
        """Return the first frame."""
        return gw.LinkResponse(
            opened=gw.LinkOpened(
                fencing_token=self.token,
                session_epoch=self._epoch,
                applied_inbound_msg_seq_num=self._applied,
                next_outbound_sequence=self._acknowledged + 1,
                blocks=self._parts.blocks.message,
            )
        )

    async def frames(self, drain: asyncio.Event) -> AsyncIterator[gw.LinkResponse | bytes]:
        """Yield frames for the gateway until the server drains.

        Raises:
            FencedError: another owner took the session.
            StoreUnavailableError: the database went away.
        """
        parts = self._parts
        tail = self.tail
        tail.join(self._wake)
        parts.blocks.join(self._wake)
        drain_watch = asyncio.create_task(self._watch(drain))
        sent = self._acknowledged
        try:
            blocks_version = parts.blocks.version
            beat_at = parts.clock.monotonic() + HEARTBEAT_S
            yield self.opened()
            while self._failure is None and not drain.is_set():
                self._wake.clear()
                if self._ack_due:
                    self._ack_due = False
                    ack = gw.InboundAck(
                        session_epoch=self._epoch, applied_inbound_msg_seq_num=self._applied
                    )
                    yield gw.LinkResponse(ack=ack)
                # Before commands that were committed behind them.
                if parts.blocks.version != blocks_version:
                    blocks_version = parts.blocks.version
                    yield gw.LinkResponse(blocks=parts.blocks.message)
                payloads = await self._commands(tail, sent)
                parts.blocks.require_fresh()
                if parts.blocks.version != blocks_version:
                    continue
                if parts.clock.monotonic() >= beat_at:
                    beat_at = parts.clock.monotonic() + HEARTBEAT_S
                    now = timestamp(parts.clock.now_ns())
                    yield gw.LinkResponse(heartbeat=stream_pb2.Heartbeat(server_time=now))
                if payloads:
                    yield self._frame(sent, payloads)
                    sent += len(payloads)
                else:
                    await self._woken(beat_at)
            if self._failure is not None:
                raise self._failure
        finally:
            tail.leave(self._wake)
            parts.blocks.leave(self._wake)
            drain_watch.cancel()

    async def _watch(self, drain: asyncio.Event) -> None:
        await drain.wait()
        self._wake.set()

    async def _woken(self, until: float) -> None:
        """Wait for more to say, until the next heartbeat is due."""
        try:
            async with asyncio.timeout(max(until - self._parts.clock.monotonic(), 0)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _commands(self, tail: Tail, sent: int) -> list[bytes]:
        room = self._acknowledged + OUTSTANDING_COMMANDS_MAX - sent
        limit = min(FRAME_COMMANDS_MAX, room)
        if sent >= tail.high or limit <= 0:
            return []
        payloads = tail.after(sent, limit)
        if payloads is None:
            rows = await self._parts.store.outbox(self.session_id, sent, limit)
            assert not rows or rows[0][0] == sent + 1, "the outbox has no holes"
            payloads = [payload for _, payload in rows]
        return payloads

    def _frame(self, sent: int, payloads: Sequence[bytes]) -> bytes:
        return joined(
            numbered_command(number, payload, redelivered=number <= self._redelivered_to)
            for number, payload in enumerate(payloads, sent + 1)
        )


class Links:
    """The links this replica owns, one per session."""

    def __init__(self, parts: LinkParts, owner: str, *, may_add: bool) -> None:
        self._parts = parts
        self._owner = owner
        self._may_add = may_add
        self._links: dict[str, VenueLink] = {}

    async def take(self, opened: gw.LinkOpen) -> VenueLink | None:
        """Become the owner of a session; None if it is not known and may not be added."""
        row = await self._parts.store.take_session(
            opened.session_id,
            opened.venue_mic,
            self._owner,
            opened.gateway_instance,
            may_add=self._may_add,
            drop_copy=opened.drop_copy,
        )
        if row is None:
            return None
        # Behind the new token: whoever engages a switch later finds no confirmation under it.
        await self._parts.blocks.refresh()
        before = self._links.get(row.session_id)
        if before is not None:
            before.fail(FencedError(f"session {row.session_id} has a newer owner"))
        link = self._links[row.session_id] = VenueLink(self._parts, row)
        self._parts.publisher.sessions[row.session_id] = link.tail
        log.info("session taken", session=row.session_id, fencing_token=row.fencing_token)
        await link.set_status(opened.status)
        # What was committed while nobody listened to the new tail.
        self.heard(await self._parts.store.sessions())
        return link

    async def release(self, link: VenueLink, why: str) -> None:
        """Give up a link: its session counts as down until somebody takes it."""
        if self._links.get(link.session_id) is link:
            del self._links[link.session_id]
            self._parts.publisher.sessions.pop(link.session_id, None)
        status = link.given_up(self._parts.clock.now_ns(), why)
        try:
            await link.set_status(status)
        except (FencedError, StoreUnavailableError) as error:
            # The new owner speaks for the session, or nobody can until the database is back.
            log.info("session given up", session=link.session_id, why=str(error))
            self._parts.venues.learn([link.as_session(status)])

    @property
    def owner(self) -> str:
        """Name of this replica."""
        return self._owner

    def owned(self) -> list[str]:
        """Return the sessions this replica owns."""
        return list(self._links)

    def owns(self, session_id: str, token: int) -> bool:
        """Tell if the session's owner under this token is here."""
        link = self._links.get(session_id)
        return link is not None and link.token == token

    def heard(self, rows: Iterable[SessionRow]) -> None:
        """Compare with the database: fall silent where another took over, wake the others."""
        for row in rows:
            link = self._links.get(row.session_id)
            if link is not None and row.fencing_token > link.token:
                link.fail(FencedError(f"session {row.session_id} has a newer owner"))
            tail = self._parts.publisher.sessions.get(row.session_id)
            if tail is not None:
                tail.advance(row.outbound_sequence)
