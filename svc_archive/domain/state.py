"""What the archiver does, or why it does not."""

from enum import StrEnum
from typing import Final, NamedTuple


class Condition(StrEnum):
    """What an archiver does, or the kind of cause that keeps it from it."""

    STARTING = "STARTING"
    STANDBY = "STANDBY"
    """Another process writes to this archive."""
    ARCHIVING = "ARCHIVING"
    KAFKA_AWAY = "KAFKA_AWAY"
    ACCESS_REFUSED = "ACCESS_REFUSED"
    """Kafka refuses our certificate, name, password or rights."""
    TOPIC_MISSING = "TOPIC_MISSING"
    WRONG_CLUSTER = "WRONG_CLUSTER"
    KAFKA_DIFFERS = "KAFKA_DIFFERS"
    """Kafka lacks records that the archive needs, or has other ones than those archived."""
    WRONG_ARCHIVE = "WRONG_ARCHIVE"
    """The archive is another mesh's, or the folder is no archive."""
    ARCHIVE_DAMAGED = "ARCHIVE_DAMAGED"
    """The newest entry of the manifest cannot be read."""
    STORE_FULL = "STORE_FULL"
    STORE_READ_ONLY = "STORE_READ_ONLY"
    STORE_AWAY = "STORE_AWAY"


OF_THE_STORE: Final = frozenset(
    {Condition.STORE_FULL, Condition.STORE_READ_ONLY, Condition.STORE_AWAY}
)
WORKS: Final = frozenset({Condition.STANDBY, Condition.ARCHIVING})


class State(NamedTuple):
    """A condition and its cause."""

    condition: Condition
    text: str = ""

    @property
    def works(self) -> bool:
        """Whether the archiver does what it is for."""
        return self.condition in WORKS

    def words(self) -> str:
        """Return condition and cause for people."""
        return f"{self.condition}: {self.text}" if self.text else str(self.condition)
