"""Any order of fills, answers, refusals and cancels over a group of linked orders.

A venue that keeps its word but crosses everything: it fills what it has while
requests are on their way, and answers them whenever it likes. The tracked folds what
follows by `consequences`, as the service does.
"""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kernel.side import Side
from svc_oms.domain.events import (
    CancelRefused,
    CancelRequested,
    ExecutionBusted,
    OrderAccepted,
    OrderAcknowledged,
    OrderCanceled,
    OrderExecuted,
    OrderReleased,
    OrderReplaced,
    OrderTriggered,
    ReplaceRefused,
    ReplaceRequested,
    Stamp,
)
from svc_oms.domain.groups.group_checks import check_link
from svc_oms.domain.groups.group_rules import consequences, has_fired, in_the_way
from svc_oms.domain.lifecycle import LOCAL
from svc_oms.domain.model import Execution, Link, LinkKind, OrderType, Rejection, Trigger, WaitsFor
from svc_oms.domain.order import evolve
from svc_oms.domain.verification.verify import check_arithmetic
from tests.support.lifecycle import TrackedOrder, terms

NO = Rejection("VENUE_REJECTED", "no")
ENTRY, FIRST, SECOND = "01A", "01B", "01C"


@dataclass
class AtVenue:
    """What a venue has of an order."""

    quantity: Decimal
    cum: Decimal = Decimal(0)
    is_open: bool = True
    fills: dict[str, Decimal] = field(default_factory=dict)


