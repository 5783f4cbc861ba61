"""Statements about OrderID(37), the number that a venue gives an order.

The numbers are in a table of their own, one row for each, written when a venue first reports it of
an order: an index on oms.orders would make every later update of an order write to all its indexes.

Of two transactions that write one number at the same instant, the second waits at the row for the
first, and then has both orders: so it finds the other one, whatever its snapshot shows.
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
FROM oms.venue_order_ids v JOIN oms.orders o ON o.order_id = ANY (v.order_ids)
WHERE v.venue_mic = $1 AND v.venue_order_id = ANY($2::text[])
    AND (o.is_open OR o.closed_at > now() - interval '2 days')
"""
"""Orders that have or had an OrderID(37)."""

_EARLIER_ORDERS_MAX = 4
"""A venue may begin its numbers anew every day: only the newest orders of a number are looked at,
so the days of the past cost nothing."""
_ORDERS_MAX = 64
"""Orders of a number that are kept, the newest."""


def written(first: int) -> str:
    """Return the CTEs that write the numbers of a batch, from this parameter on.

    In the order of the numbers, so that two batches do not wait for each other.
    """
    return f"""
numbers AS MATERIALIZED (SELECT c FROM {ROWS.sql(first)} AS rows
), numbers_written AS (
    INSERT INTO oms.venue_order_ids AS v (venue_mic, venue_order_id, order_ids)
    SELECT c[1], c[2], array_agg(DISTINCT c[3] ORDER BY c[3] DESC) FROM numbers
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (venue_mic, venue_order_id) DO UPDATE SET order_ids = (
        SELECT array_agg(id ORDER BY id DESC) FROM (
            SELECT DISTINCT id FROM unnest(v.order_ids || excluded.order_ids) AS id
            ORDER BY id DESC LIMIT {_ORDERS_MAX}
        ) AS newest
    )
    RETURNING v.venue_mic, v.venue_order_id, v.order_ids
)"""


# The numbers of the batch are looked up in hash tables, whatever their count: a join would compare
# each with each, because BATCH_PLANS has loops only.
NAMED_BEFORE = f"""
SELECT w.venue_order_id, other.order_id FROM numbers_written w, LATERAL (
    SELECT o.order_id FROM (
        SELECT id FROM unnest(w.order_ids) AS id
        WHERE (w.venue_mic, w.venue_order_id, id) NOT IN (SELECT c[1], c[2], c[3] FROM numbers)
            OR ((w.venue_mic, w.venue_order_id) IN (
                    SELECT c[1], c[2] FROM numbers GROUP BY 1, 2 HAVING count(DISTINCT c[3]) > 1)
                AND EXISTS (SELECT FROM oms.venue_order_ids s
                    WHERE (s.venue_mic, s.venue_order_id) = (w.venue_mic, w.venue_order_id)
                        AND id = ANY (s.order_ids)))
        ORDER BY id DESC LIMIT {_EARLIER_ORDERS_MAX}
    ) AS earlier JOIN oms.orders o ON o.order_id = earlier.id
    WHERE o.is_open OR o.closed_at > now() - interval '12 hours'
    ORDER BY o.order_id DESC LIMIT 1
) AS other
WHERE cardinality(w.order_ids) > 1
"""
"""Of the numbers being written, once each, those that another order has: it is open, or was closed
within 12 hours. Orders that get a number by this statement are not compared with each other."""

WRITE = f"WITH {written(1)} {NAMED_BEFORE}"
