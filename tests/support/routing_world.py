"""One routed parent, the OMS that carries its decisions out, and venues that do what they like.

What the OMS knows (`children`) and what is true at the venues (`orders`) are apart: messages are
under way between them in both directions, in order, and can be lost with the link of a venue.
"""

from dataclasses import dataclass, field

from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.decision import ActionKind, Cause, RoutingLimits
from svc_oms.domain.routing.paced.schedule import released, slice_bound
from svc_oms.domain.routing.parent import Child, ChildRole, ChildState, ParentState, compacted
from svc_oms.domain.routing.record import from_record, to_record
from svc_oms.domain.routing.strategies.watch import moves_in_a_row
from svc_oms.domain.routing.view import OwnOrder
from tests.support.routing import NOW_NS, D, fees, inputs, rate, venue

MICS = ("SIMA", "SIMB", "SIMC")
CHARGED = (
    fees("SIMA", rate(bps="1"), rate(bps="-0.2")),
    fees("SIMB", rate(per_share="0.002"), rate(per_share="0.001")),
    fees("SIMC", rate(bps="0.3", minimum="0.5"), rate()),
)
RULES = {
    "SIMA": {"tick": "0.01", "lot": "1"},
    "SIMB": {"tick": "0.01", "lot": "10"},
    "SIMC": {"tick": "0.02", "lot": "1", "min_quantity": D(5), "max_quantity": D(200)},
}


@dataclass
class VenueOrder:
    """An order as the venue has it."""

    quantity: int
    cum: int = 0
    live: bool = False
    known: bool = False


