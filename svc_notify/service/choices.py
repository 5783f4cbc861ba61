"""Rules and destinations, what people have chosen: the port of the store."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ordermesh.notify.v1 import destination_service_pb2, rule_pb2

Rule = rule_pb2.Rule
Destination = destination_service_pb2.Destination


class KeyReusedError(Exception):
    """The idempotency key stands for another request."""


class Changing(Protocol):
    """One transaction of changes."""

    async def made(self, user_id: str, key: str, digest: bytes) -> str:
        """Return the object that a key has made or changed; empty for a new key.

        Raises:
            KeyReusedError: The key was used for another request.
        """

    async def keep_key(
        self, user_id: str, key: str, digest: bytes, object_id: str, now_ns: int
    ) -> None:
        """Note what a key made, and when."""

    async def rule(self, rule_id: str, user_id: str) -> Rule | None:
        """Return a rule of the firm or of this user."""

    async def was_rule(self, rule_id: str, user_id: str) -> bool:
        """Return whether this user has had, or has set, such a rule."""

    async def count_rules(self, user_id: str, *, firm: bool) -> int:
        """Return how many rules the firm, or this user, has."""

    async def open_to(self, user_id: str, destination_ids: Collection[str]) -> set[str]:
        """Return which of the destinations rules of a user may name; empty user: the firm's."""

    async def put_rule(self, rule: Rule, by: str, now_ns: int) -> None:
        """Store a version of a rule."""

    async def remove_rule(self, rule: Rule, by: str, now_ns: int) -> None:
        """Remove a rule."""

    async def destination(self, destination_id: str) -> Destination | None:
        """Return a destination with its state."""

    async def count_destinations(self) -> int:
        """Return how many there are."""

    async def put_destination(self, one: Destination, secret: str, by: str, now_ns: int) -> None:
        """Store a version of a destination; without a secret it keeps the one it has."""

    async def rules_naming(self, destination_id: str) -> list[Rule]:
        """Return the rules that send to a destination."""

    async def remove_destination(self, one: Destination, by: str, now_ns: int) -> None:
        """Remove a destination; what waits for it becomes dead letters."""


class Choices(Protocol):
    """Rules and destinations. Every method may raise StoreUnavailableError."""

    async def rules(self, user_id: str) -> list[Rule]:
        """Return the rules of a user and of the firm."""

    async def destinations(self) -> list[Destination]:
        """Return all destinations, with their states."""

    async def prune(self, before_ns: int) -> None:
        """Remove idempotency keys and notes of before a time, and paces of what was removed."""

    def changing(self) -> AbstractAsyncContextManager[Changing]:
        """Change rules or destinations in one transaction; one at a time, over all replicas."""
