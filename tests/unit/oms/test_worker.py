"""The desk on a store in memory: batches, poison, lost commits, limits."""

import asyncio

import pytest

from mesh.auth.tokens import Principal
from mesh.errors import MeshError
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.adapters.redis.read_copies import NoReadCopies
from svc_oms.api.orders import order_requests as requests
from svc_oms.app import build_replica
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.command_index import HANDLERS
from svc_oms.service.commands import order_commands
from svc_oms.service.commands import worker as desk_module
from svc_oms.service.ports import AccountInfo
from svc_oms.service.submissions import Taken
from svc_oms.settings import OmsSettings
from tests.support.clock import ManualClock
from tests.support.oms import Client, listing
from tests.support.oms_memory import MemoryStore

ALICE = Principal("alice", "Alice", frozenset({"TRADER"}), frozenset({"ACC-ALICE"}), 2**62)


class Silence:
    """A waker that counts."""

    def __init__(self) -> None:
        self.sessions = []

    def wake_accounts(self, account_ids) -> None:
        assert account_ids

    def wake_sessions(self, session_ids) -> None:
        self.sessions.append(session_ids)


@pytest.fixture
async def book():
    return await open_book(AccountInfo("ACC-ALICE", "Alice", "EUR", "DEMO", 1))


async def open_book(account: AccountInfo):
    """A replica in memory with an account, a listing and a venue that is up."""
    store = MemoryStore()
    await store.ensure_account(account)
    made = build_replica(OmsSettings(), store, NoReadCopies(), Silence(), "r1", ManualClock())
    made.market.learn([listing()])
    await made.leases.take(
        gw.LinkOpen(
            session_id="sima-orders",
            venue_mic="SIMA",
            gateway_instance="g",
            status=gw.SessionStatus(state=gw.SESSION_STATE_UP),
        )
    )
    return made


def place(outcomes: list, key: str, **changes):
    return requests.place(Client.request(None, key, **changes), ALICE, outcomes.append)


def cancel(outcomes: list, key: str, order_id: str):
    request = order_service_pb2.CancelRequest(idempotency_key=key, order_id=order_id)
    return requests.cancel(request, ALICE, outcomes.append)


async def test_a_batch_is_one_commit(book):
    outcomes = []
    before = book.store.commits
    await book.worker.work([place(outcomes, f"k{i}") for i in range(50)])
    assert book.store.commits == before + 1
    assert [o.sequence for o in outcomes] == list(range(1, 51))
    events = await book.store.events("ACC-ALICE", 0, 100)
    assert [decode_event(row.payload).sequence for row in events] == list(range(1, 51))
    assert len(await book.store.outbox("sima-orders", 0, 100)) == 50


async def test_place_and_cancel_in_one_batch(book):
    outcomes = []
    await book.worker.work([place(outcomes, "k1")])
    order_id = outcomes[0].order_id
    await book.worker.work([cancel(outcomes, "c1", order_id), cancel(outcomes, "c2", order_id)])
    assert outcomes[1].state == order_pb2.ORDER_STATE_PENDING_CANCEL
    assert outcomes[2].reason == "ORDER_CHANGE_PENDING"


async def test_poison_harms_nobody_else(book, monkeypatch):
    def decide(command, *rest):
        if command.idempotency_key == "poison":
            raise ZeroDivisionError
        return real(command, *rest)

    real = order_commands.decide_place
    monkeypatch.setattr(order_commands, "decide_place", decide)
    outcomes = []
    keys = ["k1", "poison", "k2"]
    await book.worker.work([place(outcomes, key) for key in keys])
    assert [isinstance(o, Taken) for o in outcomes] == [True, False, True]
    assert outcomes[1].reason == "INTERNAL"
    assert [o.sequence for o in outcomes if isinstance(o, Taken)] == [1, 2]


async def test_a_lost_commit_is_found_by_its_key(book):
    outcomes = []
    book.store.lose_commits = 1
    await book.worker.work([place(outcomes, "k1")])
    assert outcomes[0].reason == "COMMAND_OUTCOME_UNKNOWN"
    await book.worker.work([place(outcomes, "k1"), place(outcomes, "k2")])
    assert outcomes[1].duplicate
    assert not outcomes[2].duplicate
    assert outcomes[2].sequence == 2


async def test_while_the_database_is_away_commands_are_refused(book):
    outcomes = []
    book.store.away = True
    await book.worker.work([place(outcomes, "k1")])
    assert outcomes[0].reason == "DEPENDENCY_UNAVAILABLE"
    book.store.away = False
    await book.worker.work([place(outcomes, "k1")])
    assert outcomes[1].sequence == 1


async def test_another_replicas_commit_empties_what_is_known(book):
    other = build_replica(OmsSettings(), book.store, NoReadCopies(), Silence(), "r2", ManualClock())
    other.market.learn([listing()])
    await other.wake_up_receiver.look(set(), sessions=True)
    outcomes = []
    await book.worker.work([place(outcomes, "k1")])
    await other.worker.work([cancel(outcomes, "c1", outcomes[0].order_id)])
    await book.worker.work([cancel(outcomes, "c2", outcomes[0].order_id)])
    assert isinstance(outcomes[1], Taken)
    assert outcomes[2].reason == "ORDER_CHANGE_PENDING"


async def test_a_full_queue_refuses_at_once(book, monkeypatch):
    monkeypatch.setattr(desk_module, "QUEUE_COMMANDS_MAX", 2)
    desk = desk_module.CommandWorker(book.worker._parts, HANDLERS)
    outcomes = []
    for index in range(3):
        desk.submit(place(outcomes, f"k{index}"))
    assert [o.reason for o in outcomes] == ["OVERLOADED"]
    worker = asyncio.create_task(desk.run())
    async with asyncio.timeout(5):
        while len(outcomes) < 3:
            await asyncio.sleep(0)
    worker.cancel()
    assert [o.sequence for o in outcomes[1:]] == [1, 2]


def test_a_viewer_and_a_foreign_account_are_refused_before_the_queue():
    for user in (
        Principal("v", "Vera", frozenset({"VIEWER"}), frozenset({"ACC-ALICE"}), 2**62),
        Principal("b", "Bob", frozenset({"TRADER"}), frozenset({"ACC-BOB"}), 2**62),
    ):
        with pytest.raises(MeshError) as refused:
            requests.place(Client.request(None, "k1"), user, lambda _: None)
        assert refused.value.reason == "ACCOUNT_NOT_ALLOWED"
