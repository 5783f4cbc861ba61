"""Every SQL statement of kill switches; see orders/order_statements.py for how they are written."""
# ruff: noqa: S608

from svc_oms.domain.kill_switches import PullOutcome
from svc_oms.service.ports.kill_ports import SESSION_QUIET_S, SwitchKind, SwitchState

COLUMNS = """switch_id, idempotency_key, body_hash, kind, drill, scope, reason, state, version,
    engaged_by, engaged_at_us, acknowledged_at_us, release_proposed_by, release_proposed_at_us,
    release_reason, released_by, released_at_us, sessions, listed, counts, commands_held,
    settled_at_us, revision, coalesce(engaged_by_name, ''), coalesce(release_proposed_by_name, ''),
    coalesce(released_by_name, '')"""

_SWITCH_ITSELF = f"kind = {SwitchKind.SWITCH} AND NOT drill"
_IN_FORCE = f"state IN ({SwitchState.ENGAGING}, {SwitchState.ENGAGED})"
_BLOCKS = f"{_SWITCH_ITSELF} AND {_IN_FORCE}"
_MOVED = "revision = revision + 1, changed_at = now()"

BY_KEY = f"""
SELECT {COLUMNS} FROM oms.kill_switches WHERE engaged_by = $1 AND idempotency_key = $2
"""

COUNT_IN_FORCE = f"SELECT count(*) FROM oms.kill_switches WHERE {_BLOCKS}"

ENGAGE = f"""
INSERT INTO oms.kill_switches (switch_id, idempotency_key, body_hash, kind, drill, scope, reason,
    state, version, engaged_by, engaged_at_us, engaged_by_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
RETURNING {COLUMNS}
"""

BLOCKING = f"SELECT {COLUMNS} FROM oms.kill_switches WHERE {_BLOCKS} ORDER BY switch_id"

PROPOSE_RELEASE = f"""
UPDATE oms.kill_switches SET release_proposed_by = $2, release_reason = $3,
    release_proposed_at_us = $4, release_proposed_by_name = $5, {_MOVED}
WHERE switch_id = $1 AND {_BLOCKS} AND release_proposed_by = ''
RETURNING switch_id
"""

RELEASE = f"""
UPDATE oms.kill_switches SET state = {SwitchState.RELEASED}, released_by = $2, released_at_us = $3,
    version = $4, released_by_name = $5, {_MOVED}
WHERE switch_id = $1 AND {_BLOCKS} AND release_proposed_by NOT IN ('', $2)
RETURNING switch_id
"""

IN_FORCE_AT = f"""
SELECT {COLUMNS} FROM oms.kill_switches
WHERE {_SWITCH_ITSELF} AND engaged_at_us <= $1 AND (released_at_us = 0 OR released_at_us > $1)
ORDER BY switch_id LIMIT $2
"""

SWITCH = f"SELECT {COLUMNS} FROM oms.kill_switches WHERE switch_id = $1"

CURRENT = f"""
SELECT {COLUMNS} FROM oms.kill_switches WHERE {_IN_FORCE} OR settled_at_us = 0
UNION
SELECT {COLUMNS} FROM oms.kill_switches WHERE changed_at > now() - $1::int4 * interval '1 s'
ORDER BY switch_id
"""

LIST = f"""
SELECT {COLUMNS} FROM oms.kill_switches
WHERE ($1::text = '' OR switch_id < $1) AND (NOT $2::boolean OR {_BLOCKS})
    AND ($3::text[] IS NULL OR scope[3] = ANY($3) OR (
        {_SWITCH_ITSELF} AND scope[4] IN ('', $5::text) AND EXISTS (
            SELECT FROM oms.accounts a WHERE a.account_id = ANY($3)
                AND scope[1] IN ('', a.firm_id) AND scope[2] IN ('', a.desk_id)
                AND scope[3] IN ('', a.account_id))))
ORDER BY switch_id DESC LIMIT $4
"""

CONFIRM = """
INSERT INTO oms.session_blocks AS b (session_id, fencing_token, version, confirmed_at_us)
SELECT session_id, $2, $3, $4 FROM oms.sessions WHERE session_id = $1 AND fencing_token = $2
ON CONFLICT (session_id) DO UPDATE SET fencing_token = excluded.fencing_token,
    version = excluded.version, confirmed_at_us = excluded.confirmed_at_us
"""

# Like SESSIONS of orders/order_statements.py: a session without a recent renewal is down.
STANDINGS = f"""
SELECT s.session_id, s.venue_mic,
    s.state = 3 AND s.owner_seen_at > now() - interval '10 s',
    s.owner_seen_at > now() - interval '{SESSION_QUIET_S} s',
    CASE WHEN b.fencing_token = s.fencing_token THEN b.version ELSE 0 END,
    CASE WHEN b.fencing_token = s.fencing_token THEN b.confirmed_at_us ELSE 0 END
FROM oms.sessions s LEFT JOIN oms.session_blocks b USING (session_id)
ORDER BY s.session_id
"""

