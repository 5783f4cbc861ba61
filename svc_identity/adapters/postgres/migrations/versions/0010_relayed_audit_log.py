"""A view of the audit log for svc_relay, with the columns that readers of logs expect."""  # noqa: INP001

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS = (
    # The numbers are those of the hash chain: in commit order, none missing. The payload is the
    # entry as migration 0008 hashes it.
    """
    CREATE VIEW identity.relayed_identity AS
    SELECT c.position AS log_number, 'identity'::text AS key, c.position AS sequence,
        convert_to(jsonb_build_array(c.position, e.number, e.entry_id, e.at_ns, e.act, e.actor,
            e.user_id, e.username, e.address, e.session_id, e.detail, e.count)::text, 'UTF8')
            AS payload,
        c.hash
    FROM identity.audit_chain c JOIN identity.audit_log e USING (number)
    """,
    """
    CREATE VIEW identity.relayed_heads AS
    SELECT coalesce(max(position), 0) AS identity FROM identity.audit_chain
    """,
)


def upgrade() -> None:
    """Make the views."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP VIEW identity.relayed_heads, identity.relayed_identity")
