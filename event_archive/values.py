"""What a value says of itself: when it was recorded, and what it is about.

The columns that are made of this are a convenience. `verify` reads the values again and compares.
"""

import json
import re
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.nanoseconds import NS_PER_US
from ordermesh.oms.v1 import audit_service_pb2, event_pb2

ORDER_EVENT: Final = "ordermesh.oms.v1.OrderEvent"
AUDIT_ENTRY: Final = "ordermesh.oms.v1.AuditEntry"
CONTROL: Final = "json:ordermesh.oms.ControlRecord"
STATE: Final = "json:ordermesh.oms.State"
IDENTITY: Final = "json:ordermesh.identity.AuditEntry"
TRADE: Final = "json:ordermesh.marketdata.Trade"
_TEXT: Final = r'"(?:[^"\\]|\\.)*"'
# Only the beginning is read: the row of a state may be large. With each, what a microsecond is.
_BEGINNING: Final = {
    CONTROL: (re.compile(rf"\[\d+, {_TEXT}, {_TEXT}, \d+, {_TEXT}, {_TEXT}, (\d+), ".encode()), 1),
    STATE: (re.compile(rf"\[{_TEXT}, {_TEXT}, \d+, (\d+), ".encode()), 1),
    IDENTITY: (re.compile(rf"\[\d+, \d+, {_TEXT}, (\d+), ".encode()), NS_PER_US),
}
BEGINNING_BYTES: Final = 4_096
US_MAX: Final = 7_258_118_400_000_000
"""The year 2200: a later time is none."""


class About(NamedTuple):
    """What an entry is about; None where its value does not say."""

    event_kind: str | None = None
    """Of `orders`: the kind of OrderEvent, such as "accepted"; of `audit`: the AuditKind; of
    `trades`: "trade" or "withdrawn"."""
    account_id: str | None = None
    order_id: str | None = None
    venue_mic: str | None = None
    """MIC of the order that was accepted, of the execution, or of the trade."""
    instrument_id: str | None = None


NOTHING: Final = About()


def read_value(schema: str, value: bytes) -> tuple[int | None, About]:
    """Return when an entry was recorded by its own account, and what it is about.

    Microseconds since 1970; None if the value does not say, as for routing decisions.
    """
    if schema == ORDER_EVENT:
        return _order_event(value)
    if schema == AUDIT_ENTRY:
        return _audit_entry(value)
    if schema == TRADE:
        return _trade(value)
    if schema in _BEGINNING:
        pattern, a_microsecond = _BEGINNING[schema]
        found = pattern.match(value[:BEGINNING_BYTES])
        return (_valid(int(found[1]) // a_microsecond) if found else None), NOTHING
    return None, NOTHING


def _order_event(value: bytes) -> tuple[int | None, About]:
    try:
        event = event_pb2.OrderEvent.FromString(value)
    except DecodeError:
        return None, NOTHING
    kind = event.WhichOneof("kind")
    venue = instrument = ""
    if kind == "accepted":
        order = event.accepted.order
        venue, instrument = order.venue_mic, order.instrument_id
    elif kind == "executed":
        execution = event.executed.execution
        venue, instrument = execution.venue_mic, execution.instrument_id
    return _us(event.occurred_at), About(
        kind, event.account_id or None, event.order_id or None, venue or None, instrument or None
    )


def _audit_entry(value: bytes) -> tuple[int | None, About]:
    try:
        entry = audit_service_pb2.AuditEntry.FromString(value)
    except DecodeError:
        return None, NOTHING
    descriptor = audit_service_pb2.AuditKind.DESCRIPTOR.values_by_number.get(entry.kind)
    name = descriptor.name.removeprefix("AUDIT_KIND_").lower() if descriptor else None
    return _us(entry.at), About(name, entry.account_id or None, entry.order_id or None)


def _trade(value: bytes) -> tuple[int | None, About]:
    try:
        trade = json.loads(value)
        listing, us = trade["instrument_id"], trade["amended_ns"] // NS_PER_US
        venue = listing.rpartition(".")[2]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None, NOTHING
    about = About("withdrawn" if trade.get("withdrawn") else "trade", None, None, venue, listing)
    return _valid(us), about


def _us(stamp: Timestamp) -> int | None:
    return _valid(stamp.ToNanoseconds() // NS_PER_US) if stamp.seconds else None


def _valid(us: int) -> int | None:
    return us if 0 < us < US_MAX else None
