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
    # From the sequence itself, which the view reads with the rights of its owner: functions that
    # return its value say NULL to a role that may not use the sequence.
    """
    CREATE VIEW marketdata.relayed_heads AS
    SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS alerts
    FROM marketdata.alert_log_log_number_seq
    """,
)


def upgrade() -> None:
    """Make the views."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP VIEW marketdata.relayed_heads, marketdata.relayed_alerts")
