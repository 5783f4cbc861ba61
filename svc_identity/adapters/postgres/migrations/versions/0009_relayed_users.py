"""A view of what users may see now, for svc_notify."""  # noqa: INP001

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the view."""
    op.execute(
        """
        CREATE VIEW identity.relayed_users AS
        SELECT user_id, roles, accounts FROM identity.users WHERE NOT disabled
        """
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP VIEW identity.relayed_users")
