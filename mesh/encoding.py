"""Parts of messages in the encoding of Protocol Buffers, to make a message of bytes."""

from functools import lru_cache
from typing import Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_SEVEN_BITS: Final = 0x7F
_MORE: Final = 0x80
_VARINT: Final = 0
_SIZED: Final = 2
_SIZED_TYPES: Final = frozenset(
    {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_MESSAGE}
)


def varint(number: int) -> bytes:
    """Return a whole number that is not below zero."""
    parts = bytearray()
    while number > _SEVEN_BITS:
        parts.append(number & _SEVEN_BITS | _MORE)
        number >>= 7
    parts.append(number)
    return bytes(parts)


@lru_cache(maxsize=4096)
def size(count: int) -> bytes:
    """Return the size of a part, in bytes, as it stands before the part."""
    return varint(count)


def key(message: type[Message], name: str) -> bytes:
    """Return what stands before the value of a field: a text, bytes, a message or an integer."""
    field = message.DESCRIPTOR.fields_by_name[name]
    kind = _SIZED if field.type in _SIZED_TYPES else _VARINT
    return varint(field.number << 3 | kind)
