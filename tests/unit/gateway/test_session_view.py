"""A session whose FIX store cannot be written: what its status and its metrics say."""

from prometheus_client import REGISTRY

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.service.session_view import SessionView
from svc_gateway.venues import SessionConfig
from tests.support.clock import ManualClock

CONFIG = SessionConfig(
    session_id="view-orders", venue_mic="XAMS", role="orders", sender_comp_id="C",
    target_comp_id="V", host="localhost", port=1,
)  # fmt: skip
FAULT = "FIX store /store cannot be written: No space left on device (ENOSPC)"


class Engine:
    def epoch_ns(self) -> int:
        return 0

    def numbers(self) -> tuple[int, int]:
        return 1, 1


def metric(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"ordermesh_gateway_{name}", {"session": "view-orders"})


def test_a_store_fault_shows_as_down_with_its_cause_until_it_is_over() -> None:
    view = SessionView(CONFIG, Engine(), ManualClock(), "first", lambda: 0)
    view.set(link.SESSION_STATE_UP, "logged on")
    assert (metric("session_state"), metric("store_fault")) == (link.SESSION_STATE_UP, 0)
    view.due = False
    assert view.set_store_fault(FAULT)
    assert view.due
    assert (view.status().state, view.status().text) == (link.SESSION_STATE_DOWN, FAULT)
    assert (metric("session_state"), metric("store_fault")) == (link.SESSION_STATE_DOWN, 1)
    assert not view.set_store_fault(FAULT + "; 12 bytes are free"), "the same fault"
    view.set(link.SESSION_STATE_UP, "logged on again")
    assert view.status().state == link.SESSION_STATE_DOWN, "a logon does not end it"
    assert view.set_store_fault("")
    assert (view.status().state, view.status().text) == (link.SESSION_STATE_UP, "logged on again")
    assert (metric("session_state"), metric("store_fault")) == (link.SESSION_STATE_UP, 0)
