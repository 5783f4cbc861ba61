"""SQL of the controls: records that are only added, positions, and what the controls read."""

LIVE = """
SELECT r.kind, r.body FROM oms.control_records r
WHERE (r.valid_until_us = 0 OR r.valid_until_us > $1)
    AND NOT EXISTS (SELECT FROM oms.control_records n WHERE n.kind = r.kind
        AND n.object_id = r.object_id AND n.version > r.version AND n.valid_from_us <= $1)
"""

POSITIONS = """
SELECT account_id, isin, currency, trim_scale(quantity)::text, trim_scale(cost)::text,
    trim_scale(average_price)::text, trim_scale(realised_profit)::text, as_of_sequence
FROM oms.positions WHERE account_id = ANY($1::text[]) ORDER BY account_id, isin, currency
"""

POSITION_BASE = "SELECT sequence, amended_to FROM oms.position_bases WHERE account_id = $1"

OPENING_POSITIONS = POSITIONS.replace("oms.positions", "oms.opening_positions")

# No column of the orders has the ISIN, and no index of the executions the account: only a bust or
# a correction asks for these, and every fill would pay. The text is anywhere in the order's body.
# What an opening position has in it is left out, also where its rows are still here.
_OF_ORDERS = """WHERE o.account_id = $1 AND position(convert_to($2, 'UTF8') IN o.body) > 0
    AND e.sequence > coalesce((SELECT b.sequence FROM oms.position_bases b
        WHERE b.account_id = $1), 0)"""

FILLS = f"""
SELECT o.body, e.exec_id, e.sequence, e.quantity::text, e.price::text
FROM oms.orders o JOIN oms.executions e ON e.order_id = o.order_id
{_OF_ORDERS} AND e.exec_type = 'F' ORDER BY e.sequence
"""  # noqa: S608 - constants of this file

AMENDMENTS = f"""
SELECT o.body, v.payload
FROM oms.orders o JOIN oms.executions e ON e.order_id = o.order_id
JOIN oms.order_events v ON v.account_id = e.account_id AND v.sequence = e.sequence
{_OF_ORDERS} AND e.exec_type IN ('G', 'H') ORDER BY e.sequence
"""  # noqa: S608 - constants of this file

ALL_OPEN = """
SELECT order_id, account_id, last_sequence, body, fold FROM oms.orders
WHERE account_id = ANY($1::text[]) AND is_open
"""

# One row without order_id for each account whose log had this hash there: the rest of what
# was known of it is still true, and the events after it name the orders that changed.
# Only the partitions of the last days are read. An account whose log goes on in an older one has
# fewer events here than its last sequence says: it is left out, as if nothing was known of it.
_RECENT = "recorded_at > now() - interval '7 days'"
ORDERS_SINCE = f"""
WITH known AS MATERIALIZED (
    SELECT k.account_id, k.sequence
    FROM unnest($1::text[], $2::int8[], $3::bytea[]) AS k (account_id, sequence, hash)
    JOIN oms.order_events e USING (account_id, sequence) WHERE e.hash = k.hash AND {_RECENT}
), later AS MATERIALIZED (
    SELECT k.account_id, e.order_id FROM known k
    CROSS JOIN LATERAL (SELECT order_id FROM oms.order_events
        WHERE account_id = k.account_id AND sequence > k.sequence AND {_RECENT}) e
), whole AS MATERIALIZED (
    SELECT k.account_id FROM known k JOIN oms.accounts a USING (account_id)
    WHERE a.last_sequence - k.sequence = (
        SELECT count(*) FROM later l WHERE l.account_id = k.account_id)
)
SELECT '' AS order_id, account_id, 0::int8 AS last_sequence, ''::bytea AS body, ''::bytea AS fold
FROM whole
UNION ALL
SELECT o.order_id, o.account_id, o.last_sequence, o.body, o.fold
FROM (SELECT DISTINCT order_id FROM later WHERE order_id <> '') m JOIN oms.orders o USING (order_id)
"""  # noqa: S608 - constants of this file

KEY = "SELECT body_hash, answer FROM oms.control_keys WHERE subject = $1 AND key = $2"

ADD_KEY = """
INSERT INTO oms.control_keys (subject, key, body_hash, answer) VALUES ($1, $2, $3, $4)
"""

_COLUMNS = """kind, object_id, version, name, scope_id, valid_from_us, valid_until_us, body"""

ADD_RECORD = f"""
INSERT INTO oms.control_records ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""  # noqa: S608 - constants of this file

NEWEST_BY_ID = f"""
SELECT {_COLUMNS} FROM oms.control_records WHERE kind = $1 AND object_id = $2
ORDER BY version DESC LIMIT 1
"""  # noqa: S608 - constants of this file

NEWEST_BY_NAME = f"""
SELECT {_COLUMNS} FROM oms.control_records WHERE kind = $1 AND name = $2
ORDER BY version DESC LIMIT 1
"""  # noqa: S608 - constants of this file

HISTORY = f"""
SELECT {_COLUMNS} FROM oms.control_records WHERE kind = $1 AND object_id = $2 AND version > $3
ORDER BY version LIMIT $4
"""  # noqa: S608 - constants of this file

IN_FORCE = f"""
SELECT * FROM (
    SELECT DISTINCT ON (object_id) {_COLUMNS} FROM oms.control_records
    WHERE kind = $1 AND valid_from_us <= $2 AND object_id > $3
        AND ($4::text[] IS NULL OR scope_id = ANY($4::text[]))
    ORDER BY object_id, version DESC
) newest
WHERE valid_until_us = 0 OR valid_until_us > $2
ORDER BY object_id LIMIT $5
"""  # noqa: S608 - constants of this file

NEWEST_FIRST = f"""
SELECT * FROM (
    SELECT DISTINCT ON (object_id) {_COLUMNS} FROM oms.control_records
    WHERE kind = $1 AND ($2 = '' OR object_id < $2)
        AND ($3::text[] IS NULL OR scope_id = ANY($3::text[]))
    ORDER BY object_id DESC, version DESC
) newest
WHERE $4 = '' OR name = $4
ORDER BY object_id DESC LIMIT $5
"""  # noqa: S608 - constants of this file

ACCOUNTS = """
SELECT account_id, status, last_sequence, chain_head, firm_id, desk_id, controls, 0
FROM oms.accounts WHERE $1::text[] IS NULL OR account_id = ANY($1::text[])
"""

LOCK_ACCOUNT = """
SELECT account_id, status, last_sequence, chain_head, firm_id, desk_id, controls, 0
FROM oms.accounts WHERE account_id = $1 FOR UPDATE
"""

SET_ACCOUNT = "UPDATE oms.accounts SET status = $2, controls = $3 WHERE account_id = $1"

PUT_POSITIONS = """
INSERT INTO oms.positions
    (account_id, isin, currency, quantity, cost, average_price, realised_profit, as_of_sequence)
SELECT c[1], c[2], c[3], c[4]::numeric, c[5]::numeric, c[6]::numeric, c[7]::numeric, c[8]::int8
FROM (SELECT string_to_array(packed, E'\\x1f') AS c FROM unnest($1::text[]) AS p (packed)) AS rows
ON CONFLICT (account_id, isin, currency) DO UPDATE SET quantity = excluded.quantity,
    cost = excluded.cost, average_price = excluded.average_price,
    realised_profit = excluded.realised_profit, as_of_sequence = excluded.as_of_sequence
"""
