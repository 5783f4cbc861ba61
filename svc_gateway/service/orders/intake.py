"""What FIX threads hand over of an order session, in its order: reports for the OMS, and others.

A message that could not be taken in makes the session lossy: it is rewound, and the venue resends.
"""

import asyncio
from typing import Protocol

from prometheus_client import Counter

from kernel.clock import Clock
from mesh.log import get_logger
from mesh.sparse_log import SparseLog
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway import metrics
from svc_gateway.domain.sessions.unacknowledged import Unacknowledged
from svc_gateway.service.ports import Handed, HandedKind, Inbox, ReportReader
from svc_gateway.service.sending.outbound import Outbound
from svc_gateway.service.session_view import SessionView
from svc_gateway.venues import SessionConfig

# Taken in one turn.
BATCH_MAX = 500
# Of the messages taken in one turn, so many show the venue's clock: the least delay of a minute
# counts, and one of a burst says as much as all of it.
CLOCK_SAMPLES_MAX = 4
# Between tries to put a mark into a full queue. Seconds.
FULL_RETRY_S = 0.05
# Messages that refuse one of ours.
REFUSALS = frozenset({"business_reject", "session_reject"})
# Messages that we may answer with a refusal.
ANSWERED = frozenset({"parked", "execution_report"})
# A mark of our own: everything before it in the queue was taken in.
_MARK = "\x00mark"

_log = get_logger(__name__)


class Session(Protocol):
    """The part of the order session that is used here."""

    config: SessionConfig
    view: SessionView
    outbound: Outbound
    kept: Unacknowledged[bytes]

    def set_state(self, state: link.SessionState, text: str) -> None:
        """Set a state and report it."""

    def poke(self) -> None:
        """Check whether there is something to send to the OMS."""


