"""Invariant 11: children never exceed their parent, whatever venues, clients and crashes do.

The machine fires commands of the client, changes of the books, and everything that venues and
links can do, in any order. After every step Σ (executed + possibly live) is at most the parent's
quantity, both as the OMS knows it and as it is at the venues. Every decision is computed again
from its record.
"""

from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kernel.nanoseconds import NS_PER_MS, NS_PER_S
from kernel.side import Side
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decision import Cause
from svc_oms.domain.routing.paced.schedule import Pace, Schedule
from svc_oms.domain.routing.request import RoutingRequest, Strategy
from svc_oms.domain.routing.view import VenueState
from tests.support.routing import NOW_NS
from tests.support.routing_world import MICS, World

DAY, GTC, IOC, FOK = TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
KINDS = [
    (Strategy.BEST, DAY),
    (Strategy.BEST, DAY),
    (Strategy.BEST, IOC),
    (Strategy.BEST, FOK),
    (Strategy.POST, GTC),
    (Strategy.POST, DAY),
    (Strategy.SPLIT, DAY),
    (Strategy.SPLIT, IOC),
    (Strategy.LIST, DAY),
    (Strategy.LIST, IOC),
]
LIMITS = ["9.99", "10.01", "10.03", "10.07"]
mics = st.sampled_from(MICS)
sizes = st.sampled_from([1, 5, 17, 40, 100, 250])
answers = st.sampled_from([1, 2, 3, 1, 2, 3, 1, 2, 3, 0])
"""0 rejects; the others take more or less."""
which = st.integers(min_value=0, max_value=9)
then = st.sampled_from([True, True, False])
"""Whether the parent is decided about after the step."""


parents = {
    "kind": st.sampled_from(KINDS),
    "limit": st.sampled_from([None, *LIMITS, *LIMITS]),
    "side": st.sampled_from([Side.BUY, Side.SELL]),
    "quantity": st.sampled_from([5, 40, 100, 100, 250]),
    "paced": st.sampled_from(["none", "none", "none", "twap", "later", "bounded", "pov", "pov"]),
    "compacts": st.booleans(),
    "offers": st.lists(sizes, min_size=3, max_size=3),
}


def schedules():
    twap = Schedule(Pace.TWAP, NOW_NS, NOW_NS + 40 * NS_PER_S, 4 * NS_PER_S)
    later = twap._replace(start_ns=NOW_NS + 5 * NS_PER_S)
    bounded = twap._replace(slice_quantity_max=Decimal(17))
    pov = twap._replace(pace=Pace.POV, participation_bps=2_000)
    return {"none": None, "twap": twap, "later": later, "bounded": bounded, "pov": pov}


