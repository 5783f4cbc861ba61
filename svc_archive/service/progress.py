"""How far the archiver is, for metrics and readiness."""

from collections import Counter
from collections.abc import Mapping

from kernel.clock import Clock, Lag
from mesh.log import get_logger
from svc_archive.domain.state import Condition, State

_log = get_logger(__name__)


class Progress:
    """Figures of this process."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing done."""
        self.state = State(Condition.STARTING)
        self.records: Counter[str] = Counter()
        """Archived by this process, by topic."""
        self.files: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        """Of these files."""
        self.waiting: dict[str, int] = {}
        """Offsets that are not read yet, by topic."""
        self.in_hand = 0
        """Records that are read and whose file is not closed yet."""
        self.entry = 0
        """Number of the newest entry of the manifest."""
        self.lag = Lag(clock)
        """Since everything that Kafka had was read."""

    def be(self, state: State) -> None:
        """Take a state; say so if it is another one."""
        if state != self.state:
            report = _log.info if state.works else _log.warning
            report("archive", state=state.condition.value, cause=state.text)
        self.state = state

    def hindered(self, state: State) -> None:
        """Take a state in which nothing is archived here; a standby does not know what waits."""
        self.be(state)
        if state.condition is Condition.STANDBY:
            self.measured({}, 0)
        else:
            self.lag.note(waits=True)

    def measured(self, waiting: Mapping[str, int], in_hand: int) -> None:
        """Note what waits."""
        self.waiting = dict(waiting)
        self.in_hand = in_hand
        self.lag.note(waits=any(waiting.values()))
