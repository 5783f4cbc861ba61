"""However two ways of the same reports interleave, each fill counts once and the end is the same.

A truthful venue reports on its order session and copies every report. Each way keeps its order; the
copy may be early, late or missing, and requests may fall into doubt at any point.
"""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from svc_oms.domain.facts import ReceiptFacts
from tests.support.lifecycle import ORDER_ID, TrackedOrder, report

X, Y, Z = (f"{ORDER_ID}-{number}" for number in (1, 2, 3))
QUANTITY, LARGER = 100, 120


def fill(number, cl_ord_id, quantity, cum):
    return report(
        "F", "1", cl_ord_id=cl_ord_id, exec_id=f"E{number}", last_quantity=quantity,
        last_price="50", cum_quantity=cum,
    )  # fmt: skip


@st.composite
def lives(draw):
    """What a venue reports of one order: fills, a replace, fills, perhaps a cancel."""
    reported, cum, number = [report("0", "0", cum_quantity=0)], 0, 0

    def some_fills(cl_ord_id, most):
        nonlocal cum, number
        for quantity in draw(st.lists(st.integers(1, 20), max_size=3)):
            if cum + quantity < most:
                cum, number = cum + quantity, number + 1
                reported.append(fill(number, cl_ord_id, quantity, cum))

    some_fills(X, QUANTITY)
    reported.append(
        report("5", "1" if cum else "0", cl_ord_id=Y, orig_cl_ord_id=X, order_quantity=LARGER)
    )
    some_fills(Y, LARGER)
    canceled = draw(st.booleans())
    if canceled:
        reported.append(report("4", "4", cl_ord_id=Z, orig_cl_ord_id=Y, cum_quantity=cum))
    return reported, cum, canceled


@given(life=lives(), data=st.data())
def test_both_ways_end_alike(life, data):
    reported, cum, canceled = life
    tracked = TrackedOrder()
    tracked.place(QUANTITY)
    doubts = data.draw(st.sets(st.sampled_from([X, Y, Z])))
    tracked.replace(LARGER)
    tracked.cancel()
    for cl_ord_id, kind in ((X, "NEW"), (Y, "REPLACE"), (Z, "CANCEL")):
        if cl_ord_id in doubts:
            tracked.hear(ReceiptFacts(cl_ord_id, kind, "IN_DOUBT", ""))
    session, copy = list(reported), reported[: data.draw(st.integers(0, len(reported)))]
    overtaken = ended = False
    while session or copy:
        if session and (not copy or data.draw(st.booleans())):
            facts = session.pop(0)
            tracked.hear(facts)
        else:
            facts = copy.pop(0)
            tracked.copy(facts)
            overtaken |= tracked.order.is_closed and len(session) > 1
        ended |= facts.exec_type == "4"
        assert tracked.findings() == []
        # The venue never fills all of it, so only its end closes the order.
        assert ended or not tracked.order.is_closed
    order = tracked.order
    assert order.cum_quantity == cum
    assert sum(map(len, tracked.parts.values())) == sum(
        facts.exec_type == "F" for facts in reported
    )
    assert overtaken or order.terms.quantity == LARGER
    if canceled:
        assert tracked.status == ("CANCELED", cum, 0)
    assert order.notional == Decimal(50) * cum
    # A replace reported after the end is for a person: on one way it would contradict it.
    assert order.anomaly_count == 0 or overtaken
