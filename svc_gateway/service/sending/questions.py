"""What an order session sends beside commands: questions about requests in doubt, and refusals."""

from collections import deque
from collections.abc import Callable, Iterable

from kernel.clock import Clock
from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway import metrics
from svc_gateway.domain.market.trading_sessions import TradingSessions
from svc_gateway.domain.sending.pacing import TokenBucket
from svc_gateway.service.ports import (
    CannotExpressError,
    CommandWriter,
    FixEngine,
    InDoubtError,
    NotSentError,
)
from svc_gateway.service.sending.mass_status import MassStatus, unanswered
from svc_gateway.venues import SessionConfig

# Status requests waiting. Above it the oldest is dropped and counted; the OMS asks again itself.
DOUBTS_MAX = 10_000
# Refusals of messages we cannot use, waiting to be sent. Above it no more are made.
ANSWERS_MAX = 100
# The session has just gone down: tried again after this long. Seconds.
DOWN_RETRY_S = 0.5

_log = get_logger(__name__)


class Questions:
    """The questions and refusals of one order session. They take from the commands' rate."""

    def __init__(
        self, config: SessionConfig, engine: FixEngine, writer: CommandWriter, clock: Clock,
        bucket: TokenBucket, wake: Callable[[], None], receipt_ready: Callable[[], None],
        trading: TradingSessions,
    ) -> None:  # fmt: skip
        self.trading = trading
        self._label = config.session_id
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._bucket = bucket
        self._wake = wake
        self._receipt_ready = receipt_ready
        # ClOrdID(11) and the OrderStatusRequest(H) about it.
        self._doubts: deque[tuple[str, str]] = deque()
        self._answers: deque[str] = deque(maxlen=ANSWERS_MAX)
        self._mass = MassStatus(offered=config.dialect.mass_status)
        self._not_resent: deque[link.CommandReceipt] = deque(maxlen=DOUBTS_MAX)

    def __len__(self) -> int:
        """Return how many status requests wait."""
        return len(self._doubts)

    def logged_on(self) -> None:
        """Begin anew: an earlier question about everything will not be answered."""
        self._mass.logged_on()

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

    def ask_each(self, commands: Iterable[link.VenueCommand]) -> None:
        """Ask the venue what became of commands whose fate the OMS does not know."""
        for command in commands:
            self.ask(command)

    def ask(self, command: link.VenueCommand) -> str:
        """Ask what became of a command; return why it cannot be asked about, or ""."""
        try:
            self._doubt(command.cl_ord_id, self._writer.ask(command))
        except CannotExpressError as error:
            _log.error("cannot be asked about", cl_ord_id=command.cl_ord_id, why=str(error))
            return f"{error}"
        return ""

    def answer(self, body: str) -> None:
        """Send a refusal of a message we cannot use, after what is being sent."""
        if body and len(self._answers) < ANSWERS_MAX:
            self._answers.append(body)
            self._wake()

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
        self._wake()

    def send(self, *, more: bool) -> float | None:
        """Ask about a doubt, or about all at once.

        Args:
            more: More doubts may come at once.

        Returns:
            Seconds before another try; 0 if it was sent, None if nothing is to be asked now.
        """
        if not self._doubts or self._mass.waits(self._clock.monotonic()):
            return None
        if not self._mass.due:
            return self._send_doubt()
        return None if more else self._ask_for_all()

    def send_trading_question(self) -> float | None:
        """Ask whether the venue trades, once after each logon; as `send`."""
        if not self.trading.due:
            return None
        request_id = f"T{self._clock.now_ns()}"
        if wait_s := self._send(self._writer.ask_trading_status(request_id)):
            return wait_s
        self.trading.asked(request_id, self._clock.monotonic())
        return 0.0

    def send_answer(self) -> float | None:
        """Send a refusal; as `send`."""
        if not self._answers:
            return None
        if wait_s := self._send(self._answers[0]):
            return wait_s
        self._answers.popleft()
        metrics.BUSINESS_REJECTS.labels(self._label).inc()
        return 0.0

    def _ask_for_all(self) -> float:
        """Ask about everything at once, the first time after a logon."""
        request_id = f"M{self._clock.now_ns()}"
        if wait_s := self._send(self._writer.ask_all(request_id)):
            return wait_s
        subjects = [subject for subject, _ in self._doubts]
        self._mass.asked(request_id, subjects, self._clock.monotonic())
        metrics.STATUS_REQUESTS.labels(self._label).inc()
        return 0.0

    def _send_doubt(self) -> float:
        if wait_s := self._send(self._doubts[0][1]):
            return wait_s
        self._doubts.popleft()
        metrics.STATUS_REQUESTS.labels(self._label).inc()
        return 0.0

    def _send(self, body: str) -> float:
        """Send a message that is no command; return 0, or the seconds before another try."""
        wait_s = self._bucket.take(self._clock.monotonic())
        if wait_s > 0:
            return wait_s
        try:
            self._engine.send(body)
        except (NotSentError, InDoubtError):
            return DOWN_RETRY_S  # a question may be asked twice
        return 0.0

    def _doubt(self, subject: str, body: str) -> None:
        if len(self._doubts) >= DOUBTS_MAX:
            self._doubts.popleft()
            metrics.DOUBTS_DROPPED.labels(self._label).inc()
        self._doubts.append((subject, body))
        self._wake()
