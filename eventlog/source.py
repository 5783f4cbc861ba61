"""Reads the logs through views; a reader's role may read the views and nothing else."""
# ruff: noqa: S608 - statements are put together from constants of this file only

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from eventlog.logs import (
    NEWEST_ONLY,
    SCHEMA_OF,
    START,
    Entry,
    Heads,
    Log,
    Page,
    Position,
    SourceError,
)
from eventlog.reading import Reading

PAGE_ENTRIES_MAX: Final = 2_000
PAGE_BYTES_MAX: Final = 4 << 20
"""Payloads of one page; an entry that is larger comes alone."""
CONNECT_TIMEOUT_S: Final = 5.0
STATEMENT_TIMEOUT_S: Final = 15.0
CLOSE_TIMEOUT_S: Final = 3.0

# The first column is the oldest transaction that was open as the statement began.
PAGES: Final = {
    log: f"""
SELECT horizon, log_number, key, sequence, payload, hash FROM (
    SELECT *, sum(octet_length(payload)) OVER (ORDER BY log_number)
        - octet_length(payload) AS bytes_before
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8 AS horizon, log_number, key,
            sequence, payload, hash
        FROM {SCHEMA_OF[log]}.relayed_{log}
        WHERE log_number > $1 ORDER BY log_number LIMIT $2) AS next
) AS counted WHERE bytes_before < $3 ORDER BY log_number
"""
    for log in Log
}
# Whether the entry is this one, the first entry that was not archived, the highest number given.
HAS: Final = {
    log: f"""
SELECT (SELECT hash = $2 FROM {SCHEMA_OF[log]}.relayed_{log} WHERE log_number = $1),
    (SELECT log_number FROM {SCHEMA_OF[log]}.relayed_{log} ORDER BY log_number LIMIT 1),
    (SELECT {log} FROM {SCHEMA_OF[log]}.relayed_heads)
"""
    for log in Log
}
NEWEST: Final = {
    log: f"""
SELECT log_number, hash FROM {SCHEMA_OF[log]}.relayed_{log} ORDER BY log_number DESC LIMIT 1
"""
    for log in Log
}
# Higher than the ids of all transactions that have one. The highest id of a snapshot will not do:
# it is that of the last transaction that ended, and an open one may have a higher id.
NEW_TRANSACTION_ID: Final = "SELECT pg_current_xact_id()::text::int8"

# The views of these schemas, and whether our role may read each.
VIEWS: Final = """
SELECT n.nspname || '.' || c.relname,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1::text[]) AND c.relkind = 'v'
"""

_ADMINS: Final = "of svc_oms.admin, svc_identity.admin and svc_marketdata.admin"
CAUSES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (asyncpg.UndefinedTableError, f"a schema is not migrated: run `migrate` {_ADMINS}"),
    (
        asyncpg.InsufficientPrivilegeError,
        f"our role may not read the logs: run `grant-log-reader SERVICE ROLE` {_ADMINS}",
    ),
    (asyncpg.InvalidAuthorizationSpecificationError, "it refuses our role or password"),
    (asyncpg.InvalidCatalogNameError, "it has no such database"),
    (asyncpg.CannotConnectNowError, "it is starting or stopping"),
    (TimeoutError, "it did not answer in time"),
)
_ERRORS: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


def heads_of(logs: Iterable[Log]) -> str:
    """Return the statement that reads the highest number given in each of these logs."""
    schemas = dict.fromkeys(SCHEMA_OF[log] for log in logs)
    columns = ", ".join(f"{SCHEMA_OF[log]}.{log}" for log in logs)
    return f"SELECT {columns} FROM " + ", ".join(f"{one}.relayed_heads AS {one}" for one in schemas)


