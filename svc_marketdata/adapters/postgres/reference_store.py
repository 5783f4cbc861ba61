"""Reference data in PostgreSQL: append-only records, and what is current of them."""

import datetime as dt
import json
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from kernel.ulid import new_ulid
from svc_marketdata.adapters.postgres import reference_statements as sql
from svc_marketdata.adapters.postgres.database import SCHEMA, Database
from svc_marketdata.domain.reference.actions import ActionKind, ActionState, CorporateAction
from svc_marketdata.domain.reference.bitemporal import Dated
from svc_marketdata.domain.reference.changes import Key, NewRecord
from svc_marketdata.domain.reference.records import (
    InstrumentRecord,
    ListingRecord,
    Record,
    RecordKind,
    body_of,
    record_of,
)
from svc_marketdata.service.reference.ports import NEWEST, By, Change, HistoryRecord, Writing

READ_ROWS: Final = 2_000
"""Rows fetched at a time of what is read as a whole."""
KEYS_REFRESHED_AT_A_TIME: Final = 20_000
"""Keys of one statement that brings up to date what is current, so that none takes too long."""
COLUMNS: Final = ("kind", "key", "valid_from", "change", "body")


class PostgresReferenceStore:
    """The port ``ReferenceStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        """Begin a change: committed at the end, rolled back by an exception."""
        async with self._database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", sql.LOCK)
            number, recorded_at_ns = await connection.fetchrow(sql.NEXT_CHANGE)
            change = Change(number, new_ulid(recorded_at_ns), recorded_at_ns)
            yield _Writing(connection, change)

    async def current(self) -> AsyncIterator[Record]:
        """Read every instrument and listing as it is now."""
        async with self._database.transaction() as connection:
            async for row in connection.cursor(sql.CURRENT, prefetch=READ_ROWS):
                yield _record(row)

    async def current_of(
        self, isins: Collection[str], instrument_ids: Collection[str]
    ) -> list[Record]:
        """Read instruments with their listings, and listings, as they are now."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.CURRENT_OF, list(isins), list(instrument_ids))
        return [_record(row) for row in rows]

    async def last_change(self, known_at_ns: int) -> int:
        """Return the number of the last change that was recorded by a time."""
        async with self._database.read() as connection:
            return int(await connection.fetchval(sql.LAST_CHANGE, known_at_ns))

    async def change_id(self, number: int) -> str:
        """Return the id of the change with a number; empty if there is none."""
        async with self._database.read() as connection:
            return str(await connection.fetchval(sql.CHANGE_ID, number) or "")

    async def rolled_until(self) -> dt.date:
        """Return the day up to which what is current follows the records."""
        async with self._database.read() as connection:
            until: dt.date = await connection.fetchval(sql.ROLLED_UNTIL)
        return until

    async def changed_since(self, change: int) -> set[str]:
        """Return the ISINs and listings of which something was recorded after a change."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.CHANGED_SINCE, change)
        return {row[0] for row in rows if row[0]}

    async def came(self, since: dt.date, until: dt.date) -> set[str]:
        """Return the ISINs and listings of which a record came into force in some days."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.COMING, since, until)
        return {row["key"] for row in rows}

    async def hear(self, heard: Callable[[], None]) -> None:
        """Call whenever a replica may have changed something, until cancelled."""
        await self._database.listen(sql.CHANGED, heard)

    async def as_of(self, key: str, day: dt.date, change: int) -> list[Record]:
        """Read an ISIN with its listings, or a listing with its instrument."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.AS_OF, day, change, key)
        return [_record(row) for row in rows]

    async def page_as_of(
        self, day: dt.date, change: int, after_isin: str, limit: int
    ) -> tuple[list[InstrumentRecord], list[ListingRecord], str]:
        """Read instruments by ISIN, and all their listings, as of a day and a change."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.PAGE_AS_OF, day, change, after_isin, limit)
            instruments = [
                InstrumentRecord(**json.loads(row["body"])) for row in rows if row["body"]
            ]
            isins = [one.isin for one in instruments]
            found = await connection.fetch(sql.LISTINGS_AS_OF, day, change, isins)
        listings = [ListingRecord(**json.loads(row["body"])) for row in found]
        return instruments, listings, rows[-1]["key"] if len(rows) == limit else ""

    async def history(
        self, key: str, before: tuple[int, dt.date], limit: int
    ) -> list[HistoryRecord]:
        """Read the records of a key before a place (change, day), newest first."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.HISTORY, key, *before, limit)
        return [
            HistoryRecord(
                row["valid_from"],
                _record(row) if row["body"] else None,
                Change(row["number"], row["change_id"], row["recorded_at_ns"]),
                By(row["user_id"], row["username"], row["reason"]),
            )
            for row in rows
        ]

    async def actions(
        self, key: str, since: dt.date, after: tuple[dt.date, str], limit: int
    ) -> list[CorporateAction]:
        """Read corporate actions by effective date and id, after a place."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.ACTIONS, key, since, *after, limit)
        return [_action(row) for row in rows]

    async def actions_of(self, isins: Iterable[str], since: dt.date) -> list[CorporateAction]:
        """Read the actions of instruments that are effective on a day or later."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.ACTIONS_OF, list(isins), since)
        return [_action(row) for row in rows]


class _Writing:
    """The port ``Writing``."""

    def __init__(self, connection: asyncpg.Connection, change: Change) -> None:
        self._connection = connection
        self.change = change

    async def known(self, keys: Collection[Key]) -> dict[Key, list[Dated[Record]]]:
        """Read all records of some instruments and listings."""
        found: dict[Key, list[Dated[Record]]] = {}
        rows = self._connection.cursor(sql.KNOWN, *_columns(keys), prefetch=READ_ROWS)
        async for row in rows:
            kind = RecordKind(row["kind"])
            record: Record | None = _record(row) if row["body"] else None
            dated: Dated[Record] = Dated(row["valid_from"], row["change"], record)
            found.setdefault((kind, row["key"]), []).append(dated)
        return found

    async def listings_of(self, isin: str) -> list[ListingRecord]:
        """Read the listings of an instrument as they are now."""
        rows = await self._connection.fetch(sql.LISTINGS_OF, isin)
        return [ListingRecord(**json.loads(row["body"])) for row in rows]

    async def add(self, by: By, records: Sequence[NewRecord], today: dt.date) -> None:
        """Write the change and its records, and bring what is current up to date."""
        await self._connection.execute(sql.ADD_CHANGE, *_change_row(self.change, by, len(records)))
        # All replicas get it when this is committed, and none if it is not.
        await self._connection.execute(sql.ANNOUNCE, sql.CHANGED, str(self.change.number))
        rows = (
            (new.kind.value, new.key, new.valid_from, self.change.number, _body(new.record))
            for new in records
        )
        await self._connection.copy_records_to_table(
            "records", schema_name=SCHEMA, columns=COLUMNS, records=rows
        )
        await self._refresh({(new.kind, new.key) for new in records}, today)

    async def roll(self, today: dt.date) -> None:
        """Bring what is current up to a day."""
        since = await self._connection.fetchval(sql.ROLLED_UNTIL)
        rows = await self._connection.fetch(sql.COMING, since, today)
        await self._refresh([(RecordKind(row["kind"]), row["key"]) for row in rows], today)
        await self._connection.execute(sql.ROLLED, today)

    async def open_actions(self, until: dt.date) -> list[CorporateAction]:
        """Read the announced actions whose date is not later than a day."""
        return [_action(row) for row in await self._connection.fetch(sql.OPEN_ACTIONS, until)]

    async def action(self, action_id: str) -> CorporateAction | None:
        """Read an action."""
        row = await self._connection.fetchrow(sql.ACTION, action_id)
        return None if row is None else _action(row)

    async def actions_on(self, isin: str, date: dt.date) -> list[CorporateAction]:
        """Read the actions of an instrument and its listings on a day."""
        rows = await self._connection.fetch(sql.ACTIONS_OF, [isin], date)
        return [one for one in map(_action, rows) if one.effective_date == date]

    async def save_action(
        self, action: CorporateAction, price_factors: Mapping[str, tuple[str, str]]
    ) -> None:
        """Write an action, and the adjustment of prices that it means for each listing."""
        body = {
            name: value
            for name in ("new_shares", "old_shares", "new_symbol")
            if (value := getattr(action, name))
        }
        await self._connection.execute(
            sql.SAVE_ACTION, action.action_id, action.kind.value, action.isin,
            action.instrument_id, action.effective_date, json.dumps(body), action.state.value,
            self.change.number,
        )  # fmt: skip
        if action.state is ActionState.WITHDRAWN:
            await self._connection.execute(sql.FORGET_ADJUSTMENTS, action.action_id)
        rows = [
            (instrument_id, action.effective_date, action.action_id, *factor)
            for instrument_id, factor in price_factors.items()
        ]
        await self._connection.executemany(sql.ADJUST, rows)

    async def _refresh(self, keys: Collection[Key], today: dt.date) -> None:
        for some in _parts(keys, KEYS_REFRESHED_AT_A_TIME):
            await self._connection.execute(sql.FORGET, *_columns(some))
            await self._connection.execute(sql.REFRESH, today, NEWEST, *_columns(some))


def _parts(keys: Collection[Key], size: int) -> Iterator[list[Key]]:
    ordered = sorted(keys, key=lambda key: (key[0].value, key[1]))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _columns(keys: Collection[Key]) -> tuple[list[int], list[str]]:
    return [kind.value for kind, _ in keys], [key for _, key in keys]


def _change_row(change: Change, by: By, records: int) -> tuple[Any, ...]:
    return (
        change.number, change.change_id, change.recorded_at_ns, by.user_id, by.username, by.reason,
        records,
    )  # fmt: skip


def _body(record: Record | None) -> str | None:
    return None if record is None else json.dumps(body_of(record))


def _record(row: Mapping[str, Any]) -> Record:
    return record_of(RecordKind(row["kind"]), json.loads(row["body"]))


def _action(row: Mapping[str, Any]) -> CorporateAction:
    return CorporateAction(
        action_id=row["action_id"],
        kind=ActionKind(row["kind"]),
        isin=row["isin"],
        effective_date=row["effective_date"],
        instrument_id=row["instrument_id"],
        state=ActionState(row["state"]),
        recorded_by=row["username"],
        recorded_at_ns=row["recorded_at_ns"],
        reason=row["reason"],
        change=row["change"],
        **json.loads(row["body"]),
    )
