"""Sums and differences of quantities: exact, and typed without a call for the type."""

from collections.abc import Callable, Iterable
from typing import Final, cast

from svc_oms.domain.numbers import EXACT, NO_QUANTITY, Quantity

plus: Final = cast("Callable[[Quantity, Quantity], Quantity]", EXACT.add)
minus: Final = cast("Callable[[Quantity, Quantity], Quantity]", EXACT.subtract)
beyond_lots: Final = cast("Callable[[Quantity, Quantity], Quantity]", EXACT.remainder)
"""Return what of a quantity is beyond whole lots."""


def total(quantities: Iterable[Quantity], start: Quantity = NO_QUANTITY) -> Quantity:
    """Add quantities."""
    for quantity in quantities:
        start = plus(start, quantity)
    return start


def above_zero(quantity: Quantity) -> Quantity:
    """Return the quantity, or zero if it is negative."""
    return quantity if quantity > 0 else NO_QUANTITY
