"""What the statements of a batch cost PostgreSQL, counted: rows that are looked at, indexes."""

import json
from contextlib import asynccontextmanager

import asyncpg
import pytest

from svc_oms.adapters.postgres.orders import guess_statements as guessed
from svc_oms.adapters.postgres.orders import order_statements as sql
from svc_oms.adapters.postgres.orders import write_parameters as parameters
from svc_oms.adapters.postgres.orders.order_store import BATCH_PLANS
from svc_oms.service.ports import (
    EventWrite,
    ExecutionRow,
    IdempotencyRow,
    LinkProgress,
    OrderWrite,
    OutboxWrite,
    PositionRow,
    WriteSet,
)
from tests.contract.oms.test_order_store import order

ACCOUNT, SESSION, VENUE = "ACC-ALICE", "sima-orders", "SIMA"
SMALL, LARGE = 50, 200
GUESS = f"SELECT '{{}}'::text[], '{{}}'::xid[], c.version, {sql.INSTANCE} FROM oms.controls c"  # noqa: S608  constants


@asynccontextmanager
async def nothing_kept(url: str):
    """Connect as a batch does, in a transaction that is rolled back."""
    connection = await asyncpg.connect(url, server_settings=BATCH_PLANS)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "INSERT INTO oms.sessions (session_id, venue_mic, fencing_token, outbound_sequence)"
        " VALUES ($1, $2, 1, 1000)",
        SESSION,
        VENUE,
    )
    yield connection
    await transaction.rollback()
    await connection.close()


def numbered(number: int) -> OrderWrite:
    order_id = f"01HF7YAT00000000000000{number:04}"
    return order(0, order_id=order_id, created_sequence=number, last_sequence=number)


def events(orders: list[OrderWrite]) -> list[EventWrite]:
    return [EventWrite(ACCOUNT, o.last_sequence, o.order_id, b"event", b"h" * 32) for o in orders]


def new(size: int) -> WriteSet:
    orders = [numbered(number) for number in range(1, size + 1)]
    return WriteSet(
        new_orders=orders,
        events=events(orders),
        idempotency=[
            IdempotencyRow(ACCOUNT, o.order_id, 1, b"b", o.order_id, o.last_sequence, None)
            for o in orders
        ],
        outbox=[OutboxWrite(SESSION, b"command") for _ in orders],
    )


def reported(size: int, *, known: bool, money: bool) -> WriteSet:
    """Return reports of orders; their OrderID(37) are new, or those of orders of the past."""
    orders = [
        numbered(number)._replace(last_sequence=number + size) for number in range(1, size + 1)
    ]
    writes = WriteSet(
        changed_orders=orders,
        events=events(orders),
        progress=LinkProgress(SESSION, 1, 1, size, size),
        venue_order_ids=[
            (VENUE, f"{'P' if known else 'N'}{number}", o.order_id)
            for number, o in enumerate(orders)
        ],
    )
    if money:
        writes.executions = [
            ExecutionRow(
                VENUE, "E", o.order_id, ACCOUNT, o.last_sequence, "F", "1", "1", b"", False
            )
            for o in orders
        ]
        writes.positions = [
            PositionRow(ACCOUNT, f"I{number}", "EUR", "1", "1", "1", "0", 1)
            for number in range(size)
        ]
    return writes


async def explained(connection: asyncpg.Connection, statement: str, *values: object) -> int:
    """Run a statement; return how many rows its parts passed on or looked at and left out."""
    plan = await connection.fetchval(
        f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", *values
    )

    def rows(node: dict) -> float:
        seen = sum(
            count
            for name, count in node.items()
            if name == "Actual Rows" or name.startswith("Rows Removed by")
        )
        return seen * node["Actual Loops"] + sum(rows(part) for part in node.get("Plans", ()))

    return round(rows(json.loads(plan)[0]["Plan"]))


async def rows_of(url: str, kind: str, size: int) -> int:
    async with nothing_kept(url) as connection:
        guess = await connection.fetchrow(GUESS)
        placed = parameters.command_parameters(new(size))
        if kind == "commands":
            return await explained(connection, guessed.WRITE_COMMANDS, *placed, *guess)
        await connection.fetch(guessed.WRITE_COMMANDS, *placed, *guess)
        past = [(VENUE, f"P{number}", [f"PAST{number}"]) for number in range(size)]
        await connection.executemany("INSERT INTO oms.venue_order_ids VALUES ($1, $2, $3)", past)
        known, money = "known" in kind, "money" in kind
        writes = reported(size, known=known, money=money)
        values = [*parameters.report_parameters(writes, writes.progress), *guess]
        if money:
            more = parameters.money_parameters(writes)
            return await explained(connection, guessed.WRITE_MONEY_REPORTS, *values, *more)
        return await explained(connection, guessed.WRITE_REPORTS, *values)


@pytest.mark.parametrize(
    "kind", ["commands", "reports", "reports with known numbers", "money with known numbers"]
)
async def test_the_work_of_a_statement_grows_with_its_batch_and_not_with_the_square(
    book_url, kind: str
):
    small, large = [await rows_of(book_url, kind, size) for size in (SMALL, LARGE)]
    assert large < small * (LARGE / SMALL) * 1.1, (small, large)


@pytest.mark.parametrize("group_id", ["", "01HF7YAT00000000000000GROUP"], ids=["alone", "linked"])
async def test_an_update_of_an_open_order_writes_to_no_index(book_url, group_id: str):
    """PostgreSQL counts them: an update that stays in its page made no entry in any index."""
    async with nothing_kept(book_url) as connection:
        first = numbered(1)._replace(group_id=group_id)
        names, rows = sql.ORDERS_TABLE.names, sql.ORDERS_TABLE.unpacked(1)
        values = sql.ORDERS_TABLE.pack([first])
        await connection.execute(f"INSERT INTO oms.orders ({names}) {rows}", *values)
        # All that moves while an order is open.
        changed = first._replace(
            state=4, quantity="90", limit_price="9", cum_quantity="1", leaves="89",
            average_price="9", cl_ord_id="x", last_sequence=9,
            updated_at_us=first.updated_at_us + 1, fold=b"\x08\x04", body=b"another body",
        )  # fmt: skip
        for row, stays in ((changed, 1), (changed._replace(is_open=False, closed=True), 0)):
            before = await in_place(connection)
            await connection.execute(
                f"WITH {sql.orders_changed(1)} SELECT 1", *sql.ORDERS_TABLE.pack([row])
            )
            assert await in_place(connection) - before == stays


async def in_place(connection: asyncpg.Connection) -> int:
    return await connection.fetchval(
        "SELECT pg_stat_get_xact_tuples_hot_updated('oms.orders'::regclass)"
    )


async def test_the_outbox_is_trimmed_from_where_it_was_trimmed_to(book_url):
    """An index keeps the entries of deleted rows for a while; they are not passed each time."""
    async with nothing_kept(book_url) as connection:
        guess = await connection.fetchrow(GUESS)
        await connection.fetch(
            guessed.WRITE_COMMANDS, *parameters.command_parameters(new(LARGE)), *guess
        )
        looked_at = []
        for acknowledged in (1100, 1101, 1102):
            writes = WriteSet(progress=LinkProgress(SESSION, 1, 1, acknowledged, acknowledged))
            values = parameters.report_parameters(writes, writes.progress)
            looked_at.append(await explained(connection, guessed.WRITE_REPORTS, *values, *guess))
        left = await connection.fetchval("SELECT min(outbound_sequence) FROM oms.outbox")
        assert left == 1103
        assert looked_at[1] == looked_at[2] < looked_at[0] - 90
