"""A guess that is wrong changes nothing: two replicas do what they would do by reading."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from mesh.errors import MeshError
from svc_oms.adapters.postgres.orders import guess_statements, order_statements
from svc_oms.domain.controls.limits.limit_values import TradingState
from svc_oms.service import metrics
from svc_oms.service.audit import refusal_log
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.ports import FencedError, GuessMissedError
from svc_oms.service.submissions import Taken
from svc_oms.service.venue.reports.report_batch import ReportBatch
from tests.support.direct_replica import Venue, cancelling_all, direct_replica, placing, taken
from tests.support.oms import ACCOUNTS, prepare_database, verified
from tests.support.waiting import POLL_S, WAIT_S

EXAMPLES = 12
STEPS = 14


@asynccontextmanager
async def two_replicas(url: str, *, guess: bool = True):
    """Run two replicas; the first one has the session."""
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(direct_replica(url, name)) for name in ("r1", "r2")
        ]
        if not guess:
            for each in replicas:
                each.guess_nothing()
        await replicas[0].link()
        await replicas[1].look()
        yield replicas


class Trading:
    """Steps that people and the venue take, and what became of them."""

    def __init__(self, replicas) -> None:
        self.replicas = replicas
        self.owner = replicas[0]
        self.venue = Venue()
        self.orders: list[str] = []
        self.results: list[object] = []
        self.changes = 0

    def note(self, outcome) -> None:
        if isinstance(outcome, MeshError):
            self.results.append(outcome.reason)
            return
        assert isinstance(outcome, Taken)
        if outcome.order_id not in self.orders:
            self.orders.append(outcome.order_id)
        place = self.orders.index(outcome.order_id)
        self.results.append((place, outcome.state, outcome.sequence, outcome.duplicate))

    async def step(self, kind: str, at: int, account: int, number: int) -> None:
        """Take one step at a replica."""
        replica = self.replicas[at]
        if kind == "place":
            key, account_id = f"k{number}", ACCOUNTS[account]
            self.note(await replica.place(key, account_id=account_id))
        elif kind == "two":
            wrong = placing(f"w{number}", account_id=ACCOUNTS[account], quantity="0.5")
            right = placing(f"k{number}", account_id=ACCOUNTS[1 - account])
            for outcome in await replica.work(wrong, right):
                self.note(outcome)
        elif kind in {"halt", "resume"}:
            await self.set_status(replica, ACCOUNTS[account], kind)
        elif kind == "link":
            self.owner = replica
            await replica.link()
            for each in self.replicas:
                await each.look()
        elif not self.orders:
            return
        elif kind == "cancel":
            order_id = self.orders[number % len(self.orders)]
            self.note(await replica.cancel(f"c{number}", order_id))
        else:
            await self.report(kind, replica, number)

    async def report(self, kind: str, replica, number: int) -> None:
        """Have the venue report by the session of a replica, which may no longer have it."""
        if replica is not self.owner:
            return
        order_id = self.orders[number % len(self.orders)]
        if kind == "acknowledge":
            await replica.report(self.venue.acknowledges(order_id))
        else:
            # The number of the execution comes again with some of them.
            await replica.report(self.venue.fills(order_id, exec_id=f"X{number}"))

    async def set_status(self, replica, account_id: str, kind: str) -> None:
        self.changes += 1
        async with replica.store.controls().change() as change:
            row = await change.lock_account(account_id)
            status = TradingState.HALTED if kind == "halt" else TradingState.ACTIVE
            await change.set_account(account_id, status, row.controls)
            await change.done("rita", f"change-{self.changes}", b"hash", b"answer")

    async def seen(self) -> list[object]:
        """Return what the book has in the end, without what differs from run to run."""
        store = self.replicas[0].store
        found = [*self.results]
        for order_id in self.orders:
            row = await store.order(order_id)
            order = read_order(row.body, row.fold)
            executions = await store.order_executions(order_id)
            found.append((order.state.name, order.cum_quantity, order.last_sequence))
            found.append([(each.exec_id, each.quantity, each.part) for each in executions])
        for account_id in ACCOUNTS:
            lines = [decode_event(row.payload) for row in await store.events(account_id, 0, 500)]
            found.append([(line.sequence, line.event.kind.name) for line in lines])
        found.append(len(await store.outbox("sima-orders", 0, 500)))
        return found


STEP = st.tuples(
    st.sampled_from(
        ["place", "place", "two", "cancel", "acknowledge", "fill", "halt", "resume", "link"]
    ),
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(0, 5),
)


@pytest.mark.parametrize(
    "spread", ["two replicas", pytest.param("one replica", marks=pytest.mark.long)]
)
def test_guessing_and_reading_give_the_same(postgres_server, spread):
    template = postgres_server.template("oms", prepare_database)

    async def run(steps, *, guess: bool):
        url = postgres_server.create_database(template)
        try:
            async with two_replicas(url, guess=guess) as replicas:
                trading = Trading(replicas)
                for kind, at, account, number in steps:
                    at_one = 0 if spread == "one replica" else at
                    await trading.step(kind, at_one, account, number)
                seen = await trading.seen()
            await verified(url)
        finally:
            postgres_server.drop_database(url)
        return seen

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(st.lists(STEP, min_size=STEPS, max_size=STEPS))
    def same(steps):
        assert asyncio.run(run(steps, guess=True)) == asyncio.run(run(steps, guess=False))

    same()


async def test_two_replicas_at_once_on_the_same_accounts_and_keys(book_url):
    async with two_replicas(book_url) as replicas:
        venue = Venue()

        async def trade(replica, name: str) -> list[object]:
            found: list[object] = []
            for number in range(15):
                account_id = ACCOUNTS[number % 2]
                # The other replica uses the first of these keys, too.
                found += await replica.work(
                    placing(f"shared-{number}", account_id=account_id),
                    placing(f"{name}-{number}", account_id=account_id),
                )
            return found

        async def acknowledge() -> None:
            done: set[str] = set()
            while len(done) < 20 and not trades.done():
                rows = await replicas[0].store.events("ACC-ALICE", 0, 500)
                new = {decode_event(row.payload).order_id for row in rows} - done
                for order_id in sorted(new)[: 20 - len(done)]:
                    done.add(order_id)
                    await replicas[0].report(venue.acknowledges(order_id))

        trades = asyncio.gather(trade(replicas[0], "r1"), trade(replicas[1], "r2"))
        await acknowledge()
        first, second = await trades
        assert [taken(each) for each in first[::2]] == [taken(each) for each in second[::2]]
        assert all(a.duplicate != b.duplicate for a, b in zip(first[::2], second[::2], strict=True))
        orders = {taken(each) for each in (*first, *second)}
        assert len(orders) == 45
        assert len(await replicas[0].store.outbox("sima-orders", 0, 500)) == 45
    await verified(book_url)


async def test_an_owner_that_was_replaced_writes_nothing_by_a_guess(book_url):
    async with two_replicas(book_url) as (old, new):
        venue = Venue()
        first, second = taken(await old.place("k1")), taken(await old.place("k2"))
        await old.report(venue.acknowledges(first))
        await new.link()
        old.statements.clear()
        with pytest.raises(FencedError):
            await old.report(venue.acknowledges(second))
        await asyncio.sleep(0)
        # It was guessed, too, and the guess was refused.
        assert guess_statements.WRITE_REPORTS in old.statements
        row = await new.store.order(second)
        assert read_order(row.body, row.fold).state.name == "PENDING_NEW"
    await verified(book_url)


@pytest.mark.parametrize("commits", [True, False])
async def test_what_another_does_while_a_guess_waits_for_the_lock_is_seen(book_url, commits):
    other = await asyncpg.connect(book_url)
    async with two_replicas(book_url) as (replica, _):
        taken(await replica.place("k1"))
        begun = other.transaction()
        await begun.start()
        await other.execute(
            "UPDATE oms.accounts SET status = $1 WHERE account_id = 'ACC-ALICE'",
            TradingState.HALTED.value,
        )
        placing_ = asyncio.create_task(replica.place("k2"))

        while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(POLL_S)
        await (begun.commit() if commits else begun.rollback())
        outcome = await placing_
        if commits:
            assert isinstance(outcome, MeshError)
            assert outcome.reason == "TRADING_HALTED"
        else:
            taken(outcome)
    await other.close()
    await verified(book_url)


async def test_controls_that_changed_are_read_before_the_next_order(book_url):
    async with two_replicas(book_url) as (replica, other):
        taken(await replica.place("k1"))
        trading = Trading([replica, other])
        await trading.set_status(other, "ACC-BOB", "halt")
        await asyncio.sleep(0)
        replica.statements.clear()
        # The version of the controls moved, though not for this account.
        taken(await replica.place("k2"))
        await asyncio.sleep(0)
        assert len(replica.statements) > 1
        replica.statements.clear()
        taken(await replica.place("k3"))
        await asyncio.sleep(0)
        assert len(replica.statements) == 1


async def test_after_a_restart_accounts_are_read_once_and_then_guessed_again(book_url):
    other = await asyncpg.connect(book_url)
    async with two_replicas(book_url) as (replica, _):
        store = replica.store
        store.trust((await store.recoveries().look()).instance, lambda: None)
        taken(await replica.place("k1"))
        # As a restore does, this changes what the instance is named by.
        await other.execute("UPDATE oms.alembic_version SET version_num = version_num")
        # It is compared with what is known before a batch finds it.
        store.trust((await store.recoveries().look()).instance, lambda: None)
        taken(await replica.place("k2"))
        await asyncio.sleep(0)
        replica.statements.clear()
        taken(await replica.place("k3"))
        await asyncio.sleep(0)
        assert guess_statements.WRITE_COMMANDS in replica.statements
        assert order_statements.LOCK_ACCOUNTS not in replica.statements
    await other.close()
    await verified(book_url)


async def test_what_is_decided_twice_is_counted_once(book_url, monkeypatch):
    monkeypatch.setattr(refusal_log, "CALLER_ENTRIES_BURST", 0)

    def counted() -> list[float]:
        return [
            each.labels("SIMA")._value.get()
            for each in (metrics.EXECUTIONS, metrics.DUPLICATE_EXECUTIONS, metrics.PARKED)
        ]

    async with two_replicas(book_url) as (replica, _):
        venue = Venue()
        order_id = taken(await replica.place("k1"))
        await replica.report(venue.acknowledges(order_id))
        before = counted()
        for _ in range(2):
            # The second time it is guessed that it is new.
            await replica.report(venue.fills(order_id, cum=40, last=40, exec_id="X"))
        changes = [after - was for after, was in zip(counted(), before, strict=True)]
        assert changes == [1, 1, 0]
        # Neither a key nor an entry of the audit log is written: it is decided again.
        assert isinstance(await replica.place("k2", quantity="0.5"), MeshError)
        assert replica.book.refusal_log._counts.total() == 1
    await verified(book_url)


async def test_a_fault_of_ours_in_a_report_is_logged_once(book_url, monkeypatch):
    def fails(_self, _report):
        raise ZeroDivisionError("a fault of ours")

    async with two_replicas(book_url) as (replica, _):
        order_id = taken(await replica.place("k1"))
        monkeypatch.setattr(ReportBatch, "_apply_one", fails)
        with capture_logs() as lines:
            # What is parked is not written on a guess: the report is applied twice.
            await replica.report(Venue().acknowledges(order_id))
        found = [line for line in lines if line["event"] == "report not applied"]
        assert [str(line["exc_info"]) for line in found] == ["a fault of ours"]
    await verified(book_url)


async def test_a_key_without_an_event_is_seen_by_another_replica_that_guesses(book_url):
    """A CancelAll that finds no order has a key and no event."""
    other = await asyncpg.connect(book_url)
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with two_replicas(book_url) as (first, second):
        for each in (first, second):
            # Both know the account as it is: a refused command does not change it.
            assert isinstance(await each.place("other", quantity="0.5"), MeshError)
        begun = other.transaction()
        await begun.start()
        await other.execute("SELECT FROM oms.accounts WHERE account_id = 'ACC-ALICE' FOR UPDATE")
        works = []
        for replica, making in (
            (first, cancelling_all("k")),
            (second, placing("k", quantity="0.5")),
        ):
            works.append(asyncio.create_task(replica.work(making)))
            while await other.fetchval(waiting) < len(works):
                await asyncio.sleep(POLL_S)
        await begun.rollback()
        ((done,), (refused,)) = await asyncio.gather(*works)
        assert isinstance(done, Taken)
        assert isinstance(refused, MeshError)
        assert refused.reason == "IDEMPOTENCY_KEY_REUSED"
    await other.close()
    await verified(book_url)


async def test_controls_that_are_seen_meanwhile_are_not_those_of_the_decision(book_url):
    async with two_replicas(book_url) as (replica, other):
        taken(await replica.place("k1"))
        taken(await replica.place("k1", account_id="ACC-BOB"))
        trading = Trading([replica, other])
        async with replica.store.guess() as transaction:
            await transaction.lock_accounts(["ACC-ALICE"])
            version = await transaction.controls_version()
            await trading.set_status(other, "ACC-BOB", "halt")
            # A link of this replica sees it in a batch of another account.
            async with replica.store.transaction() as another:
                await another.lock_accounts(["ACC-BOB"])
                assert await another.controls_version() > version
            with pytest.raises(GuessMissedError):
                await transaction.commit()


async def test_kept_connections_that_were_lost_are_replaced_at_once(book_url):
    other = await asyncpg.connect(book_url)
    async with two_replicas(book_url) as (replica, _):
        taken(await replica.place("k1"))
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'r1'"
        )
        async with asyncio.timeout(WAIT_S):
            while replica.store._write_pool.get_size():
                await asyncio.sleep(POLL_S)
        taken(await replica.place("k2"))
    await other.close()
    await verified(book_url)


async def test_two_replicas_at_once_say_once_that_a_limit_is_near(book_url):
    """Also if guesses miss, and if orders are refused at the bound."""
    async with two_replicas(book_url) as replicas:
        await replicas[0].set_limit("POSITION", long_quantity="1000")

        async def trade(replica, name: str) -> list[object]:
            return [await replica.place(f"{name}-{n}", quantity="60") for n in range(12)]

        both = await asyncio.gather(trade(replicas[0], "r1"), trade(replicas[1], "r2"))
        assert sum(isinstance(one, Taken) for each in both for one in each) == 16
        (entry,) = await replicas[0].actions("LimitNear")
        # The first sum of sixties that is 80 % or more.
        assert (entry.metadata["used"], entry.metadata["maximum"]) == ("840", "1000")
    await verified(book_url)
