"""What the process does, or why it does not."""

from enum import StrEnum
from typing import Final, NamedTuple


class Condition(StrEnum):
    """What the process does, or the kind of cause that keeps it from it."""

    STARTING = "STARTING"
    STANDBY = "STANDBY"
    """Another process reads the logs; this one serves users."""
    READING = "READING"
    BLOCKED = "BLOCKED"
    """Some logs are read, others are not; the text names the cause of each."""
    POSTGRES_AWAY = "POSTGRES_AWAY"


WORKS: Final = frozenset({Condition.STANDBY, Condition.READING})


class State(NamedTuple):
    """A condition and its cause."""

    condition: Condition
    text: str = ""

    def words(self) -> str:
        """Return condition and cause for people."""
        return f"{self.condition}: {self.text}" if self.text else str(self.condition)
