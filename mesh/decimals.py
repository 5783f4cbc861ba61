"""The one text form of a decimal number on the wire.

Digits, at most one point, no exponent, no plus sign, no leading zero before
another digit, no trailing zero behind the point, no negative zero; at most 18
digits before the point and 9 behind it. One number has one text, so that equal
requests have equal bytes.
"""

import re
from decimal import Decimal

WHOLE_DIGITS_MAX = 18
FRACTION_DIGITS_MAX = 9
CANONICAL_PATTERN = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,8}[1-9])?")
_PLAIN_PATTERN = re.compile(r"([+-]?)([0-9]*)(?:(\.)([0-9]*))?")


def is_canonical(text: str) -> bool:
    """Tell whether the text is a canonical decimal."""
    return CANONICAL_PATTERN.fullmatch(text) is not None and text != "-0"


def parse_decimal(text: str) -> Decimal:
    """Read a canonical decimal.

    Raises:
        ValueError: The text is not canonical; says why.
    """
    if CANONICAL_PATTERN.fullmatch(text) is None or text == "-0":
        raise ValueError(why_not_canonical(text))
    return Decimal(text)


def format_decimal(value: Decimal) -> str:
    """Write a decimal in canonical form.

    Raises:
        ValueError: The value is not finite or has more digits than the form allows.
    """
    if not value.is_finite():
        raise ValueError(f"{value} is not a finite number")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text == "-0":
        return "0"
    if CANONICAL_PATTERN.fullmatch(text) is None:
        raise ValueError(
            f"{value} needs more than {WHOLE_DIGITS_MAX} digits before the point "
            f"or {FRACTION_DIGITS_MAX} behind it"
        )
    return text


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
        "there is no digit behind the point": bool(point) and not fraction,
        "there is a leading zero": len(whole) > 1 and whole.startswith("0"),
        "there is a trailing zero behind the point": fraction.endswith("0"),
        f"there are more than {WHOLE_DIGITS_MAX} digits before the point": len(whole)
        > WHOLE_DIGITS_MAX,
        f"there are more than {FRACTION_DIGITS_MAX} digits behind the point": len(fraction)
        > FRACTION_DIGITS_MAX,
        "zero has no sign": sign == "-",
    }
    return next(cause for cause, holds in causes.items() if holds)
