"""Kill switches, the orders they pull, and the blocks each gateway has confirmed."""

from alembic import op

revision = "0004"
down_revision = "0003"
revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE oms.kill_switches (
        switch_id text COLLATE "C" PRIMARY KEY,
        idempotency_key text COLLATE "C" NOT NULL,
        body_hash bytea NOT NULL,
        kind smallint NOT NULL,
        drill boolean NOT NULL,
        -- Firm, desk, account, trader, algorithm, session, venue, instrument; '' is any.
        scope text[] NOT NULL CHECK (cardinality(scope) = 8),
        reason text NOT NULL,
        state smallint NOT NULL,
        -- oms.controls.version when it was engaged or released.
        version bigint NOT NULL,
        engaged_by text NOT NULL,
        -- Microseconds since 1970 here and below; 0: not yet.
        engaged_at_us bigint NOT NULL,
        acknowledged_at_us bigint NOT NULL DEFAULT 0,
        release_proposed_by text NOT NULL DEFAULT '',
        release_proposed_at_us bigint NOT NULL DEFAULT 0,
        release_reason text NOT NULL DEFAULT '',
        released_by text NOT NULL DEFAULT '',
        released_at_us bigint NOT NULL DEFAULT 0,
        -- Protobuf ordermesh.oms.v1.KillSwitch with its sessions only.
        sessions bytea NOT NULL DEFAULT '',
        listed boolean NOT NULL DEFAULT false,
        counts int[] NOT NULL DEFAULT '{}',
        commands_held int NOT NULL DEFAULT 0,
        settled_at_us bigint NOT NULL DEFAULT 0,
        revision bigint NOT NULL DEFAULT 1,
        changed_at timestamptz NOT NULL DEFAULT now(),
        -- Whose turn it is to pull its orders.
        worker text NOT NULL DEFAULT '',
        worker_until timestamptz NOT NULL DEFAULT 'epoch',
        UNIQUE (engaged_by, idempotency_key),
        -- Two persons release.
        CHECK (released_by = '' OR released_by <> release_proposed_by)
    )""",
    """
    CREATE INDEX kill_switches_live ON oms.kill_switches (switch_id)
    WHERE state IN (1, 2) OR settled_at_us = 0""",
    "CREATE INDEX kill_switches_changed ON oms.kill_switches (changed_at)",
    """
    CREATE TABLE oms.kill_orders (
        switch_id text COLLATE "C" NOT NULL REFERENCES oms.kill_switches,
        order_id text COLLATE "C" NOT NULL,
        account_id text COLLATE "C" NOT NULL,
        instrument_id text COLLATE "C" NOT NULL,
        outcome smallint NOT NULL,
        state smallint NOT NULL,
        -- Protobuf ordermesh.type.v1.Rejection.
        rejection bytea NOT NULL,
        attempts int NOT NULL,
        asked_at_us bigint NOT NULL,
        updated_at_us bigint NOT NULL,
        PRIMARY KEY (switch_id, order_id)
    )""",
    """
    CREATE TABLE oms.session_blocks (
        session_id text COLLATE "C" PRIMARY KEY REFERENCES oms.sessions,
        -- The link it was confirmed over; void under another owner.
        fencing_token bigint NOT NULL,
        version bigint NOT NULL,
        confirmed_at_us bigint NOT NULL
    )""",
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
