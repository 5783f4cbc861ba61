"""What the entries of each log mean for users."""

import json

import pytest

from eventlog.logs import Entry, Log
from ordermesh.oms.v1 import audit_service_pb2, event_pb2, limit_pb2, limit_service_pb2, order_pb2
from ordermesh.type.v1 import error_pb2
from svc_notify.domain.notification import Audience, Kind, Severity, due
from svc_notify.service.reading.alerts import read_alerts
from svc_notify.service.reading.audit import LIMIT_NEAR, read_audit
from svc_notify.service.reading.controls import read_controls
from svc_notify.service.reading.orders import MAKERS, order_ids, read_orders
from svc_notify.service.reading.pages import read_page
from svc_notify.service.reading.states import read_states
from svc_oms.service.controls import control_entries
from tests.support.notify import fill, in_state

ORDER = "01ORDER0000000000000000000"


def entry(payload: bytes) -> Entry:
    return Entry(1, "ACC-ALICE", 1, payload, b"")


def test_an_entry_that_cannot_be_read_is_notified_and_the_others_go_on():
    doubt = in_state(order_pb2.ORDER_STATE_UNKNOWN, ORDER)
    event = fill(1, f"{ORDER}X")
    bad = entry(b"\xff")
    entries = [entry(event.SerializeToString()), bad, entry(doubt.SerializeToString())]
    found = read_page(Log.ORDERS, entries, {}, 7)
    assert [one.kind for one in found.drafts] == [Kind.FILL, Kind.ANOMALY]
    assert found.drafts[1].audience is Audience.OVERSIGHT
    assert set(found.doubts) == {ORDER}
    assert order_ids(entries) == {ORDER, f"{ORDER}X"}
    known = in_state(order_pb2.ORDER_STATE_NEW, ORDER)
    found.take(read_page(Log.ORDERS, [entry(known.SerializeToString())], {}, 7))
    assert found.doubts == {}
    (draft,) = read_page(Log.STATES, [entry(b"[]")], {}, 7).drafts
    assert draft.text.startswith("Entry 1 of the log states (ACC-ALICE) cannot be read")


def of_events(*events, orders=None):
    for event in events:
        event.account_id = "ACC-ALICE"
    return read_orders([entry(event.SerializeToString()) for event in events], orders or {})


def test_every_maker_is_for_a_kind_of_the_contract():
    kinds = {field.name for field in event_pb2.OrderEvent.DESCRIPTOR.oneofs[0].fields}
    assert set(MAKERS) <= kinds


def test_a_fill_has_its_value_and_the_last_one_closes_the_order():
    last = fill(3)
    last.progress.state = order_pb2.ORDER_STATE_FILLED
    last.progress.average_price = "650.25"
    found = of_events(fill(1), last)
    assert [one.kind for one in found.drafts] == [Kind.FILL, Kind.FILL, Kind.ORDER_CLOSED]
    assert found.drafts[0].amount == "650.25"
    assert found.drafts[2].amount == "1950.75"
    assert order_ids([entry(last.SerializeToString())]) == {ORDER}


def test_a_child_of_a_routed_order_has_no_fills_ends_and_rejects_of_its_own():
    child = order_pb2.Order(order_id=ORDER)
    child.link.kind = order_pb2.ORDER_LINK_KIND_ROUTED
    child.link.parent_order_id = "P"
    rejected = in_state(order_pb2.ORDER_STATE_REJECTED, ORDER, anomaly="odd")
    rejected.rejected.SetInParent()
    found = of_events(fill(1), rejected, orders={ORDER: child})
    assert [one.kind for one in found.drafts] == [Kind.ANOMALY]


def test_an_order_that_closes_without_an_execution_is_no_news():
    canceled = in_state(order_pb2.ORDER_STATE_CANCELED, ORDER)
    canceled.progress.cum_quantity = "0"
    canceled.canceled.SetInParent()
    assert of_events(canceled).drafts == []


@pytest.mark.parametrize(
    ("field", "kind", "severity"),
    [
        ("rejected", Kind.REJECT, Severity.WARNING),
        ("cancel_refused", Kind.REJECT, Severity.WARNING),
        ("replace_refused", Kind.REJECT, Severity.WARNING),
        ("status_requested", Kind.RECONCILE_DIFFERENCE, Severity.WARNING),
    ],
)
def test_what_goes_wrong_is_a_warning(field, kind, severity):
    event = in_state(order_pb2.ORDER_STATE_NEW, ORDER)
    getattr(event, field).SetInParent()
    (draft,) = of_events(event).drafts
    assert (draft.kind, draft.severity, draft.audience) == (kind, severity, Audience.ACCOUNT)


