"""Executions are known by order and ExecID(17), not by venue and ExecID(17).

A venue may use an ExecID(17) again: on another day, for the other side of a trade, or for several
parts of one order. The rows that stand already keep their place as part 1.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE oms.executions ADD COLUMN part smallint NOT NULL DEFAULT 1 CHECK (part > 0)",
    "ALTER TABLE oms.executions ALTER COLUMN part DROP DEFAULT",
    "ALTER TABLE oms.executions DROP CONSTRAINT executions_pkey",
    "ALTER TABLE oms.executions ADD PRIMARY KEY (order_id, exec_id, part)",
    # The primary key finds the executions of an order, too.
    "DROP INDEX oms.executions_order",
    # For reports that name an execution and no order of ours.
    "CREATE INDEX executions_venue ON oms.executions (venue_mic, exec_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
