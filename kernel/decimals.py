"""Exact decimal numbers as text: the one canonical form, and how it is read and written.

Canonical: digits, at most one point, no exponent, no plus sign, no leading zero before another
digit, no trailing zero after the point, no negative zero; at most 18 digits before the point and
9 after it. A number has one text, so that equal requests have equal bytes.
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

WHOLE_DIGITS_MAX: Final = 18
FRACTION_DIGITS_MAX: Final = 9
CANONICAL_PATTERN: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,8}[1-9])?")
TOTAL_PATTERN: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,35})(?:\.[0-9]{0,8}[1-9])?")
"""A sum of numbers in canonical form: it may have twice as many digits before the point."""
EXECUTION_PRICE_FRACTION_DIGITS_MAX: Final = 60
"""Digits after the point of LastPx(31). FIX requires 15 significant digits of every float."""
EXECUTION_QUANTITY_FRACTION_DIGITS_MAX: Final = 18
"""Digits after the point of LastQty(32), CumQty(14) and LeavesQty(151)."""
NANO: Final = 10**FRACTION_DIGITS_MAX
"""Units of 10⁻⁹ in one: numbers that are sorted and compared all day are kept as such units."""
CACHED_TEXTS_MAX: Final = 8_192
"""Texts that are kept in each direction, about 250 bytes each: the same few thousand prices come
again and again. A number that is new each time must not go through them: see `add_nano`."""
_PLAIN_PATTERN = re.compile(r"([+-]?)([0-9]*)(?:(\.)([0-9]*))?")


def is_canonical(text: str) -> bool:
    """Return whether the text is a canonical decimal."""
    return CANONICAL_PATTERN.fullmatch(text) is not None and text != "-0"


def parse_decimal(text: str) -> Decimal:
    """Read a canonical decimal.

    Raises:
        ValueError: The text is not canonical; says why.
    """
    if not is_canonical(text):
        raise ValueError(why_not_canonical(text))
    return Decimal(text)


def plain(number: Decimal) -> str:
    """Write a number without exponent and trailing zeros; canonical if it is in bounds.

    A negative zero keeps its sign.
    """
    # str() takes a third of the time; it writes an exponent for the very large and very small.
    text = str(number)
    if "E" in text:
        text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def digits_of(text: str) -> tuple[str, str]:
    """Split an unsigned decimal into its whole digits and its fraction without trailing zeros.

    Raises:
        ValueError: The text is not such a number.
    """
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if not digits.isdecimal() or not digits.isascii():
        raise ValueError("is not a decimal number")
    return whole, fraction.rstrip("0")


def canonical(text: str, fraction_digits_max: int = FRACTION_DIGITS_MAX) -> str:
    """Bring a decimal without exponent into canonical form: "007.50" is "7.5", ".5" is "0.5".

    Args:
        text: The decimal.
        fraction_digits_max: Digits allowed after the point.

    Raises:
        ValueError: The text is not a decimal number, or has more digits than the form allows.
    """
    negative = text.startswith("-")
    whole, fraction = digits_of(text[1:] if negative else text)
    whole = whole.lstrip("0") or "0"
    if len(whole) > WHOLE_DIGITS_MAX or len(fraction) > fraction_digits_max:
        limits = f"{WHOLE_DIGITS_MAX} digits before or {fraction_digits_max} after the point"
        raise ValueError(f"has more than {limits}")
    number = f"{whole}.{fraction}" if fraction else whole
    return f"-{number}" if negative and number != "0" else number


def format_scaled(units: int, places: int) -> str:
    """Write units of 10⁻ᵖˡᵃᶜᵉˢ as a canonical decimal: 1502500 with 4 places is "150.25"."""
    if units < 0:
        return f"-{format_scaled(-units, places)}"
    digits = str(units).zfill(places + 1)
    fraction = digits[-places:].rstrip("0")
    return f"{digits[:-places]}.{fraction}" if fraction else digits[:-places]


@lru_cache(maxsize=CACHED_TEXTS_MAX)
def format_nano(units: int) -> str:
    """Write units of 10⁻⁹ as a canonical decimal."""
    return format_scaled(units, FRACTION_DIGITS_MAX)


@lru_cache(maxsize=CACHED_TEXTS_MAX)
def parse_nano(text: str) -> int:
    """Read a canonical decimal as units of 10⁻⁹.

    Raises:
        ValueError: The text is not a decimal in canonical form.
    """
    if not is_canonical(text):
        raise ValueError(f"{text!r} is not a decimal in canonical form, as in 150.25")
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(FRACTION_DIGITS_MAX, "0"))


@lru_cache(maxsize=CACHED_TEXTS_MAX)
def parse_total(text: str) -> int:
    """Read a sum of canonical decimals, which may have more digits, as units of 10⁻⁹.

    Raises:
        ValueError: The text is not a decimal in canonical form, but for the number of digits
            before the point, of which there are at most 36.
    """
    _require_total(text)
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(FRACTION_DIGITS_MAX, "0"))


def total_decimal(text: str) -> Decimal:
    """Read a sum of canonical decimals exactly.

    Raises:
        ValueError: As for `parse_total`.
    """
    _require_total(text)
    return Decimal(text)


def _require_total(text: str) -> None:
    if TOTAL_PATTERN.fullmatch(text) is None or text == "-0":
        raise ValueError(f"{text!r} is not a sum of decimals in canonical form, as in 150.25")


def add_nano(total: str, more: str) -> str:
    """Add two totals. The first is new each time, so no text of it is kept.

    Raises:
        ValueError: As for `parse_total`.
    """
    return format_scaled(parse_total.__wrapped__(total) + parse_total(more), FRACTION_DIGITS_MAX)


def why_not_canonical(text: str) -> str:
    """Say in words what keeps a text from being a canonical decimal; empty if nothing does."""
    if is_canonical(text):
        return ""
    match = _PLAIN_PATTERN.fullmatch(text)
    if match is None:
        return "a decimal number has digits and at most one point, no exponent and no spaces"
    sign, whole, point, fraction = match.groups(default="")
    causes = {
        "there is no digit before the point": not whole,
        "there is a plus sign": sign == "+",
        "there is no digit after the point": bool(point) and not fraction,
        "there is a leading zero": len(whole) > 1 and whole.startswith("0"),
        "there is a trailing zero after the point": fraction.endswith("0"),
        f"there are more than {WHOLE_DIGITS_MAX} digits before the point": len(whole)
        > WHOLE_DIGITS_MAX,
        f"there are more than {FRACTION_DIGITS_MAX} digits after the point": len(fraction)
        > FRACTION_DIGITS_MAX,
        "zero has no sign": sign == "-",
    }
    return next(cause for cause, holds in causes.items() if holds)
