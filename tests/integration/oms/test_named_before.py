"""Which other order has an OrderID(37) that a batch writes, for any numbers of any orders."""

import asyncio
from collections import defaultdict

import asyncpg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from svc_oms.adapters.postgres.orders import order_statements as sql
from svc_oms.adapters.postgres.orders import venue_order_ids as numbers
from svc_oms.adapters.postgres.orders.order_store import BATCH_PLANS
from tests.contract.oms.test_order_store import order

EXAMPLES = 300
NEWEST_LOOKED_AT = 4
# By the number of the order: every third one is open, was closed lately, or long ago.
IDS = [order(number).order_id for number in range(1, 10)]
CLOSED_LONG_AGO = set(IDS[2::3])
NUMBERS = ("V1", "V2")

Named = dict[str, set[str]]
Batch = list[tuple[str, str]]


def expected(stored: Named, batch: Batch) -> dict[str, str]:
    """Return by number the newest other order that has it and may still be meant.

    An order whose number is written again is an other one only for the orders beside it.
    """
    found = {}
    for number, written in by_number(batch).items():
        had = stored[number]
        others = sorted(had if len(written) > 1 else had - written)[-NEWEST_LOOKED_AT:]
        meant = [one for one in others if one not in CLOSED_LONG_AGO]
        if meant:
            found[number] = meant[-1]
    return found


def by_number(batch: Batch) -> Named:
    written: defaultdict[str, set[str]] = defaultdict(set)
    for number, order_id in batch:
        written[number].add(order_id)
    return written


def said(named_before: dict[str, str], batch: Batch) -> dict[tuple[str, str], str]:
    """Return which orders a batch of reports says to have a number of another one, as
    ReportBatch does."""
    named, found = dict(named_before), {}
    for number, order_id in batch:
        other = named.setdefault(number, order_id)
        if other != order_id:
            found[number, order_id] = other
    return found


async def open_book(url: str) -> asyncpg.Connection:
    """Connect as a batch does; the book has the orders."""
    connection = await asyncpg.connect(url, server_settings=BATCH_PLANS)
    orders = [
        order(0, order_id=order_id, is_open=at % 3 == 0, closed=at % 3 > 0)
        for at, order_id in enumerate(IDS)
    ]
    names, rows = sql.ORDERS_TABLE.names, sql.ORDERS_TABLE.unpacked(1)
    values = sql.ORDERS_TABLE.pack(orders)
    await connection.execute(f"INSERT INTO oms.orders ({names}) {rows}", *values)
    await connection.execute(
        "UPDATE oms.orders SET closed_at = now() - interval '1 hour' WHERE NOT is_open"
    )
    await connection.execute(
        "UPDATE oms.orders SET closed_at = now() - interval '13 hours' WHERE order_id = ANY($1)",
        list(CLOSED_LONG_AGO),
    )
    return connection


async def written(
    connection: asyncpg.Connection, stored: Named, batch: Batch
) -> list[asyncpg.Record]:
    """Write the numbers of a batch, and keep nothing."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.executemany(
        "INSERT INTO oms.venue_order_ids VALUES ('SIMA', $1, $2)",
        [(number, sorted(ids, reverse=True)) for number, ids in stored.items() if ids],
    )
    packed = numbers.ROWS.pack([(f"SIMA\x1f{number}\x1f{one}",) for number, one in batch])
    found = await connection.fetch(numbers.WRITE, *packed)
    await transaction.rollback()
    return found


STORED = st.fixed_dictionaries({number: st.sets(st.sampled_from(IDS)) for number in NUMBERS})
BATCHES = st.lists(
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from(IDS)), min_size=1, max_size=6
)


def test_the_other_order_is_found_for_any_numbers_and_no_order_is_its_own_other(book_url):
    with asyncio.Runner() as runner:
        connection = runner.run(open_book(book_url))

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        @given(STORED, BATCHES)
        # Both had it before, and both are reported again.
        @example({"V1": {IDS[0], IDS[1]}, "V2": set()}, [("V1", IDS[0]), ("V1", IDS[1])])
        # One order, reported again and again.
        @example({"V1": {IDS[0]}, "V2": set()}, [("V1", IDS[0])] * 3)
        def holds(stored: Named, batch: Batch) -> None:
            rows = runner.run(written(connection, stored, batch))
            found = dict(rows)
            assert len(rows) == len(found)
            assert found == expected(stored, batch)
            clashes = said(found, batch)
            for number, order_id in batch:
                other = clashes.get((number, order_id))
                beside = stored[number] | by_number(batch)[number]
                assert other != order_id
                assert other is None or other in beside
                meant = [
                    one
                    for one in sorted(stored[number])[-NEWEST_LOOKED_AT:]
                    if one not in CLOSED_LONG_AGO
                ]
                if order_id not in stored[number] and meant:
                    # Whoever gets a number anew that others have is said to have it.
                    assert other is not None

        holds()
        runner.run(connection.close())
