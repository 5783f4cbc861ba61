"""The commands of every order flow: place, replace, cancel, cancel all."""

from kernel.ulid import new_ulid
from mesh.errors import MeshError
from ordermesh.gateway.v1.venue_link_service_pb2 import (
    VENUE_COMMAND_KIND_NEW,
    VENUE_COMMAND_KIND_REPLACE,
)
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.domain.commands import CancelOrder, PlaceOrder, ReplaceOrder
from svc_oms.domain.events import OrderAccepted, ReplaceRequested
from svc_oms.domain.groups.group_checks import check_link, check_replace
from svc_oms.domain.lifecycle import LOCAL
from svc_oms.domain.model import Order
from svc_oms.domain.numbers import Quantity, subtract
from svc_oms.domain.order import decide_place, decide_replace
from svc_oms.domain.order_terms.trading_hours import require_taken, waits_for_opening
from svc_oms.domain.positions.reduce_only import is_judged, require_room
from svc_oms.domain.routing.orders import require_own
from svc_oms.service.commands.checked import cancel_one_of_many, cancel_order, check_controls
from svc_oms.service.commands.command_batch import OPEN_ORDERS_MAX, CommandBatch
from svc_oms.service.commands.idempotency import key_row
from svc_oms.service.ports import IdempotencyRow
from svc_oms.service.submissions import CancelAll, CommandKind, Submission


def place(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Accept a new order, and send it unless it has to wait here."""
    command = submission.command
    assert isinstance(command, PlaceOrder)
    parts, now_ns = batch.parts, batch.changes.now_ns
    instrument = parts.market.instrument(command.instrument_id)
    event = decide_place(
        command,
        instrument,
        parts.limits,
        new_ulid(now_ns),
        now_ns,
        parts.market.reference_price(command.instrument_id),
        parts.venues.capabilities(instrument.venue_mic),
    )
    stays = event.order.state in LOCAL
    session_id = "" if stays else parts.venues.require_up(instrument.venue_mic)
    trading = parts.venues.trading(instrument.venue_mic)
    if not stays:
        time_in_force = event.order.terms.time_in_force
        require_taken(
            trading, instrument.instrument_id, instrument.venue_mic, time_in_force, now_ns
        )
    if waits_for_opening(trading, now_ns):
        event = OrderAccepted(event.order._replace(for_next_session=True))
    order = event.order
    if order.reduce_only and not (order.link and order.link.parent_order_id):
        require_room(order, order.terms.quantity, batch.held(order))
    if command.link is not None:
        check_link(event.order, batch.order_groups.members(event.order))
    check_controls(batch, submission, lambda control: control.place(submission, event.order))
    order = batch.add(None, command.account_id, event, submission)
    if not stays:
        batch.send(session_id, VENUE_COMMAND_KIND_NEW, order, order.terms, order.cl_ord_id)
    return key_row(submission, order.order_id, order.last_sequence)


def replace(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Ask the venue for other terms, or change an order that is not there yet."""
    command = submission.command
    assert isinstance(command, ReplaceOrder)
    parts = batch.parts
    before = batch.order(command.order_id)
    require_own(before, "replaced")
    event = decide_replace(
        before,
        command,
        parts.market.instrument(before.instrument_id),
        parts.limits,
        batch.changes.now_ns,
        parts.market.reference_price(before.instrument_id),
        parts.venues.capabilities(before.venue_mic),
    )
    check_replace(before, event.terms, command.actor)
    if is_judged(before) and event.terms.quantity > before.terms.quantity:
        left = Quantity(subtract(event.terms.quantity, before.cum_quantity))
        require_room(before, left, batch.held(before))
    at_venue = isinstance(event, ReplaceRequested)
    session_id = parts.venues.require_up(before.venue_mic) if at_venue else ""
    check_controls(
        batch,
        submission,
        lambda control: control.replace(submission, before, event.terms),
    )
    order = batch.add(before, submission.account_id, event, submission)
    if isinstance(event, ReplaceRequested):
        batch.send(
            session_id,
            VENUE_COMMAND_KIND_REPLACE,
            order,
            event.terms,
            event.cl_ord_id,
            before.orig_cl_ord_id,
            command.actor,
        )
    return key_row(submission, order.order_id, order.last_sequence)


def cancel(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Cancel the order a command names."""
    command = submission.command
    assert isinstance(command, CancelOrder)
    before = batch.order(command.order_id)
    require_own(before, "cancelled")
    order = cancel_order(batch, submission, before, command)
    return key_row(submission, order.order_id, order.last_sequence)


def cancel_all(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Cancel every open order in scope; one result each."""
    command = submission.command
    assert isinstance(command, CancelAll)
    scope = [
        order
        for order in batch.changes.orders.values()
        if order.account_id == command.account_id
        and not order.is_closed
        and not order.routed_by
        and command.instrument_id in {"", order.instrument_id}
        and command.side in {0, order.side.value}
    ]
    # The children of a routed order are cancelled with it.
    scope += _parents(batch, command)
    scope.sort(key=lambda order: order.order_id)
    response = order_service_pb2.CancelAllResponse()
    sequence = 0
    for order_id in [order.order_id for order in scope[:OPEN_ORDERS_MAX]]:
        result = response.results.add(order_id=order_id)
        before = batch.order(order_id)
        if before.is_closed:
            # It was cancelled with the order it is linked with.
            result.state = before.state.value  # type: ignore[assignment] # by number
            continue
        outcome = cancel_one_of_many(batch, submission, before, result)
        if isinstance(outcome, MeshError):
            part = CancelOrder(command.idempotency_key, order_id, command.actor)
            batch.part_refused(submission, CommandKind.CANCEL, part, outcome)
        else:
            sequence = outcome.last_sequence
    return key_row(submission, "", sequence, response.SerializeToString())


def _parents(batch: CommandBatch, command: CancelAll) -> list[Order]:
    """Return the routed orders that have a child at the listing of a CancelAll."""
    if not command.instrument_id:
        return []
    names = {
        order.routed_by
        for order in batch.changes.orders.values()
        if order.instrument_id == command.instrument_id and not order.is_closed
    }
    return [
        order
        for order in batch.changes.orders.values()
        if order.order_id in names and not order.is_closed and command.side in {0, order.side.value}
    ]
