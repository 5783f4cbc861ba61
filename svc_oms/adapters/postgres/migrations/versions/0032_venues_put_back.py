"""Since when a venue is out of routing, and when a person put it back; which children are read."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

# The defaults are for a replica of the release before, and for rows that it wrote.
STATEMENTS = (
    """
    ALTER TABLE oms.routing_venues
        ADD COLUMN out_since timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN rejects integer NOT NULL DEFAULT 5,
        ADD COLUMN put_back_at timestamptz""",
    # See RoutingSums.after_sequence; 0: all children are read.
    "ALTER TABLE oms.routing_decisions ADD COLUMN read_after bigint NOT NULL DEFAULT 0",
    """
    CREATE INDEX orders_group_open ON oms.orders (account_id, group_id)
        WHERE group_id <> '' AND is_open""",
    """
    CREATE INDEX orders_group_closed ON oms.orders (account_id, group_id, last_sequence)
        WHERE group_id <> '' AND NOT is_open""",
    "UPDATE oms.routing_venues SET out_since = out_until - interval '300 s'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
