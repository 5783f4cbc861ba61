"""Corporate actions: splits, changes of symbol, delistings, and what each means for prices."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from svc_marketdata.domain.reference.bitemporal import Dated, History
from svc_marketdata.domain.reference.changes import Key, NewRecord
from svc_marketdata.domain.reference.records import ListingRecord, Record, RecordKind

SHOWN_DAYS = 30
"""Days after its date for which a listing still shows an action."""


class ActionKind(Enum):
    """What happens."""

    SPLIT = 1
    SYMBOL_CHANGE = 2
    DELISTING = 3


class ActionState(Enum):
    """Whether the date has come."""

    ANNOUNCED = 1
    EFFECTIVE = 2
    WITHDRAWN = 3


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """An action on an instrument (split) or on one of its listings."""

    action_id: str
    kind: ActionKind
    isin: str
    effective_date: dt.date
    instrument_id: str = ""
    new_shares: str = ""
    old_shares: str = ""
    new_symbol: str = ""
    state: ActionState = ActionState.ANNOUNCED
    recorded_by: str = ""
    recorded_at_ns: int = 0
    reason: str = ""
    change: int = 0
    """Number of the change that announced it."""

    def concerns(self, instrument_id: str, isin: str) -> bool:
        """Return whether a listing is affected."""
        if self.kind is ActionKind.SPLIT:
            return bool(isin) and isin == self.isin
        return instrument_id == self.instrument_id

    def repeats(self, other: "CorporateAction") -> bool:
        """Return whether it says again what another one, not withdrawn, says."""
        return other.state is not ActionState.WITHDRAWN and (
            self.kind, self.isin, self.instrument_id, self.effective_date
        ) == (other.kind, other.isin, other.instrument_id, other.effective_date)  # fmt: skip

    def is_shown(self, today: dt.date) -> bool:
        """Return whether listings still show it."""
        if self.state is ActionState.WITHDRAWN:
            return False
        return (today - self.effective_date).days <= SHOWN_DAYS

    def price_factor(self) -> tuple[str, str]:
        """Return numerator and denominator of the factor for prices of days before the date.

        Two new shares for one old share halve the price: the factor is old/new.
        """
        return self.old_shares, self.new_shares

    def records(self, listing: ListingRecord) -> list[NewRecord]:
        """Return what changes in the reference data from the date on, for its listing."""
        if self.kind is ActionKind.SPLIT:
            return []
        ended = listing._replace(ended="true")
        made = [NewRecord(RecordKind.LISTING, ended.instrument_id, self.effective_date, ended)]
        if self.kind is ActionKind.SYMBOL_CHANGE:
            moved = listing._replace(instrument_id=self.new_instrument_id, ended="")
            made.append(
                NewRecord(RecordKind.LISTING, moved.instrument_id, self.effective_date, moved)
            )
        return made

    @property
    def new_instrument_id(self) -> str:
        """The listing after a change of symbol."""
        return f"{self.new_symbol}.{self.instrument_id.rpartition('.')[2]}"


def undone(
    action: CorporateAction, key: Key, records: Collection[Dated[Record]], *, merged: bool
) -> list[NewRecord]:
    """Return what takes back an action's records of one listing, and nothing else.

    What was recorded for its day before it stands again. What others recorded after it stays; but
    they built on what the action had set, so that goes back to what it was before.

    Args:
        action: The action.
        key: The listing.
        records: Everything that is recorded of it.
        merged: Whether values that later records took over from the action go back, too.
    """
    change, date = action.change, action.effective_date
    own = next((one for one in records if (one.change, one.valid_from) == (change, date)), None)
    if own is None:
        return []
    before = History(one for one in records if one.change < change).at(date)
    newest: dict[dt.date, Dated[Record]] = {}
    for one in sorted(records, key=lambda one: one.change):
        newest[one.valid_from] = one
    same_day = [one for one in records if one.valid_from == date and one.change < change]
    made: list[NewRecord] = []
    for day, last in sorted(newest.items()):
        value = last.value
        if last is own:
            value = max(same_day, key=lambda one: one.change).value if same_day else None
        elif merged and day >= date and last.change > change:
            value = _without(value, own.value, before)
        if value != last.value:
            made.append(NewRecord(*key, day, value))
    return made


def _without(value: Record | None, own: Record | None, before: Record | None) -> Record | None:
    """Return a record with the fields that the action had changed as they were before."""
    if value is None or own is None or before is None:
        return value
    back = {
        field: getattr(before, field)
        for field in own._fields
        if getattr(value, field) == getattr(own, field) != getattr(before, field)
    }
    return value._replace(**back)


def wrong_split(new_shares: str, old_shares: str) -> tuple[str, str, str] | None:
    """Return the field of a split that is wrong, its value, and what it should be."""
    for field, value in (("new_shares", new_shares), ("old_shares", old_shares)):
        if not value:
            return field, value, "a decimal number above 0: a split has new_shares for old_shares"
    if Decimal(new_shares) == Decimal(old_shares):
        return "new_shares", new_shares, f"other than old_shares, which is {old_shares}"
    return None
