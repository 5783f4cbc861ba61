"""CRITICAL messages have a bound of their own, so that a digest does not hold them up."""  # noqa: INP001

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE notify.paces ADD COLUMN urgent boolean NOT NULL DEFAULT false",
    "ALTER TABLE notify.paces DROP CONSTRAINT paces_pkey",
    "ALTER TABLE notify.paces ADD PRIMARY KEY (rule_id, destination_id, urgent)",
)


def upgrade() -> None:
    """Add the column to the key."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was notified is a record."""
    raise NotImplementedError("notifications are a record: restore a backup instead")
