"""The relay: reads each log in commit order, and passes it on once.

Start, recovery and takeover are one path: become the owner, shut out earlier owners, ask Kafka how
far each log is, read on from there. The position of a log is in the same Kafka transaction as its
entries. So what was sent before a crash is either there with its position, or not there.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from eventlog.logs import SCHEMAS, START, Entry, Heads, Log, Position, Source, SourceError
from eventlog.reading import Reading
from kernel.clock import Clock, Lag
from mesh.log import get_logger
from svc_relay.domain.state import Condition, State
from svc_relay.service.ports import LogRefusedError, OwnerLostError, Sink, SinkError

RELAYED: Final = tuple(SCHEMAS)
"""The logs that are copied to Kafka."""

LOOK_INTERVAL_S: Final = 0.1
"""Between two looks at the logs when all was passed on."""
RETRY_S: Final = 1.0
"""Until PostgreSQL or Kafka is tried again, or a log that Kafka refused."""

_log = get_logger(__name__)


class Progress:
    """How far the relay is, for metrics and readiness."""

    def __init__(self, clock: Clock) -> None:
        self.state = State(Condition.STARTING)
        self.relayed = dict.fromkeys(RELAYED, 0)
        """Entries that this process wrote, by log."""
        self.bytes = dict.fromkeys(RELAYED, 0)
        self.waiting = dict.fromkeys(RELAYED, 0)
        """Numbers given to transactions and not relayed, by log; none if no entry has one."""
        self.transactions = 0
        self.lag = Lag(clock)

    def be(self, state: State) -> None:
        """Take a state; say so if it is another one."""
        if state != self.state:
            report = _log.info if state.works else _log.warning
            report("relay", state=state.condition.value, cause=state.text)
        self.state = state

    def stand_by(self, text: str) -> None:
        """Leave the logs to another relay, which knows what waits."""
        self.be(State(Condition.STANDBY, text))
        self.measured(dict.fromkeys(RELAYED, 0), closed=False)

    def measured(self, waiting: Mapping[Log, int], *, closed: bool) -> None:
        """Note what waits, and whether there are logs of which that is not known."""
        self.waiting.update(waiting)
        self.lag.note(waits=closed or any(waiting.values()))


class Relay:
    """Runs forever."""

    def __init__(self, source: Source, sink: Sink, progress: Progress, clock: Clock) -> None:
        self._source = source
        self._sink = sink
        self._progress = progress
        self._clock = clock
        self._confirmed: dict[Log, Position] = {}
        self._readings: dict[Log, Reading] = {}
        self._refused: dict[Log, tuple[State, float]] = {}
        # Entries that were too large when they were sent alone: they are, until one is taken.
        self._too_large: dict[Log, int] = {}
        # Numbers up to here that are not relayed have no committed entry, as far as was seen.
        self._empty_until: dict[Log, int] = {}

    async def run(self) -> None:
        """Relay until cancelled."""
        while True:
            try:
                await self._own()
            except SinkError as error:
                self._progress.be(error.state)
                self._progress.lag.note(waits=True)
                await self._sink.close()
                await asyncio.sleep(RETRY_S)
            except OwnerLostError as error:
                self._progress.stand_by(str(error))
                await self._sink.close()

    async def _own(self) -> None:
        while not await self._sink.join():
            self._progress.stand_by("another relay has the logs")
        self._confirmed = dict(await self._sink.take_over())
        self._refused.clear()
        self._too_large.clear()
        while True:
            try:
                # Whoever restores a database ends its connections: each new one begins anew.
                self._readings = {}
                while True:
                    await self._sink.keep()
                    if not await self._pass_on():
                        await asyncio.sleep(LOOK_INTERVAL_S)
            except SourceError as error:
                self._progress.be(State(Condition.POSTGRES_AWAY, str(error)))
                self._progress.lag.note(waits=True)
                await self._sink.keep()
                await asyncio.sleep(RETRY_S)

    async def _begin(self, logs: Iterable[Log]) -> None:
        """Read these logs on after what Kafka has, if the database has it too."""
        self._readings = {}
        while lost := await self._lost_entry(logs):
            self._progress.be(State(Condition.BOOK_RESTORED, lost))
            self._progress.lag.note(waits=True)
            await self._sink.keep()
            await asyncio.sleep(RETRY_S)
        self._readings = {log: Reading(self._confirmed.get(log, START).log_number) for log in logs}
        self._empty_until.clear()

    async def _lost_entry(self, logs: Iterable[Log]) -> str:
        """Say which entry Kafka has and a restored book has not; empty if none is lost."""
        for log in logs:
            position = self._confirmed.get(log)
            if position is not None and not await self._source.has(log, position):
                return (
                    f"Kafka has entry {position.log_number} of {log}, and the database has not: it "
                    "was restored to an earlier state. Set ORDERMESH_KAFKA_TOPIC_PREFIX to a new "
                    "prefix and apply the topics: the restored book gets topics of its own"
                )
        return ""

    async def _pass_on(self) -> bool:
        """Pass on the next entries of each log; return whether there were any."""
        heads = await self._source.heads()
        if heads.numbers.keys() != self._readings.keys():
            await self._begin(heads.numbers)
        self._measure(heads)
        some = False
        for log, head in heads.numbers.items():
            if head > self._readings[log].after and not self._waits(log):
                some |= await self._pass_on_one(log, head)
        self._measure(heads)
        states = {log: State(Condition.LOG_CLOSED, cause) for log, cause in heads.closed.items()}
        states |= {log: state for log, (state, _) in self._refused.items()}
        refused = "; ".join(f"{log}: {state.words()}" for log, state in states.items())
        condition = Condition.BLOCKED if refused else Condition.RELAYING
        self._progress.be(State(condition, refused))
        return some

    def _measure(self, heads: Heads) -> None:
        at = {
            log: max(self._confirmed.get(log, START).log_number, self._empty_until.get(log, 0))
            for log in heads.numbers
        }
        waiting = {log: max(0, head - at[log]) for log, head in heads.numbers.items()}
        self._progress.measured(waiting, closed=bool(heads.closed))

    def _waits(self, log: Log) -> bool:
        refused = self._refused.get(log)
        return refused is not None and self._clock.monotonic() < refused[1]

    async def _pass_on_one(self, log: Log, head: int) -> bool:
        reading = self._readings[log]
        page = await self._source.page(log, reading.after)
        if not page.entries:
            # The newest numbers were rolled back, or their transactions are open: nothing waits.
            self._empty_until[log] = head
            return False
        count = reading.take(page.horizon, [entry.log_number for entry in page.entries])
        if reading.in_doubt:
            reading.note(await self._source.new_transaction_id())
        if not count:
            return False
        try:
            passed = await self._publish(log, page.entries[:count])
        except LogRefusedError as error:
            self._refused[log] = error.state, self._clock.monotonic() + RETRY_S
            self._readings[log] = Reading(self._confirmed.get(log, START).log_number)
            return False
        if passed < count:
            self._readings[log] = Reading(self._confirmed[log].log_number)
        return True

    async def _publish(self, log: Log, entries: Sequence[Entry]) -> int:
        """Publish entries, or those before the one that is too large; return how many.

        Raises:
            LogRefusedError: Kafka does not take the first one.
        """
        if self._too_large.get(log) == entries[0].log_number:
            entries = entries[:1]
        while True:
            position = Position(entries[-1].log_number, entries[-1].hash)
            try:
                await self._sink.publish(log, entries, position)
                break
            except LogRefusedError as error:
                if error.state.condition is not Condition.RECORD_TOO_LARGE:
                    raise
                if len(entries) == 1:
                    self._too_large[log] = entries[0].log_number
                    raise
                sizes = [len(entry.payload) for entry in entries]
                entries = entries[: max(1, sizes.index(max(sizes)))]
        self._refused.pop(log, None)
        self._too_large.pop(log, None)
        self._confirmed[log] = position
        self._progress.relayed[log] += len(entries)
        self._progress.bytes[log] += sum(len(entry.payload) for entry in entries)
        self._progress.transactions += 1
        return len(entries)
