"""Field rules of the protos, compiled once per message type and enforced in one place.

``(ordermesh.type.v1.rules)`` stands beside each field and may refer to a named rule,
which is replaced by its definition. A message type becomes a flat tuple of closures, one
per field that can break a rule, so that a request costs a few attribute reads and no
look at descriptors.
"""

import re
from collections.abc import Callable
from typing import Any, Final, NoReturn

from google.protobuf.descriptor import FieldDescriptor as _Field
from google.protobuf.message import Message

from kernel.decimals import CANONICAL_PATTERN, why_not_canonical
from mesh.errors import MeshError
from ordermesh.type.v1 import rules_pb2

STRING_CHARACTERS_MAX: Final = 256
REPEATED_ITEMS_MAX: Final = 1000
SHOWN_VALUE_CHARACTERS_MAX: Final = 64

_TIMESTAMP_SECONDS_MIN: Final = -62_135_596_800  # 0001-01-01T00:00:00Z
_TIMESTAMP_SECONDS_MAX: Final = 253_402_300_799  # 9999-12-31T23:59:59Z
_NANOS_MAX: Final = 999_999_999
# They corrupt log lines, FIX messages (0x01 ends a field) and PostgreSQL texts (0x00).
_CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x1f\x7f]")

# The published type stubs have no types for these descriptors.
_Descriptor = Any
_FieldDescriptor = Any
_EnumValueDescriptor = Any
_Check = Callable[[Any, str], None]
_ValueCheck = Callable[[Any, str], None]
_compiled: dict[str, tuple[_Check, ...]] = {}


def _definition(value: _EnumValueDescriptor) -> rules_pb2.FieldRules:
    rules: rules_pb2.FieldRules = value.GetOptions().Extensions[rules_pb2.definition]
    return rules


_NAMED_RULES: Final = {
    value.number: _definition(value) for value in rules_pb2.NamedRule.DESCRIPTOR.values
}


def validate(message: Message) -> None:
    """Check a message and all messages in it by the rules of their fields.

    Raises:
        MeshError: INVALID_FIELD with the field's path, its value and what was expected.
    """
    descriptor = message.DESCRIPTOR
    checks = _compiled.get(descriptor.full_name)
    if checks is None:
        checks = _compile(descriptor)
    for check in checks:
        check(message, "")


def field_rules(field: _FieldDescriptor) -> rules_pb2.FieldRules:
    """Return the rules of a field, with a named rule replaced by its definition."""
    own: rules_pb2.FieldRules = field.GetOptions().Extensions[rules_pb2.rules]
    if not own.named:
        return own
    rules = rules_pb2.FieldRules()
    rules.CopyFrom(_NAMED_RULES[own.named])
    rules.MergeFrom(own)
    rules.ClearField("named")
    return rules


def _compile(descriptor: _Descriptor) -> tuple[_Check, ...]:
    """Compile the checks of a message type after those of the types it contains."""
    name = descriptor.full_name
    if name in _compiled:
        return _compiled[name]
    special = _SPECIAL_TYPES.get(name)
    if special is not None:
        _compiled[name] = (special,)
        return (special,)
    # A type that contains itself finds this entry while it is being compiled; its
    # nested check looks up the finished tuple at run time.
    _compiled[name] = ()
    checks = [check for field in descriptor.fields for check in _field_checks(field)]
    _compiled[name] = tuple(checks)
    return _compiled[name]


def _field_checks(field: _FieldDescriptor) -> list[_Check]:
    rules = field_rules(field)
    if field.is_repeated:
        if _is_map(field):
            return [_count_check(field, rules)]
        return [_repeated_check(field, rules)]
    if field.type == _Field.TYPE_MESSAGE:
        return [_nested_check(field, required=rules.required)]
    check = _value_check(field, rules)
    if check is None:
        return []
    checks = [_singular_check(field, check, empty_passes=_empty_passes(field, rules))]
    return [_trailing_zeros(field.name), *checks] if rules.HasField("decimal") else checks


