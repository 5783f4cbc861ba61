"""Applies a batch of reports anew until the store knows no other order with one of its numbers.

The store says at the end of a batch, before anything of it is committed, whether the venue gave an
OrderID(37) of the batch to another order before. So the order's anomaly costs a plain batch no
look-up, and it does not matter which replica, or which process before this one, has read the other
order's reports.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from svc_oms.service.ports import StoreUnavailableError

T = TypeVar("T")

ATTEMPTS_MAX: Final = 8
"""Of one batch. The second one knows every number that the first one found taken; a further one is
needed only if another replica writes the same numbers meanwhile."""


class NumbersNamedError(Exception):
    """The venue gave OrderID(37)s of a batch to other orders before; apply the batch anew.

    Attributes:
        orders: The other orders, by OrderID(37).
    """

    def __init__(self, orders: dict[str, str]) -> None:
        super().__init__(f"OrderID(37) of other orders: {', '.join(map(repr, orders))}")
        self.orders = orders


def check_numbers(found: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Compare the orders that have a batch's numbers with those it was applied with.

    Raises:
        NumbersNamedError: There are others.
    """
    new = {named: order_id for named, order_id in found.items() if known.get(named) != order_id}
    if new:
        raise NumbersNamedError(new)


async def until_numbers_known(attempt: Callable[[Mapping[str, str]], Awaitable[T]]) -> T:
    """Return what an attempt returns; it takes the other orders that are known, by OrderID(37).

    Raises:
        StoreUnavailableError: After `ATTEMPTS_MAX` attempts. Nothing changed.
    """
    named: dict[str, str] = {}
    for _ in range(ATTEMPTS_MAX):
        try:
            return await attempt(dict(named))
        except NumbersNamedError as error:
            named |= error.orders
    raise StoreUnavailableError(
        f"other replicas wrote the OrderID(37)s {', '.join(map(repr, named))} {ATTEMPTS_MAX} times",
        "is busy with orders of the same numbers",
    )
