"""Price alerts and their log."""  # noqa: INP001

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    # An alert as it stands. Prices are canonical decimals, times are UTC nanoseconds, and state,
    # price and condition are the numbers of the contract.
    """
    CREATE TABLE marketdata.alerts (
        alert_id        text COLLATE "C" PRIMARY KEY CHECK (length(alert_id) = 26),
        user_id         text COLLATE "C" NOT NULL,
        username        text NOT NULL,
        idempotency_key text COLLATE "C" NOT NULL,
        request_digest  bytea NOT NULL,
        instrument_id   text COLLATE "C" NOT NULL,
        isin            text COLLATE "C" NOT NULL,
        price           smallint NOT NULL,
        condition       smallint NOT NULL,
        threshold       text NOT NULL,
        percent         text NOT NULL,
        reference_price text NOT NULL,
        delayed         boolean NOT NULL,
        note            text NOT NULL,
        created_ns      bigint NOT NULL,
        expires_ns      bigint NOT NULL CHECK (expires_ns > created_ns),
        state           smallint NOT NULL DEFAULT 1,
        ended_ns        bigint NOT NULL DEFAULT 0,
        fired_price     text NOT NULL DEFAULT '',
        ended_text      text NOT NULL DEFAULT '',
        UNIQUE (user_id, idempotency_key),
        CHECK ((state = 1) = (ended_ns = 0)),
        CHECK ((state = 2) = (fired_price <> ''))
    )
    """,
    "CREATE INDEX alerts_of_user ON marketdata.alerts (user_id, alert_id)",
    "CREATE INDEX alerts_active ON marketdata.alerts (expires_ns) WHERE state = 1",
    "CREATE INDEX alerts_active_of_user ON marketdata.alerts (user_id) WHERE state = 1",
    # What has ended stays as it is.
    """
    CREATE FUNCTION marketdata.refuse_ended_alert() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        RAISE EXCEPTION 'alert % has ended', OLD.alert_id;
    END $$
    """,
    """
    CREATE TRIGGER alerts_end_once BEFORE UPDATE ON marketdata.alerts FOR EACH ROW
    WHEN (OLD.state <> 1) EXECUTE FUNCTION marketdata.refuse_ended_alert()
    """,
    # Every change of an alert, with the alert as it stands after it. log_number is in commit order
    # (ADR 14); sequence numbers the entries of a user without a gap.
    """
    CREATE TABLE marketdata.alert_log (
        log_number  bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        user_id     text COLLATE "C" NOT NULL,
        sequence    bigint NOT NULL CHECK (sequence > 0),
        alert_id    text COLLATE "C" NOT NULL,
        recorded_ns bigint NOT NULL,
        body        jsonb NOT NULL,
        PRIMARY KEY (user_id, sequence)
    )
    """,
    """
    CREATE TRIGGER alert_log_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON marketdata.alert_log
        FOR EACH STATEMENT EXECUTE FUNCTION marketdata.refuse_change()
    """,
    # The last sequence of each user.
    """
    CREATE TABLE marketdata.alert_users (
        user_id       text COLLATE "C" PRIMARY KEY,
        last_sequence bigint NOT NULL CHECK (last_sequence > 0)
    )
    """,
    # The epoch of the sequences: that of this database.
    """
    CREATE TABLE marketdata.alert_epoch (
        one   boolean PRIMARY KEY DEFAULT true CHECK (one),
        epoch text NOT NULL
    )
    """,
    "INSERT INTO marketdata.alert_epoch (epoch) VALUES (replace(gen_random_uuid()::text, '-', ''))",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the tables are a record."""
    raise NotImplementedError("alerts and their log are a record: restore a backup instead")
