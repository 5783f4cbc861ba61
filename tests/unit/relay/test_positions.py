"""What the topics show of how far a log is, over a broker in memory."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from eventlog.logs import Log, Position
from svc_relay.adapters.kafka import positions
from svc_relay.adapters.kafka.positions import (
    Noted,
    NotReadError,
    has_records,
    last_position,
    read_positions,
    written,
)

ABORTED = None


class Message:
    """A record, or the end of a partition."""

    def __init__(self, offset, value=b"", key=b"", number=0, error=None, partition=0):
        self._offset, self._value, self._key, self._number = offset, value, key, number
        self._partition = partition
        self._error = None if error is None else KafkaError(error)

    def error(self):
        return self._error

    def offset(self):
        return self._offset

    def partition(self):
        return self._partition

    def value(self):
        return self._value

    def key(self):
        return self._key

    def headers(self):
        return [("log-number", b"%d" % self._number), ("hash", b"h%d" % self._number)]


class Broker:
    """Partitions, each a low watermark and its log numbers; None is what a reader does not see."""

    def __init__(self, *partitions):
        self.partitions = partitions
        self.waiting = []
        self.assigned = []

    def get_watermark_offsets(self, place, timeout):
        del timeout
        low, records = self.partitions[place.partition]
        return low, low + len(records)

    def assign(self, places):
        self.waiting = []
        for place in places:
            low, records = self.partitions[place.partition]
            begin = max(place.offset, low)
            self.assigned.append(begin)
            self.waiting += [
                Message(low + at, number=number)
                for at, number in enumerate(records)
                if number is not ABORTED and low + at >= begin
            ]
            for offset in (begin, low + len(records)):
                # First where a transaction begins that is being aborted.
                end = KafkaError._PARTITION_EOF
                self.waiting.append(Message(offset, error=end, partition=place.partition))

    def poll(self, _seconds):
        return self.waiting.pop(0) if self.waiting else None


@pytest.mark.parametrize(
    ("partitions", "has"),
    [
        ([(0, [])], False),
        ([(0, []), (0, [7])], True),
        ([(0, [ABORTED, ABORTED]), (0, [ABORTED])], False),
        ([(0, [ABORTED, 3])], True),
        # Their time was over.
        ([(0, []), (5, [])], True),
    ],
)
def test_whether_a_topic_has_records(partitions, has):
    assert has_records(Broker(*partitions), "orders", len(partitions)) is has


@pytest.mark.parametrize(
    ("partitions", "last"),
    [
        ([(0, [1, 3, ABORTED]), (0, [2, 4, ABORTED]), (0, [])], 4),
        ([(10, [21, 25, ABORTED]), (3, [ABORTED])], 25),
        # A long transaction that was aborted is at the end.
        ([(0, [8, *[ABORTED] * 5_000])], 8),
        ([(4, [])], None),
    ],
)
def test_the_last_entry_of_a_log_is_the_highest_of_its_partitions(partitions, last):
    found = last_position(Broker(*partitions), "orders", len(partitions))
    assert found == (None if last is None else Position(last, b"h%d" % last))


def test_the_end_of_a_long_partition_is_found_without_reading_all_of_it():
    broker = Broker((0, list(range(1, 100_001))))
    assert last_position(broker, "orders", 1).log_number == 100_000
    assert broker.assigned == [100_000 - positions.LAST_RECORDS]


def test_what_does_not_come_is_not_taken_for_nothing():
    broker = Broker((0, [1]))
    broker.assign = lambda _places: None
    for read in (has_records, last_position):
        with pytest.raises(NotReadError):
            read(broker, "orders", 1)


def test_a_refusal_is_no_end():
    broker = Broker((0, [1]))
    broker.poll = lambda _seconds: Message(0, error=KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(KafkaException):
        has_records(broker, "orders", 1)


def test_a_position_is_read_as_it_was_written():
    noted = Noted(Position(9, b"\x01\x02"), 12)
    broker = Broker((0, [ABORTED, ABORTED]))
    broker.assign = lambda _places: None
    broker.waiting = [
        Message(0, written(noted), b"orders"), Message(2, error=KafkaError._PARTITION_EOF),
    ]  # fmt: skip
    assert read_positions(broker, "relay-positions") == {Log.ORDERS: noted}
