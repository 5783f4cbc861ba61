"""Decimals as whole numbers of 10⁻⁹, the smallest step the contracts allow.

Books sort and compare prices all day; whole numbers do that without the cost of
``Decimal`` and without the errors of ``float``.
"""

import re
from functools import lru_cache

NANO = 1_000_000_000
"""Units of one."""

CACHED_TEXTS_MAX = 65_536
"""Decimals cached in each direction, because the same prices recur."""

_CANONICAL = re.compile(r"(-?)(0|[1-9][0-9]{0,17})(?:\.([0-9]{0,8}[1-9]))?")


@lru_cache(maxsize=CACHED_TEXTS_MAX)
def parse_nano(text: str) -> int:
    """Turn a canonical decimal into units of 10⁻⁹.

    Raises:
        ValueError: The text is not a decimal in canonical form.
    """
    match = _CANONICAL.fullmatch(text)
    if match is None or text == "-0":
        raise ValueError(f"{text!r} is not a decimal in canonical form, as in 150.25")
    sign, whole, fraction = match.groups()
    units = int(whole) * NANO + (int(fraction.ljust(9, "0")) if fraction else 0)
    return -units if sign else units


@lru_cache(maxsize=CACHED_TEXTS_MAX)
def format_nano(units: int) -> str:
    """Turn units of 10⁻⁹ into a canonical decimal."""
    whole, fraction = divmod(abs(units), NANO)
    sign = "-" if units < 0 else ""
    if not fraction:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction:09d}".rstrip("0")
