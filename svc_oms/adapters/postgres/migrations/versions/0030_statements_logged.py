"""Statements of persons are in the log of states; a settled parked message stays what it is."""

from alembic import op

revision = "0030"
down_revision = "0026"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TRIGGER statements_insert_logged AFTER INSERT ON oms.statements
        FOR EACH ROW EXECUTE FUNCTION oms.log_state('statement_id')""",
    """
    CREATE TRIGGER statements_update_logged AFTER UPDATE ON oms.statements
        FOR EACH ROW EXECUTE FUNCTION oms.log_state('statement_id')""",
    # Those that are there: their first state in the log is the present one.
    "UPDATE oms.statements SET state = state",
    # StatementState: 1 proposed. What was confirmed or declined stays so.
    """
    CREATE TRIGGER statements_written_once BEFORE UPDATE ON oms.statements
        FOR EACH ROW WHEN (old.state <> 1 AND (old.state, old.body)
            IS DISTINCT FROM (new.state, new.body))
        EXECUTE FUNCTION oms.refuse_rewrite()""",
)
PARKED = (
    "DROP TRIGGER parked_messages_written_once ON oms.parked_messages",
    # ParkedState: 1 open.
    """
    CREATE TRIGGER parked_messages_written_once BEFORE UPDATE ON oms.parked_messages
        FOR EACH ROW WHEN (old.state <> 1 AND old.* IS DISTINCT FROM new.*)
        EXECUTE FUNCTION oms.refuse_rewrite()""",
)


def upgrade() -> None:
    for statement in (*STATEMENTS, *PARKED):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
