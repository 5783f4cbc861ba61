"""Statements about OrderID(37), the number that a venue gives an order.

The numbers are in a table of their own, to which a row is added when a venue first reports one: an
index on oms.orders would make every later update of an order write to all its indexes.
"""
# ruff: noqa: S608 - statements are put together from constants of this file only

from svc_oms.adapters.postgres.columns import PackedRows

ROWS = PackedRows(3)

UNSOLICITED_ORDERS = """
SELECT unsolicited_key, order_id, account_id FROM oms.orders
WHERE venue_mic = $1 AND unsolicited_key = ANY($2::text[]) AND unsolicited_key <> ''
"""

UNSOLICITED_OPENED = """
SELECT count(*) FROM oms.orders
WHERE venue_mic = $1 AND order_id > $2 AND unsolicited_key <> ''
"""

ORDERS_BY_VENUE_ID = """
SELECT v.venue_order_id, o.order_id, o.account_id, o.last_sequence, o.body, o.fold
FROM oms.venue_order_ids v JOIN oms.orders o USING (order_id)
WHERE v.venue_mic = $1 AND v.venue_order_id = ANY($2::text[])
    AND (o.is_open OR o.closed_at > now() - interval '2 days')
"""
"""Orders that have or had an OrderID(37)."""

_EARLIER_ORDERS_MAX = 4
"""A venue may begin its numbers anew every day: only the newest orders of a number are looked at,
so the days of the past cost nothing."""


def written(first: int) -> str:
    """Return the CTEs that write the numbers of a batch, from this parameter on."""
    return f"""
numbers AS MATERIALIZED (SELECT c FROM {ROWS.sql(first)} AS rows
), numbers_written AS (
    INSERT INTO oms.venue_order_ids (venue_mic, venue_order_id, order_id)
    SELECT c[1], c[2], c[3] FROM numbers ON CONFLICT DO NOTHING
)"""


NAMED_BEFORE = f"""
SELECT c[2] AS venue_order_id, other.order_id FROM numbers, LATERAL (
    SELECT o.order_id FROM (
        SELECT v.order_id FROM oms.venue_order_ids v
        WHERE v.venue_mic = c[1] AND v.venue_order_id = c[2] AND v.order_id <> c[3]
        ORDER BY v.order_id DESC LIMIT {_EARLIER_ORDERS_MAX}
    ) AS earlier JOIN oms.orders o USING (order_id)
    WHERE o.is_open OR o.closed_at > now() - interval '12 hours'
    ORDER BY o.order_id DESC LIMIT 1
) AS other
"""
"""Of the numbers being written, those that another order has: it is open, or was closed within 12
hours. What this statement writes is not seen by it, so orders of one batch are not compared."""

WRITE = f"WITH {written(1)} {NAMED_BEFORE}"
