"""An update of an open order writes to no index of oms.orders again.

The index of the closed orders of a group had last_sequence, which every event moves. PostgreSQL
looks at the columns of all indexes, also of those that a row is not in: so every update of every
order made a new entry in each of its indexes. The new column moves only while an order is a closed
member of a group.

PostgreSQL computes it, so that it is right whichever release writes the row. To add it, the table
is written anew, under a lock that nobody passes: about 10 s for a million orders.
"""

from alembic import op

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE oms.orders ADD COLUMN closed_member_sequence bigint GENERATED ALWAYS AS (
        CASE WHEN group_id <> '' AND NOT is_open THEN last_sequence END) STORED""",
    "DROP INDEX oms.orders_group_closed",
    """
    CREATE INDEX orders_group_closed ON oms.orders (account_id, group_id, closed_member_sequence)
        WHERE group_id <> '' AND NOT is_open""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
