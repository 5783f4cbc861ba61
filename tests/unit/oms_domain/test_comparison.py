"""Every field that a report repeats, in a report of every ExecType(150): applied, and flagged."""

from decimal import Decimal

import pytest

from kernel.nanoseconds import NS_PER_S
from kernel.side import Side
from svc_oms.domain.events import OrderExecuted, StatusRequested
from svc_oms.domain.facts import (
    BusinessRejectFacts,
    CancelRejectFacts,
    ReportedOrder,
    SessionRejectFacts,
)
from svc_oms.domain.model import Peg, TimeInForce
from svc_oms.domain.reports.comparison import TRANSACT_TIME_APART_MAX_S
from tests.support.lifecycle import ORDER_ID, TrackedOrder, report

X, Y = f"{ORDER_ID}-1", f"{ORDER_ID}-2"
NOW_NS = 1_700_000_000 * NS_PER_S
REPEATS = ReportedOrder("ACC-ALICE", "ASML", "NL0010273215", "1", "2", "EUR")

# A report of each ExecType(150) that agrees with an order of which 40 of 100 are executed, as E1 of
# 30 and E2 of 10: OrdStatus(39), and what differs from the usual fields.
SOUND = {
    "0": ("1", {}),
    "3": ("3", {}),
    "4": ("4", {"leaves_quantity": 0}),
    "5": ("1", {"order_quantity": 120, "leaves_quantity": 80, "cl_ord_id": Y}),
    "6": ("6", {"cl_ord_id": Y}),
    "7": ("7", {}),
    "9": ("9", {}),
    "A": ("A", {}),
    "B": ("B", {}),
    "C": ("C", {"leaves_quantity": 0}),
    "D": ("1", {}),
    "E": ("E", {"cl_ord_id": Y}),
    "F": ("1", {"last_quantity": 10, "last_price": 50, "cum_quantity": 50, "leaves_quantity": 50}),
    "G": ("1", {"exec_ref_id": "E2", "last_quantity": 20, "last_price": 50, "cum_quantity": 50,
                "leaves_quantity": 50}),
    "H": ("1", {"exec_ref_id": "E2", "cum_quantity": 30, "leaves_quantity": 70}),
    "I": ("1", {"status_request_id": X}),
    "L": ("1", {}),
}  # fmt: skip
EVERY = list(SOUND)
USUAL = {
    "exec_id": "E3", "order_quantity": 100, "limit_price": 50, "time_in_force": "0",
    "cum_quantity": 40, "leaves_quantity": 60, "repeats": REPEATS,
    "transact_time_ns": NOW_NS, "received_at_ns": NOW_NS,
}  # fmt: skip
NEW_TERMS = {"5", "D", "L"}


@pytest.fixture
def tracked():
    tracked = TrackedOrder()
    tracked.clock_ns = NOW_NS - 1
    tracked.place(100)
    tracked.report("0", "0")
    tracked.fill("E1", 30)
    tracked.fill("E2", 10)
    yield tracked
    assert tracked.findings() == []


def heard(tracked, exec_type, **changes):
    status, fields = SOUND[exec_type]
    if exec_type in {"5", "E"}:
        tracked.replace(120)
    if exec_type == "6":
        tracked.cancel()
    values = USUAL | fields | changes
    return tracked.hear(report(exec_type, values.pop("ord_status", status), **values))


def test_a_pending_request_that_was_answered_before_is_late_news(tracked):
    tracked.replace(120)
    tracked.report("5", "1", cl_ord_id=Y, order_quantity=120, leaves_quantity=80)
    old = {"order_quantity": 100, "cum_quantity": 30, "leaves_quantity": 70}
    assert tracked.report("E", "E", cl_ord_id=Y, **old) == []
    assert asked(tracked.report("E", "E", cl_ord_id=Y, **(old | {"cum_quantity": 50})))


def asked(events):
    return [event.text for event in events if isinstance(event, StatusRequested)]


