"""Damage to the row of an order is found, whichever column it is in."""

import asyncpg
import pytest

from svc_oms.adapters.postgres.orders.order_statements import ORDERS_TABLE
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.domain.verification.verify import KEPT_LATER
from svc_oms.service.book.verification import verify_book
from svc_oms.service.codec.order_records import (
    order_message,
    order_write,
    progress_message,
    read_order,
)
from svc_oms.service.ports import OrderWrite
from svc_oms.service.ports.rows.columns import Kind, columns_of
from tests.support.oms import trading

DAMAGE = {
    Kind.TEXT: "{name} || 'X'",
    Kind.SMALL: "{name} + 1",
    Kind.BIG: "{name} + 1",
    Kind.FLAG: "NOT {name}",
    Kind.NUMBER: "{name} + 1",
    Kind.OPTIONAL_NUMBER: "{name} + 1",
    Kind.TIME: "{name} + interval '1 microsecond'",
    Kind.SINCE: "now()",
    Kind.MESSAGE: r"{name} || '\x4000'",
    Kind.BODY: r"{name} || '\x1200'",
}


@pytest.fixture
async def store(book_url):
    opened = await PostgresStore.connect(book_url)
    yield opened
    await opened.close()


async def test_every_column_of_an_order_is_verified(book_url, tls, store):
    async with trading(book_url, tls) as (_, client, _gateway):
        await client.place("k1")
    connection = await asyncpg.connect(book_url)
    await connection.execute("CREATE TABLE oms.kept AS TABLE oms.orders")
    # PostgreSQL computes it, and takes no value for it.
    await connection.execute("ALTER TABLE oms.kept DROP COLUMN closed_member_sequence")
    for field, column in columns_of(OrderWrite).items():
        if field == "account_id":
            continue  # the order is then in another account's book
        damage = DAMAGE[column.kind].format(name=column.name)
        await connection.execute(f"UPDATE oms.orders SET {column.name} = {damage}")  # noqa: S608 - constants
        texts = [found.text for found in (await verify_book(store)).findings]
        expected = field if field in ORDERS_TABLE.shown else f"the stored {field}"
        assert any(text.startswith(expected) for text in texts), (field, texts)
        await connection.execute("DELETE FROM oms.orders")
        await connection.execute("INSERT INTO oms.orders TABLE oms.kept")
    assert not (await verify_book(store)).findings
    await connection.close()


async def test_an_order_that_an_older_release_closed_is_no_difference(book_url, tls, store):
    """Its row lacks what that release did not keep, and nothing writes it again."""
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        fields = {"venue_order_id": "V1", "cum_quantity": "0", "leaves_quantity": "0"}
        await gateway.send(gateway.report(f"{order_id}-1", "4", "4", text="end of day", **fields))
        await gateway.applied()
    row = await store.order(order_id)
    order = read_order(row.body, row.fold)
    assert (order.ended_text, order.closed_sequence) == ("unsolicited: end of day", 2)
    message = order_message(order._replace(**KEPT_LATER), progress_message(order))
    older = order_write(order._replace(**KEPT_LATER), message, message.SerializeToString())
    connection = await asyncpg.connect(book_url)
    for order_of in (older, older._replace(body=row.body + b"\x12\x00")):
        changed = "UPDATE oms.orders SET body = $1, fold = $2"
        await connection.execute(changed, order_of.body, order_of.fold)
        found = (await verify_book(store)).findings
        assert bool(found) == (order_of is not older)
    await connection.close()
