"""What the relay does when PostgreSQL or Kafka is not as it should be, over plain parts."""

from collections.abc import Callable, Sequence

import pytest

from eventlog.logs import SCHEMAS, Entry, Heads, Log, Page, Position, SourceError
from svc_relay.api.figures import readiness
from svc_relay.domain.state import Condition, State
from svc_relay.service.ports import LogRefusedError, OwnerLostError, SinkError
from svc_relay.service.relay import Progress, Relay
from tests.support.clock import ManualClock


class EndOfTestError(Exception):
    """Ends the relay's endless loop."""


class Logs:
    """A source of committed entries; a step may fail."""

    def __init__(self, **entries: list[int]) -> None:
        self.numbers = {log: entries.get(log.value, []) for log in SCHEMAS}
        self.rolled_back = 0
        """Numbers after the last entry that transactions took and gave up."""
        self.fails: list[Exception | None] = []
        self.closed: list[dict[Log, str]] = []
        """Logs that may not be read, by look; none after the last one."""

    async def heads(self) -> Heads:
        if self.fails and (fault := self.fails.pop(0)):
            raise fault
        closed = self.closed.pop(0) if self.closed else {}
        numbers = {
            log: max(numbers, default=0) + self.rolled_back
            for log, numbers in self.numbers.items()
            if log not in closed
        }
        return Heads(numbers, closed)

    async def page(self, log: Log, after: int) -> Page:
        return Page(100, [entry(number) for number in self.numbers[log] if number > after])

    async def new_transaction_id(self) -> int:
        return 100

    async def has(self, log: Log, position: Position) -> bool:
        return position.log_number in self.numbers[log]


class Topics:
    """A sink that keeps what it is given; its methods may be told to fail."""

    def __init__(self, at: dict[Log, Position] | None = None) -> None:
        self.at = dict(at or {})
        self.written: list[tuple[Log, list[int]]] = []
        self.refuses: dict[Log, list[Exception]] = {}
        self.joins = [True]
        self.keeps: Callable[[], None] = lambda: None
        self.closed = 0

    async def join(self) -> bool:
        return self.joins.pop(0) if len(self.joins) > 1 else self.joins[0]

    async def take_over(self) -> dict[Log, Position]:
        return dict(self.at)

    async def keep(self) -> None:
        self.keeps()

    async def publish(self, log: Log, entries: Sequence[Entry], position: Position) -> None:
        if self.refuses.get(log):
            raise self.refuses[log].pop(0)
        self.written.append((log, [one.log_number for one in entries]))
        self.at[log] = position

    async def close(self) -> None:
        self.closed += 1


def entry(number: int) -> Entry:
    return Entry(number, "ACC-A", number, b"payload", b"h%d" % number)


def at(number: int) -> Position:
    return Position(number, b"h%d" % number)


@pytest.fixture
def no_pause(monkeypatch):
    async def pause(_seconds: float) -> None:
        return

    monkeypatch.setattr("svc_relay.service.relay.asyncio.sleep", pause)


async def relayed(logs: Logs, topics: Topics, looks: int) -> Progress:
    """Run the relay for so many looks at the owner."""
    clock = ManualClock()
    progress, left = Progress(clock), [looks]

    def keep() -> None:
        clock.advance(1.0)
        left[0] -= 1
        if left[0] < 0:
            raise EndOfTestError

    topics.keeps = keep
    with pytest.raises(EndOfTestError):
        await Relay(logs, topics, progress, clock).run()
    return progress


