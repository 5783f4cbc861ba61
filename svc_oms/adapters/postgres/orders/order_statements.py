"""Every SQL statement of the order book. Sets go in as arrays, one round trip each.

Statements are put together from constants of this file only; values are parameters.
"""
# ruff: noqa: S608

from svc_oms.adapters.postgres.columns import FROM_US, PackedRows, Table
from svc_oms.adapters.postgres.orders import venue_order_ids
from svc_oms.adapters.postgres.orders.trusted import INSTANCE
from svc_oms.domain.lifecycle import OrderState
from svc_oms.service.ports import OrderWrite

SCHEMA_REVISION = "0044"
"""The migration these statements were written for; a test holds it to the newest one."""

CONTROLS_LOCK = 1_868_983_667
"""Key of the advisory lock around oms.controls: batches share it, a change of controls has it
alone. So a change waits for the batches in progress, and the next ones see it."""

LOCK_ACCOUNTS = f"""
WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared({CONTROLS_LOCK}))
SELECT a.account_id, a.status, a.last_sequence, a.chain_head, a.firm_id, a.desk_id,
    a.controls, c.version, {INSTANCE}, a.xmin, pg_current_xact_id()::xid
FROM oms.controls c, held, oms.accounts a
WHERE a.account_id = ANY($1::text[]) ORDER BY a.account_id FOR UPDATE OF a
"""
"""The last two are the transaction that wrote the row, and this one, which may write it again."""

CONTROLS_VERSION = "SELECT version FROM oms.controls"
"""Read in a statement after the lock, so that its snapshot is taken under the lock."""

LOCK_CONTROLS = f"SELECT pg_advisory_xact_lock({CONTROLS_LOCK})"

MOVE_CONTROLS = "UPDATE oms.controls SET version = version + 1 RETURNING version"
"""After LOCK_CONTROLS, in every transaction that changes a control."""

ORDERS = """
SELECT order_id, account_id, last_sequence, body, fold FROM oms.orders
WHERE order_id = ANY($1::text[])
"""

OPEN_ORDERS = """
SELECT order_id, account_id, last_sequence, body, fold FROM oms.orders
WHERE account_id = $1 AND is_open ORDER BY order_id LIMIT $2
"""

GROUPS = """
SELECT o.order_id, o.account_id, o.last_sequence, o.body, o.fold
FROM unnest($1::text[], $2::text[]) AS wanted (account_id, group_id)
JOIN oms.orders o USING (account_id, group_id) WHERE o.group_id <> ''
"""

ROUTED = """
WITH wanted AS (
    SELECT g.account_id, g.group_id, coalesce((
        SELECT d.read_after FROM oms.routing_decisions d WHERE d.order_id = g.group_id
        ORDER BY d.number DESC LIMIT 1), 0) AS read_after
    FROM unnest($1::text[], $2::text[]) AS g (account_id, group_id)
)
SELECT o.order_id, o.account_id, o.last_sequence, o.body, o.fold
FROM wanted JOIN oms.orders o USING (account_id, group_id) WHERE o.group_id <> '' AND o.is_open
UNION ALL
SELECT o.order_id, o.account_id, o.last_sequence, o.body, o.fold
FROM wanted JOIN oms.orders o USING (account_id, group_id)
WHERE o.group_id <> '' AND NOT o.is_open AND o.closed_member_sequence > read_after
UNION ALL
-- The routed order itself, if it is closed.
SELECT o.order_id, o.account_id, o.last_sequence, o.body, o.fold
FROM wanted JOIN oms.orders o ON o.order_id = wanted.group_id AND o.account_id = wanted.account_id
WHERE o.group_id = wanted.group_id AND NOT o.is_open AND o.last_sequence <= read_after
"""

WAITING = "SELECT order_id, last_sequence FROM oms.orders WHERE waits"

EVENT_ROWS = PackedRows(3, ("payload", "hash"))
OUTBOX_ROWS = PackedRows(2, ("payload",))
KEY_ROWS = PackedRows(5, ("body_hash", "result"))
WANTED_KEY_ROWS = PackedRows(2)
EXECUTION_ROWS = PackedRows(10, ("body",))

