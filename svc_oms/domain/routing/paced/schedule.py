"""Parents that are released bit by bit: TWAP by time, POV by what others trade."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import IntEnum
from typing import Final, NamedTuple

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.numbers import NO_QUANTITY, Quantity, share
from svc_oms.domain.routing.quantities import above_zero, minus, total

BASIS_POINTS: Final = 10_000
PARTICIPATION_BPS_MAX: Final = 5_000
"""Half: our own executions are traded quantity, too, and two orders that follow each other with
more than that would never stop."""
CATCH_UP_SLICES: Final = 2
"""What was missed is made up for at most this many times as fast as an even pace."""
START_AGE_NS_MAX: Final = 60 * NS_PER_S
"""A schedule that began at most this long ago begins when its order is accepted."""


class Pace(IntEnum):
    """What releases the quantity."""

    TWAP = 1
    """Time: the same quantity in each slice."""
    POV = 2
    """Volume: a share of what is traded, our own executions counted in both."""


class Schedule(NamedTuple):
    """When how much of a parent may be placed. What it releases is routed by the strategy."""

    pace: Pace
    start_ns: int
    end_ns: int
    """Then the parent ends; what is not executed is reported as its rest."""
    slice_ns: int
    """Time between two releases."""
    participation_bps: int = 0
    """POV: the share of the traded quantity, in 1/100 of a percent, 1 to PARTICIPATION_BPS_MAX."""
    slice_quantity_max: Quantity | None = None
    """The most that is placed within one slice: a bound on catching up. None: `slice_bound`."""

    @property
    def slices(self) -> int:
        """Number of slices; the last one may be shorter."""
        return -((self.start_ns - self.end_ns) // self.slice_ns)

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
    """Return how much of a parent may be executed or live now, at most the quantity.

    Args:
        schedule: The schedule.
        quantity: Of the parent.
        market_volume: POV: traded since the start, our own executions included.
        now_ns: The present time.
    """
    if now_ns < schedule.start_ns:
        return NO_QUANTITY
    if schedule.pace is Pace.POV:
        part = share(market_volume, Decimal(schedule.participation_bps), Decimal(BASIS_POINTS))
        return min(Quantity(part), quantity)
    begun = (now_ns - schedule.start_ns) // schedule.slice_ns + 1
    if begun >= schedule.slices:
        return quantity
    return Quantity(share(quantity, Decimal(begun), Decimal(schedule.slices)))


def slice_bound(schedule: Schedule, quantity: Quantity, smallest: Iterable[Quantity]) -> Quantity:
    """Return the most that is placed within one slice.

    Args:
        schedule: The schedule.
        quantity: Of the parent.
        smallest: The lots and smallest orders of the venues. A bound that was not given is never
            below them: nothing could be placed.
    """
    if schedule.slice_quantity_max is not None:
        return schedule.slice_quantity_max
    even = Quantity(share(quantity, Decimal(CATCH_UP_SLICES), Decimal(schedule.slices)))
    return max(even, *smallest, NO_QUANTITY)


def market_volume(traded: Mapping[str, Quantity], before: Mapping[str, Quantity]) -> Quantity:
    """Return what was traded at the venues since their volume began to be counted.

    A venue that begins its day anew, or whose volume is not known now, adds nothing.

    Args:
        traded: Quantity of the trading day at each MIC, where it is known.
        before: The same at the beginning.
    """
    return total(
        above_zero(minus(traded[mic], start)) for mic, start in before.items() if mic in traded
    )
