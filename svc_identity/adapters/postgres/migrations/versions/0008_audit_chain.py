"""The audit log has a hash chain, which the service's role cannot write."""  # noqa: INP001

# ruff: noqa: S608 - statements are put together from constants of this file only

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The content of an entry as it is hashed; verification has the same expression.
PAYLOAD = """convert_to(jsonb_build_array({position}, {r}.number, {r}.entry_id, {r}.at_ns, {r}.act,
    {r}.actor, {r}.user_id, {r}.username, {r}.address, {r}.session_id, {r}.detail,
    {r}.count)::text, 'UTF8')"""
GENESIS = "decode(repeat('00', 32), 'hex')"
# One transaction at a time appends to the chain; "OMAC".
LOCK = 0x4F4D_4143

STATEMENTS = (
    """
    CREATE TABLE identity.audit_chain (
        -- Counts the entries from 1, in commit order.
        position bigint PRIMARY KEY,
        -- The entry: identity.audit_log.number.
        number   bigint NOT NULL UNIQUE,
        hash     bytea NOT NULL
    )
    """,
    """
    CREATE TRIGGER audit_chain_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.audit_chain
        FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change()
    """,
    # Runs with the owner's rights, and takes no name from a schema that others can write to.
    f"""
    CREATE FUNCTION identity.chain_audit() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        last_entry identity.audit_chain%ROWTYPE;
    BEGIN
        PERFORM pg_advisory_xact_lock({LOCK});
        SELECT * INTO last_entry FROM identity.audit_chain ORDER BY position DESC LIMIT 1;
        last_entry.position := 1 + coalesce(last_entry.position, 0);
        INSERT INTO identity.audit_chain VALUES (last_entry.position, NEW.number,
            sha256(coalesce(last_entry.hash, {GENESIS})
                || {PAYLOAD.format(position="last_entry.position", r="NEW")}));
        RETURN NULL;
    END $$
    """,
    # At the commit, after all other locks of the transaction: no two can wait for each other, and
    # the chain is in commit order.
    """
    CREATE CONSTRAINT TRIGGER audit_chained AFTER INSERT ON identity.audit_log
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION identity.chain_audit()
    """,
    # The entries that are there.
    f"""
    DO $$
    DECLARE
        entry identity.audit_log%ROWTYPE;
        last_position bigint := 0;
        last_hash bytea := {GENESIS};
    BEGIN
        FOR entry IN SELECT * FROM identity.audit_log ORDER BY number LOOP
            last_position := last_position + 1;
            last_hash := sha256(last_hash || {PAYLOAD.format(position="last_position", r="entry")});
            INSERT INTO identity.audit_chain VALUES (last_position, entry.number, last_hash);
        END LOOP;
    END $$
    """,
)


def upgrade() -> None:
    """Make the chain, over the entries that are there."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the log is a record."""
    raise NotImplementedError("the audit log is a record: restore a backup instead")
