"""Functions that confirm what a replica has in memory, in the statement that writes a batch."""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

# SQLSTATE OM001: the replica reads under locks instead, and decides anew.
STATEMENTS = (
    """
    CREATE FUNCTION oms.require(holds boolean, what text) RETURNS boolean
    LANGUAGE plpgsql AS $$
    BEGIN
        IF holds IS NOT TRUE THEN
            RAISE EXCEPTION 'not as guessed: %', what USING ERRCODE = 'OM001';
        END IF;
        RETURN true;
    END $$""",
    # Locks accounts, in the order of their names, and compares them with what a replica knows.
    # versions: xmin of each account's row. instance: as svc_oms/adapters/postgres/orders/trusted.py
    # has it. Returns the transaction that a row then has as its version if it is written.
    # After the advisory lock, which a change of a control has alone, a statement sees each change.
    """
    CREATE FUNCTION oms.confirm(
        account_ids text[], versions xid[], controls_version bigint, instance text) RETURNS xid
    LANGUAGE plpgsql AS $$
    DECLARE
        found_versions xid[];
        found_controls bigint;
        found_instance text;
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(1868983667);
        SELECT (SELECT array_agg(locked.xmin) FROM (
                    SELECT a.xmin FROM oms.accounts a WHERE a.account_id = ANY (account_ids)
                    ORDER BY a.account_id FOR UPDATE) AS locked),
            c.version, v.xmin || '@' || extract(epoch FROM pg_postmaster_start_time())
        INTO found_versions, found_controls, found_instance
        FROM oms.controls c, oms.alembic_version v;
        IF found_instance IS DISTINCT FROM instance THEN
            PERFORM oms.require(false, 'instance of the database');
        ELSIF found_controls IS DISTINCT FROM controls_version THEN
            PERFORM oms.require(false, 'version of the controls');
        ELSIF coalesce(found_versions, '{}') <> versions THEN
            PERFORM oms.require(false, 'accounts');
        END IF;
        RETURN pg_current_xact_id()::xid;
    END $$""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
