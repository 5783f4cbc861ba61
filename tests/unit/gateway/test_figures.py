"""What a gateway shows of its FIX sessions when it is scraped."""

from types import SimpleNamespace

import quickfix as fix
from prometheus_client import CollectorRegistry

from kernel.nanoseconds import NS_PER_S
from svc_gateway.adapters.fix.callbacks import Callbacks, RawLogFactory
from svc_gateway.adapters.fix.figures import SessionCollector
from svc_gateway.adapters.fix.traffic import Traffic
from svc_gateway.venues import SessionConfig
from tests.support.clock import ManualClock

CONFIG = SessionConfig(
    session_id="figures-orders", venue_mic="XAMS", role="orders", sender_comp_id="C",
    target_comp_id="V", host="localhost", port=1,
)  # fmt: skip


def figures(engine, clock) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(SessionCollector([(CONFIG, engine)], clock))
    return {
        one.name.removeprefix("ordermesh_gateway_"): one.value
        for family in registry.collect()
        for one in family.samples
        if one.labels["session"] == "figures-orders"
    }


def test_a_session_shows_its_numbers_and_what_went_over_it() -> None:
    clock, traffic = ManualClock(), Traffic()
    engine = SimpleNamespace(traffic=traffic, numbers=lambda: (41, 17))
    found = figures(engine, clock)
    assert (found["next_sender_seq_num"], found["next_target_seq_num"]) == (41, 17)
    assert "last_message_age_seconds" not in found, "nothing came yet"
    traffic.received_ns = clock.now_ns() - 12 * NS_PER_S
    traffic.resends_asked, traffic.resends_wanted = 2, 3
    traffic.heartbeats_missed, traffic.rejected = 4, 5
    found = figures(engine, clock)
    assert found["last_message_age_seconds"] == 12
    assert found["resend_requests_sent_total"] == 2
    assert found["resend_requests_received_total"] == 3
    assert found["heartbeats_missed_total"] == 4
    assert found["rejects_received_total"] == 5
    assert found["session_info"] == 1


def test_a_store_that_cannot_be_read_hides_nothing_else() -> None:
    def numbers():
        raise OSError(5, "Input/output error")

    engine = SimpleNamespace(traffic=Traffic(), numbers=numbers)
    found = figures(engine, ManualClock())
    assert "next_sender_seq_num" not in found
    assert found["session_info"] == 1


def test_admin_messages_are_counted_by_what_they_say() -> None:
    traffic = Traffic()
    taken = []

    def hand_over(handed) -> bool:
        taken.append(handed)
        return True

    callbacks = Callbacks(
        hand_over, RawLogFactory(hand_over, None), lambda: 1, ("", ""), traffic=traffic
    )

    def admin(kind: str):
        message = fix.Message()
        message.getHeader().setField(35, kind)
        message.getHeader().setField(34, "2")
        message.getHeader().setField(52, "20261130-12:00:00")
        return message

    for kind in "0112":
        callbacks.toAdmin(admin(kind), None)
    assert (traffic.heartbeats_missed, traffic.resends_asked) == (2, 1)
    assert traffic.received_ns == 0
    for kind in "0223":
        callbacks.fromAdmin(admin(kind), None)
    assert (traffic.resends_wanted, traffic.rejected) == (2, 1)
    assert traffic.received_ns > 0
