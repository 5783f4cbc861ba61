"""What a reader of copied logs does while a partition has no leader."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from eventlog.copies import kafka
from eventlog.copies.entries import SourceError


class Cluster:
    """Answers with each of these errors once, then with a range."""

    def __init__(self, *codes):
        self.codes = list(codes)

    def __call__(self):
        if self.codes:
            raise KafkaException(KafkaError(self.codes.pop(0)))
        return 3, 7


@pytest.mark.parametrize("code", sorted(kafka.LEADER_CHANGES))
async def test_a_partition_without_a_leader_is_asked_again(code, monkeypatch):
    monkeypatch.setattr(kafka, "LEADER_RETRY_S", 0)
    assert await kafka._when_led(Cluster(code, code)) == (3, 7)


async def test_a_leader_that_does_not_come_is_reported(monkeypatch):
    monkeypatch.setattr(kafka, "ANSWER_S", 0)
    with pytest.raises(SourceError, match="NOT_LEADER"):
        await kafka._when_led(Cluster(KafkaError.NOT_LEADER_FOR_PARTITION))


async def test_other_errors_are_reported_at_once():
    cluster = Cluster(KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.NOT_LEADER_FOR_PARTITION)
    with pytest.raises(SourceError, match="AUTHORIZATION"):
        await kafka._when_led(cluster)
