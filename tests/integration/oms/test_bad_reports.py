"""What a venue may say and should not: kept whole, seen by name, and the session goes on."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import pytest_asyncio

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from svc_oms.adapters.postgres.sessions.parked_store import PostgresParkedStore
from svc_oms.service.ports.parked_ports import ParkedFilter
from svc_oms.service.venue.reports import parked_room
from tests.support.oms import Client, Gateway, prepare_database, trading, verified
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOREIGN = "01JD0000000000000000000000-1"
LIVE = {"order_quantity": "100", "leaves_quantity": "50", "cum_quantity": "50"}


class Shared(NamedTuple):
    """A replica with its venue, for all cases of this file; each has an order of its own."""

    url: str
    client: Client
    gateway: Gateway
    connection: asyncpg.Connection

    async def order(self) -> gw.VenueCommand:
        """Place an order; return the command that the venue got."""
        number = len(self.gateway.commands)
        await self.client.place(f"k{number}")
        return await self.gateway.command(number)

    async def last_parked(self) -> int:
        """Return the number of the last parked message."""
        query = "SELECT coalesce(max(parked_id), 0) FROM oms.parked_messages"
        return await self.connection.fetchval(query)

    async def parked_after(self, last: int) -> list[asyncpg.Record]:
        """Return what was parked after that one."""
        query = "SELECT * FROM oms.parked_messages WHERE parked_id > $1 ORDER BY parked_id"
        return await self.connection.fetch(query, last)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(postgres_server: PostgresServer, tls_folder: Path) -> AsyncIterator[Shared]:
    url = postgres_server.create_database(postgres_server.template("oms", prepare_database))
    async with trading(url, tls_folder) as (_, client, gateway):
        connection = await asyncpg.connect(url)
        yield Shared(url, client, gateway, connection)
        await connection.close()
    postgres_server.drop_database(url)


def fill(gateway: Gateway, cl_ord_id: str, **fields) -> gw.VenueMessage:
    base = {"last_quantity": "10", "last_price": "650", "cum_quantity": "60"}
    return gateway.report(cl_ord_id, "F", "1", **{**base, "leaves_quantity": "40", **fields})


# What is wrong; the words that must be shown; fields of a fill of 10 after one of 50.
FILLS = [
    ("no ExecID", "ExecID(17)", {"exec_id": ""}),
    ("an ExecID of control characters", "ExecID(17)", {"exec_id": "a\x1fb"}),
    ("another fill under a known ExecID, and its CumQty does not add up", "ExecID(17)",
     {"exec_id": "KNOWN", "cum_quantity": "70"}),
    ("another price under a known ExecID", "ExecID(17)",
     {"exec_id": "KNOWN", "last_quantity": "50", "last_price": "651", "cum_quantity": "50"}),
    ("no quantity", "LastQty(32)", {"last_quantity": ""}),
    ("a quantity of zero", "LastQty(32)", {"last_quantity": "0"}),
    ("a negative quantity", "LastQty(32)", {"last_quantity": "-10"}),
    ("a quantity that is no number", "", {"last_quantity": "ten"}),
    ("a quantity that is no finite number", "", {"last_quantity": "NaN"}),
    ("a quantity without bound", "", {"last_quantity": "1e400"}),
    ("no price", "LastPx(31)", {"last_price": ""}),
    ("a price that is no number", "", {"last_price": "six"}),
    ("an unknown ExecType", "ExecType(150)", {"exec_type": "Z"}),
    ("no ExecType", "ExecType(150)", {"exec_type": ""}),
    ("a status of an unknown OrdStatus", "OrdStatus(39)", {"exec_type": "I", "ord_status": "Z"}),
    ("a ClOrdID of ours of no order here, and no OrderID", "ClOrdID(11)",
     {"cl_ord_id": FOREIGN, "venue_order_id": ""}),
    ("neither a ClOrdID of ours nor an OrderID", "ClOrdID(11)",
     {"cl_ord_id": "their-own", "venue_order_id": ""}),
    ("neither a ClOrdID nor an OrderID", "ClOrdID(11)", {"cl_ord_id": "", "venue_order_id": ""}),
    ("a ClOrdID nobody knows and an OrderID nobody knows", "ClOrdID(11)",
     {"cl_ord_id": "their-own", "venue_order_id": "V-UNKNOWN"}),
    ("a foreign ClOrdID", "ClOrdID(11)", {"cl_ord_id": FOREIGN}),
    ("a bust of an execution nobody knows", "NONE",
     {"exec_type": "H", "exec_ref_id": "NONE"}),
    ("a correction of an execution nobody knows", "NONE",
     {"exec_type": "G", "exec_ref_id": "NONE"}),
]  # fmt: skip


# Fields that a fill does not need, with values that cannot be read.
NOT_NEEDED = [
    ("cum_quantity", "CumQty(14)", "-60"),
    ("leaves_quantity", "LeavesQty(151)", "-40"),
    ("order_quantity", "OrderQty(38)", "NaN"),
    ("average_price", "AvgPx(6)", "1e400"),
    ("limit_price", "Price(44)", "50.0000000001"),
    ("stop_price", "StopPx(99)", "n/a"),
    ("display_quantity", "MaxFloor(111)", "-1"),
    ("pegged_price", "PeggedPrice(839)", "x"),
]


async def test_a_flood_of_messages_that_do_not_fit_is_bounded_and_counted(
    book_url, tls, monkeypatch
):
    """The first are kept whole; one row counts the rest; the session goes on."""
    monkeypatch.setattr(parked_room, "PARKED_WAITING_MAX", 3)
    async with trading(book_url, tls) as (_, client, gateway):
        order_id = (await client.place("k1")).order.order_id
        cl_ord_id = (await gateway.command(0)).cl_ord_id
        await gateway.send(gateway.acknowledged(cl_ord_id))
        for _ in range(4):
            await gateway.send(*(fill(gateway, FOREIGN) for _ in range(5)))
            await gateway.applied()
        await gateway.send(fill(gateway, cl_ord_id, cum_quantity="10", leaves_quantity="90"))
        await gateway.applied()
        assert (await client.get(order_id)).order.progress.cum_quantity == "10"
        connection = await asyncpg.connect(book_url)
        rows = await connection.fetch(
            "SELECT counted, msg_seq_num, last_msg_seq_num FROM oms.parked_messages "
            "ORDER BY parked_id"
        )
        await connection.close()
        pool = await asyncpg.create_pool(book_url, min_size=1, max_size=1)
        shown = (await PostgresParkedStore(pool).messages(ParkedFilter(None, "", "", 1, 0, 9)))[0]
        await pool.close()
    *kept, more = rows
    assert [row["counted"] for row in kept] == [0, 0, 0]
    first = kept[0]["msg_seq_num"]
    assert [row["msg_seq_num"] for row in kept] == [first, first + 1, first + 2]
    assert (more["counted"], more["msg_seq_num"]) == (17, first + 3)
    assert more["last_msg_seq_num"] == first + 19
    assert f"17 messages, MsgSeqNum(34) {first + 3} to {first + 19}," in shown.why


@pytest.mark.parametrize(("field", "words", "value"), NOT_NEEDED)
async def test_a_field_that_a_fill_does_not_need_never_loses_it(shared, field, words, value):
    client, gateway, last = shared.client, shared.gateway, await shared.last_parked()
    command = await shared.order()
    acknowledged = gateway.acknowledged(command.cl_ord_id)
    message = fill(gateway, command.cl_ord_id, cum_quantity="10", leaves_quantity="90")
    setattr(message.execution_report, field, value)
    await gateway.send(acknowledged, message)
    await gateway.applied()
    found = await client.get(command.order_id)
    assert found.order.progress.cum_quantity == "10"
    assert found.order.anomaly_count == 1
    (row,) = await shared.parked_after(last)
    assert words in row["error"]
    await verified(shared.url)


async def test_an_execution_counts_with_every_digit(shared):
    client, gateway = shared.client, shared.gateway
    part, left = "0.123456789012345678", "99.876543210987654322"
    command = await shared.order()
    acknowledged = gateway.acknowledged(command.cl_ord_id)
    numbers = {"last_quantity": part, "cum_quantity": part, "leaves_quantity": left}
    odd = fill(gateway, command.cl_ord_id, last_price="50.1234567891", **numbers)
    await gateway.send(acknowledged, odd)
    await gateway.applied()
    found = await client.get(command.order_id)
    progress = found.order.progress
    assert (progress.cum_quantity, progress.leaves_quantity) == (part, left)
    assert found.order.anomaly_count == 0
    (execution,) = found.executions
    assert (execution.quantity, execution.price) == (part, "50.1234567891")
    await verified(shared.url)


@pytest.mark.parametrize(("what", "words", "fields"), FILLS, ids=[row[0] for row in FILLS])
async def test_a_bad_report_is_kept_and_changes_no_numbers(shared, what, words, fields):
    client, gateway, last = shared.client, shared.gateway, await shared.last_parked()
    command = await shared.order()
    order_id, cl_ord_id = command.order_id, command.cl_ord_id
    known = f"KNOWN-{order_id}"
    await gateway.send(
        gateway.acknowledged(cl_ord_id),
        gateway.report(
            cl_ord_id, "F", "1", exec_id=known, last_quantity="50", last_price="650", **LIVE
        ),
    )
    await gateway.applied()
    before = (await client.get(order_id)).order
    message = fill(gateway, cl_ord_id)
    for name, value in fields.items():
        setattr(message.execution_report, name, known if value == "KNOWN" else value)
    await gateway.send(message)
    await gateway.applied()
    found = await client.get(order_id)
    assert found.order.progress.cum_quantity == before.progress.cum_quantity == "50", what
    assert found.order.progress.leaves_quantity == "50"
    assert [e.exec_id for e in found.executions] == [known]
    (row,) = await shared.parked_after(last)
    assert gw.VenueMessage.FromString(row["body"]) == message
    assert words in row["error"], row["error"]
    # The session goes on: the next good report is applied.
    await gateway.send(fill(gateway, cl_ord_id))
    await gateway.applied()
    after = await client.get(order_id)
    assert after.order.progress.cum_quantity == "60"
    assert after.order.progress.state == order_pb2.ORDER_STATE_PARTIALLY_FILLED
    await verified(shared.url)


@pytest.mark.parametrize(
    ("cl_ord_id", "account_id", "anomaly"),
    [
        # OrderID(37) names the order, and nothing contradicts it.
        ("", "ACC-ALICE", ""),
        ("", "", ""),
        ("their-own", "ACC-ALICE", "ClOrdID(11) is 'their-own'"),
        ("their-own", "", "ClOrdID(11) is 'their-own'"),
    ],
)
async def test_a_fill_without_a_cl_ord_id_of_ours_is_counted_by_its_order_id(
    shared, cl_ord_id, account_id, anomaly
):
    client, gateway, last = shared.client, shared.gateway, await shared.last_parked()
    command = await shared.order()
    await gateway.send(gateway.acknowledged(command.cl_ord_id))
    await gateway.applied()
    message = fill(gateway, command.cl_ord_id, cum_quantity="10", leaves_quantity="90")
    message.execution_report.cl_ord_id = cl_ord_id
    message.execution_report.told.account_id = account_id
    await gateway.send(message)
    await gateway.applied()
    order = (await client.get(command.order_id)).order
    assert order.progress.cum_quantity == "10"
    assert order.anomaly_count == bool(anomaly)
    errors = [row["error"] for row in await shared.parked_after(last)]
    assert [anomaly in error for error in errors] == [True] * bool(anomaly)
    await verified(shared.url)


async def test_an_unknown_status_beside_a_fill_does_not_hide_the_fill(shared):
    client, gateway = shared.client, shared.gateway
    command = await shared.order()
    await gateway.send(
        gateway.acknowledged(command.cl_ord_id),
        gateway.report(command.cl_ord_id, "F", "Z", last_quantity="50", last_price="650", **LIVE),
    )
    await gateway.applied()
    assert (await client.get(command.order_id)).order.progress.cum_quantity == "50"


async def test_the_same_execution_again_is_nothing_new(shared):
    client, gateway, last = shared.client, shared.gateway, await shared.last_parked()
    command = await shared.order()
    await gateway.send(gateway.acknowledged(command.cl_ord_id))
    for _ in range(2):
        # In one frame, and in the next one.
        await gateway.send(*(fill(gateway, command.cl_ord_id, exec_id="AGAIN", cum_quantity="10",
                                  leaves_quantity="90") for _ in range(2)))  # fmt: skip
        await gateway.applied()
    assert (await client.get(command.order_id)).order.progress.cum_quantity == "10"
    assert not await shared.parked_after(last)


OTHERS = [
    ("a cancel reject without ClOrdID", {"order_cancel_reject": gw.OrderCancelReject()}),
    (
        "a cancel reject of a foreign order",
        {"order_cancel_reject": gw.OrderCancelReject(cl_ord_id=FOREIGN)},
    ),
    ("a business reject of nothing", {"business_reject": gw.BusinessReject(reason=3)}),
    ("a session reject of nothing", {"session_reject": gw.SessionReject(ref_seq_num=99)}),
    ("no body", {}),
    ("parked by the gateway", {"parked": gw.ParkedMessage(raw=b"8=FIX", error="odd")}),
]


@pytest.mark.parametrize(("what", "body"), OTHERS, ids=[row[0] for row in OTHERS])
async def test_other_bad_messages_are_kept(shared, what, body):
    gateway, last = shared.gateway, await shared.last_parked()
    message = gateway.message(**body)
    await gateway.send(message)
    await gateway.applied()
    (row,) = await shared.parked_after(last)
    assert gw.VenueMessage.FromString(row["body"]) == message, what
    assert row["error"]
    command = await shared.order()
    await gateway.send(gateway.acknowledged(command.cl_ord_id))
    await gateway.applied()
    await shared.client.in_state(command.order_id, order_pb2.ORDER_STATE_NEW)
