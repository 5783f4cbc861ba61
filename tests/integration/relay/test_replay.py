"""`svc_oms.admin replay` over a real broker: the copy of the log makes the order book."""

import subprocess

import pytest
from confluent_kafka import Producer

from mesh.settings import child_environment
from tests.support.forked import run_forked
from tests.support.kafka import KafkaServer, headers_of
from tests.support.oms import trading
from tests.support.waiting import wait_for

ORDERS = 6


@pytest.fixture
async def traded(book_url, tls_folder):
    """The database of a book in which orders were filled in part."""
    async with trading(book_url, tls_folder) as (_, client, gateway):
        for number in range(ORDERS):
            await client.place(f"k{number}")
            name = (await gateway.command(number)).cl_ord_id
            await gateway.send(gateway.filled(name, "40", "40", "60", exec_id=f"F{number}"))
        await gateway.applied()
    return book_url


def replay(
    url: str, kafka: KafkaServer, prefix: str, *words: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    tls = kafka.home.tls
    given = {
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "KAFKA_TOPIC_PREFIX": prefix,
        "TLS_CA": str(tls / "ca.pem"),
        "TLS_CERT": str(tls / "svc-relay.pem"),
        "TLS_KEY": str(tls / "svc-relay.key"),
        **settings,
    }
    environment = child_environment({f"ORDERMESH_{key}": value for key, value in given.items()})
    return run_forked("svc_oms.admin", ("replay", *words), environment)


def copied(kafka: KafkaServer, source: str, target: str, damage: str) -> int:
    """Copy a topic; delete, change or double its third record. Return the record's sequence."""
    kafka.make_topics(target)
    producer = Producer({**kafka.configuration, "partitioner": "murmur2_random"})
    records = kafka.read(f"{source}orders")
    for number, record in enumerate(records):
        value, times = record.value(), 1
        if number == 2:
            times = {"deleted": 0, "doubled": 2}.get(damage, 1)
            value = value[:-1] + bytes([value[-1] ^ 1]) if damage == "changed" else value
        for _ in range(times):
            producer.produce(f"{target}orders", value, record.key(), headers=list(record.headers()))
    producer.flush(30)
    return int(headers_of(records[2])["sequence"])


async def test_the_copy_in_kafka_makes_the_order_book(traded, kafka_server, topic_prefix, relay):
    one = relay()
    one.wait_for("RELAYING")
    wait_for(
        lambda: (
            len(kafka_server.read(f"{topic_prefix}orders")) >= 2 * ORDERS
            and one.figures()["ordermesh_relay_lag_seconds"] == 0
        ),
        "all is in Kafka",
    )
    done = replay(traded, kafka_server, topic_prefix)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{ORDERS} orders, {ORDERS} executions and 1 positions compared" in done.stdout
    assert "no difference" in done.stdout
    for damage, field in (
        ("deleted", "presence"), ("changed", "hash"), ("doubled", "occurrences"),
    ):  # fmt: skip
        target = f"{topic_prefix}{damage}."
        sequence = copied(kafka_server, topic_prefix, target, damage)
        done = replay(traded, kafka_server, target)
        assert done.returncode == 1, done.stdout + done.stderr
        assert f"event ACC-ALICE/{sequence}, {field}: PostgreSQL has" in done.stdout


def test_what_cannot_be_compared_ends_with_2(book_url, kafka_server, topic_prefix):
    cases = [
        (("--schema", "oms"), {}, "no replay has made it"),
        ((), {"KAFKA_TOPIC_PREFIX": "none."}, "none.orders"),
        ((), {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "not compared"),
    ]
    for words, settings, text in cases:
        done = replay(book_url, kafka_server, topic_prefix, *words, **settings)
        assert done.returncode == 2, (words, done.stdout, done.stderr)
        assert text in " ".join(done.stderr.replace("│", " ").split())
