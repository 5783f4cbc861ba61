"""Reads the topics of the log under `read_committed`, from positions that the archive names.

The consumer belongs to no group: partitions are assigned by this process, and nothing is committed.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from confluent_kafka import (
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from event_archive.columns import Record
from event_archive.manifest import Positions
from event_archive.values import read_value
from eventlog.logs import NEWEST_ONLY, SCHEMAS
from kernel.hashchain import HASH_BYTES
from mesh.kafka.connection import logger
from mesh.kafka.faults import Complaints, KafkaFault, fault_of
from svc_archive.domain.state import Condition, State
from svc_archive.service.ports import HinderedError

POLL_S: Final = 0.2
ANSWER_S: Final = 5.0
RECORDS_A_LOOK: Final = 2_000
LOOK_S: Final = 0.5
"""Longest time that one look takes while records come."""
FETCHED_KBYTES: Final = 8 * 1024
"""Records that librdkafka holds; one that is larger comes alone."""
FETCH_BYTES: Final = 4 << 20
RECORD_BYTES_MAX: Final = 64 << 20
"""The largest record that a topic may take."""
LOGS: Final = frozenset(log.value for log in SCHEMAS if log not in NEWEST_ONLY)
"""The topics that are logs; others, such as the newest event of each order, are made of them."""
US_PER_MS: Final = 1_000
Result = TypeVar("Result")


class TopicReader:
    """The topics of one prefix."""

    def __init__(self, configuration: Mapping[str, Any], prefix: str, cluster_id: str) -> None:
        """Take librdkafka's configuration of the connection; nothing connects yet.

        Args:
            configuration: See `mesh.kafka.connection`.
            prefix: What the name of each topic begins with.
            cluster_id: That the cluster must have; empty for any.
        """
        self._configuration = dict(configuration)
        self._prefix = prefix
        self._cluster_id = cluster_id
        self._consumer: Any = None
        self._complaints = Complaints()
        self._partitions: dict[str, int] = {}
        """Partitions of each topic, as they were assigned."""
        self._next: dict[tuple[str, int], int] = {}
        self._unread: set[tuple[str, int]] = set()
        """Partitions whose end was not reached."""

    def open(self) -> str:
        """Connect; return the id of the cluster."""
        self._complaints.forget()
        self._consumer = Consumer(
            {
                **self._configuration,
                "client.id": "svc-archive",
                # Asked for by librdkafka; nothing is ever committed to it.
                "group.id": f"{self._prefix}archive",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "queued.max.messages.kbytes": FETCHED_KBYTES,
                "fetch.max.bytes": FETCH_BYTES,
                "max.partition.fetch.bytes": 1 << 20,
                "receive.message.max.bytes": RECORD_BYTES_MAX + (8 << 20),
                "error_cb": lambda error: self._complaints.note(error.name(), error.str()),
                "logger": logger(),
            }
        )
        metadata = self._meant(self._listed)
        if self._cluster_id and metadata.cluster_id != self._cluster_id:
            text = f"the cluster is {metadata.cluster_id}, should be {self._cluster_id}"
            raise HinderedError(State(Condition.WRONG_CLUSTER, text))
        self._partitions = self._topics(metadata)
        return str(metadata.cluster_id)

    def assign(self, positions: Positions) -> None:
        """Read every topic on from a position; a partition without one from its beginning."""
        missing = sorted(positions.keys() - self._partitions.keys())
        if missing or not self._partitions:
            names = ", ".join(self._prefix + name for name in missing or ["*"])
            text = f"the cluster does not have, or does not show us, {names}"
            raise HinderedError(
                State(Condition.TOPIC_MISSING, f"{text}: run `ordermesh topics apply`")
            )
        self._next = {
            (topic, partition): positions.get(topic, {}).get(partition, 0)
            for topic, count in self._partitions.items()
            for partition in range(count)
        }
        for (topic, partition), offset in self._next.items():
            self._check(topic, partition, offset)
        self._unread = set(self._next)
        self._meant(
            lambda: self._consumer.assign(
                [
                    TopicPartition(self._prefix + topic, partition, offset)
                    for (topic, partition), offset in self._next.items()
                ]
            )
        )

    def _check(self, topic: str, partition: int, offset: int) -> None:
        """Refuse a partition that does not have what the archive needs next."""
        place = TopicPartition(self._prefix + topic, partition)
        first, end = self._meant(
            lambda: self._consumer.get_watermark_offsets(place, timeout=ANSWER_S)
        ) or (0, 0)
        remedy = (
            "set ORDERMESH_KAFKA_TOPIC_PREFIX and ORDERMESH_ARCHIVE to new ones and apply the "
            "topics: the relay copies the whole log again, and a new archive begins; the old one "
            "stays as evidence"
        )
        if first > offset:
            text = (
                f"{self._prefix}{topic}, partition {partition}: Kafka has removed the records "
                f"before offset {first}, and the archive needs them from {offset} on; {remedy}"
            )
            raise HinderedError(State(Condition.KAFKA_DIFFERS, text))
        if end < offset:
            text = (
                f"{self._prefix}{topic}, partition {partition}: Kafka's log ends at offset {end}, "
                f"and the archive has it up to {offset}: it was made anew or restored; {remedy}"
            )
            raise HinderedError(State(Condition.KAFKA_DIFFERS, text))

    def records(self) -> Iterator[Record]:
        """Yield the committed records that come within a moment, in order per partition."""
        ends = time.monotonic() + LOOK_S
        wait = POLL_S
        for _ in range(RECORDS_A_LOOK):
            message = self._consumer.poll(wait)
            if self._complaints.down and (newest := self._complaints.newest) is not None:
                raise HinderedError(State(Condition(newest.fault), newest.text))
            if message is None:
                return
            wait = 0
            if (error := message.error()) is not None:
                self._look_at(error, message)
            else:
                record = self._record(message)
                del message  # its copy of a large value
                place = record.topic, record.partition
                self._next[place] = record.offset + 1
                self._unread.add(place)
                self._complaints.forget()
                yield record
            if time.monotonic() >= ends:
                return

    def _look_at(self, error: KafkaError, message: Any) -> None:
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
            self._unread.discard((self._short(message.topic()), message.partition()))
            return
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001  its public name
            text = f"{message.topic()}, partition {message.partition()}: {error.str()}"
            raise HinderedError(State(Condition.KAFKA_DIFFERS, text))
        raise self._hindered(error)

    def waiting(self) -> Mapping[str, int]:
        """Return how many offsets of each topic are not read yet."""
        found = dict.fromkeys(self._partitions, 0)
        for topic, partition in self._unread:
            place = TopicPartition(self._prefix + topic, partition)
            known = self._consumer.get_watermark_offsets(place, cached=True)
            # At least one: its end was not reached, or is not known yet.
            found[topic] += max(1, known[1] - self._next[topic, partition]) if known else 1
        return found

    def changed(self) -> bool:
        """Return whether the cluster has other topics or partitions than those assigned."""
        return self._topics(self._meant(self._listed)) != self._partitions

    def close(self) -> None:
        """Give everything up; `open` begins again."""
        consumer, self._consumer = self._consumer, None
        self._unread.clear()
        if consumer is not None:
            consumer.close()

    def _listed(self) -> Any:
        try:
            return self._consumer.list_topics(timeout=ANSWER_S)
        except KafkaException:
            # What the connection complained about is handed over by a poll only.
            self._consumer.poll(POLL_S)
            raise

    def _topics(self, metadata: Any) -> dict[str, int]:
        return {
            short: len(topic.partitions)
            for name, topic in metadata.topics.items()
            if name.startswith(self._prefix) and (short := self._short(name)) in LOGS
        }

    def _short(self, topic: str) -> str:
        return topic.removeprefix(self._prefix)

    def _meant(self, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except KafkaException as error:
            raise self._hindered(error.args[0]) from error

    def _hindered(self, error: KafkaError) -> HinderedError:
        fault, text = fault_of(error.name()), f"{error.str()} ({error.name()})"
        # What the connection itself complained about says more than a time-out.
        if fault is KafkaFault.AWAY and (newest := self._complaints.newest) is not None:
            fault, text = newest
        return HinderedError(State(Condition(fault), text))

    def _record(self, message: Any) -> Record:
        """Return a record; what it lacks is left out, and `ordermesh archive verify` names it."""
        headers = dict(message.headers() or ())
        value = message.value() or b""
        schema = headers.get("schema", b"").decode("utf-8", "backslashreplace")
        own_us, about = read_value(schema, value)
        kind, at_ms = message.timestamp()
        kafka_us = 0 if kind == TIMESTAMP_NOT_AVAILABLE else at_ms * US_PER_MS
        stored = headers.get("hash", b"")
        return Record(
            topic=self._short(message.topic()),
            partition=message.partition(),
            offset=message.offset(),
            key=(message.key() or b"").decode("utf-8", "backslashreplace"),
            sequence=_number(headers.get("sequence")),
            log_number=_number(headers.get("log-number")),
            schema=schema,
            schema_version=_number(headers.get("schema-version")),
            hash=stored if len(stored) == HASH_BYTES else None,
            recorded_at_us=kafka_us if own_us is None else own_us,
            value=value,
            about=about,
        )


def _number(text: bytes | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(rb"\d{1,18}", text) else None
