"""The ports of the directory."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol


class IdKind(IntEnum):
    """The kind of object that an id names."""

    FIRM = 1
    DESK = 2
    """By its own name, whatever its firm."""
    FIRM_DESK = 3
    """FIRM/DESK, as in limits."""
    ACCOUNT = 4
    TRADER = 5
    SESSION = 6
    VENUE = 7
    INSTRUMENT = 8


class UserNameStore(Protocol):
    """The store of people's names."""

    async def keep_people(self, people: Sequence[tuple[str, str]]) -> None:
        """Store callers, by subject and name."""
        ...


class DirectoryStore(UserNameStore, Protocol):
    """The store of ids and names."""

    async def names_of(self, subjects: Sequence[str]) -> dict[str, str]:
        """Read the names of people as last seen; unknown people are left out."""
        ...

    async def knows(self, kind: IdKind, value: str) -> bool:
        """Return whether the id exists, or an open order has it."""
        ...

    async def likely(self, kind: IdKind, value: str, limit: int) -> list[tuple[str, str]]:
        """Read ids and names, those similar to the value first."""
        ...

    async def together(self, firm_id: str, desk_id: str, account_id: str) -> bool:
        """Return whether an account matches all of these; empty ones match any."""
        ...

    async def venue_of(self, session_id: str) -> str:
        """Return the venue of an order session; empty if there is no such session."""
        ...
