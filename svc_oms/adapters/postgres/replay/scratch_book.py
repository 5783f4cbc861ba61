"""The scratch book in a schema of the same database, written and compared in one transaction.

One repeatable view has the order book as it was at the start and what the replay has put. When the
transaction ends without an error everybody sees the schema; otherwise it leaves nothing.
"""

import re
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from typing_extensions import override

from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.logs.book_reader import PostgresBookReader
from svc_oms.adapters.postgres.orders.order_statements import EXECUTION_ROWS, ORDERS_TABLE
from svc_oms.adapters.postgres.replay import scratch_statements as sql
from svc_oms.domain.verification.copied_log import Difference
from svc_oms.service.ports import ExecutionRow, OrderWrite, PositionRow
from svc_oms.service.replay.scratch import (
    Compared,
    Pair,
    ScratchBook,
    ScratchBooks,
    ScratchError,
    Span,
    StoredBody,
)

SCHEMA_NAME: Final = re.compile("[a-z][a-z0-9_]{0,39}")
PREFETCH: Final = 500
"""Rows fetched at a time while books are compared."""


class PostgresScratchBook(ScratchBook):
    """The scratch book on one connection, in its transaction."""

    def __init__(self, connection: Any, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._reader = PostgresBookReader(connection)

    def _sql(self, statement: str) -> str:
        return statement.replace("{schema}", self._schema)

    @property
    @override
    def reader(self) -> PostgresBookReader:
        return self._reader

    async def make(self) -> None:
        """Make the tables, in place of those of an earlier replay."""
        found = await self._connection.fetch(sql.OWNER_OF_SCHEMA, self._schema)
        if found and found[0][0] != sql.MADE_BY:
            raise ScratchError(
                f"schema {self._schema} is there, and no replay has made it; it should be another "
                "name"
            )
        if found:
            await self._connection.execute(f"DROP SCHEMA {self._schema} CASCADE")
        for statement in sql.TABLES:
            await self._connection.execute(self._sql(statement))

    @override
    async def orders(self, order_ids: Collection[str]) -> dict[str, StoredBody]:
        if not order_ids:
            return {}
        rows = await self._connection.fetch(self._sql(sql.ORDERS), list(order_ids))
        return {order_id: StoredBody(*bodies) for order_id, *bodies in rows}

    @override
    async def executions(self, keys: Collection[tuple[str, str]]) -> list[ExecutionRow]:
        if not keys:
            return []
        columns = zip(*keys, strict=True)
        rows = await self._connection.fetch(self._sql(sql.EXECUTIONS_KNOWN), *map(list, columns))
        return [ExecutionRow(*row) for row in rows]

    @override
    async def put(
        self,
        orders: Sequence[OrderWrite],
        executions: Sequence[ExecutionRow],
        busted: Sequence[tuple[str, str, int]],
    ) -> None:
        execute = self._connection.execute
        if orders:
            await execute(self._sql(sql.PUT_ORDERS), *ORDERS_TABLE.pack(orders))
        if executions:
            packed = EXECUTION_ROWS.pack(map(_packed, executions))
            await execute(self._sql(sql.PUT_EXECUTIONS), *packed)
        if busted:
            await execute(self._sql(sql.MARK_BUSTED), *map(list, zip(*busted, strict=True)))

    @override
    async def put_account(self, account_id: str, sequence: int, chain_head: bytes) -> None:
        await self._connection.execute(self._sql(sql.PUT_ACCOUNT), account_id, sequence, chain_head)

    @override
    async def put_positions(self, positions: Sequence[PositionRow]) -> None:
        rows = ["\x1f".join(map(str, row)) for row in positions]
        await self._connection.execute(self._sql(sql.POSITIONS_PUT), rows)

    @override
    async def put_differences(self, differences: Sequence[Difference]) -> None:
        columns = zip(*differences, strict=True)
        await self._connection.execute(self._sql(sql.PUT_DIFFERENCES), *map(list, columns))

    async def _rows(self, statement: str, *parameters: Any) -> AsyncIterator[Any]:
        rows = self._connection.cursor(self._sql(statement), *parameters, prefetch=PREFETCH)
        async for row in rows:
            yield row

    @override
    async def fills(self, account_id: str) -> AsyncIterator[tuple[StoredBody, ExecutionRow]]:
        async for body, fold, *row in self._rows(sql.FILLS, account_id):
            yield StoredBody(body, fold), ExecutionRow(*row)

    @override
    async def compared(self, span: Span) -> Compared:
        of_orders = await self._connection.fetchrow(self._sql(sql.COUNTS), *span)
        orders, moved, archived = of_orders
        executions = await self._connection.fetchval(
            self._sql(sql.COUNT_EXECUTIONS), *span[:3], span.since_us
        )
        return Compared(orders, moved, archived, executions)

    @override
    async def differing_orders(self, span: Span) -> AsyncIterator[Pair]:
        async for key, stored, made, *bodies in self._rows(sql.DIFFERING_ORDERS, *span):
            body, fold, made_body, made_fold = (each or b"" for each in bodies)
            yield Pair(key, _texts(stored), _texts(made), (body, fold), (made_body, made_fold))

    @override
    async def differing_executions(self, span: Span) -> AsyncIterator[Pair]:
        parameters = *span[:3], span.since_us
        async for key, stored, made in self._rows(sql.DIFFERING_EXECUTIONS, *parameters):
            yield Pair(key, _texts(stored), _texts(made))


class PostgresScratchBooks(ScratchBooks):
    """Opens scratch books in one database; see `service/replay/scratch.py`."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    @override
    @asynccontextmanager
    async def open(self, schema: str) -> AsyncIterator[PostgresScratchBook]:
        if not SCHEMA_NAME.fullmatch(schema):
            raise ScratchError(
                f"schema is {schema!r}; it should be a name of a-z, 0-9 and _ of at most 40 "
                "characters that begins with a letter"
            )
        settings = {"application_name": "svc-oms-replay", "statement_timeout": "0"}
        with translated():
            connection = await asyncpg.connect(self._database_url, server_settings=settings)
            try:
                async with connection.transaction(isolation="repeatable_read"):
                    await connection.execute("SET LOCAL timezone = 'UTC'")
                    book = PostgresScratchBook(connection, schema)
                    try:
                        await book.make()
                    except asyncpg.InsufficientPrivilegeError as error:
                        raise ScratchError(
                            f"schema {schema} cannot be made: {error}. Use the role that owns the "
                            "database, or let yours create schemas in it"
                        ) from error
                    yield book
            finally:
                await connection.close()


def _packed(row: ExecutionRow) -> tuple[str, bytes]:
    texts = [*row[:8], "true" if row.busted else "false", row.part]
    return "\x1f".join(map(str, texts)), row.body


def _texts(row: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if row is None else tuple(row)
