"""Commands for the venue: the most urgent first, at its rate, at most once, with a receipt.

A cancel overtakes replaces and new orders. A new order that still waits when its cancel comes is
withdrawn: neither is ever sent. After a crash the OMS streams both again, and the same follows from
the same commands; so that no withdrawn order is sent meanwhile, nothing but cancels leaves before
everything is there that an earlier link can have had.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from heapq import heappop, heappush

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.log import get_logger
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway import metrics
from svc_gateway.domain.market.trading_sessions import TradingSessions
from svc_gateway.domain.sending.blocks import Block, Subject, first_covering
from svc_gateway.domain.sending.fate import Fate, Question, judge
from svc_gateway.domain.sending.pacing import TokenBucket
from svc_gateway.domain.sending.send_queue import SendQueue, Urgency
from svc_gateway.service.ports import (
    CannotExpressError,
    CommandWriter,
    FixEngine,
    InDoubtError,
    LinkBrokenError,
    NotSentError,
)
from svc_gateway.service.sending.ages import age_limit
from svc_gateway.service.sending.questions import Questions
from svc_gateway.service.sending.receipts import Receipts
from svc_gateway.venues import SessionConfig

# Above this no more frames are read from the OMS; the commands wait there, durable.
QUEUED_COMMANDS_MAX = 5_000
# Orders remembered that were never sent, so that their cancels are not sent either. If one is
# forgotten, its cancel is sent and the venue refuses it.
UNSENT_ORDERS_MAX = 20_000
# A link that is silent for so long is given up, with what was not sent. New orders and replaces
# leave only for so long after the OMS's last heartbeat. It sends one every 2 s and relies on this:
# after that time nothing leaves that a kill switch covers. Seconds.
LINK_SILENCE_MAX_S = 8
# Commands handled before other tasks get a turn.
COMMANDS_PER_TURN = 100
# A waiting command is checked again after this long, for its age. Seconds.
AGE_CHECK_S = 0.5
_NEVER_SENT = frozenset({link.COMMAND_OUTCOME_NOT_SENT, link.COMMAND_OUTCOME_WITHDRAWN})
_WITHDRAWN_TEXT = "withdrawn: its cancel came while it waited to be sent"
_URGENCIES = {
    link.VENUE_COMMAND_KIND_CANCEL: Urgency.CANCEL,
    link.VENUE_COMMAND_KIND_NEW: Urgency.NEW,
}
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
        self._bucket = TokenBucket(config.venue_messages_per_second, clock.monotonic())
        self._queue: SendQueue[link.VenueCommand] = SendQueue()
        # When new orders and replaces become too old: UTC nanoseconds, outbound sequence, order_id.
        self._deadlines: list[tuple[int, int, str]] = []
        self._wake = asyncio.Event()
        self.receipts = Receipts(receipt_ready)
        self.questions = Questions(
            config, engine, writer, clock, self._bucket, self._wake.set, receipt_ready, trading
        )
        self._requests_sent: frozenset[str] = frozenset()
        self._blocks: tuple[Block, ...] = ()
        # Orders and replaces that were never sent: order_id or ClOrdID(11).
        self._unsent: OrderedDict[str, None] = OrderedDict()
        self._expected = 0
        # The last command that an earlier link can have had; None: the OMS is older than WITHDRAWN.
        self._redelivered_to: int | None = None
        self._heard_ns = 0
        # New orders and replaces wait: the FIX store may soon be full, and cancels come first.
        self.no_new_orders = False
        self._room = asyncio.Event()
        self._room.set()
        label = config.session_id
        self._depth = metrics.QUEUED_COMMANDS.labels(label)
        self._outcomes = {
            number: metrics.COMMANDS.labels(label, name.removeprefix("COMMAND_OUTCOME_").lower())
            for name, number in link.CommandOutcome.items()
        }
        # Outcomes that are not counted yet: they are, once for all of a turn.
        self._settled: Counter[int] = Counter()

    @property
    def queued(self) -> int:
        """Commands and status requests waiting."""
        return len(self._queue) + len(self.questions)

    def open(self, opened: link.LinkOpened, requests_sent: frozenset[str]) -> None:
        """Begin a link: the OMS streams from its next sequence on."""
        self.drop()
        self.receipts.open(opened.next_outbound_sequence)
        self._expected = opened.next_outbound_sequence
        self._requests_sent = requests_sent
        known = opened.HasField("redelivered_to")
        self._redelivered_to = opened.redelivered_to if known else None

    def block(self, blocks: link.Blocks) -> None:
        """From now on hold back what these kill switches cover; they replace earlier ones."""
        names = Block._fields[2:]
        self._blocks = tuple(
            Block(one.switch_id, one.text, *(getattr(one.scope, name) for name in names))
            for one in blocks.blocks
            if not one.drill
        )
        # At once: what is not covered may wait for the venue's rate.
        for command in self._queue.all():
            if why := self._why_held_back(command):
                self._settle(command, link.COMMAND_OUTCOME_NOT_SENT, why)
        self._count_outcomes()
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
        self._deadlines.clear()
        self.receipts.drop()
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
            self._take(command)
        self._count_outcomes()
        if len(self._queue) >= QUEUED_COMMANDS_MAX:
            self._room.clear()
        self._depth.set(self.queued)
        self._wake.set()

    def _take(self, command: link.VenueCommand) -> None:
        """Queue a command, unless it has left before or has become pointless."""
        given = self.receipts.earlier(command)
        if given is not None:
            # Its receipt was lost with a link; the venue has it once, and must not get it again.
            if given.outcome == link.COMMAND_OUTCOME_IN_DOUBT:
                # The OMS may have had it early, and the answer to the first question too.
                self.questions.ask(command)
            self.receipts.give(given)
            return
        if not command.redelivered:
            self._requests_sent = frozenset()
        urgency = _URGENCIES.get(command.kind, Urgency.REPLACE)
        if urgency is Urgency.CANCEL:
            if self._redelivered_to is None:
                urgency = Urgency.REPLACE
            else:
                self._withdraw(command.order_id)
            self._name_as_sent(command)
        if command.redelivered and judge(self._question(command, up=False)) is Fate.IN_DOUBT:
            self._in_doubt(command, "it was committed before this link, and may have left before")
        elif why := self._why_held_back(command):
            self._settle(command, link.COMMAND_OUTCOME_NOT_SENT, why)
        else:
            sequence, order_id = command.outbound_sequence, command.order_id
            self._queue.add(sequence, order_id, urgency, command)
            if command.kind in _STALE_KINDS:
                age_ns = age_limit(command, self._config)[1] * NS_PER_S
                deadline_ns = from_timestamp(command.committed_at) + age_ns
                heappush(self._deadlines, (deadline_ns, sequence, order_id))

    def _withdraw(self, order_id: str) -> None:
        """Never send what waits of an order: its cancel has come."""
        for command in self._queue.of_order(order_id):
            is_new = command.kind == link.VENUE_COMMAND_KIND_NEW
            self._settle(
                command,
                link.COMMAND_OUTCOME_WITHDRAWN if is_new else link.COMMAND_OUTCOME_NOT_SENT,
                _WITHDRAWN_TEXT,
            )

    def _name_as_sent(self, command: link.VenueCommand) -> None:
        """Have a cancel name the request that the venue knows, if the replace before never left."""
        replace = command.orig_cl_ord_id
        never_left = replace in self._unsent or (
            command.redelivered
            and replace not in self._requests_sent
            and self._engine.epoch_ns() <= from_timestamp(command.committed_at)
        )
        if command.orig_cl_ord_id_before and never_left:
            command.orig_cl_ord_id = command.orig_cl_ord_id_before

    async def room(self) -> None:
        """Wait until the queue is below its bound."""
        await self._room.wait()

    def wake(self) -> None:
        """Check again: the session came up."""
        self.questions.logged_on()
        self._wake.set()

    def ask_trading_status(self) -> None:
        """Ask whether the venue trades, where it answers that: the session has logged on."""
        self.questions.trading.logged_on()
        self._wake.set()

    def look_again(self) -> None:
        """Check again: the OMS has confirmed whose the session is."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            wait_s = self.work(COMMANDS_PER_TURN)
            if wait_s == 0:
                await asyncio.sleep(0)
                continue
            self._wake.clear()
            timer = asyncio.get_running_loop().call_later(wait_s, self._wake.set)
            try:
                await self._wake.wait()
            finally:
                timer.cancel()

    def work(self, limit: int) -> float:
        """Handle up to so many; return the seconds until it is worth trying again."""
        try:
            for _ in range(limit):
                wait_s = self._one()
                if wait_s > 0:
                    return 0.0 if self._end_pointless() else wait_s
            return 0.0
        finally:
            self._count_outcomes()
            self._depth.set(self.queued)
            if len(self._queue) < QUEUED_COMMANDS_MAX:
                self._room.set()

    def _one(self) -> float:
        up = self._is_up()
        if (wait_s := self.questions.send_trading_question()) is not None:
            return wait_s
        first = self._queue.first()
        urgent = first is not None and first[0] is Urgency.CANCEL
        if up and not urgent:
            wait_s = self.questions.send(more=self._redelivering)
            if wait_s is None and first is None:
                wait_s = self.questions.send_answer()
            if wait_s is not None:
                return wait_s
        if first is None:
            return AGE_CHECK_S
        if self._redelivering and not urgent:
            return AGE_CHECK_S
        command = first[1]
        why = self._why_held_back(command)
        fate = judge(self._question(command, up, held_back=bool(why)))
        if fate is Fate.NOT_SENT:
            self._end(command, why)
            return 0.0
        return self._send(command) if fate is Fate.SEND else AGE_CHECK_S

    def _ended(self, command: link.VenueCommand) -> bool:
        """End a command if it will never be sent; return whether it was one."""
        why = self._why_held_back(command)
        fate = judge(self._question(command, up=False, held_back=bool(why)))
        if fate is Fate.NOT_SENT:
            self._end(command, why)
        return fate is Fate.NOT_SENT

    def _end(self, command: link.VenueCommand, why: str) -> None:
        """End a command that will never be sent: held back, or too old."""
        why = why or "older than {} {}".format(*age_limit(command, self._config))
        self._settle(command, link.COMMAND_OUTCOME_NOT_SENT, why)
        for later in self._queue.of_order(command.order_id):
            self._ended(later)

    def _end_pointless(self) -> int:
        """End what has become too old while others wait for the venue; return how many."""
        ended = 0
        now_ns = self._clock.now_ns()
        while ended < COMMANDS_PER_TURN and self._deadlines and self._deadlines[0][0] < now_ns:
            _, sequence, order_id = heappop(self._deadlines)
            command = self._queue.find(sequence, order_id)
            ended += command is not None and self._ended(command)
        return ended

    @property
    def _redelivering(self) -> bool:
        """Whether commands are still to come that an earlier link may have had."""
        return self._redelivered_to is not None and self._expected <= self._redelivered_to

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

    def _question(
        self, command: link.VenueCommand, up: bool, *, held_back: bool = False
    ) -> Question:
        kind, redelivered, now_ns = command.kind, command.redelivered, self._clock.now_ns()
        goes_stale = kind in _STALE_KINDS
        # By position, for each command: with names it takes twice as long.
        return Question(
            goes_stale,
            kind == link.VENUE_COMMAND_KIND_STATUS,
            redelivered,
            from_timestamp(command.committed_at),
            now_ns,
            age_limit(command, self._config)[1] if goes_stale else 0,
            up,
            self._engine.epoch_ns() if redelivered else 0,
            redelivered and command.cl_ord_id in self._requests_sent,
            held_back,
            self.no_new_orders or now_ns - self._heard_ns > LINK_SILENCE_MAX_S * NS_PER_S,
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
            self._in_doubt(command, f"{error}")
        else:
            self._settle(command, link.COMMAND_OUTCOME_SENT, "", number)
        return 0.0

    def _in_doubt(self, command: link.VenueCommand, why: str) -> None:
        _log.warning(
            "command in doubt", session_id=self._config.session_id, cl_ord_id=command.cl_ord_id,
            outbound_sequence=command.outbound_sequence, why=why,
        )  # fmt: skip
        if cannot := self.questions.ask(command):
            why = f"{why}; and it cannot be asked about: {cannot}"
        self._settle(command, link.COMMAND_OUTCOME_IN_DOUBT, why)

    def _settle(
        self, command: link.VenueCommand, outcome: link.CommandOutcome, text: str, number: int = 0
    ) -> None:
        sequence, order_id = command.outbound_sequence, command.order_id
        receipt = link.CommandReceipt()
        receipt.outbound_sequence = sequence
        receipt.cl_ord_id = command.cl_ord_id
        receipt.outcome = outcome
        receipt.msg_seq_num = number
        receipt.order_id = order_id
        receipt.kind = command.kind
        if text:
            receipt.text = text[:256]
        if outcome in _NEVER_SENT and command.kind in _STALE_KINDS:
            is_new = command.kind == link.VENUE_COMMAND_KIND_NEW
            self._unsent[order_id if is_new else command.cl_ord_id] = None
            if len(self._unsent) > UNSENT_ORDERS_MAX:
                self._unsent.popitem(last=False)
        self._settled[outcome] += 1
        self._queue.discard(sequence, order_id)
        self.receipts.give(receipt)

    def _count_outcomes(self) -> None:
        for outcome, count in self._settled.items():
            self._outcomes[outcome].inc(count)
        self._settled.clear()