KEYS = f"""
SELECT c.version, i.account_id, i.key, i.kind, i.body_hash, i.order_id, i.sequence, i.result
FROM oms.controls c LEFT JOIN (
    {WANTED_KEY_ROWS.sql(1)} AS wanted
    JOIN oms.idempotency i ON i.account_id = wanted.c[1] AND i.key = wanted.c[2]) ON true
"""
"""Every batch of commands reads its keys after the locks, and gets CONTROLS_VERSION with
them, which saves a round trip. Without any key there is one row of nothing but the version."""

EXECUTIONS = """
SELECT e.venue_mic, e.exec_id, e.order_id, e.account_id, e.sequence, e.exec_type,
       e.quantity::text, e.price::text, e.body, e.busted, e.part
FROM unnest($1::text[], $2::text[]) AS wanted (order_id, exec_id)
JOIN oms.executions e USING (order_id, exec_id) ORDER BY e.sequence
"""

VENUE_EXECUTIONS = """
SELECT venue_mic, exec_id, order_id, account_id, sequence, exec_type,
       quantity::text, price::text, body, busted, part
FROM oms.executions WHERE venue_mic = $1 AND exec_id = ANY($2::text[]) ORDER BY sequence
"""
"""Of any order: read only for a report that would open an unsolicited one."""
EXECUTIONS_OF = """
SELECT venue_mic, exec_id, order_id, account_id, sequence, exec_type,
       quantity::text, price::text, body, busted, part
FROM oms.executions WHERE order_id = ANY($1::text[]) ORDER BY order_id, sequence
"""

ORDER_EXECUTIONS = """
SELECT venue_mic, exec_id, order_id, account_id, sequence, exec_type,
       quantity::text, price::text, body, busted, part
FROM oms.executions WHERE order_id = $1 AND exec_type <> 'H' ORDER BY sequence
"""

_POSITIONS_WRITTEN = """INSERT INTO oms.positions
        (account_id, isin, currency, quantity, cost, average_price, realised_profit, as_of_sequence)
    SELECT c[1], c[2], c[3], c[4]::numeric, c[5]::numeric, c[6]::numeric, c[7]::numeric, c[8]::int8
    FROM (SELECT string_to_array(packed, E'\\x1f') AS c FROM unnest({}::text[]) AS p (packed)
        OFFSET 0) AS rows
    ON CONFLICT (account_id, isin, currency) DO UPDATE SET quantity = excluded.quantity,
        cost = excluded.cost, average_price = excluded.average_price,
        realised_profit = excluded.realised_profit, as_of_sequence = excluded.as_of_sequence"""

ORDERS_TABLE = Table(OrderWrite)


def accounts_written(first: int) -> str:
    """Return the CTE that moves accounts on, from this parameter on."""
    return f"""accounts_written AS (
    UPDATE oms.accounts a SET last_sequence = u.last_sequence, chain_head = u.chain_head,
        controls = c[2]
    FROM (SELECT string_to_array(packed, E'\\x1f') AS c, last_sequence, chain_head
        FROM unnest(${first}::text[], ${first + 1}::int8[], ${first + 2}::bytea[])
            AS p (packed, last_sequence, chain_head)
        OFFSET 0) AS u
    WHERE a.account_id = c[1]
)"""


# An event whose sequence the account has already passed becomes NULL, which its column refuses:
# the primary key alone finds a sequence only in the partition of the same month.
def events_written(first: int) -> str:
    """Return the CTE that writes events, from this parameter on."""
    return f"""events_written AS (
    INSERT INTO oms.order_events (account_id, sequence, order_id, payload, hash)
    SELECT c[1], CASE WHEN c[2]::int8 > (
            SELECT a.last_sequence FROM oms.accounts a WHERE a.account_id = c[1]
        ) THEN c[2]::int8 END, c[3], payload, hash
    FROM {EVENT_ROWS.sql(first)} AS rows
)"""


