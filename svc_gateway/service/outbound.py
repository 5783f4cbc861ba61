"""Commands for the venue: in order, at its rate, at most once, with a receipt."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.log import get_logger
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway import metrics
from svc_gateway.domain.blocks import Block, Subject, first_covering
from svc_gateway.domain.fate import Fate, Question, judge
from svc_gateway.domain.pacing import TokenBucket
from svc_gateway.domain.trading_sessions import TradingSessions
from svc_gateway.service.ages import age_limit
from svc_gateway.service.mass_status import MassStatus, unanswered
from svc_gateway.service.ports import (
    CannotExpressError,
    CommandWriter,
    FixEngine,
    InDoubtError,
    LinkBrokenError,
    NotSentError,
)
from svc_gateway.venues import SessionConfig

# Above this no more frames are read from the OMS; the commands wait there, durable.
QUEUED_COMMANDS_MAX = 5_000
# Receipts kept for a link that broke before the OMS had them. Older ones are found in the FIX
# store and answered with IN_DOUBT instead of SENT.
RECEIPTS_KEPT_MAX = 100_000
# A receipt that only says "sent" waits so long, to go together with the venue's answer or with so
# many others: alone it would be a frame of its own, just when the venue's answer comes. Receipts
# NOT_SENT and IN_DOUBT go at once, and so do all with a confirmation of kill switches.
RECEIPTS_GATHER_S = 0.02
RECEIPTS_GATHER_MAX = 50
# Status requests waiting. Above it the oldest is dropped and counted; the OMS asks again itself.
DOUBTS_MAX = 10_000
# Orders remembered that were never sent, so that their cancels are not sent either. If one is
# forgotten, its cancel is sent and the venue refuses it.
UNSENT_ORDERS_MAX = 20_000
# A link that is silent for so long is given up, with what was not sent. New orders and replaces
# leave only for so long after the OMS's last heartbeat. It sends one every 2 s and relies on this:
# after that time nothing leaves that a kill switch covers. Seconds.
LINK_SILENCE_MAX_S = 8
# Commands handled before other tasks get a turn.
COMMANDS_PER_TURN = 100
# Refusals of messages we cannot use, waiting to be sent. Above it no more are made.
ANSWERS_MAX = 100
# A waiting command is checked again after this long, for its age. Seconds.
AGE_CHECK_S = 0.5
_NOT_SENT = link.COMMAND_OUTCOME_NOT_SENT
_STALE_KINDS = frozenset({link.VENUE_COMMAND_KIND_NEW, link.VENUE_COMMAND_KIND_REPLACE})

_log = get_logger(__name__)


class Outbound:
    """The outbound half of one order session."""

    def __init__(
        self, config: SessionConfig, engine: FixEngine, writer: CommandWriter, clock: Clock,
        is_up: Callable[[], bool], receipt_ready: Callable[[], None], trading: TradingSessions,
    ) -> None:  # fmt: skip
        self._config = config
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._is_up = is_up
        self._receipt_ready = receipt_ready
        self._trading = trading
        self._bucket = TokenBucket(config.venue_messages_per_second, clock.monotonic())
        self._queue: deque[link.VenueCommand] = deque()
        # ClOrdID(11) and the OrderStatusRequest(H) about it.
        self._doubts: deque[tuple[str, str]] = deque()
        self._answers: deque[str] = deque(maxlen=ANSWERS_MAX)
        self._mass = MassStatus(offered=config.dialect.mass_status)
        self._receipts: deque[link.CommandReceipt] = deque()
        self._gathering: asyncio.TimerHandle | None = None
        self._not_resent: deque[link.CommandReceipt] = deque(maxlen=DOUBTS_MAX)
        self._kept: OrderedDict[int, link.CommandReceipt] = OrderedDict()
        self._requests_sent: frozenset[str] | None = None
        self._blocks: tuple[Block, ...] = ()
        self._unsent: OrderedDict[str, None] = OrderedDict()
        self._expected = 0
        self._heard_ns = 0
        # New orders and replaces wait: the FIX store may soon be full, and cancels come first.
        self.no_new_orders = False
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        label = config.session_id
        self._depth = metrics.QUEUED_COMMANDS.labels(label)
        self._outcomes = {
            number: metrics.COMMANDS.labels(label, name.removeprefix("COMMAND_OUTCOME_").lower())
            for name, number in link.CommandOutcome.items()
        }

    @property
    def queued(self) -> int:
        """Commands and status requests waiting."""
        return len(self._queue) + len(self._doubts)

    def open(self, next_sequence: int, requests_sent: frozenset[str]) -> None:
        """Begin a link: the OMS streams from this sequence on."""
        self.drop()
        self._expected = next_sequence
        self._requests_sent = requests_sent
        while self._kept and next(iter(self._kept)) < next_sequence:
            self._kept.popitem(last=False)

    def block(self, blocks: link.Blocks) -> None:
        """From now on hold back what these kill switches cover; they replace earlier ones."""
        names = Block._fields[2:]
        self._blocks = tuple(
            Block(one.switch_id, one.text, *(getattr(one.scope, name) for name in names))
            for one in blocks.blocks
            if not one.drill
        )
        self._wake.set()

    def heard(self, at_ns: int) -> None:
        """Note that the OMS was alive at this time, by its clock; UTC nanoseconds.

        The time of arrival would be wrong: a process that stood still finds old messages waiting.
        """
        self._heard_ns = max(self._heard_ns, at_ns)
        self._wake.set()

    def drop(self) -> None:
        """Forget what is not sent: the OMS has it, and streams it again over the next link."""
        self._queue.clear()
        self._receipts.clear()
        self._room.set()
        self._depth.set(self.queued)

    def accept(self, commands: Iterable[link.VenueCommand]) -> None:
        """Queue commands.

        Raises:
            LinkBrokenError: a sequence is missing; another link will bring it.
        """
        for command in commands:
            if self._expected and command.outbound_sequence != self._expected:
                raise LinkBrokenError(
                    f"outbound_sequence {command.outbound_sequence} came, "
                    f"{self._expected} was expected"
                )
            self._expected = command.outbound_sequence + 1
            self._queue.append(command)
        if len(self._queue) >= QUEUED_COMMANDS_MAX:
            self._room.clear()
        self._depth.set(self.queued)
        self._wake.set()

    async def room(self) -> None:
        """Wait until the queue is below its bound."""
        await self._room.wait()

    def wake(self) -> None:
        """Check again: the session came up."""
        self._mass.logged_on()
        self._wake.set()

    def ask_trading_status(self) -> None:
        """Ask whether the venue trades, where it answers that: the session has logged on."""
        self._trading.logged_on()
        self._wake.set()

    def look_again(self) -> None:
        """Check again: the OMS has confirmed whose the session is."""
        self._wake.set()

    def ask_about(self, sent: str) -> None:
        """Ask the venue what became of a request that it wanted resent."""
        subject, body = self._writer.ask_about(sent)
        if not body:
            return
        self._doubt(subject, body)
        receipt = self._writer.receipt_about(sent)
        if receipt is not None:
            self._not_resent.append(receipt)
            self._receipt_ready()

    def ask(self, commands: Iterable[link.VenueCommand]) -> None:
        """Ask the venue what became of commands whose fate the OMS does not know."""
        for command in commands:
            try:
                self._doubt(command.cl_ord_id, self._writer.ask(command))
            except CannotExpressError as error:
                _log.error("cannot be asked about", cl_ord_id=command.cl_ord_id, why=str(error))

    def answer(self, body: str) -> None:
        """Send a refusal of a message we cannot use, after what is being sent."""
        if body and len(self._answers) < ANSWERS_MAX:
            self._answers.append(body)
            self._wake.set()

    def take_not_resent(self, limit: int) -> list[link.CommandReceipt]:
        """Return the requests that the venue wanted resent, and that were not."""
        return [self._not_resent.popleft() for _ in range(min(limit, len(self._not_resent)))]

    def heard_of_all(self, message: link.VenueMessage) -> None:
        """Note a report of a mass answer, or a refusal of the question."""
        refused = (message.business_reject, message.session_reject)
        if any(one.ref_msg_type == "AF" for one in refused):
            self.ask_about_rest()
        order_id = self._mass.heard(message.execution_report)
        if order_id:
            self._doubts = deque(unanswered(self._doubts, order_id))

    def ask_about_rest(self, request_id: str = "") -> None:
        """Ask about the rest one by one: the mass answer is complete, or will not come."""
        self._mass.over(request_id)
        self._wake.set()

    def take_receipts(self, limit: int) -> list[link.CommandReceipt]:
        """Return receipts that the present link has not got, in order."""
        return [self._receipts.popleft() for _ in range(min(limit, len(self._receipts)))]

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            wait_s = self.work(COMMANDS_PER_TURN)
            if wait_s == 0:
                await asyncio.sleep(0)
                continue
            self._wake.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def work(self, limit: int) -> float:
        """Handle up to so many; return the seconds until it is worth trying again."""
        try:
            for _ in range(limit):
                wait_s = self._one()
                if wait_s > 0:
                    return wait_s
            return 0.0
        finally:
            self._depth.set(self.queued)
            if len(self._queue) < QUEUED_COMMANDS_MAX:
                self._room.set()

    def _one(self) -> float:
        up = self._is_up()
        if (up and self._doubts) or self._trading.due:
            asked = self._question_due()
            if asked is not None:
                return asked()
        if not self._queue:
            return self._send_answer() if up and self._answers else AGE_CHECK_S
        command = self._queue[0]
        kept = self._kept.get(command.outbound_sequence)
        if kept is not None and kept.cl_ord_id == command.cl_ord_id:
            # Its receipt was lost with a link; the venue has it once, and must not get it again.
            self._give(kept)
            return 0.0
        why = self._why_held_back(command)
        fate = judge(self._question(command, up, held_back=bool(why)))
        if fate is Fate.SEND:
            return self._send(command)
        if fate is Fate.WAIT:
            return AGE_CHECK_S
        if fate is Fate.NOT_SENT:
            self._settle(
                command, link.COMMAND_OUTCOME_NOT_SENT,
                why or "older than {} {}".format(*age_limit(command, self._config)),
            )  # fmt: skip
        else:
            self._ask(command, "it was committed before this link, and may have left before")
        return 0.0

    def _why_held_back(self, command: link.VenueCommand) -> str:
        """Return why a command must not be sent; empty if it may be."""
        if command.withdrawn:
            return "withdrawn by the OMS: no gateway had it in time"
        if command.kind == link.VENUE_COMMAND_KIND_STATUS:
            return ""
        if command.kind != link.VENUE_COMMAND_KIND_NEW and command.order_id in self._unsent:
            return "the order itself was not sent"
        if not self._blocks or command.kind not in _STALE_KINDS:
            return ""
        config = self._config
        known = bool(command.placed_by)
        block = first_covering(
            self._blocks,
            Subject(
                command.firm_id, command.desk_id, command.account_id,
                (command.placed_by, command.requested_by), command.regulatory.algorithm_id,
                config.session_id, config.venue_mic, f"{command.symbol}.{config.venue_mic}", known,
            ),
        )  # fmt: skip
        return "" if block is None else block.text

    def _question_due(self) -> Callable[[], float] | None:
        """Return the function that asks the venue what is to be asked now, if there is one."""
        if self._trading.due:
            return self._send_status_request
        if self._mass.waits(self._clock.monotonic()):
            return None
        if not self._mass.due:
            return self._send_doubt
        # The next one may be in doubt, too.
        more = self._queue and self._queue[0].redelivered
        return None if more else self._ask_for_all

    def _question(self, command: link.VenueCommand, up: bool, *, held_back: bool) -> Question:
        if not command.redelivered:
            self._requests_sent = None
        in_store = command.redelivered and command.cl_ord_id in (self._requests_sent or ())
        return Question(
            goes_stale=command.kind in _STALE_KINDS,
            harmless=command.kind == link.VENUE_COMMAND_KIND_STATUS,
            redelivered=command.redelivered,
            committed_ns=from_timestamp(command.committed_at),
            now_ns=self._clock.now_ns(),
            age_max_s=age_limit(command, self._config)[1],
            session_up=up,
            store_epoch_ns=self._engine.epoch_ns() if command.redelivered else 0,
            in_store=in_store,
            held_back=held_back,
            unheard=self.no_new_orders
            or self._clock.now_ns() - self._heard_ns > LINK_SILENCE_MAX_S * NS_PER_S,
        )

    def _send(self, command: link.VenueCommand) -> float:
        wait_s = self._bucket.take(self._clock.monotonic())
        if wait_s > 0:
            return wait_s
        try:
            body, groups = self._writer.write(command, self._clock.now_ns())
            number = self._engine.send(body, groups)
        except CannotExpressError as error:
            self._settle(command, link.COMMAND_OUTCOME_NOT_SENT, f"{error}")
        except NotSentError:
            return AGE_CHECK_S  # the session has just gone down; the command stays at the head
        except InDoubtError as error:
            self._ask(command, f"{error}")
        else:
            self._settle(command, link.COMMAND_OUTCOME_SENT, "", number)
        return 0.0

    def _ask_for_all(self) -> float:
        """Ask about everything at once, the first time after a logon."""
        request_id = f"M{self._clock.now_ns()}"
        if wait_s := self._send_beside(self._writer.ask_all(request_id)):
            return wait_s
        subjects = [subject for subject, _ in self._doubts]
        self._mass.asked(request_id, subjects, self._clock.monotonic())
        metrics.STATUS_REQUESTS.labels(self._config.session_id).inc()
        return 0.0

    def _send_status_request(self) -> float:
        request_id = f"T{self._clock.now_ns()}"
        if wait_s := self._send_beside(self._writer.ask_trading_status(request_id)):
            return wait_s
        self._trading.asked(request_id, self._clock.monotonic())
        return 0.0

    def _send_doubt(self) -> float:
        if wait_s := self._send_beside(self._doubts[0][1]):
            return wait_s
        self._doubts.popleft()
        metrics.STATUS_REQUESTS.labels(self._config.session_id).inc()
        return 0.0

    def _send_answer(self) -> float:
        if wait_s := self._send_beside(self._answers[0]):
            return wait_s
        self._answers.popleft()
        metrics.BUSINESS_REJECTS.labels(self._config.session_id).inc()
        return 0.0

    def _send_beside(self, body: str) -> float:
        """Send a message that is no command; return 0, or the seconds before another try."""
        wait_s = self._bucket.take(self._clock.monotonic())
        if wait_s > 0:
            return wait_s
        try:
            self._engine.send(body)
        except (NotSentError, InDoubtError):
            return AGE_CHECK_S  # a question may be asked twice
        return 0.0

    def _ask(self, command: link.VenueCommand, why: str) -> None:
        _log.warning(
            "command in doubt", session_id=self._config.session_id, cl_ord_id=command.cl_ord_id,
            outbound_sequence=command.outbound_sequence, why=why,
        )  # fmt: skip
        try:
            self._doubt(command.cl_ord_id, self._writer.ask(command))
        except CannotExpressError as error:
            why = f"{why}; and it cannot be asked about: {error}"
        self._settle(command, link.COMMAND_OUTCOME_IN_DOUBT, why)

    def _doubt(self, subject: str, body: str) -> None:
        if len(self._doubts) >= DOUBTS_MAX:
            self._doubts.popleft()
            metrics.DOUBTS_DROPPED.labels(self._config.session_id).inc()
        self._doubts.append((subject, body))
        self._wake.set()

    def _settle(
        self, command: link.VenueCommand, outcome: link.CommandOutcome, text: str, number: int = 0
    ) -> None:
        receipt = link.CommandReceipt(
            outbound_sequence=command.outbound_sequence,
            cl_ord_id=command.cl_ord_id,
            outcome=outcome,
            msg_seq_num=number,
            text=text[:256],
            order_id=command.order_id,
            kind=command.kind,
        )
        self._kept[command.outbound_sequence] = receipt
        if command.kind == link.VENUE_COMMAND_KIND_NEW and outcome == _NOT_SENT:
            self._unsent[command.order_id] = None
            if len(self._unsent) > UNSENT_ORDERS_MAX:
                self._unsent.popitem(last=False)
        if len(self._kept) > RECEIPTS_KEPT_MAX:
            self._kept.popitem(last=False)
        self._outcomes[outcome].inc()
        self._give(receipt)

    def _give(self, receipt: link.CommandReceipt) -> None:
        self._queue.popleft()
        self._receipts.append(receipt)
        sent = receipt.outcome == link.COMMAND_OUTCOME_SENT
        if not sent or len(self._receipts) >= RECEIPTS_GATHER_MAX:
            self._receipt_ready()
        elif self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(
                RECEIPTS_GATHER_S, self._gathered
            )

    def _gathered(self) -> None:
        self._gathering = None
        if self._receipts:
            self._receipt_ready()
