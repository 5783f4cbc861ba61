"""What a reader of copied logs does while a partition has no leader."""

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from eventlog.copies import kafka

PLACE = TopicPartition("orders", 0)


class Cluster:
    """Answers with each of these errors once, then with a range."""

    def __init__(self, *codes):
        self.codes = list(codes)

    def get_watermark_offsets(self, place, timeout):  # noqa: ARG002  as the consumer has it
        assert place is PLACE
        if self.codes:
            raise KafkaException(KafkaError(self.codes.pop(0)))
        return 3, 7


@pytest.mark.parametrize("code", sorted(kafka.LEADER_CHANGES))
def test_a_partition_without_a_leader_is_asked_again(code, monkeypatch):
    monkeypatch.setattr(kafka, "LEADER_RETRY_S", 0)
    assert kafka._range(Cluster(code, code), PLACE) == (3, 7)


def test_a_leader_that_does_not_come_is_reported(monkeypatch):
    monkeypatch.setattr(kafka, "ANSWER_S", 0)
    with pytest.raises(KafkaException, match="NOT_LEADER"):
        kafka._range(Cluster(KafkaError.NOT_LEADER_FOR_PARTITION), PLACE)


def test_other_errors_are_reported_at_once():
    cluster = Cluster(KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.NOT_LEADER_FOR_PARTITION)
    with pytest.raises(KafkaException, match="AUTHORIZATION"):
        kafka._range(cluster, PLACE)
