"""Which corporate action ends an alert: its threshold is a price of before the action."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import NamedTuple

from svc_marketdata.domain.reference.actions import ActionKind

Begins = Callable[[str, dt.date], int]
"""From the id of a listing and a date to the beginning of its first trading day from then on, UTC
nanoseconds."""

_WORDS = {
    ActionKind.SPLIT: "split",
    ActionKind.SYMBOL_CHANGE: "change of symbol",
    ActionKind.DELISTING: "delisting",
}


class ActionOnAlert(NamedTuple):
    """A corporate action, and an active alert on a listing that it concerns."""

    alert_id: str
    instrument_id: str
    created_ns: int
    """When the alert was made."""
    kind: ActionKind
    effective_date: dt.date
    recorded_ns: int
    """When the action was announced."""


def ended_by(found: Iterable[ActionOnAlert], begins: Begins, now_ns: int) -> dict[str, str]:
    """Return why alerts end now, by alert.

    An action is effective from the beginning of the listing's trading day. An alert that was made
    after that, and after the announcement, knows the new prices.
    """
    ended: dict[str, str] = {}
    for one in found:
        effective_ns = begins(one.instrument_id, one.effective_date)
        if effective_ns <= now_ns and one.created_ns < max(effective_ns, one.recorded_ns):
            ended.setdefault(
                one.alert_id,
                f"{_WORDS[one.kind]} effective {one.effective_date}: a new alert needs a new price",
            )
    return ended
