"""A view of the log of price alerts, with the columns that readers of logs expect."""  # noqa: INP001

from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    # The log has no hash chain: the hash of an entry is that of its payload.
    """
    CREATE VIEW marketdata.relayed_alerts AS
    SELECT log_number, user_id AS key, sequence, convert_to(body::text, 'UTF8') AS payload,
        sha256(convert_to(body::text, 'UTF8')) AS hash
    FROM marketdata.alert_log
    """,
    """
    CREATE VIEW marketdata.relayed_heads AS
    SELECT coalesce(pg_sequence_last_value(
        pg_get_serial_sequence('marketdata.alert_log', 'log_number')::regclass), 0) AS alerts
    """,
)


def upgrade() -> None:
    """Make the views."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP VIEW marketdata.relayed_heads, marketdata.relayed_alerts")
