"""A decision that reads few children takes in the same as one that reads all of them."""

import random

import pytest

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Link, LinkKind, Routing, RoutingSchedule, TimeInForce
from svc_oms.domain.routing.decision import Action, ActionKind, Decision
from svc_oms.domain.routing.orders import (
    EARLY_END_NS,
    ended_early,
    failed_at_venue,
    parent_state,
    request_of,
    sums_after,
)
from svc_oms.domain.routing.paced.orders import schedule_of
from svc_oms.domain.routing.parent import ChildRole
from tests.support.order_events import ORDER
from tests.support.routing import D, inputs, request

DAY, IOC = TimeInForce.DAY, TimeInForce.IOC
PARENT = ORDER._replace(
    routing=Routing(1),
    link=Link(LinkKind.ROUTED, ORDER.order_id),
    cum_quantity=D(0),
    routing_sums=None,
    pending_terms=None,
)
CHILD = ORDER._replace(
    link=Link(LinkKind.ROUTED, ORDER.order_id, ORDER.order_id),
    state=OrderState.NEW,
    base_state=OrderState.NEW,
    cum_quantity=D(0),
    pending_terms=None,
    pending_cancel_id="",
    pending_replace_id="",
    in_doubt=(),
    rejection=None,
    routing_sums=None,
    closed_sequence=0,
    replace_asked_at_ns=0,
)
SLICE_S = 10
PACED = PARENT._replace(
    routing=Routing(5, schedule=RoutingSchedule(0, 10**6 * NS_PER_S, SLICE_S)),
    cum_quantity=D(0),
)
ENDS = (OrderState.REJECTED, OrderState.CANCELED, OrderState.EXPIRED, OrderState.FILLED)


class Book:
    """A parent and its children, as transactions change them."""

    def __init__(self, seed, parent=PARENT):
        self.chance = random.Random(seed)
        self.parent, self.children, self.sequence, self.now_ns = parent, {}, 5, 0

    def step(self):
        self.sequence += 1
        self.now_ns += self.chance.choice([0, 1, 5]) * NS_PER_S
        open_ones = [one for one in self.children.values() if not one.is_closed]
        closed = [one for one in self.children.values() if one.is_closed]
        if open_ones and self.chance.random() < 0.6:
            self.change(self.chance.choice(open_ones))
        elif closed and self.chance.random() < 0.2:
            # A report after its end.
            late = self.chance.choice(closed)
            self.children[late.order_id] = late._replace(last_sequence=self.sequence)
        else:
            self.decide()

    def change(self, child):
        executed = D(self.chance.choice([0, 0, 5]))
        state = self.chance.choice([*ENDS, OrderState.NEW])
        changed = child._replace(
            state=state,
            cum_quantity=child.cum_quantity + executed,
            last_sequence=self.sequence,
            closed_sequence=self.sequence if state in ENDS else 0,
            updated_at_ns=child.created_at_ns + self.chance.choice([1, EARLY_END_NS]),
            request_count=self.chance.choice([1, 2]),
        )
        self.children[child.order_id] = changed
        cum = self.parent.cum_quantity + executed
        self.parent = self.parent._replace(cum_quantity=cum)

    def few(self):
        """What the statement reads."""
        sums = self.parent.routing_sums
        after = 0 if sums is None else sums.after_sequence
        return [c for c in self.children.values() if not c.is_closed or c.last_sequence > after]

    def states(self):
        whole = self.parent._replace(routing_sums=None)
        return (
            parent_state(self.parent, self.few(), expired=False, now_ns=self.now_ns),
            parent_state(whole, list(self.children.values()), expired=False, now_ns=self.now_ns),
        )

    def end_all(self):
        for child in self.children.values():
            if not child.is_closed:
                self.sequence += 1
                self.children[child.order_id] = child._replace(
                    state=OrderState.FILLED,
                    last_sequence=self.sequence,
                    closed_sequence=self.sequence,
                )

    def decide(self):
        self.place(self.chance.choice([(), (ChildRole.TAKE, ChildRole.TAKE), (ChildRole.REST,)]))

    def place(self, roles):
        few, _ = self.states()
        actions = tuple(Action(ActionKind.PLACE, "SIMA", role=role) for role in roles)
        decision = Decision(actions, (), (), "", D(0))
        given = inputs(request_of(self.parent), [], few, charged=[()])._replace(now_ns=self.now_ns)
        sums = sums_after(given, decision, self.sequence, self.parent.routing_sums)
        number = self.parent.routing_decision + 1
        self.parent = self.parent._replace(routing_sums=sums, routing_decision=number)
        for role in roles:
            self.sequence += 1
            order_id = f"C{len(self.children):03}"
            in_force = IOC if role is ChildRole.TAKE else DAY
            self.children[order_id] = CHILD._replace(
                order_id=order_id,
                cl_ord_id=f"{order_id}-1",
                request_count=1,
                venue_mic=self.chance.choice(["SIMA", "SIMB", "SIMC"]),
                terms=CHILD.terms._replace(time_in_force=in_force),
                last_sequence=self.sequence,
                routing_decision=number,
                created_at_ns=self.now_ns,
            )


@pytest.mark.parametrize("seed", range(40))
def test_sums_and_few_children_say_what_all_children_say(seed):
    book = Book(seed)
    for _ in range(60):
        book.step()
        few, whole = book.states()
        # Only a schedule looks at the rounds of children.
        children = [child._replace(round=0) for child in whole.children]
        assert [child._replace(round=0) for child in few.children] == children
        assert few[3:10] == whole[3:10]
        assert (few.cum_quantity, few.committed) == (whole.cum_quantity, whole.committed)
    assert len(book.few()) < len(book.children)


