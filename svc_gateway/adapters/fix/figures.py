"""What a gateway shows of its FIX sessions: figures that are calculated when scraped."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.telemetry import scraped_counter, scraped_gauge
from svc_gateway.adapters.fix.engine import QuickFixEngine
from svc_gateway.venues import SessionConfig

_SESSION = ["session"]
INFO = scraped_gauge(
    "gateway_session_info",
    "1; the venue and the role of a session, to join with by its name",
    [*_SESSION, "venue", "role"],
)
SENDER = scraped_gauge(
    "gateway_next_sender_seq_num", "Next MsgSeqNum(34) that the session sends", _SESSION
)
TARGET = scraped_gauge(
    "gateway_next_target_seq_num", "Next MsgSeqNum(34) that the session expects", _SESSION
)
SILENCE = scraped_gauge(
    "gateway_last_message_age_seconds", "Seconds since the last message of the venue", _SESSION
)
HEARTBEATS_MISSED = scraped_counter(
    "gateway_heartbeats_missed",
    "TestRequest(1) sent, because nothing came for longer than HeartBtInt(108)",
    _SESSION,
)
RESENDS_ASKED = scraped_counter(
    "gateway_resend_requests_sent", "ResendRequest(2) sent: numbers were missing here", _SESSION
)
RESENDS_WANTED = scraped_counter(
    "gateway_resend_requests_received",
    "ResendRequest(2) received: the venue missed numbers",
    _SESSION,
)
REJECTED = scraped_counter("gateway_rejects_received", "Reject(3) received", _SESSION)

Session = tuple[SessionConfig, QuickFixEngine]


class SessionCollector(Collector):
    """Reads the sessions of a process."""

    def __init__(self, sessions: Sequence[Session], clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        now_ns = self._clock.now_ns()
        facts = [(one.session_id, engine.traffic) for one, engine in self._sessions]
        yield INFO.values(
            ((one.session_id, one.venue_mic, one.role), 1) for one, _ in self._sessions
        )
        numbers = list(self._numbers())
        yield SENDER.values(((name,), sender) for name, sender, _ in numbers)
        yield TARGET.values(((name,), target) for name, _, target in numbers)
        yield SILENCE.values(
            ((name,), (now_ns - traffic.received_ns) / NS_PER_S)
            for name, traffic in facts
            if traffic.received_ns
        )
        yield HEARTBEATS_MISSED.values(((name,), one.heartbeats_missed) for name, one in facts)
        yield RESENDS_ASKED.values(((name,), one.resends_asked) for name, one in facts)
        yield RESENDS_WANTED.values(((name,), one.resends_wanted) for name, one in facts)
        yield REJECTED.values(((name,), one.rejected) for name, one in facts)

    def _numbers(self) -> Iterator[tuple[str, int, int]]:
        for one, engine in self._sessions:
            # A store that cannot be read has the metric of its fault, and all else is shown.
            with suppress(OSError, ValueError):
                yield one.session_id, *engine.numbers()
