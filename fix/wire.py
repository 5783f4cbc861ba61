"""Text of FIX messages to fields and back, without a call into C++ per field."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from kernel import decimals
from kernel.nanoseconds import NS_PER_MS, NS_PER_S, NS_PER_US

SOH = "\x01"
_FRACTION_DIGITS_MAX = 9


class BadFieldError(ValueError):
    """A field of a received message cannot be read; the text names it."""


# Control characters except the delimiter: no text of our contracts may have them.
_CONTROL = re.compile("[\x00\x02-\x1f\x7f]")


# What a text may have, with the delimiter.
_PRINTABLE = bytes((*range(0x20, 0x7F), ord(SOH)))
# All bytes but those that separate fields, and tags from values.
_INSIDE = bytes(set(range(256)) - {ord("="), ord(SOH)})
# A part without an equals sign is none.
_FIELD = re.compile("([^=\x01]*)=([^\x01]*)")


def clean(raw: str) -> str:
    """Make any bytes that a venue sends into text that our contracts allow.

    What is not UTF-8 is read as Latin-1, a control character becomes a space.
    """
    if raw.isascii():
        if not raw.encode().translate(None, _PRINTABLE):
            return raw
    else:
        try:
            raw.encode("utf-8")
        except UnicodeEncodeError:
            raw = raw.encode("utf-8", "surrogateescape").decode("latin-1")
    return _CONTROL.sub(" ", raw) if _CONTROL.search(raw) else raw


def fields(raw: str) -> dict[str, str]:
    """Return tag to value; of a tag that comes twice (repeating groups) the first counts."""
    if raw.isascii():
        outline = raw.encode().translate(None, _INSIDE)
        count = len(outline) // 2
        if outline == b"=\x01" * count:
            # Each part has one equals sign, as most messages have it: read at one go.
            parts = raw.replace(SOH, "=").split("=")
            found = dict(zip(parts[:-1:2], parts[1::2], strict=True))
            if len(found) == count:
                return found
    found = {}
    for tag, value in pairs(raw):
        found.setdefault(tag, value)
    return found


def read_fields(text: str) -> dict[str, str]:
    """Return tag to value; of a tag that comes twice the last counts.

    Raises:
        ValueError: A part is no tag=value.
    """
    return dict([part.split("=", 1) for part in text.split(SOH)[:-1]])


def read_all(text: str, tag: str) -> list[str]:
    """Return every value of a tag, in order."""
    start = f"{tag}="
    return [part[len(start) :] for part in text.split(SOH) if part.startswith(start)]


def pairs(raw: str) -> list[tuple[str, str]]:
    """Return all (tag, value) in the order they came, for messages with repeating groups."""
    return _FIELD.findall(raw)


def join(items: list[tuple[str, str]]) -> str:
    """Return the body text of a message; values with a delimiter inside are refused."""
    text = SOH.join([f"{tag}={value}" for tag, value in items])
    if text.count(SOH) != len(items) - 1:
        raise BadFieldError("a value holds the FIX field delimiter")
    return text


@lru_cache(maxsize=decimals.CACHED_TEXTS_MAX)
def canonical(value: str, name: str) -> str:
    """Return a FIX decimal in canonical form: "100.00" is "100", "" stays "".

    Raises:
        BadFieldError: it is not a decimal, or has more digits than our contracts carry.
    """
    if not value:
        return ""
    try:
        return decimals.canonical(value)
    except ValueError as error:
        raise BadFieldError(f"{name} {value[:40]!r} {error}") from None


def exact(value: str, name: str) -> str:
    """Return the price of an execution in canonical form, with every digit that it has.

    Raises:
        BadFieldError: it is not a decimal, or has more digits than can be added up exactly.
    """
    return _exact(value, name, decimals.EXECUTION_PRICE_FRACTION_DIGITS_MAX)


def _exact(value: str, name: str, fraction_digits_max: int) -> str:
    if not value:
        return ""
    try:
        return decimals.canonical(value, fraction_digits_max)
    except ValueError as error:
        raise BadFieldError(f"{name} {value[:40]!r} {error}") from None


@lru_cache(maxsize=decimals.CACHED_TEXTS_MAX)
def quantity(value: str, name: str) -> str:
    """Return a quantity in canonical form; prices may be negative, quantities may not.

    Raises:
        BadFieldError: as canonical, or it is below zero.
    """
    return _not_below_zero(canonical(value, name), value, name)


@lru_cache(maxsize=65_536)  # as canonical
def executed(value: str, name: str) -> str:
    """Return an executed quantity, or what is left, in canonical form with every digit.

    Raises:
        BadFieldError: It is not a decimal, is below zero, or has more digits than can be added up.
    """
    return _not_below_zero(
        _exact(value, name, decimals.EXECUTION_QUANTITY_FRACTION_DIGITS_MAX), value, name
    )


def _not_below_zero(text: str, value: str, name: str) -> str:
    if text.startswith("-"):
        raise BadFieldError(f"{name} {value[:40]!r} is below zero")
    return text


def above_zero(value: str, name: str) -> str:
    """Return a number in canonical form that others are divided by; "" stays "".

    Raises:
        BadFieldError: as canonical, or it is zero or below.
    """
    text = quantity(value, name)
    if text == "0":
        raise BadFieldError(f"{name} {value[:40]!r} is not above zero")
    return text


@lru_cache(maxsize=4096)
def second_ns(text: str) -> int:
    """Return UTC nanoseconds of a UTCTimestamp without fraction.

    A leap second counts as the second before it, as POSIX has it.

    Raises:
        ValueError: It is none.
    """
    seconds = "59" if text.endswith("60") else text[15:]
    at = datetime.strptime(f"{text[:15]}{seconds}", "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    return int(at.timestamp()) * NS_PER_S


@lru_cache(maxsize=256)  # the same time is in several fields, and in several messages
def utc_ns(text: str) -> int:
    """Return UTC nanoseconds of a UTCTimestamp with up to nine digits of fraction; 0 if unreadable.

    A time is never a reason to refuse a fact.
    """
    whole, _, fraction = text.partition(".")
    if fraction and not (fraction.isdecimal() and len(fraction) <= _FRACTION_DIGITS_MAX):
        return 0
    try:
        return second_ns(whole) + (int(fraction.ljust(9, "0")) if fraction else 0)
    except ValueError:
        return 0


def sent_at(raw: str) -> tuple[int, int]:
    """Return SendingTime(52) of a message, or of its text alone, and the unit of its last digit.

    Both in nanoseconds; the time is 0 if it cannot be read.
    """
    at = raw.find("\x0152=")
    text = raw if at < 0 else raw[at + 4 : raw.find("\x01", at + 4)]
    fraction = text.partition(".")[2]
    return utc_ns(text), 10 ** max(0, _FRACTION_DIGITS_MAX - len(fraction))


@lru_cache(maxsize=64)
def _second_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%d-%H:%M:%S")


def utc_text(at_ns: int, precision: str = "microseconds") -> str:
    """Return a UTCTimestamp in seconds, milliseconds or microseconds."""
    second, rest = divmod(at_ns, NS_PER_S)
    if precision == "microseconds":
        return f"{_second_text(second)}.{rest // NS_PER_US:06d}"
    if precision == "milliseconds":
        return f"{_second_text(second)}.{rest // NS_PER_MS:03d}"
    return _second_text(second)


def date_text(at_ns: int, zone: str) -> str:
    """Return the LocalMktDate of a time in an IANA time zone."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, ZoneInfo(zone)).strftime("%Y%m%d")
