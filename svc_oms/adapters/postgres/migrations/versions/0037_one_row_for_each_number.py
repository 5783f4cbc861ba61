"""One row for each OrderID(37) of a venue, with the orders that have or had it, the newest first.

Two transactions that write one number for two orders meet at its row, so that the second finds the
order of the first.
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# As many orders of a number are kept as `venue_order_ids.written` keeps.
STATEMENTS = (
    "ALTER TABLE oms.venue_order_ids RENAME TO venue_order_ids_before",
    "ALTER INDEX oms.venue_order_ids_pkey RENAME TO venue_order_ids_before_pkey",
    """
    CREATE TABLE oms.venue_order_ids (
        venue_mic text COLLATE "C" NOT NULL,
        venue_order_id text COLLATE "C" NOT NULL,
        order_ids text[] COLLATE "C" NOT NULL,
        PRIMARY KEY (venue_mic, venue_order_id)
    )""",
    """
    INSERT INTO oms.venue_order_ids
    SELECT venue_mic, venue_order_id, array_agg(order_id ORDER BY order_id DESC)
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY venue_mic, venue_order_id ORDER BY order_id DESC) AS place
        FROM oms.venue_order_ids_before) AS named
    WHERE place <= 64 GROUP BY venue_mic, venue_order_id""",
    "DROP TABLE oms.venue_order_ids_before",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
