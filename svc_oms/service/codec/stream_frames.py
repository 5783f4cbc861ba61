"""Protobuf built from bytes that are serialised already.

A length-delimited field is its tag, its length and its bytes, and a message is the sequence of
its fields. So an event that was serialised for the log goes to every reader unchanged, and a
venue command gets the number it was committed under without being rebuilt.
"""

from collections.abc import Iterable, Mapping, Sequence

from ordermesh.gateway.v1.venue_link_service_pb2 import LinkResponse, VenueCommand
from ordermesh.oms.v1.event_pb2 import OrderAccepted, OrderEvent, OrderStreamItem
from ordermesh.oms.v1.order_flow_service_pb2 import FlowResponse
from ordermesh.oms.v1.order_service_pb2 import WatchResponse

_LENGTH_DELIMITED = 2
_TWO_BYTES_FROM = 0x80
_THREE_BYTES_FROM = 0x4000


def varint(number: int) -> bytes:
    """Encode a whole number that is not negative."""
    if number < _THREE_BYTES_FROM:
        return _VARINTS[number]
    out = bytearray()
    while number >= _TWO_BYTES_FROM:
        out.append((number & 0x7F) | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


# Of one and two bytes: the lengths of almost all messages.
_VARINTS = [
    bytes((number,)) if number < _TWO_BYTES_FROM else bytes((number & 0x7F | 0x80, number >> 7))
    for number in range(_THREE_BYTES_FROM)
]


def _tag(message: type, field: str, wire_type: int) -> bytes:
    number: int = message.DESCRIPTOR.fields_by_name[field].number  # type: ignore[attr-defined]
    return varint(number << 3 | wire_type)


_EVENT = _tag(OrderStreamItem, "event", _LENGTH_DELIMITED)
_ORDER = _tag(OrderStreamItem, "order", _LENGTH_DELIMITED)
_SNAPSHOT = _tag(OrderStreamItem, "snapshot", _LENGTH_DELIMITED)
_ITEMS = _tag(WatchResponse, "items", _LENGTH_DELIMITED)
assert _tag(FlowResponse, "items", _LENGTH_DELIMITED) == _ITEMS, "one framing for both streams"
_COMMANDS = _tag(LinkResponse, "commands", _LENGTH_DELIMITED)
_NUMBER = _tag(VenueCommand, "outbound_sequence", 0)
_ACCEPTED = _tag(OrderEvent, "accepted", _LENGTH_DELIMITED)
_ACCEPTED_ORDER = _tag(OrderAccepted, "order", _LENGTH_DELIMITED)
_REDELIVERED = _tag(VenueCommand, "redelivered", 0) + b"\x01"


def accepted_field(order: bytes) -> bytes:
    """Frame a serialised Order as the `accepted` of an OrderEvent, to be appended to it."""
    head = _ACCEPTED_ORDER + varint(len(order))
    return b"".join((_ACCEPTED, varint(len(head) + len(order)), head, order))


def stream_item(item: bytes) -> bytes:
    """Frame a serialised OrderStreamItem for WatchResponse and FlowResponse alike."""
    return b"".join((_ITEMS, varint(len(item)), item))


def event_item(payload: bytes, order: bytes | None = None) -> bytes:
    """Frame a serialised OrderEvent, and the order after it, as an item of an order stream."""
    if order is None:
        return stream_item(b"".join((_EVENT, varint(len(payload)), payload)))
    parts = (_EVENT, varint(len(payload)), payload, _ORDER, varint(len(order)), order)
    return stream_item(b"".join(parts))


def event_items(events: Sequence[tuple[str, bytes]], orders: Mapping[str, bytes]) -> list[bytes]:
    """Frame the events of a batch; the last of each order carries the order.

    Args:
        events: Order id and serialised OrderEvent, in the order of the log.
        orders: Serialised orders by id, each after the last of its events.
    """
    items, seen = [], set()
    for order_id, payload in reversed(events):
        items.append(event_item(payload, None if order_id in seen else orders.get(order_id)))
        seen.add(order_id)
    items.reverse()
    return items


def snapshot_item(body: bytes) -> bytes:
    """Frame a serialised Order as a snapshot item of an order stream."""
    return stream_item(b"".join((_SNAPSHOT, varint(len(body)), body)))


# Appended to a stored VenueCommand: no gateway sends it then.
WITHDRAWN = VenueCommand(withdrawn=True).SerializeToString()


def numbered_command(outbound_sequence: int, payload: bytes, *, redelivered: bool) -> bytes:
    """Frame a stored VenueCommand under its number for LinkResponse."""
    suffix = _REDELIVERED if redelivered else b""
    body = b"".join((_NUMBER, varint(outbound_sequence), payload, suffix))
    return b"".join((_COMMANDS, varint(len(body)), body))


def joined(fragments: Iterable[bytes]) -> bytes:
    """Make one frame of framed items."""
    return b"".join(fragments)
