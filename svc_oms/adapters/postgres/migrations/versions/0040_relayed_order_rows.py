"""A view of orders by id for readers of the log: most events do not repeat the order's terms."""

from alembic import op

revision = "0040"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE VIEW oms.relayed_order_rows AS SELECT order_id, body FROM oms.orders")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
