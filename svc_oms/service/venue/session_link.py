"""The link of one FIX order session, while this replica owns it.

What the gateway reports is applied in transactions that carry the fencing token, so an owner
that was replaced cannot write. The commands for the venue are read from the session's outbox:
from the tail in memory if this replica wrote last, otherwise from the database. A failure of
the database ends the link; the gateway connects again and gets the position that is really
stored. That is the same path as after a crash, so there is no other.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence

from kernel.nanoseconds import to_us
from mesh.log import get_logger
from mesh.rpc.call import Call
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import session_pb2
from svc_oms.service.bounded_queue import BoundedQueue
from svc_oms.service.codec.values import timestamp
from svc_oms.service.ports import (
    FencedError,
    LinkProgress,
    SessionRow,
    StoreUnavailableError,
    StoreWentBackError,
)
from svc_oms.service.reference.venue_sessions import VenueSession, keep_trading, reported_session
from svc_oms.service.venue.downlink import (
    GATEWAY_SILENCE_MAX_S,
    OLD_GATEWAY_SILENCE_MAX_S,
    SILENCE_LOOK_S,
    Downlink,
    GatewayGoneError,
    SessionLinkParts,
    SilenceWatch,
)
from svc_oms.service.venue.reports.adoption import Adoption
from svc_oms.service.venue.reports.report_writer import ReportWriter
from svc_oms.service.venue.reports.reports import Report, read_message, read_receipt
from svc_oms.service.venue.unsent import Unsent

log = get_logger("svc_oms.link")

# Venue messages one transaction takes at most.
BATCH_MESSAGES_MAX = 500
# Frames of a gateway that may wait; then its stream is not read until there is room.
INBOX_FRAMES_MAX = 64
# How long a receipt that only says "sent" may wait to be stored with what the venue answers.
# Lost with a crash it is not missed: the gateway is asked again and gives it again.
RECEIPTS_WAIT_S = 0.1


class SessionLink:
    """The life of one owner; see the head of this file."""

    def __init__(
        self,
        parts: SessionLinkParts,
        session: SessionRow,
        questions: Sequence[gw.VenueCommand] = (),
        *,
        admin_pending: bool = False,
        recover_from: int = 0,
        beats: bool = True,
    ) -> None:
        self._parts = parts
        self.gateway = session.gateway
        self.session_id = session.session_id
        self.venue_mic = session.venue_mic
        self.token = session.fencing_token
        self.drop_copy = session.drop_copy
        self._down = Downlink(
            parts, session, questions, admin_pending=admin_pending, recover_from=recover_from
        )
        # The requests of the gateway's FIX store, until all have come.
        self._adoption = Adoption(parts, session.venue_mic)
        self.tail = self._down.tail
        self._receipts_timer: asyncio.TimerHandle | None = None
        self._inbox: BoundedQueue[gw.LinkRequest] = BoundedQueue(INBOX_FRAMES_MAX)
        self._room = asyncio.Event()
        self._room.set()
        self._confirmed = 0
        # What the last owner stored: the venue may be closed, and this gateway not know it yet.
        self._status = gw.SessionStatus.FromString(session.status)
        # Outbound sequences whose receipts came before those of earlier commands.
        self._early: set[int] = set()
        # Next MsgSeqNum(34) that the gateway sends, by its receipts.
        self._sender = 0
        self._silence_max_s = GATEWAY_SILENCE_MAX_S if beats else OLD_GATEWAY_SILENCE_MAX_S
        self._silence = SilenceWatch(self._silence_max_s)
        self.administered: set[str] = set()
        # The gateway ends this link only to connect again.
        self.back_soon = False
        # The lease is given up; what follows on this link changes nothing of it.
        self.released = False
        self._writer = ReportWriter(parts, session)

    # What the gateway reports.

    async def receive(self, frame: gw.LinkRequest) -> None:
        """Queue a frame; waits while there is no room, which stops the gateway's stream."""
        self._silence.heard()
        if not self.released:
            # An answer proves to a gateway that wakes that the session is its own.
            self._down.answer(frame.beat)
        while not self._inbox.put(frame):
            self._room.clear()
            await self._room.wait()

    async def until_silent(self) -> str:
        """Wait until the gateway counts as hung; return the reason.

        A task of its own: a gateway that reads nothing more can block the frames for it.
        """
        while not self._silence.look():
            if not self._room.is_set():
                # Our own inbox is full: its frames wait in the stream.
                self._silence.heard()
            await asyncio.sleep(SILENCE_LOOK_S)
        return f"gateway {self.gateway} did not answer for {self._silence_max_s:.0f} s"

    @property
    def outbox(self) -> tuple[int, int]:
        """Commands that wait for a receipt, and the number of the last one that has its own."""
        done = self._down.acknowledged
        return max(0, self.tail.high - done), done

    def fail(self, error: Exception) -> None:
        """End the link with this error."""
        self._down.fail(error)

    def recover(self) -> None:
        """End the link, so that its gateway connects again and takes part in the recovery."""
        self.back_soon = True
        self.fail(GatewayGoneError("the order book is RECOVERING: the gateway must connect again"))

    def frames(self, call: Call) -> AsyncGenerator[gw.LinkResponse | bytes, None]:
        """Yield frames for the gateway until the server drains; see `Downlink.frames`."""
        return self._down.frames(call)

    async def run(self) -> None:
        """Apply frames until something fails; the failure ends the link."""
        try:
            while True:
                frames = await self._inbox.take(INBOX_FRAMES_MAX)
                self._room.set()
                await self._work(frames)
        except StoreWentBackError as error:
            self._parts.recoveries.went_back(str(error))
            self.fail(error)
        except (FencedError, StoreUnavailableError, GatewayGoneError) as error:
            self.fail(error)
        except Exception as error:
            log.exception("link failed", session=self.session_id)
            self.fail(error)

    async def _work(self, frames: Sequence[gw.LinkRequest]) -> None:
        messages: list[gw.VenueMessage] = []
        receipts: list[gw.CommandReceipt] = []
        early: list[gw.CommandReceipt] = []
        for frame in frames:
            messages.extend(frame.messages)
            receipts.extend(frame.receipts)
            early.extend(frame.early_receipts)
            self.back_soon |= frame.back_soon
            self._adoption.take(frame.sent)
            if frame.sent_complete:
                await self._adopt()
            if frame.HasField("status") or frame.HasField("admin_result") or frame.not_resent:
                await self._apply_all(messages, receipts, early)
                messages, receipts, early = [], [], []
                await self._work_rest(frame)
        await self._apply_all(messages, receipts, early)
        confirmed = max(frame.blocks_version for frame in frames)
        if confirmed > self._confirmed:
            await self._parts.blocks.confirmed(self.session_id, self.token, confirmed)
            self._confirmed = confirmed
        timer = self._receipts_timer
        if timer is not None and timer.when() <= asyncio.get_running_loop().time():
            await self._transaction([], self._progress())

    async def _work_rest(self, frame: gw.LinkRequest) -> None:
        doubts = [report for report in map(read_receipt, frame.not_resent) if report is not None]
        if doubts:
            await self._transaction(doubts, self._progress())
        if frame.HasField("status"):
            await self.set_status(frame.status)
        if frame.HasField("admin_result"):
            await self._administered(frame.admin_result)

    async def _adopt(self) -> None:
        # No message of the venue was applied yet: the gateway logs on after it has sent these.
        self._down.ask(await self._adoption.record(self._progress()))
        self._adoption = Adoption(self._parts, self.venue_mic)

    def administer(self, command: gw.AdminCommand) -> None:
        """Have the gateway do this."""
        self.administered.add(command.action_id)
        self._down.administer(command)

    async def _administered(self, result: gw.AdminResult) -> None:
        """Store the outcome; its acknowledgement lets the gateway go on."""
        kind = await self._parts.sessions.settle(self.session_id, self.token, result)
        after = result.after
        if kind == session_pb2.SESSION_ACTION_KIND_SEQUENCES and result.done:
            self._down.epoch = after.session_epoch
            self._down.applied = after.next_target_msg_seq_num - 1
            self._sender = after.next_sender_msg_seq_num
        self._down.acknowledge()
        if kind == session_pb2.SESSION_ACTION_KIND_HAND_OVER and result.done:
            raise GatewayGoneError("handed over")

    def _progress(self) -> LinkProgress:
        down = self._down
        return self._progress_to(down.epoch, down.applied, down.acknowledged)

    def _progress_to(self, epoch: int, applied: int, acknowledged: int) -> LinkProgress:
        down = self._down
        return LinkProgress(
            self.session_id,
            self.token,
            epoch,
            applied,
            acknowledged,
            self._sender,
            down.epoch,
            down.applied,
        )

    async def _apply_all(
        self, messages: Sequence[gw.VenueMessage], receipts: Sequence[gw.CommandReceipt],
        early: Sequence[gw.CommandReceipt],
    ) -> None:  # fmt: skip
        for start in range(0, max(len(messages), 1), BATCH_MESSAGES_MAX):
            part = messages[start : start + BATCH_MESSAGES_MAX]
            # Receipts go first: a command is sent before the venue answers it.
            await self.apply(part, *((receipts, early) if start == 0 else ((), ())))

    async def apply(
        self, messages: Sequence[gw.VenueMessage], receipts: Sequence[gw.CommandReceipt],
        early: Sequence[gw.CommandReceipt] = (),
    ) -> None:  # fmt: skip
        """Apply messages and receipts in one transaction.

        Raises:
            FencedError: another owner took the session.
            StoreUnavailableError: the outcome is not known; this link cannot go on.
        """
        if not (messages or receipts or early):
            return
        down = self._down
        epoch, applied = down.epoch, down.applied
        acknowledged, reports = self._read_receipts(receipts)
        reports += self._read_early(early, acknowledged)
        for message in messages:
            if message.session_epoch != epoch:
                # The FIX store began a new epoch, and its numbers with it.
                epoch, applied = message.session_epoch, 0
            if message.msg_seq_num > applied:
                applied = message.msg_seq_num
                reports.append(read_message(message))
        progress = self._progress_to(epoch, applied, acknowledged)
        if reports or (epoch, applied) != (down.epoch, down.applied):
            await self._transaction(reports, progress)
            down.epoch, down.applied, down.acknowledged = epoch, applied, acknowledged
            down.receipts_came()
        elif acknowledged != down.acknowledged:
            down.acknowledged = acknowledged
            down.receipts_came()
            self._store_receipts_soon()
        if messages:
            self._down.acknowledge_soon(len(messages))

    def _read_receipts(self, receipts: Iterable[gw.CommandReceipt]) -> tuple[int, list[Report]]:
        """Return the number they reach up to, and those that say more than "sent"."""
        acknowledged = self._down.acknowledged
        reports = []
        for receipt in receipts:
            if receipt.outbound_sequence > acknowledged:
                acknowledged = receipt.outbound_sequence
                self._sender = max(self._sender, receipt.msg_seq_num + 1)
                report = read_receipt(receipt)
                if report is not None and acknowledged not in self._early:
                    reports.append(report)
                self._early.discard(acknowledged)
        return acknowledged, reports

    def _read_early(self, receipts: Iterable[gw.CommandReceipt], acknowledged: int) -> list[Report]:
        """Return what receipts say that came before those of earlier commands."""
        reports = []
        for receipt in receipts:
            sequence = receipt.outbound_sequence
            report = read_receipt(receipt)
            if report is not None and sequence > acknowledged and sequence not in self._early:
                self._early.add(sequence)
                reports.append(report)
        return reports

    def _store_receipts_soon(self) -> None:
        """Have receipts stored, in case the venue's answer does not come at once."""
        if self._receipts_timer is None:
            # An empty frame makes the worker look; with a full inbox it looks anyway.
            self._receipts_timer = asyncio.get_running_loop().call_later(
                RECEIPTS_WAIT_S, self._inbox.put, gw.LinkRequest()
            )

    async def withdraw_unsent(self) -> bool:
        """End the new orders and replaces that no gateway had, once they are too old.

        Called after the link, while no gateway has the session; its token proves that in the same
        transaction. What was put into the stream may have left: it waits for a gateway.

        Returns:
            Whether none of them is left.

        Raises:
            FencedError: A gateway has the session, and decides on all its commands.
            StoreUnavailableError: Nothing changed, or the outcome is not known.
        """
        parts = self._parts
        rows = await parts.store.outbox(self.session_id, self._down.handed, BATCH_MESSAGES_MAX)
        unsent = Unsent(rows, parts.clock.now_ns())
        if unsent.due:
            await self._read_position()
            log.warning("commands withdrawn", session=self.session_id, count=len(unsent.due))
            reports = [report for one in unsent.receipts() if (report := read_receipt(one))]
            await self._transaction(reports, self._progress(), withdrawn=list(unsent.due))
        return not unsent.young and len(rows) < BATCH_MESSAGES_MAX

    async def _read_position(self) -> None:
        """Read what is stored: a commit whose answer was lost may have taken effect."""
        for row in await self._parts.store.sessions():
            if row.session_id == self.session_id:
                self._down.epoch, self._down.applied = row.inbound_epoch, row.inbound_msg_seq_num

    async def _transaction(
        self,
        reports: Sequence[Report],
        progress: LinkProgress,
        *,
        withdrawn: Sequence[int] = (),
    ) -> None:
        if self._receipts_timer is not None:
            self._receipts_timer.cancel()
            self._receipts_timer = None
        await self._writer.write(reports, progress, withdrawn)

    async def set_status(self, status: gw.SessionStatus, *, numbers: bool = True) -> None:
        """Store the session's state and inform everybody.

        Args:
            status: What the owner says.
            numbers: Whether its numbers are of a store the owner holds now.

        Raises:
            FencedError: another owner took the session.
        """
        parts = self._parts
        sender = (0, 0)
        if numbers and status.session_epoch:
            sender = (status.session_epoch, status.next_sender_msg_seq_num)
            self._sender = 0
        since_ns = from_timestamp(status.since) or parts.clock.now_ns()
        keep_trading(self._status, status, parts.clock.now_ns())
        await parts.store.store_status(
            self.session_id,
            self.token,
            status.state or gw.SESSION_STATE_DOWN,
            to_us(since_ns),
            status.SerializeToString(),
            sender,
        )
        self._status = status
        session = self.as_session(status)
        parts.notices.sessions_moved(parts.venues.learn([session]), status.text)
        parts.waker.wake_sessions([self.session_id])
        parts.sessions.moved()

    def as_session(self, status: gw.SessionStatus) -> VenueSession:
        """Return the session as its gateway reports it."""
        return reported_session(
            self.session_id, self.venue_mic, self.token, status, drop_copy=self.drop_copy
        )

    def given_up(self, since_ns: int, why: str) -> gw.SessionStatus:
        """Return the status of a session without owner: down, with what it could do before."""
        before = self._status
        was_down = before.state == gw.SESSION_STATE_DOWN and before.text
        status = gw.SessionStatus(
            session_id=self.session_id,
            venue_mic=self.venue_mic,
            state=gw.SESSION_STATE_DOWN,
            since=timestamp(since_ns),
            text=f"{why}; before: {before.text}" if was_down else why,
            trading_session_status=before.trading_session_status,
            order_types=before.order_types,
            times_in_force=before.times_in_force,
            cash_quantity=before.cash_quantity,
            capabilities=before.capabilities,
            fees=before.fees,
        )
        if before.HasField("trading_session"):
            status.trading_session.CopyFrom(before.trading_session)
        return status
