"""SQL of the hash chains: how they are read, their heads, and the entries that heads name.

The hashed content is put together here and not by a function of the database, which its owner can
replace.
"""
# ruff: noqa: S608 - statements are put together from constants of this file only

from svc_oms.service.book.commit_logs import CommitLog

CONTROLS_CHAIN = "all"
"""The controls have one chain; its entries are counted in commit order."""

_RECORD = """convert_to(jsonb_build_array(log_number, kind, object_id, version, name, scope_id,
    valid_from_us, valid_until_us, encode(body, 'hex'))::text, 'UTF8')"""
_STATE = """convert_to(jsonb_build_array(subject, object_id, version,
    (extract(epoch FROM recorded_at) * 1000000)::int8, image)::text, 'UTF8')"""
_COUNTED = "row_number() OVER (ORDER BY log_number)"
_STATE_KEY = "subject || '/' || object_id"

CHAINS = {
    CommitLog.CONTROLS: f"""
SELECT '{CONTROLS_CHAIN}', {_COUNTED}, {_RECORD}, hash FROM oms.control_records ORDER BY log_number
""",
    CommitLog.STATES: f"""
SELECT {_STATE_KEY}, version, {_STATE}, hash FROM oms.state_log
ORDER BY subject, object_id, version
""",
}
"""(key, version, payload, hash) of each entry."""

HEADS = {
    CommitLog.ORDER_EVENTS: """
SELECT a.account_id, e.sequence, e.hash FROM oms.accounts a JOIN LATERAL (
    SELECT sequence, hash FROM oms.order_events WHERE account_id = a.account_id
    ORDER BY sequence DESC LIMIT 1) e ON true ORDER BY a.account_id
""",
    CommitLog.AUDIT: """
SELECT writer, sequence, hash FROM (
    SELECT writer, max(sequence) AS sequence FROM oms.audit_log GROUP BY writer) AS newest
JOIN oms.audit_log USING (writer, sequence) ORDER BY writer
""",
    CommitLog.CONTROLS: f"""
SELECT '{CONTROLS_CHAIN}', (SELECT count(*) FROM oms.control_records), hash FROM oms.control_records
ORDER BY log_number DESC LIMIT 1
""",
    CommitLog.STATES: f"""
SELECT DISTINCT ON (subject, object_id) {_STATE_KEY}, version, hash FROM oms.state_log
ORDER BY subject, object_id, version DESC
""",
}
"""(key, version, hash) of the newest entry of each chain."""

_ASKED = "unnest($1::text[], $2::int8[]) AS asked (key, number)"
EVENTS_FOUND = f"""
SELECT key, number, hash, sha256(payload) FROM {_ASKED}
JOIN oms.order_events ON account_id = key AND sequence = number
"""
FOUND = {
    CommitLog.ORDER_EVENTS: f"""
SELECT key, number, hash FROM {_ASKED}
JOIN oms.order_events ON account_id = key AND sequence = number
""",
    CommitLog.AUDIT: f"""
SELECT key, number, hash FROM {_ASKED} JOIN oms.audit_log ON writer = key AND sequence = number
""",
    CommitLog.CONTROLS: f"""
SELECT key, number, hash FROM {_ASKED}
JOIN (SELECT {_COUNTED} AS number, hash FROM oms.control_records) AS counted USING (number)
""",
    CommitLog.STATES: f"""
SELECT key, number, hash FROM {_ASKED} JOIN oms.state_log ON subject = split_part(key, '/', 1)
    AND object_id = substr(key, strpos(key, '/') + 1) AND version = number
""",
}
"""(key, version, hash) of the entries that are there, of those asked for."""

# Table, key, and what changes without being a state.
_LOGGED = (
    ("kill_switches", "switch_id", "{worker,worker_until}"),
    ("session_actions", "action_id", "{}"),
    ("recoveries", "recovery_id", "{}"),
    ("sessions", "session_id", "{}"),
    ("accounts", "account_id", "{}"),
    ("people", "subject", "{}"),
    ("statements", "statement_id", "{}"),
)
STATE_DIFFERENCES = "\nUNION ALL\n".join(
    f"""
SELECT '{table}', coalesce(t.{key}, s.object_id), CASE
    WHEN s.object_id IS NULL THEN 'the row is there, but no state of it is in the log'
    WHEN t.{key} IS NULL THEN 'the log has its states, but the row is gone'
    ELSE 'the row is not as its newest state in the log' END
FROM oms.{table} t FULL JOIN (
    SELECT DISTINCT ON (object_id) object_id, image FROM oms.state_log
    WHERE subject = '{table}' ORDER BY object_id, version DESC) s ON s.object_id = t.{key}
WHERE s.object_id IS NULL OR t.{key} IS NULL OR NOT to_jsonb(t) @> (s.image - '{moving}'::text[])"""
    for table, key, moving in _LOGGED
)