ACKNOWLEDGE = f"""
UPDATE oms.kill_switches SET state = $2::int2, sessions = $3,
    acknowledged_at_us = CASE WHEN $2 = {SwitchState.ENGAGING} THEN 0 ELSE $4::int8 END, {_MOVED}
WHERE switch_id = $1 AND state = {SwitchState.ENGAGING}
    AND (state, sessions) IS DISTINCT FROM ($2, $3)
RETURNING {COLUMNS}
"""

LEASE = """
UPDATE oms.kill_switches SET worker = $2, worker_until = now() + $3::float8 * interval '1 s'
WHERE switch_id = $1 AND (worker = $2 OR worker_until < now())
RETURNING switch_id
"""

# The open ones first and alone: planned with the rest, the planner may follow the order by id and
# read every order ever stored.
OPEN_IN_SCOPE = """
WITH live AS MATERIALIZED (
    SELECT o.order_id, o.account_id FROM oms.orders o WHERE o.is_open
), wanted AS (
    SELECT l.order_id, a.firm_id, a.desk_id FROM live l JOIN oms.accounts a USING (account_id)
    WHERE l.order_id > $3 AND $2[1] IN ('', a.firm_id) AND $2[2] IN ('', a.desk_id)
        AND $2[3] IN ('', a.account_id)
        AND NOT EXISTS (
            SELECT FROM oms.kill_orders k WHERE k.switch_id = $1 AND k.order_id = l.order_id)
)
SELECT o.order_id, o.account_id, o.instrument_id, o.venue_mic, w.firm_id, w.desk_id, o.body
FROM wanted w JOIN oms.orders o USING (order_id)
WHERE $2[7] IN ('', o.venue_mic) AND $2[8] IN ('', o.instrument_id)
    AND ($2[6] = '' OR o.venue_mic IN (
        SELECT s.venue_mic FROM oms.sessions s WHERE s.session_id = $2[6]))
ORDER BY o.order_id LIMIT $4
""".replace("$2[", "($2::text[])[")

_PULL = """k.switch_id, k.order_id, k.account_id, k.instrument_id, k.outcome, k.state,
    k.rejection, k.attempts, k.asked_at_us, k.updated_at_us"""

PULLS = f"""
SELECT {_PULL} FROM oms.kill_orders k
WHERE k.switch_id = $1 AND k.order_id > $2
    AND (cardinality($4::int2[]) = 0 OR k.outcome = ANY($4))
    AND ($5::text[] IS NULL OR k.account_id = ANY($5))
ORDER BY k.order_id LIMIT $3
"""

UNSETTLED = f"""
SELECT {_PULL}, o.body, o.fold
FROM oms.kill_orders k JOIN oms.orders o USING (order_id)
WHERE k.switch_id = $1 AND k.order_id > $2
    AND (k.outcome IN ({PullOutcome.PENDING}, {PullOutcome.CANNOT}) OR o.is_open)
ORDER BY k.order_id LIMIT $3
"""

KEEP_PULLS = """
INSERT INTO oms.kill_orders AS k (switch_id, order_id, account_id, instrument_id, outcome, state,
    rejection, attempts, asked_at_us, updated_at_us)
SELECT $1::text, * FROM unnest($2::text[], $3::text[], $4::text[], $5::int2[], $6::int2[],
    $7::bytea[], $8::int4[], $9::int8[], $10::int8[])
ON CONFLICT (switch_id, order_id) DO UPDATE SET outcome = excluded.outcome,
    state = excluded.state, rejection = excluded.rejection,
    attempts = greatest(k.attempts, excluded.attempts),
    asked_at_us = greatest(k.asked_at_us, excluded.asked_at_us),
    updated_at_us = excluded.updated_at_us
"""

COUNT = f"""
WITH found AS (
    SELECT ARRAY(SELECT count(k.order_id)::int4 FROM generate_series(1, 6) AS o (outcome)
        LEFT JOIN oms.kill_orders k ON k.switch_id = $1 AND k.outcome = o.outcome
        GROUP BY o.outcome ORDER BY o.outcome) AS counts
)
UPDATE oms.kill_switches s SET counts = found.counts, listed = $2::boolean,
    commands_held = $3::int4,
    settled_at_us = CASE WHEN NOT $4::boolean THEN 0 WHEN s.settled_at_us = 0 THEN $5::int8
        ELSE s.settled_at_us END, {_MOVED}
FROM found
WHERE s.switch_id = $1 AND (s.counts, s.listed, s.commands_held, s.settled_at_us <> 0)
    IS DISTINCT FROM (found.counts, $2, $3, $4)
RETURNING s.switch_id
"""
