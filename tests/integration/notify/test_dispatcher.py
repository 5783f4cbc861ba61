"""Messages leave the store: to a receiver that is away, fails for long, and comes back."""

import asyncio
import json
from contextlib import asynccontextmanager

import asyncpg
import pytest

from kernel.nanoseconds import NS_PER_S
from kernel.ulid import new_ulid
from ordermesh.notify.v1 import destination_service_pb2 as pb
from ordermesh.notify.v1 import rule_pb2
from svc_notify.adapters.channels.http_post import HttpPost
from svc_notify.adapters.channels.reach import tls_context
from svc_notify.adapters.channels.webhook import Webhook
from svc_notify.adapters.postgres.choices import PostgresChoices
from svc_notify.adapters.postgres.database import Database
from svc_notify.adapters.postgres.lease import PostgresLease
from svc_notify.adapters.postgres.migrate import migrate
from svc_notify.adapters.postgres.outbox import PostgresOutbox
from svc_notify.adapters.postgres.writing import PostgresNotifications
from svc_notify.domain.attempts import ATTEMPTS_MAX, wait_s
from svc_notify.domain.outbox import Dead, Delivered, Held, RetryAfter, collect
from svc_notify.domain.rules import Pace, Rule, when_due
from svc_notify.service.dispatcher import Dispatcher
from svc_notify.service.notifier import Owner
from tests.support import sinks
from tests.support.clock import ManualClock
from tests.support.sinks import SECRET, Authority, http_sink, notification
from tests.support.waiting import until

TRUSTED = frozenset({"localhost"})


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


class Outbox(PostgresOutbox):
    """The real one; keeps what became of each attempt, once it is stored."""

    def __init__(self, database):
        super().__init__(database)
        self.settled = []

    async def settle(self, message, outcome, due_ns, now_ns):
        await super().settle(message, outcome, due_ns, now_ns)
        self.settled.append((message, outcome))


