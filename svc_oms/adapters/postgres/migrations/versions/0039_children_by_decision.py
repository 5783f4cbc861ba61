"""The children that some decisions placed are found without reading all of a routed order."""

from alembic import op

revision = "0039"
down_revision = "0037"
branch_labels = None
depends_on = None

# In place of the index on the first two columns. No column of it changes, so that an update of an
# order writes no entry.
STATEMENTS = (
    """
    CREATE INDEX orders_group_created ON oms.orders (account_id, group_id, created_sequence)
        WHERE group_id <> ''""",
    "DROP INDEX oms.orders_group",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
