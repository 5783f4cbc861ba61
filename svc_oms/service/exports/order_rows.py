"""A row for each order that moved in a range, as it stood at the end of the range."""

from decimal import Decimal
from typing import Final

from kernel.decimals import plain
from svc_oms.domain.model import Order
from svc_oms.service.exports.rts24 import time_text

COLUMNS: Final = (
    "account_id", "order_id", "parent_order_id", "instrument_id", "isin", "venue_mic", "currency",
    "side", "type", "time_in_force", "state", "quantity", "limit_price", "stop_price",
    "executed_quantity", "leaves_quantity", "executed_value", "placed_by", "cl_ord_id",
    "venue_order_id", "created_at", "updated_at",
)  # fmt: skip


def row(order: Order) -> tuple[str, ...]:
    """Return the row of an order."""
    terms = order.terms
    return (
        order.account_id,
        order.order_id,
        order.link.parent_order_id if order.link is not None else "",
        order.instrument_id,
        order.isin,
        order.venue_mic,
        order.currency,
        order.side.name,
        order.type.name,
        terms.time_in_force.name,
        order.state.name,
        plain(terms.quantity),
        _number(terms.limit_price),
        _number(terms.stop_price),
        plain(order.cum_quantity),
        plain(order.leaves_quantity),
        plain(order.notional),
        order.placed_by,
        order.cl_ord_id,
        order.venue_order_id,
        time_text(order.created_at_ns),
        time_text(order.updated_at_ns),
    )


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
