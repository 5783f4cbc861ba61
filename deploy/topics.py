"""The topics of the log in Kafka, read from one file."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

FILE: Final = Path(__file__).with_name("topics.yaml")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
DAY_MS: Final = 86_400_000
BATCH_BYTES_MAX: Final = 512 * 1024
"""Records that svc_relay sends at once to a partition. A topic refuses a batch that is larger than
its largest record may be, so every topic must take one."""
RECORD_BYTES_MAX: Final = 16 << 20
"""Largest record that svc_relay sends: its memory has room for no larger one."""
# Field, its least and its largest value.
NUMBERS: Final = {
    "partitions": (1, 1_000),
    "retention_days": (0, 3_650),
    "record_bytes_max": (2 * BATCH_BYTES_MAX, RECORD_BYTES_MAX),
}
CLEANUPS: Final = ("delete", "compact")
REPLICATION: Final = (1, 7)


class TopicsError(ValueError):
    """The file has errors; the text has a line for each."""


class Topic(NamedTuple):
    """One topic."""

    name: str
    """Without the prefix."""
    partitions: int
    retention_days: int
    """0: for ever."""
    cleanup: str
    """"delete" or "compact"."""
    record_bytes_max: int

    def configuration(self) -> dict[str, str]:
        """Return Kafka's settings of the topic."""
        return {
            "cleanup.policy": self.cleanup,
            "retention.ms": str(self.retention_days * DAY_MS or -1),
            "max.message.bytes": str(self.record_bytes_max),
        }


class Topics(NamedTuple):
    """The whole file."""

    replication: int
    topics: tuple[Topic, ...]


def read_topics(file: Path = FILE) -> Topics:
    """Read the topics.

    Raises:
        TopicsError: The file cannot be read, or a field is not as it should be.
    """
    try:
        given = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TopicsError(f"{file}: cannot be read: {error}") from error
    if faults := list(_faults(given)):
        raise TopicsError("\n".join(f"{file}: {fault}" for fault in faults))
    listed = given["topics"].items()
    return Topics(given["replication"], tuple(Topic(name, **fields) for name, fields in listed))


def _faults(given: object) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"is {_kind(given)}, should be a mapping with the keys replication and topics"
        return
    yield from _odd_keys("", given, ("replication", "topics"))
    if "replication" in given:
        yield from _number_fault("replication", given["replication"], *REPLICATION)
    topics = given.get("topics", {})
    if not isinstance(topics, dict):
        yield f"topics: is {_kind(topics)}, should be a mapping of topics by name"
        return
    for name, fields in topics.items():
        yield from _topic_faults(name, fields)


def _topic_faults(name: object, fields: object) -> Iterator[str]:
    at = f"topics.{name}"
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield f"{at}: the name should be lower-case letters, digits and -, at most 100"
    if not isinstance(fields, dict):
        yield f"{at}: is {_kind(fields)}, should be a mapping of {', '.join(Topic._fields[1:])}"
        return
    yield from _odd_keys(f"{at}.", fields, Topic._fields[1:])
    for field, bounds in NUMBERS.items():
        if field in fields:
            yield from _number_fault(f"{at}.{field}", fields[field], *bounds)
    if "cleanup" in fields and fields["cleanup"] not in CLEANUPS:
        yield f"{at}.cleanup: is {fields['cleanup']!r}, should be {' or '.join(CLEANUPS)}"


def _odd_keys(at: str, given: Mapping[Any, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for key in keys:
        if key not in given:
            yield f"{at}{key}: is missing"
    for key in given:
        if key not in keys:
            yield f"{at}{key}: is not known; known are {', '.join(keys)}"


def _number_fault(at: str, value: object, least: int, most: int) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        yield f"{at}: is {value!r}, should be a whole number from {least} to {most}"


def _kind(value: object) -> str:
    return "empty" if value is None else type(value).__name__
