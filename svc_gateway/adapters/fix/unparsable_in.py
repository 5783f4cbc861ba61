"""A message that QuickFIX could not parse, as the guard process hands it on: parked whole."""

from fix import unparsable, wire
from ordermesh.gateway.v1 import venue_link_service_pb2 as link

_TEXT_MAX = 256


def park_unparsable(message: link.VenueMessage, raw: str) -> bool:
    """Make it a parked message with the bytes as they came; return whether it is such a message."""
    original = unparsable.replaced(raw)
    if original is None:
        return False
    message.parked.msg_type = wire.clean(original.msg_type)[:_TEXT_MAX]
    message.parked.raw = original.raw
    message.parked.error = wire.clean(original.fault)[:_TEXT_MAX]
    return True
