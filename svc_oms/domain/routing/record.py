"""The record of a decision: everything that it took in and gave out, as bytes.

From the record alone the same decision can be computed again: that is the proof of best execution.
It is JSON: named tuples as arrays in the order of their fields, decimals as text, enumerations by
number. A field that is added later comes last and has a default, so that old records stay
readable; a change of the rules raises RECORD_VERSION, because an old record gives the same
decision by its own rules only.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from enum import IntEnum
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from kernel.decimals import CACHED_TEXTS_MAX, parse_decimal, plain, total_decimal
from kernel.ticks import TickBand
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.routing.decision import Decision, Inputs

RECORD_VERSION: Final = 2
_DECIMALS: Final = (Decimal, Price, Quantity)


def to_record(inputs: Inputs, decision: Decision) -> bytes:
    """Write inputs and decision as JSON in UTF-8: [version, inputs, decision]."""
    values = (RECORD_VERSION, inputs, decision)
    return json.dumps(values, default=_written, separators=(",", ":")).encode()


def _written(value: object) -> Any:
    if isinstance(value, Decimal):
        return _text(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"a record cannot hold {value!r}")


@lru_cache(maxsize=CACHED_TEXTS_MAX)
def _text(number: Decimal) -> str:
    """Write a number: prices and sizes come again and again."""
    return plain(number)


def from_record(record: bytes) -> tuple[Inputs, Decision]:
    """Read what `to_record` wrote.

    Raises:
        ValueError: It is no record, or of another version; says where and what was expected.
    """
    values = json.loads(record)
    if not isinstance(values, list) or len(values) != len(("version", "inputs", "decision")):
        raise ValueError("is no routing record: an array of version, inputs and decision")
    version, inputs, decision = values
    if version != RECORD_VERSION:
        raise ValueError(f"has version {version}: it should be {RECORD_VERSION}")
    return _read(Inputs, inputs, "inputs"), _read(Decision, decision, "decision")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any, where: str) -> Any:
    """Read a value of a type; `where` is its path for the error."""
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        options = [one for one in get_args(kind) if one is not NoneType]
        return None if value is None else _read(options[0], value, where)
    if origin is TickBand:
        from_price, tick_size = _checked(list, value, where)
        return TickBand(parse_decimal(from_price), parse_decimal(tick_size))
    if origin in {tuple, frozenset}:
        item = get_args(kind)[0]
        values = enumerate(_checked(list, value, where))
        return origin(_read(item, one, f"{where}[{number}]") for number, one in values)
    if hasattr(kind, "_fields"):
        return _read_tuple(kind, _checked(list, value, where), where)
    return _read_plain(kind, value, where)


def _read_plain(kind: Any, value: Any, where: str) -> Any:
    if kind in _DECIMALS:
        text = _checked(str, value, where)
        # What a venue shows, and has traded, is a sum.
        return total_decimal(text) if kind is Quantity else parse_decimal(text)
    if issubclass(kind, IntEnum):
        return kind(_checked(int, value, where))
    return _checked(kind, value, where)


def _read_tuple(kind: Any, values: Iterable[Any], where: str) -> Any:
    hints = _hints(kind)
    fields = zip(kind._fields, values, strict=False)
    return kind(*(_read(hints[name], one, f"{where}.{name}") for name, one in fields))


def _checked(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{where} {value!r}: it should be {kind.__name__}")  # noqa: TRY004
    return value
