"""SQL of retention. Statements are put together from constants of this file only."""
# ruff: noqa: S608

from svc_oms.service.ports.retention_ports import Source

RETENTION_LOCK = 7_161_003
"""Key of the advisory lock of a run."""

MONTH_BEFORE = """
SELECT to_char(date_trunc('month', (now() - $1::int4 * interval '1 day') AT TIME ZONE 'UTC'),
    'YYYY-MM-DD')
"""

_DAY = "({}::text || ' 00:00:00+00')::timestamptz"

EVENT_ENDS = f"""
SELECT e.account_id, e.sequence, e.hash, (
    SELECT n.sequence FROM oms.order_events n WHERE n.account_id = e.account_id
        AND n.recorded_at >= {_DAY.format("$1")} ORDER BY n.sequence LIMIT 1)
FROM (SELECT account_id, max(sequence) AS sequence FROM oms.order_events
    WHERE recorded_at < {_DAY.format("$1")} GROUP BY account_id) AS ends
JOIN oms.order_events e USING (account_id, sequence) ORDER BY e.account_id
"""

AUDIT_ENDS = """
SELECT l.writer, l.sequence, l.hash FROM oms.audit_chains c JOIN LATERAL (
    SELECT * FROM oms.audit_log a WHERE a.writer = c.writer AND a.sequence < coalesce((
        SELECT min(y.sequence) FROM oms.audit_log y WHERE y.writer = c.writer
            AND y.at >= now() - $1::int4 * interval '1 day'), c.last_sequence + 1)
    ORDER BY a.sequence DESC LIMIT 1) AS l ON true
"""

# A group stays whole: its open orders look at the closed ones.
_REMOVABLE = """NOT o.is_open AND o.last_sequence <= b.sequence AND NOT (
    o.group_id <> '' AND EXISTS (SELECT FROM oms.orders m WHERE m.account_id = o.account_id
        AND m.group_id = o.group_id AND m.group_id <> ''
        AND (m.is_open OR m.last_sequence > b.sequence)))"""
_BASES = "oms.position_bases b"
_ENDS = "unnest($2::text[], $3::int8[]) AS b (account_id, sequence)"
_FROM = {
    Source.EVENTS: f"""oms.order_events t WHERE recorded_at < {_DAY.format("$1")}
        ORDER BY account_id, sequence""",
    Source.ORDERS: f"""oms.orders t JOIN {{bases}} USING (account_id)
        WHERE {_REMOVABLE.replace("o.", "t.")}""",
    Source.EXECUTIONS: f"""oms.executions t JOIN oms.orders o USING (order_id)
        JOIN {{bases}} ON b.account_id = o.account_id WHERE {_REMOVABLE}""",
    Source.ROUTING: f"""oms.routing_decisions t JOIN oms.orders o USING (order_id)
        JOIN {{bases}} ON b.account_id = o.account_id WHERE {_REMOVABLE}""",
    Source.KEYS: """oms.idempotency t JOIN {bases} USING (account_id)
        WHERE t.sequence BETWEEN 1 AND b.sequence""",
    Source.AUDIT: """oms.audit_log t JOIN unnest($1::text[], $2::int8[]) AS b (writer, sequence)
        USING (writer) WHERE t.sequence <= b.sequence ORDER BY t.writer, t.sequence""",
    Source.PARKED: f"""oms.parked_messages t
        WHERE state <> 1 AND settled_at < {_DAY.format("$1")}""",
}
ROWS = {
    source: f"SELECT row_to_json(t)::text FROM {text.format(bases=_BASES)}"
    for source, text in _FROM.items()
}
# Numbers of the first parameter are those of the day, in all of them.
COUNTS = {
    source: f"SELECT count(*) FROM {text.format(bases=_ENDS).partition('ORDER BY')[0]}"
    for source, text in _FROM.items()
    if source not in {Source.AUDIT, Source.PARKED}
}
AUDIT_COUNT = f"SELECT count(*) FROM {_FROM[Source.AUDIT].partition('ORDER BY')[0]}"

POSITION_KEYS = "SELECT isin, currency FROM oms.positions WHERE account_id = $1"
LAST_SEQUENCE = "SELECT last_sequence FROM oms.accounts WHERE account_id = $1"
# Locks the row and changes its version, so that copies of reads end that show removed orders.
CHANGE_ACCOUNT = "UPDATE oms.accounts SET chain_head = chain_head WHERE account_id = $1"
LOCK_ACCOUNT = "SELECT FROM oms.accounts WHERE account_id = $1 FOR UPDATE"

AMENDED_SINCE = """
SELECT EXISTS (SELECT FROM oms.order_events e JOIN oms.executions x USING (order_id, sequence)
    WHERE e.account_id = $1 AND e.sequence > $2 AND x.exec_type IN ('G', 'H'))
"""
SET_POSITION_BASE = """
INSERT INTO oms.position_bases (account_id, sequence, amended_to) VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE SET sequence = excluded.sequence,
    amended_to = excluded.amended_to
"""
CLEAR_OPENING_POSITIONS = "DELETE FROM oms.opening_positions WHERE account_id = $1"