@pytest.mark.parametrize("exec_type", EVERY)
def test_a_report_that_agrees_is_no_anomaly(tracked, exec_type):
    events = heard(tracked, exec_type)
    assert tracked.order.anomaly_count == 0, events
    assert asked(events) == []


# --- What names the order ---------------------------------------------------------------

IDENTITY = {
    "Side(54)": {"repeats": REPEATS._replace(side="2")},
    "Symbol(55)": {"repeats": REPEATS._replace(symbol="ASMI")},
    "SecurityID(48)": {"repeats": REPEATS._replace(isin="NL0000334118")},
    "Account(1)": {"repeats": REPEATS._replace(account_id="ACC-BOB")},
    "Currency(15)": {"repeats": REPEATS._replace(currency="GBX")},
    "OrderID(37)": {"venue_order_id": "V2"},
    "TransactTime(60)": {"transact_time_ns": NOW_NS + 86_400 * NS_PER_S},
}


@pytest.mark.parametrize("exec_type", EVERY)
@pytest.mark.parametrize("field", IDENTITY)
def test_what_names_the_order_is_compared_in_every_report(tracked, field, exec_type):
    sound = TrackedOrder()
    sound.clock_ns = NOW_NS - 1
    sound.place(100)
    sound.report("0", "0")
    sound.fill("E1", 30)
    sound.fill("E2", 10)
    heard(sound, exec_type)
    events = heard(tracked, exec_type, **IDENTITY[field])
    assert tracked.status == sound.status, "it is applied as if it agreed"
    if field == "OrderID(37)" and exec_type in NEW_TERMS:
        assert tracked.order.anomaly_count == 0, "the venue may name it anew with its new terms"
        return
    assert tracked.order.anomaly_count == 1
    assert field in events[-1].text
    assert asked(events) == []


@pytest.mark.parametrize(
    ("cl_ord_id", "orig_cl_ord_id", "anomalies"),
    [
        ("", "", 0),
        ("their-own", X, 0),
        ("their-own", "", 1),
        ("their-own", "another", 1),
    ],
)
def test_a_cl_ord_id_of_another_is_counted_and_flagged(
    tracked, cl_ord_id, orig_cl_ord_id, anomalies
):
    """The order was found by OrderID(37) or OrigClOrdID(41)."""
    events = heard(tracked, "F", cl_ord_id=cl_ord_id, orig_cl_ord_id=orig_cl_ord_id)
    assert tracked.status == ("PARTIALLY_FILLED", 50, 50)
    assert tracked.order.anomaly_count == anomalies
    assert not anomalies or "ClOrdID(11) is 'their-own'" in events[-1].text


def test_a_field_that_is_not_repeated_is_no_difference(tracked):
    nothing = ReportedOrder("", "", "", "", "", "")
    heard(tracked, "F", repeats=nothing, venue_order_id="NONE", transact_time_ns=0)
    assert tracked.order.anomaly_count == 0


@pytest.mark.parametrize(
    ("ahead_s", "anomalies"),
    [
        (TRANSACT_TIME_APART_MAX_S, 0),
        (TRANSACT_TIME_APART_MAX_S + 1, 1),
        (-TRANSACT_TIME_APART_MAX_S, 0),
        (-TRANSACT_TIME_APART_MAX_S - 1, 1),
        (-86_400, 1),
    ],
)
def test_a_time_far_from_our_clock_is_an_anomaly(tracked, ahead_s, anomalies):
    """The order is as old as the report: its acceptance is what it may not be before."""
    heard(tracked, "F", transact_time_ns=NOW_NS + ahead_s * NS_PER_S)
    assert tracked.status == ("PARTIALLY_FILLED", 50, 50)
    assert tracked.order.anomaly_count == anomalies


