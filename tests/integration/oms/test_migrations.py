"""What older versions stored is converted."""

from decimal import Decimal

import asyncpg
import pytest

from svc_oms.adapters.postgres.migrate import migrate
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, OrderOrigin
from svc_oms.service.codec.order_records import (
    order_message,
    order_write,
    progress_message,
    read_order,
)
from tests.support.order_events import ORDER

# What the fold has had since is not in an order of then.
OLD = ORDER._replace(
    asked_about="",
    former_venue_order_ids=(),
    ended_by_copy=False,
    routing_sums=None,
    traded_before=(),
    replace_asked_at_ns=0,
    closed_sequence=0,
    paused=False,
)
NEW = OLD._replace(
    base_state=OrderState.PENDING_NEW,
    notional=Decimal(0),
    request_count=1,
    pending_cancel_id="",
    pending_replace_id="",
    in_doubt=(),
    awaited_cum=Decimal(0),
    stated_by_person=False,
    origin=None,
)
ORDERS = [
    order._replace(order_id=f"01JD00000000000000000000{number:02}")
    for number, order in enumerate(
        (
            OLD,
            NEW,
            NEW._replace(notional=Decimal("65005.0050"), request_count=127),
            NEW._replace(request_count=128, base_state=OrderState.FILLED),
            NEW._replace(request_count=20_000, pending_cancel_id="C" * 130),
            NEW._replace(pending_replace_id="01JD-2", in_doubt=("01JD-2",)),
            NEW._replace(in_doubt=("01JD-2", "01JD-3"), awaited_cum=Decimal("12.5")),
            NEW._replace(stated_by_person=True, notional=Decimal("0.00")),
            NEW._replace(request_count=0, origin=OrderOrigin.VENUE, idempotency_key="Händler-7"),
        )
    )
]


def fold_of_0010(order: Order) -> str:
    """The fold as the code wrote it up to revision 0010."""
    text = (
        f"{order.base_state.value}|{order.notional:f}|{order.request_count}"
        f"|{order.pending_cancel_id}|{order.pending_replace_id}"
        f"|{','.join(order.in_doubt)}|{order.awaited_cum:f}"
    )
    return f"{text}|on word" if order.stated_by_person else text


@pytest.fixture
def url_at_0010(postgres_server):
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


async def insert_at_0010(connection: asyncpg.Connection, order: Order) -> None:
    message = order_message(order, progress_message(order))
    row = order_write(order, message, message.SerializeToString())
    await connection.execute(
        """
        INSERT INTO oms.orders (order_id, account_id, instrument_id, venue_mic, side, type, state,
            is_open, quantity, cum_quantity, leaves, average_price, cl_ord_id, created_sequence,
            last_sequence, created_at, updated_at, body, fold, told_as)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 100, 0, 100, 0, $9, 1, 1, now(), now(), $10, $11,
            $12)""",
        row.order_id,
        row.account_id,
        row.instrument_id,
        row.venue_mic,
        row.side,
        row.type,
        row.state,
        row.is_open,
        row.cl_ord_id,
        row.body,
        fold_of_0010(order),
        row.unsolicited_key,
    )


async def test_folds_written_as_text_are_read_as_messages(url_at_0010):
    await migrate(url_at_0010, "0010")
    connection = await asyncpg.connect(url_at_0010)
    for order in ORDERS:
        await insert_at_0010(connection, order)
    await connection.close()

    await migrate(url_at_0010)

    store = await PostgresStore.connect(url_at_0010)
    rows = await store.orders([order.order_id for order in ORDERS])
    assert {row.order_id: read_order(row.body, row.fold) for row in rows} == {
        order.order_id: order for order in ORDERS
    }
    for order in ORDERS:
        message = order_message(order, progress_message(order))
        written = order_write(order, message, message.SerializeToString())
        assert (await store.order(order.order_id)).fold == written.fold
    async with store.transaction() as batch:
        found = await batch.unsolicited_orders(ORDERS[-1].venue_mic, ["Händler-7"])
    assert found == [("Händler-7", ORDERS[-1].order_id, ORDERS[-1].account_id)]
    await store.close()


async def test_the_orders_of_a_number_are_gathered_in_its_row(url_at_0010):
    await migrate(url_at_0010, "0036")
    connection = await asyncpg.connect(url_at_0010)
    reused = [("SIMA", "V1", f"{day:026}") for day in range(70)]
    rows = [*reused, ("SIMA", "V2", f"{1:026}"), ("SIMB", "V1", f"{2:026}")]
    await connection.executemany("INSERT INTO oms.venue_order_ids VALUES ($1, $2, $3)", rows)
    await migrate(url_at_0010, "0037")
    found = {
        (mic, number): orders
        for mic, number, orders in await connection.fetch("SELECT * FROM oms.venue_order_ids")
    }
    await connection.close()
    newest = [f"{day:026}" for day in range(69, 5, -1)]
    assert found == {
        ("SIMA", "V1"): newest,
        ("SIMA", "V2"): [f"{1:026}"],
        ("SIMB", "V1"): [f"{2:026}"],
    }
