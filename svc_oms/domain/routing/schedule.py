"""Parents that are released bit by bit: TWAP by time, POV by what others trade."""

from decimal import Decimal
from enum import IntEnum
from typing import Final, NamedTuple

from svc_oms.domain.numbers import NO_QUANTITY, Quantity, share

BASIS_POINTS: Final = 10_000


class Pace(IntEnum):
    """What releases the quantity."""

    TWAP = 1
    """Time: the same quantity in each slice."""
    POV = 2
    """Volume: a share of what others trade."""


class Schedule(NamedTuple):
    """When how much of a parent may be placed. What it releases is routed by the strategy."""

    pace: Pace
    start_ns: int
    end_ns: int
    """Then the parent ends; what is not executed is reported as its rest."""
    slice_ns: int
    """Time between two releases."""
    participation_bps: int = 0
    """POV: the share of the traded quantity of others, in 1/100 of a percent, 1 to 10,000."""
    slice_quantity_max: Quantity | None = None
    """The most that is placed within one slice: a bound on catching up after a pause."""

    def slice_start_ns(self, now_ns: int) -> int:
        """Return when the present slice began; the start of the schedule before it."""
        return self.start_ns + max(now_ns - self.start_ns, 0) // self.slice_ns * self.slice_ns

    def next_slice_ns(self, now_ns: int) -> int:
        """Return when the next slice begins, or the schedule ends."""
        if now_ns < self.start_ns:
            return self.start_ns
        return min(self.slice_start_ns(now_ns) + self.slice_ns, self.end_ns)


def released(
    schedule: Schedule, quantity: Quantity, market_volume: Quantity, now_ns: int
) -> Quantity:
    """Return how much of a parent may be executed or live now, at most the quantity."""
    if now_ns < schedule.start_ns:
        return NO_QUANTITY
    if schedule.pace is Pace.POV:
        part = share(market_volume, Decimal(schedule.participation_bps), Decimal(BASIS_POINTS))
        return min(Quantity(part), quantity)
    slices = -((schedule.start_ns - schedule.end_ns) // schedule.slice_ns)
    begun = (now_ns - schedule.start_ns) // schedule.slice_ns + 1
    if begun >= slices:
        return quantity
    return Quantity(share(quantity, Decimal(begun), Decimal(slices)))
