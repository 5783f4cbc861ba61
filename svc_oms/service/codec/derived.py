"""Functions between a domain value and a message of equal fields, derived from both at import.

A field of the value and the field of the message with the same name belong together. The type of
the value's field says how one becomes the other:

    str, int, bool, bytes            unchanged
    an IntEnum                       its number
    Decimal, Price, Quantity         canonical text
    frozenset[str]                   a repeated field, sorted
    tuple[str, ...]                  a repeated field
    int named x_ns or x_us           a Timestamp named x; not set for 0
    a named tuple                    a message, by its own codec
    tuple[a named tuple, ...]        repeated messages

`| None` leaves the field out where there is no value. A number that has a default is left out where
it is zero. What differs from these rules is written by hand. A writer fills a message in place,
which saves the copy that the assignment of a message costs.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING
from dataclasses import fields as fields_of
from decimal import Decimal
from enum import IntEnum
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_US
from mesh.timestamps import from_timestamp, set_timestamp

V = TypeVar("V")
M = TypeVar("M", bound=Message)
Read = Callable[[Any], Any]
Put = Callable[[Any, Any], None]
"""Writes a value into a field of the message given first."""

_ZERO = Decimal(0)
_TIME_UNITS_NS = {"_ns": 1, "_us": NS_PER_US}


class Codec(NamedTuple, Generic[V, M]):
    """How a value becomes a message and is read back."""

    message: Callable[[V], M]
    """Returns a new message."""
    write: Callable[[M, V], None]
    """Fills an empty message."""
    read: Callable[[M], V]


CODECS: dict[Any, Codec[Any, Any]] = {}
"""Of the named tuples that are fields of other values."""


def register(
    value: type[V], message: type[M], write: Callable[[M, V], None], read: Callable[[M], V]
) -> Codec[V, M]:
    """Make a codec, for fields of other values too."""

    def new_message(source: V) -> M:
        target = message()
        write(target, source)
        return target

    codec = CODECS[value] = Codec(new_message, write, read)
    return codec


def derive(
    value: type[V], message: type[M], by_hand: Mapping[str, Read] | None = None
) -> Codec[V, M]:
    """Derive a codec; see `reader` for `by_hand`."""
    return register(value, message, writer(value, message), reader(value, message, by_hand))


def writer(value: type[V], message: type[M], leave: Collection[str] = ()) -> Callable[[M, V], None]:
    """Derive the function that fills a message; fields to leave are not written."""
    fields = _fields(value, message, leave)
    unchanged = [field for field in fields if field.is_unchanged]
    numbers = [field for field in fields if field.type is Decimal]
    steps: list[Put] = []
    if len(unchanged) > 1:
        steps.append(_write_unchanged(value, unchanged))
        fields = [field for field in fields if field not in unchanged]
    if len(numbers) > 1:
        steps.append(_write_numbers(value, numbers))
        fields = [field for field in fields if field not in numbers]
    if fields or not steps:
        steps.append(_write_each(value, fields))
    if len(steps) == 1:
        return steps[0]

    def write(target: M, source: V) -> None:
        for step in steps:
            step(target, source)

    return write


def _write_unchanged(value: type, fields: list["_Field"]) -> Put:
    names, get = [field.name for field in fields], _getter(value, fields)

    def write(target: Any, source: Any) -> None:
        for name, given in zip(names, get(source)):  # noqa: B905 - equal lengths
            if given:
                setattr(target, name, given)

    return write


def _write_numbers(value: type, fields: list["_Field"]) -> Put:
    parts, get = [(field.name, field.writes_zero) for field in fields], _getter(value, fields)

    def write(target: Any, source: Any) -> None:
        for (name, writes_zero), given in zip(parts, get(source)):  # noqa: B905 - equal lengths
            if given is not None and (writes_zero or given):
                setattr(target, name, plain(given))

    return write


def _write_each(value: type, fields: list["_Field"]) -> Put:
    parts = [(_getter(value, [field]), _put(field), field.writes_zero) for field in fields]

    def write(target: Any, source: Any) -> None:
        for get, put, writes_zero in parts:
            given = get(source)
            if given or (writes_zero and given is not None):
                put(target, given)

    return write


def reader(
    value: type[V],
    message: type[M],
    by_hand: Mapping[str, Read] | None = None,
    leave: Collection[str] = (),
) -> Callable[..., V]:
    """Derive the function that reads a message.

    Args:
        value: What is read.
        message: What it is read from.
        by_hand: Per field, what turns the field of the message into that of the value.
        leave: Fields that the message does not have, the last ones; the caller gives their
            values after the message.
    """
    fields = _fields(value, message, leave)
    reads = [(by_hand or {}).get(field.source) or _read(field) for field in fields]
    get: Any = attrgetter(*(field.name for field in fields)) if fields else None
    make: Any = partial(tuple.__new__, value) if issubclass(value, tuple) else None
    if not fields:
        return lambda _: value()
    maybe = [
        (place, _if_set(field.name, reads[place]))
        for place, field in enumerate(fields)
        if field.optional and field.has_presence
    ]
    places = {place for place, _ in maybe}
    converted = [
        (place, read, fields[place].optional)
        for place, read in enumerate(reads)
        if read and place not in places
    ]

    kind: Any = value
    if len(fields) == 1 and maybe:
        ((_, read_one),) = maybe
        return lambda source: kind(read_one(source))
    if len(fields) == 1:
        (convert,) = reads
        return lambda source: kind(convert(get(source)) if convert else get(source))
    if not (make or maybe or converted):
        return lambda source: value(*get(source))

    def read(source: M, *rest: Any) -> Any:
        values = [*get(source), *rest]
        for place, convert, optional in converted:
            given = values[place]
            # Most optional fields of a report are empty.
            values[place] = convert(given) if given or not optional else None
        for place, read_if_set in maybe:
            values[place] = read_if_set(source)
        return make(values) if make else value(*values)

    return read


class _Field(NamedTuple):
    """A field of a value and of its message."""

    source: str
    name: str
    type: Any
    """Of the value's field, without `| None`; Decimal for Price and Quantity."""
    optional: bool
    has_default: bool
    unit_ns: int
    """Of the number where the message has a Timestamp; else 0."""
    nested: Any
    """Class of the message in the field; None if it has none."""
    has_presence: bool
    """The message can say that the field is not set."""

    @property
    def is_unchanged(self) -> bool:
        """The same on both sides, and left out where it is empty."""
        same = self.type in {str, int, bool, bytes} or _is_enum(self.type)
        return same and not self.unit_ns and not self.optional

    @property
    def writes_zero(self) -> bool:
        """A zero is a value that the message carries."""
        return self.optional or (self.type is Decimal and not self.has_default)


