"""The file of the topics: what stands in it, and what each error says."""

from types import SimpleNamespace

import pytest
import yaml

from deploy.topics import (
    BATCH_BYTES_MAX,
    FILE,
    NUMBERS,
    Topic,
    TopicsError,
    read_topics,
)
from eventlog import source as log_source
from eventlog.logs import SCHEMAS
from meshctl.stack.servers.kafka.topics import apply_topics
from svc_relay.adapters.kafka import log_sink
from svc_relay.adapters.kafka.records import DERIVED, POSITIONS

GOOD = yaml.safe_load(FILE.read_text("utf-8"))


def test_the_file_has_a_topic_for_each_log_and_one_for_the_positions():
    topics = {topic.name: topic for topic in read_topics().topics}
    assert set(topics) == {*SCHEMAS, POSITIONS, *DERIVED.values()}
    # The lease of the relays is one partition, and the newest position of a log must stay.
    assert topics[POSITIONS].partitions == 1
    assert topics[POSITIONS].cleanup == "compact"


def test_days_are_milliseconds_and_none_is_for_ever():
    assert Topic("a", 1, 2, "delete", 2048).configuration() == {
        "cleanup.policy": "delete",
        "retention.ms": "172800000",
        "max.message.bytes": "2048",
    }
    assert Topic("a", 1, 0, "delete", 2048).configuration()["retention.ms"] == "-1"


def test_every_topic_takes_a_batch_of_the_relay():
    assert log_sink.BATCH_BYTES == BATCH_BYTES_MAX
    least, most = NUMBERS["record_bytes_max"]
    assert least >= 2 * BATCH_BYTES_MAX
    # A page with one record as large as a topic may take is queued as a whole.
    assert most <= log_sink.MESSAGE_BYTES_MAX
    assert most + log_source.PAGE_BYTES_MAX < log_sink.QUEUE_KBYTES << 10


@pytest.mark.parametrize(("copies", "written"), [(1, "1"), (2, "2"), (3, "2")])
def test_a_record_counts_as_written_when_two_copies_have_it(copies, written):
    made = []

    class Cluster:
        def list_topics(self, timeout):
            del timeout
            return SimpleNamespace(topics={})

        def create_topics(self, topics, request_timeout):
            del request_timeout
            made.extend(topics)
            return {}

    assert list(apply_topics(Cluster(), "p.", read_topics(), copies)) == []
    assert {topic.config["min.insync.replicas"] for topic in made} == {written}


def changed(path: str, value: object) -> dict:
    found = yaml.safe_load(yaml.safe_dump(GOOD))
    *parents, last = path.split(".")
    at = found
    for parent in parents:
        at = at[parent]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("replication", 0, "replication: is 0, should be a whole number from 1 to 7"),
        ("replication", ..., "replication: is missing"),
        ("topics", [], "topics: is list, should be a mapping of topics by name"),
        ("topics.orders", None, "topics.orders: is empty, should be a mapping of partitions,"),
        ("topics.Orders", GOOD["topics"]["orders"], "topics.Orders: the name should be lower-case"),
        (
            "topics.orders.partitions",
            "12",
            "topics.orders.partitions: is '12', should be a whole number from 1 to 1000",
        ),
        ("topics.orders.partitions", True, "topics.orders.partitions: is True, should be"),
        ("topics.orders.partitions", ..., "topics.orders.partitions: is missing"),
        ("topics.audit.retention_days", -1, "topics.audit.retention_days: is -1, should be"),
        (
            "topics.audit.record_bytes_max",
            10,
            "topics.audit.record_bytes_max: is 10, should be a whole number from 1048576 to",
        ),
        ("topics.audit.cleanup", "keep", "topics.audit.cleanup: is 'keep', should be delete or"),
        ("topics.audit.retention", 3, "topics.audit.retention: is not known; known are"),
    ],
)
def test_an_error_names_topic_and_field(tmp_path, path, value, fault):
    file = tmp_path / "topics.yaml"
    file.write_text(yaml.safe_dump(changed(path, value)))
    with pytest.raises(TopicsError) as error:
        read_topics(file)
    assert f"{file}: {fault}" in str(error.value)


@pytest.mark.parametrize("text", ["", "[", "- a", "\x00"])
def test_what_is_no_such_file_is_refused(tmp_path, text):
    file = tmp_path / "topics.yaml"
    file.write_text(text)
    with pytest.raises(TopicsError, match=r"topics\.yaml"):
        read_topics(file)
    with pytest.raises(TopicsError, match="cannot be read"):
        read_topics(tmp_path / "none.yaml")
