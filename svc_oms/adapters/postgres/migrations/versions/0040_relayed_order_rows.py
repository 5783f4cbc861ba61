"""Orders by id for readers of the log, and parked messages in the log of states.

Most events do not repeat the terms of their order. A parked message of no account was in no log.
"""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

# The key, then the columns of the image: the message itself stays in its table.
LOGGED = """'parked_id', 'parked_id', 'session_id', 'msg_type', 'error', 'account_id', 'order_id',
    'state'"""
STATEMENTS = (
    "CREATE VIEW oms.relayed_order_rows AS SELECT order_id, body FROM oms.orders",
    f"""
    CREATE TRIGGER parked_messages_insert_logged AFTER INSERT ON oms.parked_messages
        FOR EACH ROW EXECUTE FUNCTION oms.log_state({LOGGED})""",
    f"""
    CREATE TRIGGER parked_messages_update_logged AFTER UPDATE OF state ON oms.parked_messages
        FOR EACH ROW WHEN (new.state IS DISTINCT FROM old.state)
        EXECUTE FUNCTION oms.log_state({LOGGED})""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