class Bench:
    """The store, and what sends from it."""

    def __init__(self, database, authority, clock):
        self.clock = clock
        self.outbox = Outbox(database)
        self.owner = Owner(PostgresLease(database), "one", 3.0, clock)
        self.choices = PostgresChoices(database)
        self.store = PostgresNotifications(database)
        post = HttpPost(tls_context(authority.file), TRUSTED)
        channels = {pb.CHANNEL_KIND_WEBHOOK: Webhook(post, clock)}
        self.dispatcher = Dispatcher(self.outbox, channels, self.owner, clock)
        self._made = 0

    async def destination(self, sink):
        """Make a destination, and a rule of the firm that sends to it."""
        one = pb.Destination(
            destination_id=new_ulid(self.clock.now_ns()), version=1, name="a receiver",
            channel=pb.CHANNEL_KIND_WEBHOOK, address=f"https://localhost:{sink.port}/",
        )  # fmt: skip
        async with self.choices.changing() as change:
            await change.put_destination(one, SECRET, "oscar", self.clock.now_ns())
        return Rule(
            new_ulid(self.clock.now_ns()), "", firm=True, name="all",
            destinations=(one.destination_id,), messages_per_hour_max=1_000,
        )  # fmt: skip

    async def notify(self, rule, count=1):
        """Store notifications as the reader of the logs does, and pass them on."""
        now_ns = self.clock.now_ns()
        made = [
            notification(self._made + n, f"fill {self._made + n}")._replace(
                notification_id=new_ulid(now_ns), created_ns=now_ns
            )
            for n in range(1, count + 1)
        ]
        self._made += count
        async with self.store.writing() as writing:
            await writing.add(made)
            for one in collect([rule], {}, made):
                pace = (await writing.paces([rule.rule_id])).get(
                    (rule.rule_id, one.destination_id, one.urgent), Pace()
                )
                due_ns, pace = when_due(rule, now_ns, pace, urgent=one.urgent)
                await writing.put(new_ulid(now_ns), one, now_ns, due_ns, pace)

    async def settled(self, count):
        """Wait until so many attempts are settled; return the last one's outcome."""
        await until(lambda: len(self.outbox.settled) >= count, f"{count} attempts")
        assert len(self.outbox.settled) == count
        return self.outbox.settled[-1][1]

    @asynccontextmanager
    async def sending(self):
        """Send until the block ends."""
        assert await self.owner.keep()
        task = asyncio.create_task(self.dispatcher.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def bench(database_url, authority):
    await migrate(database_url)
    database = Database(database_url)
    await database.open()
    yield Bench(database, authority, ManualClock())
    await database.close()


@pytest.fixture
async def sink(authority):
    async with http_sink(authority.server()) as running:
        yield running


def ids(sink):
    return [one.headers["webhook-id"] for one in sink.got]


async def test_a_burst_of_ten_thousand_fills_is_one_digest(bench, sink):
    rule = (await bench.destination(sink))._replace(digest_ns=60 * NS_PER_S)
    async with bench.sending():
        for _ in range(20):
            await bench.notify(rule, 500)
        bench.clock.advance(60)
        assert await bench.settled(1) == Delivered()
    (got,) = sink.got
    body = json.loads(got.body)
    assert (body["total"], body["counts"]) == (10_000, {"FILL": 10_000})
    assert [one["text"] for one in body["notifications"]] == [f"fill {n}" for n in range(1, 101)]
    assert await bench.outbox.counts() == (0, 0)


async def test_a_burst_without_a_digest_is_bounded_by_the_hour(bench, sink):
    rule = (await bench.destination(sink))._replace(messages_per_hour_max=3)
    async with bench.sending():
        for count in range(1, 4):
            await bench.notify(rule, 10)
            await bench.settled(count)
        for _ in range(20):
            await bench.notify(rule, 100)
        bench.clock.advance(3_600)
        await bench.settled(4)
    assert [json.loads(one.body)["total"] for one in sink.got] == [10, 10, 10, 2_000]


async def test_a_message_that_failed_is_not_sent_again_in_quiet_hours(bench, sink):
    rule = await bench.destination(sink)
    stored = rule_pb2.Rule(
        rule_id=rule.rule_id, version=1, firm=True, destination_ids=rule.destinations,
        quiet_hours={"begin": "22:14", "end": "06:00", "time_zone": "UTC"},
    )  # fmt: skip
    async with bench.choices.changing() as change:
        await change.put_rule(stored, "rita", 1)
    sink.answer = sinks.answers("500 No")
    async with bench.sending():
        await bench.notify(rule)  # at 22:13:20
        assert isinstance(await bench.settled(1), RetryAfter)
        sink.answer = sinks.answers("200 OK")
        bench.clock.advance(60)
        assert isinstance(await bench.settled(2), Held)
        assert len(sink.got) == 1
        bench.clock.advance(8 * 3_600)
        assert await bench.settled(3) == Delivered()
    assert len({one.body for one in sink.got}) == 1


async def test_keys_notes_and_paces_whose_time_is_over_are_removed(bench, sink, database_url):
    rule = await bench.destination(sink)
    await bench.notify(rule)  # of a rule that is not there any more
    async with bench.choices.changing() as change:
        for key, at_ns in (("old", 5), ("new", 15)):
            await change.keep_key("u", key, b"", "R", at_ns)
    for noted, at_ns in (({"kill/engaged/1", "down/s"}, 5), ({"kill/engaged/2"}, 15)):
        async with bench.store.writing() as writing:
            await writing.note(noted, at_ns)
    await bench.choices.prune(10)
    connection = await asyncpg.connect(database_url)
    left = [
        [row[0] for row in await connection.fetch(f"SELECT {what} ORDER BY 1")]
        for what in ("key FROM notify.keys", "key FROM notify.once", "rule_id FROM notify.paces")
    ]
    await connection.close()
    assert left == [["new"], ["down/s", "kill/engaged/2"], []]


async def test_a_receiver_that_fails_for_a_day_gets_everything_once_it_is_back(bench, sink):
    rule = await bench.destination(sink)
    sink.answer = sinks.answers("500 No")
    async with bench.sending():
        await bench.notify(rule)
        for attempt in range(1, 35):
            assert isinstance(await bench.settled(attempt), RetryAfter)
            bench.clock.advance(wait_s(attempt))
        assert bench.clock.monotonic() > 24 * 3_600
        sink.answer = sinks.answers("200 OK")
        bench.clock.advance(3_600)
        await until(lambda: bench.outbox.settled[-1][1] == Delivered(), "it is delivered")
    assert len({one.headers["webhook-id"] for one in sink.got}) == 1
    assert len({one.body for one in sink.got}) == 1


async def test_after_two_days_it_is_a_dead_letter_that_can_be_sent_again(bench, sink):
    rule = await bench.destination(sink)
    sink.answer = sinks.answers("503 No")
    async with bench.sending():
        await bench.notify(rule)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            outcome = await bench.settled(attempt)
            bench.clock.advance(wait_s(attempt))
        cause = f"localhost: HTTP status 503; given up after {ATTEMPTS_MAX} attempts"
        assert outcome == Dead(cause)
        (dead,) = await bench.outbox.dead_letters("Z", "", 10)
        assert (dead.notifications, dead.attempts, dead.cause) == (1, ATTEMPTS_MAX, cause)
        sink.answer = sinks.answers("200 OK")
        assert await bench.outbox.retry(dead.message_id, bench.clock.now_ns())
        assert await bench.settled(ATTEMPTS_MAX + 1) == Delivered()
    assert {one.headers["webhook-id"] for one in sink.got} == {dead.message_id}
    assert await bench.outbox.counts() == (0, 0)


async def test_a_receiver_that_hangs_delays_no_other(bench, sink, authority):
    async with http_sink(authority.server()) as hanging:
        hanging.answer = sinks.hangs
        slow, quick = await bench.destination(hanging), await bench.destination(sink)
        async with bench.sending():
            for count in range(1, 4):
                await bench.notify(slow)
                await bench.notify(quick)
                assert await bench.settled(count) == Delivered()
            assert hanging.connections == 1, "one message at a time"
        assert len(sink.got) == 3


async def test_what_a_killed_process_was_sending_goes_again_under_its_id(bench, sink):
    rule = await bench.destination(sink)
    await bench.notify(rule)
    (first,) = await bench.outbox.claim(bench.clock.now_ns(), 200, 0.0)
    async with bench.sending():
        assert await bench.settled(1) == Delivered()
    ((second, _),) = bench.outbox.settled
    assert (second.message_id, second.attempt) == (first.message_id, 2)
    # What the first process says late changes nothing.
    await bench.outbox.settle(first, RetryAfter("late"), 0, 0)
    assert await bench.outbox.counts() == (0, 0)


async def test_without_the_lease_nothing_is_sent_and_a_mistake_of_ours_blocks_nothing(bench, sink):
    rule = await bench.destination(sink)
    await bench.notify(rule)
    assert await bench.dispatcher._due() == []

    class Broken:
        async def deliver(self, _):
            raise ValueError(SECRET)

    bench.dispatcher._channels = {pb.CHANNEL_KIND_WEBHOOK: Broken()}
    async with bench.sending():
        assert await bench.settled(1) == RetryAfter("a mistake in the service: ValueError")
