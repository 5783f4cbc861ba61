"""What Kafka holds under read_committed is PostgreSQL's log, in order per key, once."""

import asyncio
import random
import signal
import time

import asyncpg
import pytest

from eventlog.logs import SCHEMAS, Log
from kernel.hashchain import verify_chain
from kernel.ulid import new_ulid
from ordermesh.oms.v1 import event_pb2
from tests.support.kafka import headers_of
from tests.support.postgres import as_service
from tests.support.price_log import price_log
from tests.support.relay import in_kafka, in_postgres
from tests.support.waiting import until, wait_for


async def test_every_log_is_copied(book_url, kafka_server, topic_prefix, writer, relay):
    accounts = [f"ACC-{number}" for number in range(5)]
    await writer.accounts(accounts)
    for _ in range(3):
        await writer.write(accounts, each=4)
    now_ns = time.time_ns()
    async with price_log(book_url) as prices:
        await prices.trades(now_ns, ("ASML.SIMA", "T1", "10"), ("ING.SIMA", "T1", "7"))
        await prices.quote("ASML.SIMA", now_ns, 100)
        one = relay()
        one.wait_for("RELAYING")
        await prices.trades(now_ns, ("ASML.SIMA", "T1", "10"), withdrawn=True)
        await prices.quote("ING.SIMA", now_ns, 200)
    await writer.write(accounts)
    await logins(book_url, 3)
    wait_for(lambda: one.figures()["ordermesh_relay_lag_seconds"] == 0, "all is in Kafka")
    assert one.state()[1].startswith("RELAYING")
    for log in SCHEMAS:
        await copied(book_url, kafka_server, topic_prefix, log)


async def logins(book_url, count):
    """Write entries of the audit log as svc_identity does."""
    connection = await asyncpg.connect(as_service(book_url, "identity"))
    for number in range(count):
        await connection.execute(
            """INSERT INTO identity.audit_log (entry_id, at_ns, act, actor, user_id, username,
            address, session_id, detail, count) VALUES ($1, 1, 1, 'u', 'u', 'vera', '', 's', '', 1)
            """,
            new_ulid(number),
        )
    await connection.close()


async def test_the_audit_log_of_users_has_the_chain_that_the_database_has(
    book_url, kafka_server, topic_prefix, relay
):
    relay()
    await logins(book_url, 5)
    await copied(book_url, kafka_server, topic_prefix, Log.IDENTITY)
    ((key, entries),) = in_kafka(kafka_server, topic_prefix, Log.IDENTITY).items()
    assert (key, [one[0] for one in entries]) == ("identity", [1, 2, 3, 4, 5])
    assert verify_chain([(payload, digest) for _, payload, digest in entries]) is None
    assert b'"vera"' in entries[0][1]


async def copied(book_url, kafka_server, prefix, log=Log.ORDERS):
    """Wait until the topic has as many entries as the log, and compare them."""
    expected = await in_postgres(book_url, log)
    count = sum(len(entries) for entries in expected.values())

    def found():
        entries = in_kafka(kafka_server, prefix, log)
        return [entries] if sum(len(each) for each in entries.values()) >= count else None

    assert wait_for(found, f"{count} entries of {log} are in Kafka", 90) == [expected]


async def test_the_hashes_of_a_key_verify_without_the_database(
    kafka_server, topic_prefix, writer, relay
):
    await writer.accounts(["ACC-A"])
    await writer.write(["ACC-A"], each=5)
    one = relay()
    one.wait_for("RELAYING")
    records = wait_for(
        lambda: [
            (record.value(), headers_of(record)["hash"])
            for record in kafka_server.read(f"{topic_prefix}orders")
            if record.key() == b"ACC-A"
        ],
        "the events of the account are in Kafka",
    )
    assert len(records) == 5
    assert verify_chain(records) is None


async def test_the_newest_event_of_each_order_is_that_of_the_log(
    book_url, kafka_server, topic_prefix, writer, relay
):
    accounts = ["ACC-A", "ACC-B"]
    await writer.accounts(accounts)
    relay()
    for number in range(4):
        await writer.write(accounts, each=3, order_id=f"ORDER-{number % 2}")
    await copied(book_url, kafka_server, topic_prefix)
    newest = {}
    for entries in (await in_postgres(book_url, Log.ORDERS)).values():
        for _, payload, digest in entries:
            event = event_pb2.OrderEvent.FromString(payload)
            newest[event.order_id] = max(newest.get(event.order_id, (0,)), (event.sequence, digest))
    states = {}
    for record in kafka_server.read(f"{topic_prefix}order-states"):
        event = event_pb2.OrderEvent.FromString(record.value())
        assert record.key().decode() == event.order_id
        states[event.order_id] = event.sequence, headers_of(record)["hash"]
    assert states == newest
    assert set(states) == {f"{name}-ORDER-{n}" for name in accounts for n in range(2)}