@pytest.mark.parametrize("exec_type", ["F", "G"])
@pytest.mark.parametrize("price", ["0", "-1.5"])
def test_an_execution_at_zero_or_below_counts_and_is_an_anomaly(tracked, exec_type, price):
    heard(tracked, exec_type, last_price=price)
    assert tracked.status == ("PARTIALLY_FILLED", 50, 50)
    assert tracked.order.anomaly == f"LastPx(31) is {price}"


# --- Its terms --------------------------------------------------------------------------

TERMS = {
    "OrderQty(38)": {"order_quantity": 90},
    "Price(44)": {"limit_price": 49},
    "TimeInForce(59)": {"time_in_force": "1"},
}


@pytest.mark.parametrize("exec_type", [one for one in EVERY if one not in NEW_TERMS])
@pytest.mark.parametrize("field", TERMS)
def test_terms_are_compared_in_every_report_that_does_not_change_them(tracked, field, exec_type):
    events = heard(tracked, exec_type, **TERMS[field])
    assert tracked.order.anomaly_count == 1
    assert tracked.order.terms.quantity == 100
    assert any(field in getattr(event, "text", "") for event in events)
    # An answer asks nothing.
    questions = [] if exec_type == "I" or "(59)" in field else [f"{field} differs"]
    assert asked(events) == questions


# Terms that few orders have: what the order knows, a report that agrees, one that does not.
EXPIRES_NS = NOW_NS + 3600 * NS_PER_S
RARE = {
    "ExpireTime(126)": (
        {"time_in_force": TimeInForce.GTD, "expire_time_ns": EXPIRES_NS + 5},
        {"expire_time_ns": EXPIRES_NS, "time_in_force": "6"},
        {"expire_time_ns": EXPIRES_NS + NS_PER_S, "time_in_force": "6"},
    ),
    "StopPx(99)": (
        {"stop_price": Decimal(40)},
        {"stop_price": Decimal("40.0")},
        {"stop_price": Decimal(41)},
    ),
    "MaxFloor(111)": (
        {"display_quantity": Decimal(10)},
        {"display_quantity": Decimal(10)},
        {"display_quantity": Decimal(20)},
    ),
    "CashOrderQty(152)": (
        {"cash_quantity": Decimal(5000)},
        {"cash_quantity": Decimal(5000)},
        {"cash_quantity": Decimal(4000)},
    ),
    "PegOffsetValue(211)": (
        {"peg": Peg(1, Decimal("-0.5"))},
        {"peg_offset": Decimal("-0.50")},
        {"peg_offset": Decimal("0.5")},
    ),
    "trailing PegOffsetValue(211)": (
        {"trailing_offset": Decimal(2)},
        {"peg_offset": Decimal(2)},
        {"peg_offset": Decimal(3)},
    ),
}


def rare(field):
    tracked = TrackedOrder()
    tracked.clock_ns = NOW_NS - 1
    tracked.place(100)
    tracked.order = tracked.order._replace(terms=tracked.order.terms._replace(**RARE[field][0]))
    tracked.report("0", "0")
    tracked.fill("E1", 30)
    tracked.fill("E2", 10)
    return tracked


@pytest.mark.parametrize("exec_type", [one for one in EVERY if one not in NEW_TERMS])
@pytest.mark.parametrize("field", RARE)
def test_rare_terms_are_compared_in_every_report_that_does_not_change_them(field, exec_type):
    _, agrees, differs = RARE[field]
    sound = rare(field)
    heard(sound, exec_type, **agrees)
    assert sound.order.anomaly_count == 0
    odd = rare(field)
    events = heard(odd, exec_type, **({"time_in_force": ""} | differs))
    assert odd.order.anomaly_count == 1
    name = field.removeprefix("trailing ")
    assert any(name in getattr(event, "text", "") for event in events)
    # A time asks nothing, like TimeInForce(59).
    assert asked(events) == ([] if exec_type == "I" or "(126)" in field else [f"{name} differs"])


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_a_trailing_distance_has_the_sign_that_the_venue_was_given(side):
    tracked = rare("trailing PegOffsetValue(211)")
    tracked.order = tracked.order._replace(side=side)
    sign = 1 if side is Side.BUY else -1
    repeats = REPEATS._replace(side="1" if side is Side.BUY else "2")
    for distance, anomalies in ((2 * sign, 0), (-2 * sign, 1)):
        heard(tracked, "I", peg_offset=Decimal(distance), repeats=repeats)
        assert tracked.order.anomaly_count == anomalies


