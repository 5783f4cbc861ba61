"""When a session ended and a user changed: for the list of revoked tokens."""  # noqa: INP001

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE identity.sessions ADD COLUMN ended_at_ns bigint",
    """
    CREATE INDEX sessions_ended ON identity.sessions (ended_at_ns) WHERE ended_at_ns IS NOT NULL
    """,
    "ALTER TABLE identity.users ADD COLUMN version bigint NOT NULL DEFAULT 1",
    "ALTER TABLE identity.users ADD COLUMN changed_at_ns bigint NOT NULL DEFAULT 0",
    "CREATE INDEX users_changed ON identity.users (changed_at_ns)",
)


def upgrade() -> None:
    """Add the columns; sessions that ended before have no time, and their tokens expire soon."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE identity.sessions DROP COLUMN ended_at_ns")
    op.execute("ALTER TABLE identity.users DROP COLUMN version, DROP COLUMN changed_at_ns")
