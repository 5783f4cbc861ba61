"""Unsolicited orders, as the order store in memory finds them."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from svc_oms.service.ports import OrderRow
from tests.support.oms_memory_tables import order_row

CLOSED_US = 2 * 86_400 * 1_000_000
CLOSED_NOW_US = 12 * 3600 * 1_000_000


class MemoryUnsolicitedOrders:
    """The part of a batch that looks for orders by OrderID(37)."""

    tables: Any
    _named_before: Mapping[str, str] = {}

    async def unsolicited_orders(
        self, venue_mic: str, venue_order_ids: Sequence[str]
    ) -> list[tuple[str, str, str]]:
        return [
            (order.unsolicited_key, order.order_id, order.account_id)
            for order in self.tables.orders.values()
            if order.venue_mic == venue_mic
            and order.unsolicited_key
            and order.unsolicited_key in venue_order_ids
        ]

    async def orders_by_venue_id(
        self, venue_mic: str, venue_order_ids: Sequence[str]
    ) -> list[tuple[str, OrderRow]]:
        after_us = time.time_ns() // 1000 - CLOSED_US
        orders = self.tables.orders
        return [
            (named, order_row(orders[order_id]))
            for mic, named, order_id in sorted(self.tables.venue_order_ids)
            if mic == venue_mic
            and named in venue_order_ids
            and (orders[order_id].is_open or orders[order_id].updated_at_us > after_us)
        ]

    def keep_venue_order_ids(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Keep numbers, and find the other orders that have them."""
        after_us = time.time_ns() // 1000 - CLOSED_NOW_US
        orders, known = self.tables.orders, self.tables.venue_order_ids
        self._named_before = {
            number: other
            for mic, number, order_id in rows
            for known_mic, known_number, other in sorted(known)
            if (known_mic, known_number) == (mic, number)
            and other != order_id
            and (orders[other].is_open or orders[other].updated_at_us > after_us)
        }
        known.update(rows)

    def named_before(self) -> Mapping[str, str]:
        return self._named_before

    async def unsolicited_opened(self, venue_mic: str, after_order_id: str) -> int:
        return sum(
            order.venue_mic == venue_mic
            and order.order_id > after_order_id
            and bool(order.unsolicited_key)
            for order in self.tables.orders.values()
        )
