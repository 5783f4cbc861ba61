"""SQL of the scratch book. `{schema}` is its schema, a checked name."""
# ruff: noqa: S608 - statements are put together from constants of this file only

from svc_oms.adapters.postgres.columns import FROM_US
from svc_oms.adapters.postgres.controls.control_statements import PUT_POSITIONS
from svc_oms.adapters.postgres.orders.order_statements import (
    EXECUTION_ROWS,
    EXECUTIONS,
    ORDERS_TABLE,
)
from svc_oms.domain.lifecycle import OrderState

MADE_BY = "made by a replay of the log"
"""Comment of a schema that a replay may replace."""
OWNER_OF_SCHEMA = """
SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1
"""

_STATES = " ".join(f"WHEN {state.value} THEN '{state.name}'" for state in OrderState)
TABLES = (
    "CREATE SCHEMA {schema}",
    f"COMMENT ON SCHEMA {{schema}} IS '{MADE_BY}'",
    "CREATE UNLOGGED TABLE {schema}.orders (LIKE oms.orders, PRIMARY KEY (order_id))",
    "CREATE INDEX orders_account ON {schema}.orders (account_id)",
    """CREATE UNLOGGED TABLE {schema}.executions
        (LIKE oms.executions, PRIMARY KEY (order_id, exec_id, part))""",
    "CREATE INDEX executions_account ON {schema}.executions (account_id, sequence)",
    """CREATE UNLOGGED TABLE {schema}.positions
        (LIKE oms.positions, PRIMARY KEY (account_id, isin, currency))""",
    """CREATE UNLOGGED TABLE {schema}.accounts (account_id text COLLATE "C" PRIMARY KEY,
        last_sequence bigint NOT NULL, chain_head bytea NOT NULL)""",
    """CREATE UNLOGGED TABLE {schema}.differences (number bigint GENERATED ALWAYS AS IDENTITY
        PRIMARY KEY, kind text NOT NULL, key text NOT NULL, field text NOT NULL,
        in_postgresql text NOT NULL, in_copy text NOT NULL)""",
    f"""CREATE VIEW {{schema}}.blotter AS SELECT account_id, order_id, instrument_id, venue_mic,
        CASE side WHEN 1 THEN 'BUY' ELSE 'SELL' END AS side, quantity, limit_price,
        CASE state {_STATES} END AS state, cum_quantity, leaves, average_price, cl_ord_id,
        created_at, updated_at, closed_at
    FROM {{schema}}.orders""",
)

ORDERS = "SELECT order_id, body, fold FROM {schema}.orders WHERE order_id = ANY($1::text[])"
EXECUTIONS_KNOWN = EXECUTIONS.replace("oms.", "{schema}.")
POSITIONS_PUT = PUT_POSITIONS.replace("oms.", "{schema}.")
PUT_ORDERS = f"""
INSERT INTO {{schema}}.orders AS o ({ORDERS_TABLE.names}) {ORDERS_TABLE.unpacked(1)}
ON CONFLICT (order_id) DO UPDATE SET {ORDERS_TABLE.changes("o", "excluded")}
"""
PUT_EXECUTIONS = f"""
INSERT INTO {{schema}}.executions
    (venue_mic, exec_id, order_id, account_id, sequence, exec_type, quantity, price, busted,
    part, body)
SELECT c[1], c[2], c[3], c[4], c[5]::int8, c[6], c[7]::numeric, c[8]::numeric,
    c[9]::boolean, c[10]::int2, body
FROM {EXECUTION_ROWS.sql(1)} AS rows
"""
MARK_BUSTED = """
UPDATE {schema}.executions e SET busted = true
FROM unnest($1::text[], $2::text[], $3::int2[]) AS u (order_id, exec_id, part)
WHERE e.order_id = u.order_id AND e.exec_id = u.exec_id AND e.part = u.part
"""
PUT_ACCOUNT = "INSERT INTO {schema}.accounts VALUES ($1, $2, $3)"
PUT_DIFFERENCES = """
INSERT INTO {schema}.differences (kind, key, field, in_postgresql, in_copy)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
"""
FILLS = """
SELECT o.body, o.fold, e.venue_mic, e.exec_id, e.order_id, e.account_id, e.sequence, e.exec_type,
    e.quantity::text, e.price::text, e.body, e.busted, e.part
FROM {schema}.executions e JOIN {schema}.orders o USING (order_id)
WHERE e.account_id = $1 AND e.exec_type = 'F' ORDER BY e.sequence
"""

# Parameters of a span: account, after, until, archived_to, since_us.
_SHOWN = ", ".join(ORDERS_TABLE.shown.values())
_ORDERS_OF = f"""(SELECT order_id, last_sequence, updated_at, body, fold,
    ARRAY[{_SHOWN}]::text[] AS shown
    FROM {{}}.orders WHERE account_id = $1 AND created_sequence > $2 AND created_sequence <= $3)"""
_SINCE = FROM_US.format("$5::int8")
_BOTH = f"""{_ORDERS_OF.format("oms")} o
FULL JOIN {_ORDERS_OF.format("{schema}")} s ON o.order_id = s.order_id
WHERE greatest(o.updated_at, s.updated_at) >= {_SINCE}"""
_MOVED = "coalesce(o.last_sequence > $3, false)"
_ARCHIVED = "(o.order_id IS NULL AND s.last_sequence <= $4)"

COUNTS = f"""
SELECT count(*) FILTER (WHERE NOT moved AND NOT archived), count(*) FILTER (WHERE moved),
    count(*) FILTER (WHERE archived)
FROM (SELECT {_MOVED} AS moved, {_ARCHIVED} AS archived FROM {_BOTH}) AS both_books
"""
DIFFERING_ORDERS = f"""
SELECT coalesce(o.order_id, s.order_id), o.shown, s.shown, o.body, o.fold, s.body, s.fold
FROM {_BOTH} AND NOT {_MOVED} AND NOT {_ARCHIVED}
    AND (o.shown, o.body, o.fold) IS DISTINCT FROM (s.shown, s.body, s.fold)
ORDER BY 1
"""

# Executions of orders that are compared, and that the order book has. Parameters:
# account, after, until, since_us.
_COMPARED = f"""(SELECT order_id FROM oms.orders WHERE account_id = $1 AND created_sequence > $2
    AND last_sequence <= $3 AND updated_at >= {FROM_US.format("$4::int8")})"""
_EXECUTIONS_OF = """(SELECT order_id, exec_id, part, ARRAY[venue_mic, sequence::text, exec_type,
    trim_scale(quantity)::text, trim_scale(price)::text, busted::text, encode(body, 'hex')] AS shown
    FROM {}.executions WHERE order_id IN {})"""
_BOTH_EXECUTIONS = f"""{_EXECUTIONS_OF.format("oms", _COMPARED)} o
FULL JOIN {_EXECUTIONS_OF.format("{schema}", _COMPARED)} s USING (order_id, exec_id, part)"""
COUNT_EXECUTIONS = f"SELECT count(*) FROM {_BOTH_EXECUTIONS}"
DIFFERING_EXECUTIONS = f"""
SELECT order_id || '/' || exec_id || '/' || part, o.shown, s.shown FROM {_BOTH_EXECUTIONS}
WHERE o.shown IS DISTINCT FROM s.shown ORDER BY 1
"""
