"""Unsolicited orders are found by its OrderID(37)."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Written once and empty for all other orders, so that their updates touch no index (HOT).
    op.execute("""
        ALTER TABLE oms.orders ADD COLUMN told_as text COLLATE "C" NOT NULL DEFAULT ''""")
    op.execute("""
        CREATE UNIQUE INDEX orders_told ON oms.orders (venue_mic, told_as) WHERE told_as <> ''""")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
