"""The order: its public body, the fold beside it, and its row."""

from decimal import Decimal

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_US
from kernel.side import Side
from mesh.timestamps import from_timestamp
from ordermesh.oms.internal.v1.order_fold_pb2 import OrderFold
from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.lifecycle import LOCAL, OrderState
from svc_oms.domain.model import Execution, Link, Order, OrderOrigin, OrderType, WaitsFor
from svc_oms.domain.numbers import ZERO, Price, Quantity
from svc_oms.domain.reports.execution_ids import Applied
from svc_oms.service.codec.values import (
    SUMS,
    TRADED_BEFORE,
    execution_message,
    execution_value,
    link_message,
    link_value,
    optional_price,
    rejection_message,
    rejection_value,
    routing_message,
    routing_value,
    terms_value,
    timestamp,
    trigger_message,
    trigger_value,
    write_terms,
)
from svc_oms.service.ports import ExecutionRow, OrderWrite


def progress_message(order: Order) -> order_pb2.OrderProgress:
    """Encode where the order stands."""
    # One field after the other, in every large message here: with keywords it takes longer.
    message = order_pb2.OrderProgress()
    message.state = order.state  # type: ignore[assignment] # by number
    cum = order.cum_quantity
    message.cum_quantity = plain(cum) if cum else "0"
    message.leaves_quantity = plain(order.leaves_quantity)
    message.average_price = plain(order.average_price) if cum else "0"
    message.version = order.version
    message.cl_ord_id = order.cl_ord_id
    return message


def order_message(order: Order, progress: order_pb2.OrderProgress) -> order_pb2.Order:
    """Encode the order as readers get it."""
    message = order_pb2.Order()
    message.order_id = order.order_id
    message.account_id = order.account_id
    message.idempotency_key = order.idempotency_key
    message.instrument_id = order.instrument_id
    message.symbol = order.symbol
    message.venue_mic = order.venue_mic
    message.isin = order.isin
    message.currency = order.currency
    message.side = order.side  # type: ignore[assignment] # by number
    message.type = order.type  # type: ignore[assignment] # by number
    write_terms(message.terms, order.terms)
    message.progress.CopyFrom(progress)
    message.placed_by = order.placed_by
    message.created_sequence = order.created_sequence
    message.last_sequence = order.last_sequence
    message.created_at.CopyFrom(timestamp(order.created_at_ns))
    message.updated_at.CopyFrom(timestamp(order.updated_at_ns))
    if order.venue_order_id:
        message.venue_order_id = order.venue_order_id
    if order.client_note:
        message.client_note = order.client_note
    if order.anomaly_count:
        message.anomaly_count = order.anomaly_count
    if order.for_next_session:
        message.for_next_session = True
    if order.reduce_only:
        message.reduce_only = True
    if order.listing_status_not_known:
        message.listing_status_not_known = True
    if order.venue_symbol:
        message.venue_symbol = order.venue_symbol
    if order.ended_text:
        message.ended_text = order.ended_text
    _write_rare(message, order)
    return message


def _write_rare(message: order_pb2.Order, order: Order) -> None:
    """Write what few orders have."""
    if order.pegged_price is not None:
        message.pegged_price = plain(order.pegged_price)
    if order.pending_terms is not None:
        write_terms(message.pending_terms, order.pending_terms)
    if order.regulatory:
        message.regulatory.MergeFromString(order.regulatory)
    if order.link is not None:
        _write_link(message, order, order.link)
    if order.rejection is not None:
        message.rejection.CopyFrom(rejection_message(order.rejection))
    if order.waits_for is not None:
        message.waits_for = order.waits_for  # type: ignore[assignment] # by number
    if order.trigger is not None:
        message.trigger.CopyFrom(trigger_message(order.trigger))
    if order.approved_by:
        message.approved_by = order.approved_by
    if order.origin is not None:
        message.origin = order.origin  # type: ignore[assignment] # by number


def _write_link(message: order_pb2.Order, order: Order, link: Link) -> None:
    message.link.CopyFrom(link_message(link))
    if order.routing is not None:
        message.routing.CopyFrom(routing_message(order.routing))
    if order.routing_decision:
        message.routing_decision = order.routing_decision


def fold_message(order: Order) -> OrderFold:
    """Encode what the fold needs and readers do not get. Most orders have little of it."""
    message = OrderFold()
    message.base_state = order.base_state  # type: ignore[assignment] # by number
    message.request_count = order.request_count
    if order.notional:
        message.notional = f"{order.notional:f}"
    if order.pending_cancel_id:
        message.pending_cancel_id = order.pending_cancel_id
    if order.pending_replace_id:
        message.pending_replace_id = order.pending_replace_id
    if order.in_doubt:
        message.in_doubt.extend(order.in_doubt)
    if order.awaited_cum:
        message.awaited_cum_quantity = f"{order.awaited_cum:f}"
    _write_rare_fold(message, order)
    return message


def _write_rare_fold(message: OrderFold, order: Order) -> None:
    if order.stated_by_person:
        message.stated_by_person = True
    if order.asked_about:
        message.asked_about = order.asked_about
    if order.former_venue_order_ids:
        message.former_venue_order_ids.extend(order.former_venue_order_ids)
    if order.ended_by_copy:
        message.ended_by_copy = True
    if order.routing_sums is not None:
        message.routing_sums.SetInParent()
        SUMS.write(message.routing_sums, order.routing_sums)
    if order.replace_asked_at_ns:
        message.replace_asked_at_ns = order.replace_asked_at_ns
    if order.closed_sequence:
        message.closed_sequence = order.closed_sequence
    if order.paused:
        message.paused = True
    for one in order.traded_before:
        TRADED_BEFORE.write(message.traded_before.add(), one)