class Intake:
    """The intake; see the head of this file.

    Attributes:
        lossy: Something was not taken in: only a restart of the engine brings it.
        last_number: MsgSeqNum(34) of the last message taken in.
    """

    def __init__(self, session: Session, inbox: Inbox, reader: ReportReader, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._inbox = inbox
        self._reader = reader
        self.lossy = False
        self.last_number = 0
        self._logon_number = 0
        self._marks: list[asyncio.Event] = []
        self._counters: dict[str, Counter] = {}
        # Messages by kind that are not counted yet: they are, once for all of a turn.
        self._counted: dict[str, int] = {}
        self._clock_samples = 0
        self._kept_gauge = metrics.UNACKNOWLEDGED.labels(session.config.session_id)
        self._log_parked = SparseLog(_log.error)

    async def flush(self) -> None:
        """Wait until everything handed over before now was taken in."""
        flushed = asyncio.Event()
        self._marks.append(flushed)
        while not self._inbox.put(Handed(HandedKind.NOTE, _MARK, 0)):  # noqa: ASYNC110  full: rare
            await asyncio.sleep(FULL_RETRY_S)
        await flushed.wait()

    async def run(self) -> None:
        """Take in messages, forever."""
        while True:
            batch = await self._inbox.get_batch(BATCH_MAX)
            self._clock_samples = 0
            for handed in batch:
                try:
                    self._take(handed)
                except Exception:  # noqa: BLE001  whatever it is, the session goes on
                    # Our own fault; the venue's message is not lost: the session is rewound.
                    _log.exception("could not take in", session_id=self._session.config.session_id)
                    self.lossy = True
            self._count()
            self.check_recovered()
            self._kept_gauge.set(len(self._session.kept))
            self._session.poke()

    def _take(self, handed: Handed) -> None:
        kind = handed.kind
        if kind is HandedKind.MESSAGE or kind is HandedKind.UNREADABLE:
            self._take_message(handed)
        elif handed.kind is HandedKind.LOGON:
            self._logged_on(handed)
        elif handed.kind is HandedKind.LOGOUT:
            self._session.set_state(link.SESSION_STATE_DOWN, handed.raw or "disconnected")
        elif handed.kind is HandedKind.NOT_RESENT:
            self._session.outbound.questions.ask_about(handed.raw)
        elif handed.kind is HandedKind.HEARD:
            self._session.view.heard(
                *self._reader.sent_at(handed.raw), received_ns=handed.received_ns
            )
        elif handed.raw == _MARK:
            self._marks.pop(0).set()
        elif (
            self._session.view.state == link.SESSION_STATE_DOWN
            and handed.raw != self._session.view.text
        ):
            self._session.view.text = handed.raw
            self._session.view.due = True

    def _take_message(self, handed: Handed) -> None:
        if self.lossy or self._session.kept.full:
            self.lossy = True
            return
        number = handed.number or self.last_number
        self.last_number = number
        epoch_ns = self._session.view.epoch_ns
        kind, plain = self._reader.plain(handed.raw, epoch_ns, handed.received_ns, number)
        if plain:
            self._show_clock(handed)
        else:
            message = self._reader.read(handed.raw, epoch_ns, handed.received_ns, number)
            kind = self._take_any(handed, message, number)
            if not kind:
                return
            plain = message.SerializeToString()
        self._counted[kind] = self._counted.get(kind, 0) + 1
        self._session.kept.append(epoch_ns, number, plain)

    def _take_any(self, handed: Handed, message: link.VenueMessage, number: int) -> str:
        """Take whatever a venue sends; return its kind if it is for the OMS, else ""."""
        report = self._reader.trading_session(handed.raw)
        if report is not None:
            self._session.view.trading.heard(report, handed.received_ns)
            self._session.view.due = True
            return ""
        mass = self._reader.mass_answer(handed.raw)
        if not (message.poss_dup or message.poss_resend):
            self._show_clock(handed)
        if self._answers_a_question(message, mass, handed.received_ns):
            return ""
        kind = message.WhichOneof("body") or "none"
        if kind in ANSWERED:
            self._session.outbound.questions.answer(
                self._reader.reject_for(message, handed.raw, handed.number)
            )
        if kind == "parked":
            metrics.PARKED.labels(self._session.config.session_id).inc()
            self._session.view.parked_messages += 1
            self._session.view.due = True
            self._log_parked(
                "message parked", session_id=self._session.config.session_id, msg_seq_num=number,
                error=message.parked.error,
            )  # fmt: skip
        return kind

    def _show_clock(self, handed: Handed) -> None:
        """Show the venue's clock, by the first messages of a turn."""
        if self._clock_samples < CLOCK_SAMPLES_MAX:
            self._clock_samples += 1
            sent_ns, unit_ns = self._reader.sent_at(handed.raw)
            self._session.view.heard(sent_ns, unit_ns, received_ns=handed.received_ns)

    def _count(self) -> None:
        for kind, count in self._counted.items():
            counter = self._counters.get(kind)
            if counter is None:
                session_id = self._session.config.session_id
                counter = self._counters[kind] = metrics.MESSAGES.labels(session_id, kind)
            counter.inc(count)
        self._counted.clear()

    def _logged_on(self, handed: Handed) -> None:
        if handed.epoch_ns and handed.epoch_ns != self._session.view.epoch_ns:
            self._session.view.epoch_ns = handed.epoch_ns
            if not len(self._session.kept):
                self._session.kept.start(handed.epoch_ns, 0)
        self._logon_number = handed.number
        self._session.set_state(link.SESSION_STATE_RECOVERING, "logged on")
        self._session.outbound.ask_trading_status()
        self.check_recovered()

    def _answers_a_question(
        self, message: link.VenueMessage, mass: tuple[str, bool, bool] | None, received_ns: int
    ) -> bool:
        """Return whether a message only answers a question of ours, and is of no order."""
        body = message.WhichOneof("body") or ""
        if mass is not None or body in REFUSALS:
            self._session.outbound.questions.heard_of_all(message)
        if mass is not None:
            request_id, last, of_order = mass
            if last:
                self._session.outbound.questions.ask_about_rest(request_id)
            return not of_order
        if body not in REFUSALS or getattr(message, body).ref_msg_type != "g":
            return False
        refused = self._session.view.trading.refused(received_ns)
        if refused:
            self._session.view.due = True
            _log.warning("trading status refused", session_id=self._session.config.session_id)
        return refused

    def check_trading_status(self) -> None:
        """Count the venue's trading status as unknown if it does not answer the question."""
        now_ns = self._clock.now_ns()
        if self._session.view.trading.is_overdue(self._clock.monotonic(), now_ns):
            _log.warning("no trading status", session_id=self._session.config.session_id)
            self._session.view.due = True
            self._session.poke()

    def check_recovered(self) -> None:
        """Check whether the venue has resent everything it was asked for."""
        text = self._session.view.recovered(self._logon_number)
        if text:
            self._session.set_state(link.SESSION_STATE_UP, text)
