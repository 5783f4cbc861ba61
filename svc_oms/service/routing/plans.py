"""One decision in a batch of commands: what it takes in, and how it is carried out.

A plan is made in memory and changes nothing, so a command can still be refused after it. It asks
the controls about each child it would place; a venue that a control refuses is left out, and the
decision made again without it, so that the record has all that the decision depended on.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from kernel.nanoseconds import NS_PER_S, NS_PER_US, to_us
from kernel.ulid import new_ulid
from mesh.errors import MeshError, refuse
from ordermesh.gateway.v1.venue_link_service_pb2 import (
    VENUE_COMMAND_KIND_NEW,
    VENUE_COMMAND_KIND_REPLACE,
)
from svc_oms.domain.commands import CancelOrder
from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.events import (
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    ReplaceRefused,
    ReplaceRequested,
    RoutingDecided,
)
from svc_oms.domain.model import Order, OrderTerms, Rejection, TradedBefore
from svc_oms.domain.numbers import NO_QUANTITY, Quantity
from svc_oms.domain.order_terms.checks import Instrument, OrderRefused
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.decision import Action, ActionKind, Cause, Decision, EndReason, Inputs
from svc_oms.domain.routing.orders import (
    new_child,
    parent_state,
    possibly_live,
    request_of,
    split,
    sums_after,
)
from svc_oms.domain.routing.paced.orders import counted_from
from svc_oms.domain.routing.paced.schedule import market_volume
from svc_oms.domain.routing.record import to_record
from svc_oms.domain.routing.request import check_quantity, check_request
from svc_oms.service.audit import audit_log
from svc_oms.service.commands.checked import cancel_order
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.errors import refused
from svc_oms.service.ports import AuditWrite
from svc_oms.service.ports.rows.routing_rows import RoutingDecisionRow, RoutingVenueRow
from svc_oms.service.reference.routing_views import fees_of, not_now, traded_at, view_of
from svc_oms.service.submissions import Submission

RECORD_BYTES_MAX = 256 * 1024
"""A record is bounded by the venues, levels and live children of a decision; a larger one is a
fault of ours, and the command fails."""
TEXT_CHARACTERS_MAX = 300


class Plan(NamedTuple):
    """A decision, and the children it places."""

    decision: Decision
    record: bytes
    placed: Sequence[tuple[Action, Order]]
    """Each PLACE with its child."""
    crossing: Sequence[str]
    """Own orders to cancel first, because a child would trade with them."""
    inputs: Inputs
    denied: bool
    """A control denied a venue, or holds the order. Nothing reports when it allows it again."""
    traded_before: Sequence[TradedBefore] = ()
    """Venues whose volume a POV order counts from now on."""

    held_changes: bool = False
    """It is held now and was not before, or for another reason, or not any more."""

    @property
    def is_stored(self) -> bool:
        """Something is to be done or kept."""
        return bool(self.decision.actions or self.traded_before or self.held_changes)


class _VenueRefusedError(Exception):
    """A control refuses a venue."""

    def __init__(self, venue_mic: str, refusal: MeshError) -> None:
        super().__init__(refusal.text)
        self.venue_mic = venue_mic
        self.refusal = refusal


def make_plan(
    batch: CommandBatch, submission: Submission, parent: Order, cause: Cause, *, expired: bool
) -> Plan:
    """Decide about a parent.

    Args:
        batch: The batch.
        submission: The command this is a part of.
        parent: The routed order as it is, or as the command would make it.
        cause: Why it is decided about.
        expired: Its time in force is over.

    Raises:
        OrderRefused, MeshError: A new parent cannot be routed; or a control lets nothing be sent
            now, and the decision must be made again later.
    """
    parts, now_ns = batch.parts.routing, batch.changes.now_ns
    parts.books.need(parent.price_key)
    listings = parts.market.listings(parent.isin, parent.currency)
    number = parent.routing_decision + 1
    denied = _denied(batch, submission, parent, listings)
    traded = traded_at(parts, listings)
    counted = counted_from(parent, traded, now_ns)
    before = {one.venue_mic: one.quantity for one in (*parent.traded_before, *counted)}
    _, children = split(batch.order_groups.members(parent))
    own = _own_book(batch, parent)
    # A new order is checked by itself, with the answer to its command.
    held = "" if cause is Cause.PLACED else _held(batch, submission, parent, children)
    while True:
        inputs = Inputs(
            request_of(parent, denied),
            view_of(parts, parent.isin, parent.currency, own, now_ns),
            fees_of(parts, listings, parent.currency),
            parent_state(
                parent,
                children,
                expired=expired,
                now_ns=now_ns,
                market_volume=market_volume(traded, before),
            ),
            parts.limits,
            cause,
            now_ns,
            parts.books.are_awaited(parent.price_key),
            held or _held_everywhere(parent, listings, denied),
        )
        if cause is Cause.PLACED:
            _require_routable(inputs, parent, denied)
        decision = decide(inputs)
        try:
            placed, crossing = _checked(batch, submission, parent, decision, listings, number)
        except _VenueRefusedError as error:
            if error.venue_mic in denied:
                # Each turn denies one venue more, so that the loop ends.
                raise error.refusal from error
            denied[error.venue_mic] = error.refusal
            continue
        return _plan(parent, inputs, decision, placed, crossing, denied, counted)


def _plan(
    parent: Order,
    inputs: Inputs,
    decision: Decision,
    placed: Sequence[tuple[Action, Order]],
    crossing: Sequence[str],
    denied: dict[str, MeshError],
    counted: Sequence[TradedBefore],
) -> Plan:
    record = to_record(inputs, decision)
    assert len(record) <= RECORD_BYTES_MAX, f"the record has {len(record)} bytes"
    waits = bool(denied or inputs.held)
    moves = inputs.held != _held_before(parent)
    return Plan(decision, record, placed, crossing, inputs, waits, counted, moves)


def _held(
    batch: CommandBatch, submission: Submission, parent: Order, children: Sequence[Order]
) -> str:
    """Return why what is left of a routed order may not go to a venue now; "" if it may."""
    free = max(parent.leaves_quantity - possibly_live(children), NO_QUANTITY)
    try:
        for control in batch.batch_controls:
            control.rest(submission, parent, Quantity(free))
    except (OrderRefused, MeshError) as error:
        return _why(refused(error), parent)
    return ""


def _held_everywhere(
    parent: Order, listings: Sequence[Instrument], denied: dict[str, MeshError]
) -> str:
    """Return why no venue may be used, if controls deny each one that the order may use."""
    routing = parent.routing
    assert routing is not None
    may_use = {one.venue_mic for one in listings}.difference(routing.denied_venues)
    if routing.venues:
        may_use.intersection_update(routing.venues)
    if not denied or not may_use <= denied.keys():
        return ""
    return _why(next(refusal for mic, refusal in denied.items() if mic in may_use), parent)


def _why(refusal: MeshError, parent: Order) -> str:
    """Return the text of a refusal; while the same one holds the order, as it was at first.

    Its numbers move with prices and other orders of the account. That is no news of this order.
    """
    before, limit = _held_before(parent), refusal.metadata
    same = before.startswith(f"{refusal.reason}: ") and (
        "limit_id" not in limit
        or f"limit {limit['limit_id']} version {limit['limit_version']} of " in before
    )
    return before if same else f"{refusal.reason}: {refusal.text}"[:TEXT_CHARACTERS_MAX]


def _held_before(parent: Order) -> str:
    return "" if parent.routing_sums is None else parent.routing_sums.held


def _require_routable(inputs: Inputs, parent: Order, denied: dict[str, MeshError]) -> None:
    allowed = [
        venue.mic
        for venue in inputs.view.venues
        if venue.mic not in inputs.request.denied
        and (not inputs.request.venues or venue.mic in inputs.request.venues)
    ]
    if not allowed and denied:
        # What the controls say is more than that no venue is left.
        raise next(iter(denied.values()))
    check_request(inputs.request, inputs.view, inputs.fees, inputs.now_ns)
    check_quantity(inputs.request, inputs.view, parent.terms.quantity)


def _own_book(batch: CommandBatch, parent: Order) -> OpenBook | None:
    found = (control.own_book(parent.account_id) for control in batch.batch_controls)
    return next((book for book in found if book is not None), None)


def _denied(
    batch: CommandBatch, submission: Submission, parent: Order, listings: Sequence[Instrument]
) -> dict[str, MeshError]:
    """Return the venues that a control refuses, each with the refusal.

    Raises:
        MeshError: A control lets nothing be sent now. That denies no venue: what rests stays.
    """
    denied: dict[str, MeshError] = {}
    for listing in listings:
        child = parent._replace(
            order_id="",
            instrument_id=listing.instrument_id,
            symbol=listing.symbol,
            venue_mic=listing.venue_mic,
            link=None,
            routing=None,
        )
        try:
            for control in batch.batch_controls:
                control.venue(submission, child)
        except (OrderRefused, MeshError) as error:
            refusal = refused(error)
            if not_now(refusal):
                raise refusal from error
            denied[listing.venue_mic] = refusal
    return denied


def _checked(
    batch: CommandBatch,
    submission: Submission,
    parent: Order,
    decision: Decision,
    listings: Sequence[Instrument],
    number: int,
) -> tuple[list[tuple[Action, Order]], list[str]]:
    """Make the children of a decision, and ask the controls about them.

    Raises:
        _VenueRefusedError: A control refuses one.
        MeshError: A control refuses all for now, such as the message rate.
    """
    names = {
        one.venue_mic: (one.instrument_id, one.symbol, one.venue_mic, one.venue_symbol)
        for one in listings
    }
    placed: list[tuple[Action, Order]] = []
    crossing: dict[str, None] = {}
    messages = 0
    for action in decision.actions:
        if action.kind is ActionKind.PLACE:
            order_id = new_ulid(batch.changes.now_ns)
            child = new_child(parent, action, names[action.mic], order_id, number)
            placed.append((action, child))
        elif action.kind is ActionKind.REPLACE:
            child = batch.order(action.child_id)
            child = child._replace(terms=_terms(child, action))
        else:
            continue
        messages += 1
        try:
            for control in batch.batch_controls:
                resting = control.child(submission, child, messages) or ()
                _require_unrouted(resting)
                crossing.update((order.order_id, None) for order in resting)
        except (OrderRefused, MeshError) as error:
            refusal = refused(error)
            if not_now(refusal):
                raise refusal from error
            raise _VenueRefusedError(action.mic, refusal) from error
    return placed, list(crossing)


def _require_unrouted(resting: Sequence[Order]) -> None:
    """Refuse to cancel the child of another routed order, because that would be placed again."""
    for order in resting:
        if order.routed_by:
            raise refuse(
                "SELF_MATCH_PREVENTED",
                f"it could trade with {order.order_id}, a child of routed order {order.routed_by}",
                "terms.limit_price",
                resting_order_id=order.order_id,
                parent_order_id=order.routed_by,
            )


def _terms(child: Order, action: Action) -> OrderTerms:
    return child.terms._replace(
        quantity=action.quantity or child.terms.quantity, limit_price=action.price
    )


# --- carrying out -----------------------------------------------------------------------------


def carry_out(batch: CommandBatch, submission: Submission, parent_id: str, plan: Plan) -> Order:
    """Write the decision's record, and do what it says; return the parent."""
    parent = batch.order(parent_id)
    changes, routing = batch.changes, batch.parts.routing
    number, digest = parent.routing_decision + 1, sha256(plan.record).digest()
    text = plan.decision.reason[:TEXT_CHARACTERS_MAX]
    head = changes.head(parent.account_id)[0]
    sums = sums_after(plan.inputs, plan.decision, head, parent.routing_sums)
    decided = RoutingDecided(number, digest, text, sums, tuple(plan.traded_before))
    batch.add(parent, parent.account_id, decided, submission)
    changes.writes.routing_decisions.append(
        RoutingDecisionRow(
            parent_id,
            number,
            parent.account_id,
            to_us(changes.now_ns),
            plan.record,
            digest,
            sums.after_sequence,
        )
    )
    for row in routing.healths.take_unstored():
        changes.writes.routing_venues.append(row)
        changes.writes.audit.append(_entry(row, changes.now_ns))
    for order_id in plan.crossing:
        _cancel(batch, submission, order_id)
    children = iter(plan.placed)
    for action in plan.decision.actions:
        if action.kind is ActionKind.PLACE:
            _, child = next(children)
            _place(batch, submission, child)
        elif action.kind is ActionKind.CANCEL:
            _cancel(batch, submission, action.child_id)
        elif action.kind is ActionKind.REPLACE:
            _replace(batch, submission, action)
        else:
            _change_parent(batch, submission, parent_id, action)
    return batch.order(parent_id)


