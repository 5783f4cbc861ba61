"""The audit log: refusals and actions, chained per writer; guards of flows."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE oms.audit_chains (
    -- A replica, and the part of it that appends. Its row is its lock.
    writer text COLLATE "C" PRIMARY KEY,
    last_sequence bigint NOT NULL DEFAULT 0,
    head bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
);

CREATE TABLE oms.audit_log (
    writer text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    entry_id text COLLATE "C" NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    kind smallint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    reason smallint NOT NULL,
    -- The entry as protobuf ordermesh.oms.v1.AuditEntry, listed as it lies here.
    payload bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (writer, sequence)
);
CREATE INDEX audit_log_actor ON oms.audit_log (actor, entry_id DESC);
CREATE INDEX audit_log_account ON oms.audit_log (account_id, entry_id DESC);
CREATE INDEX audit_log_order ON oms.audit_log (order_id, entry_id DESC) WHERE order_id <> '';
CREATE INDEX audit_log_reason ON oms.audit_log (reason, entry_id DESC);

CREATE TABLE oms.disconnect_guards (
    -- The flow that has it: a ULID of its own.
    holder text COLLATE "C" PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    session_name text COLLATE "C" NOT NULL,
    account_ids text[] NOT NULL,
    grace_s integer NOT NULL,
    -- 1 held: due after its last sign of life and the grace. 2 lost, due at due_at.
    -- 3 firing, claimed at due_at by whoever pulls the orders. 4 disarmed: kept a while, so
    -- that an older flow of the name, found dead later, is known not to matter.
    state smallint NOT NULL,
    seen_at timestamptz NOT NULL,
    due_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX disconnect_guards_name ON oms.disconnect_guards (subject, session_name);

ALTER TABLE oms.accounts ADD COLUMN disconnect_grace_s integer
    CHECK (disconnect_grace_s BETWEEN 0 AND 300);
"""

APPEND_ONLY = """
CREATE FUNCTION oms.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'oms.audit_log is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

TRIGGER = """
CREATE TRIGGER audit_log_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON oms.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION oms.refuse_audit_change()
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute(APPEND_ONLY)
    op.execute(TRIGGER)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