def test_busts_and_corrections_are_fills():
    bust, correction = in_state(2, ORDER), in_state(2, ORDER)
    bust.execution_busted.quantity, bust.execution_busted.price = "2", "10"
    corrected = correction.execution_corrected
    corrected.execution.quantity, corrected.execution.price = "3", "10"
    found = of_events(bust, correction).drafts
    assert [(one.kind, one.amount) for one in found] == [(Kind.FILL, "20"), (Kind.FILL, "30")]


def test_a_held_order_waits_for_an_approval():
    event = in_state(order_pb2.ORDER_STATE_HELD, ORDER)
    event.accepted.order.waits_for = order_pb2.WAITS_FOR_APPROVAL
    (draft,) = of_events(event).drafts
    assert draft.kind is Kind.APPROVAL_WAITING


def test_the_last_event_of_a_page_decides_whether_an_order_is_in_doubt():
    doubt = in_state(order_pb2.ORDER_STATE_UNKNOWN, ORDER)
    doubt.in_doubt.text = "no answer"
    known = in_state(order_pb2.ORDER_STATE_NEW, ORDER)
    known.resolved.SetInParent()
    found = of_events(doubt, known)
    assert (found.doubts, found.known) == ({}, {ORDER})
    found = of_events(known, doubt)
    assert found.doubts[ORDER].text == "no answer"


def test_refusals_by_controls_are_limit_hits_and_others_are_not():
    hit = audit_service_pb2.AuditEntry(
        account_id="ACC-ALICE", count=3, text="too much",
        reason=error_pb2.ERROR_REASON_MAX_VALUE_EXCEEDED,
    )  # fmt: skip
    other = audit_service_pb2.AuditEntry(
        account_id="ACC-ALICE", reason=error_pb2.ERROR_REASON_INVALID_FIELD
    )
    found = read_audit([entry(one.SerializeToString()) for one in (hit, other)], {})
    assert [one.text for one in found.drafts] == ["A control refused an order (3 times): too much"]


def test_a_limit_that_is_nearly_used_up_is_said_to_its_account():
    near = audit_service_pb2.AuditEntry(
        kind=audit_service_pb2.AUDIT_KIND_ACTION, command=LIMIT_NEAR, account_id="ACC-ALICE",
        order_id=ORDER, text="POSITION X long: 80 of 100 shares are used (limit L)",
        metadata={"limit_id": "L"},
    )  # fmt: skip
    assert control_entries.LIMIT_NEAR == LIMIT_NEAR
    # A person's command may have any name, and is refused or done: it is neither.
    refused = audit_service_pb2.AuditEntry(
        kind=audit_service_pb2.AUDIT_KIND_REFUSAL, command=LIMIT_NEAR, account_id="ACC-ALICE"
    )
    other = audit_service_pb2.AuditEntry(
        kind=audit_service_pb2.AUDIT_KIND_ACTION, command="StopStrategy", account_id="ACC-ALICE"
    )
    entries = [entry(one.SerializeToString()) for one in (near, refused, other)]
    (draft,) = read_audit(entries, {}).drafts
    assert (draft.kind, draft.severity, draft.audience) == (
        Kind.LIMIT_NEAR, Severity.WARNING, Audience.ACCOUNT,
    )  # fmt: skip
    assert (draft.account_id, draft.order_id, draft.object_id) == ("ACC-ALICE", ORDER, "L")
    assert draft.text == (
        "A limit of ACC-ALICE is nearly used up: POSITION X long: 80 of 100 shares are used "
        "(limit L)"
    )


def test_controls_that_wait_for_a_second_person():
    override = limit_pb2.Override(state=limit_pb2.OVERRIDE_STATE_PROPOSED, account_id="ACC-BOB")
    change = limit_service_pb2.ProposedChange(
        state=limit_service_pb2.PROPOSED_CHANGE_STATE_PROPOSED, looser="more"
    )
    done = limit_service_pb2.ProposedChange(state=limit_service_pb2.PROPOSED_CHANGE_STATE_CONFIRMED)
    rows = [(2, override), (5, change), (5, done), (1, limit_pb2.Limit())]
    entries = [
        entry(json.dumps([1, kind, "I", 1, "", 0, 0, 0, body.SerializeToString().hex()]).encode())
        for kind, body in rows
    ]
    found = read_controls(entries, {}).drafts
    assert [one.audience for one in found] == [Audience.ACCOUNT, Audience.OVERSIGHT]


