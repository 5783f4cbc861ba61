"""How far the process is, for metrics and readiness."""

from collections import Counter
from collections.abc import Mapping

from eventlog.logs import Log
from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.log import get_logger
from mesh.telemetry import histogram
from svc_notify.domain.notification import Kind, Notification
from svc_notify.domain.state import WORKS, Condition, State

BUCKETS_S = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 120)
"""RTS 6 Article 16 asks for alerts within 5 s."""

_log = get_logger(__name__)
_stored = histogram(
    "notify_stored_delay_seconds",
    "Time from an event to its stored notification",
    buckets=BUCKETS_S,
)


class Progress:
    """What the process has done, and what waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.state = State(Condition.STARTING)
        self.waiting: dict[Log, int] = {}
        """Numbers given to transactions and not read, by log."""
        self.made: Counter[Kind] = Counter()
        """Notifications that this process stored, by kind."""
        self.messages = 0
        """Messages for destinations that this process made or added to."""

    def be(self, state: State) -> None:
        """Take a state; say so if it is another one."""
        if state != self.state:
            calm = state.condition in WORKS
            report = _log.info if calm else _log.warning
            report("notifications", state=state.condition.value, cause=state.text)
        self.state = state

    def measured(self, waiting: Mapping[Log, int]) -> None:
        """Note what waits."""
        self.waiting.update(waiting)

    def stored(self, notifications: list[Notification]) -> None:
        """Note new notifications."""
        now_ns = self._clock.now_ns()
        for one in notifications:
            self.made[one.draft.kind] += 1
            _stored.observe(max(0, now_ns - one.draft.occurred_ns) / NS_PER_S)
