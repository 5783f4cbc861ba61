"""Times and durations as whole nanoseconds; a time is UTC nanoseconds since 1970."""

from typing import Final

NS_PER_US: Final = 1_000
NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
NS_PER_DAY: Final = 86_400 * NS_PER_S
US_PER_S: Final = 1_000_000


def to_us(ns: int) -> int:
    """Return whole microseconds, rounded down."""
    return ns // NS_PER_US