@pytest.mark.parametrize(
    "field", [{"expire_time_ns": NOW_NS}, {"cash_quantity": Decimal(5)}, {"peg_offset": Decimal(1)}]
)
def test_a_term_that_the_order_does_not_have_is_the_venues_own(tracked, field):
    heard(tracked, "F", **field)
    assert tracked.order.anomaly_count == 0


@pytest.mark.parametrize(("field", "value"), [("order_quantity", 130), ("limit_price", 51)])
def test_a_replace_that_grants_other_terms_than_asked_for_is_an_anomaly(tracked, field, value):
    heard(tracked, "5", **{field: value, "leaves_quantity": None})
    assert tracked.order.anomaly_count == 1


@pytest.mark.parametrize("exec_type", ["F", "I", "3"])
def test_a_report_may_have_the_terms_of_a_pending_replace(tracked, exec_type):
    tracked.replace(120, "51")
    fields = SOUND[exec_type][1]
    leaves = 120 - fields.get("cum_quantity", 40)
    heard(tracked, exec_type, order_quantity=120, limit_price=51, leaves_quantity=leaves)
    assert tracked.order.anomaly_count == 0


# --- CumQty(14), LeavesQty(151), OrdStatus(39) --------------------------------------------

COUNTED = [one for one in EVERY if one != "I"]


@pytest.mark.parametrize("exec_type", COUNTED)
@pytest.mark.parametrize("apart", [20, -20])
def test_cum_is_compared_in_every_report(tracked, exec_type, apart):
    cum = SOUND[exec_type][1].get("cum_quantity", 40) + apart
    events = heard(tracked, exec_type, cum_quantity=cum, leaves_quantity=None)
    if exec_type in {"0", "A"} and apart < 0:
        assert events == [], "a repetition of an older report"
        return
    words = "20 above" if apart > 0 else "20 below"
    assert asked(events) == [f"CumQty(14) is {words} the executions"]
    assert tracked.order.anomaly_count == 1


@pytest.mark.parametrize("exec_type", [one for one in COUNTED if one not in "FGH"])
def test_a_lower_cum_only_asks_where_a_drop_copy_may_be_ahead(tracked, exec_type):
    tracked.copied_venue = True
    events = heard(tracked, exec_type, cum_quantity=20, leaves_quantity=None)
    assert tracked.order.anomaly_count == 0
    assert bool(asked(events)) == (exec_type not in {"0", "A"})


@pytest.mark.parametrize("exec_type", EVERY)
def test_leaves_are_compared_in_every_report(tracked, exec_type):
    leaves = SOUND[exec_type][1].get("leaves_quantity", 60) + 5
    events = heard(tracked, exec_type, leaves_quantity=leaves)
    assert tracked.order.anomaly_count == 1
    assert asked(events) == ([] if exec_type == "I" else ["LeavesQty(151) differs"])


@pytest.mark.parametrize("exec_type", [one for one in COUNTED if one not in "4CF"])
@pytest.mark.parametrize("status", ["2", "4", "8", "C"])
def test_an_end_that_only_the_status_reports_asks(tracked, exec_type, status):
    events = heard(tracked, exec_type, ord_status=status)
    assert f"OrdStatus(39)={status}" in asked(events)[0]
    assert tracked.order.anomaly_count == 1
    # The answer ends it: the order is closed, or the anomaly stands.
    tracked.report("I", "4", cum_quantity=tracked.order.cum_quantity, leaves_quantity=0)
    assert tracked.status == ("CANCELED", int(tracked.order.cum_quantity), 0)
    assert tracked.order.asked_about == ""


