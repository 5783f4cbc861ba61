"""Messages have the owner of their rule, whose rights are looked at when they are sent."""  # noqa: INP001

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Empty: of a rule of the firm.
    "ALTER TABLE notify.outbox ADD COLUMN owner text COLLATE \"C\" NOT NULL DEFAULT ''",
    """
    UPDATE notify.outbox o SET owner = r.owner FROM notify.rules r
    WHERE r.rule_id = o.rule_id AND NOT r.firm
    """,
)


def upgrade() -> None:
    """Add the column."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was notified is a record."""
    raise NotImplementedError("notifications are a record: restore a backup instead")
