"""What Redis does for the order book. All of it may be lost, for the database has the truth."""

from collections.abc import Sequence
from typing import Protocol


class WakeUps(Protocol):
    """Makes other replicas look at the database. A wake-up may be lost."""

    def wake_accounts(self, account_ids: Sequence[str]) -> None:
        """Say that these logs grew."""
        ...

    def wake_sessions(self, session_ids: Sequence[str]) -> None:
        """Say that these sessions' outboxes grew, or their owner or state changed."""
        ...


class OrderCache(Protocol):
    """Open orders for quick reading. May forget everything at any time."""

    def keep(self, orders: Sequence[tuple[str, bytes | None]]) -> None:
        """Offer orders just committed, None for closed ones; dropped when the queue is full."""
        ...
