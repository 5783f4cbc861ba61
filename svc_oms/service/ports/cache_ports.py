"""What Redis does for the order book. All of it may be lost, for the database has the truth."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class WakeUps(Protocol):
    """Makes other replicas look at the database. A wake-up may be lost."""

    def wake_accounts(self, account_ids: Sequence[str]) -> None:
        """Say that these logs grew."""
        ...

    def wake_sessions(self, session_ids: Sequence[str]) -> None:
        """Say that these sessions' outboxes grew, or their owner or state changed."""
        ...


class ReadCopies(Protocol):
    """Copies of answers to reads, shared by all replicas. May lose or change any at any time."""

    @property
    def here(self) -> bool:
        """Return whether it makes sense to ask."""
        ...

    async def find(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Return the copies that there are; none if they do not come in time."""
        ...

    def keep(self, key: str, copy: bytes) -> None:
        """Offer a copy; it is dropped if too many wait to be written."""
        ...


class AccountVersions(Protocol):
    """Says whether an account has changed."""

    async def account_versions(self, account_ids: Sequence[str]) -> dict[str, str]:
        """Read the versions of the rows of accounts; ones that do not exist are left out.

        Every transaction that writes an account's row changes its version, and no version returns.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        ...
