"""What a venue charges: its fee schedule, charges and net prices, exact to the last digit."""

from collections.abc import Sequence
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    InvalidOperation,
)
from enum import IntEnum
from typing import Final, NamedTuple

from kernel.decimals import FRACTION_DIGITS_MAX
from svc_oms.domain.numbers import (
    EXACT,
    EXACT_DIGITS,
    ZERO,
    Price,
    Quantity,
    average_price,
    multiply,
)

_PER_BASIS_POINT: Final = Decimal("0.0001")


class FeeBasis(IntEnum):
    """What fixed amount, minimum, maximum and rounding apply to."""

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


_MODES: Final = {
    FeeRounding.HALF_EVEN: ROUND_HALF_EVEN,
    FeeRounding.HALF_UP: ROUND_HALF_UP,
    FeeRounding.UP: ROUND_UP,
    FeeRounding.DOWN: ROUND_DOWN,
}
_UNITS: Final = tuple(Decimal(1).scaleb(-places) for places in range(FRACTION_DIGITS_MAX + 1))
_ROUNDS: Final = Context(prec=EXACT_DIGITS, traps=[InvalidOperation])


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

    @property
    def depends_on_size(self) -> bool:
        """A share may cost more or less in a larger order."""
        return bool(self.fixed) or self.minimum is not None or self.maximum is not None


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
    """Digits after the point of an amount that the venue charges, 0 to 9."""
    rounding: FeeRounding = FeeRounding.HALF_EVEN
    version: str = ""
    """The venue's name of the schedule, such as "2026-07"; for the record."""


class Fill(NamedTuple):
    """A quantity at a price, executed or expected."""

    quantity: Quantity
    price: Price


def charge(schedule: FeeSchedule, rate: FeeRate, fills: Sequence[Fill]) -> Decimal:
    """Return what the venue charges for the executions of one order; a rebate is negative.

    The schedule's places and rounding apply to the sum of an order, or to each execution.
    """
    if schedule.basis is FeeBasis.ORDER:
        return _amount(schedule, rate, *_sums(fills)) if fills else ZERO
    amount = ZERO
    for fill in fills:
        amount = EXACT.add(amount, _amount(schedule, rate, *_sums((fill,))))
    return amount


def _sums(fills: Sequence[Fill]) -> tuple[Decimal, Decimal]:
    """Return the quantity and the value, quantity times price."""
    quantity = value = ZERO
    for fill in fills:
        quantity = EXACT.add(quantity, fill.quantity)
        value = EXACT.add(value, multiply(fill.quantity, fill.price))
    return quantity, value


def _amount(schedule: FeeSchedule, rate: FeeRate, quantity: Decimal, value: Decimal) -> Decimal:
    amount = rate.fixed
    if rate.per_share:
        amount = EXACT.add(amount, multiply(quantity, rate.per_share))
    if rate.basis_points:
        on_value = multiply(multiply(value, rate.basis_points), _PER_BASIS_POINT)
        amount = EXACT.add(amount, on_value)
    if rate.minimum is not None:
        amount = max(amount, rate.minimum)
    if rate.maximum is not None:
        amount = min(amount, rate.maximum)
    return amount.quantize(_UNITS[schedule.places], _MODES[schedule.rounding], _ROUNDS)


def share_fee(rate: FeeRate, price: Price) -> Decimal:
    """Return the charge on one more share at a price, without fixed amount and bounds. Exact."""
    fee = rate.per_share
    if rate.basis_points:
        fee = EXACT.add(fee, multiply(multiply(price, rate.basis_points), _PER_BASIS_POINT))
    return fee


def net_price(rate: FeeRate, price: Price, *, is_buy: bool) -> Price:
    """Return what a share costs (buy) or brings (sell) after the fee on one more share. Exact."""
    fee = share_fee(rate, price)
    return Price(EXACT.add(price, fee) if is_buy else EXACT.subtract(price, fee))


def net_amount(
    schedule: FeeSchedule, rate: FeeRate, fills: Sequence[Fill], *, is_buy: bool
) -> Decimal:
    """Return what the executions of one order cost (buy) or bring (sell) after its charge."""
    fee = charge(schedule, rate, fills)
    value = _sums(fills)[1]
    return EXACT.add(value, fee) if is_buy else EXACT.subtract(value, fee)


def net_average(
    schedule: FeeSchedule, rate: FeeRate, fills: Sequence[Fill], *, is_buy: bool
) -> Price:
    """Return `net_amount` per share, rounded half even to 9 places; zero without fills."""
    quantity, value = _sums(fills)
    if schedule.basis is FeeBasis.ORDER and fills:
        fee = _amount(schedule, rate, quantity, value)
    else:
        fee = charge(schedule, rate, fills)
    net = EXACT.add(value, fee) if is_buy else EXACT.subtract(value, fee)
    return average_price(net, Quantity(quantity))
