"""Anything may happen in any order, and the invariants hold after every step.

The machine knows no protocol: it fires commands and reports, sensible or not,
repeated, late, contradicting. Invariants 3 (executions once), 4 (arithmetic) and
5 (the order is the fold of its events) are checked after each.
"""

from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from svc_oms.domain.facts import (
    BusinessRejectFacts,
    CancelRejectFacts,
    ReceiptFacts,
    SessionRejectFacts,
)
from svc_oms.domain.lifecycle import OVERLAYS, TERMINAL, OrderState, visible
from svc_oms.domain.model import VenueHolds
from svc_oms.domain.order import OrderRefused
from tests.support.lifecycle import ORDER_ID, TrackedOrder, report

quantities = st.sampled_from([1, 10, 40, 50, 60, 100, 150])
prices = st.sampled_from(["49.99", "50", "50.01", "0.01"])
exec_ids = st.sampled_from([f"E{n}" for n in range(1, 9)])
statuses = st.sampled_from("0123456789ABCDE")
numbers = st.integers(min_value=1, max_value=4)
maybe_quantity = st.none() | st.integers(min_value=0, max_value=200)

NOT_FILLED = TERMINAL - {OrderState.FILLED}


class LifecycleMachine(RuleBasedStateMachine):
    """One order, and a venue that may say anything."""

    steps = 0
    """Steps of all machines so far, for the test at the end."""

    def __init__(self):
        super().__init__()
        self.worker = TrackedOrder()
        self.heard = []

    @initialize(
        quantity=st.sampled_from([50, 100]),
        kind=st.sampled_from(["market", "limit", "limit", "cash", "unsolicited"]),
    )
    def place(self, quantity, kind):
        if kind == "cash":
            self.worker.place_cash(quantity * 50)
        elif kind == "unsolicited":
            self.worker.hear_unsolicited("A", "A", order_quantity=quantity)
        else:
            self.worker.place(quantity, None if kind == "market" else "50")
        assert self.worker.status == ("PENDING_NEW", 0, quantity)

    def hear(self, facts):
        self.heard.append(facts)
        self.worker.hear(facts)

    @rule()
    def cancel(self):
        before = self.worker.order
        try:
            self.worker.cancel()
        except OrderRefused as refused:
            assert refused.reason in {"ORDER_CLOSED", "ORDER_CHANGE_PENDING"}
            assert self.worker.order is before
            assert before.is_closed or before.pending_cancel_id
        else:
            assert self.worker.order.state in {OrderState.PENDING_CANCEL, OrderState.UNKNOWN}

    @rule(quantity=quantities, price=prices)
    def replace(self, quantity, price):
        before = self.worker.order
        try:
            self.worker.replace(quantity, price if before.terms.limit_price else None)
        except OrderRefused:
            assert self.worker.order is before
        else:
            assert self.worker.order.state is OrderState.PENDING_REPLACE

    @rule(exec_id=exec_ids, quantity=quantities, price=prices, cum=maybe_quantity, status=statuses)
    def fill(self, exec_id, quantity, price, cum, status):
        known = self.worker.applied.get(exec_id)
        before = self.worker.order
        facts = report(
            "F",
            status,
            exec_id=exec_id,
            last_quantity=quantity,
            last_price=price,
            cum_quantity=cum,
        )
        # Under a known ExecID(17) only another part counts, which its CumQty(14) proves.
        counts = not known or (
            cum == before.cum_quantity + quantity
            and all(one.cum_quantity not in {None, cum} for one in known if one.exec_type != "H")
        )
        self.hear(facts)
        after = self.worker.order
        # Invariant 3, and "never refused": counted exactly once, whatever the state was.
        grown = quantity if counts else 0
        assert after.cum_quantity == before.cum_quantity + grown
        # What was filled by an estimate may turn out to be for more.
        if grown and before.state in TERMINAL and not before.terms.quantity_is_estimate:
            assert after.anomaly_count > before.anomaly_count

    @rule(
        exec_type=st.sampled_from("03456789ABCDEI?"),
        status=statuses,
        number=numbers,
        cum=maybe_quantity,
        quantity=st.none() | quantities,
        price=st.none() | prices,
        reason=st.sampled_from([None, 0, 5, 6]),
        leaves=maybe_quantity,
        named=st.sampled_from(["V1", "V2", "V3", ""]),
    )
    def report(self, exec_type, status, number, cum, quantity, price, reason, leaves, named):
        self.hear(
            report(
                exec_type,
                status,
                cl_ord_id=f"{ORDER_ID}-{number}",
                cum_quantity=cum,
                order_quantity=quantity,
                limit_price=price,
                ord_rej_reason=reason,
                leaves_quantity=leaves,
                venue_order_id=named,
            )
        )

    @rule(exec_type=st.sampled_from("GH"), exec_id=exec_ids, ref=exec_ids, status=statuses)
    def take_back(self, exec_type, exec_id, ref, status):
        self.hear(
            report(
                exec_type,
                status,
                exec_id=exec_id,
                exec_ref_id=ref,
                last_quantity=20,
                last_price="50",
            )
        )

    @rule(
        number=numbers,
        response_to=st.sampled_from(["", "1", "2"]),
        foreign=st.booleans(),
        status=statuses,
        reason=st.sampled_from([0, 1]),
    )
    def refuse(self, number, response_to, foreign, status, reason):
        cl_ord_id = "" if foreign else f"{ORDER_ID}-{number}"
        self.hear(
            CancelRejectFacts(
                cl_ord_id, response_to=response_to, cxl_rej_reason=reason, ord_status=status
            )
        )

    @rule(number=numbers, msg_type=st.sampled_from("DFGH"), session=st.booleans())
    def reject_message(self, number, msg_type, session):
        kind = SessionRejectFacts if session else BusinessRejectFacts
        self.hear(kind(f"{ORDER_ID}-{number}", msg_type, 5, text="no"))

    @rule(
        number=numbers,
        kind=st.sampled_from(["NEW", "CANCEL", "REPLACE", "STATUS"]),
        outcome=st.sampled_from(["SENT", "NOT_SENT", "IN_DOUBT", "WITHDRAWN"]),
    )
    def receipt(self, number, kind, outcome):
        number = 1 if kind == "NEW" else number
        self.hear(ReceiptFacts(f"{ORDER_ID}-{number}", kind, outcome, "gateway stopped"))

    @rule(
        holds=st.sampled_from(VenueHolds),
        fill=st.none() | st.tuples(exec_ids, quantities, prices),
        replaced=st.booleans(),
    )
    def resolve(self, holds, fill, replaced):
        """A person says what the venue has: refused, or the order is in doubt no more.

        Open to a statement is an order in doubt, and one with an anomaly: also one without an
        answer yet, if a refusal was parked of a request that it never had.
        """
        before = self.worker.order
        try:
            self.worker.resolve(holds, [] if fill is None else [fill], replaced=replaced)
        except OrderRefused as refused:
            assert refused.reason in {"OBJECT_STATE", "INVALID_FIELD"}
            assert self.worker.order is before
            return
        order = self.worker.order
        assert before.state is OrderState.UNKNOWN or before.anomaly_count > 0
        assert order.state is not OrderState.UNKNOWN
        assert order.stated_by_person
        in_cash = before.terms.quantity_is_estimate
        if before.is_closed:
            assert order.state is before.state
        elif holds is VenueHolds.FILLED and before.base_state in NOT_FILLED and in_cash:
            # Only the venue knows the quantity of an order in cash, and it said how that ended.
            assert order.state in {before.base_state, OrderState.FILLED}
        else:
            assert (order.state is OrderState.FILLED) == (holds is VenueHolds.FILLED)

    @rule(data=st.data())
    def hear_again(self, data):
        """A repeated fill changes nothing; other repeats change no number."""
        if not self.heard:
            return
        facts = data.draw(st.sampled_from(self.heard))
        before = self.worker.order
        self.worker.hear(facts)
        if getattr(facts, "exec_type", "") == "F":
            assert self.worker.order.cum_quantity == before.cum_quantity
        if getattr(facts, "exec_type", "") not in {"G", "H"}:
            assert self.worker.order.cum_quantity == before.cum_quantity

    @invariant()
    def invariants_hold(self):
        LifecycleMachine.steps += 1
        if self.worker.order is not None:
            assert self.worker.findings() == []

    @invariant()
    def state_follows_precedence(self):
        order = self.worker.order
        if order is None:
            return
        # A replace without answer may have been granted: its terms are possible.
        possible = max(
            one.quantity for one in (order.terms, order.pending_terms) if one is not None
        )
        missing = order.awaited_cum > order.cum_quantity < possible
        assert order.base_state not in OVERLAYS
        assert order.state is visible(
            order.base_state,
            executions_missing=missing,
            in_doubt=bool(order.in_doubt),
            cancel_pending=bool(order.pending_cancel_id),
            replace_pending=bool(order.pending_replace_id),
        )
        assert (order.pending_terms is None) == (not order.pending_replace_id)
        assert isinstance(order.notional, Decimal)


TestLifecycle = pytest.mark.timeout(1800)(LifecycleMachine.TestCase)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_steps():
    """Half a minute on a quiet machine; hypothesis takes some 47 of the 50 steps of an example."""
    LifecycleMachine.steps = 0
    run_state_machine_as_test(
        LifecycleMachine,
        settings=settings(settings.get_profile("long"), max_examples=2500, stateful_step_count=50),
    )
    assert LifecycleMachine.steps >= 100_000
