"""What stands for the part of a log that was archived and removed: `service/retention`."""

from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE oms.log_bases (
        -- order_events with an account, or audit_log with a writer. Its entries up to this one were
        -- archived. What is left of them below is of no use to anybody.
        log text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        sequence bigint NOT NULL,
        -- The hash of that entry: the chain goes on from it.
        hash bytea NOT NULL,
        PRIMARY KEY (log, key)
    )""",
    # An order that is still here although the first of its events are not.
    """
    CREATE TABLE oms.opening_orders (
        order_id text COLLATE "C" PRIMARY KEY,
        account_id text COLLATE "C" NOT NULL,
        -- As it was after the last archived event: see oms.orders.
        body bytea NOT NULL,
        fold bytea NOT NULL
    )""",
    "CREATE INDEX opening_orders_account ON oms.opening_orders (account_id)",
    """
    CREATE TABLE oms.position_bases (
        account_id text COLLATE "C" PRIMARY KEY,
        -- The opening positions are made of the executions up to here. Closed orders whose last
        -- event is not above may have been removed.
        sequence bigint NOT NULL,
        -- They have the busts and corrections up to here in them.
        amended_to bigint NOT NULL
    )""",
    """
    CREATE TABLE oms.opening_positions (
        account_id text COLLATE "C" NOT NULL,
        isin text COLLATE "C" NOT NULL,
        currency text COLLATE "C" NOT NULL,
        quantity numeric NOT NULL,
        cost numeric NOT NULL,
        average_price numeric NOT NULL,
        realised_profit numeric NOT NULL,
        as_of_sequence bigint NOT NULL,
        PRIMARY KEY (account_id, isin, currency)
    )""",
    # Orders with lower ids may have been removed, if they are not here.
    """
    ALTER TABLE oms.book ADD COLUMN archived_before text COLLATE "C" NOT NULL DEFAULT '' """,
    """
    CREATE TABLE oms.archives (
        -- Below the archive folder.
        file text COLLATE "C" PRIMARY KEY,
        source text NOT NULL,
        rows bigint NOT NULL,
        sha256 bytea NOT NULL,
        archived_at timestamptz NOT NULL DEFAULT now()
    )""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
