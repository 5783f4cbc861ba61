"""The ports of cancel on disconnect."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class GuardRow(NamedTuple):
    """A guard: the user whose orders are cancelled when the flow is lost."""

    holder: str
    """The flow, a ULID of its own."""
    subject: str
    session_name: str
    account_ids: tuple[str, ...]
    grace_s: int


class Armed(NamedTuple):
    """The result of arming."""

    armed: bool
    """False: orders of an earlier flow of this name are just being cancelled."""
    resumed: bool
    """A lost flow of this name was waited for."""


class GuardStore(Protocol):
    """Guards of flows. All times are the database's."""

    async def defaults(self, account_ids: Sequence[str]) -> dict[str, int]:
        """Read the grace of the accounts that have a default."""
        ...

    async def held(self, subject: str) -> int:
        """Count the guards of a user that exist now."""
        ...

    async def arm(self, row: GuardRow) -> Armed:
        """Add a guard; it resumes a lost flow of the same name."""
        ...

    async def disarm(self, holder: str) -> None:
        """Remove a guard, and what may be left of older flows of its name."""
        ...

    async def lost(self, holder: str, grace_min_s: int) -> None:
        """Begin the grace of a guard, at least so long."""
        ...

    async def vouch(self, holders: Sequence[str]) -> list[str]:
        """Renew these flows; return those whose guards exist."""
        ...

    async def due(self, *, dead_too: bool) -> list[GuardRow]:
        """Read guards whose grace is over; those that nobody renews only if requested."""
        ...

    async def claim(self, holder: str) -> bool:
        """Claim a due guard; False if another replica has it or a newer flow resumed it."""
        ...

    async def fired(self, holder: str) -> None:
        """Remove a claimed guard: the cancels are requested."""
        ...
