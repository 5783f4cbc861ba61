"""Views of the logs for the relay, and a number in commit order for routing decisions.

The views are the contract between the order book and its relay: every log has the same columns, and
`payload` is the entry exactly as its hash covers it. The relay's role may read the views only.
"""

# ruff: noqa: S608 - statements are put together from constants of this file only

from alembic import op

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None

# A decision is written under the lock of its order's account, so the numbers of one order rise in
# commit order. Rows that stand already are numbered in the order of their time.
NUMBERED_DECISIONS = (
    "CREATE SEQUENCE oms.routing_decisions_log_numbers",
    "ALTER TABLE oms.routing_decisions ADD COLUMN log_number bigint",
    "ALTER TABLE oms.routing_decisions DISABLE TRIGGER USER",
    """
    UPDATE oms.routing_decisions d SET log_number = n.log_number FROM (
        SELECT order_id, number,
            row_number() OVER (ORDER BY decided_at, order_id, number) AS log_number
        FROM oms.routing_decisions) n
    WHERE (d.order_id, d.number) = (n.order_id, n.number)""",
    "ALTER TABLE oms.routing_decisions ENABLE TRIGGER USER",
    """
    SELECT setval('oms.routing_decisions_log_numbers', count(*) + 1, false)
    FROM oms.routing_decisions""",
    """
    ALTER TABLE oms.routing_decisions ALTER COLUMN log_number SET NOT NULL,
        ALTER COLUMN log_number SET DEFAULT nextval('oms.routing_decisions_log_numbers')""",
    "CREATE UNIQUE INDEX routing_decisions_log_number ON oms.routing_decisions (log_number)",
)

# As migration 0020 hashes them.
RECORD_PAYLOAD = """convert_to(jsonb_build_array(log_number, kind, object_id, version, name,
    scope_id, valid_from_us, valid_until_us, encode(body, 'hex'))::text, 'UTF8')"""
STATE_PAYLOAD = """convert_to(jsonb_build_array(subject, object_id, version,
    (extract(epoch FROM recorded_at) * 1000000)::int8, image)::text, 'UTF8')"""

# Name of the view, table, key, the key's own number, payload, hash.
LOGS = (
    ("orders", "order_events", "account_id", "sequence", "payload", "hash"),
    ("audit", "audit_log", "writer", "sequence", "payload", "hash"),
    ("controls", "control_records", "kind || '/' || object_id", "version", RECORD_PAYLOAD, "hash"),
    ("states", "state_log", "subject || '/' || object_id", "version", STATE_PAYLOAD, "hash"),
    ("decisions", "routing_decisions", "order_id", "number", "record", "record_hash"),
)
VIEWS = tuple(
    f"""
    CREATE VIEW oms.relayed_{name} AS
    SELECT log_number, {key} AS key, {number}::int8 AS sequence, {payload} AS payload,
        {entry_hash} AS hash
    FROM oms.{table}"""
    for name, table, key, number, payload, entry_hash in LOGS
)
# The highest number that each log has given to a transaction, which may not have ended yet.
HEADS = "CREATE VIEW oms.relayed_heads AS SELECT " + ", ".join(
    f"(SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END"
    f" FROM oms.{'state_log_numbers' if name == 'states' else f'{table}_log_numbers'}) AS {name}"
    for name, table, *_ in LOGS
)


def upgrade() -> None:
    for statement in (*NUMBERED_DECISIONS, *VIEWS, HEADS):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
