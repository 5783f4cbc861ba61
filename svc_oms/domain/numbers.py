"""Exact numbers: prices, quantities and what is computed from them.

Prices and quantities have at most 18 digits before the decimal point and 9 after it (the
canonical form of the contracts). Only executions have more: up to 60 digits after the point of
the price, and 18 of the quantity, which count exactly as the venue reports them. A product of
price and quantity has at most 114 digits,
so a context of 160 digits holds the sum of more fills than an order can have, also multiplied
with a quantity once more. Its Inexact trap turns a rounding into an error instead of a wrong
cent. The default context of `decimal` rounds at 28 digits and reports nothing; arithmetic here
therefore names its context.
"""

from decimal import (
    ROUND_05UP,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from typing import NewType

from kernel.decimals import FRACTION_DIGITS_MAX, WHOLE_DIGITS_MAX

Price = NewType("Price", Decimal)
"""Currency units per share; zero or negative only if a venue reports it so."""

Quantity = NewType("Quantity", Decimal)
"""Shares."""

EXACT_DIGITS = 160
# An average is shown with 9 places: 80 digits are more than enough to round it from.
_AVERAGE_DIGITS = 80

EXACT = Context(prec=EXACT_DIGITS, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Adds and multiplies without rounding, or raises."""

# Rounds so that a second rounding to fewer digits gives the same result as a single one.
_STICKY = Context(
    prec=_AVERAGE_DIGITS, rounding=ROUND_05UP, traps=[InvalidOperation, DivisionByZero]
)
_HALF_EVEN = Context(prec=_AVERAGE_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])

ZERO = Decimal(0)
NO_QUANTITY = Quantity(ZERO)
_NINE_PLACES = Decimal(1).scaleb(-FRACTION_DIGITS_MAX)
_UPPER_BOUND = Decimal(10) ** WHOLE_DIGITS_MAX

add = EXACT.add
subtract = EXACT.subtract
multiply = EXACT.multiply


def price(text: str) -> Price:
    """Return the price of a decimal text; see `bounded` for what is refused."""
    return Price(bounded(Decimal(text)))


def quantity(text: str) -> Quantity:
    """Return the quantity of a decimal text; see `bounded` for what is refused."""
    return Quantity(bounded(Decimal(text)))


def bounded(number: Decimal, fraction_digits_max: int = FRACTION_DIGITS_MAX) -> Decimal:
    """Return the number unchanged if the contracts can carry it.

    Raises:
        ValueError: not finite, 10^18 or more in size, or more decimal places than that.
    """
    if not number.is_finite():
        raise ValueError(f"{number} is not a finite number")
    if abs(number) >= _UPPER_BOUND:
        raise ValueError(f"{number} has more than {WHOLE_DIGITS_MAX} digits before the point")
    exponent = number.normalize(EXACT).as_tuple().exponent
    if isinstance(exponent, int) and exponent < -fraction_digits_max:
        raise ValueError(f"{number} has more than {fraction_digits_max} decimal places")
    return number


def average_price(notional: Decimal, cum_quantity: Quantity) -> Price:
    """Return Σ price * quantity / cum, rounded half even to 9 places; zero before a fill."""
    if not cum_quantity:
        return Price(ZERO)
    quotient = _STICKY.divide(notional, cum_quantity)
    return Price(_HALF_EVEN.quantize(quotient, _NINE_PLACES).normalize(EXACT))


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return amount * part / whole, rounded half even to 9 places."""
    quotient = _STICKY.divide(multiply(amount, part), whole)
    return _HALF_EVEN.quantize(quotient, _NINE_PLACES).normalize(EXACT)