def state(subject, row, version=1):
    return entry(json.dumps([subject, "I", version, 5, row]).encode())


SWITCH = {
    "scope": ["", "", "ACC-ALICE", "", "", "", "", ""], "kind": 1, "drill": False, "reason": "r",
    "state": 1, "settled_at_us": 0, "release_proposed_at_us": 0, "release_proposed_by": "rita",
    "release_proposed_by_name": "", "release_reason": "over",
}  # fmt: skip


@pytest.mark.parametrize(
    ("place", "audience"),
    [
        (0, Audience.OVERSIGHT), (1, Audience.OVERSIGHT), (2, Audience.ACCOUNT),
        (3, Audience.OVERSIGHT), (4, Audience.OVERSIGHT), (5, Audience.EVERYONE),
        (6, Audience.EVERYONE), (7, Audience.EVERYONE),
    ],
)  # fmt: skip
def test_who_may_see_a_kill_switch_depends_on_its_scope(place, audience):
    scope = ["X" if n == place else "" for n in range(8)]
    (draft,) = read_states([state("kill_switches", {**SWITCH, "scope": scope})], {}).drafts
    assert (draft.audience, draft.severity) == (audience, Severity.CRITICAL)


def test_each_step_of_a_kill_switch_has_a_key_of_its_own():
    settled = {**SWITCH, "settled_at_us": 5, "release_proposed_at_us": 7}
    rows = (SWITCH, settled, {**settled, "state": 3})
    entries = [state("kill_switches", row, n) for n, row in enumerate(rows, 1)]
    found = read_states(entries, {}).drafts
    assert [one.once for one in found] == [
        "kill/engaged/I", "kill/settled/I", "release/7/I", "kill/settled/I", "kill/released/I",
    ]  # fmt: skip
    assert found[2].kind is Kind.APPROVAL_WAITING


def test_a_parked_message_without_an_account_is_for_oversight():
    row = {
        "state": 1, "account_id": None, "order_id": None, "session_id": "s", "msg_type": "8",
        "error": "odd",
    }  # fmt: skip
    (draft,) = read_states([state("parked_messages", row)], {}).drafts
    assert (draft.kind, draft.audience) == (Kind.REPORT_PARKED, Audience.OVERSIGHT)
    assert read_states([state("parked_messages", {**row, "state": 2}, 2)], {}).drafts == []


def test_a_statement_that_is_proposed_waits():
    row = {"state": 1, "order_id": ORDER, "account_id": "ACC-ALICE"}
    (draft,) = read_states([state("statements", row)], {}).drafts
    assert draft.kind is Kind.APPROVAL_WAITING


def test_a_session_is_down_until_it_is_linked_and_up():
    row = {"venue_mic": "SIMA", "drop_copy": False, "kept_out": False, "state": 3, "linked": True}
    rows = [{**row, "state": 1}, {**row, "linked": False}, row]
    found = read_states([state("sessions", one, n) for n, one in enumerate(rows, 2)], {}).drafts
    assert [one.kind for one in found] == [Kind.SESSION_DOWN, Kind.SESSION_DOWN, Kind.SESSION_UP]
    assert {one.once or one.ends for one in found} == {"down/I"}


def test_of_a_session_nothing_is_said_until_it_is_up_for_the_first_time():
    row = {"venue_mic": "SIMA", "drop_copy": False, "kept_out": False, "state": 1, "linked": True}
    up = {**row, "state": 3}
    # The registration has the columns that the trigger of its time logged.
    rows = [{"venue_mic": "SIMA", "drop_copy": False}, {**row, "state": 2}, up, row, up]
    found = read_states([state("sessions", one, n) for n, one in enumerate(rows, 1)], {}).drafts
    made = due(found, set())
    assert [one.kind for one in made] == [Kind.SESSION_UP, Kind.SESSION_DOWN, Kind.SESSION_UP]
    assert made[0].text == "Session I of SIMA is up"


def test_an_alert_that_fired_is_for_its_user_without_the_price():
    row = {
        "alert_id": "A", "user_id": "alice", "instrument_id": "ASML.SIMA", "price": 1,
        "condition": 1, "threshold": "700", "note": "sell", "state": 2, "ended_ns": 9,
        "fired_price": "701",
    }  # fmt: skip
    entries = [entry(json.dumps(one).encode()) for one in (row, {**row, "state": 3})]
    (draft,) = read_alerts(entries, {}).drafts
    assert draft.text == "Price alert: LAST of ASML.SIMA is at or above 700: sell"
    assert (draft.audience, draft.user_id) == (Audience.USER, "alice")
