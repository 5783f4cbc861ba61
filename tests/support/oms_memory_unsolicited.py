"""Unsolicited orders, as the order store in memory finds them."""

import time
from collections.abc import Sequence
from typing import Any

from svc_oms.service.ports import OrderRow
from tests.support.oms_memory_tables import order_row

CLOSED_US = 2 * 86_400 * 1_000_000


class MemoryUnsolicitedOrders:
    """The part of a batch that looks for orders by OrderID(37)."""

    tables: Any

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
        self, venue_mic: str, wanted: Sequence[tuple[str, str, str]]
    ) -> list[OrderRow]:
        after_us = time.time_ns() // 1000 - CLOSED_US
        return [
            order_row(o)
            for o in self.tables.orders.values()
            if o.venue_mic == venue_mic
            and (o.is_open or o.updated_at_us > after_us)
            and any(
                (account_id, instrument_id) == (o.account_id, o.instrument_id)
                and named.encode() in o.body
                for account_id, instrument_id, named in wanted
            )
        ]
