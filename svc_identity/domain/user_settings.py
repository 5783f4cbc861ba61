"""Settings of users: what a change does, and when it is refused.

The changes of one user's settings are numbered; a setting has the number of its last change as its
revision. A setting that was removed is kept without a body, so that a reader who was away learns
of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, NamedTuple

from kernel.nanoseconds import NS_PER_S
from svc_identity.domain.errors import (
    SettingMissingError,
    SettingNameTakenError,
    SettingsFullError,
    StaleSettingError,
    TooManyChangesError,
)

SETTINGS_MAX: Final = 200
"""Settings of a user."""
BYTES_MAX: Final = 1_048_576
"""Bytes of all settings of a user together, as stored."""
CHANGES_MAX: Final = 120
"""Changes by a user within CHANGES_WITHIN_S."""
CHANGES_WITHIN_S: Final = 60
REMOVED_KEPT_MAX: Final = 200
"""Removed settings of a user that are remembered, the last ones."""


class SettingKind(IntEnum):
    """What a setting is about, by the numbers of the contract."""

    LAYOUT = 1
    WATCHLIST = 2
    PREFERENCES = 3
    BLOTTER = 4


class SettingKey(NamedTuple):
    """What a setting of a user is known by."""

    kind: SettingKind
    name: str


class Setting(NamedTuple):
    """A setting after its last change; removed if it has no body."""

    key: SettingKey
    revision: int
    changed_at_ns: int
    body: bytes | None


class Stored(NamedTuple):
    """How much of a user is stored."""

    settings: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SettingsHead:
    """The counts of a user's changes.

    Attributes:
        last_revision: Number of the last change; 0 before the first.
        forgotten: Number of the newest removal that is no longer remembered; 0 if all are.
        window_began_ns: When the present window of CHANGES_WITHIN_S began.
        window_changes: Changes within it.
    """

    last_revision: int = 0
    forgotten: int = 0
    window_began_ns: int = 0
    window_changes: int = 0

    def next(self, now_ns: int) -> "SettingsHead":
        """Count one more change.

        Raises:
            TooManyChangesError: The window has as many as are allowed.
        """
        ends_ns = self.window_began_ns + CHANGES_WITHIN_S * NS_PER_S
        last = self.last_revision + 1
        # A clock that was set back begins a window, too.
        if not self.window_began_ns <= now_ns < ends_ns:
            return replace(self, last_revision=last, window_began_ns=now_ns, window_changes=1)
        if self.window_changes >= CHANGES_MAX:
            raise TooManyChangesError(CHANGES_MAX, CHANGES_WITHIN_S, (ends_ns - now_ns) / NS_PER_S)
        return replace(self, last_revision=last, window_changes=self.window_changes + 1)


def is_there(setting: Setting | None) -> bool:
    """Return whether there is such a setting now."""
    return setting is not None and setting.body is not None


def check_revision(present: Setting | None, expected: int) -> None:
    """Compare the revision that a caller has seen with the present one; 0 if there is none.

    Raises:
        StaleSettingError: They differ.
    """
    revision = present.revision if present is not None and present.body is not None else 0
    if expected != revision:
        raise StaleSettingError(expected, revision)


def check_room(stored: Stored, present: Setting | None, body: bytes) -> None:
    """Check that a setting with this body may be stored.

    Raises:
        SettingsFullError: A limit of the user is reached.
    """
    before = present.body if present is not None else None
    if before is None and stored.settings >= SETTINGS_MAX:
        raise SettingsFullError(f"you have {SETTINGS_MAX} settings, the limit", SETTINGS_MAX)
    if stored.bytes - len(before or b"") + len(body) > BYTES_MAX:
        text = f"your settings would have more than {BYTES_MAX} bytes together, the limit"
        raise SettingsFullError(text, BYTES_MAX)


def check_rename(present: Setting | None, taken: Setting | None, name: str, new_name: str) -> None:
    """Check that a setting is there and that its new name is free.

    Raises:
        SettingMissingError: There is no such setting.
        SettingNameTakenError: Another setting of its kind has the name.
    """
    if not is_there(present):
        raise SettingMissingError(name)
    if is_there(taken):
        raise SettingNameTakenError(new_name)


def forgettable(removed: Iterable[Setting]) -> list[Setting]:
    """Return the removed settings beyond those that are remembered, given the newest first."""
    return list(removed)[REMOVED_KEPT_MAX:]