def _fields(value: Any, message: type[Message], leave: Collection[str]) -> list[_Field]:
    types = get_type_hints(value)
    if issubclass(value, tuple):
        defaults = {name: name in value._field_defaults for name in value._fields}
    else:
        defaults = {field.name: field.default is not MISSING for field in fields_of(value)}
    return [
        _field(name, types[name], message, has_default=has_default)
        for name, has_default in defaults.items()
        if name not in leave
    ]


def _field(source: str, kind: Any, message: type[Message], *, has_default: bool) -> _Field:
    protos = message.DESCRIPTOR.fields_by_name
    unit_ns = 0 if source in protos else _TIME_UNITS_NS[source[-3:]]
    name = source[:-3] if unit_ns else source
    proto = protos[name]
    optional = type(None) in get_args(kind)
    if optional:
        (kind,) = (part for part in get_args(kind) if part is not type(None))
    return _Field(
        source=source,
        name=name,
        type=getattr(kind, "__supertype__", kind),
        optional=optional,
        has_default=has_default,
        unit_ns=unit_ns,
        nested=GetMessageClass(cast(Any, proto.message_type)) if proto.message_type else None,
        has_presence=proto.has_presence,
    )


def _getter(value: type, fields: list[_Field]) -> Read:
    """Return what gets these fields of a value: one as it is, several as a tuple."""
    names = [field.source for field in fields]
    if issubclass(value, tuple):
        places: tuple[str, ...] = value._fields  # type: ignore[attr-defined] # a named tuple
        return itemgetter(*map(places.index, names))
    return attrgetter(*names)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, IntEnum)


def _codec(field: _Field) -> Codec[Any, Any]:
    kind = get_args(field.type)[0] if get_origin(field.type) is tuple else field.type
    return CODECS.get(kind) or derive(kind, field.nested)


def _put(field: _Field) -> Put:
    """Return what writes a value into the field of a message."""
    name, unit_ns = field.name, field.unit_ns
    if unit_ns:
        return lambda target, given: set_timestamp(getattr(target, name), given * unit_ns)
    if field.nested:
        write = _codec(field).write
        if get_origin(field.type) is tuple:

            def put_messages(target: Any, given: Any) -> None:
                for one in given:
                    write(getattr(target, name).add(), one)

            return put_messages

        def put_message(target: Any, given: Any) -> None:
            inner = getattr(target, name)
            inner.SetInParent()
            write(inner, given)

        return put_message
    if field.type is Decimal:
        return lambda target, given: setattr(target, name, plain(given))
    if get_origin(field.type) in {frozenset, tuple}:
        ordered = sorted if get_origin(field.type) is frozenset else tuple
        return lambda target, given: getattr(target, name).extend(ordered(given))
    return lambda target, given: setattr(target, name, given)


def _read(field: _Field) -> Read | None:
    """Return what turns the field of a message into that of the value; None: nothing to do."""
    unit_ns, kind = field.unit_ns, field.type
    if unit_ns:
        return from_timestamp if unit_ns == 1 else lambda given: from_timestamp(given) // unit_ns
    if field.nested:
        read = _codec(field).read
        many = get_origin(kind) is tuple
        return (lambda given: tuple(map(read, given))) if many else read
    if field.optional and not field.has_presence:
        return lambda given: kind(given) if given else None
    if kind is Decimal:
        return (lambda given: Decimal(given) if given else _ZERO) if field.has_default else Decimal
    if _is_enum(kind):
        return _member_of(kind)
    return {frozenset: frozenset, tuple: tuple}.get(get_origin(kind))


def _member_of(kind: Any) -> Read:
    """Return what gives the member of a number; ValueError if there is none."""
    members = {member.value: member for member in kind}
    # A call of the class takes three times as long.
    return lambda number: members.get(number) or kind(number)


def _if_set(name: str, read: Read | None) -> Read:
    """Return what reads a field of a message, and None where it is not set."""

    def read_field(source: Any) -> Any:
        if not source.HasField(name):
            return None
        given = getattr(source, name)
        return given if read is None else read(given)

    return read_field
