"""Rolling windows in slots: recent counts, small enough to store in a row.

A window is cut into ten slots. A slot counts until all of it is outside the window, so no
stretch of the window's length ever holds more than the limit. In return, a count may be
dropped up to a tenth of the window later than exact.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from kernel.nanoseconds import NS_PER_MS
from svc_oms.domain.numbers import ZERO, add, subtract

SLOTS: Final = 10


class Slot(NamedTuple):
    """What was counted in one slot: two sums, of which a limit may use one."""

    number: int
    first: Decimal
    second: Decimal


class Window(NamedTuple):
    """Slots of one length, oldest first."""

    window_ms: int
    slots: tuple[Slot, ...] = ()

    @property
    def slot_ns(self) -> int:
        """Length of a slot."""
        return max(self.window_ms * NS_PER_MS // SLOTS, 1)

    def at(self, now_ns: int, window_ms: int) -> "Window":
        """Return what still counts, recut if the window has another length now."""
        window = self if window_ms == self.window_ms else self._recut(now_ns, window_ms)
        first = now_ns // window.slot_ns - SLOTS
        if window.slots and window.slots[0].number < first:
            return Window(window_ms, tuple(s for s in window.slots if s.number >= first))
        return window

    def _recut(self, now_ns: int, window_ms: int) -> "Window":
        """Count each slot at its end, which can only be too long."""
        recut = Window(window_ms)
        for slot in self.slots:
            end_ns = min((slot.number + 1) * self.slot_ns, now_ns)
            recut = recut.counted(end_ns, slot.first, slot.second)
        return recut

    def counted(self, now_ns: int, first: Decimal, second: Decimal = ZERO) -> "Window":
        """Return the window with an addition."""
        number = now_ns // self.slot_ns
        slots = list(self.slots)
        if slots and slots[-1].number >= number:
            # After the clock went back, count in the newest slot.
            last = slots[-1]
            slots[-1] = Slot(last.number, add(last.first, first), add(last.second, second))
        else:
            slots.append(Slot(number, first, second))
        return Window(self.window_ms, tuple(slots))

    def sums(self) -> tuple[Decimal, Decimal]:
        """Return both sums."""
        first = second = ZERO
        for slot in self.slots:
            first, second = add(first, slot.first), add(second, slot.second)
        return first, second

    def wait_ns(self, now_ns: int, surplus: Decimal, *, of_second: bool = False) -> int:
        """Return how long it takes until this much of a sum no longer counts."""
        for slot in self.slots:
            surplus = subtract(surplus, slot.second if of_second else slot.first)
            if surplus <= 0:
                free = (slot.number + SLOTS + 1) * self.slot_ns
                return max(free - now_ns, 0)
        return self.window_ms * NS_PER_MS