def orders_changed(first: int) -> str:
    """Return the CTE that changes orders, from this parameter on."""
    return f"""orders_changed AS (
    UPDATE oms.orders o SET {ORDERS_TABLE.changes("o", "u")}
    FROM ({ORDERS_TABLE.unpacked(first)}) u WHERE o.order_id = u.order_id
)"""


# The session's row is locked here, after the accounts', and gives the commands
# their numbers: gap-free and in commit order, without a round trip of its own.
def common_writes(gate: str = "true") -> str:
    """Return what every batch writes, from $1 to $13; the gate is evaluated before any lock."""
    return f"""{accounts_written(1)}, {events_written(4)}, sessions_locked AS (
    SELECT s.session_id, u.commands
    FROM oms.sessions s JOIN unnest($6::text[], $7::int8[]) AS u (session_id, commands)
    USING (session_id) WHERE {gate} ORDER BY s.session_id FOR UPDATE OF s
), numbered AS (
    UPDATE oms.sessions s SET outbound_sequence = outbound_sequence + u.commands
    FROM sessions_locked u WHERE s.session_id = u.session_id
    RETURNING s.session_id, s.outbound_sequence - u.commands AS base
), outbox_written AS (
    INSERT INTO oms.outbox (session_id, outbound_sequence, payload)
    SELECT n.session_id, n.base + c[2]::int8, payload
    FROM {OUTBOX_ROWS.sql(8)} AS rows JOIN numbered n ON n.session_id = c[1]
), keys_written AS (
    INSERT INTO oms.idempotency
        (account_id, key, kind, body_hash, order_id, sequence, result)
    SELECT c[1], c[2], c[3]::int2, body_hash, c[4], c[5]::int8, result
    FROM {KEY_ROWS.sql(10)} AS rows
), {orders_changed(12)}"""


WRITE_OUTBOX = f"""
WITH counted AS (
    SELECT * FROM unnest($1::text[], $2::int8[]) AS u (session_id, commands)
), sessions_locked AS (
    SELECT s.session_id, coalesce(u.commands, 0) AS commands
    FROM oms.sessions s LEFT JOIN counted u USING (session_id)
    WHERE s.session_id = $5 OR s.session_id = ANY($1::text[])
    ORDER BY s.session_id FOR UPDATE OF s
), numbered AS (
    UPDATE oms.sessions s SET outbound_sequence = outbound_sequence + u.commands
    FROM sessions_locked u WHERE s.session_id = u.session_id AND u.commands > 0
    RETURNING s.session_id, s.outbound_sequence - u.commands AS base
), outbox_written AS (
    INSERT INTO oms.outbox (session_id, outbound_sequence, payload)
    SELECT n.session_id, n.base + c[2]::int8, payload
    FROM {OUTBOX_ROWS.sql(3)} AS rows JOIN numbered n ON n.session_id = c[1]
)
SELECT session_id, base FROM numbered
"""
"""Commands that follow from venue reports. A statement of its own before WRITE_VENUE,
which moves the row of the link's session: two updates of a row in one statement are one. All
sessions of the transaction are locked here, the link's own too, in the order of their names."""

ORDERS_WRITTEN = f"""orders_written AS (
    INSERT INTO oms.orders ({ORDERS_TABLE.names}) {ORDERS_TABLE.unpacked(14)}
)"""

WRITE_COMMANDS = f"""
WITH {common_writes()}, {ORDERS_WRITTEN}
SELECT session_id, base FROM numbered
"""


WRITE_UNSOLICITED = f"INSERT INTO oms.orders ({ORDERS_TABLE.names}) {ORDERS_TABLE.unpacked(1)}"
"""Unsolicited orders are rare, so a venue's batches write them in a statement of their own."""


def _executions_written(first: int) -> str:
    return f"""
    INSERT INTO oms.executions
        (venue_mic, exec_id, order_id, account_id, sequence, exec_type, quantity, price, busted,
        part, body)
    SELECT c[1], c[2], c[3], c[4], c[5]::int8, c[6], c[7]::numeric, c[8]::numeric,
        c[9]::boolean, c[10]::int2, body
    FROM {EXECUTION_ROWS.sql(first)} AS rows"""