def order_write(order: Order, message: order_pb2.Order, body: bytes) -> OrderWrite:
    """Fill every column from the order, its encoded form and its bytes."""
    progress = message.progress
    terms = message.terms
    closed = order.is_closed
    # By position, in the order of the columns: with names it takes three times as long.
    return OrderWrite(
        order.order_id,
        order.account_id,
        order.instrument_id,
        order.venue_mic,
        order.side,
        order.type,
        order.state,
        not closed,
        terms.quantity,
        terms.limit_price,
        progress.cum_quantity,
        progress.leaves_quantity,
        progress.average_price,
        order.cl_ord_id,
        order.created_sequence,
        order.last_sequence,
        order.created_at_ns // NS_PER_US,
        order.updated_at_ns // NS_PER_US,
        closed,
        order.base_state in LOCAL
        or (not closed and (order.reduce_only or order.routing is not None)),
        "" if order.link is None else order.link.group_id,
        order.idempotency_key if order.origin is OrderOrigin.VENUE else "",
        fold_message(order).SerializeToString(),
        body,
    )


def order_value(message: order_pb2.Order, fold: OrderFold) -> Order:
    """Decode an order with its fold."""
    progress, has = message.progress, message.HasField
    return Order(
        order_id=message.order_id,
        account_id=message.account_id,
        idempotency_key=message.idempotency_key,
        instrument_id=message.instrument_id,
        symbol=message.symbol,
        venue_mic=message.venue_mic,
        isin=message.isin,
        currency=message.currency,
        side=Side(message.side),
        type=OrderType(message.type),
        terms=terms_value(message.terms),
        leaves_quantity=Quantity(Decimal(progress.leaves_quantity)),
        cl_ord_id=progress.cl_ord_id,
        placed_by=message.placed_by,
        created_at_ns=from_timestamp(message.created_at),
        updated_at_ns=from_timestamp(message.updated_at),
        state=OrderState(progress.state),
        base_state=OrderState(fold.base_state),
        pending_terms=terms_value(message.pending_terms) if has("pending_terms") else None,
        cum_quantity=Quantity(Decimal(progress.cum_quantity)),
        notional=Decimal(fold.notional) if fold.notional else ZERO,
        version=progress.version,
        request_count=fold.request_count,
        pending_cancel_id=fold.pending_cancel_id,
        pending_replace_id=fold.pending_replace_id,
        in_doubt=tuple(fold.in_doubt),
        awaited_cum=Quantity(Decimal(fold.awaited_cum_quantity or 0)),
        venue_order_id=message.venue_order_id,
        regulatory=message.regulatory.SerializeToString() if has("regulatory") else b"",
        link=link_value(message.link) if message.HasField("link") else None,
        client_note=message.client_note,
        rejection=rejection_value(message.rejection) if message.HasField("rejection") else None,
        created_sequence=message.created_sequence,
        last_sequence=message.last_sequence,
        anomaly_count=message.anomaly_count,
        waits_for=WaitsFor(message.waits_for) if message.waits_for else None,
        trigger=trigger_value(message.trigger) if message.HasField("trigger") else None,
        approved_by=message.approved_by,
        pegged_price=optional_price(message.pegged_price),
        stated_by_person=fold.stated_by_person,
        asked_about=fold.asked_about,
        former_venue_order_ids=tuple(fold.former_venue_order_ids),
        ended_by_copy=fold.ended_by_copy,
        origin=OrderOrigin(message.origin) if message.origin else None,
        for_next_session=message.for_next_session,
        reduce_only=message.reduce_only,
        listing_status_not_known=message.listing_status_not_known,
        routing=routing_value(message.routing) if message.HasField("routing") else None,
        routing_decision=message.routing_decision,
        routing_sums=SUMS.read(fold.routing_sums) if fold.HasField("routing_sums") else None,
        venue_symbol=message.venue_symbol,
        ended_text=message.ended_text,
        traded_before=tuple(map(TRADED_BEFORE.read, fold.traded_before)),
        replace_asked_at_ns=fold.replace_asked_at_ns,
        closed_sequence=fold.closed_sequence,
        paused=fold.paused,
    )


def read_order(body: bytes, fold: bytes) -> Order:
    """Decode a stored order."""
    return order_value(order_pb2.Order.FromString(body), OrderFold.FromString(fold))


def execution_row(execution: Execution, sequence: int, exec_type: str) -> ExecutionRow:
    """Fill every column from a fill or correction."""
    message = execution_message(execution)
    return ExecutionRow(
        execution.venue_mic,
        execution.exec_id,
        execution.order_id,
        execution.account_id,
        sequence,
        exec_type,
        message.quantity,
        message.price,
        message.SerializeToString(),
        False,
    )


def found_execution(row: ExecutionRow) -> Execution | None:
    """Decode a stored fill or correction; None for the bust of one, which is none."""
    if not row.body:
        return None
    value = execution_value(order_pb2.Execution.FromString(row.body))
    return value._replace(busted=row.busted)


def applied(row: ExecutionRow) -> Applied:
    """Return what identifies a stored fill, correction or bust."""
    known = found_execution(row)
    return Applied(
        row.exec_type,
        Quantity(Decimal(row.quantity)),
        Price(Decimal(row.price)),
        None if known is None else known.cum_quantity,
    )


NEW_ORDER_FOLD = OrderFold(base_state=order_pb2.ORDER_STATE_PENDING_NEW, request_count=1)
"""Fold of an order that was just accepted."""
