"""Any report of an order nobody sent: it opens one that stands on its own, or says why not."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from svc_oms.domain.events import OrderAccepted, Stamp
from svc_oms.domain.facts import ExecutionReportFacts, ReportedOrder
from svc_oms.domain.lifecycle import TERMINAL
from svc_oms.domain.order import evolve
from svc_oms.domain.reports.unsolicited import opened, why_not
from svc_oms.domain.reports.venue_reports import interpret
from svc_oms.service.codec.order_records import (
    fold_message,
    order_message,
    order_value,
    progress_message,
)
from tests.support.lifecycle import INSTRUMENT, ORDER_ID

numbers = st.none() | st.integers(0, 300).map(Decimal)
prices = st.none() | st.sampled_from([Decimal(0), Decimal("49.95"), Decimal(50)])
names = st.sampled_from(["", "NONE", "V1", "a\x1fb"])
reports = st.builds(
    ExecutionReportFacts,
    cl_ord_id=st.sampled_from(["", "DESK-7", "a\x1fb"]),
    exec_type=st.sampled_from([*"0123456789ABCDEFGHIZ", ""]),
    ord_status=st.sampled_from([*"0124A", "Z"]),
    exec_id=st.sampled_from(["", "E1", "a\x1fb"]),
    venue_order_id=names,
    order_quantity=numbers,
    last_quantity=numbers,
    last_price=prices,
    leaves_quantity=numbers,
    cum_quantity=numbers,
    limit_price=prices,
    stop_price=prices,
    time_in_force=st.sampled_from([*"0123467", "", "9"]),
    reported_order=st.none()
    | st.builds(
        ReportedOrder,
        account_id=st.sampled_from(["", "ACC-ALICE"]),
        symbol=st.just("ASML"),
        isin=st.sampled_from(["", INSTRUMENT.isin, "US0378331005"]),
        side=st.sampled_from([*"1256", "8", ""]),
        order_type=st.sampled_from([*"1234PK", ""]),
        currency=st.sampled_from(["", "EUR", "USD"]),
        opens_max=st.sampled_from([0, 100]),
    ),
)


@given(reports, st.sampled_from([INSTRUMENT, None]))
def test_a_report_opens_an_order_that_is_whole_or_says_why_not(report, instrument):
    if why_not(report, instrument):
        return
    order = evolve(
        None, OrderAccepted(opened(report, instrument, ORDER_ID, 7)), Stamp(7, actor="venue"), 1
    )
    for event in interpret(order, report):
        order = evolve(order, event, Stamp(8, actor="venue"), order.last_sequence + 1)
    assert order.terms.quantity > 0
    assert order.account_id
    assert order.venue_order_id == order.idempotency_key == "V1"
    assert order.cl_ord_id in {"V1", "DESK-7"}
    assert (order.cum_quantity > 0) == (report.exec_type == "F")
    if order.state not in TERMINAL:
        assert order.cum_quantity + order.leaves_quantity == order.terms.quantity
    message = order_message(order, progress_message(order))
    assert order_value(message, fold_message(order)) == order._replace(anomaly="")
