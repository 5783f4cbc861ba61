"""The gate of kill switches and the pull command, on a store in memory."""

import pytest

from mesh.errors import MeshError
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.api.orders import order_requests as requests
from svc_oms.domain.kill_switches import Scope
from svc_oms.service.ports import AccountInfo
from svc_oms.service.ports.kill_ports import SwitchKind, SwitchRow, SwitchState
from svc_oms.service.submissions import CommandKind, Pull, Submission, Taken
from tests.unit.oms.test_worker import ALICE, cancel, open_book, place


@pytest.fixture
async def book():
    return await open_book(AccountInfo("ACC-ALICE", "Alice", "EUR", "DEMO", 1, "DESK-1"))


async def engage(book, key="e1", *, drill=False, **scope) -> SwitchRow:
    row = SwitchRow(
        f"01JD00000000000000000000{key.upper():0>2}", key, b"", SwitchKind.SWITCH, drill,
        tuple(Scope(**scope)), "test", SwitchState.ENGAGING, 0, "rita", 1,
    )  # fmt: skip
    return (await book.store.kills.engage(row, 10))[0]


COVERING = {
    "firm_id": "DEMO",
    "desk_id": "DESK-1",
    "account_id": "ACC-ALICE",
    "trader": "alice",
    "algorithm_id": "ALGO-7",
    "session_id": "sima-orders",
    "venue_mic": "SIMA",
    "instrument_id": "ASML.SIMA",
}


def algo(outcomes, key):
    return place(outcomes, key, regulatory=order_pb2.RegulatoryDetails(algorithm_id="ALGO-7"))


@pytest.mark.parametrize("field", COVERING)
async def test_each_scope_blocks_what_it_names_and_nothing_else(book, field):
    outcomes = []
    await engage(book, **{field: "OTHER"})
    await book.worker.work([algo(outcomes, "k1")])
    assert isinstance(outcomes[0], Taken)
    row = await engage(book, "e2", **{field: COVERING[field]})
    await book.worker.work([algo(outcomes, "k2")])
    assert isinstance(outcomes[1], MeshError)
    assert outcomes[1].reason == "KILL_SWITCH_ENGAGED"
    for named in (row.switch_id, COVERING[field], "rita", "test", "1970-01-01"):
        assert named in outcomes[1].text


async def test_a_replace_is_blocked_and_a_cancel_passes(book):
    outcomes = []
    await book.worker.work([place(outcomes, "k1")])
    order_id = outcomes[0].order_id
    await engage(book, trader="alice")
    request = order_service_pb2.ReplaceRequest(
        idempotency_key="r1",
        order_id=order_id,
        terms=order_pb2.OrderTerms(
            quantity="50", limit_price="650.05", time_in_force=order_pb2.TIME_IN_FORCE_DAY
        ),
    )
    await book.worker.work([requests.replace(request, ALICE, outcomes.append)])
    assert outcomes[1].reason == "KILL_SWITCH_ENGAGED"
    await book.worker.work([cancel(outcomes, "c1", order_id)])
    assert isinstance(outcomes[2], Taken)


async def test_a_drill_and_a_released_switch_block_nothing(book):
    outcomes = []
    await engage(book, drill=True, firm_id="DEMO")
    await book.worker.work([place(outcomes, "k1")])
    row = await engage(book, "e2", firm_id="DEMO")
    await book.worker.work([place(outcomes, "k2")])
    await book.store.kills.propose_release(row.switch_id, "rita", "fixed", 2)
    await book.worker.work([place(outcomes, "k3")])
    await book.store.kills.release(row.switch_id, "ravi", 3)
    await book.worker.work([place(outcomes, "k4")])
    assert [isinstance(o, Taken) for o in outcomes] == [True, False, False, True]


async def test_the_key_of_an_order_taken_before_still_returns_it(book):
    outcomes = []
    await book.worker.work([place(outcomes, "k1")])
    await engage(book, firm_id="DEMO")
    await book.worker.work([place(outcomes, "k1")])
    assert outcomes[1].duplicate


async def test_commands_say_where_they_come_from(book):
    outcomes = []
    await book.worker.work([place(outcomes, "k1")])
    [(_, payload)] = await book.store.outbox("sima-orders", 0, 10)
    command = gw.VenueCommand.FromString(payload)
    assert (command.firm_id, command.desk_id, command.placed_by) == ("DEMO", "DESK-1", "alice")
    assert command.requested_by == ""


async def test_a_pull_asks_once_and_answers_for_each(book):
    outcomes = []
    await book.worker.work([place(outcomes, "k1"), place(outcomes, "k2")])
    first, second = (o.order_id for o in outcomes)
    await book.worker.work([cancel(outcomes, "c1", first)])
    command = Pull("~p1", "ACC-ALICE", (first, second, "01JD0000000000000000000000"), "rita")
    accounts = frozenset({"ACC-ALICE"})
    pull = Submission(CommandKind.PULL, command, accounts, b"", outcomes.append)
    await book.worker.work([pull])
    results = order_service_pb2.CancelAllResponse.FromString(outcomes[-1].body).results
    assert [r.order_id for r in results] == list(command.order_ids)
    assert [r.rejection.reason for r in results] == [7, 0, 3]
    assert results[1].state == order_pb2.ORDER_STATE_PENDING_CANCEL
    assert len(await book.store.outbox("sima-orders", 0, 10)) == 4
