"""The counts of an account, kept between batches of one replica."""

from svc_oms.domain.controls.limits.controls import NO_CONTROLS
from svc_oms.domain.controls.state import read_state, state_text
from svc_oms.domain.order_terms.checks import Limits
from svc_oms.service.controls.controls_in_force import ControlsInForce
from svc_oms.service.ports import AccountRow
from svc_oms.service.reference.market import Market
from tests.support.clock import ManualClock


def in_force() -> ControlsInForce:
    return ControlsInForce(Market(ManualClock()), Limits(None, None))


def row(text: str) -> AccountRow:
    return AccountRow("ACC-ALICE", 1, 0, b"", controls=text)


def counted(controls: ControlsInForce, text: str, mark: str) -> str:
    """Count an order as a batch does; return the text that it writes."""
    state = controls.view(row(text), NO_CONTROLS).state
    state.remember(1, mark, 1)
    written = state_text(state, 1)
    controls.keep("ACC-ALICE", written, state)
    return written


def test_the_next_batch_goes_on_with_what_the_last_one_wrote():
    controls = in_force()
    first = counted(controls, "", "a")
    state = controls.view(row(first), NO_CONTROLS).state
    assert state == read_state(first)
    # A second batch at the same time does not get the same object.
    assert controls.view(row(first), NO_CONTROLS).state is not state


def test_what_a_batch_counted_that_was_not_committed_is_not_used():
    controls = in_force()
    committed = counted(controls, "", "a")
    counted(controls, committed, "b")
    assert controls.view(row(committed), NO_CONTROLS).state == read_state(committed)


def test_what_another_replica_counted_is_read():
    controls, other = in_force(), in_force()
    theirs = counted(other, counted(controls, "", "a"), "b")
    assert controls.view(row(theirs), NO_CONTROLS).state == read_state(theirs)
