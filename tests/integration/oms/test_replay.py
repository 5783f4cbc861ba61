"""A replay of the copy of the log makes the order book, and names what differs from it."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from svc_oms.adapters.postgres.replay.scratch_book import PostgresScratchBooks
from svc_oms.domain.events import OrderExecuted
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.replay.scratch import ScratchError
from tests.support.log_copies import ListedCopy, copied, replayed
from tests.support.oms import BOB, Client, prepare_database, trading, verified
from tests.support.postgres import PostgresServer


@pytest.fixture(scope="module")
def book_url(postgres_server: PostgresServer, tls_folder: Path):
    """A book in which orders were placed, filled, corrected, busted, cancelled; one rests."""
    url = postgres_server.create_database(postgres_server.template("oms", prepare_database))
    asyncio.run(_traded(url, tls_folder))
    yield url
    postgres_server.drop_database(url)


async def _traded(url: str, tls: Path) -> None:
    async with trading(url, tls) as (running, client, gateway):
        first = (await client.place("k1")).order
        command = await gateway.command(0)
        report = gateway.report
        await gateway.send(
            gateway.filled(command.cl_ord_id, "40", "40", "60", exec_id="F1"),
            gateway.filled(command.cl_ord_id, "20", "60", "40", exec_id="F2", last_price="651"),
            report(command.cl_ord_id, "H", "1", exec_id="F3", exec_ref_id="F1",
                   cum_quantity="20", leaves_quantity="80"),
            report(command.cl_ord_id, "G", "1", exec_id="F4", exec_ref_id="F2",
                   last_quantity="25", last_price="650", cum_quantity="25", leaves_quantity="75"),
        )  # fmt: skip
        await gateway.applied()
        await client.cancel("c1", first.order_id)
        await client.place("k2")
        async with running.channel() as channel:
            bob = Client(channel, BOB)
            order = (await bob.place("b1", account_id="ACC-BOB")).order
            await gateway.send(gateway.filled(f"{order.order_id}-1", exec_id="B1"))
            await gateway.applied()
    await verified(url)


async def changed(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    found = await connection.fetch(statement)
    await connection.close()
    return [tuple(row) for row in found]


async def test_the_copy_makes_the_book_and_a_person_can_query_it(book_url):
    report = await replayed(book_url, ListedCopy(await copied(book_url)))
    assert report.differences == []
    assert (report.accounts, report.orders, report.positions) == (2, 3, 2)
    assert report.left_out == []
    assert list(report.lines())[-1] == "no difference"
    statement = "SELECT side, state, cum_quantity::text FROM replay.blotter WHERE account_id = "
    assert await rows(book_url, statement + "'ACC-BOB'") == [("BUY", "FILLED", "100")]
    both = "SELECT account_id, quantity::text, realised_profit::text FROM {}.positions ORDER BY 1"
    assert await rows(book_url, both.format("replay")) == await rows(book_url, both.format("oms"))
    assert len(await rows(book_url, "SELECT * FROM replay.executions")) == 5


async def test_what_is_wrong_with_the_copy_is_named(book_url):
    entries = await copied(book_url)
    at = next(
        at
        for at, one in enumerate(entries)
        if isinstance(decode_event(one.value).event, OrderExecuted)
    )
    name = f"ACC-ALICE/{entries[at].sequence}"

    async def found(*copy) -> list[tuple[str, str, str]]:
        report = await replayed(book_url, ListedCopy([*copy]))
        assert len(report.differences) == report.found
        stored = "SELECT count(*) FROM replay.differences"
        assert await rows(book_url, stored) == [(report.found,)]
        return [(one.kind, one.key, one.field) for one in report.differences]

    hole = await found(*entries[:at], *entries[at + 1 :])
    assert hole[0] == ("event", name, "presence")
    assert {kind for kind, _, _ in hole} == {"event", "order", "execution"}
    again = entries[at]._replace(offset=99)
    assert await found(*entries, again) == [("event", name, "occurrences")]
    flipped = bytearray(entries[at].value)
    flipped[-1] ^= 1
    wrong = entries[at]._replace(value=bytes(flipped))
    other = await found(*entries[:at], wrong, *entries[at + 1 :])
    assert other[0] == ("event", name, "hash")
    last = entries[-1]
    newer = last._replace(sequence=last.sequence + 1)
    assert ("event", f"{last.key}/{newer.sequence}", "presence") in await found(*entries, newer)
    short = [one for one in entries if one.key != "ACC-BOB"]
    assert ("event", "ACC-BOB/1-3", "presence") in await found(*short)


ROWS = "UPDATE oms.{}"


@pytest.mark.parametrize(
    ("damage", "repair", "kind", "field"),
    [
        ("orders SET state = state + 1", "orders SET state = state - 1", "order", "column state"),
        ("positions SET cost = cost + 1", "positions SET cost = cost - 1", "position", "cost"),
        ("executions SET price = price + 1", "executions SET price = price - 1", "execution",
         "price"),
        ("executions SET busted = NOT busted", "executions SET busted = NOT busted", "execution",
         "busted"),
    ],
)  # fmt: skip
async def test_a_changed_row_of_postgresql_is_named(book_url, damage, repair, kind, field):
    entries = await copied(book_url)
    await changed(book_url, ROWS.format(damage))
    try:
        report = await replayed(book_url, ListedCopy(entries))
    finally:
        await changed(book_url, ROWS.format(repair))
    assert {(one.kind, one.field) for one in report.differences} == {(kind, field)}
    assert (await replayed(book_url, ListedCopy(entries))).found == 0


async def test_an_event_that_was_changed_in_postgresql_only_is_named(book_url):
    entries = await copied(book_url)
    flip = """ALTER TABLE oms.order_events DISABLE TRIGGER USER; UPDATE oms.order_events
        SET payload = set_byte(payload, 9, get_byte(payload, 9) # 1) WHERE sequence = 2"""
    await changed(book_url, flip)
    try:
        report = await replayed(book_url, ListedCopy(entries))
    finally:
        await changed(book_url, flip)
    named = [(one.kind, one.key, one.field) for one in report.differences]
    assert sorted(named) == [
        ("event", "ACC-ALICE/2", "bytes"),
        ("event", "ACC-BOB/2", "bytes"),
    ]


async def test_an_order_that_is_not_stored_is_named(book_url):
    entries = await copied(book_url)
    await changed(
        book_url,
        "CREATE TABLE oms.kept AS TABLE oms.orders; DELETE FROM oms.orders;"
        # PostgreSQL computes it, and takes no value for it.
        "ALTER TABLE oms.kept DROP COLUMN closed_member_sequence",
    )
    try:
        report = await replayed(book_url, ListedCopy(entries))
    finally:
        await changed(book_url, "INSERT INTO oms.orders TABLE oms.kept; DROP TABLE oms.kept")
    assert [(one.kind, one.field) for one in report.differences] == [("order", "presence")] * 3


async def test_a_replay_may_end_and_begin_in_mid_life(book_url):
    entries = await copied(book_url)
    times = sorted(decode_event(one.value).stamp.occurred_at_ns for one in entries)
    for until in times:
        report = await replayed(book_url, ListedCopy(entries), until_ns=until)
        assert report.differences == []
    ended = await replayed(book_url, ListedCopy(entries), until_ns=times[2])
    assert any("moved after the end" in line for line in ended.left_out)
    late = await replayed(book_url, ListedCopy(entries), since_ns=times[-1])
    assert (late.differences, late.orders) == ([], 1)
    of_bob = await replayed(book_url, ListedCopy(entries), accounts=frozenset({"ACC-BOB"}))
    assert (of_bob.differences, of_bob.orders) == ([], 1)


async def test_orders_older_than_the_copy_are_left_out(book_url):
    entries = await copied(book_url)
    gone = {("ACC-ALICE", 1), ("ACC-ALICE", 2)}
    rest = [one for one in entries if (one.key, one.sequence) not in gone]
    report = await replayed(book_url, ListedCopy(rest, aged=True))
    assert report.differences == []
    assert "ACC-ALICE: the copy begins after event 2" in report.left_out[0]


async def test_an_unknown_account_is_named(book_url):
    report = await replayed(book_url, ListedCopy([]), accounts=frozenset({"ACC-NONE"}))
    assert [str(one) for one in report.differences] == [
        "account ACC-NONE, presence: PostgreSQL has nothing, the copy not read"
    ]


@pytest.mark.parametrize("schema", ["oms", "Replay", "x;y", "pg_catalog"])
async def test_a_schema_that_no_replay_made_is_refused(book_url, schema):
    with pytest.raises(ScratchError, match="schema"):
        async with PostgresScratchBooks(book_url).open(schema):
            pytest.fail("it was opened")
