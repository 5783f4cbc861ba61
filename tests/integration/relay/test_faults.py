"""Whatever keeps the relay from its work has a name and a cause, blocks nothing else, and ends."""

import random

import asyncpg
import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourcePatternType,
    ResourceType,
)

from eventlog.logs import Log
from tests.integration.relay.test_relay import copied
from tests.support.postgres import as_service
from tests.support.relay import in_kafka, in_postgres
from tests.support.waiting import wait_for


async def test_postgres_is_away(
    postgres_server, book_url, kafka_server, topic_prefix, writer, relay
):
    one = relay()
    one.wait_for("RELAYING")
    postgres_server.stop()
    assert "PostgreSQL" in one.wait_for("POSTGRES_AWAY")
    assert one.state()[0] == 503
    postgres_server.start()
    one.wait_for("RELAYING")
    await writer.accounts(["ACC-A"])
    await writer.write(["ACC-A"])
    await copied(book_url, kafka_server, topic_prefix)


@pytest.mark.long
async def test_kafka_is_away(book_url, kafka_server, topic_prefix, writer, relay):
    await writer.accounts(["ACC-A"])
    one = relay()
    one.wait_for("RELAYING")
    kafka_server.kill()
    await writer.write(["ACC-A"], each=3)
    one.wait_for("KAFKA_AWAY")
    assert one.figures()["ordermesh_relay_lag_seconds"] > 0
    kafka_server.start()
    one.wait_for("RELAYING")
    await copied(book_url, kafka_server, topic_prefix)


@pytest.mark.long
async def test_kafka_is_slow(book_url, kafka_server, topic_prefix, writer, relay):
    await writer.accounts(["ACC-A"])
    one = relay(RELAY_LAG_MAX_S="0.5")
    one.wait_for("RELAYING")
    kafka_server.pause()
    try:
        await writer.write(["ACC-A"], each=3)
        assert "entries wait" in one.wait_for("LAGGING")
        assert one.state()[0] == 200
    finally:
        kafka_server.resume()
    one.wait_for("RELAYING")
    await copied(book_url, kafka_server, topic_prefix)


def rule(topic: str, operation: AclOperation, kind: AclPermissionType) -> AclBinding:
    return AclBinding(
        ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, "User:*", "*", operation, kind
    )


