"""The event envelope and its kinds. What is written here is the log of record."""

from typing import Any, Final, get_args

from mesh.timestamps import from_timestamp, set_timestamp
from ordermesh.oms.v1 import event_pb2, order_pb2
from svc_oms.domain import events as ev
from svc_oms.domain.events import Event, Stamp
from svc_oms.domain.model import Order
from svc_oms.domain.verification.verify import LogLine
from svc_oms.service.codec.derived import Codec, derive
from svc_oms.service.codec.order_records import NEW_ORDER_FOLD, order_value
from svc_oms.service.codec.stream_frames import accepted_field
from svc_oms.service.codec.values import timestamp


def _as_decided(order: Order) -> Order:
    """Remove what the first fold added: the stored event carries the order after it."""
    return order._replace(version=0, created_sequence=0, last_sequence=0)


def _accepted(message: event_pb2.OrderAccepted) -> ev.OrderAccepted:
    return ev.OrderAccepted(_as_decided(order_value(message.order, NEW_ORDER_FOLD)))


def _codecs() -> dict[str, tuple[type, Codec[Any, Any]]]:
    """Derive all: the number of a kind is that of its field in the oneof."""
    fields = event_pb2.OrderEvent.DESCRIPTOR.fields_by_number
    made = {}
    for event in get_args(Event):
        field = fields[event.kind]
        if event is not ev.OrderAccepted:
            made[field.name] = (event, derive(event, getattr(event_pb2, event.__name__)))
    return made


ENCODERS: Final = {event: (name, codec.write) for name, (event, codec) in _codecs().items()}
"""Per kind: the name of the oneof's field, and what fills the field."""

DECODERS: Final = {name: codec.read for name, (_, codec) in _codecs().items()} | {
    "accepted": _accepted
}
"""Per field of the oneof: what reads it."""


def encode_event(
    event: Event,
    stamp: Stamp,
    order: Order,
    progress: order_pb2.OrderProgress,
    body: bytes = b"",
) -> bytes:
    """Serialise an event of an order, once and for all.

    Args:
        event: What happened.
        stamp: When and by whom.
        order: The order after it.
        progress: The order's progress after it, encoded.
        body: The order after it, serialised; for OrderAccepted.
    """
    envelope = event_pb2.OrderEvent()
    envelope.account_id = order.account_id
    envelope.sequence = order.last_sequence
    envelope.order_id = order.order_id
    envelope.actor = stamp.actor
    envelope.progress.CopyFrom(progress)
    if stamp.idempotency_key:
        envelope.idempotency_key = stamp.idempotency_key
    if order.anomaly:
        envelope.anomaly = order.anomaly
    if stamp.msg_seq_num:
        envelope.msg_seq_num = stamp.msg_seq_num
    if stamp.msg_type:
        envelope.msg_type = stamp.msg_type
    _set_times(envelope, stamp)
    if type(event) is ev.OrderAccepted:
        # The kind is the last field of an envelope: nothing of it is encoded twice.
        return envelope.SerializeToString() + accepted_field(body)
    name, write = ENCODERS[type(event)]
    kind = getattr(envelope, name)
    kind.SetInParent()
    write(kind, event)
    return envelope.SerializeToString()


def encode_account_event(
    account_id: str, sequence: int, event: ev.VenueReportParked, stamp: Stamp
) -> bytes:
    """Serialise an event that belongs to no order."""
    envelope = event_pb2.OrderEvent(
        account_id=account_id,
        sequence=sequence,
        actor=stamp.actor,
        msg_seq_num=stamp.msg_seq_num,
        msg_type=stamp.msg_type,
    )
    _set_times(envelope, stamp)
    envelope.venue_report_parked.msg_type = event.msg_type
    envelope.venue_report_parked.text = event.text
    return envelope.SerializeToString()


def _set_times(envelope: event_pb2.OrderEvent, stamp: Stamp) -> None:
    envelope.occurred_at.CopyFrom(timestamp(stamp.occurred_at_ns))
    if stamp.venue_time_ns:
        set_timestamp(envelope.venue_time, stamp.venue_time_ns)
    if stamp.received_at_ns:
        set_timestamp(envelope.received_at, stamp.received_at_ns)


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
        occurred_at_ns=from_timestamp(envelope.occurred_at),
        venue_time_ns=from_timestamp(envelope.venue_time),
        received_at_ns=from_timestamp(envelope.received_at),
        actor=envelope.actor,
        idempotency_key=envelope.idempotency_key,
        msg_seq_num=envelope.msg_seq_num,
        msg_type=envelope.msg_type,
    )
    return LogLine(
        sequence=envelope.sequence,
        order_id=envelope.order_id,
        stamp=stamp,
        event=DECODERS[name](getattr(envelope, name)),
        payload=payload,
        event_hash=event_hash,
    )
