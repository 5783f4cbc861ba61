"""Trades and candles of the past, and where they have gaps."""  # noqa: INP001

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Trades as they finally stand. at_ns is the time of the venue, order_ns the order in which they
    # were reported. key is the venue's id of the trade, or one made of its fields after a "~".
    """
    CREATE TABLE marketdata.trades (
        instrument_id text COLLATE "C" NOT NULL,
        at_ns         bigint NOT NULL,
        order_ns      bigint NOT NULL,
        key           text COLLATE "C" NOT NULL,
        price         numeric NOT NULL,
        size          numeric NOT NULL,
        aggressor     smallint NOT NULL,
        off_market    smallint NOT NULL,
        -- Whether it counts for candles, unless it is withdrawn.
        counts        boolean NOT NULL,
        withdrawn     boolean NOT NULL,
        -- When the newest report that made it what it is was received.
        amended_ns    bigint NOT NULL,
        PRIMARY KEY (instrument_id, at_ns, order_ns, key)
    ) PARTITION BY RANGE (at_ns)
    """,
    "CREATE INDEX trades_key ON marketdata.trades (instrument_id, key)",
    # The candles of 1 minute of an hour of UTC, packed by svc_marketdata/domain/history/hours.py.
    """
    CREATE TABLE marketdata.candle_hours (
        instrument_id text COLLATE "C" NOT NULL,
        start_ns      bigint NOT NULL,
        body          bytea NOT NULL,
        PRIMARY KEY (instrument_id, start_ns)
    ) PARTITION BY RANGE (start_ns)
    """,
    # The hours before this time are in candle_hours; the candles of later ones are made of trades.
    """
    CREATE TABLE marketdata.candles_packed (
        one      boolean PRIMARY KEY DEFAULT true CHECK (one),
        until_ns bigint NOT NULL
    )
    """,
    "INSERT INTO marketdata.candles_packed (until_ns) VALUES (0)",
    # Up to when some replica has recorded all trades that the feed of a venue sent.
    """
    CREATE TABLE marketdata.recorded (
        venue_mic text COLLATE "C" PRIMARY KEY,
        until_ns  bigint NOT NULL
    )
    """,
    # Times in which trades are or may be missing. cause is that of HistoryGapCause.
    """
    CREATE TABLE marketdata.history_gaps (
        venue_mic      text COLLATE "C" NOT NULL,
        from_ns        bigint NOT NULL,
        until_ns       bigint NOT NULL CHECK (until_ns >= from_ns),
        cause          smallint NOT NULL,
        dropped_trades bigint NOT NULL CHECK (dropped_trades >= 0),
        PRIMARY KEY (venue_mic, from_ns, cause)
    )
    """,
    # The service may not make or drop tables: these functions do what it needs, and no more.
    """
    CREATE FUNCTION marketdata.add_history_partition(parent text, day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        starts timestamptz;
        ends timestamptz;
        part text;
    BEGIN
        IF parent = 'trades' THEN
            starts := day::timestamp AT TIME ZONE 'UTC';
            ends := (day + 1)::timestamp AT TIME ZONE 'UTC';
            part := 'trades_' || to_char(day, 'YYYYMMDD');
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
    # Drops the partitions whose days all lie before a day; never those of the last 2 days.
    """
    CREATE FUNCTION marketdata.drop_history_partitions(parent text, before date) RETURNS int
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
            WHERE parent IN ('trades', 'candle_hours')
                AND i.inhparent = to_regclass('marketdata.' || quote_ident(parent))
        LOOP
            ends := CASE parent
                WHEN 'trades' THEN to_date(right(part, 8), 'YYYYMMDD') + 1
                ELSE (to_date(right(part, 6), 'YYYYMM') + interval '1 month')::date END;
            IF ends <= before THEN
                EXECUTE format('DROP TABLE marketdata.%I', part);
                dropped := dropped + 1;
            END IF;
        END LOOP;
        RETURN dropped;
    END $$
    """,
    "REVOKE ALL ON FUNCTION marketdata.add_history_partition(text, date) FROM PUBLIC",
    "REVOKE ALL ON FUNCTION marketdata.drop_history_partitions(text, date) FROM PUBLIC",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the tables are a record."""
    raise NotImplementedError("the history is a record: restore a backup instead")
