"""A plain order costs one round trip to PostgreSQL in each of its transactions."""

import asyncio

import pytest

from mesh.errors import MeshError
from svc_oms.adapters.postgres.orders import guess_statements
from svc_oms.service.submissions import Taken
from tests.support.direct_replica import Venue, direct_replica, placing, taken
from tests.support.oms import verified

COMMANDS = [guess_statements.WRITE_COMMANDS]
AUDITED = [guess_statements.WRITE_AUDITED_COMMANDS]
VENUE = [guess_statements.WRITE_REPORTS]
MONEY = [guess_statements.WRITE_MONEY_REPORTS]
AUDITED_MONEY = [guess_statements.WRITE_AUDITED_REPORTS]


@pytest.fixture
async def one(book_url):
    """A replica that has read the account and its positions once, and a venue."""
    async with direct_replica(book_url) as replica:
        await replica.link()
        venue = Venue()
        order_id = taken(await replica.place("first"))
        await replica.report(venue.acknowledges(order_id), venue.fills(order_id))
        assert isinstance(await replica.place("refused", quantity="0.5"), MeshError)
        await sent(replica)
        yield replica, venue
    await verified(book_url)


async def sent(replica) -> list[str]:
    """Return what was sent to the database since the last call."""
    # The driver logs a statement by a callback of the loop.
    await asyncio.sleep(0)
    statements, replica.statements = replica.statements[:], []
    return statements


async def test_each_transaction_of_an_order_is_one_statement(one):
    replica, venue = one
    order_id = taken(await replica.place("k1"))
    assert await sent(replica) == COMMANDS
    await replica.report(venue.acknowledges(order_id))
    assert await sent(replica) == VENUE
    await replica.report(venue.fills(order_id, cum=40, last=40))
    assert await sent(replica) == MONEY
    assert taken(await replica.cancel("k2", order_id)) == order_id
    assert await sent(replica) == COMMANDS
    outbox = await replica.store.outbox("sima-orders", 0, 10)
    assert [number for number, _ in outbox] == [1, 2, 3]


async def test_a_batch_of_several_accounts_is_one_statement(one):
    replica, _ = one
    taken(await replica.place("b", account_id="ACC-BOB"))
    await sent(replica)
    makes = [placing(f"m{n}", account_id=f"ACC-{('ALICE', 'BOB')[n % 2]}") for n in range(10)]
    assert all(isinstance(outcome, Taken) for outcome in await replica.work(*makes))
    assert await sent(replica) == COMMANDS


async def test_a_refused_order_and_its_entry_of_the_audit_log_are_one_statement(one):
    replica, _ = one
    refused, accepted = await replica.work(placing("bad", quantity="0.5"), placing("good"))
    assert isinstance(refused, MeshError)
    assert isinstance(accepted, Taken)
    assert await sent(replica) == AUDITED
    assert isinstance(await replica.place("bad again", quantity="0.5"), MeshError)
    assert await sent(replica) == AUDITED


async def test_an_order_that_brings_a_limit_near_its_bound_is_one_statement(one):
    replica, _ = one
    # 100 are held.
    await replica.set_limit("POSITION", long_quantity="400")
    taken(await replica.place("reads the limit"))
    await sent(replica)
    taken(await replica.place("below", quantity="119"))
    assert await sent(replica) == COMMANDS
    taken(await replica.place("near", quantity="1"))
    assert await sent(replica) == AUDITED
    taken(await replica.place("nearer", quantity="1"))
    assert await sent(replica) == COMMANDS


async def test_an_execution_that_brings_a_limit_near_its_bound_is_one_statement(one):
    """It costs more than its open order counted."""
    replica, venue = one
    # 100 are held, at 650.05.
    await replica.set_limit("OPEN_EXPOSURE", value="200000")
    order_id = taken(await replica.place("reads the limit"))
    await replica.report(venue.acknowledges(order_id))
    await sent(replica)
    await replica.report(venue.fills(order_id, cum=50, last=50, last_price="700"))
    assert await sent(replica) == MONEY
    await replica.report(venue.fills(order_id, cum=100, last=50, last_price="1400"))
    assert await sent(replica) == AUDITED_MONEY
    (entry,) = await replica.actions("LimitNear")
    assert (entry.order_id, entry.metadata["used"]) == (order_id, "170005")
    taken(await replica.place("nearer", quantity="1"))
    assert len(await replica.actions("LimitNear")) == 1


async def test_an_execution_that_stops_a_strategy_is_one_statement(one):
    replica, venue = one
    await replica.set_limit("REPEATED_EXECUTION", executions=2, window_ms=60_000)
    order_id = taken(await replica.place("reads the limit"))
    await replica.report(venue.acknowledges(order_id), venue.fills(order_id, cum=40, last=40))
    await sent(replica)
    await replica.report(venue.fills(order_id, cum=100, last=60))
    assert await sent(replica) == AUDITED_MONEY
    (entry,) = await replica.actions("StopStrategy")
    assert entry.order_id == order_id


async def test_a_repeated_key_of_a_command_that_would_be_refused_now_gets_the_first_answer(one):
    replica, venue = one
    order_id = taken(await replica.place("k"))
    await replica.report(venue.acknowledges(order_id))
    taken(await replica.cancel("c", order_id))
    again = await replica.cancel("c", order_id)
    assert isinstance(again, Taken)
    assert again.duplicate
    other = await replica.cancel("another", order_id)
    assert isinstance(other, MeshError)
    assert other.reason == "ORDER_CHANGE_PENDING"


async def test_a_repeated_key_gets_the_first_answer(one):
    replica, _ = one
    order_id = taken(await replica.place("k"))
    again = await replica.place("k")
    assert isinstance(again, Taken)
    assert (again.order_id, again.duplicate) == (order_id, True)
    other = await replica.place("k", quantity="7")
    assert isinstance(other, MeshError)
    assert other.reason == "IDEMPOTENCY_KEY_REUSED"
    await sent(replica)
    taken(await replica.place("next"))
    assert await sent(replica) == COMMANDS


async def test_a_fill_that_comes_again_is_applied_once(one):
    replica, venue = one
    order_id = taken(await replica.place("k"))
    await replica.report(venue.acknowledges(order_id))
    await replica.report(venue.fills(order_id, cum=40, last=40, exec_id="X1"))
    await replica.report(venue.fills(order_id, cum=40, last=40, exec_id="X1"))
    await replica.report(venue.fills(order_id, cum=100, last=60, exec_id="X2"))
    rows = await replica.store.order_executions(order_id)
    assert [(row.exec_id, row.quantity) for row in rows] == [("X1", "40"), ("X2", "60")]


async def test_commands_and_reports_of_one_account_wait_for_each_other_and_not_for_the_database(
    one,
):
    replica, venue = one
    order_ids = [taken(await replica.place(f"o{n}")) for n in range(6)]
    for number, order_id in enumerate(order_ids):
        placed, _ = await asyncio.gather(
            replica.place(f"p{number}"), replica.report(venue.acknowledges(order_id))
        )
        taken(placed)
        statements = await sent(replica)
        # At the first time the driver asks about the second connection.
        assert number == 0 or sorted(statements) == sorted(COMMANDS + VENUE)