class Groups(RuleBasedStateMachine):
    """See above."""

    def __init__(self):
        super().__init__()
        self.orders = {}
        self.venue: dict[str, AtVenue] = {}
        self.requests: dict[str, deque] = {}
        self.sent: dict[str, int] = {}
        self.sequence = 0
        self.refusals = self.busts = self.honest = False
        self.kind = None

    # The trader.

    def fold(self, order_id, *events):
        before = self.orders.get(order_id)
        self._add(order_id, events)
        moves = [(before, self.orders[order_id])] if before is not None else []
        for was, now in moves:
            for found in consequences(list(self.orders.values()), now, was, lambda _: Decimal(1)):
                other = self.orders[found.order.order_id]
                self._add(other.order_id, [found.event])
                assert not self.orders[other.order_id].anomaly, found
                moves.append((other, self.orders[other.order_id]))

    def _add(self, order_id, events):
        for event in events:
            self.sequence += 1
            before = self.orders.get(order_id)
            if isinstance(event, CancelRequested | ReplaceRequested):
                assert not before.pending_cancel_id
                assert order_id in self.venue, "nothing is asked of a venue that has nothing"
                if isinstance(event, ReplaceRequested):
                    assert not before.pending_replace_id
                self.requests[order_id].append(event)
            if isinstance(event, OrderReleased) and before.waits_for is WaitsFor.PARENT:
                self.sent[order_id] = self.sent.get(order_id, 0) + 1
                assert self.sent[order_id] == 1, "released twice"
                parent = self.orders[before.link.parent_order_id]
                assert parent.is_closed
                assert parent.cum_quantity > 0
            self.orders[order_id] = evolve(before, event, Stamp(self.sequence), self.sequence)

    def place(self, order_id, link, side=Side.BUY, *, stop=False):
        tracked = TrackedOrder()
        tracked.place()
        waits = WaitsFor.PARENT if link.parent_order_id else WaitsFor.PRICE if stop else None
        order = tracked.order._replace(
            order_id=order_id,
            cl_ord_id=f"{order_id}-1",
            link=link,
            side=side,
            waits_for=waits,
            type=OrderType.STOP if stop else OrderType.LIMIT,
            trigger=Trigger(Decimal(40)) if stop else None,
        )
        check_link(order, list(self.orders.values()))
        state = LOCAL_STATE if waits else order.state
        self.fold(order_id, OrderAccepted(order._replace(state=state)))
        if not waits:
            self.send(order_id)

    def send(self, order_id):
        order = self.orders[order_id]
        assert order_id not in self.venue, "sent twice"
        self.venue[order_id] = AtVenue(order.terms.quantity)
        self.requests[order_id] = deque([OrderAcknowledged("V")])

    # What happens.

    @initialize(
        kind=st.sampled_from([LinkKind.OCO, LinkKind.OTO, LinkKind.BRACKET]),
        honest=st.booleans(),
        ahead=st.booleans(),
    )
    def begin(self, kind, honest, ahead):
        """Begin a group; honest venues refuse and take back nothing, ahead is the parent done."""
        self.kind, self.honest = kind, honest
        self.place(ENTRY, Link(kind, "G"))
        parent = "" if kind is LinkKind.OCO else ENTRY
        side = Side.BUY if kind is LinkKind.OCO else Side.SELL
        self.place(FIRST, Link(kind, "G", parent), side)
        self.place(SECOND, Link(kind, "G", parent), side, stop=True)
        if ahead and parent:
            self.fill(ENTRY, Decimal(100))
            self.go(FIRST)
            self.go(SECOND)

    def some(self, data, wanted):
        found = sorted(order_id for order_id in self.orders if wanted(order_id))
        return data.draw(st.sampled_from(found)) if found else None

    @rule(data=st.data(), share=st.integers(1, 4))
    def the_venue_fills(self, data, share):
        order_id = self.some(data, lambda i: i in self.venue and self.venue[i].is_open)
        if order_id is None:
            return
        at = self.venue[order_id]
        quantity = max(Decimal(1), (at.quantity - at.cum) // share)
        self.fill(order_id, quantity)

    def fill(self, order_id, quantity):
        at = self.venue[order_id]
        at.cum += quantity
        at.is_open = at.cum < at.quantity
        exec_id = f"E{self.sequence}"
        at.fills[exec_id] = quantity
        order = self.orders[order_id]
        fill = Execution(
            exec_id, "SIMA", order_id, "A", "I", order.side, quantity, Decimal(50), "EUR", 0, 0
        )
        self.fold(order_id, OrderExecuted(fill))

    @rule(data=st.data(), willing=st.booleans())
    def the_venue_answers(self, data, willing):
        order_id = self.some(data, lambda i: bool(self.requests.get(i)))
        if order_id is not None:
            self.answer(order_id, willing=willing or self.honest)

    def answer(self, order_id, *, willing):
        at, request = self.venue[order_id], self.requests[order_id].popleft()
        if isinstance(request, OrderAcknowledged):
            self.fold(order_id, request)
        elif isinstance(request, CancelRequested):
            if willing and at.is_open:
                at.is_open = False
                self.fold(order_id, OrderCanceled())
            else:
                self.refusals |= at.is_open
                self.fold(order_id, CancelRefused(request.cl_ord_id, NO))
        elif willing and at.is_open and request.terms.quantity > at.cum:
            at.quantity = request.terms.quantity
            self.fold(order_id, OrderReplaced(request.terms))
        else:
            self.refusals |= at.is_open and request.terms.quantity > at.cum
            self.fold(order_id, ReplaceRefused(request.cl_ord_id, NO))

    @rule(data=st.data(), seldom=st.integers(0, 5))
    def a_client_cancels(self, data, seldom):
        if seldom:
            return
        order_id = self.some(
            data, lambda i: not self.orders[i].is_closed and not self.orders[i].pending_cancel_id
        )
        if order_id is None:
            return
        order = self.orders[order_id]
        here = order.state in LOCAL
        self.fold(order_id, OrderCanceled() if here else CancelRequested(order.next_cl_ord_id))

    @rule(data=st.data(), price=st.integers(1, 9))
    def a_client_changes_a_price(self, data, price):
        def able(order_id):
            order = self.orders[order_id]
            pending = order.pending_cancel_id or order.pending_replace_id
            return not order.is_closed and order.state not in LOCAL and not pending

        order_id = self.some(data, able)
        if order_id is not None:
            order = self.orders[order_id]
            changed = terms(order.terms.quantity, price)
            self.fold(order_id, ReplaceRequested(order.next_cl_ord_id, changed))

    @rule(data=st.data())
    def what_waits_goes(self, data):
        order_id = self.some(data, self.may_go)
        if order_id is not None:
            self.go(order_id)

    def may_go(self, order_id):
        return self.orders[order_id].waits_for in {WaitsFor.VENUE, WaitsFor.PRICE}

    def go(self, order_id):
        price = self.orders[order_id].waits_for is WaitsFor.PRICE
        others = in_the_way(list(self.orders.values()), self.orders[order_id])
        if others:
            self.cancel_first(order_id, others)
            return
        if order_id == SECOND and self.kind is not LinkKind.OTO and not self.busts:
            self.goes_alone()
        # Sent in the transaction that lets it go.
        self.venue[order_id] = AtVenue(self.orders[order_id].terms.quantity)
        self.requests[order_id] = deque([OrderAcknowledged("V")])
        self.fold(order_id, OrderTriggered(Decimal(39)) if price else OrderReleased())

    def goes_alone(self):
        """A stop is sent when what would trade the same is closed, and for what that left."""
        bracket = self.kind is LinkKind.BRACKET
        ids = {FIRST} if bracket else {ENTRY, FIRST}
        others = [self.venue[order_id] for order_id in ids if order_id in self.venue]
        assert not any(one.is_open for one in others)
        asked = self.orders[ENTRY].cum_quantity if bracket else 100
        assert self.orders[SECOND].terms.quantity + sum(one.cum for one in others) <= asked

    def cancel_first(self, order_id, others):
        """Cancel what would trade the same as a stop that is reached."""
        if self.orders[order_id].waits_for is WaitsFor.PRICE:
            self.fold(order_id, OrderReleased(WaitsFor.VENUE))
        for other_id in [each.order_id for each in others]:
            other = self.orders[other_id]
            if not other.is_closed and not other.pending_cancel_id:
                self.fold(other_id, CancelRequested(other.next_cl_ord_id))

    @precondition(lambda self: not self.honest and ENTRY in self.venue and self.venue[ENTRY].fills)
    @rule(data=st.data())
    def the_venue_takes_a_fill_of_the_first_back(self, data):
        at = self.venue[ENTRY]
        gone = data.draw(st.sampled_from(sorted(at.fills)))
        quantity = at.fills.pop(gone)
        self.busts = True
        at.cum -= quantity
        at.is_open = self.orders[ENTRY].state.name != "CANCELED"
        self.fold(ENTRY, ExecutionBusted(f"B{self.sequence}", gone, quantity, Decimal(50)))

    # What must hold.

    @invariant()
    def the_arithmetic_holds(self):
        for order in self.orders.values():
            assert check_arithmetic(order) == []
            assert (order.waits_for is not None) == (order.base_state in LOCAL)

    @invariant()
    def no_exit_is_sent_for_more_than_the_entry_executed(self):
        if self.kind is LinkKind.BRACKET and not self.busts:
            for order_id in (FIRST, SECOND):
                if order_id in self.venue:
                    assert self.venue[order_id].quantity <= self.orders[ENTRY].cum_quantity

    def teardown(self):
        """Let everything come to rest, and look at what the group has become."""
        if not self.orders:
            return
        while any(self.requests.values()) or any(map(self.may_go, self.orders)):
            for order_id in sorted(self.orders):
                while self.requests.get(order_id):
                    self.answer(order_id, willing=True)
                if self.may_go(order_id):
                    self.go(order_id)
        self.the_arithmetic_holds()
        if not self.refusals and not self.busts:
            self.at_rest()

    def at_rest(self):
        members = list(self.orders.values())
        working = [order for order in members if not order.is_closed]
        if self.kind is LinkKind.OCO:
            if any(order.cum_quantity for order in members):
                assert len(working) <= 1
                assert all(order.cum_quantity or has_fired(order) for order in working)
            return
        entry = self.orders[ENTRY]
        for order in members[1:]:
            if entry.is_closed:
                assert order.waits_for is None
                assert order_id_sent(self, order) or order.is_closed
            else:
                assert order.waits_for is WaitsFor.PARENT or order.is_closed
        if self.kind is LinkKind.BRACKET and entry.is_closed:
            first, second = self.orders[FIRST], self.orders[SECOND]
            for one, other in ((first, second), (second, first)):
                if not one.is_closed:
                    assert one.terms.quantity == entry.cum_quantity - other.cum_quantity


def order_id_sent(machine, order):
    return order.order_id in machine.venue


LOCAL_STATE = next(state for state in LOCAL if state.name == "AWAITING_TRIGGER")
Groups.TestCase.settings = settings(
    deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
TestGroups = Groups.TestCase
