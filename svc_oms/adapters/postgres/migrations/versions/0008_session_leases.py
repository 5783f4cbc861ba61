"""Sessions are leased, their sender numbers kept, their administration recorded."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE oms.sessions
            -- The owner's link is open; false as soon as it broke.
            ADD COLUMN linked boolean NOT NULL DEFAULT false,
            -- Next MsgSeqNum(34) we send, as last reported by the owner, and its epoch.
            ADD COLUMN next_sender_msg_seq_num bigint NOT NULL DEFAULT 0,
            ADD COLUMN sender_epoch bigint NOT NULL DEFAULT 0,
            -- An operator wants the session logged out.
            ADD COLUMN kept_out boolean NOT NULL DEFAULT false,
            -- This gateway had to hand over: it does not get the session back before then.
            ADD COLUMN handed_over_from text NOT NULL DEFAULT '',
            ADD COLUMN handed_over_until timestamptz NOT NULL DEFAULT 'epoch'
    """)
    op.execute("""
        CREATE TABLE oms.session_standbys (
            session_id text COLLATE "C" NOT NULL,
            gateway_instance text NOT NULL,
            replica text NOT NULL,
            seen_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (session_id, gateway_instance)
        )""")
    op.execute("""
        CREATE TABLE oms.session_actions (
            action_id text COLLATE "C" PRIMARY KEY,
            session_id text COLLATE "C" NOT NULL,
            kind smallint NOT NULL,
            state smallint NOT NULL,
            -- Behind this it is not carried out any more.
            expires_at timestamptz NOT NULL,
            -- Who, when, why and what came of it: protobuf ordermesh.oms.v1.SessionAction.
            body bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        )""")
    op.execute("CREATE INDEX ON oms.session_actions (session_id, action_id DESC)")
    # One action of a session is under way at a time.
    op.execute("""
        CREATE UNIQUE INDEX session_actions_one_under_way
        ON oms.session_actions (session_id) WHERE state IN (2, 3)""")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
