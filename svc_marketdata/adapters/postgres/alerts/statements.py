"""The statements of `store`."""
# ruff: noqa: S608 - statements are put together from constants of this file only

from typing import Final

LOCK: Final = 0x4F4D_414C  # one writer of alerts at a time; "OMAL"

_COLUMNS: Final = (
    "alert_id", "user_id", "username", "instrument_id", "isin", "price", "condition", "threshold",
    "percent", "reference_price", "delayed", "note", "created_ns", "expires_ns", "state",
    "ended_ns", "fired_price", "ended_text",
)  # fmt: skip
COLUMNS: Final = ", ".join(_COLUMNS)

# Writes the log of what a statement changed, in the same statement. $1 is the present time.
_LOGGED: Final = f"""
WITH changed AS ({{change}} RETURNING {{columns}}),
counts AS (SELECT user_id, count(*) AS changes FROM changed GROUP BY user_id),
users AS (
    INSERT INTO marketdata.alert_users AS u (user_id, last_sequence)
    SELECT user_id, changes FROM counts
    ON CONFLICT (user_id) DO UPDATE SET last_sequence = u.last_sequence + excluded.last_sequence
    RETURNING user_id, last_sequence
)
INSERT INTO marketdata.alert_log (user_id, sequence, alert_id, recorded_ns, body)
SELECT user_id,
    last_sequence - changes + row_number() OVER (PARTITION BY user_id ORDER BY alert_id),
    alert_id, $1, to_jsonb(c)
FROM (SELECT {COLUMNS} FROM changed) c JOIN counts USING (user_id) JOIN users USING (user_id)
ORDER BY alert_id
"""


def _logged(change: str) -> str:
    columns = ", ".join(f"a.{name}" for name in _COLUMNS)
    return _LOGGED.format(change=change, columns=columns)


EPOCH: Final = "SELECT epoch FROM marketdata.alert_epoch"
OF_KEY: Final = f"""
SELECT request_digest, {COLUMNS} FROM marketdata.alerts WHERE user_id = $1 AND idempotency_key = $2
"""
ACTIVE_OF_USER: Final = """
SELECT count(*) FROM marketdata.alerts WHERE user_id = $1 AND state = 1
"""
ACTIVE_OF_ALL: Final = "SELECT count(*) FROM marketdata.alerts WHERE state = 1"
CREATE: Final = _logged("""
INSERT INTO marketdata.alerts AS a (alert_id, user_id, username, idempotency_key, request_digest,
    instrument_id, isin, price, condition, threshold, percent, reference_price, delayed, note,
    created_ns, expires_ns)
VALUES ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $1, $16)
""")
END: Final = _logged("""
UPDATE marketdata.alerts a
SET state = e.state, ended_ns = e.at_ns, fired_price = e.price, ended_text = e.text
FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::text[], $6::text[])
    AS e (alert_id, state, at_ns, price, text)
WHERE a.alert_id = e.alert_id AND a.state = 1 AND (e.state <> 2 OR a.expires_ns > e.at_ns)
""")
EXPIRE: Final = _logged("""
UPDATE marketdata.alerts a
SET state = 3, ended_ns = a.expires_ns, ended_text = 'it expired before its price came'
WHERE a.state = 1 AND a.expires_ns <= $1
""")
# What may end an alert; `ended_by` decides. A trading day may begin on the day before in UTC. After
# 400 days no listing waits for the first one.
ACTIONS_ON_ALERTS: Final = """
SELECT a.alert_id, a.instrument_id, a.created_ns, c.kind, c.effective_date, made.recorded_at_ns
FROM marketdata.alerts a
JOIN marketdata.corporate_actions c ON CASE c.kind
    WHEN 1 THEN c.isin = a.isin AND a.isin <> '' ELSE c.instrument_id = a.instrument_id END
JOIN marketdata.changes made ON made.number = c.change
WHERE a.state = 1 AND c.state IN (1, 2)
    AND c.effective_date <= (to_timestamp($1::numeric / 1000000000) AT TIME ZONE 'UTC')::date + 1
    AND a.created_ns < greatest(made.recorded_at_ns,
        extract(epoch FROM c.effective_date + 400)::bigint * 1000000000)
ORDER BY a.alert_id, c.effective_date
"""
CHANGED: Final = "marketdata_alerts"
"""Channel on which changes are announced to all replicas when they are committed."""
ANNOUNCE: Final = "SELECT pg_notify($1, '')"
GET: Final = f"SELECT {COLUMNS} FROM marketdata.alerts WHERE user_id = $1 AND alert_id = $2"
PAGE: Final = f"""
SELECT {COLUMNS} FROM marketdata.alerts
WHERE user_id = $1 AND ($2 = '' OR instrument_id = $2) AND alert_id < $3 AND (state = 1 OR NOT $4)
ORDER BY alert_id DESC LIMIT $5
"""
NEWEST: Final = """
SELECT log_number, recorded_ns FROM marketdata.alert_log ORDER BY log_number DESC LIMIT 1
"""
# Whether an entry is the one that was read, and the oldest entry that is kept.
HOLDS: Final = """
SELECT (SELECT recorded_ns = $2 FROM marketdata.alert_log WHERE log_number = $1),
    (SELECT min(log_number) FROM marketdata.alert_log)
"""
ACTIVE: Final = f"SELECT {COLUMNS} FROM marketdata.alerts WHERE state = 1 ORDER BY alert_id"
LOG_AFTER: Final = """
SELECT log_number, sequence, recorded_ns, body FROM marketdata.alert_log
WHERE log_number > $1 ORDER BY log_number LIMIT $2
"""
# What a stream of a user can resume from: the last sequence, and the oldest that is kept.
KEPT: Final = """
SELECT coalesce(max(last_sequence), 0),
    (SELECT min(sequence) FROM marketdata.alert_log WHERE user_id = $1)
FROM marketdata.alert_users WHERE user_id = $1
"""
CUT: Final = "SELECT marketdata.cut_alerts($1, $2)"
LAST_SEQUENCE: Final = """
SELECT coalesce(max(last_sequence), 0) FROM marketdata.alert_users WHERE user_id = $1
"""
# One statement, so that both are of one moment. Without an alert there is one row of NULLs.
SNAPSHOT: Final = f"""
SELECT s.last_sequence, a.* FROM ({LAST_SEQUENCE}) s (last_sequence)
LEFT JOIN (SELECT {COLUMNS} FROM marketdata.alerts WHERE user_id = $1 AND state = 1) a ON true
ORDER BY a.alert_id
"""
EVENTS: Final = """
SELECT log_number, sequence, recorded_ns, body FROM marketdata.alert_log
WHERE user_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
"""