def rounds_of_the_slice(state, begun_ns):
    """What a schedule's decision asks: which children of its slice have one round, in what order.

    Counted are those after the last round of a child that rests.
    """
    rounds = sorted({one.round for one in state.children if one.placed_at_ns >= begun_ns})
    return (
        [(one.child_id, rounds.index(one.round)) for one in state.children
         if one.placed_at_ns >= begun_ns],
        sum(1 for number in rounds if number > state.rest_round),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_a_schedule_reads_only_the_ended_children_of_its_slices(seed):
    book = Book(seed, PACED)
    schedule = schedule_of(PACED.routing)
    for _ in range(120):
        book.step()
        few, whole = book.states()
        assert [one._replace(round=0) for one in few.children] == [
            one._replace(round=0) for one in whole.children
        ]
        begun_ns = schedule.slice_start_ns(book.now_ns)
        assert rounds_of_the_slice(few, begun_ns) == rounds_of_the_slice(whole, begun_ns)
        # Its rounds count anew in each slice, so their number is not kept. Early ends in a row
        # are in the order in which the children ended, or were placed.
        kept = {"round": 0, "rest_round": 0, "children": (), "early_ends": ()}
        assert few._replace(**kept) == whole._replace(**kept)
    assert len(book.few()) < len(book.children) / 2


@pytest.mark.parametrize("slices", [8, 16, 32, 64])
def test_what_a_schedule_reads_does_not_grow_with_its_slices(slices):
    """The children that a report reads are those since the slice began, however many there were."""
    book, most = Book(0, PACED), 0
    for number in range(slices):
        book.now_ns = number * SLICE_S * NS_PER_S
        for _ in range(3):
            book.place([ChildRole.TAKE])
            most = max(most, len(book.few()))
            book.end_all()
    assert len(book.children) == 3 * slices
    assert most == 3


def test_a_bust_after_the_end_of_a_child_is_that_of_the_parent():
    gone = CHILD._replace(state=OrderState.CANCELED, cum_quantity=D(5), last_sequence=9)
    sums = sums_after(
        inputs(request(), [], parent_state(PARENT, [gone], expired=False, now_ns=0), charged=[()]),
        Decision((), (), (), "", D(0)),
        9,
        None,
    )
    before = PARENT._replace(cum_quantity=D(5), routing_sums=sums)
    assert parent_state(before, [], expired=False, now_ns=0).cum_quantity == 5
    after = before._replace(cum_quantity=D(2))
    busted = gone._replace(cum_quantity=D(2), last_sequence=10)
    for children in ([], [busted]):
        assert parent_state(after, children, expired=False, now_ns=0).cum_quantity == 2


def test_an_early_end_counts_once_whatever_is_reported_of_the_child_after_it():
    ended = CHILD._replace(
        state=OrderState.EXPIRED,
        terms=CHILD.terms._replace(time_in_force=DAY),
        updated_at_ns=CHILD.created_at_ns + 1,
        last_sequence=9,
        closed_sequence=9,
    )
    first = parent_state(PARENT, [ended], expired=False, now_ns=0)
    assert first.early_ends == (ended.venue_mic,)
    none = Decision((), (), (), "", D(0))
    sums = sums_after(inputs(request(), [], first, charged=[()]), none, 9, None)
    parent = PARENT._replace(routing_sums=sums)
    late = ended._replace(last_sequence=10, anomaly_count=3)
    state = parent_state(parent, [late], expired=False, now_ns=0)
    assert state.early_ends == first.early_ends
    # Closed by a version that did not keep when: its last report counts.
    old = late._replace(closed_sequence=0)
    assert len(parent_state(parent, [old], expired=False, now_ns=0).early_ends) == 2


RESTING = CHILD._replace(
    cl_ord_id=f"{CHILD.order_id}-2", request_count=2, updated_at_ns=CHILD.created_at_ns + 1
)


@pytest.mark.parametrize(
    ("change", "early"),
    [
        ({"state": OrderState.EXPIRED}, True),
        ({"state": OrderState.CANCELED}, True),
        # The cancel that was under way.
        ({"state": OrderState.CANCELED, "request_count": 3}, False),
        ({"state": OrderState.EXPIRED, "cum_quantity": D(1)}, False),
        (
            {"state": OrderState.EXPIRED, "updated_at_ns": CHILD.created_at_ns + EARLY_END_NS},
            False,
        ),
        ({"state": OrderState.EXPIRED, "terms": CHILD.terms._replace(time_in_force=IOC)}, False),
        ({"state": OrderState.NEW}, False),
    ],
)
def test_a_child_that_its_venue_ends_soon_counts_as_a_failure_of_the_venue(change, early):
    child = RESTING._replace(terms=CHILD.terms._replace(time_in_force=DAY))._replace(**change)
    assert (ended_early(child), failed_at_venue(child)) == (early, early)


@pytest.mark.parametrize(
    ("state", "after_ns", "executed"),
    [
        (OrderState.CANCELED, 1, 0),
        (OrderState.CANCELED, EARLY_END_NS, 0),
        (OrderState.CANCELED, EARLY_END_NS, 2),
        (OrderState.EXPIRED, EARLY_END_NS, 0),
    ],
)
def test_what_a_venue_cancels_when_it_restarts_is_no_rejection(state, after_ns, executed):
    """The venue stays usable for the parent, unless it does so soon and several times in a row."""
    child = RESTING._replace(
        terms=CHILD.terms._replace(time_in_force=DAY), state=state, cum_quantity=D(executed),
        updated_at_ns=CHILD.created_at_ns + after_ns,
    )  # fmt: skip
    found = parent_state(PARENT, [child], expired=False, now_ns=0)
    assert found.all_rejected_mics == frozenset()
    early = after_ns < EARLY_END_NS
    assert found.early_ends == ((child.venue_mic,) if early else ())
