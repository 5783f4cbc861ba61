"""ULIDs: 26 characters that sort by the time they were made."""

import os
import re
import threading

from kernel.nanoseconds import NS_PER_MS

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Two characters are ten bits: half the look-ups of one by one.
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
ULID_CHARACTERS = 26
_VALID = re.compile(f"[0-7][{_ALPHABET}]{{{ULID_CHARACTERS - 1}}}")
_RANDOM_BITS = 80
_RANDOM_END = 1 << _RANDOM_BITS
_TIME_MS_END = 1 << 48
# Of the last four characters.
_TAIL_CHARACTERS = 4
_TAIL_BITS = 20
_TAIL_MASK = (1 << _TAIL_BITS) - 1


class _Maker:
    """Makes ids that never go backwards, even when the clock does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_ms = -1
        self._last_random = 0
        # The ids of a millisecond count up, so they begin with the same characters.
        self._high = -1
        self._head = ""

    def make(self, now_ns: int) -> str:
        milliseconds = now_ns // NS_PER_MS
        with self._lock:
            if milliseconds > self._last_ms:
                self._last_ms = milliseconds
                # One bit is left free so that counting up has room.
                self._last_random = int.from_bytes(os.urandom(10)) >> 1
            else:
                self._last_random += 1
                if self._last_random == _RANDOM_END:
                    self._last_ms += 1
                    self._last_random = 0
            value = (self._last_ms << _RANDOM_BITS) | self._last_random
            high, low = value >> _TAIL_BITS, value & _TAIL_MASK
            if high != self._high:
                self._high, self._head = high, _encode(value)[:-_TAIL_CHARACTERS]
            pairs = _PAIRS
            return f"{self._head}{pairs[low >> 10]}{pairs[low & 0x3FF]}"


def _encode(value: int) -> str:
    return "".join([_PAIRS[(value >> shift) & 0x3FF] for shift in range(120, -1, -10)])


_maker = _Maker()


def new_ulid(now_ns: int) -> str:
    """Make an id that sorts after every id made before in this process.

    Args:
        now_ns: The time, as UTC nanoseconds since 1970.

    Raises:
        ValueError: The time is before 1970 or after the year 10889.
    """
    if not 0 <= now_ns < _TIME_MS_END * NS_PER_MS:
        raise ValueError(f"a ULID cannot hold the time {now_ns} ns since 1970")
    return _maker.make(now_ns)


def first_ulid(now_ns: int) -> str:
    """Return the id that sorts before all ids made at this time or later."""
    return _encode(max(now_ns, 0) // NS_PER_MS << _RANDOM_BITS)


def valid_ulid(text: str) -> bool:
    """Return whether the text is a ULID in its one canonical, upper-case form."""
    return _VALID.fullmatch(text) is not None
