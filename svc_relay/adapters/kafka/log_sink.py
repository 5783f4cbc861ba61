"""Owns the logs in Kafka, and writes them in transactions.

The owner is the member of the group that has the partition of the topic of positions. A relay that
hangs or dies loses it after the lease, and a standby takes it; a member that joins takes nothing
(cooperative assignment). Whoever becomes the owner begins with the transactional id, which makes
Kafka refuse everything that an earlier owner still sends. So two owners cannot write, whatever they
believe.

librdkafka's calls wait in a thread of this class; the event loop only awaits them.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from eventlog.logs import SCHEMAS, Entry, Log, Position
from mesh.kafka.connection import logger
from mesh.kafka.faults import Complaints, fault_of
from mesh.telemetry.parts import KAFKA, Dependency
from svc_relay.adapters.kafka.positions import (
    Noted,
    NotReadError,
    has_records,
    last_position,
    read_positions,
    written,
)
from svc_relay.adapters.kafka.records import POSITIONS, TOPICS_OF, records_of
from svc_relay.domain.state import OF_ONE_LOG, Condition, State
from svc_relay.service.ports import LogRefusedError, OwnerLostError, SinkError

POLL_S: Final = 0.2
ANSWER_S: Final = 5.0
"""For the list of topics."""
TRANSACTION_S: Final = 30.0
"""The broker aborts a transaction that takes longer."""
COMMIT_S: Final = 10.0
"""A commit that takes longer is given up; what became of it is read from the positions."""
BATCH_BYTES: Final = 512 * 1024
MESSAGE_BYTES_MAX: Final = 16 << 20
"""Largest record that is sent; the broker decides further: `max.message.bytes` of its topic. One of
this size is in memory four times at most, within the memory that deploy/processes.py gives us."""
QUEUE_KBYTES: Final = (MESSAGE_BYTES_MAX >> 10) + 8 * 1024
"""Entries on their way to the broker; a page with one entry as large as may be has less."""
_NOTHING_LEFT: Final = (
    "the records of {} were removed when their time was over: nothing says how far it is. Set "
    "ORDERMESH_KAFKA_TOPIC_PREFIX to a new prefix and apply the topics"
)
_FENCED: Final = frozenset({"_FENCED", "INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED"})
_RIGHTS: Final = {
    "GROUP_AUTHORIZATION_FAILED": "we need Read on group {}",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED": "we need Write on transactional id {}",
    "TOPIC_AUTHORIZATION_FAILED": "we need Read and Write on topic {}-positions",
    "CLUSTER_AUTHORIZATION_FAILED": "we need IdempotentWrite on the cluster",
}
"""What Kafka's refusals mean where they are not of the topic of a log; {} is prefix + relay."""
_OF_A_TOPIC: Final = frozenset(
    {"TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION"}
)
Result = TypeVar("Result")


class Owner(NamedTuple):
    """How the owner of the logs is found."""

    prefix: str
    """Of our topics, of the group and of the transactional id."""
    cluster_id: str
    """That the cluster must have; empty for any."""
    instance: str
    """Name of this relay in the group, so that a restart is no change of owner; may be empty."""
    lease_s: float
    """Seconds after which a relay that does not answer loses the logs."""