@pytest.mark.parametrize("status", ["3", "7", "9", "B"])
def test_a_fill_of_an_order_that_the_venue_does_not_work_asks_and_the_answer_moves_it(
    tracked, status
):
    assert asked(heard(tracked, "F", ord_status=status)) == [f"OrdStatus(39)={status}"]
    assert tracked.order.anomaly_count == 0
    tracked.report("I", status, cum_quantity=50, leaves_quantity=50)
    assert tracked.order.asked_about == ""
    assert tracked.order.state.name in {"DONE_FOR_DAY", "STOPPED", "SUSPENDED", "CALCULATED"}


@pytest.mark.parametrize(
    ("status", "state"), [("4", "CANCELED"), ("8", "REJECTED"), ("C", "EXPIRED")]
)
@pytest.mark.parametrize("leaves", [0, None])
def test_a_fill_that_is_the_last_one_closes_the_order(tracked, status, state, leaves):
    heard(tracked, "F", ord_status=status, leaves_quantity=leaves)
    assert tracked.status == (state, 50, 0)
    assert tracked.order.anomaly_count == 0


@pytest.mark.parametrize("status", ["4", "8", "C"])
def test_a_fill_that_reports_an_end_with_something_left_asks(tracked, status):
    events = heard(tracked, "F", ord_status=status)
    assert tracked.status == ("PARTIALLY_FILLED", 50, 50)
    assert asked(events) == [f"OrdStatus(39)={status}"]


@pytest.mark.parametrize("exec_type", ["6", "E"])
@pytest.mark.parametrize("status", ["2", "4", "8", "C"])
def test_a_pending_report_of_no_request_that_reports_an_end_asks(tracked, exec_type, status):
    events = tracked.report(exec_type, status, cum_quantity=40, leaves_quantity=0)
    assert tracked.status == ("PARTIALLY_FILLED", 40, 60)
    assert (tracked.order.anomaly_count, bool(asked(events))) == (1, True)


@pytest.mark.parametrize(
    ("status", "fields"),
    [("2", {"cum_quantity": 40, "leaves_quantity": 60}), ("1", {"leaves_quantity": 0})],
)
def test_an_answer_that_contradicts_itself_is_an_anomaly(tracked, status, fields):
    tracked.report("I", status, **fields)
    assert tracked.status == ("PARTIALLY_FILLED", 40, 60)
    assert tracked.order.anomaly_count == 1


@pytest.mark.parametrize("status", ["0", "1", "6", "E"])
def test_a_refusal_that_reports_a_working_order_ends_nothing_and_asks(tracked, status):
    events = tracked.report("8", status, cum_quantity=40, leaves_quantity=60)
    assert tracked.status == ("PARTIALLY_FILLED", 40, 60)
    assert (tracked.order.anomaly_count, bool(asked(events))) == (1, True)


def test_a_replace_that_forgets_what_is_executed_asks(tracked):
    tracked.replace(60)
    events = tracked.report(
        "5", "0", cl_ord_id=Y, order_quantity=60, cum_quantity=0, leaves_quantity=60
    )
    assert tracked.status == ("PARTIALLY_FILLED", 40, 20)
    assert asked(events) == ["CumQty(14) is 40 below the executions"]
    tracked.report("I", "1", cl_ord_id=Y, order_quantity=60, cum_quantity=40, leaves_quantity=20)
    assert tracked.order.asked_about == ""


def test_an_order_that_the_venue_calls_filled_with_less_is_closed_by_the_answer(tracked):
    events = heard(tracked, "F", ord_status="2", order_quantity=50, leaves_quantity=0)
    assert asked(events) == ["OrderQty(38) differs; LeavesQty(151) differs; OrdStatus(39)=2"]
    tracked.report("I", "2", order_quantity=50, cum_quantity=50, leaves_quantity=0)
    assert tracked.status == ("FILLED", 50, 0)
    assert tracked.order.anomaly_count == 2


