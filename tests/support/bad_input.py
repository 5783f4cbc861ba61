"""Makes a table of broken requests out of a good one, from the contract itself.

Every field of the message and of what it contains is broken in every way its rules name:
missing, empty, too long, out of form, out of range, too many, an enum value nobody defined,
bytes that are no text. A field that cannot be broken (a flag, a free number) must be listed
by whoever uses the table, so that a new field without a case fails a test.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from mesh.rpc.validation import field_rules

CHARACTERS_MAX, ITEMS_MAX = 256, 1000
UNKNOWN_ENUM = 9_999
_TIMESTAMP = "google.protobuf.Timestamp"
_NOT_CANONICAL = (".5", "01", "1e2", "NaN", "Infinity", "+1", " 1", "0x10", "٣", "-0", "1,5")
_TOO_FINE, _TOO_LARGE = "0.0000000001", "1" + "0" * 18


class Case(NamedTuple):
    """One broken request."""

    name: str
    request: Message
    field: str
    """Path the refusal must name."""


class Garbled(NamedTuple):
    """Bytes no request can be read from."""

    name: str
    data: bytes


def cases(good: Message) -> list[Case]:
    """Break every field that is set in a good request, and every field of those."""
    return [
        Case(f"{path}: {what}", request, path) for path, what, request in _broken("", _itself, good)
    ]


def garbled(good: Message) -> Iterator[Garbled]:
    """Break the wire form: texts that are no UTF-8, messages cut short, no message at all."""
    whole = good.SerializeToString()
    yield Garbled("no message", b"\xff" * 8)
    if whole:
        yield Garbled("cut short", whole[:-1])
    for field, _value in good.ListFields():
        if field.type == FieldDescriptor.TYPE_STRING:
            yield Garbled(f"{field.name}: no UTF-8", whole + _length_delimited(field, b"\xc3\x28"))
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            yield Garbled(f"{field.name}: no message", whole + _length_delimited(field, b"\xff"))


def unbreakable(good: Message) -> set[str]:
    """Name the fields below a message that `cases` has no case for."""
    covered = {case.field.replace("[0]", "") for case in cases(good)}
    return {path for path in _paths(good.DESCRIPTOR, "", set()) if path not in covered}


def _length_delimited(field: Any, data: bytes) -> bytes:
    key = field.number << 3 | 2
    varint = bytes([key]) if key < 0x80 else bytes([key & 0x7F | 0x80, key >> 7])
    return varint + bytes([len(data)]) + data


def _paths(descriptor: Any, prefix: str, above: set[str]) -> Iterator[str]:
    for field in descriptor.fields:
        path = f"{prefix}{field.name}"
        if field.type != FieldDescriptor.TYPE_MESSAGE or field.message_type.full_name == _TIMESTAMP:
            yield path
        elif field.message_type.full_name not in above:
            yield from _paths(
                field.message_type, f"{path}.", above | {field.message_type.full_name}
            )


def _itself(root: Message) -> Message:
    return root


def _broken(prefix: str, reach: Any, root: Message) -> Iterator[tuple]:
    """Yield (path, what, request) for every way to break every field of a part of root."""
    for field in reach(root).DESCRIPTOR.fields:
        path = f"{prefix}{field.name}"
        rules = field_rules(field)
        if field.is_repeated:
            yield from _broken_list(field, rules, path, reach, root)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            yield from _broken_message(field, rules, path, reach, root)
        else:
            for what, value in _values(field, rules):
                yield path, what, _with(root, reach, field.name, value)


def _broken_message(field: Any, rules: Any, path: str, reach: Any, root: Message) -> Iterator:
    if rules.required:
        request = _copy(root)
        reach(request).ClearField(field.name)
        yield path, "missing", request
    if not reach(root).HasField(field.name):
        return
    if field.message_type.full_name == _TIMESTAMP:
        for seconds, nanos in ((-(10**12), 0), (10**12, 0), (1, -1), (1, 10**9)):
            request = _copy(root)
            stamp = getattr(reach(request), field.name)
            stamp.seconds, stamp.nanos = seconds, nanos
            yield path, f"{seconds} s, {nanos} ns", request
        return
    yield from _broken(f"{path}.", lambda r, n=field.name: getattr(reach(r), n), root)


def _broken_list(field: Any, rules: Any, path: str, reach: Any, root: Message) -> Iterator:
    most = rules.repeated.max_items or ITEMS_MAX
    present = getattr(reach(root), field.name)
    if rules.repeated.min_items or rules.required:
        request = _copy(root)
        reach(request).ClearField(field.name)
        yield path, "empty", request
    if present:
        request = _copy(root)
        items = getattr(reach(request), field.name)
        items.extend([present[0]] * (most + 1 - len(items)))
        yield path, f"{most + 1} items", request
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            yield from _broken(f"{path}[0].", lambda r, n=field.name: getattr(reach(r), n)[0], root)
    if field.type != FieldDescriptor.TYPE_MESSAGE:
        for what, value in _values(field, rules, item=True):
            request = _copy(root)
            items = getattr(reach(request), field.name)
            del items[:]
            items.append(value)
            yield f"{path}[0]", what, request


def _values(field: Any, rules: Any, *, item: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield what a field may not hold."""
    required = rules.required and not item
    if field.type == FieldDescriptor.TYPE_STRING:
        table = _decimals if rules.HasField("decimal") else _texts
        yield from table(rules, required=required)
    elif field.type == FieldDescriptor.TYPE_ENUM:
        yield "unknown", UNKNOWN_ENUM
        if required:
            yield "not set", 0
    elif rules.HasField("integer"):
        signed = field.type == FieldDescriptor.TYPE_INT32
        if rules.integer.HasField("minimum") and (signed or rules.integer.minimum > 0):
            yield "below", rules.integer.minimum - 1
        if rules.integer.HasField("maximum"):
            yield "above", rules.integer.maximum + 1
    elif required:
        yield "not set", b"" if field.type == FieldDescriptor.TYPE_BYTES else 0


def _decimals(rules: Any, *, required: bool) -> Iterator[tuple[str, str]]:
    if required:
        yield "missing", ""
    for text in (*_NOT_CANONICAL, _TOO_FINE, _TOO_LARGE, "9" * 10_000):
        yield text[:20], text
    if rules.decimal.positive:
        yield "zero", "0"
    if rules.decimal.positive or rules.decimal.not_negative:
        yield "negative", "-1"


def _texts(rules: Any, *, required: bool) -> Iterator[tuple[str, str]]:
    most = rules.string.max_length or CHARACTERS_MAX
    if required or rules.string.min_length:
        yield "missing", ""
    yield "too long", "A" * (most + 1)
    yield "far too long", "A" * 100_000
    if rules.string.min_length > 1:
        yield "too short", "A" * (rules.string.min_length - 1)
    if rules.string.pattern:
        yield "out of form", "~ ~"
        yield "not ASCII", "ÄÖ"
    yield "a control character", "A\x01B"
    yield "a zero byte", "A\x00"


def _copy(message: Message) -> Message:
    copied = type(message)()
    copied.CopyFrom(message)
    return copied


def _with(root: Message, reach: Any, name: str, value: object) -> Message:
    request = _copy(root)
    setattr(reach(request), name, value)
    return request
