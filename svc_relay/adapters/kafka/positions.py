"""How far each log is in Kafka: the topic of positions, and what the topics of the logs show."""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition

from eventlog.logs import Log, Position

ANSWER_S: Final = 5.0
"""For the ends of a partition."""
READ_S: Final = 30.0
"""For the next record: what an earlier owner left open is aborted before."""
LAST_RECORDS: Final = 100
"""Offsets before the end of a partition in which its last record is looked for first; then ten
times as many."""


class Noted(NamedTuple):
    """What the topic of positions has of a log."""

    position: Position
    partitions: int
    """Of the log's topic then."""


class NotReadError(Exception):
    """Kafka does not say what is needed."""


def written(noted: Noted) -> bytes:
    """Return the value of a record of the topic of positions."""
    values = {
        "log_number": noted.position.log_number,
        "hash": noted.position.hash.hex(),
        "partitions": noted.partitions,
    }
    return json.dumps(values).encode()


def read_positions(reader: Any, topic: str) -> dict[Log, Noted]:
    """Read the topic of positions to its end.

    Args:
        reader: A consumer of committed records that reports the ends of partitions. Nobody else
            may be able to write to the topic any more.
        topic: Its name.

    Raises:
        NotReadError: Its end is not known, or does not come.
    """
    found: dict[Log, Noted] = {}
    place = TopicPartition(topic, 0, OFFSET_BEGINNING)
    # A broker that has just become the leader may show an end that is too early, but it does not
    # name it before it knows the end.
    ends = reader.get_watermark_offsets(place, timeout=ANSWER_S)
    reader.assign([place])
    while True:
        message = reader.poll(READ_S)
        if message is None or ends is None:
            raise NotReadError
        if not _ended(message):
            values = json.loads(message.value() or b"")
            position = Position(values["log_number"], bytes.fromhex(values["hash"]))
            name = (message.key() or b"").decode()
            found[Log(name)] = Noted(position, values["partitions"])
        elif (message.offset() or 0) >= ends[1]:
            return found


def has_records(reader: Any, topic: str, partitions: int) -> bool:
    """Return whether a topic has committed records, or had them until their time was over."""
    ends: dict[int, int] = {}
    for place in _partitions(topic, partitions):
        low, high = _ends(reader, place)
        if low:
            return True
        if high:
            ends[place.partition] = high
    reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in ends])
    while ends:
        # What is there may be of a transaction that was aborted.
        message = reader.poll(READ_S)
        if message is None:
            raise NotReadError
        if not _ended(message):
            return True
        if message.offset() >= ends[message.partition()]:
            del ends[message.partition()]
    return False


def last_position(reader: Any, topic: str, partitions: int) -> Position | None:
    """Return the position of the last committed record of a log's topic; None without one.

    The entries of a log are written in the order of their numbers, so the highest number of the
    last records of the partitions is the last entry.
    """
    found = [_last_of(reader, place) for place in _partitions(topic, partitions)]
    return max(filter(None, found), default=None)


def _last_of(reader: Any, place: TopicPartition) -> Position | None:
    low, high = _ends(reader, place)
    reach = LAST_RECORDS
    while high > low:
        begin = max(low, high - reach)
        reader.assign([TopicPartition(place.topic, place.partition, begin)])
        last = None
        while True:
            message = reader.poll(READ_S)
            if message is None:
                raise NotReadError
            if not _ended(message):
                last = message
            elif message.offset() >= high:
                # Not where a transaction begins whose abort is not written yet.
                break
        if last is not None:
            named = dict(last.headers())
            return Position(int(named["log-number"]), named["hash"])
        if begin == low:
            break
        # Nothing but what was aborted.
        reach *= 10
    return None


def _ends(reader: Any, place: TopicPartition) -> tuple[int, int]:
    ends = reader.get_watermark_offsets(place, timeout=ANSWER_S)
    if ends is None:
        raise NotReadError
    return ends[0], ends[1]


def _partitions(topic: str, count: int) -> Iterator[TopicPartition]:
    return (TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(count))


def _ended(message: Any) -> bool:
    """Return whether this is the end of a partition, and no record."""
    error = message.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
        raise KafkaException(error)
    return error is not None
