"""The verifier finds what was tampered with, and nothing else."""

from decimal import Decimal
from hashlib import sha256

import pytest

from kernel.hashchain import GENESIS, ChainBreak, event_hash, verify_chain
from svc_oms.domain.events import OrderCanceled
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.verification import verify
from tests.support.lifecycle import ORDER_ID, TrackedOrder

D = Decimal


@pytest.fixture
def tracked():
    tracked = TrackedOrder()
    tracked.place(100)
    tracked.report("0", "0")
    tracked.fill("E1", 40, "50")
    tracked.fill("E2", 10, "51")
    tracked.report("H", "1", exec_id="E3", exec_ref_id="E2")
    return tracked


def found(findings):
    return [(finding.invariant, finding.subject) for finding in findings]


def test_a_sound_account_has_no_findings(tracked):
    assert tracked.findings() == []
    assert verify.check_account("A", [], [], []) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"leaves_quantity": D(61)}, "cum + leaves is not quantity: cum 40, leaves 61"),
        ({"leaves_quantity": D(-1)}, "something is negative"),
        ({"state": OrderState.CANCELED, "base_state": OrderState.CANCELED}, "CANCELED has leaves"),
        ({"cum_quantity": D(140)}, "executed beyond its quantity with leaves"),
        ({"cum_quantity": D(0), "leaves_quantity": D(100)}, "notional 2000 without an execution"),
        ({"state": OrderState.NEW}, "state NEW over base PARTIALLY_FILLED"),
    ],
)
def test_arithmetic(tracked, change, words):
    finding = verify.check_arithmetic(tracked.order._replace(**change))[0]
    assert (finding.invariant, finding.subject) == ("arithmetic", ORDER_ID)
    assert words in finding.text


def test_arithmetic_of_an_overfilled_order_that_nothing_completes(tracked):
    order = tracked.order._replace(cum_quantity=D(140), leaves_quantity=D(0))
    assert verify.check_arithmetic(order) == []


def test_sequences(tracked):
    lines = tracked.log
    assert verify.check_sequences("A", lines[2:], first=3) == []
    holes = [lines[0], *lines[2:]]
    assert found(verify.check_sequences("A", holes)) == [("sequence", "A")]
    assert len(verify.check_sequences("A", [lines[1], lines[0]])) == 2


def test_hash_chain(tracked):
    lines = list(tracked.log)
    lines[2] = lines[2]._replace(payload=b"something else")
    (finding,) = verify.check_hash_chain("A", lines)
    assert finding.invariant == "hash_chain"
    assert finding.text.startswith("event 3 has hash")


def test_hash_chain_from_the_start():
    one = event_hash(GENESIS, b"a")
    two = event_hash(one, b"b")
    assert verify_chain([(b"a", one), (b"b", two)]) is None
    assert verify_chain([(b"b", two)], previous=one) is None
    assert verify_chain([(b"b", two), (b"a", one)]) == ChainBreak(0, event_hash(GENESIS, b"b"), two)
    assert one == sha256(bytes(32) + b"a").digest()


def test_an_execution_twice(tracked):
    executions = [*tracked.executions.values(), tracked.executions["E1"]]
    assert found(verify.check_executions([tracked.order], executions)) == [
        ("executions", f"{ORDER_ID}/E1"),
    ]


def test_an_execution_lost(tracked):
    (finding,) = verify.check_executions([tracked.order], [])
    assert finding.text == ("has cum 40 and notional 2000 but its executions make 0 and 0")


def test_an_execution_of_no_order(tracked):
    stray = tracked.executions["E1"]._replace(exec_id="E9", order_id="other")
    executions = [*tracked.executions.values(), stray]
    assert found(verify.check_executions([tracked.order], executions)) == [
        ("executions", "other/E9"),
    ]


def test_an_order_that_is_not_the_fold(tracked):
    (finding,) = verify.check_fold(tracked.log, [tracked.order._replace(venue_order_id="V2")])
    assert finding.text == "venue_order_id is 'V2', the log makes 'V1'"


def test_the_text_of_an_anomaly_is_not_kept_with_the_order(tracked):
    tracked.report("Z", "0")
    assert tracked.order.anomaly
    assert verify.check_fold(tracked.log, [tracked.order._replace(anomaly="")]) == []
    (finding,) = verify.check_fold(tracked.log, [tracked.order._replace(anomaly_count=0)])
    assert finding.text == "anomaly_count is 0, the log makes 1"


def test_orders_and_log_that_do_not_know_each_other(tracked):
    stranger = tracked.order._replace(order_id="other")
    assert [f.text for f in verify.check_fold(tracked.log, [stranger])] == [
        "is stored but not in the log",
        "is in the log but not stored",
    ]


def test_a_log_without_its_beginning(tracked):
    (finding,) = verify.check_fold(tracked.log[1:], [tracked.order])
    assert finding.text.startswith("an order begins with OrderAccepted")


def test_events_of_the_account_are_not_folded(tracked):
    line = tracked.log[-1]._replace(order_id="", sequence=len(tracked.log) + 1)
    assert verify.check_fold([*tracked.log, line], [tracked.order]) == []


@pytest.mark.parametrize("kept", [("ended_text",), ("closed_sequence",), ()])
def test_a_closed_order_of_an_older_release_lacks_what_that_did_not_keep(tracked, kept):
    tracked.apply(OrderCanceled(text="end of day"))
    made = tracked.order
    older = {name: none for name, none in verify.KEPT_LATER.items() if name not in kept}
    assert verify.compare_order(made._replace(**older), made) == []
    wrong = made._replace(
        **{**older, **{name: getattr(made, name) * 2 for name in kept or ("cl_ord_id",)}}
    )
    assert len(verify.compare_order(wrong, made)) == 1