@pytest.mark.long
async def test_relay_and_broker_are_killed_while_many_write(
    book_url, kafka_server, topic_prefix, writer, relay
):
    accounts = [f"ACC-{number:02}" for number in range(20)]
    await writer.accounts(accounts)
    one = relay()
    one.wait_for("RELAYING")
    chance = random.Random(11)
    killed = asyncio.Event()

    async def write() -> None:
        while not killed.is_set():
            await writer.write(chance.sample(accounts, chance.randint(1, 3)), each=2)

    async def kill() -> None:
        for round_ in range(3):
            seen = one.figures()["ordermesh_relay_transactions_total"]
            await until(
                lambda seen=seen: one.figures()["ordermesh_relay_transactions_total"] > seen,
                "the relay is in mid-flow",
            )
            one.kill()
            if round_ == 1:
                kafka_server.kill()
                await asyncio.to_thread(kafka_server.start)
            one.start()
            await asyncio.to_thread(one.wait_for, "RELAYING")
        kafka_server.kill()
        await asyncio.to_thread(kafka_server.start)
        killed.set()

    await asyncio.gather(write(), kill())
    await copied(book_url, kafka_server, topic_prefix)
    one.wait_for("RELAYING")


async def test_a_second_relay_takes_over_where_the_first_one_hangs(
    book_url, kafka_server, topic_prefix, writer, relay
):
    await writer.accounts(["ACC-A", "ACC-B"])
    first = relay("first")
    first.wait_for("RELAYING")
    second = relay("second")
    second.wait_for("STANDBY")
    await writer.write(["ACC-A", "ACC-B"], each=3)
    await copied(book_url, kafka_server, topic_prefix)
    first.send(signal.SIGSTOP)
    await writer.write(["ACC-A", "ACC-B"], each=3)
    second.wait_for("RELAYING")
    await copied(book_url, kafka_server, topic_prefix)
    first.send(signal.SIGCONT)
    first.wait_for("STANDBY")
    await writer.write(["ACC-A"], each=3)
    await copied(book_url, kafka_server, topic_prefix)


@pytest.mark.long
async def test_a_restored_book_is_not_mixed_with_what_kafka_has(
    postgres_server, book_url, kafka_server, topic_prefix, writer, relay
):
    await writer.accounts(["ACC-A"])
    await writer.write(["ACC-A"])
    earlier = postgres_server.restored(book_url)
    await writer.write(["ACC-A"])
    one = relay()
    one.wait_for("RELAYING")
    await copied(book_url, kafka_server, topic_prefix)
    one.kill()
    again = relay("one", DATABASE_URL=as_service(earlier, "relay"))
    assert "entry 2 of orders" in again.wait_for("BOOK_RESTORED")
    assert again.state()[0] == 503
    again.kill()
    await copied(book_url, kafka_server, topic_prefix)
    relay("one").wait_for("RELAYING")
    await writer.write(["ACC-A"])
    await copied(book_url, kafka_server, topic_prefix)
    postgres_server.drop_database(earlier)


FILL = """
INSERT INTO oms.order_events (account_id, sequence, order_id, payload, hash)
SELECT 'ACC-' || n % 20, 1 + n / 20, '', decode(repeat(md5(n::text), 125), 'hex'),
    sha256(n::text::bytea)
FROM generate_series(0, 99999) AS numbers (n)
"""
"""200 MB in 100,000 entries."""
MEMORY_MAX = 150_000_000


@pytest.mark.long
async def test_memory_is_bounded_whatever_waits(book_url, relay):
    connection = await asyncpg.connect(book_url)
    await connection.execute(FILL)
    await connection.close()
    one = relay()
    one.kill()
    one.fresh = True
    one.start()
    name = 'ordermesh_relay_events_total{log="orders"}'
    wait_for(lambda: one.state()[0] == 200, "it relays", 60)
    wait_for(lambda: one.figures()[name] == 100_000, "all is in Kafka", 120)
    assert one.memory_peak() < MEMORY_MAX
