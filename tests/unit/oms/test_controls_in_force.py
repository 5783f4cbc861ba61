"""The counts of an account, kept between batches of one replica."""

from collections.abc import Callable

from mesh.errors import MeshError
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.api.orders import order_requests as requests
from svc_oms.api.orders.order_requests import Reply
from svc_oms.domain.controls.limits.controls import NO_CONTROLS
from svc_oms.domain.controls.state import read_state, state_text
from svc_oms.domain.order_terms.checks import Limits
from svc_oms.service.controls.controls_in_force import ControlsInForce
from svc_oms.service.ports import AccountRow
from svc_oms.service.reference.market import Market
from svc_oms.service.submissions import Outcome, Submission, Taken
from tests.support.clock import ManualClock
from tests.support.limits import ALICE, BUY, LimitBench


def in_force() -> ControlsInForce:
    return ControlsInForce(Market(ManualClock()), Limits(None, None))


def row(text: str) -> AccountRow:
    return AccountRow("ACC-ALICE", 1, 0, b"", controls=text)


def counted(controls: ControlsInForce, text: str, mark: str) -> str:
    """Count an order as a batch does; return the text that it writes."""
    state = controls.view(row(text), NO_CONTROLS, {}).state
    state.remember(1, mark, 1)
    written = state_text(state, 1)
    controls.keep("ACC-ALICE", written, state)
    return written


def test_the_next_batch_goes_on_with_what_the_last_one_wrote():
    controls = in_force()
    first = counted(controls, "", "a")
    state = controls.view(row(first), NO_CONTROLS, {}).state
    assert state == read_state(first)
    # A second batch at the same time does not get the same object.
    assert controls.view(row(first), NO_CONTROLS, {}).state is not state


def test_what_a_batch_counted_that_was_not_committed_is_not_used():
    controls = in_force()
    committed = counted(controls, "", "a")
    counted(controls, committed, "b")
    assert controls.view(row(committed), NO_CONTROLS, {}).state == read_state(committed)


def test_what_another_replica_counted_is_read():
    controls, other = in_force(), in_force()
    theirs = counted(other, counted(controls, "", "a"), "b")
    assert controls.view(row(theirs), NO_CONTROLS, {}).state == read_state(theirs)


async def test_what_a_batch_counts_stays_counted_beside_a_statement_of_a_person():
    """A person's statement may bring fills, so both the controls and the followers count."""
    bench = await LimitBench.make()
    await bench.set_limit("DUPLICATE_ORDER", window_ms=60_000)

    def stating(reply: Reply) -> Submission:
        request = order_service_pb2.ResolveRequest(
            idempotency_key="s",
            order_id=first.order_id,
            venue_holds=order_service_pb2.VENUE_HOLDS_NOTHING,
            reason="a test",
        )
        return requests.resolve(request, ALICE, reply)

    first = await bench.place(BUY, 1)
    outcomes: list[Outcome] = []
    await bench.book.worker.work([placing(2)(outcomes.append), stating(outcomes.append)])
    assert isinstance(outcomes[0], Taken)
    again = await bench.place(BUY, 2)
    assert isinstance(again, MeshError)
    assert again.reason == "DUPLICATE_ORDER"


def placing(quantity: int) -> Callable[[Reply], Submission]:
    request = order_service_pb2.PlaceRequest(
        idempotency_key=f"of {quantity}",
        account_id="ACC-ALICE",
        instrument_id="ASML.SIMA",
        side=BUY,
        type=order_pb2.ORDER_TYPE_LIMIT,
        terms=LimitBench.terms(quantity, "100"),
    )
    return lambda reply: requests.place(request, ALICE, reply)