def _trailing_zeros(name: str) -> _Check:
    """Leave out the zeros after the point of a decimal field: "640.50" becomes "640.5".

    Every other form than the canonical one is refused. It is done before the request is hashed
    for its idempotency key, so that both texts are one request.
    """

    def leave_out(message: Any, _path: str) -> None:
        value = getattr(message, name)
        # ".0" has no digit before the point: it is refused, and not read as an empty field.
        if value.endswith("0") and value.find(".") > 0:
            setattr(message, name, value.rstrip("0").removesuffix("."))

    return leave_out


def _empty_passes(field: _FieldDescriptor, rules: rules_pb2.FieldRules) -> bool:
    """Return whether the check of a field does nothing where the field is empty."""
    if rules.required:
        return False
    if field.type == _Field.TYPE_STRING:
        return rules.HasField("decimal") or not rules.string.min_length
    return bool(field.type == _Field.TYPE_ENUM)


def _is_map(field: _FieldDescriptor) -> bool:
    if field.type != _Field.TYPE_MESSAGE:
        return False
    return bool(field.message_type.GetOptions().map_entry)


def _singular_check(field: _FieldDescriptor, check: _ValueCheck, *, empty_passes: bool) -> _Check:
    name = field.name
    if field.has_presence:

        def check_present(message: Any, path: str) -> None:
            if message.HasField(name):
                check(getattr(message, name), path + name)

        return check_present
    if empty_passes:

        def check_given(message: Any, path: str) -> None:
            value = getattr(message, name)
            if value:
                check(value, path + name)

        return check_given

    def check_field(message: Any, path: str) -> None:
        check(getattr(message, name), path + name)

    return check_field


def _nested_check(field: _FieldDescriptor, *, required: bool) -> _Check:
    name, type_name = field.name, field.message_type.full_name
    _compile(field.message_type)

    def check_nested(message: Any, path: str) -> None:
        if message.HasField(name):
            checks = _compiled[type_name]
            if checks:
                value, inner = getattr(message, name), f"{path}{name}."
                for check in checks:
                    check(value, inner)
        elif required:
            _refuse(path + name, "", "a value: the field is required")

    return check_nested


def _count_check(field: _FieldDescriptor, rules: rules_pb2.FieldRules) -> _Check:
    name = field.name
    least = max(rules.repeated.min_items, 1 if rules.required else 0)
    most = rules.repeated.max_items or REPEATED_ITEMS_MAX

    def check_count(message: Any, path: str) -> None:
        count = len(getattr(message, name))
        if not least <= count <= most:
            _refuse(path + name, f"{count} items", f"{least} to {most} items")

    return check_count


def _repeated_check(field: _FieldDescriptor, rules: rules_pb2.FieldRules) -> _Check:
    name = field.name
    check_count = _count_check(field, rules)
    if field.type == _Field.TYPE_MESSAGE:
        type_name = field.message_type.full_name
        _compile(field.message_type)

        def check_messages(message: Any, path: str) -> None:
            check_count(message, path)
            checks = _compiled[type_name]
            if checks:
                for index, item in enumerate(getattr(message, name)):
                    inner = f"{path}{name}[{index}]."
                    for check in checks:
                        check(item, inner)

        return check_messages
    check_item = _value_check(field, rules)

    def check_values(message: Any, path: str) -> None:
        check_count(message, path)
        if check_item is not None:
            for index, item in enumerate(getattr(message, name)):
                check_item(item, f"{path}{name}[{index}]")

    return check_values


def _value_check(field: _FieldDescriptor, rules: rules_pb2.FieldRules) -> _ValueCheck | None:
    if field.type == _Field.TYPE_STRING:
        # For a list of texts, required applies to the list.
        required = rules.required and not field.is_repeated
        if rules.HasField("decimal"):
            return _decimal_check(rules.decimal, required=required)
        hidden = field.GetOptions().debug_redact
        return _string_check(rules.string, required=required, hidden=hidden)
    if field.type == _Field.TYPE_ENUM:
        return _enum_check(field, required=rules.required)
    if rules.HasField("integer"):
        return _integer_check(rules.integer, required=rules.required)
    if rules.required:

        def check_set(value: Any, path: str) -> None:
            if not value:
                _refuse(path, repr(value), "a value: the field is required")

        return check_set
    return None