def _place(batch: CommandBatch, submission: Submission, child: Order) -> None:
    session_id = batch.parts.venues.session_of(child.venue_mic)
    child = batch.add(None, child.account_id, OrderAccepted(child), submission)
    batch.send(session_id, VENUE_COMMAND_KIND_NEW, child, child.terms, child.cl_ord_id)


def _cancel(batch: CommandBatch, submission: Submission, order_id: str) -> None:
    order = batch.order(order_id)
    if not order.is_closed and not order.pending_cancel_id:
        cancel = CancelOrder("", order_id, submission.command.actor)
        cancel_order(batch, submission, order, cancel, refusable=False)


def _replace(batch: CommandBatch, submission: Submission, action: Action) -> None:
    before = batch.order(action.child_id)
    terms = _terms(before, action)
    request = ReplaceRequested(before.next_cl_ord_id, terms)
    after = batch.add(before, before.account_id, request, submission)
    batch.send(
        batch.parts.venues.session_of(before.venue_mic),
        VENUE_COMMAND_KIND_REPLACE,
        after,
        terms,
        request.cl_ord_id,
        before.orig_cl_ord_id,
    )


def _change_parent(
    batch: CommandBatch, submission: Submission, parent_id: str, action: Action
) -> None:
    parent = batch.order(parent_id)
    event: Event | None = None
    if action.kind is ActionKind.END:
        event = None if parent.is_closed else _end(parent, action)
    elif parent.pending_terms is None:
        return
    elif action.kind is ActionKind.GRANT_AMEND:
        give_terms(batch, submission, parent, parent.pending_terms)
    elif action.kind is ActionKind.REFUSE_AMEND:
        rejection = Rejection("INVALID_FIELD", action.why, "terms.quantity")
        event = ReplaceRefused(parent.pending_replace_id, rejection)
    if event is not None:
        batch.add(parent, parent.account_id, event, submission)


def give_terms(
    batch: CommandBatch, submission: Submission, parent: Order, terms: OrderTerms
) -> None:
    """Give a routed order other terms."""
    batch.add(parent, parent.account_id, OrderReplaced(terms), submission)


def _end(parent: Order, action: Action) -> Event:
    if action.end is EndReason.EXPIRED:
        return OrderExpired(action.why)
    if action.end is EndReason.REJECTED and not parent.cum_quantity:
        return OrderRejected(Rejection("VENUE_REJECTED", action.why))
    return OrderCanceled(text=action.why)


def _entry(row: RoutingVenueRow, now_ns: int) -> AuditWrite:
    """Make the audit entry about a venue that was taken out."""
    until_s = (row.out_until_us * NS_PER_US - now_ns) / NS_PER_S
    text = f"venue {row.venue_mic} gets no routed orders for {until_s:.0f} s: {row.text}"
    return audit_log.action(now_ns, "oms:routing", "TakeVenueOut", text, venue_mic=row.venue_mic)