async def test_kafka_refuses_one_topic(book_url, kafka_server, topic_prefix, writer, relay):
    await writer.accounts(["ACC-A"])
    topic = f"{topic_prefix}orders"
    rules = [
        rule(topic, AclOperation.ALL, AclPermissionType.ALLOW),
        rule(topic, AclOperation.WRITE, AclPermissionType.DENY),
    ]
    for future in kafka_server.admin.create_acls(rules).values():
        future.result()
    one = relay()
    await writer.write(["ACC-A"], each=3)
    assert f"orders: ACCESS_REFUSED: {topic}" in one.wait_for("BLOCKED")
    # The other logs go on.
    await copied(book_url, kafka_server, topic_prefix, Log.STATES)
    assert in_kafka(kafka_server, topic_prefix, Log.ORDERS) == {}
    wanted = AclBindingFilter(
        ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, None, None,
        AclOperation.ANY, AclPermissionType.ANY,
    )  # fmt: skip
    for future in kafka_server.admin.delete_acls([wanted]).values():
        future.result()
    one.wait_for("RELAYING")
    await copied(book_url, kafka_server, topic_prefix)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "name", "operation", "right"),
    [
        (ResourceType.GROUP, "relay", AclOperation.READ, "we need Read on group {}"),
        (
            ResourceType.TRANSACTIONAL_ID, "relay", AclOperation.WRITE,
            "we need Write on transactional id {}",
        ),
        (
            ResourceType.TOPIC, "relay-positions", AclOperation.READ,
            "we need Read and Write on topic {}",
        ),
    ],
)  # fmt: skip
async def test_a_right_that_is_missing_is_named(
    book_url, kafka_server, topic_prefix, writer, relay, kind, name, operation, right
):
    await writer.accounts(["ACC-A"])
    name = f"{topic_prefix}{name}"
    pattern = ResourcePatternType.LITERAL
    deny = AclBinding(kind, name, pattern, "User:*", "*", operation, AclPermissionType.DENY)
    allow = AclBinding(
        kind, name, pattern, "User:*", "*", AclOperation.ALL, AclPermissionType.ALLOW
    )
    for future in kafka_server.admin.create_acls([allow, deny]).values():
        future.result()
    one = relay()
    await writer.write(["ACC-A"], each=3)
    assert right.format(name) in one.wait_for("ACCESS_REFUSED")
    wanted = AclBindingFilter(
        kind, name, pattern, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    for future in kafka_server.admin.delete_acls([wanted]).values():
        future.result()
    one.wait_for("RELAYING")
    await copied(book_url, kafka_server, topic_prefix)


@pytest.mark.long
async def test_one_topic_is_gone(book_url, kafka_server, topic_prefix, writer, relay):
    await writer.accounts(["ACC-A"])
    for future in kafka_server.admin.delete_topics([f"{topic_prefix}orders"]).values():
        future.result()
    one = relay()
    await writer.write(["ACC-A"], each=3)
    assert f"does not show us, {topic_prefix}orders" in one.wait_for("orders: TOPIC_MISSING")
    await copied(book_url, kafka_server, topic_prefix, Log.STATES)
    kafka_server.make_topics(topic_prefix)
    one.wait_for("RELAYING")
    await copied(book_url, kafka_server, topic_prefix)


@pytest.mark.long
async def test_a_record_is_too_large(book_url, kafka_server, topic_prefix, writer, relay):
    await writer.accounts(["ACC-A", "ACC-B"])
    one = relay()
    await writer.write(["ACC-A"])
    # Nothing that can be compressed.
    await writer.write(["ACC-B"], text=random.Random(3).randbytes(600_000).hex())
    text = one.wait_for("BLOCKED")
    assert "orders: RECORD_TOO_LARGE: entry 2 of ACC-B has 12000" in text
    assert "record_bytes_max" in text
    # What comes before it is there.
    assert set(in_kafka(kafka_server, topic_prefix, Log.ORDERS)) == {"ACC-A"}
    change_topic(kafka_server, f"{topic_prefix}orders", "max.message.bytes", "2000000")
    one.wait_for("RELAYING")
    await copied(book_url, kafka_server, topic_prefix)


def change_topic(kafka_server, topic: str, key: str, value: str) -> None:
    entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    for future in kafka_server.admin.incremental_alter_configs([resource]).values():
        future.result()


def add_partitions(kafka_server, topic: str, count: int) -> None:
    admin = kafka_server.admin
    for future in admin.create_partitions([NewPartitions(topic, count)]).values():
        future.result()
    # The broker's answer comes before it shows them.
    wait_for(
        lambda: len(admin.list_topics(topic).topics[topic].partitions) == count, "the partitions"
    )


@pytest.mark.long
async def test_a_topic_gets_more_partitions(book_url, kafka_server, topic_prefix, writer, relay):
    await writer.accounts(["ACC-A"])
    one = relay()
    await writer.write(["ACC-A"], each=3)
    await copied(book_url, kafka_server, topic_prefix)
    before = await in_postgres(book_url, Log.ORDERS)
    add_partitions(kafka_server, f"{topic_prefix}orders", 24)
    await writer.write(["ACC-A"], each=3)
    assert "orders has 24 partitions, should have 12" in one.wait_for("BLOCKED")
    one.kill()
    one.start()
    assert "orders: PARTITIONS_CHANGED" in one.wait_for("BLOCKED")
    assert in_kafka(kafka_server, topic_prefix, Log.ORDERS) == before


async def test_the_positions_must_be_in_one_partition(kafka_server, topic_prefix, relay):
    add_partitions(kafka_server, f"{topic_prefix}relay-positions", 2)
    assert "relay-positions has 2 partitions, should have 1" in relay().wait_for(
        "PARTITIONS_CHANGED"
    )


async def test_positions_that_are_gone_are_rebuilt_before_anything_is_copied(
    book_url, kafka_server, topic_prefix, writer, relay
):
    await writer.accounts(["ACC-A", "ACC-B", "ACC-C"])
    one = relay()
    for _ in range(3):
        await writer.write(["ACC-A", "ACC-B", "ACC-C"], each=5)
    await copied(book_url, kafka_server, topic_prefix)
    one.kill()
    positions = f"{topic_prefix}relay-positions"
    for future in kafka_server.admin.delete_topics([positions], operation_timeout=30).values():
        future.result()
    wait_for(
        lambda: positions not in kafka_server.admin.list_topics(timeout=5).topics, "it is gone", 60
    )
    kafka_server.make_topics(topic_prefix)
    await writer.write(["ACC-A", "ACC-B"], each=2)
    two = relay("two")
    text = two.wait_for("POSITIONS_LOST")
    assert f"{topic_prefix}orders" in text
    assert "python -m svc_relay.admin rebuild-positions" in text
    done = two.run_admin("rebuild-positions")
    assert done.returncode == 0, done.stderr
    assert "orders: entry 45 is the last one in Kafka" in done.stdout
    two.wait_for("RELAYING")
    # Each entry once.
    await copied(book_url, kafka_server, topic_prefix)
    done = two.run_admin("rebuild-positions")
    assert (done.returncode, "nothing was written" in done.stdout) == (0, True), done.stderr
    await writer.write(["ACC-A"])
    await copied(book_url, kafka_server, topic_prefix)


async def test_topics_are_missing(relay):
    one = relay(KAFKA_TOPIC_PREFIX="nobody.")
    text = one.wait_for("TOPIC_MISSING")
    assert "nobody.relay-positions, nobody.orders" in text
    assert "ordermesh topics apply" in text
    assert one.state()[0] == 503


async def test_it_is_another_cluster(kafka_server, relay):
    one = relay(KAFKA_CLUSTER_ID="another")
    text = one.wait_for("WRONG_CLUSTER")
    assert f"the cluster is {kafka_server.cluster_id}, should be another" in text


@pytest.mark.long
async def test_kafka_does_not_accept_our_certificate(stranger_tls_folder, relay):
    one = relay(
        TLS_CERT=str(stranger_tls_folder / "svc-relay.pem"),
        TLS_KEY=str(stranger_tls_folder / "svc-relay.key"),
    )
    one.wait_for("ACCESS_REFUSED")


async def test_the_role_may_not_read_the_logs(book_url, relay):
    one = relay(DATABASE_URL=book_url.replace("postgres@", "ordermesh_identity@"))
    assert "grant-log-reader" in one.wait_for("POSTGRES_AWAY")


async def test_one_log_that_the_role_may_not_read_stops_no_other(
    postgres_server, book_url, kafka_server, topic_prefix, writer, relay
):
    database = book_url.rpartition("/")[2]
    view = "SELECT ON identity.relayed_identity"
    postgres_server.execute(f"REVOKE {view} FROM ordermesh_relay", database)
    await writer.accounts(["ACC-A"])
    await writer.write(["ACC-A"])
    one = relay()
    text = one.wait_for("BLOCKED: identity: LOG_CLOSED")
    assert "`python -m svc_identity.admin grant-log-reader svc-relay ROLE`" in text
    wait_for(
        lambda: list(in_kafka(kafka_server, topic_prefix, Log.ORDERS)) == ["ACC-A"],
        "an event of the account in Kafka",
    )
    postgres_server.execute(f"GRANT {view} TO ordermesh_relay", database)
    one.wait_for("RELAYING")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM oms.orders",
        "SELECT * FROM oms.people",
        "SELECT * FROM oms.relayed_order_rows",
        "SELECT * FROM identity.relayed_users",
    ],
)
async def test_the_role_reads_nothing_but_the_logs(book_url, statement):
    connection = await asyncpg.connect(as_service(book_url, "relay"))
    assert await connection.fetchval("SELECT count(*) FROM oms.relayed_orders") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    await connection.close()


async def test_the_role_cannot_write_to_the_logs_with_their_own_triggers(book_url):
    """Whoever may execute a trigger's function may have it run for a table of his own."""
    connection = await asyncpg.connect(as_service(book_url, "relay"))
    await connection.execute("CREATE TEMP TABLE accounts (account_id text)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(
            "CREATE TRIGGER forged AFTER INSERT ON accounts FOR EACH ROW "
            "EXECUTE FUNCTION oms.log_state('account_id', 'account_id')"
        )
    await connection.close()
