"""Two times of a record: the day from which it holds, and the change that recorded it.

A record holds from its day until the next day for which there is one. Of several records for one
day the newest counts; a newest record without a value withdraws the day. Nothing is overwritten,
so what was known after any change can be asked for.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value")


class Dated(NamedTuple, Generic[Value]):
    """A value from a day on, as a change recorded it; None withdraws the day."""

    valid_from: dt.date
    change: int
    value: Value | None


class History(Generic[Value]):
    """The records of one instrument or listing."""

    def __init__(self, records: Iterable[Dated[Value]] = ()) -> None:
        self._newest: dict[dt.date, Dated[Value]] = {}
        for record in records:
            self.add(record)

    def add(self, record: Dated[Value]) -> None:
        """Add a record, in any order."""
        known = self._newest.get(record.valid_from)
        if known is None or known.change <= record.change:
            self._newest[record.valid_from] = record

    def at(self, day: dt.date) -> Value | None:
        """Return the value on a day; None if there is none yet."""
        days = (date for date, one in self._newest.items() if date <= day and one.value is not None)
        last = max(days, default=None)
        return None if last is None else self._newest[last].value


def known_at(records: Iterable[Dated[Value]], change: int, day: dt.date) -> Value | None:
    """Return what was known after a change about a day."""
    return History(record for record in records if record.change <= change).at(day)
