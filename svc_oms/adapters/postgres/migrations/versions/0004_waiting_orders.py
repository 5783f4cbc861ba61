"""Orders that wait here, and orders linked with others, are found without reading the rest."""

from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

# Neither column moves in the life of an ordinary order, so its updates stay out of both
# indexes (HOT).
TABLES = """
ALTER TABLE oms.orders
    ADD COLUMN waits boolean NOT NULL DEFAULT false,
    ADD COLUMN group_id text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX orders_waiting ON oms.orders (order_id) WHERE waits;
CREATE INDEX orders_group ON oms.orders (account_id, group_id) WHERE group_id <> '';
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
