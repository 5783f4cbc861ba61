"""The statements of `reference_store`."""
# ruff: noqa: S608 - statements are put together from constants of this file only

from typing import Final

LOCK: Final = 0x4F4D_5246  # one writer of reference data at a time; "OMRF"

NEXT_CHANGE: Final = """
SELECT coalesce(max(number), 0) + 1,
    greatest((extract(epoch FROM clock_timestamp()) * 1e9)::bigint,
        coalesce(max(recorded_at_ns), 0) + 1)
FROM marketdata.changes
"""
ADD_CHANGE: Final = """
INSERT INTO marketdata.changes
    (number, change_id, recorded_at_ns, kind, user_id, username, reason, records)
VALUES ($1, $2, $3, 1, $4, $5, $6, $7)
"""
KNOWN: Final = """
SELECT kind, key, valid_from, change, body FROM marketdata.records
WHERE (kind, key) IN (SELECT * FROM unnest($1::smallint[], $2::text[]))
"""
# The newest record of each day; then the last day that is not withdrawn.
_STATE: Final = """
newest AS (
    SELECT DISTINCT ON (r.kind, r.key, r.valid_from) r.*
    FROM marketdata.records r {join}
    WHERE r.valid_from <= $1 AND r.change <= $2
    ORDER BY r.kind, r.key, r.valid_from, r.change DESC
), state AS (
    SELECT DISTINCT ON (kind, key) kind, key, valid_from, change, body FROM newest
    WHERE body IS NOT NULL ORDER BY kind, key, valid_from DESC
)
"""
_OF_KEYS: Final = "JOIN unnest($3::smallint[], $4::text[]) AS k (kind, key) USING (kind, key)"
FORGET: Final = """
DELETE FROM marketdata.current_records
WHERE (kind, key) IN (SELECT * FROM unnest($1::smallint[], $2::text[]))
"""
REFRESH: Final = f"""
WITH {_STATE.format(join=_OF_KEYS)}
INSERT INTO marketdata.current_records (kind, key, isin, valid_from, change, body)
SELECT kind, key, body->>'isin', valid_from, change, body FROM state
"""
COMING: Final = """
SELECT DISTINCT kind, key FROM marketdata.records WHERE valid_from > $1 AND valid_from <= $2
"""
ROLLED_UNTIL: Final = "SELECT date FROM marketdata.rolled"
ROLLED: Final = "UPDATE marketdata.rolled SET date = greatest(date, $1)"
CHANGED: Final = "marketdata_reference"
"""Channel on which a change is announced to all replicas when it is committed."""
ANNOUNCE: Final = "SELECT pg_notify($1, $2)"
CHANGED_SINCE: Final = """
SELECT key FROM marketdata.records WHERE change > $1
UNION SELECT unnest(ARRAY[isin, instrument_id]) FROM marketdata.corporate_actions
    WHERE change > $1 OR settled_change > $1
"""
CURRENT: Final = "SELECT kind, body FROM marketdata.current_records ORDER BY kind, key"
# Joins, not "isin = ANY($1) OR ...": for an OR over two ways to a row the whole table is read.
CURRENT_OF: Final = """
WITH wanted AS (
    SELECT unnest($1::text[]) AS isin
    UNION SELECT c.isin FROM unnest($2::text[]) AS k (key)
        JOIN marketdata.current_records c ON c.kind = 2 AND c.key = k.key
)
SELECT c.kind, c.body FROM wanted w JOIN marketdata.current_records c ON c.isin = w.isin
"""
LISTINGS_OF: Final = """
SELECT kind, body FROM marketdata.current_records WHERE kind = 2 AND isin = $1 ORDER BY key
"""
LAST_CHANGE: Final = """
SELECT coalesce(max(number), 0) FROM marketdata.changes WHERE recorded_at_ns <= $1
"""
CHANGE_ID: Final = "SELECT change_id FROM marketdata.changes WHERE number = $1"
AS_OF: Final = f"""
WITH wanted AS (
    SELECT kind, key FROM marketdata.records WHERE key = $3
    UNION SELECT 2::smallint, key FROM marketdata.records
        WHERE kind = 2 AND body->>'isin' = $3
    UNION SELECT 1::smallint, body->>'isin' FROM marketdata.records
        WHERE kind = 2 AND key = $3 AND body IS NOT NULL
), {_STATE.format(join="JOIN wanted USING (kind, key)")}
SELECT kind, body FROM state
WHERE kind = 1 OR key = $3 OR body->>'isin' = $3 ORDER BY kind, key
"""
PAGE_AS_OF: Final = f"""
WITH wanted AS (
    SELECT DISTINCT kind, key FROM marketdata.records WHERE kind = 1 AND key > $3
    ORDER BY key LIMIT $4
), {_STATE.format(join="JOIN wanted USING (kind, key)")}
SELECT w.key, s.body FROM wanted w LEFT JOIN state s USING (kind, key) ORDER BY w.key
"""
LISTINGS_AS_OF: Final = f"""
WITH wanted AS (
    SELECT DISTINCT kind, key FROM marketdata.records
    WHERE kind = 2 AND body->>'isin' = ANY($3)
), {_STATE.format(join="JOIN wanted USING (kind, key)")}
SELECT kind, body FROM state WHERE body->>'isin' = ANY($3) ORDER BY key
"""
HISTORY: Final = """
SELECT r.kind, r.valid_from, r.body, c.number, c.change_id, c.recorded_at_ns, c.user_id, c.username,
    c.reason
FROM marketdata.records r JOIN marketdata.changes c ON c.number = r.change
WHERE r.key = $1 AND (c.number, r.valid_from) < ($2, $3)
ORDER BY c.number DESC, r.valid_from DESC LIMIT $4
"""
_ACTION: Final = """
SELECT a.*, c.username, c.recorded_at_ns, c.reason
FROM marketdata.corporate_actions a JOIN marketdata.changes c ON c.number = a.change
"""
ACTION: Final = f"{_ACTION} WHERE action_id = $1"
OPEN_ACTIONS: Final = f"""
{_ACTION} WHERE state = 1 AND effective_date <= $1 ORDER BY effective_date, action_id
"""
ACTIONS: Final = f"""
{_ACTION} WHERE ($1 = '' OR isin = $1 OR instrument_id = $1) AND effective_date >= $2
    AND (effective_date, action_id) > ($3, $4)
ORDER BY effective_date, action_id LIMIT $5
"""
ACTIONS_OF: Final = f"""
{_ACTION} WHERE isin = ANY($1) AND effective_date >= $2 ORDER BY effective_date, action_id
"""
SAVE_ACTION: Final = """
INSERT INTO marketdata.corporate_actions
    (action_id, kind, isin, instrument_id, effective_date, body, state, change)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (action_id) DO UPDATE SET state = excluded.state, settled_change = excluded.change
"""
FORGET_ADJUSTMENTS: Final = "DELETE FROM marketdata.adjustments WHERE action_id = $1"
ADJUST: Final = """
INSERT INTO marketdata.adjustments (instrument_id, effective_date, action_id, price_factor)
VALUES ($1, $2, $3, $4::text::numeric / $5::text::numeric)
"""
