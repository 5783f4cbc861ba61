"""Controls have a version, accounts a desk."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE oms.accounts ADD COLUMN desk_id text NOT NULL DEFAULT ''")
    op.execute("""
        CREATE TABLE oms.controls (
            -- One row: moves with every change of a limit, switch or override.
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            version bigint NOT NULL DEFAULT 1
        )""")
    op.execute("INSERT INTO oms.controls DEFAULT VALUES")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
