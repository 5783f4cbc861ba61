"""The role RISK: limits, kill switches, approvals."""  # noqa: INP001

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE identity.users DROP CONSTRAINT users_roles_check",
    """
    ALTER TABLE identity.users ADD CONSTRAINT users_roles_check CHECK (
        roles <@ ARRAY['VIEWER', 'TRADER', 'OPERATOR', 'AUDITOR', 'RISK']
        AND cardinality(roles) > 0
    )
    """,
)


def upgrade() -> None:
    """Allow the role."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: users may have the role."""
    raise NotImplementedError("users may have the role: restore a backup instead")