@dataclass
class World:
    """Everything, and the checks of invariant 11."""

    asked: object
    quantity: int
    limits: RoutingLimits = field(default_factory=RoutingLimits)
    now_ns: int = NOW_NS

    def __post_init__(self):
        self.pending_quantity = None
        self.cancel_requested = self.expired = self.paused = False
        self.ended = None
        self.children: dict[str, Child] = {}
        self.created_ns: dict[str, int] = {}
        self.orders: dict[str, VenueOrder] = {}
        self.to_venue: dict[str, list] = {}
        self.to_oms: dict[str, list] = {}
        self.books = dict.fromkeys(MICS, ("", ""))
        self.states = dict.fromkeys(MICS)
        self.volume = 0
        self.decisions = 0
        self.compacts = False
        self.moves = self.moved_at_ns = 0

    # -- what the OMS does ----------------------------------------------------------------------

    def view(self):
        venues = []
        for mic in MICS:
            offers, bids = self.books[mic]
            state = {} if self.states[mic] is None else {"state": self.states[mic]}
            venues.append(venue(mic, offers, bids, **state, **RULES[mic]))
        return venues

    def parent(self):
        children = tuple(self.children.values())
        state = ParentState(
            "P",
            D(self.quantity),
            children,
            round=max((one.round for one in children), default=0),
            rest_round=max(
                (one.round for one in children if one.role is ChildRole.REST), default=0
            ),
            pending_quantity=None if self.pending_quantity is None else D(self.pending_quantity),
            cancel_requested=self.cancel_requested,
            expired=self.expired,
            paused=self.paused,
            market_volume=D(self.volume),
            moves=self.moves,
            moved_at_ns=self.moved_at_ns,
        )
        if self.compacts:
            slices = self.asked.schedule
            keep_ns = self.now_ns + 1 if slices is None else slices.slice_start_ns(self.now_ns)
            state = compacted(state, keep_ns)
        return state

    def inputs(self, cause):
        own = [
            OwnOrder(one.mic, self.asked.is_buy, one.price, one.possibly_live)
            for one in self.children.values()
            if one.is_live and one.role is ChildRole.REST
        ]
        return inputs(
            self.asked,
            self.view(),
            self.parent(),
            charged=CHARGED,
            own=own,
            limits=self.limits,
            cause=cause,
            now_ns=self.now_ns,
        )

    def decide(self, cause=Cause.CHILD, *, killed=False):
        """Decide, and carry it out in one transaction; a kill before its end undoes all of it."""
        if self.ended is not None:
            return None
        given = self.inputs(cause)
        decision = decide(given)
        self.decisions += 1
        assert decision.overfill == 0
        read = from_record(to_record(given, decision))
        assert read == (given, decision)
        assert decide(read[0]) == decision
        self._check_pace(given, decision)
        if not killed:
            number = given.parent.round + 1
            if decision.moved:
                moves = moves_in_a_row(given.parent, self.now_ns, self.limits)
                self.moves, self.moved_at_ns = moves + 1, self.now_ns
            for action in decision.actions:
                self._carry_out(action, number)
            self.check()
        return decision

    def _carry_out(self, action, number):
        kind = action.kind
        if kind is ActionKind.PLACE:
            self._place(action, number)
        elif kind is ActionKind.CANCEL:
            child = self.children[action.child_id]
            assert child.is_live
            assert not child.cancel_pending
            self._know(child.child_id, cancel_pending=True)
            self.to_venue[child.child_id].append(("CANCEL",))
        elif kind is ActionKind.REPLACE:
            child = self.children[action.child_id]
            assert child.can_be_changed
            assert action.quantity > child.cum_quantity
            pending = {"state": ChildState.REPLACE_PENDING, "pending_quantity": action.quantity}
            self._know(child.child_id, placed_at_ns=self.now_ns, **pending)
            self.to_venue[child.child_id].append(("REPLACE", int(action.quantity), action.price))
        elif kind is ActionKind.GRANT_AMEND:
            self.quantity, self.pending_quantity = int(action.quantity), None
        elif kind is ActionKind.REFUSE_AMEND:
            self.pending_quantity = None
        else:
            assert not any(child.is_live for child in self.children.values())
            self.ended = action.end

    def _place(self, action, number):
        limit, is_buy = self.asked.limit_price, self.asked.is_buy
        if limit is not None:
            assert action.price <= limit if is_buy else action.price >= limit
        rules = RULES[action.mic]
        assert action.quantity % D(rules["lot"]) == 0
        assert action.price % D(rules["tick"]) == 0
        assert action.quantity >= rules.get("min_quantity", 0)
        assert action.quantity <= rules.get("max_quantity", action.quantity)
        assert self.states[action.mic] is None, "placed at a venue that is not open"
        assert not self.paused, "placed while paused"
        child_id = f"C{len(self.children) + 1}"
        self.created_ns[child_id] = self.now_ns
        self.children[child_id] = Child(
            child_id,
            action.mic,
            action.role,
            ChildState.SENT,
            action.quantity,
            D(0),
            action.price,
            action.time_in_force,
            number,
            self.now_ns,
        )
        self.orders[child_id] = VenueOrder(int(action.quantity))
        self.to_venue[child_id] = [("NEW",)]
        self.to_oms[child_id] = []

    def _know(self, child_id, **what):
        self.children[child_id] = self.children[child_id]._replace(**what)

    # -- what the venues do ---------------------------------------------------------------------

    def venue_reads(self, child_id, answer):
        """The venue reads its next message. `answer` (0 to 3) is what it feels like."""
        if not self.to_venue.get(child_id):
            return
        order, kind, *rest = self.orders[child_id], *self.to_venue[child_id].pop(0)
        if kind == "NEW":
            self._venue_reads_new(child_id, order, answer)
        elif not order.live or answer == 0:
            self.to_oms[child_id].append((f"{kind}_REJECT",))
        elif kind == "CANCEL":
            order.live = False
            self.to_oms[child_id].append(("CANCELED", False))
        elif rest[0] <= order.cum:
            self.to_oms[child_id].append(("REPLACE_REJECT",))
        else:
            order.quantity = rest[0]
            self.to_oms[child_id].append(("REPLACED", *rest))

    def _venue_reads_new(self, child_id, order, answer):
        order.known = True
        if answer == 0:
            self.to_oms[child_id].append(("REJECT",))
            return
        order.live = True
        self.to_oms[child_id].append(("ACK",))
        child = self.children[child_id]
        if child.role is ChildRole.TAKE:
            part = (0, order.quantity // 2, order.quantity)[answer - 1]
            if child.time_in_force is TimeInForce.FOK:
                part = order.quantity if answer > 1 else 0
            self.venue_fills(child_id, part)
            if order.live:
                order.live = False
                self.to_oms[child_id].append(("CANCELED", False))

    def venue_fills(self, child_id, quantity):
        """The venue executes some of an order that is live there."""
        order = self.orders[child_id]
        quantity = min(quantity, order.quantity - order.cum)
        if order.live and quantity > 0:
            order.cum += quantity
            order.live = order.cum < order.quantity
            # Our own executions are traded quantity.
            self.volume += quantity
            self.to_oms[child_id].append(("FILL", quantity, order.live))

    def venue_cancels(self, child_id):
        """The venue cancels without being asked."""
        if self.orders[child_id].live:
            self.orders[child_id].live = False
            self.to_oms[child_id].append(("CANCELED", True))

    def venue_busts(self, child_id, quantity):
        """The venue takes some of the executions back."""
        order = self.orders[child_id]
        quantity = min(quantity, order.cum)
        # Of a live order the leaves would grow: keep it simple, and bust what is closed.
        if quantity > 0 and not order.live and not self.to_oms[child_id]:
            order.cum -= quantity
            self.volume -= quantity
            self.to_oms[child_id].append(("BUST", quantity))

    # -- what the OMS hears ---------------------------------------------------------------------

    def hear(self, child_id):
        """Apply the next report of a venue about a child."""
        if not self.to_oms.get(child_id):
            return
        kind, *rest = self.to_oms[child_id].pop(0)
        child = self.children[child_id]
        if kind == "ACK":
            if child.state is ChildState.SENT:
                self._know(child_id, state=ChildState.WORKING)
        elif kind == "FILL":
            self._know(child_id, cum_quantity=child.cum_quantity + rest[0])
            if not rest[1]:
                self._close(child_id)
        elif kind == "BUST":
            self._know(child_id, cum_quantity=child.cum_quantity - rest[0])
        elif kind in {"REJECT", "CANCELED"}:
            self._close(child_id, rejected=kind == "REJECT" or rest[0])
        elif kind == "CANCEL_REJECT":
            self._know(child_id, cancel_pending=False)
        else:
            self._hear_of_replace(child_id, child, kind, rest)
        self.check()

    def _hear_of_replace(self, child_id, child, kind, rest):
        if child.pending_quantity is None:
            return
        state = ChildState.WORKING if child.state is ChildState.REPLACE_PENDING else child.state
        self._know(child_id, state=state, pending_quantity=None)
        if kind == "REPLACED":
            quantity, price = rest
            placed = {"placed_at_ns": self.now_ns}
            self._know(child_id, quantity=D(quantity), price=price, **placed)

    def _close(self, child_id, *, rejected=False):
        self._know(
            child_id,
            state=ChildState.CLOSED,
            pending_quantity=None,
            cancel_pending=False,
            rejected=rejected,
        )

    def lose(self, child_id, arrives):
        """The link breaks: of the messages under way only some arrive; the child is in doubt."""
        child = self.children.get(child_id)
        if child is None or not child.is_live or not self.to_venue[child_id]:
            return
        del self.to_venue[child_id][arrives:]
        self._know(child_id, state=ChildState.UNKNOWN)
        self.check()

    def resolve(self, child_id):
        """The venue answers the status request: the doubt ends with what is true there."""
        child = self.children[child_id]
        if child.state is not ChildState.UNKNOWN:
            return
        while self.to_venue[child_id]:
            self.venue_reads(child_id, 1)
        while self.to_oms[child_id]:
            self.hear(child_id)
        child, order = self.children[child_id], self.orders[child_id]
        if not child.is_live:
            return
        assert order.cum == child.cum_quantity
        if order.live:
            self._know(
                child_id,
                state=ChildState.WORKING,
                quantity=D(order.quantity),
                pending_quantity=None,
                cancel_pending=False,
            )
        else:
            self._close(child_id)
        self.check()

    # -- checks ---------------------------------------------------------------------------------

    def _check_pace(self, given, decision):
        """A decision places no more than is released, and than a slice may have."""
        schedule, parent = self.asked.schedule, given.parent
        if schedule is None:
            return
        more = D(0)
        for action in decision.actions:
            if action.kind is ActionKind.PLACE:
                more += action.quantity
            elif action.kind is ActionKind.REPLACE:
                more += max(action.quantity - self.children[action.child_id].quantity, D(0))
        if not more:
            return
        assert schedule.start_ns <= self.now_ns < schedule.end_ns
        due = released(schedule, parent.quantity, D(self.volume), self.now_ns)
        assert parent.committed + more <= due
        begun_ns = schedule.slice_start_ns(self.now_ns)
        placed = sum(
            one.cum_quantity + one.possibly_live
            for one in self.children.values()
            if self.created_ns[one.child_id] >= begun_ns
        )
        smallest = [D(10), D(5)]
        assert placed + more <= slice_bound(schedule, parent.quantity, smallest)

    def check(self):
        """Invariant 11, as the OMS knows it and as it is at the venues."""
        known = sum(one.cum_quantity + one.possibly_live for one in self.children.values())
        assert known <= self.quantity, f"{known} of {self.quantity}: {self.children}"
        possible = sum(self._possible(child_id) for child_id in self.children)
        assert possible <= self.quantity, f"{possible} of {self.quantity}: {self.orders}"

    def _possible(self, child_id):
        order = self.orders[child_id]
        under_way = [message for message in self.to_venue[child_id] if message[0] != "CANCEL"]
        if not order.live and ("NEW",) not in under_way:
            return order.cum
        return max([order.quantity, *(one[1] for one in under_way if one[0] == "REPLACE")])

    def settle(self, answer):
        """Let everything that is under way arrive."""
        for child_id in self.children:
            while self.to_venue[child_id]:
                self.venue_reads(child_id, answer)
            while self.to_oms[child_id]:
                self.hear(child_id)

    def finish(self):
        """Cancel the parent; once every venue has answered, it ends. Late reports still count."""
        self.cancel_requested = True
        for _ in range(50):
            self.decide(Cause.CANCEL)
            if self.ended is not None:
                break
            self.settle(1)
            for child_id in self.children:
                self.resolve(child_id)
        assert self.ended is not None, self.children
        executed = sum(order.cum for order in self.orders.values())
        assert executed <= self.quantity
