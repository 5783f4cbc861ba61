"""Quotes of the past, one for each interval in which they changed."""  # noqa: INP001

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    # The quotes of a listing and 30 seconds, packed by svc_marketdata/domain/history/quotes.py.
    """
    CREATE TABLE marketdata.quote_blocks (
        instrument_id text COLLATE "C" NOT NULL,
        start_ns      bigint NOT NULL,
        body          bytea NOT NULL,
        PRIMARY KEY (instrument_id, start_ns)
    ) PARTITION BY RANGE (start_ns)
    """,
    # As in 0002, with one more table whose partitions are days.
    """
    CREATE OR REPLACE FUNCTION marketdata.add_history_partition(parent text, day date)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        starts timestamptz;
        ends timestamptz;
        part text;
    BEGIN
        IF parent IN ('trades', 'quote_blocks') THEN
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
            WHERE parent IN ('trades', 'quote_blocks', 'candle_hours')
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
    """Make the table."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the table is a record."""
    raise NotImplementedError("the history is a record: restore a backup instead")
