"""Execution quality by day, venue and instrument, after the tables of the former RTS 27.

Delegated Regulation (EU) 2017/575 asked venues for such figures. The obligation has ended; the
figures are kept, of our own orders, and "style" says that they are no report of a venue.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_US
from svc_oms.domain.events import OrderCanceled, OrderExecuted
from svc_oms.domain.lifecycle import EventKind
from svc_oms.domain.model import Order
from svc_oms.domain.numbers import ZERO, Quantity, add, average_price, multiply
from svc_oms.domain.verification.verify import LogLine
from svc_oms.service.exports.rts24 import time_text

COLUMNS: Final = (
    "day", "venue_mic", "instrument_id", "currency", "orders", "rejected", "cancelled_by_client",
    "cancelled_by_venue", "expired", "executions", "executed_quantity", "executed_value",
    "average_price", "lowest_price", "highest_price", "mean_us_to_acknowledgement",
)  # fmt: skip
GROUPS_MAX: Final = 100_000
"""Days times listings of an export; more must be asked for in shorter ranges."""


class Group(NamedTuple):
    """What a row is about."""

    day: str
    """Of UTC."""
    venue_mic: str
    instrument_id: str
    currency: str


@dataclass(slots=True)
class Figures:
    """What is counted of a group."""

    orders: int = 0
    rejected: int = 0
    cancelled_by_client: int = 0
    cancelled_by_venue: int = 0
    expired: int = 0
    executions: int = 0
    quantity: Decimal = ZERO
    value: Decimal = ZERO
    lowest: Decimal | None = None
    highest: Decimal | None = None
    acknowledged: int = 0
    acknowledged_ns: int = 0


class Quality:
    """Counts events; its memory is bounded by days times listings."""

    def __init__(self) -> None:
        self._groups: defaultdict[Group, Figures] = defaultdict(Figures)

    def add(self, order: Order, line: LogLine) -> None:
        """Count an event of an order at a venue.

        Raises:
            ValueError: There are more than GROUPS_MAX groups.
        """
        if order.routing is not None:
            return
        day = time_text(line.stamp.occurred_at_ns)[:10]
        group = Group(day, order.venue_mic, order.instrument_id, order.currency)
        figures = self._groups[group]
        if len(self._groups) > GROUPS_MAX:
            raise ValueError(
                f"there are more than {GROUPS_MAX:,} days and listings: ask for a shorter range"
            )
        event = line.event
        if isinstance(event, OrderExecuted):
            price, quantity = event.execution.price, event.execution.quantity
            figures.executions += 1
            figures.quantity = add(figures.quantity, quantity)
            figures.value = add(figures.value, multiply(price, quantity))
            figures.lowest = price if figures.lowest is None else min(price, figures.lowest)
            figures.highest = price if figures.highest is None else max(price, figures.highest)
        elif isinstance(event, OrderCanceled):
            figures.cancelled_by_venue += event.unsolicited
            figures.cancelled_by_client += not event.unsolicited
        elif event.kind is EventKind.ACKNOWLEDGED:
            figures.acknowledged += 1
            figures.acknowledged_ns += line.stamp.occurred_at_ns - order.created_at_ns
        else:
            figures.orders += event.kind is EventKind.ACCEPTED
            figures.rejected += event.kind is EventKind.REJECTED
            figures.expired += event.kind is EventKind.EXPIRED

    def rows(self) -> list[tuple[str, ...]]:
        """Return the rows, by day, venue and instrument."""
        return [_row(group, figures) for group, figures in sorted(self._groups.items())]


def _row(group: Group, of: Figures) -> tuple[str, ...]:
    mean = of.acknowledged_ns // of.acknowledged // NS_PER_US if of.acknowledged else None
    return (
        *group,
        str(of.orders),
        str(of.rejected),
        str(of.cancelled_by_client),
        str(of.cancelled_by_venue),
        str(of.expired),
        str(of.executions),
        plain(of.quantity),
        plain(of.value),
        plain(average_price(of.value, Quantity(of.quantity))) if of.quantity else "",
        "" if of.lowest is None else plain(of.lowest),
        "" if of.highest is None else plain(of.highest),
        "" if mean is None else str(mean),
    )
