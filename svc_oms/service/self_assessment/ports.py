"""What the evidence is read from."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple, Protocol


class LoggedState(NamedTuple):
    """The newest state of a row within a period, from the log of states."""

    object_id: str
    recorded_at_us: int
    image: Mapping[str, Any]
    """The row: its columns as JSON."""


class EvidenceLog(Protocol):
    """The logs of audit entries and of states, by time."""

    def audit(self, since_us: int, until_us: int) -> AsyncIterator[bytes]:
        """Read the audit entries of a period, in the order of their time."""
        ...

    async def audit_begins_us(self) -> int:
        """Return the time of the oldest audit entry if older ones were archived; else 0."""
        ...

    async def states(self, table: str, since_us: int, until_us: int) -> list[LoggedState]:
        """Read the rows of a table that changed in a period, with their newest state in it."""
        ...
