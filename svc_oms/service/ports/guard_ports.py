"""What cancel on disconnect needs of the database."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class GuardRow(NamedTuple):
    """A guard: whose orders go when its flow is lost."""

    holder: str
    """The flow, a ULID of its own."""
    subject: str
    session_name: str
    account_ids: tuple[str, ...]
    grace_s: int


class Armed(NamedTuple):
    """What arming met."""

    armed: bool
    """False: orders of an earlier flow of this name are being cancelled at this moment."""
    resumed: bool
    """A flow of this name had been lost and was waited for."""


class GuardStore(Protocol):
    """Guards of flows. All times are the database's."""

    async def defaults(self, account_ids: Sequence[str]) -> dict[str, int]:
        """Read the grace of those accounts that have a default."""
        ...

    async def held(self, subject: str) -> int:
        """Count the guards of a user that wait or may come to."""
        ...

    async def arm(self, row: GuardRow) -> Armed:
        """Add a guard; whoever of its name was lost is resumed by it."""
        ...

    async def disarm(self, holder: str) -> None:
        """Take a guard away, and with it what may be left of older flows of its name."""
        ...

    async def lost(self, holder: str, grace_min_s: int) -> None:
        """Begin the grace of a guard, at least so long."""
        ...

    async def vouch(self, holders: Sequence[str]) -> list[str]:
        """Say that these flows live; return those whose guards are there."""
        ...

    async def due(self, *, dead_too: bool) -> list[GuardRow]:
        """Read guards whose grace is over; those nobody vouches for only if told so."""
        ...

    async def claim(self, holder: str) -> bool:
        """Take a due guard for oneself; False if another has it or a newer flow resumed it."""
        ...

    async def fired(self, holder: str) -> None:
        """Remove a claimed guard: its orders are asked to go."""
        ...
