"""What changed after a change, for replicas that follow the reference data."""  # noqa: INP001

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    "CREATE INDEX records_change ON marketdata.records (change)",
    # Whose symbol a listing took over, for the history of a listing: there are few of them.
    """
    CREATE INDEX corporate_actions_new_listing ON marketdata.corporate_actions
        (((body->>'new_symbol') || right(instrument_id, 5))) WHERE kind = 2
    """,
)


def upgrade() -> None:
    """Make the indexes."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop the indexes."""
    for name in ("records_change", "corporate_actions_new_listing"):
        op.execute(f"DROP INDEX marketdata.{name}")
