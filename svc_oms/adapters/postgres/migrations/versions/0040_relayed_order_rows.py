"""For readers of the logs: orders by id, parked messages, and whether a FIX session is up.

Most events do not repeat the terms of their order. A parked message of no account, and whether a
session is up, were in no log; both are now in the log of states.
"""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

# The key, then the columns of the image: the message itself stays in its table.
LOGGED = """'parked_id', 'parked_id', 'session_id', 'msg_type', 'error', 'account_id', 'order_id',
    'state'"""
# As migration 0020 has them, and whether the session is up.
SESSION_COLUMNS = ("venue_mic", "drop_copy", "kept_out", "state", "linked")
SESSION_IMAGE = ", ".join(f"'{one}'" for one in SESSION_COLUMNS)
SESSION_CHANGED = " OR ".join(
    f"new.{one} IS DISTINCT FROM old.{one}" for one in ("session_id", *SESSION_COLUMNS)
)
STATEMENTS = (
    "CREATE VIEW oms.relayed_order_rows AS SELECT order_id, body FROM oms.orders",
    f"""
    CREATE TRIGGER parked_messages_insert_logged AFTER INSERT ON oms.parked_messages
        FOR EACH ROW EXECUTE FUNCTION oms.log_state({LOGGED})""",
    f"""
    CREATE TRIGGER parked_messages_update_logged AFTER UPDATE OF state ON oms.parked_messages
        FOR EACH ROW WHEN (new.state IS DISTINCT FROM old.state)
        EXECUTE FUNCTION oms.log_state({LOGGED})""",
    "DROP TRIGGER sessions_update_logged ON oms.sessions",
    f"""
    CREATE TRIGGER sessions_update_logged
        AFTER UPDATE OF session_id, {", ".join(SESSION_COLUMNS)} ON oms.sessions
        FOR EACH ROW WHEN ({SESSION_CHANGED})
        EXECUTE FUNCTION oms.log_state('session_id', 'session_id', {SESSION_IMAGE})""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
