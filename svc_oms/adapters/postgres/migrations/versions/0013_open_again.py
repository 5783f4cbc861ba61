"""Orders that a bust opened again are not closed: closed_at was never cleared."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE oms.orders SET closed_at = NULL WHERE is_open AND closed_at IS NOT NULL")
