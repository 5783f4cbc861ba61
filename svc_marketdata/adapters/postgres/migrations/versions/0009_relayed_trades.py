"""A log of trades and the last quotes, for svc_relay."""  # noqa: INP001

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    # What was stored of a trade, each time that it was stored or amended: append-only. Written by
    # the one writer of the history, so the numbers are in commit order.
    "CREATE SEQUENCE marketdata.trade_log_numbers",
    """
    CREATE TABLE marketdata.trade_log (
        log_number    bigint NOT NULL DEFAULT nextval('marketdata.trade_log_numbers'),
        logged_ns     bigint NOT NULL,
        instrument_id text COLLATE "C" NOT NULL,
        sequence      bigint NOT NULL CHECK (sequence > 0),
        at_ns         bigint NOT NULL,
        order_ns      bigint NOT NULL,
        key           text COLLATE "C" NOT NULL,
        price         numeric NOT NULL,
        size          numeric NOT NULL,
        aggressor     smallint NOT NULL,
        off_market    smallint NOT NULL,
        counts        boolean NOT NULL,
        withdrawn     boolean NOT NULL,
        amended_ns    bigint NOT NULL,
        PRIMARY KEY (log_number, logged_ns)
    ) PARTITION BY RANGE (logged_ns)
    """,
    # The newest sequence of each listing in the log.
    """
    CREATE TABLE marketdata.trade_log_heads (
        instrument_id text COLLATE "C" PRIMARY KEY,
        last_sequence bigint NOT NULL CHECK (last_sequence > 0)
    )
    """,
    # The newest quote that was stored of each listing, and how many were. A row takes a new number
    # with each: it is a log of which only the newest entry of each key is kept.
    "CREATE SEQUENCE marketdata.last_quote_numbers",
    """
    CREATE TABLE marketdata.last_quotes (
        instrument_id text COLLATE "C" PRIMARY KEY,
        log_number    bigint NOT NULL DEFAULT nextval('marketdata.last_quote_numbers'),
        sequence      bigint NOT NULL DEFAULT 1,
        at_ms         bigint NOT NULL,
        body          text NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX last_quotes_log_number ON marketdata.last_quotes (log_number)",
    """
    CREATE VIEW marketdata.relayed_trades AS
    SELECT log_number, instrument_id AS key, sequence, payload, sha256(payload) AS hash FROM (
        SELECT log_number, instrument_id, sequence, convert_to(json_build_object(
            'instrument_id', instrument_id, 'trade', key, 'at_ns', at_ns, 'order_ns', order_ns,
            'price', price::text, 'size', size::text, 'aggressor', aggressor,
            'off_market', off_market, 'counts', counts, 'withdrawn', withdrawn,
            'amended_ns', amended_ns)::text, 'UTF8') AS payload
        FROM marketdata.trade_log) AS entries
    """,
    """
    CREATE VIEW marketdata.relayed_quotes AS
    SELECT log_number, instrument_id AS key, sequence, convert_to(body, 'UTF8') AS payload,
        sha256(convert_to(body, 'UTF8')) AS hash
    FROM marketdata.last_quotes
    """,
    """
    CREATE OR REPLACE VIEW marketdata.relayed_heads AS
    SELECT CASE WHEN a.is_called THEN a.last_value ELSE a.last_value - 1 END AS alerts,
        CASE WHEN t.is_called THEN t.last_value ELSE t.last_value - 1 END AS trades,
        CASE WHEN q.is_called THEN q.last_value ELSE q.last_value - 1 END AS quotes
    FROM marketdata.alert_log_log_number_seq a, marketdata.trade_log_numbers t,
        marketdata.last_quote_numbers q
    """,
    # As in 0005, with one more table whose partitions are days.
    """
    CREATE OR REPLACE FUNCTION marketdata.add_history_partition(parent text, day date)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        starts timestamptz;
        ends timestamptz;
        part text;
    BEGIN
        IF parent IN ('trades', 'trade_log', 'quote_blocks') THEN
            starts := day::timestamp AT TIME ZONE 'UTC';
            ends := (day + 1)::timestamp AT TIME ZONE 'UTC';
            part := parent || '_' || to_char(day, 'YYYYMMDD');
        ELSIF parent = 'candle_hours' THEN
            starts := date_trunc('month', day::timestamp) AT TIME ZONE 'UTC';
            ends := (date_trunc('month', day::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
            part := 'candle_hours_' || to_char(day, 'YYYYMM');
        ELSE
            RAISE EXCEPTION 'marketdata.% has no partitions by time', parent;
        END IF;
        IF to_regclass('marketdata.' || part) IS NULL THEN
            EXECUTE format('CREATE TABLE marketdata.%I PARTITION OF marketdata.%I
                FOR VALUES FROM (%s) TO (%s)', part, parent,
                (extract(epoch FROM starts) * 1000000000)::bigint,
                (extract(epoch FROM ends) * 1000000000)::bigint);
        END IF;
    END $$
    """,
    """
    CREATE OR REPLACE FUNCTION marketdata.drop_history_partitions(parent text, before date)
    RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET lock_timeout = '500ms' AS $$
    DECLARE
        part text;
        ends date;
        dropped int := 0;
    BEGIN
        IF before > (now() AT TIME ZONE 'UTC')::date - 1 THEN
            RAISE EXCEPTION 'history of the last 2 days is not dropped: % is too late', before;
        END IF;
        FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE parent IN ('trades', 'trade_log', 'quote_blocks', 'candle_hours')
                AND i.inhparent = to_regclass('marketdata.' || quote_ident(parent))
        LOOP
            ends := CASE parent
                WHEN 'candle_hours'
                    THEN (to_date(right(part, 6), 'YYYYMM') + interval '1 month')::date
                ELSE to_date(right(part, 8), 'YYYYMMDD') + 1 END;
            IF ends <= before THEN
                EXECUTE format('DROP TABLE marketdata.%I', part);
                dropped := dropped + 1;
            END IF;
        END LOOP;
        RETURN dropped;
    END $$
    """,
)


def upgrade() -> None:
    """Make the tables and views."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the tables are a record."""
    raise NotImplementedError("the history is a record: restore a backup instead")
