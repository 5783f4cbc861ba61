"""What the OMS sends on the session link of a FIX order session.

The commands are read from the session's outbox: from the tail in memory if this replica wrote
last, otherwise from the database. A kill switch is sent before any command that was committed
after it, and a heartbeat confirms both.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kernel.clock import Clock
from mesh.rpc.call import Call
from mesh.streams.life import StreamLife
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.service.audit.audit_log import AuditLog
from svc_oms.service.book.known_orders import KnownOrders
from svc_oms.service.codec.stream_frames import joined, numbered_command
from svc_oms.service.controls.pre_trade_control import FillFollower
from svc_oms.service.kill.block_view import BlockView
from svc_oms.service.ports import OrderStore, SessionRow, WakeUps
from svc_oms.service.recovery.recoveries import Recoveries
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.streams.notices import Notices
from svc_oms.service.streams.publisher import Publisher
from svc_oms.service.streams.tails import Tail
from svc_oms.service.venue.session_administration import SessionAdministration

# Commands in one frame.
FRAME_COMMANDS_MAX = 500
# Also between commands: a gateway sends new orders only for 8 s after the time in the last one.
HEARTBEAT_S = 2.0
# Commands at a gateway without a receipt, at most. So the gateway never stops reading because it
# is full, and a kill switch never waits for commands.
OUTSTANDING_COMMANDS_MAX = 4_000
# A gateway that is silent for so long is considered hung: the session is down for new orders, and
# a standby gets it. A gateway gives a sign of life every 0.5 s. Seconds.
GATEWAY_SILENCE_MAX_S = 2.0
# Between two looks whether a gateway was heard. Seconds.
SILENCE_LOOK_S = 0.25
# A gateway may send to the venue for so long after a sign of life that was answered: the session
# stays its own for longer. Seconds.
SEND_LEASE_S = GATEWAY_SILENCE_MAX_S - SILENCE_LOOK_S
# The same for a gateway of an older version, which gives a sign of life every 5 s. Seconds.
OLD_GATEWAY_SILENCE_MAX_S = 15.0


class GatewayGoneError(Exception):
    """The gateway ended its side, gave the session away, or fell silent."""


class SilenceWatch:
    """Counts the looks since a gateway was last heard.

    The time of the last frame would be wrong: when this process stood still, the frames of the
    meantime are not read yet. A look is one step of this process's own time.
    """

    def __init__(self, silence_max_s: float) -> None:
        self._looks_max = round(silence_max_s / SILENCE_LOOK_S) - 1
        self._looks = 0

    def heard(self) -> None:
        """Note that the gateway said something."""
        self._looks = 0

    def look(self) -> bool:
        """Count a look, one every `SILENCE_LOOK_S`; return whether the gateway is hung."""
        self._looks += 1
        return self._looks > self._looks_max


@dataclass(frozen=True, slots=True)
class SessionLinkParts:
    """What links work with."""

    store: OrderStore
    clock: Clock
    known: KnownOrders
    market: Market
    venues: VenueSessions
    publisher: Publisher
    notices: Notices
    waker: WakeUps
    audit_log: AuditLog
    blocks: BlockView
    sessions: SessionAdministration
    recoveries: Recoveries
    fill_followers: Sequence[FillFollower] = ()


class Downlink:
    """What is sent; see the head of this file.

    Attributes:
        epoch: Of the venue's numbers.
        applied: The venue's last number the book has.
        acknowledged: Up to here the gateway gave receipts.
        failure: What ended the link.
    """

    def __init__(
        self,
        parts: SessionLinkParts,
        session: SessionRow,
        questions: Sequence[gw.VenueCommand],
        *,
        admin_pending: bool,
        recover_from: int = 0,
    ) -> None:
        self._parts = parts
        self._session = session
        self._asked = deque(questions)
        self._recover_from = recover_from
        self._admin_pending = admin_pending
        self.epoch = session.inbound_epoch
        self.applied = session.inbound_msg_seq_num
        self.acknowledged = session.acknowledged_outbound_sequence
        self.failure: Exception | None = None
        self.tail = Tail(session.outbound_sequence)
        self._redelivered_to = session.outbound_sequence
        # Up to here a gateway may have the commands: they were put into its stream.
        self.handed = max(self.acknowledged, session.outbound_sequence)
        self._admin: deque[gw.AdminCommand] = deque()
        self._ack_due = False
        self._wake = asyncio.Event()
        self._beat = 0

    def answer(self, beat: int) -> None:
        """Answer a sign of life; 0 is none."""
        if beat:
            self._beat = beat
            self._wake.set()

    def wake(self) -> None:
        """See whether there is something to say: there may be room for commands."""
        self._wake.set()

    def acknowledge(self) -> None:
        """Say how far the book has what the venue said."""
        self._ack_due = True
        self._wake.set()

    def ask(self, questions: Iterable[gw.VenueCommand]) -> None:
        """Have the gateway ask the venue about these."""
        self._asked.extend(questions)
        self._wake.set()

    def administer(self, command: gw.AdminCommand) -> None:
        """Have the gateway do this."""
        self._admin.append(command)
        self._wake.set()

    def fail(self, error: Exception) -> None:
        """End the link with this error."""
        if self.failure is None:
            self.failure = error
            self._wake.set()

    def opened(self) -> gw.LinkResponse:
        """Return the first frame."""
        return gw.LinkResponse(
            opened=gw.LinkOpened(
                fencing_token=self._session.fencing_token,
                session_epoch=self.epoch,
                applied_inbound_msg_seq_num=self.applied,
                next_outbound_sequence=self.acknowledged + 1,
                blocks=self._parts.blocks.message,
                recover_from=self._recover_from,
                next_sender_msg_seq_num=self._session.next_sender,
                sender_epoch=self._session.sender_epoch,
                kept_out=self._session.kept_out,
                admin_pending=self._admin_pending,
                # An earlier link had room for no more.
                redelivered_to=min(
                    self._redelivered_to, self.acknowledged + OUTSTANDING_COMMANDS_MAX
                ),
                send_lease_ms=round(SEND_LEASE_S * 1000),
            )
        )

    async def frames(self, call: Call) -> AsyncGenerator[gw.LinkResponse | bytes, None]:
        """Yield frames for the gateway until the server drains.

        Raises:
            FencedError: another owner took the session.
            StoreUnavailableError: the database went away.
        """
        parts = self._parts
        tail = self.tail
        sent = self.acknowledged
        life = StreamLife(call, parts.clock, HEARTBEAT_S, self._wake.set)
        with life, self._joined():
            blocks_version = parts.blocks.version
            # At once after the opening: a standby may have connected long ago.
            life.hasten_heartbeat()
            yield self.opened()
            marked = None
            while self.failure is None and not life.drains:
                self._wake.clear()
                for frame in self._answers():
                    yield frame
                # Before commands that were committed after them.
                if parts.blocks.version != blocks_version:
                    blocks_version = parts.blocks.version
                    yield gw.LinkResponse(blocks=parts.blocks.message)
                payloads = await self._commands(tail, sent)
                parts.blocks.require_fresh()
                if parts.blocks.version != blocks_version:
                    continue
                if life.heartbeat_due():
                    mark = parts.recoveries.mark(self._session.fencing_token)
                    due, marked = mark if mark != marked else None, mark
                    yield gw.LinkResponse(heartbeat=life.heartbeat(), mark=due)
                if payloads:
                    commands = self._frame(sent, payloads)
                    sent += len(payloads)
                    self.handed = max(self.handed, sent)
                    yield commands
                else:
                    await self._wake.wait()
            if self.failure is not None:
                raise self.failure

    def _answers(self) -> Iterator[gw.LinkResponse]:
        """Yield what answers the gateway, and what people want of it."""
        if self._beat:
            beat, self._beat = self._beat, 0
            yield gw.LinkResponse(beat=beat)
        while self._asked:
            count = min(len(self._asked), FRAME_COMMANDS_MAX)
            yield gw.LinkResponse(questions=[self._asked.popleft() for _ in range(count)])
        while self._admin:
            yield gw.LinkResponse(admin=self._admin.popleft())
        if self._ack_due:
            self._ack_due = False
            ack = gw.InboundAck(session_epoch=self.epoch, applied_inbound_msg_seq_num=self.applied)
            yield gw.LinkResponse(ack=ack)

    @contextmanager
    def _joined(self) -> Iterator[None]:
        """Be woken by commands of the session and by kill switches."""
        self.tail.join(self._wake)
        self._parts.blocks.join(self._wake)
        try:
            yield
        finally:
            self.tail.leave(self._wake)
            self._parts.blocks.leave(self._wake)

    async def _commands(self, tail: Tail, sent: int) -> list[bytes]:
        room = self.acknowledged + OUTSTANDING_COMMANDS_MAX - sent
        limit = min(FRAME_COMMANDS_MAX, room)
        if sent >= tail.high or limit <= 0:
            return []
        payloads = tail.after(sent, limit)
        if payloads is None:
            rows = await self._parts.store.outbox(self._session.session_id, sent, limit)
            assert not rows or rows[0][0] == sent + 1, "the outbox has no holes"
            payloads = [payload for _, payload in rows]
        return payloads

    def _frame(self, sent: int, payloads: Sequence[bytes]) -> bytes:
        return joined(
            numbered_command(number, payload, redelivered=number <= self._redelivered_to)
            for number, payload in enumerate(payloads, sent + 1)
        )
