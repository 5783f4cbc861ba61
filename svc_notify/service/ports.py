"""What the use cases need of the database, and what they need of channels."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol, TypeAlias

from eventlog.logs import Log, Position
from svc_notify.domain.notification import Notification, Viewer
from svc_notify.domain.outbox import Collected, Message, Outcome
from svc_notify.domain.rules import Pace, Rule

PaceKey: TypeAlias = tuple[str, str, bool]
"""Rule, destination, and whether the messages are urgent."""


class StoreUnavailableError(Exception):
    """PostgreSQL cannot be reached, is not migrated or lacks a resource; the text is the cause."""


class PositionMovedError(Exception):
    """Another process has read the log further: nothing was written."""


class Doubt(NamedTuple):
    """An order whose state at the venue is unknown."""

    order_id: str
    account_id: str
    instrument_id: str
    venue_mic: str
    since_ns: int
    text: str
    """Why it is unknown."""


class Writing(Protocol):
    """One transaction that writes notifications; only one is open at a time, over all replicas."""

    last_sequence: int
    """Of the newest notification."""

    async def advance(self, log: Log, before: Position | None, after: Position) -> None:
        """Note how far a log is read; None before the first time.

        Raises:
            PositionMovedError: The log is not at `before`.
        """

    async def add(self, notifications: Sequence[Notification]) -> None:
        """Store notifications."""

    async def noted(self, keys: Collection[str]) -> set[str]:
        """Return which of these keys are noted."""

    async def note(self, keys: Collection[str], now_ns: int) -> None:
        """Note keys."""

    async def forget(self, keys: Collection[str]) -> None:
        """End the notes of keys."""

    async def doubt(self, opened: Sequence[Doubt], after_ns: int, known: Collection[str]) -> None:
        """Note orders that are in doubt, and orders whose state is known.

        Args:
            opened: Those in doubt; one that is noted already keeps its beginning.
            after_ns: How long after its beginning a doubt is due.
            known: Ids of the others.
        """

    async def due_doubts(self, now_ns: int) -> list[Doubt]:
        """Take the doubts that are due; each is returned once."""

    async def rules_with_destinations(self) -> list[Rule]:
        """Return the rules that send somewhere."""

    async def viewers(self, user_ids: Collection[str]) -> dict[str, Viewer]:
        """Return what users may see now; a user that is disabled or does not exist is missing."""

    async def paces(self, rule_ids: Collection[str]) -> dict[PaceKey, Pace]:
        """Return the paces of rules, by rule, destination and urgency."""

    async def put(
        self, message_id: str, collected: Collected, now_ns: int, due_ns: int, pace: Pace
    ) -> bool:
        """Add to the message that waits for a rule and destination, or make it.

        A message that is being sent, or was, takes nothing more. `due_ns` and `pace` count only if
        the message is made; return whether it was.
        """


class Lease(Protocol):
    """The right of one process to read the logs and to send."""

    async def take(self, holder: str, seconds: float) -> bool:
        """Take or keep the lease; return whether this holder has it."""

    async def give_up(self, holder: str) -> None:
        """End the lease of this holder, if it has it."""


class NotificationStore(Protocol):
    """Where notifications are kept. Every method may raise StoreUnavailableError."""

    async def positions(self) -> dict[Log, Position]:
        """Return how far each log is read."""

    async def has_due_doubts(self, now_ns: int) -> bool:
        """Return whether orders have been in doubt for too long."""

    def writing(self) -> AbstractAsyncContextManager[Writing]:
        """Write notifications in one transaction, committed at the end."""


class Outbox(Protocol):
    """Messages that wait to be sent. Every method may raise StoreUnavailableError."""

    async def claim(self, now_ns: int, limit: int, seconds: float) -> list[Message]:
        """Take messages that are due, of destinations that are not paused, oldest first.

        Of each destination one is taken, and none while another one of it is claimed.
        Each is counted as an attempt, and due again after so many seconds unless it is settled: a
        process that ends meanwhile loses nothing, and the receiver may get the message twice, under
        the same message_id.
        """

    async def release(self) -> None:
        """End the claims of all messages.

        What their attempts still settle changes nothing once the messages were claimed again.
        """

    async def settle(self, message: Message, outcome: Outcome, due_ns: int, now_ns: int) -> None:
        """Note what became of an attempt.

        Delivered removes the message, RetryAfter and Held make it due at `due_ns`, Dead makes it a
        dead letter. The destination shows the state and the cause, but of Held.
        """


class DeadLetter(NamedTuple):
    """A message that was given up."""

    message_id: str
    destination_id: str
    rule_id: str
    notifications: int
    text: str
    attempts: int
    cause: str
    created_ns: int
    dead_ns: int


class DeadLetters(Protocol):
    """Messages that were given up. Every method may raise StoreUnavailableError."""

    async def dead_letters(self, before: str, destination_id: str, limit: int) -> list[DeadLetter]:
        """Return messages that were given up, with lower ids, newest first."""

    async def retry(self, message_id: str, now_ns: int) -> bool | None:
        """Send a dead letter again; False if its destination is gone, None if there is no such."""

    async def prune(self, before_ns: int, most: int) -> None:
        """Remove those of before a time, and the oldest beyond a number."""

    async def discard(self, message_id: str) -> None:
        """Remove a dead letter."""


class Channel(Protocol):
    """A way to destinations of one kind."""

    async def deliver(self, message: Message) -> Outcome:
        """Try once. It must end within the seconds for which the message was claimed."""


Channels = Mapping[int, Channel]
"""By ChannelKind of the contract."""
