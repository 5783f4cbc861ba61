"""The order book: accounts, orders, their log, executions, sessions and outbox."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE oms.book (
    -- One row. The epoch names the life of the account sequences.
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    epoch uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO oms.book DEFAULT VALUES;

CREATE TABLE oms.accounts (
    account_id text COLLATE "C" PRIMARY KEY,
    display_name text NOT NULL,
    base_currency text NOT NULL,
    firm_id text NOT NULL,
    status smallint NOT NULL,
    last_sequence bigint NOT NULL DEFAULT 0,
    chain_head bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
) WITH (fillfactor = 50);

CREATE TABLE oms.orders (
    order_id text COLLATE "C" PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    instrument_id text COLLATE "C" NOT NULL,
    venue_mic text COLLATE "C" NOT NULL,
    side smallint NOT NULL,
    type smallint NOT NULL,
    state smallint NOT NULL,
    is_open boolean NOT NULL,
    quantity numeric NOT NULL,
    limit_price numeric,
    cum_quantity numeric NOT NULL,
    leaves numeric NOT NULL,
    average_price numeric NOT NULL,
    cl_ord_id text COLLATE "C" NOT NULL,
    created_sequence bigint NOT NULL,
    last_sequence bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- Set once, so that updates of an open order touch no index (HOT).
    closed_at timestamptz,
    -- The order as protobuf ordermesh.oms.v1.Order: what readers get.
    body bytea NOT NULL,
    -- What the fold knows beside it, as the codec writes it.
    fold text NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX orders_newest ON oms.orders (account_id, order_id DESC);
CREATE INDEX orders_open ON oms.orders (account_id, order_id) WHERE is_open;
CREATE INDEX orders_closed ON oms.orders (account_id, closed_at DESC) WHERE closed_at IS NOT NULL;

CREATE TABLE oms.order_events (
    account_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    -- The event as protobuf ordermesh.oms.v1.OrderEvent, streamed as it lies here.
    payload bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (account_id, sequence)
);

CREATE TABLE oms.executions (
    venue_mic text COLLATE "C" NOT NULL,
    exec_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    exec_type text NOT NULL,
    quantity numeric NOT NULL,
    price numeric NOT NULL,
    busted boolean NOT NULL DEFAULT false,
    body bytea NOT NULL,
    PRIMARY KEY (venue_mic, exec_id)
);
CREATE INDEX executions_order ON oms.executions (order_id, sequence);

CREATE TABLE oms.idempotency (
    account_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    body_hash bytea NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    -- Kept where the answer is not an order: CancelAll.
    result bytea,
    PRIMARY KEY (account_id, key)
);

CREATE TABLE oms.sessions (
    session_id text COLLATE "C" PRIMARY KEY,
    venue_mic text COLLATE "C" NOT NULL UNIQUE,
    outbound_sequence bigint NOT NULL DEFAULT 0,
    acknowledged_outbound_sequence bigint NOT NULL DEFAULT 0,
    inbound_epoch bigint NOT NULL DEFAULT 0,
    inbound_msg_seq_num bigint NOT NULL DEFAULT 0,
    fencing_token bigint NOT NULL DEFAULT 0,
    owner text NOT NULL DEFAULT '',
    owner_seen_at timestamptz NOT NULL DEFAULT 'epoch',
    gateway_instance text NOT NULL DEFAULT '',
    state smallint NOT NULL DEFAULT 1,
    state_since timestamptz NOT NULL DEFAULT now(),
    status bytea NOT NULL DEFAULT '',
    CHECK (acknowledged_outbound_sequence <= outbound_sequence)
) WITH (fillfactor = 50);

CREATE TABLE oms.outbox (
    session_id text COLLATE "C" NOT NULL,
    outbound_sequence bigint NOT NULL,
    -- The command as protobuf ordermesh.gateway.v1.VenueCommand.
    payload bytea NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (session_id, outbound_sequence)
);

CREATE TABLE oms.parked_messages (
    parked_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id text NOT NULL,
    session_epoch bigint NOT NULL,
    msg_seq_num bigint NOT NULL,
    msg_type text NOT NULL,
    error text NOT NULL,
    account_id text,
    order_id text,
    -- The message as protobuf ordermesh.gateway.v1.VenueMessage, whole.
    body bytea NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE oms.instruments (
    instrument_id text COLLATE "C" PRIMARY KEY,
    -- The listing as protobuf ordermesh.marketdata.v1.Instrument.
    body bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
"""

APPEND_ONLY = """
CREATE FUNCTION oms.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'oms.order_events is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER order_events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON oms.order_events
    FOR EACH STATEMENT EXECUTE FUNCTION oms.refuse_change();
"""


def _statements(script: str) -> list[str]:
    return [part for part in script.split(";\n") if part.strip()]


def upgrade() -> None:
    for statement in _statements(TABLES):
        op.execute(statement)
    function, trigger = APPEND_ONLY.split("END $$;")
    op.execute(function + "END $$")
    op.execute(trigger)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