class LogSink:
    """The logs in Kafka."""

    def __init__(self, configuration: Mapping[str, Any], owner: Owner) -> None:
        """Take librdkafka's configuration of the connection; nothing connects yet."""
        self._configuration = dict(configuration)
        self._of = owner
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kafka")
        self._kafka = Dependency(KAFKA)
        self._consumer: Any = None
        self._producer: Any = None
        self._mine = False
        self._complaints = Complaints()
        self._positions_topic = owner.prefix + POSITIONS
        self._topics: dict[str, int] = {}
        """Topics of the cluster as they were seen last, and their numbers of partitions."""
        self._partitions: dict[Log, int] = {}
        """Partitions that the topic of a log had for the entries that it has."""

    async def join(self) -> bool:
        """Wait a moment for the ownership; return whether it is here."""
        return await self._in_thread(self._join)

    async def take_over(self) -> Mapping[Log, Position]:
        """Shut out earlier owners, and return how far each log is."""
        return await self._in_thread(self._take_over)

    async def rebuild(self) -> Mapping[Log, Position]:
        """Write the positions that are gone, found by the last records of the logs' topics.

        Shuts out a relay that runs. Returns what was written.
        """
        return await self._in_thread(self._rebuild)

    async def keep(self) -> None:
        """Show that this owner lives. Raises OwnerLostError if another relay has the logs."""
        await self._in_thread(self._keep)

    async def publish(self, log: Log, entries: Sequence[Entry], position: Position) -> None:
        """Write entries and position in one transaction; see `ports.Sink`."""
        with self._kafka.exchange():
            await self._in_thread(lambda: self._publish(log, entries, position))

    async def close(self) -> None:
        """Give everything up; `join` begins again."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except KafkaException as error:
            raise self._meant(error.args[0]) from error

    def _meant(self, error: KafkaError) -> SinkError | OwnerLostError:
        if error.name() in _FENCED:
            return OwnerLostError("another relay took the logs")
        condition = Condition(fault_of(error.name()))
        # What the connection itself complained about says more than a time-out.
        if condition is Condition.KAFKA_AWAY and (fault := self._fault) is not None:
            return SinkError(fault)
        return SinkError(State(condition, f"{self._with_right(error)} ({error.name()})"))

    def _with_right(self, error: KafkaError) -> str:
        """Say what Kafka refuses, and which right would do."""
        name, needed = f"{self._of.prefix}relay", _RIGHTS.get(error.name())
        return error.str() if needed is None else f"{error.str()}: {needed.format(name)}"

    def _complained(self, error: KafkaError) -> None:
        """Note what a connection complains about, from a thread that polls."""
        if error.name() in _OF_A_TOPIC:
            return  # a transaction that fails for it says so
        self._complaints.note(error.name(), self._with_right(error))

    @property
    def _fault(self) -> State | None:
        newest = self._complaints.newest
        return None if newest is None else State(Condition(newest.fault), newest.text)

    def _raise_if_down(self) -> None:
        if self._complaints.down and (fault := self._fault) is not None:
            raise SinkError(fault)

    def _client(self, **more: Any) -> dict[str, Any]:
        return {
            **self._configuration,
            "error_cb": self._complained,
            "logger": logger(),
            "client.id": "svc-relay",
            **{name.replace("_", "."): value for name, value in more.items()},
        }

    def _join(self) -> bool:
        if self._consumer is None:
            self._complaints.forget()
            lease_ms = int(self._of.lease_s * 1000)
            named = {"group_instance_id": self._of.instance} if self._of.instance else {}
            self._consumer = Consumer(
                self._client(
                    group_id=f"{self._of.prefix}relay",
                    partition_assignment_strategy="cooperative-sticky",
                    session_timeout_ms=lease_ms,
                    heartbeat_interval_ms=lease_ms // 4,
                    max_poll_interval_ms=int(TRANSACTION_S * 4000),
                    enable_auto_commit=False,
                    auto_offset_reset="latest",
                    **named,
                )
            )
            self._look_at_cluster()
            self._consumer.subscribe(
                [self._positions_topic],
                on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked,
            )  # fmt: skip
        self._poll(POLL_S)
        self._raise_if_down()
        return self._mine

    def _look_at_cluster(self) -> None:
        """Compare the cluster with what it must be."""
        try:
            metadata = self._consumer.list_topics(timeout=ANSWER_S)
        except KafkaException:
            # What the connection complained about is handed over by a poll only.
            self._consumer.poll(POLL_S)
            raise
        if self._of.cluster_id and metadata.cluster_id != self._of.cluster_id:
            raise SinkError(
                State(
                    Condition.WRONG_CLUSTER,
                    f"the cluster is {metadata.cluster_id}, should be {self._of.cluster_id}",
                )
            )
        self._topics = _partitions_of(metadata)
        if missing := self._missing(self._positions_topic):
            raise SinkError(missing)
        if (count := self._topics[self._positions_topic]) != 1:
            raise SinkError(_changed(self._positions_topic, count, 1))

    def _missing(self, topic: str) -> State | None:
        """Return what is wrong if the cluster does not have a topic."""
        if topic not in self._topics:
            self._topics = _partitions_of(self._consumer.list_topics(timeout=ANSWER_S))
        names = (name for log in SCHEMAS for name in TOPICS_OF[log])
        wanted = [self._positions_topic, *(self._of.prefix + name for name in names)]
        if topic in self._topics:
            return None
        missing = ", ".join(name for name in wanted if name not in self._topics)
        return State(
            Condition.TOPIC_MISSING,
            f"the cluster does not have, or does not show us, {missing}: run `ordermesh topics "
            "apply`",
        )

    def _assigned(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        if partitions:
            self._mine = True
            consumer.incremental_assign(partitions)
            # Membership is all that this consumer is for.
            consumer.pause(partitions)

    def _revoked(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        if partitions:
            self._mine = False
            consumer.incremental_unassign(partitions)

    def _poll(self, seconds: float) -> None:
        message = self._consumer.poll(seconds)
        if message is not None and message.error() is not None:
            raise KafkaException(message.error())

    def _keep(self) -> None:
        self._poll(0)
        if not self._mine:
            raise OwnerLostError("another relay took the logs")
        if self._producer is not None:
            self._producer.poll(0)
        self._raise_if_down()

    def _take_over(self) -> dict[Log, Position]:
        self._begin()
        return self._read_positions()

    def _begin(self) -> None:
        """Begin with the transactional id: what an earlier producer left open is aborted."""
        self._producer = Producer(
            self._client(
                transactional_id=f"{self._of.prefix}relay",
                transaction_timeout_ms=int(TRANSACTION_S * 1000),
                acks="all",
                partitioner="murmur2_random",
                compression_type="lz4",
                linger_ms=5,
                batch_size=BATCH_BYTES,
                queue_buffering_max_kbytes=QUEUE_KBYTES,
                queue_buffering_max_messages=100_000,
                message_max_bytes=MESSAGE_BYTES_MAX,
            )
        )
        self._producer.init_transactions(TRANSACTION_S)

    def _read_positions(self) -> dict[Log, Position]:
        """Return how far each log is: nobody else can write any more."""
        with self._reader() as reader:
            found = read_positions(reader, self._positions_topic)
            lost = [log for log in self._unplaced(found) if self._has_records(reader, log)]
        if lost:
            topics = ", ".join(self._of.prefix + log for log in lost)
            raise SinkError(
                State(
                    Condition.POSITIONS_LOST,
                    f"{self._positions_topic} does not say how far {topics} is, which has records: "
                    "copied again they would be there twice. Run `python -m svc_relay.admin "
                    "rebuild-positions`",
                )
            )
        self._partitions = {log: noted.partitions for log, noted in found.items()}
        return {log: noted.position for log, noted in found.items()}

    def _unplaced(self, found: Mapping[Log, Noted]) -> list[Log]:
        """Return the logs that have a topic and no position."""
        return [
            log for log in SCHEMAS if log not in found and self._of.prefix + log in self._topics
        ]

    def _has_records(self, reader: Any, log: Log) -> bool:
        topic = self._of.prefix + log
        return has_records(reader, topic, self._topics[topic])

    @contextmanager
    def _reader(self) -> Iterator[Any]:
        """Lend a consumer of committed records that reports the ends of partitions."""
        reader = Consumer(
            self._client(
                group_id=f"{self._of.prefix}relay",
                isolation_level="read_committed",
                enable_partition_eof=True,
                enable_auto_commit=False,
            )
        )
        try:
            yield reader
        except NotReadError:
            fault = self._fault or State(Condition.KAFKA_AWAY, "the positions cannot be read")
            raise SinkError(fault) from None
        finally:
            reader.close()

    def _rebuild(self) -> dict[Log, Position]:
        self._consumer = Consumer(self._client(group_id=f"{self._of.prefix}relay"))
        self._look_at_cluster()
        # What an earlier owner left open ends here. A log without a position is not written to by
        # any relay, so the ends of its topic stay as they are.
        self._begin()
        rebuilt: dict[Log, Noted] = {}
        with self._reader() as reader:
            for log in self._unplaced(read_positions(reader, self._positions_topic)):
                topic = self._of.prefix + log
                count = self._topics[topic]
                if not self._has_records(reader, log):
                    continue
                position = last_position(reader, topic, count)
                if position is None:
                    raise SinkError(State(Condition.POSITIONS_LOST, _NOTHING_LEFT.format(topic)))
                rebuilt[log] = Noted(position, count)
        if rebuilt:
            # Again: a relay that waits for the positions has begun meanwhile.
            self._begin()
            self._producer.begin_transaction()
            for log, noted in rebuilt.items():
                self._note(log, noted)
            self._producer.commit_transaction(COMMIT_S)
        return {log: noted.position for log, noted in rebuilt.items()}

    def _note(self, log: Log, noted: Noted) -> None:
        self._producer.produce(self._positions_topic, written(noted), log.encode(), partition=0)

    def _publish(self, log: Log, entries: Sequence[Entry], position: Position) -> None:
        producer, topic = self._producer, self._of.prefix + log
        for name in TOPICS_OF[log]:
            if missing := self._missing(self._of.prefix + name):
                raise LogRefusedError(missing)
        count = self._partitions.get(log) or self._topics[topic]
        try:
            producer.begin_transaction()
            for name, key, value, headers in records_of(log, entries):
                producer.produce(self._of.prefix + name, value, key, headers=headers)
            self._note(log, Noted(position, count))
            self._check_partitions(topic, count)
            producer.commit_transaction(COMMIT_S)
        except KafkaException as error:
            cause = error.args[0]
            condition = Condition(fault_of(cause.name()))
            if condition not in OF_ONE_LOG or cause.fatal():
                raise
            self._abort()
            self._topics.pop(topic, None)
            self._complaints.forget()
            refusal = State(condition, _refusal(condition, self._names(log), entries, cause))
            raise LogRefusedError(refusal) from error
        self._partitions[log] = count
        self._complaints.forget()

    def _names(self, log: Log) -> str:
        """Name the topics that a transaction of a log writes to."""
        return ", ".join(self._of.prefix + name for name in TOPICS_OF[log])

    def _check_partitions(self, topic: str, expected: int) -> None:
        """Refuse the transaction if keys have moved: partitions are only ever added.

        Looked for when the entries are in their partitions, so that none can be in a new one.
        """
        self._producer.flush(COMMIT_S)
        count = _partitions_of(self._producer.list_topics(topic, timeout=ANSWER_S))[topic]
        if count not in (0, expected):  # 0: it may not be read; the commit says why
            self._abort()
            self._topics.pop(topic, None)
            raise LogRefusedError(_changed(topic, count, expected))

    def _abort(self) -> None:
        """Abort the transaction, or begin anew.

        Kafka does not abort a transaction whose first partition it refused: it knows of none.
        """
        try:
            self._producer.abort_transaction(COMMIT_S)
        except KafkaException:
            self._producer.purge()
            self._begin()

    def _close(self) -> None:
        producer, consumer = self._producer, self._consumer
        self._producer = self._consumer = None
        self._mine = False
        if producer is not None:
            producer.purge()
        if consumer is not None:
            consumer.close()


def _partitions_of(metadata: Any) -> dict[str, int]:
    return {name: len(topic.partitions) for name, topic in metadata.topics.items()}


def _changed(topic: str, count: int, expected: int) -> State:
    return State(
        Condition.PARTITIONS_CHANGED,
        f"{topic} has {count} partitions, should have {expected}: keys would move to other ones. "
        "Set ORDERMESH_KAFKA_TOPIC_PREFIX to a new prefix and apply the topics",
    )


def _refusal(condition: Condition, topics: str, entries: Sequence[Entry], cause: KafkaError) -> str:
    if condition is not Condition.RECORD_TOO_LARGE:
        return f"{topics}: {_words(cause)}"
    largest = max(entries, key=lambda entry: len(entry.payload))
    if len(largest.payload) > MESSAGE_BYTES_MAX:
        return (
            f"entry {largest.log_number} of {largest.key} has {len(largest.payload)} bytes, more "
            f"than svc_relay sends ({MESSAGE_BYTES_MAX}): no entry of ours is so large"
        )
    return (
        f"entry {largest.log_number} of {largest.key} has {len(largest.payload)} bytes, which "
        f"{topics} does not take: raise record_bytes_max of the topic and run `ordermesh topics "
        "apply`"
    )


def _words(error: KafkaError) -> str:
    return f"{error.str()} ({error.name()})"