def test_a_missing_execution_is_awaited_and_then_agreed(tracked):
    heard(tracked, "9", cum_quantity=60, leaves_quantity=40)
    tracked.report("I", "9", cum_quantity=60, leaves_quantity=40)
    assert tracked.status == ("UNKNOWN", 40, 60)
    tracked.fill("E9", 20, ord_status="9")
    assert tracked.status == ("SUSPENDED", 60, 40)
    assert tracked.order.asked_about == ""


# --- Done for the day -------------------------------------------------------------------


@pytest.mark.parametrize("exec_type", ["3", "B", "I"])
@pytest.mark.parametrize(
    ("in_force", "closed"),
    [
        (TimeInForce.DAY, True),
        (TimeInForce.IOC, True),
        (TimeInForce.AT_CLOSE, True),
        (TimeInForce.GTC, False),
        (TimeInForce.GTD, False),
    ],
)
def test_done_for_the_day_is_the_end_of_an_order_of_one_day(exec_type, in_force, closed):
    tracked = TrackedOrder()
    tracked.place(100, tif=TimeInForce.DAY)
    tracked.order = tracked.order._replace(
        terms=tracked.order.terms._replace(time_in_force=in_force)
    )
    tracked.report("0", "0")
    tracked.fill("E1", 40)
    status = "3" if exec_type == "I" else exec_type
    tracked.report(exec_type, status, cum_quantity=40, leaves_quantity=0)
    paused = "CALCULATED" if status == "B" else "DONE_FOR_DAY"
    assert tracked.status == (("EXPIRED", 40, 0) if closed else (paused, 40, 60))
    assert tracked.order.anomaly_count == 0


def test_done_for_the_day_with_something_left_is_a_pause(tracked):
    heard(tracked, "3")
    assert tracked.status == ("DONE_FOR_DAY", 40, 60)
    heard(tracked, "3", leaves_quantity=0)
    assert tracked.status == ("EXPIRED", 40, 0)


# --- Busts without a usable ExecRefID(19) -------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "busted"),
    [
        ({"exec_id": "E2"}, "E2"),
        ({"exec_id": "E2", "exec_ref_id": "E2"}, "E2"),
        ({"last_quantity": 10}, "E2"),
        ({"last_quantity": 30, "last_price": 50}, "E1"),
        ({"cum_quantity": 10}, "E1"),
        ({"exec_ref_id": "T-77", "cum_quantity": 30}, "E2"),
        ({"exec_ref_id": "T-77", "last_quantity": 10}, ""),
        ({"last_quantity": 20}, ""),
        ({"last_quantity": 10, "last_price": 51}, ""),
        ({"last_quantity": 10, "cum_quantity": 40}, ""),
        ({}, ""),
    ],
)
def test_a_bust_is_applied_if_it_can_mean_only_one_execution(tracked, fields, busted):
    values = {"exec_id": "B1", **fields}
    tracked.report("H", "1", **values)
    gone = [name for name, one in tracked.executions.items() if one.busted]
    assert gone == ([busted] if busted else [])
    assert tracked.order.cum_quantity == 40 - (tracked.executions[busted].quantity if busted else 0)
    assert bool(tracked.order.anomaly_count) == (not busted)


def test_of_two_equal_executions_neither_is_taken_back(tracked):
    tracked.fill("E3", 10)
    events = tracked.report("H", "1", exec_id="B1", last_quantity=10, cum_quantity=40)
    assert tracked.order.cum_quantity == 50
    assert asked(events) == ["CumQty(14) is 10 below the executions"]