# Fills that a person found: rare, so the one statement of a batch does without them.
WRITE_FOUND = f"""
WITH executions_written AS ({_executions_written(1)}
), busted AS (
    UPDATE oms.executions e SET busted = true
    FROM unnest($4::text[], $5::text[], $6::int2[]) AS u (order_id, exec_id, part)
    WHERE e.order_id = u.order_id AND e.exec_id = u.exec_id AND e.part = u.part
)
{_POSITIONS_WRITTEN.format("$3")}
"""
"""Executions that a person states or applies, and the positions they change."""


# The outbox is trimmed from where it was trimmed to before: an index keeps the entries of deleted
# rows until it is vacuumed, and they need not be passed each time.
def progress_written(first: int, gate: str = "true") -> str:
    """Return the CTEs that write LinkProgress, from this parameter on, and trim the outbox."""
    session, token, epoch, number, acknowledged, sender, old_epoch, old_number = (
        f"${each}" for each in range(first, first + 8)
    )
    return f"""progressed AS (
    UPDATE oms.sessions SET inbound_epoch = {epoch}, inbound_msg_seq_num = {number},
        acknowledged_outbound_sequence = greatest(acknowledged_outbound_sequence, {acknowledged}),
        next_sender_msg_seq_num = greatest(next_sender_msg_seq_num, {sender})
    WHERE session_id = {session} AND fencing_token = {token}
        AND (inbound_epoch, inbound_msg_seq_num) >= ({old_epoch}::int8, {old_number}::int8)
        AND {gate}
    RETURNING session_id
), trimmed AS (
    DELETE FROM oms.outbox WHERE session_id = {session} AND outbound_sequence <= {acknowledged}
        AND outbound_sequence > (SELECT acknowledged_outbound_sequence FROM oms.sessions
            WHERE session_id = {session})
        AND EXISTS (SELECT FROM progressed)
)"""


def money_written(first: int) -> str:
    """Return the CTEs that write executions and positions, from this parameter on."""
    return f"""executions_written AS ({_executions_written(first)}
), positions_written AS (
    {_POSITIONS_WRITTEN.format(f"${first + 2}")}
)"""


WRITE_VENUE = f"""
WITH {common_writes()}, {money_written(14)}, busted AS (
    UPDATE oms.executions e SET busted = true
    FROM unnest($17::text[], $18::text[], $19::int2[]) AS u (order_id, exec_id, part)
    WHERE e.order_id = u.order_id AND e.exec_id = u.exec_id AND e.part = u.part
), parked AS (
    INSERT INTO oms.parked_messages (session_id, session_epoch, msg_seq_num, msg_type, error,
        account_id, order_id, body)
    SELECT * FROM unnest($20::text[], $21::int8[], $22::int8[], $23::text[], $24::text[],
        $25::text[], $26::text[], $27::bytea[])
), {progress_written(28)}, {venue_order_ids.written(36)}
SELECT p.session_id, n.venue_order_id, n.order_id
FROM progressed p LEFT JOIN ({venue_order_ids.NAMED_BEFORE}) AS n ON true
"""
"""Returns the session's row, once for each number that another order has. None if the owner is
another one, or the position is before what the owner has stored: POSITION says which."""

POSITION = """
SELECT fencing_token, inbound_epoch, inbound_msg_seq_num FROM oms.sessions WHERE session_id = $1
"""

REVISION = "SELECT version_num FROM oms.alembic_version"

EPOCH = "SELECT epoch::text FROM oms.book"

ACCOUNT_OF = "SELECT order_id, account_id FROM oms.orders WHERE order_id = ANY($1::text[])"

HIGH_WATERS = """
SELECT account_id, last_sequence FROM oms.accounts WHERE account_id = ANY($1::text[])
"""

# xmin is the transaction that wrote the row. The chain head differs between two histories, if the
# database was restored.
ACCOUNT_VERSIONS = """
SELECT account_id, last_sequence || '-' || xmin || '-' || encode(chain_head, 'hex')
FROM oms.accounts WHERE account_id = ANY($1::text[])
"""

SNAPSHOT_OPEN = """
SELECT order_id, body FROM oms.orders WHERE account_id = $1 AND is_open
ORDER BY order_id DESC LIMIT $2
"""

