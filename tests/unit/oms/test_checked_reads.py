"""Reads from copies: each answer is what the database has after the request came."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordermesh.oms.v1 import limit_service_pb2, order_pb2, order_service_pb2
from svc_oms.service.ports import StoreUnavailableError
from svc_oms.service.reads.checked_reads import COPY_BYTES_MAX, CheckedReads
from svc_oms.service.reads.copy_format import ANSWERS_FORMAT, ANSWERS_REVISION, format_of
from svc_oms.service.reads.gathered import Gathered
from tests.support.clock import ManualClock

SECOND_S = 1.0


class Accounts:
    """A database with a number for each account, whose version is that number."""

    def __init__(self) -> None:
        self.values = {"A": 0, "B": 0}
        self.questions: list[list[str]] = []
        self.loads = 0
        self.away = False

    async def account_versions(self, account_ids):
        if self.away:
            raise StoreUnavailableError("away")
        self.questions.append(list(account_ids))
        return {name: f"v{self.values[name]}" for name in account_ids if name in self.values}

    async def load(self, account_id, size=0) -> bytes:
        self.loads += 1
        return f"{account_id}{self.values[account_id]}".encode() + b" " * size


class Copies:
    """Redis as a dictionary."""

    def __init__(self) -> None:
        self.here = True
        self.held: dict[str, bytes] = {}

    async def find(self, keys):
        return {key: self.held[key] for key in keys if key in self.held}

    def keep(self, key, copy):
        self.held[key] = copy


class World:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store, self.copies = Accounts(), Copies()
        self.replicas = [CheckedReads(self.store, self.copies, self.clock) for _ in range(2)]

    async def read(self, account_id="A", replica=0, size=0) -> bytes:
        return await self.replicas[replica].answer(
            "Get", account_id, b"name", lambda: self.store.load(account_id, size)
        )


async def test_a_second_read_and_another_replica_use_the_copy():
    world = World()
    answers = [await world.read(), await world.read(), await world.read(replica=1)]
    assert answers == [b"A0"] * 3
    assert world.store.loads == 1


async def test_a_change_ends_the_copy():
    world = World()
    await world.read()
    world.store.values["A"] = 1
    assert await world.read() == b"A1"
    assert await world.read("B") == b"B0"


async def test_replicas_of_two_versions_do_not_read_each_others_copies():
    world = World()
    older = CheckedReads(world.store, world.copies, world.clock, answers_format=b"o" * 32)
    world.replicas[1] = older
    answers = [await world.read(), await world.read(replica=1), await world.read(replica=1)]
    assert answers == [b"A0"] * 3
    assert (world.store.loads, len(world.copies.held)) == (2, 2)


def test_the_format_of_answers_changes_with_their_messages_and_with_its_revision():
    mine = [order_service_pb2.DESCRIPTOR, limit_service_pb2.DESCRIPTOR]
    assert format_of(mine, ANSWERS_REVISION) == ANSWERS_FORMAT
    assert format_of(mine[::-1], ANSWERS_REVISION) == ANSWERS_FORMAT
    # An answer has messages of other files: what those files say counts, too.
    assert order_pb2.DESCRIPTOR in order_service_pb2.DESCRIPTOR.dependencies
    others = [format_of(mine, ANSWERS_REVISION + 1), format_of(mine[:1], ANSWERS_REVISION)]
    assert ANSWERS_FORMAT not in others


async def test_an_account_that_just_changed_is_read_without_a_copy_for_a_second():
    world = World()
    await world.read()
    world.store.values["A"] = 1
    await world.read()
    asked = len(world.store.questions)
    await world.read()
    assert len(world.store.questions) == asked
    world.clock.advance(SECOND_S)
    loads = world.store.loads
    assert await world.read() == b"A1"
    assert world.store.loads == loads


async def test_without_redis_and_for_unknown_accounts_the_database_answers():
    world = World()
    world.copies.here = False
    assert [await world.read(), await world.read()] == [b"A0", b"A0"]
    assert world.store.questions == []
    world.copies.here = True
    world.store.values["C"] = 0
    assert await world.read("C") == b"C0"


async def test_an_answer_that_is_too_large_is_not_kept():
    world = World()
    await world.read(size=COPY_BYTES_MAX)
    assert not world.copies.held


async def test_a_copy_does_not_answer_when_the_database_is_away():
    world = World()
    await world.read()
    world.store.away = True
    with pytest.raises(StoreUnavailableError):
        await world.read()


async def test_reads_at_the_same_time_ask_once():
    world = World()
    await asyncio.gather(*(world.read(name) for name in "ABABAB"))
    assert world.store.questions == [["A", "B"]]


async def test_a_question_under_way_does_not_answer_a_later_request():
    value, sent, go = 1, asyncio.Event(), asyncio.Event()

    async def fetch(keys):
        found = dict.fromkeys(keys, value)
        sent.set()
        await go.wait()
        return found

    asks = Gathered(fetch)
    first = asks.ask("k")
    await sent.wait()
    value = 2
    second = asks.ask("k")
    go.set()
    assert [await first, await second] == [1, 2]


STEPS = st.one_of(
    st.tuples(st.just("read"), st.sampled_from("AB"), st.sampled_from([0, 1])),
    st.tuples(st.just("write"), st.sampled_from("AB")),
    st.tuples(st.just("wait")),
    st.tuples(st.just("lose")),
    st.tuples(st.just("swap")),
    st.tuples(st.just("damage"), st.binary(max_size=40)),
    st.tuples(st.just("redis"), st.booleans()),
)


@given(st.lists(STEPS, max_size=30))
def test_whatever_redis_does_each_answer_is_current(steps):
    async def run() -> None:
        world = World()
        held = world.copies.held
        for kind, *rest in steps:
            match kind:
                case "read":
                    assert await world.read(*rest) == await world.store.load(rest[0])
                case "write":
                    world.store.values[rest[0]] += 1
                case "wait":
                    world.clock.advance(SECOND_S)
                case "lose":
                    held.clear()
                case "swap":
                    held.update(zip(held, list(held.values())[::-1], strict=True))
                case "damage":
                    held.update(dict.fromkeys(held, rest[0]))
                case "redis":
                    world.copies.here = rest[0]

    asyncio.run(run())
