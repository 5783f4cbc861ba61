"""One order session: a FIX session that lives only behind an open link to the OMS.

Life of it. Dial the OMS and open the link; it answers with the last MsgSeqNum(34) it has applied.
Set QuickFIX's next expected number to that + 1 and log on: the venue resends what is missing.
Then commands go out and reports come in until either side breaks.

- The link breaks: the FIX session stays on for `LINK_DOWN_LOGOUT_S`, reports are kept. A new link
  that finds all of them here goes on at once. Later, or when `UNACKNOWLEDGED_MAX` is reached, the
  session is logged out: the venue keeps its reports and resends them after the next open.
- The FIX session breaks: QuickFIX connects again; commands wait here.
- Something was lost between QuickFIX's thread and us: same as at a start.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from mesh.clock import Clock
from mesh.log import get_logger
from mesh.streams.backoff import Backoff
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.type.v1 import stream_pb2
from svc_gateway import metrics
from svc_gateway.domain.unacknowledged import Unacknowledged
from svc_gateway.service.outbound import LINK_SILENCE_MAX_S, Outbound
from svc_gateway.service.ports import (
    CommandWriter,
    FixEngine,
    Handed,
    Inbox,
    LinkBrokenError,
    ReportReader,
    Stream,
    Told,
)
from svc_gateway.service.together import LINK_LIVED_S, until_one_ends
from svc_gateway.venues import Role, SessionConfig

LinkStream = Stream[link.LinkRequest, link.LinkResponse]

# Reports kept for the OMS. Reached: the session is logged out, the venue keeps them.
UNACKNOWLEDGED_MAX = 20_000
# The OMS may be away this long before the session is logged out. Seconds.
LINK_DOWN_LOGOUT_S = 15.0
LINK_OPEN_TIMEOUT_S = 10.0
# We say something at least this often. Seconds.
HEARTBEAT_S = 5.0
# A venue that has not resent all after this long is worked with nevertheless. Seconds.
RECOVERING_MAX_S = 30.0
# Between looks at what no event tells. Seconds.
TICK_S = 0.25
# How long the last reports have to become durable when we stop. Seconds.
STOP_FLUSH_S = 3.0
MESSAGES_PER_FRAME = 500
RECEIPTS_PER_FRAME = 1000
TEXT_MAX = 256
# Bodies that refuse a message of ours.
REFUSALS = frozenset({"business_reject", "session_reject"})
_NS = 1_000_000_000
# A note of our own: everything before it in the queue was taken in.
_MARK = "\x00mark"

_log = get_logger(__name__)


class OrderSession:
    """One order session at work."""

    def __init__(
        self, config: SessionConfig, engine: FixEngine, inbox: Inbox, reader: ReportReader,
        writer: CommandWriter, dial: Callable[[], Awaitable[LinkStream]], clock: Clock,
        instance: str,
    ) -> None:  # fmt: skip
        self.config = config
        self._engine = engine
        self._inbox = inbox
        self._reader = reader
        self._dial = dial
        self._clock = clock
        self._instance = instance
        self._kept: Unacknowledged[link.VenueMessage] = Unacknowledged(UNACKNOWLEDGED_MAX)
        self.outbound = Outbound(
            config, engine, writer, clock, lambda: self.state == link.SESSION_STATE_UP, self._poke
        )
        self.state: link.SessionState = link.SESSION_STATE_DOWN
        self._since_ns = clock.now_ns()
        self._text = "waiting for the OMS"
        self._epoch_ns = engine.epoch_ns()
        self._trading_session_status = 0
        self._logon_number = 0
        self._last_number = 0
        self._token = 0
        self._linked = False
        self._link_down_since = clock.monotonic()
        self._lossy = False
        self._status_due = True
        self._blocks_version = self._blocks_told = 0
        self._uplink_wake = asyncio.Event()
        self._start_over = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._engine_lock = asyncio.Lock()
        self._stopping = False
        self._marks: list[asyncio.Event] = []
        self.name = name = config.session_id
        self._state_gauge = metrics.SESSION_STATE.labels(name)
        self._link_gauge = metrics.LINK_UP.labels(name)
        self._kept_gauge = metrics.UNACKNOWLEDGED.labels(name)
        self._state_gauge.set(self.state)

    # -- for the composition root -------------------------------------------------------------

    async def run(self, backoff: Backoff) -> None:
        """Work until cancelled. `backoff` gives the delay before each dial."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._intake())
            tasks.create_task(self._ticks())
            tasks.create_task(self.outbound.run())
            tasks.create_task(self._links(backoff))

    async def stop(self) -> None:
        """Log out, and let the last reports become durable if the OMS is there."""
        self._stopping = True
        async with self._engine_lock:
            await asyncio.to_thread(self._engine.stop)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_FLUSH_S):
                await self._flush_inbox()
                while self._linked and len(self._kept):
                    self._acknowledged.clear()
                    await self._acknowledged.wait()

    def status(self) -> link.SessionStatus:
        """Return the session as it is now."""
        sender, target = self._engine.numbers()
        dialect = self.config.dialect
        status = link.SessionStatus(
            session_id=self.config.session_id,
            venue_mic=self.config.venue_mic,
            state=self.state,
            queued_commands=self.outbound.queued,
            next_sender_msg_seq_num=sender,
            next_target_msg_seq_num=target,
            text=printable(self._text),
            session_epoch=self._epoch_ns,
            trading_session_status=self._trading_session_status,
            order_types=[f"ORDER_TYPE_{name.upper()}" for name in dialect.order_types],
            times_in_force=[f"TIME_IN_FORCE_{name.upper()}" for name in dialect.times_in_force],
        )
        status.since.seconds, status.since.nanos = divmod(self._since_ns, _NS)
        return status

    # -- the link -----------------------------------------------------------------------------

    async def _links(self, backoff: Backoff) -> None:
        told = ""
        while True:
            await asyncio.sleep(backoff.next_delay())
            begun = self._clock.monotonic()
            if self._stopping:
                return
            try:
                await self._one_link()
            except LinkBrokenError as error:
                # The same reason again, many times a second, is for debugging.
                tell = _log.debug if str(error) == told else _log.warning
                tell("link ended", session_id=self.config.session_id, why=str(error))
                told = str(error)
            except TimeoutError:
                _log.warning("link timed out", session_id=self.config.session_id)
            lived_s = self._clock.monotonic() - begun
            if lived_s > LINK_LIVED_S:
                told = ""
            backoff.note_health(lived_s)

    async def _one_link(self) -> None:
        stream = await self._dial()
        dialled_ns = self._clock.now_ns()
        try:
            async with asyncio.timeout(LINK_OPEN_TIMEOUT_S):
                await stream.send(link.LinkRequest(open=self._open_frame()))
                first = await stream.receive()
            if not first.HasField("opened"):
                raise LinkBrokenError("the first frame of the OMS is not LinkOpened")
            if first.opened.fencing_token < self._token:
                raise LinkBrokenError(
                    f"fencing token {first.opened.fencing_token} is older than {self._token}"
                )
            self._token = first.opened.fencing_token
            self._start_over.clear()
            await self._attach(first.opened)
            self._blocks_told = 0
            self.outbound.heard(dialled_ns)
            self._block(first.opened.blocks)
            self.outbound.accept(first.commands)
            self._linked, self._status_due = True, True
            self._link_gauge.set(1)
            _log.info(
                "link open", session_id=self.config.session_id, fencing_token=self._token,
                applied=first.opened.applied_inbound_msg_seq_num,
            )  # fmt: skip
            await until_one_ends(
                self._downlink(stream), self._uplink(stream), self._start_over.wait()
            )
        finally:
            self._linked = False
            self._link_gauge.set(0)
            self._link_down_since = self._clock.monotonic()
            self.outbound.drop()
            await stream.close()

    def _open_frame(self) -> link.LinkOpen:
        return link.LinkOpen(
            session_id=self.config.session_id,
            venue_mic=self.config.venue_mic,
            gateway_instance=self._instance,
            session_epoch=self._engine.epoch_ns(),
            status=self.status(),
            drop_copy=self.config.role is Role.DROP_COPY,
        )

    async def _downlink(self, stream: LinkStream) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(LINK_SILENCE_MAX_S) as silence:
            while True:
                frame = await stream.receive()
                silence.reschedule(None)
                if frame.HasField("blocks"):
                    self._block(frame.blocks)
                if frame.HasField("heartbeat"):
                    self.outbound.heard(frame.heartbeat.server_time.ToNanoseconds())
                if frame.commands:
                    self.outbound.accept(frame.commands)
                if frame.HasField("ack"):
                    self._kept.acknowledge(
                        frame.ack.session_epoch, frame.ack.applied_inbound_msg_seq_num
                    )
                    self._kept_gauge.set(len(self._kept))
                    self._acknowledged.set()
                if frame.HasField("drain"):
                    return
                await self.outbound.room()
                silence.reschedule(loop.time() + LINK_SILENCE_MAX_S)

    async def _uplink(self, stream: LinkStream) -> None:
        while True:
            self._uplink_wake.clear()
            frame = self._next_frame()
            if frame is not None:
                await stream.send(frame)
                continue
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._uplink_wake.wait()
            except TimeoutError:
                beat = link.LinkRequest(heartbeat=stream_pb2.Heartbeat(), status=self.status())
                now_ns = self._clock.now_ns()
                beat.heartbeat.server_time.seconds, beat.heartbeat.server_time.nanos = divmod(
                    now_ns, _NS
                )
                await stream.send(beat)

    def _block(self, blocks: link.Blocks) -> None:
        """Put kill switches into effect, and say so."""
        self.outbound.block(blocks)
        self._blocks_version = blocks.version
        self._poke()

    def _next_frame(self) -> link.LinkRequest | None:
        messages = self._kept.next_batch(MESSAGES_PER_FRAME)
        receipts = self.outbound.take_receipts(RECEIPTS_PER_FRAME)
        blocks_due = self._blocks_version != self._blocks_told
        if not (messages or receipts or self._status_due or blocks_due):
            return None
        frame = link.LinkRequest(messages=messages, receipts=receipts)
        if blocks_due:
            frame.blocks_version = self._blocks_told = self._blocks_version
        if self._status_due:
            self._status_due = False
            frame.status.CopyFrom(self.status())
        return frame

    def _poke(self) -> None:
        self._uplink_wake.set()

    # -- the FIX session ----------------------------------------------------------------------

    async def _attach(self, opened: link.LinkOpened) -> None:
        """Make the FIX session continue behind what the OMS has applied."""
        applied, epoch = opened.applied_inbound_msg_seq_num, opened.session_epoch
        async with self._engine_lock:
            sound = self._engine.running and not self._engine.spoiled and not self._lossy
            if sound and self._kept.covers(epoch, applied):
                self._kept.acknowledge(epoch, applied)
                self._kept.give_again()
            else:
                await self._start_engine(epoch, applied)
            sent = await asyncio.to_thread(self._engine.requests_sent)
        self.outbound.open(opened.next_outbound_sequence, sent)

    async def _start_engine(self, epoch: int, applied: int) -> None:
        await asyncio.to_thread(self._engine.stop)
        await self._flush_inbox()
        self._set_state(link.SESSION_STATE_DOWN, "connecting")
        own = self._engine.epoch_ns()
        target = None
        if own:
            # Of another life the OMS has applied nothing of this one: begin at 1.
            target = (applied if epoch == own else 0) + 1
            expected = self._engine.numbers()[1]
            if target < expected:
                metrics.REWINDS.labels(self.config.session_id).inc()
                _log.info(
                    "rewind", session_id=self.config.session_id, expected=expected, target=target
                )
        self._kept.start(own, target - 1 if target else 0)
        self._lossy = False
        self._epoch_ns = own
        if self._stopping:
            return
        try:
            await asyncio.to_thread(self._engine.start, target)
        except Exception as error:
            # A certificate or secret that cannot be read; it may be mounted again.
            self._text = f"cannot be started: {error}"
            raise LinkBrokenError(f"the FIX session {self._text}") from error

    async def _stop_engine(self, why: str) -> None:
        async with self._engine_lock:
            if not self._engine.running or self._linked:
                return
            _log.warning("session logged out", session_id=self.config.session_id, why=why)
            await asyncio.to_thread(self._engine.stop)
            await self._flush_inbox()
            self._set_state(link.SESSION_STATE_DOWN, why)
            # What is kept here may be all, but a rewind is always right.
            self._lossy = True

    async def _flush_inbox(self) -> None:
        """Wait until everything handed over before now was taken in."""
        flushed = asyncio.Event()
        self._marks.append(flushed)
        while not self._inbox.put(Handed(Told.NOTE, _MARK, 0)):  # noqa: ASYNC110  full: rare
            await asyncio.sleep(TICK_S / 5)
        await flushed.wait()

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._check_recovered()
            broken = self._engine.running and (self._engine.spoiled or self._lossy)
            away_s = self._clock.monotonic() - self._link_down_since
            if self._linked:
                if broken or not (self._engine.running or self._stopping):
                    self._start_over.set()
            elif broken:
                await self._stop_engine("more reports than can be kept without the OMS")
            elif self._engine.running and away_s > LINK_DOWN_LOGOUT_S:
                await self._stop_engine("the OMS is away")

    # -- what FIX threads hand over -----------------------------------------------------------

    async def _intake(self) -> None:
        while True:
            for handed in await self._inbox.get_batch(MESSAGES_PER_FRAME):
                try:
                    self._take(handed)
                except Exception:  # noqa: BLE001  whatever it is, the session goes on
                    # Our own fault; the venue's message is not lost: the session is rewound.
                    _log.exception("could not take in", session_id=self.config.session_id)
                    self._lossy = True
            self._check_recovered()
            self._kept_gauge.set(len(self._kept))
            self._poke()

    def _take(self, handed: Handed) -> None:
        if handed.told in {Told.MESSAGE, Told.UNREADABLE}:
            self._take_message(handed)
        elif handed.told is Told.LOGON:
            self._logged_on(handed)
        elif handed.told is Told.LOGOUT:
            self._set_state(link.SESSION_STATE_DOWN, handed.raw or "disconnected")
        elif handed.told is Told.NOT_RESENT:
            self.outbound.ask_about(handed.raw)
        elif handed.raw == _MARK:
            self._marks.pop(0).set()
        elif self.state == link.SESSION_STATE_DOWN and handed.raw != self._text:
            self._text = handed.raw
            self._status_due = True

    def _take_message(self, handed: Handed) -> None:
        if self._lossy or self._kept.full:
            self._lossy = True
            return
        number = handed.number or self._last_number
        self._last_number = number
        status = self._reader.trading_session_status(handed.raw)
        if status is not None:
            self._trading_session_status = status
            self._status_due = True
            return
        mass = self._reader.mass_answer(handed.raw)
        message = self._reader.read(handed.raw, self._epoch_ns, handed.received_ns, number)
        if mass is not None or message.WhichOneof("body") in REFUSALS:
            self.outbound.heard_of_all(message)
        if mass is not None:
            request_id, last, of_order = mass
            if last:
                self.outbound.all_told(request_id)
            if not of_order:
                return
        kind = message.WhichOneof("body") or "none"
        metrics.MESSAGES.labels(self.config.session_id, kind).inc()
        if kind == "parked":
            metrics.PARKED.labels(self.config.session_id).inc()
            _log.error(
                "message parked", session_id=self.config.session_id, msg_seq_num=number,
                error=message.parked.error,
            )  # fmt: skip
        self._kept.append(self._epoch_ns, number, message)

    def _logged_on(self, handed: Handed) -> None:
        if handed.epoch_ns and handed.epoch_ns != self._epoch_ns:
            self._epoch_ns = handed.epoch_ns
            if not len(self._kept):
                self._kept.start(handed.epoch_ns, 0)
        self._logon_number = handed.number
        self._set_state(link.SESSION_STATE_RECOVERING, "logged on")
        self._check_recovered()

    def _check_recovered(self) -> None:
        if self.state != link.SESSION_STATE_RECOVERING:
            return
        expected = self._engine.numbers()[1]
        age_s = (self._clock.now_ns() - self._since_ns) / _NS
        if expected > self._logon_number:
            self._set_state(link.SESSION_STATE_UP, "logged on")
        elif age_s > RECOVERING_MAX_S:
            self._set_state(
                link.SESSION_STATE_UP,
                f"logged on; the venue has not resent from {expected} to {self._logon_number}",
            )

    def _set_state(self, state: link.SessionState, text: str) -> None:
        if state != self.state:
            self._since_ns = self._clock.now_ns()
            _log.info(
                "session state", session_id=self.config.session_id,
                state=link.SessionState.Name(state), text=text,
            )  # fmt: skip
        self.state, self._text, self._status_due = state, text, True
        self._state_gauge.set(state)
        if state == link.SESSION_STATE_UP:
            self.outbound.wake()
        self._poke()


def printable(text: str) -> str:
    """Return what our contracts take as a text of any venue's words."""
    return "".join(one if one.isprintable() else " " for one in text[:TEXT_MAX])
