"""A decision as it is being made."""

from collections.abc import Sequence

from kernel.decimals import plain
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import NO_QUANTITY, Price, Quantity
from svc_oms.domain.routing.decision import (
    Action,
    ActionKind,
    Candidate,
    Cause,
    Decision,
    EndReason,
    Inputs,
    WakeUp,
)
from svc_oms.domain.routing.paced.schedule import released, slice_bound
from svc_oms.domain.routing.parent import Child, ChildRole, ParentState
from svc_oms.domain.routing.quantities import above_zero, minus, plus
from svc_oms.domain.routing.strategies.contenders import Contender

_ORDER = {
    ActionKind.GRANT_AMEND: 0,
    ActionKind.REFUSE_AMEND: 0,
    ActionKind.CANCEL: 1,
    ActionKind.REPLACE: 2,
    ActionKind.PLACE: 3,
    ActionKind.END: 4,
}


class Draft:
    """Inputs, and what was decided so far.

    Attributes:
        inputs: What the decision depends on.
        parent: The parent; after GRANT_AMEND or REFUSE_AMEND as that leaves it.
        executed: Of all children.
        committed: Executed and possibly live.
        free: What may be placed: neither executed, nor possibly live, nor placed here.
        venues: The contenders; empty where the books do not matter.
        reason: The sentence of the decision.
        moved: Something that rests is moved for a better price.
    """

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.request = inputs.request
        self.limits = inputs.limits
        self.parent = inputs.parent
        self.executed = self.committed = self.free = NO_QUANTITY
        self.venues: Sequence[Contender] = ()
        self.reason = ""
        self.moved = False
        self._actions: list[Action] = []
        self._wake_ups: list[WakeUp] = []
        self._touched: set[str] = set()

    def take_parent(self, parent: ParentState) -> None:
        """Go on with a parent, and find what of it may be placed."""
        self.parent = parent
        self.executed, self.committed = parent.cum_quantity, parent.committed
        self.free = above_zero(minus(self.ceiling(), self.committed))

    def ceiling(self) -> Quantity:
        """Return how much may be executed or live now: the quantity, or what is released of it."""
        parent, schedule = self.parent, self.request.schedule
        quantity = parent.quantity
        if schedule is None:
            return quantity
        now_ns = self.inputs.now_ns
        begun_ns = schedule.slice_start_ns(now_ns)
        before = self.committed
        for child in parent.children:
            if child.placed_at_ns >= begun_ns:
                before = minus(before, plus(child.cum_quantity, child.possibly_live))
        venues = self.inputs.view.venues
        smallest = (max(one.lot_size, one.min_quantity or one.lot_size) for one in venues)
        most = plus(before, slice_bound(schedule, quantity, smallest))
        return min(released(schedule, quantity, parent.market_volume, now_ns), most)

    @property
    def schedule_is_over(self) -> bool:
        """The parent has a schedule, and its end has come."""
        schedule = self.request.schedule
        return schedule is not None and self.inputs.now_ns >= schedule.end_ns

    @property
    def rounds_used(self) -> int:
        """Rounds of IOC children in a row: since the last rest, or in the present slice."""
        base, schedule = self.parent.rest_round, self.request.schedule
        if schedule is not None:
            begun_ns = schedule.slice_start_ns(self.inputs.now_ns)
            rounds = {c.round for c in self.parent.children if c.placed_at_ns >= begun_ns}
            return sum(1 for number in rounds if number > base)
        return self.parent.round - base

    def live(self, role: ChildRole) -> tuple[Child, ...]:
        """Return the children of a role that may be live and that nothing was decided about."""
        return tuple(c for c in self.parent.live(role) if c.child_id not in self._touched)

    # -- actions --------------------------------------------------------------------------------

    def place(self, contender: Contender, role: ChildRole, in_force: TimeInForce, why: str) -> None:
        """Place what was chosen of a contender."""
        quantity, price = contender.quantity, contender.price
        assert NO_QUANTITY < quantity <= self.free
        assert price is not None
        self.free = minus(self.free, quantity)
        self._actions.append(
            Action(
                ActionKind.PLACE,
                contender.mic,
                role=role,
                quantity=quantity,
                price=price,
                time_in_force=in_force,
                why=why,
            )
        )

    def cancel(self, child: Child, why: str) -> None:
        """Cancel a child, unless a cancel of it has no answer yet, or was refused just now."""
        self._touched.add(child.child_id)
        if child.is_live and not child.cancel_pending and not self.must_wait(child):
            self._actions.append(Action(ActionKind.CANCEL, child.mic, child.child_id, why=why))

    def replace(self, child: Child, quantity: Quantity, price: Price, why: str) -> None:
        """Replace a child by another total quantity, price, or both, unless it must wait."""
        assert child.can_be_changed
        if self.must_wait(child):
            self._touched.add(child.child_id)
            return
        if quantity > child.quantity:
            more = minus(quantity, child.quantity)
            assert more <= self.free
            self.free = minus(self.free, more)
        self._touched.add(child.child_id)
        self._actions.append(
            Action(
                ActionKind.REPLACE,
                child.mic,
                child.child_id,
                child.role,
                quantity,
                price,
                child.time_in_force,
                why=why,
            )
        )

    def must_wait(self, child: Child) -> bool:
        """Return whether a refusal of the venue is too fresh to ask again; else come back then."""
        due_ns = child.refused_at_ns + self.limits.retry_ns_min
        if not child.refused_at_ns or self.inputs.now_ns >= due_ns:
            return False
        self.wake_at(due_ns)
        return True

    def answer_amend(self, kind: ActionKind, quantity: Quantity, why: str) -> None:
        """Grant or refuse the pending quantity, and go on with the parent as it is then."""
        self._actions.append(Action(kind, quantity=quantity, why=why))
        granted = quantity if kind is ActionKind.GRANT_AMEND else self.parent.quantity
        self.take_parent(self.parent._replace(quantity=granted, pending_quantity=None))

    def end(self, end: EndReason, why: str) -> None:
        """End the parent if nothing of it is live; else cancel what rests, and wait."""
        for child in self.live(ChildRole.REST):
            self.cancel(child, why)
        if any(child.is_live for child in self.parent.children):
            live = minus(self.committed, self.executed)
            self.reason = f"{why}; {plain(live)} may still be live"
            return
        rest = above_zero(minus(self.parent.quantity, self.executed))
        self._actions.append(Action(ActionKind.END, quantity=rest, end=end, why=why))
        self.reason = why

    def wake_at(self, at_ns: int) -> None:
        """Have the parent decided about at a time."""
        self._wake_ups.append(WakeUp(Cause.TIMER, at_ns=at_ns))

    def wake_on_book(self, mic: str, price: Price | None) -> None:
        """Have it decided about when a venue shows what could be taken at a price."""
        self._wake_ups.append(WakeUp(Cause.BOOK, mic, self.request.is_buy, price))

    # -- the result -----------------------------------------------------------------------------

    def decision(self) -> Decision:
        """Return what was decided."""
        is_buy = self.request.is_buy
        excess = minus(self.committed, self.inputs.parent.quantity)
        return Decision(
            tuple(sorted(self._actions, key=lambda action: _ORDER[action.kind])),
            tuple(sorted((one.evidence(is_buy=is_buy) for one in self.venues), key=_best_first)),
            tuple(self._wake_ups),
            self.reason,
            above_zero(excess),
            self.moved,
        )


def _best_first(candidate: Candidate) -> tuple[bool, int, str]:
    return candidate.rank == 0, candidate.rank, candidate.mic
