"""The newest result of each comparison of the whole order book; the replicas show it as metrics."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE oms.check_results (
        name text PRIMARY KEY,
        finished_at_us bigint NOT NULL,
        differences bigint NOT NULL CHECK (differences >= 0)
    )""")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
