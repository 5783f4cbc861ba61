"""What a venue charges: its fee schedule, and net prices."""

from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from svc_oms.domain.numbers import ZERO


class FeeBasis(IntEnum):
    """What fixed amount, minimum and maximum apply to."""

    ORDER = 1
    """Once for all executions of an order."""
    EXECUTION = 2
    """For each execution."""


class FeeRounding(IntEnum):
    """How an amount is brought to the places of the schedule."""

    HALF_EVEN = 1
    HALF_UP = 2
    """Ties away from zero."""
    UP = 3
    """Away from zero: never a lower charge than the exact one."""
    DOWN = 4
    """Towards zero."""


class FeeRate(NamedTuple):
    """A charge is positive, a rebate negative: per share, on the value, and fixed; added up."""

    per_share: Decimal = ZERO
    """Currency units per share."""
    basis_points: Decimal = ZERO
    """Of quantity times price; 1 is 0.01 %."""
    fixed: Decimal = ZERO
    """Currency units per order or execution, see FeeSchedule.basis."""
    minimum: Decimal | None = None
    """The least that is charged per order or execution, in currency units."""
    maximum: Decimal | None = None
    """The most that is charged per order or execution, in currency units."""


class FeeSchedule(NamedTuple):
    """What one venue charges."""

    mic: str
    currency: str
    """Of all amounts; it must be that of the listing."""
    taker: FeeRate
    """Executions that take liquidity."""
    maker: FeeRate
    """Executions of orders that rested."""
    basis: FeeBasis = FeeBasis.ORDER
    places: int = 9
    """Digits after the point of an amount that the venue charges."""
    rounding: FeeRounding = FeeRounding.HALF_EVEN
    version: str = ""
    """The venue's name of the schedule, such as "2026-07"; for the record."""
