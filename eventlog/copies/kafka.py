"""Reads the copied logs from Kafka: what was committed when the source was opened, and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from functools import partial
from typing import Any, Final, Self, TypeVar

from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from typing_extensions import override

from eventlog.copies.entries import PAGE_ENTRIES, CopiedEntry, EventSource, SourceError

ANSWER_S: Final = 15.0
"""Seconds for an answer of the cluster about its topics."""
LEADER_RETRY_S: Final = 0.2
"""Seconds between two questions to a partition without a leader."""
LEADER_CHANGES: Final = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)
"""What a broker answers while the leader of a partition changes or, of a new topic, is made."""
SILENCE_S_MAX: Final = 90.0
"""Seconds without an entry after which reading is given up. A transaction that its writer left open
hides what comes after it for a minute."""
POLL_S: Final = 1.0
FETCHED_KBYTES: Final = 16_384
"""What librdkafka holds of entries that are not read yet, in KiB."""
US_PER_MS: Final = 1_000

Result = TypeVar("Result")
Range = tuple[int, int]
"""The first offset of a partition, and the one after its last."""


class KafkaSource(EventSource):
    """One reading of topics in Kafka under `read_committed`."""

    def __init__(
        self, configuration: dict[str, Any], prefix: str, ranges: dict[str, dict[int, Range]]
    ) -> None:
        """Take what `opened` found."""
        self._configuration = configuration
        self._prefix = prefix
        self._ranges = ranges

    @classmethod
    async def opened(
        cls, configuration: Mapping[str, Any], prefix: str, topics: Collection[str]
    ) -> Self:
        """Look where the topics begin and end now.

        Args:
            configuration: Of the connection, for librdkafka; with a logger.
            prefix: What the name of each topic begins with in the cluster.
            topics: Names without the prefix.

        Raises:
            SourceError: No broker answers, it refuses us, or a topic is missing.
        """
        settings = {
            **configuration,
            "group.id": f"{prefix}readers",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "queued.max.messages.kbytes": FETCHED_KBYTES,
        }
        return cls(settings, prefix, await _when_led(lambda: _ranges(settings, prefix, topics)))

    @property
    @override
    def name(self) -> str:
        return f"Kafka {self._configuration['bootstrap.servers']}"

    @override
    async def removed(self, topic: str) -> frozenset[int]:
        return frozenset(
            partition for partition, (first, _) in self._ranges[topic].items() if first > 0
        )

    @override
    async def pages(self, topic: str) -> AsyncIterator[list[CopiedEntry]]:
        open_ends = {
            partition: end for partition, (first, end) in self._ranges[topic].items() if end > first
        }
        consumer = Consumer(self._configuration)
        name, silent_s = self._prefix + topic, 0.0
        try:
            consumer.assign(
                [TopicPartition(name, partition, OFFSET_BEGINNING) for partition in open_ends]
            )
            while open_ends:
                messages = await _in_thread(partial(consumer.consume, PAGE_ENTRIES, POLL_S))
                silent_s = 0.0 if messages else silent_s + POLL_S
                if silent_s > SILENCE_S_MAX:
                    raise SourceError(
                        f"{name}: nothing came for {SILENCE_S_MAX:g} s, and the end of partitions "
                        f"{sorted(open_ends)} was not reached"
                    )
                if page := _page(topic, messages, open_ends):
                    yield page
        finally:
            await asyncio.to_thread(consumer.close)

    @override
    async def close(self) -> None:
        """Nothing is held between two readings."""


def _page(topic: str, messages: list[Any], open_ends: dict[int, int]) -> list[CopiedEntry]:
    """Return the entries before the ends, and remove the ends that were reached."""
    page = []
    for message in messages:
        partition, offset = message.partition(), message.offset()
        error = message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
            raise SourceError(f"{topic}: {error.str()} ({error.name()})")
        end = open_ends.get(partition)
        if end is None:
            continue
        if offset >= end - (error is None):
            # The last entry before the end, one after it, or the end itself.
            del open_ends[partition]
        if error is None and offset < end:
            page.append(_entry(topic, message))
    return page


def _entry(topic: str, message: Any) -> CopiedEntry:
    headers = dict(message.headers() or ())
    kind, at_ms = message.timestamp()
    try:
        return CopiedEntry(
            topic=topic,
            partition=message.partition(),
            offset=message.offset(),
            key=(message.key() or b"").decode(),
            sequence=int(headers["sequence"]),
            log_number=int(headers["log-number"]),
            schema=headers["schema"].decode(),
            schema_version=int(headers["schema-version"]),
            hash=headers["hash"],
            recorded_at_us=0 if kind == TIMESTAMP_NOT_AVAILABLE else at_ms * US_PER_MS,
            value=message.value() or b"",
        )
    except (KeyError, ValueError) as error:
        where = f"{topic}/{message.partition()} offset {message.offset()}"
        raise SourceError(f"{where}: this is no entry of a log ({error!r})") from error


def _ranges(
    settings: dict[str, Any], prefix: str, topics: Collection[str]
) -> dict[str, dict[int, Range]]:
    consumer = Consumer(settings)
    try:
        known = consumer.list_topics(timeout=ANSWER_S).topics
        missing = [prefix + topic for topic in topics if prefix + topic not in known]
        if missing:
            raise SourceError(
                f"the cluster does not have, or does not show us, {', '.join(missing)}: run "
                "`ordermesh topics apply`, and see ORDERMESH_KAFKA_TOPIC_PREFIX"
            )
        return {
            topic: {
                partition: consumer.get_watermark_offsets(
                    TopicPartition(prefix + topic, partition), timeout=ANSWER_S
                )
                for partition in known[prefix + topic].partitions
            }
            for topic in topics
        }
    finally:
        consumer.close()


async def _when_led(ask: Callable[[], Result]) -> Result:
    """Ask the cluster about its topics, again while the leader of a partition is being made.

    Raises:
        SourceError: It answers otherwise, or there is no leader for `ANSWER_S`.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + ANSWER_S
    while True:
        try:
            return await _in_thread(ask)
        except SourceError as error:
            cause = error.__cause__
            waits = isinstance(cause, KafkaException) and cause.args[0].code() in LEADER_CHANGES
            if not waits or loop.time() >= until:
                raise
        await asyncio.sleep(LEADER_RETRY_S)


async def _in_thread(work: Callable[[], Result]) -> Result:
    try:
        return await asyncio.to_thread(work)
    except KafkaException as error:
        cause = error.args[0]
        raise SourceError(f"Kafka: {cause.str()} ({cause.name()})") from error
