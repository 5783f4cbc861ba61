"""Whatever dies and whenever, OMS and venue agree in the end (invariants 2 and 8).

Commands are lost, arrive without a receipt, or go stale; answers and reports come
late; the venue fills, refuses, considers and ends the order at any point. When all
has been said, the OMS knows what the venue knows, holds nothing in doubt, and has
seen no anomaly, because this venue keeps the protocol. A venue may also end the
leg that a replace supersedes, before or after it: that is flagged, and they agree.
"""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from svc_oms.domain.events import StatusRequested
from svc_oms.domain.lifecycle import TERMINAL, OrderState
from svc_oms.domain.order import OrderRefused
from tests.support.lifecycle import TrackedOrder
from tests.support.strict_venue import MortalGateway, StrictVenue

STATES = {
    "0": OrderState.NEW,
    "1": OrderState.PARTIALLY_FILLED,
    "2": OrderState.FILLED,
    "4": OrderState.CANCELED,
    "8": OrderState.REJECTED,
    "C": OrderState.EXPIRED,
    "": OrderState.REJECTED,
}


class AgreementMachine(RuleBasedStateMachine):
    """An order, a gateway that dies, and a venue that keeps the protocol."""

    def __init__(self):
        super().__init__()
        self.worker = TrackedOrder()
        self.venue = None
        self.gateway = None

    @initialize(names_the_order=st.booleans(), legs=st.sampled_from(["", "", "before", "after"]))
    def place(self, names_the_order, legs):
        self.venue = StrictVenue(names_the_order=names_the_order, legs=legs)
        self.gateway = MortalGateway(self.venue)
        order = self.worker.place(100)
        self.gateway.submit("D", order.cl_ord_id, order.terms)

    @rule()
    def cancel(self):
        try:
            cl_ord_id = self.worker.cancel()
        except OrderRefused:
            return
        self.gateway.submit("F", cl_ord_id)

    @rule(quantity=st.sampled_from([50, 80, 100, 150, 200]), price=st.sampled_from(["50", "50.5"]))
    def replace(self, quantity, price):
        try:
            cl_ord_id = self.worker.replace(quantity, price)
        except OrderRefused:
            return
        self.gateway.submit("G", cl_ord_id, self.worker.order.pending_terms)

    @precondition(lambda self: self.gateway and self.gateway.outbox)
    @rule(fate=st.sampled_from(["sent", "sent", "lost", "arrived", "gapped", "stale"]))
    def send(self, fate):
        self.gateway.send(fate)

    @precondition(lambda self: self.gateway and self.gateway.doubts)
    @rule()
    def ask(self):
        self.gateway.ask()

    @precondition(lambda self: self.venue and self.venue.inbox)
    @rule(consider=st.booleans(), refuse=st.sampled_from([False, False, True]))
    def venue_reads(self, consider, refuse):
        self.venue.read(consider=consider, refuse=refuse)

    @precondition(lambda self: self.venue and self.venue.considering)
    @rule(refuse=st.booleans())
    def venue_concludes(self, refuse):
        self.venue.conclude(refuse=refuse)

    @precondition(lambda self: self.venue and self.venue.works)
    @rule(quantity=st.sampled_from([10, 50, 100]))
    def venue_fills(self, quantity):
        self.venue.fill(quantity)

    @precondition(lambda self: self.venue and self.venue.works)
    @rule(exec_type=st.sampled_from("4C"))
    def venue_ends(self, exec_type):
        self.venue.end(exec_type)

    @precondition(lambda self: self.venue and self.venue.out)
    @rule()
    def relay(self):
        self.gateway.relay()

    @precondition(lambda self: self.gateway and self.gateway.to_oms)
    @rule()
    def oms_hears(self):
        for event in self.worker.hear(self.gateway.to_oms.popleft()):
            if isinstance(event, StatusRequested):
                self.gateway.submit("H", event.cl_ord_id)

    @invariant()
    def invariants_hold(self):
        if self.worker.order is not None:
            assert self.worker.findings() == []

    def _finish(self):
        """Let everything be said that is still to be said."""
        gateway, venue = self.gateway, self.venue
        while gateway.outbox or gateway.doubts or venue.inbox or venue.out or gateway.to_oms:
            while gateway.outbox:
                gateway.send("sent")
            while gateway.doubts:
                gateway.ask()
            while venue.inbox or venue.considering:
                if venue.considering:
                    venue.conclude()
                else:
                    venue.read()
            while venue.out:
                gateway.relay()
            while gateway.to_oms:
                self.oms_hears()
        if venue.considering:
            venue.conclude()
            self._finish()

    def teardown(self):
        if self.venue is None:
            return
        self._finish()
        venue, tracked = self.venue, self.worker
        order = tracked.order
        # The end of a leg is flagged.
        assert venue.legs or order.anomaly_count == 0, [line.event for line in tracked.log]
        assert order.state is STATES[venue.status]
        assert order.cum_quantity == venue.cum
        if venue.status not in {"", "8"}:
            assert order.terms.quantity == venue.quantity
            assert order.cl_ord_id == venue.cl_ord_id
        if order.state not in TERMINAL:
            assert (order.in_doubt, order.pending_cancel_id, order.pending_replace_id) == (
                (),
                "",
                "",
            )
        assert tracked.findings() == []


TestAgreement = pytest.mark.timeout(1800)(AgreementMachine.TestCase)
