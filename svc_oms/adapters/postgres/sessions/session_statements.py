"""Statements about the sessions of gateways and their leases."""
# ruff: noqa: S608 - statements are put together from constants only

from svc_oms.adapters.postgres.columns import FROM_US

# A session without a recent renewal is down, whatever its last owner wrote. Its lease ends
# sooner (SESSION_LEASE_S): then another gateway may take it.
_SESSION_COLUMNS = """session_id, venue_mic, outbound_sequence, acknowledged_outbound_sequence,
    inbound_epoch, inbound_msg_seq_num, fencing_token, owner,
    CASE WHEN owner_seen_at < now() - interval '10 s' THEN 1::smallint ELSE state END AS state,
    status, drop_copy, gateway_instance,
    linked AND owner_seen_at >= now() - interval '3 s' AS held, kept_out,
    next_sender_msg_seq_num, sender_epoch"""

SESSIONS = f"SELECT {_SESSION_COLUMNS} FROM oms.sessions"

ADD_SESSION = """
INSERT INTO oms.sessions (session_id, venue_mic, drop_copy) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
"""

TAKE_SESSION = f"""
UPDATE oms.sessions SET fencing_token = fencing_token + 1, owner = $3,
    gateway_instance = $4, owner_seen_at = now(), state = 1, linked = true,
    handed_over_from = CASE WHEN handed_over_from = $4 THEN handed_over_from ELSE '' END,
    inbound_epoch = CASE WHEN $6::int8 = 0 THEN inbound_epoch ELSE $6 END,
    sender_epoch = CASE WHEN $6::int8 = 0 THEN sender_epoch ELSE $6 END
WHERE session_id = $1 AND venue_mic = $2 AND drop_copy = $5
    AND (NOT linked OR gateway_instance = $4 OR owner_seen_at < now() - interval '3 s')
    AND NOT (handed_over_from = $4 AND handed_over_until > now())
RETURNING {_SESSION_COLUMNS}
"""

STORE_STATUS = f"""
UPDATE oms.sessions SET state = $3, state_since = {FROM_US.format("$4::int8")}, status = $5,
    owner_seen_at = now(),
    sender_epoch = CASE WHEN $6::int8 = 0 THEN sender_epoch ELSE $6 END,
    next_sender_msg_seq_num = CASE WHEN $6::int8 = 0 THEN next_sender_msg_seq_num ELSE $7 END
WHERE session_id = $1 AND fencing_token = $2
RETURNING session_id
"""

FREE_SESSION = """
UPDATE oms.sessions SET linked = false WHERE session_id = $1 AND fencing_token = $2
"""

SESSION_HOLDER = f"""
SELECT {_SESSION_COLUMNS} FROM oms.sessions
WHERE session_id = $1 AND venue_mic = $2 AND drop_copy = $3
"""

VOUCH = """
UPDATE oms.sessions SET owner_seen_at = now() WHERE session_id IN (
    SELECT session_id FROM oms.sessions WHERE session_id = ANY($1::text[]) AND owner = $2
    ORDER BY session_id FOR UPDATE)
"""
