"""Alerts in PostgreSQL: who changes them takes turns, and each change is logged with it."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from svc_marketdata.adapters.postgres.alerts import statements as sql
from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.domain.alerts.alert import Alert, AlertPrice, AlertState, Condition
from svc_marketdata.domain.alerts.ending import ActionOnAlert, Begins, ended_by
from svc_marketdata.domain.reference.actions import ActionKind
from svc_marketdata.service.alerts.ports import (
    AlertLimits,
    End,
    KeyReusedError,
    LogEntry,
    LogPlace,
    NewAlert,
    TooManyAlertsError,
)

CUT_ROWS_MAX: Final = 10_000
"""Entries of the log, and alerts, that one statement removes."""


class PostgresAlertStore:
    """The port ``AlertStore``."""

    def __init__(self, database: Database, begins: Begins) -> None:
        """Make it.

        Args:
            database: Where alerts are.
            begins: When the trading days of a listing begin: corporate actions follow them.
        """
        self._database = database
        self._begins = begins

    async def epoch(self) -> str:
        """Return the epoch of the sequences."""
        async with self._database.read() as connection:
            return str(await connection.fetchval(sql.EPOCH))

    async def created(self, user_id: str, key: str, digest: bytes) -> Alert | None:
        """Return the alert that a key made."""
        async with self._database.read() as connection:
            return await _created(connection, user_id, key, digest)

    async def create(self, new: NewAlert, limits: AlertLimits) -> tuple[Alert, bool]:
        """Make an alert, unless its key has made one."""
        alert = new.alert
        async with self._writing() as connection:
            before = await _created(connection, alert.user_id, new.key, new.digest)
            if before is not None:
                return before, True
            if await connection.fetchval(sql.ACTIVE_OF_USER, alert.user_id) >= limits.per_user:
                raise TooManyAlertsError
            if await connection.fetchval(sql.ACTIVE_OF_ALL) >= limits.of_all:
                raise TooManyAlertsError(of_all=True)
            await _change(
                connection, sql.CREATE, alert.created_ns, alert.alert_id, alert.user_id,
                alert.username, new.key, new.digest, alert.instrument_id, alert.isin, alert.price,
                alert.condition, alert.threshold, alert.percent, alert.reference_price,
                alert.delayed, alert.note, alert.expires_ns,
            )  # fmt: skip
        return alert, False

    async def end(self, ends: Sequence[End], now_ns: int) -> None:
        """End alerts that are active."""
        async with self._writing() as connection:
            # An alert that a split has made meaningless must not fire at the prices after it.
            await self._end_by_actions(connection, now_ns)
            await _end(connection, ends, now_ns)

    async def end_due(self, now_ns: int) -> None:
        """End the alerts that have expired, or whose listing a corporate action changed."""
        async with self._writing() as connection:
            await self._end_by_actions(connection, now_ns)
            await _change(connection, sql.EXPIRE, now_ns)

    async def cut(self, before_ns: int) -> int:
        """Remove what is older than a time; return how many rows."""
        removed = 0
        while True:
            async with self._database.transaction() as connection:
                count = int(await connection.fetchval(sql.CUT, before_ns, CUT_ROWS_MAX))
            removed += count
            if count < CUT_ROWS_MAX:
                return removed

    async def hear(self, heard: Callable[[], None]) -> None:
        """Call whenever a replica may have changed an alert, until cancelled."""
        await self._database.listen(sql.CHANGED, heard)

    async def get(self, user_id: str, alert_id: str) -> Alert | None:
        """Read an alert of a user."""
        async with self._database.read() as connection:
            row = await connection.fetchrow(sql.GET, user_id, alert_id)
        return None if row is None else _alert(row)

    async def page(
        self, user_id: str, instrument_id: str, before: str, limit: int, *, active_only: bool
    ) -> list[Alert]:
        """Read alerts of a user with lower ids, newest first."""
        async with self._database.read() as connection:
            rows = await connection.fetch(
                sql.PAGE, user_id, instrument_id, before, active_only, limit
            )
        return [_alert(row) for row in rows]

    async def active(self) -> tuple[LogPlace, list[Alert]]:
        """Read every active alert, and a place in the log that none of them is older than."""
        async with self._database.read() as connection:
            # Read first: what is logged meanwhile is read again, which changes nothing.
            newest = await connection.fetchrow(sql.NEWEST)
            rows = await connection.fetch(sql.ACTIVE)
        return LogPlace(*(newest or (0, 0))), [_alert(row) for row in rows]

    async def holds(self, place: LogPlace) -> bool:
        """Return whether the log has the entry of a place, or had it until it was cut."""
        async with self._database.read() as connection:
            same, oldest = await connection.fetchrow(sql.HOLDS, *place)
        if same is None:
            return not place.log_number or (oldest is not None and place.log_number < oldest)
        return bool(same)

    async def log_after(self, log_number: int, limit: int) -> list[LogEntry]:
        """Read the entries after a place, in order."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.LOG_AFTER, log_number, limit)
        return [_entry(row) for row in rows]

    async def snapshot(self, user_id: str) -> tuple[int, list[Alert]]:
        """Read the active alerts of a user, and the sequence they stand at."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.SNAPSHOT, user_id)
        return rows[0]["last_sequence"], [_alert(row) for row in rows if row["alert_id"]]

    async def sequences(self, user_id: str) -> tuple[int, int]:
        """Return the highest sequence of a user, and the oldest that is kept."""
        async with self._database.read() as connection:
            newest, oldest = await connection.fetchrow(sql.KEPT, user_id)
        return newest, newest + 1 if oldest is None else oldest

    async def events(self, user_id: str, after: int, limit: int) -> list[LogEntry]:
        """Read the entries of a user after a sequence, in order."""
        async with self._database.read() as connection:
            rows = await connection.fetch(sql.EVENTS, user_id, after, limit)
        return [_entry(row) for row in rows]

    async def _end_by_actions(self, connection: asyncpg.Connection, now_ns: int) -> None:
        rows = await connection.fetch(sql.ACTIONS_ON_ALERTS, now_ns)
        found = (ActionOnAlert(*row)._replace(kind=ActionKind(row["kind"])) for row in rows)
        ended = ended_by(found, self._begins, now_ns)
        ends = [End(one, AlertState.ENDED, now_ns, text=text) for one, text in ended.items()]
        await _end(connection, ends, now_ns)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", sql.LOCK)
            yield connection


async def _end(connection: asyncpg.Connection, ends: Sequence[End], now_ns: int) -> None:
    if ends:
        columns = zip(
            *((one.alert_id, one.state, one.at_ns, one.price, one.text) for one in ends),
            strict=True,
        )
        await _change(connection, sql.END, now_ns, *map(list, columns))


async def _change(connection: asyncpg.Connection, statement: str, *values: Any) -> None:
    """Change alerts; if any changed, all replicas get notice of it when it is committed."""
    if await connection.execute(statement, *values) != "INSERT 0 0":
        await connection.execute(sql.ANNOUNCE, sql.CHANGED)


async def _created(
    connection: asyncpg.Connection, user_id: str, key: str, digest: bytes
) -> Alert | None:
    row = await connection.fetchrow(sql.OF_KEY, user_id, key)
    if row is None:
        return None
    if row["request_digest"] != digest:
        raise KeyReusedError
    return _alert(row)


def _alert(row: Mapping[str, Any]) -> Alert:
    """Read a row of the table, or the body of an entry of the log."""
    return Alert(
        alert_id=row["alert_id"],
        user_id=row["user_id"],
        username=row["username"],
        instrument_id=row["instrument_id"],
        isin=row["isin"],
        price=AlertPrice(row["price"]),
        condition=Condition(row["condition"]),
        threshold=row["threshold"],
        percent=row["percent"],
        reference_price=row["reference_price"],
        delayed=row["delayed"],
        note=row["note"],
        created_ns=row["created_ns"],
        expires_ns=row["expires_ns"],
        state=AlertState(row["state"]),
        ended_ns=row["ended_ns"],
        fired_price=row["fired_price"],
        ended_text=row["ended_text"],
    )


def _entry(row: Mapping[str, Any]) -> LogEntry:
    return LogEntry(
        row["log_number"], row["sequence"], row["recorded_ns"], _alert(json.loads(row["body"]))
    )
