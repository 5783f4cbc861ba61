"""What it is known by what there is to name."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol


class IdKind(IntEnum):
    """What an id is of."""

    FIRM = 1
    DESK = 2
    """By its own name, whatever its firm."""
    FIRM_DESK = 3
    """FIRM/DESK, as limits name it."""
    ACCOUNT = 4
    TRADER = 5
    SESSION = 6
    VENUE = 7
    INSTRUMENT = 8


class UserNameStore(Protocol):
    """People of record."""

    async def keep_people(self, people: Sequence[tuple[str, str]]) -> None:
        """Keep who was seen calling, by subject and what they are called."""
        ...


class DirectoryStore(UserNameStore, Protocol):
    """Names of record."""

    async def knows(self, kind: IdKind, value: str) -> bool:
        """Tell whether there is such a thing, or an open order of it."""
        ...

    async def likely(self, kind: IdKind, value: str, limit: int) -> list[tuple[str, str]]:
        """Read ids and names, those that look like the value first."""
        ...

    async def together(self, firm_id: str, desk_id: str, account_id: str) -> bool:
        """Tell whether an account matches all of these; empty ones match any."""
        ...

    async def venue_of(self, session_id: str) -> str:
        """Tell where an order session leads to; empty if there is none of the name."""
        ...