def test_a_bust_that_repeats_its_execution_counts_once(tracked):
    tracked.report("H", "1", exec_id="E2", cum_quantity=30)
    assert tracked.report("H", "1", exec_id="E2", cum_quantity=30) == []
    assert tracked.status == ("PARTIALLY_FILLED", 30, 70)


# --- What could not be read ---------------------------------------------------------------


@pytest.mark.parametrize("exec_type", EVERY)
def test_what_was_left_out_is_an_anomaly_and_the_report_is_applied(tracked, exec_type):
    events = heard(tracked, exec_type, unreadable="AvgPx(6) '50,51' is not a decimal number")
    assert tracked.order.anomaly_count == 1
    assert "AvgPx(6) '50,51'" in events[-1].text
    assert any(isinstance(event, OrderExecuted) for event in events) == (exec_type == "F")


@pytest.mark.parametrize(
    ("facts", "msg_type"),
    [
        (CancelRejectFacts(Y, cxl_rej_reason=None, unreadable="CxlRejReason(102) 'x'"), "9"),
        (BusinessRejectFacts(Y, "F", unreadable="BusinessRejectReason(380) 'x'"), "j"),
        (SessionRejectFacts(Y, "F", unreadable="SessionRejectReason(373) 'x'"), "3"),
    ],
)
def test_what_was_left_out_of_a_refusal_is_an_anomaly_of_its_order(tracked, facts, msg_type):
    assert tracked.cancel() == Y
    events = tracked.hear(facts)
    assert tracked.order.state.name == "PARTIALLY_FILLED", "the refusal is applied"
    assert (events[-1].msg_type, tracked.order.anomaly_count) == (msg_type, 1)


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("OrderID(37)", {"venue_order_id": "V9"}),
        ("OrigClOrdID(41)", {"orig_cl_ord_id": "01JD8QZ5T0000000000000000B-1"}),
        ("Account(1)", {"account_id": "ACC-BOB"}),
    ],
)
def test_what_a_refusal_repeats_of_its_order_is_compared(tracked, field, fields):
    tracked.cancel()
    events = tracked.hear(CancelRejectFacts(Y, cxl_rej_reason=2, ord_status="1", **fields))
    assert tracked.status == ("PARTIALLY_FILLED", 40, 60), "the refusal is applied"
    assert field in events[-1].text
    assert tracked.order.anomaly_count == 1


@pytest.mark.parametrize("named", ["V1", "", "NONE"])
def test_a_refusal_that_agrees_is_no_anomaly(tracked, named):
    tracked.cancel()
    tracked.hear(CancelRejectFacts(Y, X, named, ord_status="1", cxl_rej_reason=2))
    assert tracked.order.anomaly_count == 0


def test_a_refused_question_is_on_record_and_refuses_nothing_else(tracked):
    cancel = tracked.cancel()
    tracked.hear(BusinessRejectFacts(cancel, "H", 3, "not supported"))
    assert tracked.order.state.name == "PENDING_CANCEL"
    assert "RefMsgType(372)=H" in tracked.order.anomaly


@pytest.mark.parametrize("digits", [10, 15, 60])
def test_a_price_with_many_digits_is_counted_exactly(tracked, digits):
    price = Decimal(f"50.{'0' * (digits - 1)}7")
    heard(tracked, "F", last_price=price)
    assert tracked.order.anomaly_count == 0
    exact = Decimal(2000) + 10 * Decimal(50)
    assert tracked.order.notional - exact == Decimal(f"7E-{digits}") * 10


def test_a_quantity_with_many_digits_is_counted_exactly(tracked):
    part = Decimal("0.000000000000000007")
    fields = {"cum_quantity": 40 + part, "leaves_quantity": 60 - part}
    heard(tracked, "F", last_quantity=part, **fields)
    assert tracked.order.anomaly_count == 0
    assert (tracked.order.cum_quantity, tracked.order.leaves_quantity) == (40 + part, 60 - part)
    assert tracked.order.notional == 2000 + 50 * part