class Narrow(Topics):
    """Takes no entry that is larger than a number of bytes."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.aborted = 0

    async def publish(self, log: Log, entries: Sequence[Entry], position: Position) -> None:
        if max(len(one.payload) for one in entries) > self.most:
            self.aborted += 1
            raise LogRefusedError(State(Condition.RECORD_TOO_LARGE, "too large"))
        await super().publish(log, entries, position)


class Sized(Logs):
    """Entries whose payloads have these sizes."""

    def __init__(self, *sizes: int) -> None:
        super().__init__(orders=list(range(1, len(sizes) + 1)))
        self.sizes = sizes

    async def page(self, log: Log, after: int) -> Page:
        page = await super().page(log, after)
        size = self.sizes
        return page._replace(
            entries=[one._replace(payload=b"x" * size[one.log_number - 1]) for one in page.entries]
        )


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(
    ("sizes", "sent"),
    [
        ((1, 1, 9, 1), [[1, 2]]),
        ((9, 1, 1), []),
        ((1, 7, 1, 9, 8), [[1]]),
        ((1, 1, 1), [[1, 2, 3]]),
        ((1, 1, 1, 9), [[1, 2, 3]]),
    ],
)
async def test_what_comes_before_an_entry_that_is_too_large_is_sent(sizes, sent):
    topics = Narrow(5)
    progress = await relayed(Sized(*sizes), topics, 12)
    assert [numbers for _, numbers in topics.written] == sent
    held = len([number for one in sent for number in one]) < len(sizes)
    assert (progress.state.condition is Condition.BLOCKED) is held
    # What is too large is sent alone when it is tried again.
    assert topics.aborted <= 4 + 12
    topics.most = 10
    topics.joins = [True]
    await relayed(Sized(*sizes), topics, 3)
    copied = [number for _, numbers in topics.written for number in numbers]
    assert copied == list(range(1, len(sizes) + 1))


@pytest.mark.usefixtures("no_pause")
class TestTheLoop:
    async def test_it_reads_on_after_what_kafka_has(self):
        topics = Topics({Log.ORDERS: at(2)})
        progress = await relayed(Logs(orders=[1, 2, 3, 4], audit=[1]), topics, 3)
        assert topics.written == [(Log.ORDERS, [3, 4]), (Log.AUDIT, [1])]
        assert topics.at[Log.ORDERS] == at(4)
        assert readiness(progress, 5) == (True, "RELAYING")
        assert progress.lag.seconds == 0

    async def test_nothing_waits_when_the_newest_numbers_were_rolled_back(self):
        logs, topics = Logs(orders=[1, 2]), Topics()
        logs.rolled_back = 3
        progress = await relayed(logs, topics, 20)
        assert topics.written == [(Log.ORDERS, [1, 2])]
        assert progress.lag.seconds == 0
        assert not any(progress.waiting.values())
        assert readiness(progress, 5) == (True, "RELAYING")

    async def test_a_log_that_kafka_refuses_keeps_no_other_back(self):
        topics = Topics()
        fault = LogRefusedError(State(Condition.RECORD_TOO_LARGE, "entry 1 is too large"))
        topics.refuses[Log.ORDERS] = [fault] * 100
        progress = await relayed(Logs(orders=[1], audit=[1]), topics, 6)
        assert topics.written == [(Log.AUDIT, [1])]
        ready, text = readiness(progress, 5)
        assert not ready
        assert text == "BLOCKED: orders: RECORD_TOO_LARGE: entry 1 is too large"
        assert progress.waiting[Log.ORDERS] == 1

    async def test_a_refused_log_goes_on_from_its_place(self):
        topics = Topics()
        topics.refuses[Log.ORDERS] = [LogRefusedError(State(Condition.TOPIC_MISSING, "gone"))]
        await relayed(Logs(orders=[1, 2]), topics, 6)
        assert topics.written == [(Log.ORDERS, [1, 2])]

    async def test_a_log_that_may_not_be_read_keeps_no_other_back(self):
        logs, topics = Logs(orders=[1], identity=[1]), Topics({Log.IDENTITY: at(1)})
        logs.numbers[Log.IDENTITY] = []  # what `has` would say of the log must not count
        logs.closed = [{Log.IDENTITY: "our role may not read it"}] * 100
        progress = await relayed(logs, topics, 6)
        assert topics.written == [(Log.ORDERS, [1])]
        assert readiness(progress, 5) == (
            False,
            "BLOCKED: identity: LOG_CLOSED: our role may not read it",
        )
        assert progress.lag.seconds > 0

    async def test_a_log_goes_on_as_soon_as_it_may_be_read(self):
        logs, topics = Logs(orders=[1], identity=[1]), Topics()
        logs.closed = [{Log.IDENTITY: "our role may not read it"}] * 3
        progress = await relayed(logs, topics, 8)
        assert topics.written == [(Log.ORDERS, [1]), (Log.IDENTITY, [1])]
        assert (progress.state, progress.lag.seconds) == (State(Condition.RELAYING), 0)

    async def test_postgres_comes_back(self):
        logs, topics = Logs(orders=[1]), Topics()
        logs.fails = [SourceError("PostgreSQL: it is starting")] * 2
        progress = await relayed(logs, topics, 8)
        assert topics.written == [(Log.ORDERS, [1])]
        assert progress.state == State(Condition.RELAYING)
        assert topics.closed == 0

    async def test_kafka_comes_back_and_says_where_to_go_on(self):
        topics = Topics()
        topics.refuses[Log.ORDERS] = [SinkError(State(Condition.KAFKA_AWAY, "1/1 brokers down"))]
        await relayed(Logs(orders=[1]), topics, 6)
        assert (topics.closed, topics.written) == (1, [(Log.ORDERS, [1])])

    async def test_an_owner_that_was_shut_out_waits_for_its_turn(self):
        topics = Topics()
        topics.refuses[Log.ORDERS] = [OwnerLostError("another relay took the logs")]
        topics.joins = [True, False, True]
        await relayed(Logs(orders=[1]), topics, 6)
        assert (topics.closed, topics.written) == (1, [(Log.ORDERS, [1])])

    @pytest.mark.parametrize(
        "fault",
        [SinkError(State(Condition.KAFKA_AWAY)), OwnerLostError("another relay took the logs")],
        ids=["Kafka was away", "shut out"],
    )
    async def test_a_standby_has_no_lag_of_its_own(self, fault):
        clock, looks = ManualClock(), [0]
        progress = Progress(clock)

        class Lost(Topics):
            async def join(self) -> bool:
                looks[0] += 1
                clock.advance(100.0)
                if looks[0] > 3:
                    raise EndOfTestError
                return looks[0] == 1

        topics = Lost()
        topics.refuses[Log.ORDERS] = [fault]
        with pytest.raises(EndOfTestError):
            await Relay(Logs(orders=[1, 2]), topics, progress, clock).run()
        assert progress.state.condition is Condition.STANDBY
        assert (progress.lag.seconds, set(progress.waiting.values())) == (0, {0})

    async def test_a_restored_book_stops_it(self):
        topics = Topics({Log.ORDERS: at(7)})
        progress = await relayed(Logs(orders=[1, 2]), topics, 3)
        assert progress.state.condition is Condition.BOOK_RESTORED
        assert "entry 7 of orders" in progress.state.text
        assert topics.written == []

    async def test_a_book_that_is_restored_while_it_runs_stops_it(self):
        logs, topics = Logs(orders=[1, 2]), Topics()
        logs.fails = [None, SourceError("PostgreSQL: it is stopping")]
        read = logs.page

        async def page(log: Log, after: int) -> Page:
            found = await read(log, after)
            logs.numbers[log] = [1]
            return found

        logs.page = page
        progress = await relayed(logs, topics, 8)
        assert topics.written == [(Log.ORDERS, [1, 2])]
        assert progress.state.condition is Condition.BOOK_RESTORED


def test_lag_is_counted_from_the_first_look_that_found_something_waiting():
    clock = ManualClock()
    progress = Progress(clock)
    progress.be(State(Condition.RELAYING))
    progress.measured({Log.ORDERS: 3}, closed=False)
    clock.advance(6.0)
    progress.measured({Log.ORDERS: 9}, closed=False)
    assert readiness(progress, 5) == (True, "LAGGING: 9 entries wait, for 6 s")
    progress.measured({Log.ORDERS: 0}, closed=False)
    assert progress.lag.seconds == 0
