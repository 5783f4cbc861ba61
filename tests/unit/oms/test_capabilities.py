"""What a venue takes, from the link to the refusal, and on replicas that only read of it."""

import pytest

from mesh.auth.tokens import Principal
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2 as oms
from svc_oms.adapters.redis.read_copies import NoReadCopies
from svc_oms.api.orders import order_requests as requests
from svc_oms.app import build_replica
from svc_oms.domain.model import OrderType, TimeInForce
from svc_oms.domain.order_terms.terms import BASIC, Capabilities
from svc_oms.service.ports import AccountInfo
from svc_oms.service.reference.venue_sessions import capabilities_of
from svc_oms.service.submissions import Taken
from svc_oms.settings import OmsSettings
from tests.support.clock import ManualClock
from tests.support.oms import Client, listing
from tests.support.oms_memory import MemoryStore

ALICE = Principal("alice", "Alice", frozenset({"TRADER"}), frozenset({"ACC-ALICE"}), 2**62)
STOPS = {
    "order_types": ["ORDER_TYPE_LIMIT", "ORDER_TYPE_STOP"],
    "times_in_force": ["TIME_IN_FORCE_DAY", "TIME_IN_FORCE_GTD"],
}


class Silence:
    def wake_accounts(self, account_ids) -> None:
        assert account_ids

    def wake_sessions(self, session_ids) -> None:
        assert session_ids


def book_on(store: MemoryStore, replica: str):
    book = build_replica(OmsSettings(), store, NoReadCopies(), Silence(), replica, ManualClock())
    book.market.learn([listing()])
    return book


async def linked(book, **offered):
    status = gw.SessionStatus(state=gw.SESSION_STATE_UP, **offered)
    return await book.leases.take(
        gw.LinkOpen(session_id="sima-orders", venue_mic="SIMA", gateway_instance="g", status=status)
    )


@pytest.fixture
async def store():
    store = MemoryStore()
    await store.ensure_account(AccountInfo("ACC-ALICE", "Alice", "EUR", "DEMO", 1))
    return store


async def outcome(book, key: str, type_: str, in_force: str = "DAY", **terms):
    outcomes = []
    terms = {"quantity": "100", "time_in_force": f"TIME_IN_FORCE_{in_force}"} | terms
    request = Client.request(None, key, type=f"ORDER_TYPE_{type_}", terms=oms.OrderTerms(**terms))
    await book.worker.work([requests.place(request, ALICE, outcomes.append)])
    return outcomes[0]


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ({}, BASIC),
        (
            STOPS,
            Capabilities(
                frozenset({OrderType.LIMIT, OrderType.STOP}),
                frozenset({TimeInForce.DAY, TimeInForce.GTD}),
            ),
        ),
        # A newer gateway names what is not known here.
        (
            {"order_types": [2, 99], "times_in_force": [77]},
            Capabilities(frozenset({OrderType.LIMIT}), frozenset()),
        ),
    ],
)
def test_what_a_status_reports(offered, expected):
    assert capabilities_of(gw.SessionStatus(**offered)) == expected


async def test_a_venue_that_says_nothing_takes_the_basic_things(store):
    book = book_on(store, "r1")
    await linked(book)
    assert isinstance(await outcome(book, "k1", "LIMIT", limit_price="650.05"), Taken)
    refused = await outcome(book, "k2", "ICEBERG", limit_price="650.05", display_quantity="10")
    assert refused.reason == "UNSUPPORTED_ORDER_CHARACTERISTIC"
    assert refused.text == "type ICEBERG is not offered: it should be one of MARKET, LIMIT"
    refused = await outcome(book, "k3", "LIMIT", "AT_OPEN", limit_price="650.05")
    assert refused.text == (
        "terms.time_in_force AT_OPEN is not offered: it should be one of DAY, GTC, IOC, FOK"
    )


async def test_an_offered_type_goes_to_the_venue_as_it_is(store):
    book = book_on(store, "r1")
    await linked(book, **STOPS)
    taken = await outcome(book, "k1", "STOP", stop_price="640")
    assert isinstance(taken, Taken)
    ((_, payload),) = await store.outbox("sima-orders", 0, 10)
    command = gw.VenueCommand.FromString(payload)
    assert (command.type, command.terms.stop_price) == (oms.ORDER_TYPE_STOP, "640")
    refused = await outcome(book, "k2", "MARKET")
    assert refused.text == "type MARKET is not offered: it should be one of LIMIT, STOP"


async def test_another_replica_reads_what_the_venue_takes(store):
    owner, other = book_on(store, "r1"), book_on(store, "r2")
    await linked(owner, **STOPS)
    assert other.venues.capabilities("SIMA") == BASIC
    await other.wake_up_receiver.look(set(), sessions=True)
    assert other.venues.capabilities("SIMA").order_types == {OrderType.LIMIT, OrderType.STOP}
    assert isinstance(await outcome(other, "k1", "STOP", stop_price="640"), Taken)


async def test_a_link_that_is_given_up_leaves_what_the_venue_takes(store):
    owner, other = book_on(store, "r1"), book_on(store, "r2")
    link = await linked(owner, **STOPS)
    await owner.leases.release(link, "stopped")
    await other.wake_up_receiver.look(set(), sessions=True)
    for book in (owner, other):
        assert book.venues.capabilities("SIMA").order_types == {OrderType.LIMIT, OrderType.STOP}


async def test_a_link_lost_with_the_database_leaves_it_too(store):
    book = book_on(store, "r1")
    link = await linked(book, **STOPS)
    store.away = True
    await book.leases.release(link, "stopped")
    assert book.venues.capabilities("SIMA").times_in_force == {TimeInForce.DAY, TimeInForce.GTD}


def test_the_enumerations_of_the_contract_are_all_known():
    for proto, known in ((oms.OrderType, OrderType), (oms.TimeInForce, TimeInForce)):
        assert set(proto.values()) - {0} == {value.value for value in known}
