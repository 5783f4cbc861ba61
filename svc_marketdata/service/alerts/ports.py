"""What the use cases of price alerts need of the store."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from svc_marketdata.domain.alerts.alert import Alert, AlertState


class NewAlert(NamedTuple):
    """An alert to be made."""

    alert: Alert
    key: str
    """The caller's idempotency key."""
    digest: bytes
    """Of the whole request: the same key with another digest is refused."""


class End(NamedTuple):
    """What ends an alert."""

    alert_id: str
    state: AlertState
    at_ns: int
    price: str = ""
    text: str = ""


class LogEntry(NamedTuple):
    """A change of an alert, as the log has it."""

    log_number: int
    """Numbers all entries in commit order."""
    sequence: int
    """Numbers the entries of a user, without a gap."""
    recorded_ns: int
    alert: Alert


class LogPlace(NamedTuple):
    """A place in the log: its entry, by number and by when it was recorded."""

    log_number: int
    """0: before the first entry."""
    recorded_ns: int
    """A log that was restored to an earlier state may give the number to another entry."""


class AlertLimits(NamedTuple):
    """How many alerts may be active."""

    per_user: int = 200
    """Of one user; a further one is refused with OBJECT_STATE."""
    of_all: int = 100_000
    """Of all users, about 700 bytes each in every replica; a further one is refused with
    OVERLOADED. Users belong to no firm, so this is the limit of the firm, too."""


class KeyReusedError(Exception):
    """The idempotency key stands for another request."""


class TooManyAlertsError(Exception):
    """The user, or all users together, have as many active alerts as are allowed."""

    def __init__(self, *, of_all: bool = False) -> None:
        super().__init__("too many active alerts")
        self.of_all = of_all


class AlertStore(Protocol):
    """Alerts and their log; every method may raise StoreUnavailableError.

    Who changes alerts has its turn after the one before has committed, whichever replica it is in.
    So the numbers of the log are in commit order, and none is missing below one that is there.
    """

    async def epoch(self) -> str:
        """Return the epoch of the sequences."""

    async def created(self, user_id: str, key: str, digest: bytes) -> Alert | None:
        """Return the alert that a key made, as it stands now; None if it made none.

        Raises:
            KeyReusedError: The key was used for another request.
        """

    async def create(self, new: NewAlert, limits: AlertLimits) -> tuple[Alert, bool]:
        """Make an alert; return it, and whether the key had made it before.

        Raises:
            KeyReusedError: The key was used for another request.
            TooManyAlertsError: A limit is reached.
        """

    async def end(self, ends: Sequence[End], now_ns: int) -> None:
        """End alerts; those that are not active any more, or expired before, stay as they are."""

    async def end_due(self, now_ns: int) -> None:
        """End the alerts that have expired, or whose listing a corporate action changed."""

    async def cut(self, before_ns: int) -> int:
        """Remove the entries of the log, and the alerts that ended, from before a time.

        Returns:
            How many rows. The database refuses to remove what is younger than 35 days.
        """

    async def hear(self, heard: Callable[[], None]) -> None:
        """Call whenever a replica may have changed an alert, until cancelled."""

    async def get(self, user_id: str, alert_id: str) -> Alert | None:
        """Read an alert of a user."""

    async def page(
        self, user_id: str, instrument_id: str, before: str, limit: int, *, active_only: bool
    ) -> list[Alert]:
        """Read alerts of a user with lower ids, newest first; of all listings if empty."""

    async def active(self) -> tuple[LogPlace, list[Alert]]:
        """Read every active alert, and a place in the log that none of them is older than."""

    async def holds(self, place: LogPlace) -> bool:
        """Return whether the log has the entry of a place, or had it until it was cut."""

    async def log_after(self, log_number: int, limit: int) -> list[LogEntry]:
        """Read the entries after a place, in order."""

    async def snapshot(self, user_id: str) -> tuple[int, list[Alert]]:
        """Read the active alerts of a user, and the sequence they stand at."""

    async def sequences(self, user_id: str) -> tuple[int, int]:
        """Return the highest sequence of a user, and the oldest that is kept.

        Without an entry they are 0 and 1, or n and n + 1 if all were cut.
        """

    async def events(self, user_id: str, after: int, limit: int) -> list[LogEntry]:
        """Read the entries of a user after a sequence, in order."""
