"""Brings the topics of a cluster to what a file says."""

from collections.abc import Iterator
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from deploy.topics import Topic, Topics, TopicsError

ANSWER_S: Final = 10.0
"""Seconds that a cluster has to answer."""
COPIES_WRITTEN: Final = 2
"""Copies that have a record when it counts as written, if there are so many: with one, what was
confirmed could be lost with a broker, and would never be sent again."""


def apply_topics(
    admin: AdminClient, prefix: str, wanted: Topics, replication: int = 0
) -> Iterator[str]:
    """Apply topics, and yield a line for each change.

    Raises:
        TopicsError: The cluster refuses a topic, or has it with another number of partitions.
        KafkaException: The cluster cannot be reached.
    """
    there = admin.list_topics(timeout=ANSWER_S).topics
    copies = replication or wanted.replication
    missing = [topic for topic in wanted.topics if prefix + topic.name not in there]
    yield from _made(admin, prefix, missing, copies)
    kept = [topic for topic in wanted.topics if prefix + topic.name in there]
    moved = [
        f"topics.{topic.name}.partitions: is {topic.partitions}, should be {count}: the cluster "
        "has so many, and with another number the keys would move"
        for topic in kept
        if (count := len(there[prefix + topic.name].partitions)) != topic.partitions
    ]
    if moved:
        raise TopicsError("\n".join(moved))
    yield from _changed(admin, prefix, kept)


def _made(admin: AdminClient, prefix: str, topics: list[Topic], copies: int) -> Iterator[str]:
    if not topics:
        return
    written = {"min.insync.replicas": str(min(copies, COPIES_WRITTEN))}
    new = [
        NewTopic(
            prefix + topic.name, topic.partitions, copies, config=topic.configuration() | written
        )
        for topic in topics
    ]
    futures = admin.create_topics(new, request_timeout=ANSWER_S)
    yield from _done(prefix, futures, "made")


def _changed(admin: AdminClient, prefix: str, topics: list[Topic]) -> Iterator[str]:
    if not topics:
        return
    resources = [ConfigResource(ResourceType.TOPIC, prefix + topic.name) for topic in topics]
    found = admin.describe_configs(resources, request_timeout=ANSWER_S)
    changes = []
    for topic, future in zip(topics, found.values(), strict=True):
        now = {key: entry.value for key, entry in future.result().items()}
        odd = {key: value for key, value in topic.configuration().items() if now.get(key) != value}
        if odd:
            entries = [
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                for key, value in odd.items()
            ]
            changes.append(
                ConfigResource(ResourceType.TOPIC, prefix + topic.name, incremental_configs=entries)
            )
    if changes:
        futures = admin.incremental_alter_configs(changes, request_timeout=ANSWER_S)
        named = {resource.name: future for resource, future in futures.items()}
        yield from _done(prefix, named, "changed")


def _done(prefix: str, futures: dict[str, Any], what: str) -> Iterator[str]:
    refused = []
    for name, future in futures.items():
        try:
            future.result()
        except KafkaException as error:
            refused.append(f"topics.{name.removeprefix(prefix)}: {error.args[0].str()}")
        else:
            yield f"{name} {what}"
    if refused:
        raise TopicsError("\n".join(refused))
