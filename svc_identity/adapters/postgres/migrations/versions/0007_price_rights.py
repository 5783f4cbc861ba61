"""Each user has rights to the prices of venues."""  # noqa: INP001

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Until now every user could read all prices.
    """
    ALTER TABLE identity.users ADD COLUMN price_rights text[] NOT NULL DEFAULT '{*=REAL_TIME}'
    """,
    # The new state of each user enters the log. Tokens of before do not name the rights: they are
    # revoked, and a refresh gives new ones.
    """
    UPDATE identity.users SET version = version + 1,
        changed_at_ns = (extract(epoch FROM clock_timestamp()) * 1e9)::bigint
    """,
)


def upgrade() -> None:
    """Add the column."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE identity.users DROP COLUMN price_rights")
