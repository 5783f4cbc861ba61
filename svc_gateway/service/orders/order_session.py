"""One order session: a FIX session that is logged on only while a link to the OMS is open.

Its life: connect to the OMS and open the link; the OMS answers with the last MsgSeqNum(34) it has
applied. Set QuickFIX's next expected number to that + 1 and log on: the venue resends what is
missing. Then commands go out and reports come in until either side breaks.

- The link breaks: the FIX session stays on for `LINK_DOWN_LOGOUT_S`, and reports are kept. A new
  link that finds all of them here goes on at once. Later, or when `UNACKNOWLEDGED_MAX` is reached,
  the session is logged out: the venue keeps its reports and resends them after the next open.
- The FIX session breaks: QuickFIX connects again; commands wait here.
- Something was lost between QuickFIX's thread and us: the same as at a start.
- Another gateway has the session: this one stands by and leaves the store alone.
- The FIX store cannot be written: the session is down for new orders until it can.
- This process stood still: nothing is sent until a new link says whose the session is.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from itertools import chain

from kernel.clock import Clock
from mesh.encoding import key, size
from mesh.log import get_logger
from mesh.timestamps import to_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.type.v1 import stream_pb2
from ordermesh_rpc.backoff import Backoff
from svc_gateway import metrics
from svc_gateway.domain.sessions.unacknowledged import Unacknowledged
from svc_gateway.service.orders.administration import Administration
from svc_gateway.service.orders.book_knowledge import BookKnowledge
from svc_gateway.service.orders.intake import Intake
from svc_gateway.service.orders.liveness import Liveness
from svc_gateway.service.orders.ownership import Ownership
from svc_gateway.service.orders.standby import BEAT_S, LinkStream, alive_during, stand_by
from svc_gateway.service.ports import (
    CommandWriter,
    FixEngine,
    Inbox,
    LinkBrokenError,
    ReportReader,
    StoreLock,
)
from svc_gateway.service.sending.outbound import LINK_SILENCE_MAX_S, Outbound
from svc_gateway.service.session_view import SessionView
from svc_gateway.service.together import RedialError, keep_linked, until_one_ends
from svc_gateway.venues import SessionConfig

# Reports kept for the OMS. Beyond it the session is logged out, and the venue keeps them.
UNACKNOWLEDGED_MAX = 20_000
# The OMS may be away this long before the session is logged out. Seconds.
LINK_DOWN_LOGOUT_S = 15.0
LINK_OPEN_TIMEOUT_S = 10.0
# The gateway of a lost store may be alive without the OMS, and no lock shows it. After this time it
# sends no new orders (SESSION_QUIET_S of the OMS): only then kill switches are confirmed. Seconds.
STORE_LOST_QUIET_S = 15.0
# Between checks of what no event reports. Seconds.
TICK_S = 0.25
# The OMS gets the session's status at least this often. Seconds.
STATUS_S = 5.0
# How long the last reports have to become durable when we stop. Seconds.
STOP_FLUSH_S = 3.0
MESSAGES_PER_FRAME = 500
RECEIPTS_PER_FRAME = 1000
_MESSAGES = key(link.LinkRequest, "messages")

_log = get_logger(__name__)


class OrderSession:
    """One order session."""

    def __init__(
        self, config: SessionConfig, engine: FixEngine, inbox: Inbox, reader: ReportReader,
        writer: CommandWriter, dial: Callable[[], Awaitable[LinkStream]], clock: Clock,
        instance: str, lock: StoreLock, knowledge: BookKnowledge,
    ) -> None:  # fmt: skip
        self.config = config
        self._engine = engine
        self._dial = dial
        self._clock = clock
        self._knowledge = knowledge
        self.kept: Unacknowledged[bytes] = Unacknowledged(UNACKNOWLEDGED_MAX)
        self.view = SessionView(config, engine, clock, instance, lambda: self.outbound.queued)
        self.outbound = Outbound(
            config, engine, writer, clock, self._may_send, self.poke, self.view.trading
        )
        self.ownership = Ownership(config, engine, lock, clock)
        self.liveness = Liveness(config.session_id, engine, self.ownership, clock)
        self.administration = Administration(self, engine)
        self.intake = Intake(self, inbox, reader, clock)
        # An operator, or numbers that are being set, keep the session from logging on.
        self.kept_out = False
        self._token = 0
        self._acked = (0, 0)
        self._linked = False
        self._link_down_since = clock.monotonic()
        self._blocks_version = self._blocks_reported = 0
        self._confirm_from = 0.0
        self._uplink_wake = asyncio.Event()
        self._beat_due = True
        self._start_over = asyncio.Event()
        self._why_over = ""
        self._acknowledged = asyncio.Event()
        self.engine_lock = asyncio.Lock()
        self._stopping = False
        self.name = name = config.session_id
        self._link_gauge = metrics.LINK_UP.labels(name)
        self._kept_gauge = metrics.UNACKNOWLEDGED.labels(name)

    # -- for the composition root -------------------------------------------------------------

    async def run(self, backoff: Backoff) -> None:
        """Work until cancelled. `backoff` gives the delay before each connection."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.intake.run())
            tasks.create_task(self._ticks())
            tasks.create_task(self.liveness.run())
            tasks.create_task(self.outbound.run())
            tasks.create_task(self._knowledge.keeper.run())
            links = keep_linked(
                self._one_link, self.name, backoff, self._clock, lambda: self._stopping
            )
            tasks.create_task(links)

    async def stop(self) -> None:
        """Log out, and let the last reports become durable if the OMS can be reached."""
        self._stopping = True
        async with self.engine_lock:
            await asyncio.to_thread(self._engine.stop)
        await self.all_durable(STOP_FLUSH_S)
        self.ownership.free()

    async def all_durable(self, seconds: float) -> bool:
        """Wait until the OMS has all reports of the venue; return whether it has."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.flush_inbox()
                while self._linked and len(self.kept):
                    self._acknowledged.clear()
                    await self._acknowledged.wait()
        return not len(self.kept)

    async def until_acknowledged(self) -> tuple[int, int]:
        """Wait for the OMS's next acknowledgement, and return it."""
        self._acknowledged.clear()
        await self._acknowledged.wait()
        return self._acked

    # -- the link -----------------------------------------------------------------------------

    async def _one_link(self) -> None:
        stream = await self._dial()
        dialled_ns = self._clock.now_ns()
        try:
            async with asyncio.timeout(LINK_OPEN_TIMEOUT_S):
                known = await self._knowledge.opening()
                opening = self.view.opening(known, store_lost=self.ownership.store_lost)
                await stream.send(link.LinkRequest(open=opening))
                first = await stream.receive()
            if first.HasField("standby"):
                first = await self._stand_by(stream, first.standby)
            if not first.HasField("opened"):
                raise LinkBrokenError("the first frame of the OMS is not LinkOpened")
            if first.opened.fencing_token < self._token:
                raise LinkBrokenError(
                    f"fencing token {first.opened.fencing_token} is older than {self._token}"
                )
            self._token = first.opened.fencing_token
            self._start_over.clear()
            owned = self._knowledge.own(self.ownership, self.view, first.opened)
            await alive_during(owned, stream, self._heartbeat)
            await self._knowledge.recover(stream, first.opened)
            await alive_during(self._prepare(first.opened), stream, self._heartbeat)
            self.liveness.link_open(first.opened)
            self._blocks_reported = 0
            self.outbound.heard(dialled_ns)
            self._block(first.opened.blocks)
            self.outbound.accept(first.commands)
            self._linked, self.view.due = True, True
            self._link_gauge.set(1)
            _log.info(
                "link open", session_id=self.config.session_id, fencing_token=self._token,
                applied=first.opened.applied_inbound_msg_seq_num,
            )  # fmt: skip
            await until_one_ends(
                self._downlink(stream), self._uplink(stream), self._start_anew(),
                self.administration.run(first.opened),
            )  # fmt: skip
        except RedialError:
            with contextlib.suppress(LinkBrokenError):
                await stream.send(link.LinkRequest(back_soon=True))
                await stream.finish()
            raise
        finally:
            self._linked = False
            self.liveness.link_over()
            self._link_gauge.set(0)
            self._link_down_since = self._clock.monotonic()
            self.outbound.drop()
            await stream.close()

    async def _prepare(self, opened: link.LinkOpened) -> None:
        self.check_disk()
        store_is_new = self.ownership.store_lost
        if not self.view.store_fault:
            await self.ownership.check_store(opened)
        if store_is_new:
            self._confirm_from = self._clock.monotonic() + STORE_LOST_QUIET_S
        await self._attach(opened)

    async def _start_anew(self) -> None:
        await self._start_over.wait()
        raise RedialError(f"the FIX session must be started again: {self._why_over}")

    async def _stand_by(self, stream: LinkStream, answer: link.LinkStandby) -> link.LinkResponse:
        """Keep off the session until it is this gateway's; return the frame that gives it."""
        await self.stand_down(f"standby: {answer.text}")
        if self.ownership.store_lost:
            # What LinkOpen said of the store is not true any more.
            self.ownership.store_lost = False
            raise RedialError("the session has an owner, and the store with it")
        return await stand_by(
            stream, self._heartbeat,
            lambda text: self.view.set(link.SESSION_STATE_DOWN, f"standby: {text}"),
        )  # fmt: skip

    async def stand_down(self, why: str) -> None:
        """Log out, if logged on, and give the store up: the session is another gateway's."""
        async with self.engine_lock:
            if self._engine.running:
                await asyncio.to_thread(self._engine.stop)
                await self.flush_inbox()
                self.intake.lossy = True
            self.ownership.free()
            self.view.set(link.SESSION_STATE_DOWN, why)

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
                if frame.beat:
                    self.liveness.answered(frame.beat)
                    self.outbound.look_again()
                if frame.commands:
                    self.outbound.accept(frame.commands)
                if frame.HasField("ack"):
                    ack = frame.ack
                    self._acked = ack.session_epoch, ack.applied_inbound_msg_seq_num
                    self.kept.acknowledge(*self._acked)
                    self._kept_gauge.set(len(self.kept))
                    self._acknowledged.set()
                if frame.HasField("admin"):
                    self.administration.take(frame.admin)
                self._knowledge.keeper.take(frame)
                if frame.questions:
                    self.outbound.questions.ask_each(frame.questions)
                if frame.HasField("drain"):
                    return
                await self.outbound.room()
                silence.reschedule(loop.time() + LINK_SILENCE_MAX_S)

    async def _uplink(self, stream: LinkStream) -> None:
        loop = asyncio.get_running_loop()
        time = loop.time
        # A wake-up without content, or other frames, delay neither.
        self._beat_due, status_due = True, time() + STATUS_S
        timer: asyncio.TimerHandle | None = None
        try:
            while True:
                self._uplink_wake.clear()
                self.view.due |= time() >= status_due
                frame = self._next_frame()
                if frame is None and not self._beat_due:
                    await self._uplink_wake.wait()
                    continue
                frame = frame or link.LinkRequest()
                if self._beat_due:
                    self._beat_due = False
                    self.liveness.mark(frame)
                    # One timer for each sign of life, and none for a frame. Whatever the clock
                    # says when it fires, the sign is due: nothing else would wake this.
                    timer = loop.call_later(BEAT_S, self._beat)
                if frame.HasField("status"):
                    status_due = time() + STATUS_S
                await stream.send(frame)
        finally:
            if timer is not None:
                timer.cancel()

    def _beat(self) -> None:
        self._beat_due = True
        self.poke()

    def _heartbeat(self) -> link.LinkRequest:
        beat = stream_pb2.Heartbeat(server_time=to_timestamp(self._clock.now_ns()))
        return link.LinkRequest(heartbeat=beat)

    def _block(self, blocks: link.Blocks) -> None:
        """Apply kill switches, and confirm them."""
        self.outbound.block(blocks)
        self._blocks_version = blocks.version
        self.poke()

    def _next_frame(self) -> link.LinkRequest | None:
        messages = self.kept.next_batch(MESSAGES_PER_FRAME)
        receipts = self.outbound.receipts.take(RECEIPTS_PER_FRAME)
        early = self.outbound.receipts.take_early(RECEIPTS_PER_FRAME)
        not_resent = self.outbound.questions.take_not_resent(RECEIPTS_PER_FRAME)
        result = None if self.kept.waiting else self.administration.take_result()
        blocks_due = (
            self._blocks_version != self._blocks_reported
            and self._clock.monotonic() >= self._confirm_from
        )
        due = self.view.due or blocks_due
        if not (due or messages or receipts or early or not_resent or result):
            return None
        frame = link.LinkRequest(
            receipts=receipts, early_receipts=early, not_resent=not_resent, admin_result=result,
        )  # fmt: skip
        if messages:
            parts = [(_MESSAGES, size(len(message)), message) for message in messages]
            frame.MergeFromString(b"".join(chain.from_iterable(parts)))
        if blocks_due:
            frame.blocks_version = self._blocks_reported = self._blocks_version
        if self.view.due:
            self.view.due = False
            frame.status.CopyFrom(self.view.status())
        return frame

    def poke(self) -> None:
        """Check whether there is something to send to the OMS."""
        self._uplink_wake.set()

    # -- the FIX session ----------------------------------------------------------------------

    @property
    def _must_start_over(self) -> str:
        """Return what was lost on the way in, or why the engine needs a restart; or ""."""
        if self.liveness.fenced:
            return "this process stood still"
        if self.intake.lossy:
            return "more reports came than can be kept" if self.kept.full else "reports were lost"
        return self._engine.spoiled or self._engine.stuck

    def _may_send(self) -> bool:
        return self.view.state == link.SESSION_STATE_UP and self.liveness.may_send()

    async def _attach(self, opened: link.LinkOpened) -> None:
        """Make the FIX session continue after what the OMS has applied."""
        applied, epoch = opened.applied_inbound_msg_seq_num, opened.session_epoch
        self.kept_out = opened.kept_out or opened.admin_pending
        async with self.engine_lock:
            sound = self._engine.running and not self._must_start_over
            if sound and self.kept.covers(epoch, applied):
                self.kept.acknowledge(epoch, applied)
                self.kept.give_again()
            else:
                await self.start_engine(epoch, applied)
            sent = await asyncio.to_thread(self._engine.requests_sent)
        self.outbound.open(opened, sent)

    async def start_engine(self, epoch: int, applied: int) -> None:
        """Begin after what is durable, unless the session must stay out."""
        await asyncio.to_thread(self._engine.stop)
        await self.flush_inbox()
        text = "kept out by an operator" if self.kept_out else "connecting"
        self.set_state(link.SESSION_STATE_DOWN, text)
        own = self._engine.epoch_ns()
        target = None
        if own:
            # Of this epoch the OMS has applied nothing: begin at 1.
            target = (applied if epoch == own else 0) + 1
            expected = self._engine.numbers()[1]
            if target < expected:
                metrics.REWINDS.labels(self.config.session_id).inc()
                _log.info(
                    "rewind", session_id=self.config.session_id, expected=expected, target=target
                )
        self.kept.start(own, target - 1 if target else 0)
        self.intake.lossy = self.liveness.fenced = False
        self.view.epoch_ns = own
        if self._stopping or self.kept_out or self.view.store_fault:
            return
        try:
            await asyncio.to_thread(self._engine.start, target)
        except Exception as error:
            # A certificate or secret that cannot be read; it may be mounted later.
            self.view.text = f"cannot be started: {error}"
            raise LinkBrokenError(f"the FIX session {self.view.text}") from error

    async def _stop_engine(self, why: str) -> None:
        async with self.engine_lock:
            if not self._engine.running or self._linked:
                return
            _log.warning("session logged out", session_id=self.config.session_id, why=why)
            await asyncio.to_thread(self._engine.stop)
            await self.flush_inbox()
            self.set_state(link.SESSION_STATE_DOWN, why)
            # The reports kept here may be complete, but a rewind is always correct.
            self.intake.lossy = True
            # A gateway that reaches the OMS may go on with the session.
            self.ownership.free()

    async def flush_inbox(self) -> None:
        """Wait until everything handed over before now was taken in."""
        await self.intake.flush()

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.intake.check_trading_status()
            self.intake.check_recovered()
            self.check_disk()
            broken = self._must_start_over if self._engine.running else ""
            away_s = self._clock.monotonic() - self._link_down_since
            if self._linked:
                out = self._stopping or self.kept_out or self.engine_lock.locked()
                started = self._engine.running or out
                if (broken or not started) and not self.view.store_fault:
                    self._why_over = broken or "it was stopped"
                    self._start_over.set()
            elif broken:
                await self._stop_engine(broken)
            elif self._engine.running and away_s > LINK_DOWN_LOGOUT_S:
                await self._stop_engine("the OMS is away")

    def check_disk(self) -> None:
        """Look whether the FIX store can be written, and report a change."""
        if self.view.set_store_fault(self._engine.store_fault()):
            self.outbound.no_new_orders = bool(self.view.store_fault)
            self.poke()

    def set_state(self, state: link.SessionState, text: str) -> None:
        """Set a state and report it."""
        self.view.set(state, text)
        if state == link.SESSION_STATE_UP:
            self.outbound.wake()
        elif state == link.SESSION_STATE_DOWN:
            self.view.trading.logged_out()
        self.poke()
