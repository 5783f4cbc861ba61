"""What the relay does, or why it does not."""

from enum import StrEnum
from typing import Final, NamedTuple


class Condition(StrEnum):
    """What a relay does, or the kind of cause that keeps it from it."""

    STARTING = "STARTING"
    STANDBY = "STANDBY"
    """Another relay has the logs."""
    RELAYING = "RELAYING"
    BLOCKED = "BLOCKED"
    """Some logs are relayed, others are not; the text names the cause of each."""
    POSTGRES_AWAY = "POSTGRES_AWAY"
    LOG_CLOSED = "LOG_CLOSED"
    """PostgreSQL does not let us read a log."""
    KAFKA_AWAY = "KAFKA_AWAY"
    KAFKA_FULL = "KAFKA_FULL"
    """A broker cannot write to its disk."""
    ACCESS_REFUSED = "ACCESS_REFUSED"
    """Kafka refuses our certificate, name, password or rights."""
    TOPIC_MISSING = "TOPIC_MISSING"
    PARTITIONS_CHANGED = "PARTITIONS_CHANGED"
    """A topic has other partitions than when its entries were written: keys would move."""
    POSITIONS_LOST = "POSITIONS_LOST"
    """A topic has records, and nothing says how far its log is."""
    RECORD_TOO_LARGE = "RECORD_TOO_LARGE"
    WRONG_CLUSTER = "WRONG_CLUSTER"
    BOOK_RESTORED = "BOOK_RESTORED"
    """The database lacks entries that Kafka has."""


WORKS: Final = frozenset({Condition.STANDBY, Condition.RELAYING})


class State(NamedTuple):
    """A condition and its cause."""

    condition: Condition
    text: str = ""

    @property
    def works(self) -> bool:
        """Whether the relay does what it is for."""
        return self.condition in WORKS

    def words(self) -> str:
        """Return condition and cause for people."""
        return f"{self.condition}: {self.text}" if self.text else str(self.condition)


OF_ONE_LOG: Final = frozenset(
    {Condition.ACCESS_REFUSED, Condition.TOPIC_MISSING, Condition.RECORD_TOO_LARGE}
)
"""Conditions that keep one log back, while the others go on."""