class LogSource:
    """One connection, opened when it is needed."""

    def __init__(self, database_url: str, logs: Iterable[Log], reader: str) -> None:
        """Take the database, the logs that are read, and the reader's name for the database."""
        self._url = database_url
        self._logs = tuple(logs)
        self._reader = reader
        self._connection: Any = None
        self._closed: dict[Log, str] | None = None
        """Logs that we may not read; None until this connection has looked."""

    async def heads(self) -> Heads:
        """Return how far each log is; raises SourceError if none may be read."""
        async with self._connected() as connection:
            # While one is closed each look looks again: it is read as soon as it may be.
            if self._closed is None or self._closed:
                self._closed = await self._look(connection)
            open_ = [log for log in self._logs if log not in self._closed]
            if not open_:
                raise SourceError("; ".join(dict.fromkeys(self._closed.values())))
            row = await connection.fetchrow(heads_of(open_))
        return Heads({log: row[log.value] for log in open_}, dict(self._closed))

    async def _look(self, connection: Any) -> dict[Log, str]:
        """Return the logs that our role may not read, with the causes."""
        schemas = sorted({SCHEMA_OF[log] for log in self._logs})
        allowed = dict(await connection.fetch(VIEWS, schemas))
        return {log: cause for log in self._logs if (cause := self._cause(log, allowed))}

    def _cause(self, log: Log, allowed: Mapping[str, bool]) -> str:
        schema = SCHEMA_OF[log]
        views = f"{schema}.relayed_{log}", f"{schema}.relayed_heads"
        if not all(view in allowed for view in views):
            return (
                f"the schema {schema} is not migrated: run `python -m svc_{schema}.admin migrate`"
            )
        if not all(allowed[view] for view in views):
            return (
                f"our role may not read {views[0]}: run `python -m svc_{schema}.admin "
                f"grant-log-reader {self._reader} ROLE`"
            )
        return ""

    async def page(self, log: Log, after: int) -> Page:
        """Read the next entries, PAGE_ENTRIES_MAX at most."""
        async with self._connected() as connection:
            return await read_page(connection, log, after)

    async def new_transaction_id(self) -> int:
        """Return an id above those of all transactions that have one."""
        async with self._connected() as connection:
            return int(await connection.fetchval(NEW_TRANSACTION_ID))

    async def has(self, log: Log, position: Position) -> bool:
        """Return whether a log has this entry, or had it until its time was over."""
        number = position.log_number
        async with self._connected() as connection:
            same, first, head = await connection.fetchrow(HAS[log], number, position.hash)
        if log in NEWEST_ONLY and not same:
            return bool(number <= head)  # a newer entry of its key took its place
        if same is None:
            return number <= head and (first is None or number < first)
        return bool(same)

    async def newest(self, log: Log) -> Position:
        """Return the newest committed entry of a log."""
        async with self._connected() as connection:
            row = await connection.fetchrow(NEWEST[log])
        return START if row is None else Position(*row)

    async def close(self) -> None:
        """Close the connection, by force after a while."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await asyncio.wait_for(connection.close(), CLOSE_TIMEOUT_S)
            except _ERRORS:
                connection.terminate()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        try:
            if self._connection is None:
                self._connection = await asyncpg.connect(
                    self._url,
                    timeout=CONNECT_TIMEOUT_S,
                    command_timeout=STATEMENT_TIMEOUT_S,
                    server_settings={"application_name": self._reader},
                )
            yield self._connection
        except _ERRORS as error:
            connection, self._connection = self._connection, None
            self._closed = None
            if connection is not None:
                connection.terminate()
            cause = next((text for kind, text in CAUSES if isinstance(error, kind)), str(error))
            raise SourceError(f"PostgreSQL: {cause}") from error


async def read_page(
    connection: Any, log: Log, after: int, entries_max: int = PAGE_ENTRIES_MAX
) -> Page:
    """Read the committed entries after a log number; lower ones may still be missing."""
    rows = await connection.fetch(PAGES[log], after, entries_max, PAGE_BYTES_MAX)
    horizon = rows[0][0] if rows else 0
    return Page(horizon, [Entry(*row[1:]) for row in rows])


class LogReader:
    """Reads one log from a place on: every entry once, none skipped."""

    def __init__(self, connection: Any, log: Log, after: int = 0) -> None:
        """Begin.

        Args:
            connection: Of asyncpg, to the primary; no transaction may be open on it.
            log: What to read.
            after: The place: log number of the last entry that was read before.
        """
        self._connection = connection
        self._log = log
        self._reading = Reading(after)

    async def read(self, limit: int = PAGE_ENTRIES_MAX) -> list[Entry]:
        """Read up to this many entries; none if there are none, or the next is not committed."""
        page = await read_page(self._connection, self._log, self._reading.after, limit)
        count = self._reading.take(page.horizon, [entry.log_number for entry in page.entries])
        if self._reading.in_doubt:
            self._reading.note(int(await self._connection.fetchval(NEW_TRANSACTION_ID)))
        return page.entries[:count]