def _decimal_check(rules: rules_pb2.DecimalRules, *, required: bool) -> _ValueCheck:
    canonical = CANONICAL_PATTERN.fullmatch
    positive, not_negative = rules.positive, rules.positive or rules.not_negative
    wanted = "a canonical decimal"
    if positive:
        wanted += " greater than zero"
    elif not_negative:
        wanted += " not below zero"

    def check_decimal(value: str, path: str) -> None:
        if not value:
            if required:
                _refuse(path, value, f"{wanted}: the field is required")
        elif canonical(value) is None or value == "-0":
            _refuse(path, value, f"{wanted}: {why_not_canonical(value)}")
        elif (not_negative and value[0] == "-") or (positive and value == "0"):
            _refuse(path, value, wanted)

    return check_decimal


def _string_check(rules: rules_pb2.StringRules, *, required: bool, hidden: bool) -> _ValueCheck:
    least, most = rules.min_length, rules.max_length or STRING_CHARACTERS_MAX
    matches = re.compile(rules.pattern).fullmatch if rules.pattern else None
    control_character = _CONTROL_CHARACTER.search

    def check_string(value: str, path: str) -> None:
        if not value:
            if required or least:
                _refuse(path, value, "a text: the field is required")
            return
        shown = "(hidden)" if hidden else value
        if len(value) > most:
            _refuse(path, shown, f"at most {most} characters, not {len(value)}")
        if len(value) < least:
            _refuse(path, shown, f"at least {least} characters, not {len(value)}")
        if matches is None:
            if control_character(value) is not None:
                _refuse(path, shown, "no control characters")
        elif matches(value) is None:
            _refuse(path, shown, rules.pattern_words or f"to match {rules.pattern}")

    return check_string


def _enum_check(field: _FieldDescriptor, *, required: bool) -> _ValueCheck:
    known = frozenset(field.enum_type.values_by_number)
    allowed = known - {0} if required else known
    prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
    names = ", ".join(
        value.name.removeprefix(prefix)
        for value in field.enum_type.values
        if value.number in allowed
    )

    def check_enum(value: int, path: str) -> None:
        if value not in allowed:
            _refuse(path, str(value) if value else "", f"one of {names}")

    return check_enum


def _integer_check(rules: rules_pb2.IntegerRules, *, required: bool) -> _ValueCheck:
    least = rules.minimum if rules.HasField("minimum") else -(2**63)
    most = rules.maximum if rules.HasField("maximum") else 2**64
    words = [f"at least {least}"] if rules.HasField("minimum") else []
    words += [f"at most {most}"] if rules.HasField("maximum") else []
    wanted = "a whole number " + " and ".join(words)

    def check_integer(value: int, path: str) -> None:
        if not least <= value <= most or (required and not value):
            _refuse(path, str(value), wanted)

    return check_integer


def _check_timestamp(message: Any, path: str) -> None:
    if not (
        _TIMESTAMP_SECONDS_MIN <= message.seconds <= _TIMESTAMP_SECONDS_MAX
        and 0 <= message.nanos <= _NANOS_MAX
    ):
        value = f"{message.seconds} s, {message.nanos} ns"
        _refuse(
            path.removesuffix("."), value, "a time in the years 1 to 9999 with 0 to 999999999 ns"
        )


def _check_nothing(message: Any, path: str) -> None:
    """Check nothing: the rules do not cover other types of google.protobuf."""


_SPECIAL_TYPES: Final[dict[str, _Check]] = {
    "google.protobuf.Timestamp": _check_timestamp,
    "google.protobuf.Duration": _check_nothing,
}


def _refuse(path: str, value: str, expected: str) -> NoReturn:
    shown = value[:SHOWN_VALUE_CHARACTERS_MAX]
    was = f"is {shown!r}" if value else "is not set"
    raise MeshError(
        "INVALID_FIELD",
        f"{path} {was}; expected {expected}",
        path,
        {"field": path, "value": shown, "expected": expected},
    )
