"""Notifications between rows and domain."""

from collections.abc import Mapping
from typing import Any, Final

from svc_notify.domain.notification import Audience, Draft, Kind, Notification, Severity

_OF_DRAFT: Final = tuple(name for name in Draft._fields if name not in {"once", "ends", "silent"})
COLUMNS: Final = ("sequence", "notification_id", "created_ns", *_OF_DRAFT)
"""Columns of a notification, in the order of `row_of`."""
SELECTED: Final = ", ".join(f"n.{name}" for name in COLUMNS)


def row_of(one: Notification) -> tuple[Any, ...]:
    """Return the values of a notification by COLUMNS."""
    return (one.sequence, one.notification_id, one.created_ns, *one.draft[: len(_OF_DRAFT)])


def notification_of(row: Mapping[str, Any]) -> Notification:
    """Read a row."""
    draft = {name: row[name] for name in _OF_DRAFT}
    draft |= {
        "kind": Kind(row["kind"]),
        "severity": Severity(row["severity"]),
        "audience": Audience(row["audience"]),
    }
    return Notification(row["sequence"], row["notification_id"], row["created_ns"], Draft(**draft))
