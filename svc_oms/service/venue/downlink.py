"""What the OMS sends on the session link of a FIX order session.

The commands are read from the session's outbox: from the tail in memory if this replica wrote
last, otherwise from the database. A kill switch is sent before any command that was committed
after it, and a heartbeat confirms both.

Each frame wakes both processes, so what can wait for another frame does: how far the book has what
the venue said goes with the next commands, or with the answer to the next sign of life.
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
# Messages of the venue that are in the book and not acknowledged, at most: these go at once. A
# gateway keeps 20,000.
ACK_MESSAGES_MAX = 500
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
        self._unacknowledged = 0
        self._wake = asyncio.Event()
        self._beat = 0
        # The last command that was put into this stream, and the last mark of the order book.
        self._sent = self.acknowledged
        self._marked: gw.BookMark | None = None

    def answer(self, beat: int) -> None:
        """Answer a sign of life; 0 is none."""
        if beat:
            self._beat = beat
            self._wake.set()

    def receipts_came(self) -> None:
        """Send commands that waited because too many were without a receipt."""
        if self._sent < self.tail.high:
            self._wake.set()

    def acknowledge(self) -> None:
        """Say at once how far the book has what the venue said."""
        self._ack_due = True
        self._wake.set()

    def acknowledge_soon(self, messages: int) -> None:
        """Say with the next frame that the book has so many more messages of the venue."""
        self._ack_due = True
        self._unacknowledged += messages
        if self._unacknowledged >= ACK_MESSAGES_MAX:
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
        life = StreamLife(call, parts.clock, HEARTBEAT_S, self._wake.set)
        with life, self._joined():
            blocks_version = parts.blocks.version
            # At once after the opening: a standby may have connected long ago.
            life.hasten_heartbeat()
            yield self.opened()
            while self.failure is None and not life.drains:
                self._wake.clear()
                for frame in self._wanted():
                    yield frame
                # Before commands that were committed after them.
                if parts.blocks.version != blocks_version:
                    blocks_version = parts.blocks.version
                    yield gw.LinkResponse(blocks=parts.blocks.message)
                payloads = self._at_hand()
                if payloads is None:
                    # An answer must not wait for the database.
                    if early := self._answers().SerializeToString():
                        yield early
                    payloads = await self._read()
                parts.blocks.require_fresh()
                if parts.blocks.version != blocks_version:
                    continue
                if out := self._frame(life, payloads):
                    yield out
                if not payloads:
                    await self._wake.wait()
            if self.failure is not None:
                raise self.failure

    def _wanted(self) -> Iterator[gw.LinkResponse]:
        """Yield what people and the order book want of the gateway."""
        while self._asked:
            count = min(len(self._asked), FRAME_COMMANDS_MAX)
            yield gw.LinkResponse(questions=[self._asked.popleft() for _ in range(count)])
        while self._admin:
            yield gw.LinkResponse(admin=self._admin.popleft())

    def _frame(self, life: StreamLife, payloads: Sequence[bytes]) -> bytes:
        """Return commands, which count as sent, in one frame with all else that is due."""
        answers = self._answers()
        if life.heartbeat_due():
            mark = self._parts.recoveries.mark(self._session.fencing_token)
            due, self._marked = mark if mark != self._marked else None, mark
            answers.MergeFrom(gw.LinkResponse(heartbeat=life.heartbeat(), mark=due))
        # Serialised messages that follow each other are one message with all their fields.
        return answers.SerializeToString() + self._commands(payloads)

    def _answers(self) -> gw.LinkResponse:
        """Return what answers the gateway: its sign of life, and what is in the book."""
        answers = gw.LinkResponse()
        if self._beat:
            answers.beat, self._beat = self._beat, 0
        if self._ack_due:
            self._ack_due, self._unacknowledged = False, 0
            answers.ack.session_epoch = self.epoch
            answers.ack.applied_inbound_msg_seq_num = self.applied
        return answers

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

    def _at_hand(self) -> list[bytes] | None:
        """Return the next commands; None if they must be read from the database."""
        limit = self._room()
        if self._sent >= self.tail.high or limit <= 0:
            return []
        return self.tail.after(self._sent, limit)

    async def _read(self) -> list[bytes]:
        rows = await self._parts.store.outbox(self._session.session_id, self._sent, self._room())
        assert not rows or rows[0][0] == self._sent + 1, "the outbox has no holes"
        return [payload for _, payload in rows]

    def _room(self) -> int:
        """Return how many commands may be sent."""
        room = self.acknowledged + OUTSTANDING_COMMANDS_MAX - self._sent
        return min(FRAME_COMMANDS_MAX, room)

    def _commands(self, payloads: Sequence[bytes]) -> bytes:
        """Frame commands, which count as sent."""
        first = self._sent + 1
        self._sent += len(payloads)
        self.handed = max(self.handed, self._sent)
        return joined(
            numbered_command(number, payload, redelivered=number <= self._redelivered_to)
            for number, payload in enumerate(payloads, first)
        )