SNAPSHOT_CLOSED = f"""
SELECT order_id, body FROM oms.orders
WHERE account_id = $1 AND closed_at >= {FROM_US.format("$2::int8")} AND NOT is_open
ORDER BY closed_at DESC LIMIT $3
"""

# The last event of each order in the page brings the order as it is stored: one look-up per order.
EVENTS = """
WITH page AS MATERIALIZED (
    SELECT sequence, order_id, payload FROM oms.order_events
    WHERE account_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
), latest AS (
    SELECT order_id, max(sequence) AS sequence FROM page GROUP BY order_id
)
SELECT page.sequence, page.payload, (
    SELECT o.body FROM oms.orders o WHERE o.order_id = latest.order_id
) FROM page LEFT JOIN latest USING (order_id, sequence) ORDER BY page.sequence
"""

# No index has the order: it would cost every event of every order. An order's events are between
# its first and its last in the log of its account.
ORDER_EVENTS = """
SELECT payload FROM oms.order_events
WHERE account_id = $1 AND sequence BETWEEN $2 AND $3 AND order_id = $4
ORDER BY sequence DESC LIMIT $5
"""

ARCHIVED_BEFORE = "SELECT archived_before FROM oms.book"

ARCHIVED_TO = "SELECT sequence FROM oms.log_bases WHERE log = 'order_events' AND key = $1"

ADD_PARTITIONS = "SELECT oms.add_event_partitions($1)"

PARTITIONS = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), pg_total_relation_size(c.oid),
    c.relname <> 'order_events_default' AND upper_bound.at < now() - $1::int4 * interval '1 day'
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, LATERAL (
    SELECT substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''(.*)''\\)')::timestamptz
) AS upper_bound (at)
WHERE i.inhparent = 'oms.order_events'::regclass ORDER BY c.relname
"""

OUTBOX = """
SELECT outbound_sequence, payload FROM oms.outbox
WHERE session_id = $1 AND outbound_sequence > $2 ORDER BY outbound_sequence LIMIT $3
"""

# The mark is a field of the message: appended to its bytes, it is part of it.
WITHDRAW = """
UPDATE oms.outbox SET payload = payload || $3::bytea
WHERE session_id = $1 AND outbound_sequence = ANY($2::int8[])
"""

INSTRUMENTS = "SELECT body FROM oms.instruments"

KEEP_INSTRUMENTS = """
INSERT INTO oms.instruments (instrument_id, body)
SELECT * FROM unnest($1::text[], $2::bytea[])
ON CONFLICT (instrument_id) DO UPDATE SET body = excluded.body, updated_at = now()
WHERE instruments.body <> excluded.body
"""

UNKNOWN_ORDERS = f"""
SELECT count(*) FROM oms.orders WHERE is_open AND state = {OrderState.UNKNOWN.value}
"""

_PENDING = ", ".join(
    str(state.value)
    for state in (OrderState.PENDING_NEW, OrderState.PENDING_CANCEL, OrderState.PENDING_REPLACE)
)

UNANSWERED = f"""
SELECT o.order_id, o.account_id FROM oms.orders o
WHERE o.is_open AND o.state IN ({_PENDING})
    AND o.updated_at < now() - $1::float8 * interval '1 s'
    AND EXISTS (SELECT FROM oms.sessions s WHERE s.venue_mic = o.venue_mic AND NOT s.drop_copy
        AND s.state_since < now() - $1::float8 * interval '1 s')
ORDER BY o.order_id LIMIT $2
"""

ENSURE_ACCOUNT = """
INSERT INTO oms.accounts (account_id, display_name, base_currency, firm_id, status, desk_id)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id) DO UPDATE SET display_name = excluded.display_name,
    base_currency = excluded.base_currency, firm_id = excluded.firm_id,
    desk_id = excluded.desk_id
WHERE (accounts.display_name, accounts.base_currency, accounts.firm_id, accounts.desk_id)
    IS DISTINCT FROM (excluded.display_name, excluded.base_currency, excluded.firm_id,
        excluded.desk_id)
RETURNING xmax = 0
"""
