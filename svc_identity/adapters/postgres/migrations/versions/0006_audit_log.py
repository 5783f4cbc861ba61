"""The audit log: logins, failures, changes of users and keys."""  # noqa: INP001

from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE identity.audit_log (
        number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        entry_id   text COLLATE "C" NOT NULL UNIQUE CHECK (length(entry_id) = 26),
        at_ns      bigint NOT NULL,
        act        smallint NOT NULL,
        actor      text NOT NULL,
        user_id    text NOT NULL,
        username   text NOT NULL,
        address    text NOT NULL,
        session_id text NOT NULL,
        detail     text NOT NULL,
        count      bigint NOT NULL CHECK (count > 0)
    )
    """,
    "CREATE INDEX audit_log_username ON identity.audit_log (username, entry_id)",
    # Changes of users and keys, which are few beside the logins.
    "CREATE INDEX audit_log_acts ON identity.audit_log (number) WHERE act >= 7",
    """
    CREATE FUNCTION identity.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'identity.audit_log is append-only: % refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER audit_log_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_audit_change()
    """,
)


def upgrade() -> None:
    """Make the table."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the log is a record."""
    raise NotImplementedError("the audit log is a record: restore a backup instead")
