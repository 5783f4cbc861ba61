"""A venue may have a drop copy beside its order session."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE oms.sessions ADD COLUMN drop_copy boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE oms.sessions DROP CONSTRAINT sessions_venue_mic_key")
    op.execute("ALTER TABLE oms.sessions ADD UNIQUE (venue_mic, drop_copy)")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
