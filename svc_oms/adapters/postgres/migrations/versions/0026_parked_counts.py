"""A row of parked messages may stand for many that are counted only."""

from alembic import op

revision = "0026"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE oms.parked_messages
        -- Messages from msg_seq_num to last_msg_seq_num that are not kept; 0: this one is.
        ADD COLUMN counted bigint NOT NULL DEFAULT 0,
        ADD COLUMN last_msg_seq_num bigint NOT NULL DEFAULT 0""")
    op.execute("""
    CREATE UNIQUE INDEX parked_messages_counted
        ON oms.parked_messages (session_id, session_epoch) WHERE counted > 0 AND state = 1""")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