# Short batches: the account is locked for a few milliseconds, so that no report of the venue finds
# half of an order.
ORDERS_PER_BATCH = 200
_REMOVABLE_BATCH = f"""
SELECT o.order_id, {_REMOVABLE} AS removable FROM oms.orders o JOIN {_BASES} USING (account_id)
WHERE o.account_id = $1 AND o.order_id > $2 AND o.created_sequence <= b.sequence
ORDER BY o.order_id LIMIT {ORDERS_PER_BATCH}
"""
REMOVE_ORDERS = f"""
WITH looked_at AS MATERIALIZED ({_REMOVABLE_BATCH}
), going AS MATERIALIZED (SELECT order_id FROM looked_at WHERE removable
), executions AS (DELETE FROM oms.executions e USING going WHERE e.order_id = going.order_id
), decisions AS (DELETE FROM oms.routing_decisions d USING going WHERE d.order_id = going.order_id
), orders AS (DELETE FROM oms.orders o USING going WHERE o.order_id = going.order_id)
SELECT (SELECT count(*) FROM going), (SELECT max(order_id) FROM looked_at)
"""
KEYS_PER_BATCH = 5_000
REMOVE_KEYS = f"""
WITH looked_at AS MATERIALIZED (
    SELECT key, sequence FROM oms.idempotency WHERE account_id = $1 AND key > $2
    ORDER BY key LIMIT {KEYS_PER_BATCH}
), gone AS (
    DELETE FROM oms.idempotency i USING looked_at l, oms.position_bases b
    WHERE i.account_id = $1 AND i.key = l.key AND b.account_id = $1
        AND i.sequence BETWEEN 1 AND b.sequence
    RETURNING 1)
SELECT (SELECT count(*) FROM gone), (SELECT max(key) FROM looked_at)
"""
REMOVE_VENUE_IDS = """
DELETE FROM oms.venue_order_ids v WHERE v.order_ids[1] < $1
    AND NOT EXISTS (SELECT FROM oms.orders o WHERE o.order_id = ANY (v.order_ids))
"""

KEPT_ORDERS = """
SELECT order_id FROM oms.orders WHERE account_id = $1 AND created_sequence <= $2
"""
EVENTS_OF = """
SELECT payload, hash FROM oms.order_events WHERE account_id = $1 AND order_id = ANY($2::text[])
    AND sequence <= $3 AND sequence > coalesce((SELECT b.sequence FROM oms.log_bases b
        WHERE b.log = 'order_events' AND b.key = $1), 0) ORDER BY sequence
"""
CLEAR_OPENING_ORDERS = "DELETE FROM oms.opening_orders WHERE account_id = $1"
ADD_OPENING_ORDERS = """
INSERT INTO oms.opening_orders (account_id, order_id, body, fold)
SELECT $1, * FROM unnest($2::text[], $3::bytea[], $4::bytea[])
"""
SET_BASE = """
INSERT INTO oms.log_bases (log, key, sequence, hash) VALUES ($1, $2, $3, $4)
ON CONFLICT (log, key) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash
WHERE log_bases.sequence < excluded.sequence
"""

OLD_PARTITIONS = f"""
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'oms.order_events'::regclass AND c.relname <> 'order_events_default'
    AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''(.*)''\\)')::timestamptz
        <= {_DAY.format("$1")}
ORDER BY c.relname
"""
ABOVE_BASE = """
SELECT EXISTS (SELECT FROM oms.{part} e LEFT JOIN oms.log_bases b
    ON b.log = 'order_events' AND b.key = e.account_id
    WHERE e.sequence > coalesce(b.sequence, 0))
"""
DETACH = "ALTER TABLE oms.order_events DETACH PARTITION oms.{part}"
DROP = "DROP TABLE oms.{part}"
DEFAULT_TRIGGERS = "ALTER TABLE oms.order_events_default {} TRIGGER USER"
REMOVE_DEFAULT = f"""
DELETE FROM oms.order_events_default e USING oms.log_bases b
WHERE b.log = 'order_events' AND b.key = e.account_id AND e.sequence <= b.sequence
    AND e.recorded_at < {_DAY.format("$1")}
"""

ENTRIES_PER_BATCH = 2_000
AUDIT_TRIGGERS = "ALTER TABLE oms.audit_log {} TRIGGER USER"
REMOVE_AUDIT = f"""
WITH gone AS (
    DELETE FROM oms.audit_log a USING (SELECT sequence FROM oms.audit_log
        WHERE writer = $1 AND sequence <= $2 ORDER BY sequence LIMIT {ENTRIES_PER_BATCH}) AS old
    WHERE a.writer = $1 AND a.sequence = old.sequence RETURNING a.sequence, a.hash
), moved AS (
    INSERT INTO oms.log_bases (log, key, sequence, hash)
    SELECT 'audit_log', $1, sequence, hash FROM gone ORDER BY sequence DESC LIMIT 1
    ON CONFLICT (log, key) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash)
SELECT count(*) FROM gone
"""
REMOVE_PARKED = f"""
DELETE FROM oms.parked_messages WHERE state <> 1 AND settled_at < {_DAY.format("$1")} RETURNING 1
"""
RECORD = "INSERT INTO oms.archives (file, source, rows, sha256) VALUES ($1, $2, $3, $4)"
ARCHIVES = "SELECT file, sha256 FROM oms.archives"
ANNOUNCE = "UPDATE oms.book SET archived_before = $1 WHERE archived_before < $1"
