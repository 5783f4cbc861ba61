"""What the use cases of reference data need of the store."""

import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from svc_marketdata.domain.reference.actions import CorporateAction
from svc_marketdata.domain.reference.bitemporal import Dated
from svc_marketdata.domain.reference.changes import Key, NewRecord
from svc_marketdata.domain.reference.records import InstrumentRecord, ListingRecord, Record

NEWEST = 2**63 - 1
"""A change number above every other: as known now."""


class By(NamedTuple):
    """Who changes something, and why."""

    user_id: str
    username: str
    reason: str


class Change(NamedTuple):
    """A change that is being written."""

    number: int
    """Numbers of changes are in commit order."""
    change_id: str
    recorded_at_ns: int


class HistoryRecord(NamedTuple):
    """A record, and the change that made it."""

    valid_from: dt.date
    record: Record | None
    change: Change
    by: By


class Writing(Protocol):
    """A transaction that no other writer can disturb."""

    change: Change

    async def known(self, keys: Collection[Key]) -> dict[Key, list[Dated[Record]]]:
        """Read all records of some instruments and listings."""

    async def listings_of(self, isin: str) -> list[ListingRecord]:
        """Read the listings of an instrument as they are now."""

    async def add(self, by: By, records: Sequence[NewRecord], today: dt.date) -> None:
        """Write the change and its records, and bring what is current up to date."""

    async def roll(self, today: dt.date) -> None:
        """Bring what is current up to a day."""

    async def open_actions(self, until: dt.date) -> list[CorporateAction]:
        """Read the announced actions whose date is not later than a day."""

    async def action(self, action_id: str) -> CorporateAction | None:
        """Read an action."""

    async def actions_on(self, isin: str, date: dt.date) -> list[CorporateAction]:
        """Read the actions of an instrument and its listings on a day."""

    async def save_action(
        self, action: CorporateAction, price_factors: Mapping[str, tuple[str, str]]
    ) -> None:
        """Write an action, and the adjustment of prices that it means for each listing.

        Args:
            action: The action; its state and the change that settled it are replaced if it is
                there already.
            price_factors: By listing, numerator and denominator of the factor for prices of days
                before the effective date. Those of a withdrawn action are removed.
        """


class ReferenceStore(Protocol):
    """Reference data; every method may raise StoreUnavailableError."""

    def writing(self) -> AbstractAsyncContextManager[Writing]:
        """Begin a change: committed at the end, rolled back by an exception."""

    def current(self) -> AsyncIterator[Record]:
        """Read every instrument and listing as it is now."""

    async def current_of(
        self, isins: Collection[str], instrument_ids: Collection[str]
    ) -> list[Record]:
        """Read instruments with their listings, and listings, as they are now."""

    async def last_change(self, known_at_ns: int) -> int:
        """Return the number of the last change that was recorded by a time."""

    async def change_id(self, number: int) -> str:
        """Return the id of the change with a number; empty if there is none."""

    async def rolled_until(self) -> dt.date:
        """Return the day up to which what is current follows the records."""

    async def changed_since(self, change: int) -> set[str]:
        """Return the ISINs and listings of which something was recorded after a change."""

    async def came(self, since: dt.date, until: dt.date) -> set[str]:
        """Return the ISINs and listings of which a record came into force in some days.

        Args:
            since: The day before the first of these days.
            until: The last of them.
        """

    async def hear(self, heard: Callable[[], None]) -> None:
        """Call whenever a replica may have changed something, until cancelled."""

    async def as_of(self, key: str, day: dt.date, change: int) -> list[Record]:
        """Read an ISIN with its listings, or a listing with its instrument."""

    async def page_as_of(
        self, day: dt.date, change: int, after_isin: str, limit: int
    ) -> tuple[list[InstrumentRecord], list[ListingRecord], str]:
        """Read instruments by ISIN, and all their listings, as of a day and a change.

        The third part is the ISIN after which the next page begins; empty on the last page.
        """

    async def history(
        self, key: str, before: tuple[int, dt.date], limit: int
    ) -> list[HistoryRecord]:
        """Read the records of a key before a place (change, day), newest first."""

    async def actions(
        self, key: str, since: dt.date, after: tuple[dt.date, str], limit: int
    ) -> list[CorporateAction]:
        """Read corporate actions by effective date and id, after a place."""

    async def actions_of(self, isins: Iterable[str], since: dt.date) -> list[CorporateAction]:
        """Read the actions of instruments that are effective on a day or later, or announced."""