class RoutingMachine(RuleBasedStateMachine):
    """One routed parent, three venues."""

    steps = 0
    """Steps of all machines so far, for the test at the end."""

    @initialize(**parents)
    def begin(self, **parent):
        self.place(**parent)

    @precondition(lambda self: self.world.ended is not None)
    @rule(**parents)
    def another_one(self, **parent):
        """The day of a parent that has ended is checked to its end; then comes another one."""
        self.world.finish()
        self.place(**parent)

    def place(self, kind, limit, side, quantity, paced, compacts, offers):
        strategy, in_force = kind
        if strategy is Strategy.POST and limit is None:
            limit = "10.01"
        schedule = schedules()[paced] if in_force in {DAY, GTC} else None
        asked = RoutingRequest(
            strategy,
            side,
            None if limit is None else Decimal(limit),
            in_force,
            venues=("SIMB", "SIMA", "SIMC") if strategy is Strategy.LIST else (),
            schedule=schedule,
        )
        self.world = World(asked, quantity)
        self.world.compacts = compacts
        for mic, size in zip(MICS, offers, strict=True):
            self.world.books[mic] = (f"{size}@10.02", f"{size}@9.98")
        self.world.decide(Cause.PLACED)

    def child(self, number):
        """Return one of the newest children, if there is one."""
        ids = list(self.world.children)
        return ids[-1 - number % min(len(ids), 5)] if ids else None

    def after(self, then, cause=Cause.CHILD):
        if then:
            self.world.decide(cause)

    @rule(number=which, answer=answers, then=then)
    def venue_reads_and_answers(self, number, answer, then):
        child = self.child(number)
        if child is not None:
            self.world.venue_reads(child, answer)
            self.world.hear(child)
            self.after(then)

    @rule(number=which, answer=answers)
    def venue_reads(self, number, answer):
        child = self.child(number)
        if child is not None:
            self.world.venue_reads(child, answer)

    @rule(number=which, then=then)
    def oms_hears(self, number, then):
        child = self.child(number)
        if child is not None:
            self.world.hear(child)
            self.after(then)

    @rule(answer=answers)
    def everybody_answers(self, answer):
        """All that is under way arrives and is decided about, so that what rests comes to rest."""
        self.world.settle(answer)
        self.world.decide()

    @rule(mic=mics, size=sizes)
    def a_venue_displays_what_rests_elsewhere(self, mic, size):
        world = self.world
        world.now_ns += NS_PER_S
        price = world.asked.limit_price or Decimal(10)
        book = f"{size}@{price}"
        world.books[mic] = (book, "") if world.asked.is_buy else ("", book)
        world.decide(Cause.BOOK)
        world.decide(Cause.CHILD)

    @rule(number=which, quantity=sizes)
    def venue_fills(self, number, quantity):
        """Often while a cancel or replace is under way: they cross."""
        child = self.child(number)
        if child is not None:
            self.world.venue_fills(child, quantity)

    @rule(number=which)
    def venue_cancels_unasked(self, number):
        child = self.child(number)
        if child is not None:
            self.world.venue_cancels(child)

    @rule(number=which, quantity=sizes)
    def venue_busts(self, number, quantity):
        child = self.child(number)
        if child is not None:
            self.world.venue_busts(child, quantity)

    @rule(number=which, arrives=st.integers(min_value=0, max_value=2), then=then)
    def link_breaks(self, number, arrives, then):
        child = self.child(number)
        if child is not None:
            self.world.lose(child, arrives)
            self.after(then)

    @rule(number=which, then=then)
    def doubt_ends(self, number, then):
        child = self.child(number)
        if child is not None:
            self.world.resolve(child)
            self.after(then)

    @rule(mic=mics, size=sizes, tick=st.integers(min_value=-3, max_value=3), then=then)
    def book_changes(self, mic, size, tick, then):
        middle = Decimal(10) + tick * Decimal("0.02")
        spread = Decimal("0.02")
        offers = f"{size}@{middle + spread} {2 * size}@{middle + 2 * spread}"
        bids = f"{size}@{middle - spread} {2 * size}@{middle - 2 * spread}"
        self.world.books[mic] = (offers, bids)
        self.world.volume += size
        self.after(then, Cause.BOOK)

    @rule(mic=mics, state=st.sampled_from([None] * 8 + list(VenueState)), then=then)
    def venue_state_changes(self, mic, state, then):
        self.world.states[mic] = None if state is VenueState.OPEN else state
        self.after(then, Cause.VENUE)

    @rule(ms=st.sampled_from([1, 600, 4_000]), then=then)
    def time_passes(self, ms, then):
        self.world.now_ns += ms * NS_PER_MS
        self.after(then, Cause.TIMER)

    @rule(quantity=sizes, then=then)
    def client_amends_quantity(self, quantity, then):
        """Upwards at once; downwards once no child can exceed it."""
        world = self.world
        if world.ended is None and world.pending_quantity is None:
            if quantity > world.quantity:
                world.quantity = quantity
            elif quantity < world.quantity:
                world.pending_quantity = quantity
            self.after(then, Cause.AMENDED)

    @rule(limit=st.sampled_from(LIMITS), then=then)
    def client_amends_price(self, limit, then):
        world = self.world
        if world.ended is None and world.asked.limit_price is not None:
            world.asked = world.asked._replace(limit_price=Decimal(limit))
            self.after(then, Cause.AMENDED)

    @rule(paused=st.sampled_from([False, False, False, True]), then=then)
    def person_pauses_or_resumes(self, paused, then):
        self.world.paused = paused
        self.after(then, Cause.RESUMED)

    @rule(how=st.sampled_from(["nothing"] * 8 + ["cancel", "expire"]), then=then)
    def parent_is_to_end(self, how, then):
        self.world.cancel_requested |= how == "cancel"
        self.world.expired |= how == "expire"
        self.after(then, Cause.CANCEL)

    @rule()
    def killed_before_the_commit(self):
        """The decision is lost with the process; the next replica decides again."""
        self.world.decide(Cause.RESUMED, killed=True)

    @rule()
    def killed_after_the_commit(self):
        """What was decided is durable, and the next replica decides at once."""
        self.world.decide(Cause.RESUMED)
        self.world.decide(Cause.RESUMED)

    @invariant()
    def children_never_exceed_their_parent(self):
        RoutingMachine.steps += 1
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self):
        if hasattr(self, "world"):
            self.world.finish()


TestRouting = pytest.mark.timeout(1800)(RoutingMachine.TestCase)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_steps():
    RoutingMachine.steps = 0
    run_state_machine_as_test(
        RoutingMachine,
        settings=settings(settings.get_profile("long"), max_examples=2500, stateful_step_count=50),
    )
    assert RoutingMachine.steps >= 100_000
