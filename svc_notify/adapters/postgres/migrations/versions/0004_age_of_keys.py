"""Idempotency keys have a time, so that those whose time is over are removed."""  # noqa: INP001

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Keys that are there already count as new now.
    """
    ALTER TABLE notify.keys ADD COLUMN at_ns bigint NOT NULL
        DEFAULT (extract(epoch FROM now()) * 1000000000)::bigint
    """,
    "ALTER TABLE notify.keys ALTER COLUMN at_ns DROP DEFAULT",
    "CREATE INDEX keys_age ON notify.keys (at_ns)",
    "CREATE INDEX once_age ON notify.once (at_ns)",
)


def upgrade() -> None:
    """Add the column."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was notified is a record."""
    raise NotImplementedError("notifications are a record: restore a backup instead")
