"""Recoveries: what a database that was restored to an earlier state has lost, and who looked."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE oms.recoveries (
            recovery_id text COLLATE "C" PRIMARY KEY,
            opened_at_us bigint NOT NULL,
            -- What shows that the book is older than somebody's knowledge of it, in words.
            evidence text NOT NULL,
            -- Epoch of the book that the recovery ended.
            ended_epoch text NOT NULL,
            -- log_number of the last order event before the recovery.
            log_number bigint NOT NULL,
            -- 0 while it is open: new orders and replaces are refused.
            confirmed_at_us bigint NOT NULL DEFAULT 0,
            confirmed_by text NOT NULL DEFAULT '',
            confirmed_by_name text NOT NULL DEFAULT '',
            reason text NOT NULL DEFAULT ''
        )""")
    op.execute("""
        CREATE UNIQUE INDEX recoveries_open ON oms.recoveries ((true)) WHERE confirmed_at_us = 0
    """)
    op.execute("""
        CREATE TABLE oms.recovery_sessions (
            recovery_id text COLLATE "C" NOT NULL REFERENCES oms.recoveries,
            session_id text COLLATE "C" NOT NULL,
            evidence text NOT NULL,
            -- The session's FIX store is compared from this MsgSeqNum(34) on.
            from_msg_seq_num bigint NOT NULL,
            compared boolean NOT NULL DEFAULT false,
            recovered integer NOT NULL DEFAULT 0,
            not_recovered text[] NOT NULL DEFAULT '{}',
            PRIMARY KEY (recovery_id, session_id)
        )""")
    for event, when in (("insert", ""), ("update", "WHEN (new.* IS DISTINCT FROM old.*)")):
        op.execute(f"""
            CREATE TRIGGER recoveries_{event}_logged AFTER {event} ON oms.recoveries
                FOR EACH ROW {when} EXECUTE FUNCTION oms.log_state('recovery_id')""")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
