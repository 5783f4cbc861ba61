"""The event envelope and its kinds. What is written here is the log of record."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from kernel.decimals import plain
from ordermesh.oms.v1 import event_pb2, order_pb2
from svc_oms.domain import events as ev
from svc_oms.domain.events import Event, Stamp
from svc_oms.domain.model import Order, ResolutionSource, WaitsFor
from svc_oms.domain.numbers import NO_QUANTITY, Price, Quantity
from svc_oms.domain.verify import LogLine
from svc_oms.service.codec.order_records import NEW_ORDER_FOLD, order_value
from svc_oms.service.codec.values import (
    execution_message,
    execution_value,
    nanoseconds,
    optional_price,
    optional_text,
    rejection_message,
    rejection_value,
    terms_message,
    terms_value,
    timestamp,
    trigger_message,
    trigger_value,
)

_Encoder = Callable[[Any], dict[str, Any]]

# Per kind: name of the oneof's field, its message, and the fields of the message.
ENCODERS: dict[type, tuple[str, type, _Encoder]] = {
    ev.OrderAcknowledged: (
        "acknowledged",
        event_pb2.OrderAcknowledged,
        lambda e: {"venue_order_id": e.venue_order_id},
    ),
    ev.OrderExecuted: (
        "executed",
        event_pb2.OrderExecuted,
        lambda e: {"execution": execution_message(e.execution)},
    ),
    ev.CancelRequested: (
        "cancel_requested",
        event_pb2.CancelRequested,
        lambda e: {"cl_ord_id": e.cl_ord_id},
    ),
    ev.CancelPending: ("cancel_pending", event_pb2.CancelPending, lambda _: {}),
    ev.CancelRefused: (
        "cancel_refused",
        event_pb2.CancelRefused,
        lambda e: {"cl_ord_id": e.cl_ord_id, "rejection": rejection_message(e.rejection)},
    ),
    ev.OrderCanceled: (
        "canceled",
        event_pb2.OrderCanceled,
        lambda e: {"unsolicited": e.unsolicited, "text": e.text},
    ),
    ev.ReplaceRequested: (
        "replace_requested",
        event_pb2.ReplaceRequested,
        lambda e: {"cl_ord_id": e.cl_ord_id, "terms": terms_message(e.terms)},
    ),
    ev.ReplacePending: ("replace_pending", event_pb2.ReplacePending, lambda _: {}),
    ev.ReplaceRefused: (
        "replace_refused",
        event_pb2.ReplaceRefused,
        lambda e: {"cl_ord_id": e.cl_ord_id, "rejection": rejection_message(e.rejection)},
    ),
    ev.OrderReplaced: (
        "replaced",
        event_pb2.OrderReplaced,
        lambda e: {"terms": terms_message(e.terms), "venue_order_id": e.venue_order_id},
    ),
    ev.OrderRejected: (
        "rejected",
        event_pb2.OrderRejected,
        lambda e: {"rejection": rejection_message(e.rejection)},
    ),
    ev.OrderExpired: ("expired", event_pb2.OrderExpired, lambda e: {"text": e.text}),
    ev.OrderDoneForDay: ("done_for_day", event_pb2.OrderDoneForDay, lambda _: {}),
    ev.OrderSuspended: ("suspended", event_pb2.OrderSuspended, lambda e: {"text": e.text}),
    ev.OrderStopped: (
        "stopped",
        event_pb2.OrderStopped,
        lambda e: {"price": optional_text(e.price)},
    ),
    ev.OrderCalculated: ("calculated", event_pb2.OrderCalculated, lambda _: {}),
    ev.OrderRestated: (
        "restated",
        event_pb2.OrderRestated,
        lambda e: {
            "terms": terms_message(e.terms),
            "reason_code": e.reason_code,
            "pegged_price": optional_text(e.pegged_price),
        },
    ),
    ev.ExecutionBusted: (
        "execution_busted",
        event_pb2.ExecutionBusted,
        lambda e: {
            "exec_id": e.exec_id,
            "busted_exec_id": e.busted_exec_id,
            "quantity": plain(e.quantity),
            "price": plain(e.price),
        },
    ),
    ev.ExecutionCorrected: (
        "execution_corrected",
        event_pb2.ExecutionCorrected,
        lambda e: {
            "corrected_exec_id": e.corrected_exec_id,
            "execution": execution_message(e.execution),
            "previous_quantity": plain(e.previous_quantity),
            "previous_price": plain(e.previous_price),
        },
    ),
    ev.OrderInDoubt: (
        "in_doubt",
        event_pb2.OrderInDoubt,
        lambda e: {
            "cl_ord_id": e.cl_ord_id,
            "text": e.text,
            "venue_cum_quantity": (plain(e.venue_cum_quantity) if e.venue_cum_quantity else ""),
        },
    ),
    ev.OrderResolved: (
        "resolved",
        event_pb2.OrderResolved,
        lambda e: {
            "source": e.source.value,
            "venue_order_id": e.venue_order_id,
            "rejection": None if e.rejection is None else rejection_message(e.rejection),
            "cl_ord_id": e.cl_ord_id,
            "text": e.text,
        },
    ),
    ev.OrderTriggered: (
        "triggered",
        event_pb2.OrderTriggered,
        lambda e: {"trigger_price": plain(e.trigger_price)},
    ),
    ev.OrderApproved: (
        "approved",
        event_pb2.OrderApproved,
        lambda e: {"approved_by": e.approved_by, "waits_for": e.waits_for or 0},
    ),
    ev.TriggerMoved: (
        "trigger_moved",
        event_pb2.TriggerMoved,
        lambda e: {"trigger": trigger_message(e.trigger)},
    ),
    ev.OrderReleased: (
        "released",
        event_pb2.OrderReleased,
        lambda e: {"waits_for": e.waits_for or 0, "text": e.text},
    ),
    ev.CommandRefused: (
        "command_refused",
        event_pb2.CommandRefused,
        lambda e: {"command": e.command, "rejection": rejection_message(e.rejection)},
    ),
    ev.VenueReportParked: (
        "venue_report_parked",
        event_pb2.VenueReportParked,
        lambda e: {"msg_type": e.msg_type, "text": e.text},
    ),
}

DECODERS: dict[str, Callable[[Any], Event]] = {
    "accepted": lambda m: ev.OrderAccepted(_as_decided(order_value(m.order, NEW_ORDER_FOLD))),
    "acknowledged": lambda m: ev.OrderAcknowledged(m.venue_order_id),
    "executed": lambda m: ev.OrderExecuted(execution_value(m.execution)),
    "cancel_requested": lambda m: ev.CancelRequested(m.cl_ord_id),
    "cancel_pending": lambda _: ev.CancelPending(),
    "cancel_refused": lambda m: ev.CancelRefused(m.cl_ord_id, rejection_value(m.rejection)),
    "canceled": lambda m: ev.OrderCanceled(m.unsolicited, m.text),
    "replace_requested": lambda m: ev.ReplaceRequested(m.cl_ord_id, terms_value(m.terms)),
    "replace_pending": lambda _: ev.ReplacePending(),
    "replace_refused": lambda m: ev.ReplaceRefused(m.cl_ord_id, rejection_value(m.rejection)),
    "replaced": lambda m: ev.OrderReplaced(terms_value(m.terms), m.venue_order_id),
    "rejected": lambda m: ev.OrderRejected(rejection_value(m.rejection)),
    "expired": lambda m: ev.OrderExpired(m.text),
    "done_for_day": lambda _: ev.OrderDoneForDay(),
    "suspended": lambda m: ev.OrderSuspended(m.text),
    "stopped": lambda m: ev.OrderStopped(optional_price(m.price)),
    "calculated": lambda _: ev.OrderCalculated(),
    "restated": lambda m: ev.OrderRestated(
        terms_value(m.terms), m.reason_code, optional_price(m.pegged_price)
    ),
    "execution_busted": lambda m: ev.ExecutionBusted(
        m.exec_id,
        m.busted_exec_id,
        Quantity(Decimal(m.quantity)),
        Price(Decimal(m.price)),
    ),
    "execution_corrected": lambda m: ev.ExecutionCorrected(
        m.corrected_exec_id,
        execution_value(m.execution),
        Quantity(Decimal(m.previous_quantity)),
        Price(Decimal(m.previous_price)),
    ),
    "in_doubt": lambda m: ev.OrderInDoubt(
        m.cl_ord_id,
        m.text,
        Quantity(Decimal(m.venue_cum_quantity)) if m.venue_cum_quantity else NO_QUANTITY,
    ),
    "resolved": lambda m: ev.OrderResolved(
        ResolutionSource(m.source),
        m.cl_ord_id,
        m.venue_order_id,
        rejection_value(m.rejection) if m.HasField("rejection") else None,
        m.text,
    ),
    "triggered": lambda m: ev.OrderTriggered(Price(Decimal(m.trigger_price))),
    "approved": lambda m: ev.OrderApproved(m.approved_by, _waits_for(m)),
    "trigger_moved": lambda m: ev.TriggerMoved(trigger_value(m.trigger)),
    "released": lambda m: ev.OrderReleased(_waits_for(m), m.text),
    "command_refused": lambda m: ev.CommandRefused(m.command, rejection_value(m.rejection)),
    "venue_report_parked": lambda m: ev.VenueReportParked(m.msg_type, m.text),
}


def _waits_for(message: Any) -> WaitsFor | None:
    return WaitsFor(message.waits_for) if message.waits_for else None


def _as_decided(order: Order) -> Order:
    """Remove what the first fold added: the stored event carries the order after it."""
    return order._replace(version=0, created_sequence=0, last_sequence=0)


def encode_event(
    event: Event,
    stamp: Stamp,
    order: Order,
    progress: order_pb2.OrderProgress,
    message: order_pb2.Order | None = None,
) -> bytes:
    """Serialise an event of an order, once and for all.

    Args:
        event: What happened.
        stamp: When and by whom.
        order: The order after it.
        progress: The order's progress after it, encoded.
        message: The order after it, encoded; for OrderAccepted.
    """
    envelope = event_pb2.OrderEvent(
        account_id=order.account_id,
        sequence=order.last_sequence,
        order_id=order.order_id,
        actor=stamp.actor,
        idempotency_key=stamp.idempotency_key,
        progress=progress,
        anomaly=order.anomaly,
    )
    _set_times(envelope, stamp)
    if isinstance(event, ev.OrderAccepted):
        assert message is not None, "an acceptance carries the order"
        envelope.accepted.order.CopyFrom(message)
    else:
        name, kind, fields = ENCODERS[type(event)]
        getattr(envelope, name).CopyFrom(kind(**fields(event)))
    return envelope.SerializeToString()


def encode_account_event(
    account_id: str, sequence: int, event: ev.VenueReportParked, stamp: Stamp
) -> bytes:
    """Serialise an event that belongs to no order."""
    envelope = event_pb2.OrderEvent(account_id=account_id, sequence=sequence, actor=stamp.actor)
    _set_times(envelope, stamp)
    envelope.venue_report_parked.msg_type = event.msg_type
    envelope.venue_report_parked.text = event.text
    return envelope.SerializeToString()


def _set_times(envelope: event_pb2.OrderEvent, stamp: Stamp) -> None:
    envelope.occurred_at.CopyFrom(timestamp(stamp.occurred_at_ns))
    if stamp.venue_time_ns:
        envelope.venue_time.CopyFrom(timestamp(stamp.venue_time_ns))
    if stamp.received_at_ns:
        envelope.received_at.CopyFrom(timestamp(stamp.received_at_ns))


def decode_event(payload: bytes, event_hash: bytes = b"") -> LogLine:
    """Read a line of the log back.

    Raises:
        ValueError: the kind is not known to this version.
    """
    envelope = event_pb2.OrderEvent.FromString(payload)
    name = envelope.WhichOneof("kind")
    if name is None:
        raise ValueError(f"event {envelope.sequence} of {envelope.account_id} is of unknown kind")
    stamp = Stamp(
        occurred_at_ns=nanoseconds(envelope.occurred_at),
        venue_time_ns=nanoseconds(envelope.venue_time),
        received_at_ns=nanoseconds(envelope.received_at),
        actor=envelope.actor,
        idempotency_key=envelope.idempotency_key,
    )
    return LogLine(
        sequence=envelope.sequence,
        order_id=envelope.order_id,
        stamp=stamp,
        event=DECODERS[name](getattr(envelope, name)),
        payload=payload,
        event_hash=event_hash,
    )
