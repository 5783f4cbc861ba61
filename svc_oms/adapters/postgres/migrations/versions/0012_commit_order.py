"""Every log has a number in commit order; the order log has a partition per month."""

# ruff: noqa: S608 - statements are put together from constants of this file only

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Rows that stand already are numbered in the order in which they lie in the table, as far as the
# log's own numbers allow: a row comes after all rows of its key with a lower number.
NUMBERED = """
SELECT at, row_number() OVER (ORDER BY reached, {key}, {number}) AS log_number FROM (
    SELECT ctid AS at, {key}, {number},
        max(ctid) OVER (PARTITION BY {key} ORDER BY {number}) AS reached
    FROM oms.{table}) AS rows
"""

PLAIN_LOGS = (
    ("audit_log", "writer", "sequence"),
    ("control_records", "kind, object_id", "version"),
)

NUMBER_PLAIN_LOG = (
    "CREATE SEQUENCE oms.{table}_log_numbers",
    "ALTER TABLE oms.{table} ADD COLUMN log_number bigint",
    "ALTER TABLE oms.{table} DISABLE TRIGGER USER",
    "UPDATE oms.{table} t SET log_number = n.log_number FROM ({numbered}) n WHERE t.ctid = n.at",
    "ALTER TABLE oms.{table} ENABLE TRIGGER USER",
    "SELECT setval('oms.{table}_log_numbers', count(*) + 1, false) FROM oms.{table}",
    """
    ALTER TABLE oms.{table} ALTER COLUMN log_number SET NOT NULL,
        ALTER COLUMN log_number SET DEFAULT nextval('oms.{table}_log_numbers')""",
    "CREATE UNIQUE INDEX {table}_log_number ON oms.{table} (log_number)",
)

# The primary key of a partition holds within its month. Over all months (account_id, sequence) is
# unique because an account's last_sequence never goes back (trigger below), and because the one
# statement that writes events refuses sequences that are not above it.
ORDER_EVENTS = (
    "ALTER TABLE oms.order_events RENAME TO order_events_unpartitioned",
    "CREATE SEQUENCE oms.order_events_log_numbers",
    """
    CREATE TABLE oms.order_events (
        account_id text COLLATE "C" NOT NULL,
        sequence bigint NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        -- The event as protobuf ordermesh.oms.v1.OrderEvent; streams send these bytes.
        payload bytea NOT NULL,
        hash bytea NOT NULL,
        -- When it was written, by the database's clock. Rows from before this migration have
        -- the time of the migration.
        recorded_at timestamptz NOT NULL DEFAULT statement_timestamp(),
        log_number bigint NOT NULL DEFAULT nextval('oms.order_events_log_numbers')
    ) PARTITION BY RANGE (recorded_at)""",
    # Rows go here when the partition of their month is missing, so that no order ever fails for it.
    """
    CREATE TABLE oms.order_events_default (LIKE oms.order_events INCLUDING DEFAULTS,
        PRIMARY KEY (account_id, sequence), UNIQUE (log_number))""",
    "ALTER TABLE oms.order_events ATTACH PARTITION oms.order_events_default DEFAULT",
    *(
        f"""
    CREATE TRIGGER order_events_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON oms.{table}
        FOR EACH STATEMENT EXECUTE FUNCTION oms.{function}()"""
        for table, function in (
            ("order_events", "refuse_change"),
            ("order_events_default", "refuse_any_change"),
        )
    ),
    # The order path waits 200 ms at most for the default partition's lock; the next call tries
    # again. ATTACH, unlike CREATE TABLE ... PARTITION OF, lets writers go on.
    """
    CREATE FUNCTION oms.add_event_partitions(months_ahead int) RETURNS int
    LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
    DECLARE
        this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
        starts timestamptz;
        ends timestamptz;
        part text;
        added int := 0;
    BEGIN
        PERFORM pg_advisory_xact_lock(7161002);
        FOR month IN 0 .. months_ahead LOOP
            starts := (this_month + make_interval(months => month)) AT TIME ZONE 'UTC';
            ends := (this_month + make_interval(months => month + 1)) AT TIME ZONE 'UTC';
            part := 'order_events_' || to_char(starts AT TIME ZONE 'UTC', 'YYYY_MM');
            CONTINUE WHEN to_regclass('oms.' || part) IS NOT NULL;
            -- A month that has begun in the default partition stays there.
            CONTINUE WHEN EXISTS (SELECT FROM oms.order_events_default
                WHERE recorded_at >= starts AND recorded_at < ends);
            EXECUTE format('CREATE TABLE oms.%I (LIKE oms.order_events INCLUDING DEFAULTS,
                PRIMARY KEY (account_id, sequence), UNIQUE (log_number))', part);
            EXECUTE format('CREATE TRIGGER order_events_append_only
                BEFORE UPDATE OR DELETE OR TRUNCATE ON oms.%I
                FOR EACH STATEMENT EXECUTE FUNCTION oms.refuse_any_change()', part);
            EXECUTE format('ALTER TABLE oms.order_events ATTACH PARTITION oms.%I
                FOR VALUES FROM (%L) TO (%L)', part, starts, ends);
            added := added + 1;
        END LOOP;
        RETURN added;
    END $$""",
    "SELECT oms.add_event_partitions(1)",
    """
    INSERT INTO oms.order_events
        (account_id, sequence, order_id, payload, hash, recorded_at, log_number)
    SELECT account_id, sequence, order_id, payload, hash, now(), n.log_number
    FROM oms.order_events_unpartitioned t JOIN ({numbered}) n ON t.ctid = n.at
    ORDER BY n.log_number""",
    "SELECT setval('oms.order_events_log_numbers', count(*) + 1, false) FROM oms.order_events",
    "DROP TABLE oms.order_events_unpartitioned",
    """
    CREATE FUNCTION oms.refuse_step_back() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'last_sequence of account % may not go from % back to %',
            OLD.account_id, OLD.last_sequence, NEW.last_sequence
            USING ERRCODE = 'check_violation';
    END $$""",
    """
    CREATE TRIGGER accounts_step_forward BEFORE UPDATE OF last_sequence ON oms.accounts
        FOR EACH ROW WHEN (new.last_sequence < old.last_sequence)
        EXECUTE FUNCTION oms.refuse_step_back()""",
)

# Kill switches and session actions are updated in place: every state they have been in is here.
STATE_LOG = (
    "CREATE SEQUENCE oms.state_log_numbers",
    """
    CREATE TABLE oms.state_log (
        -- The table whose row changed, and the row's key.
        subject text COLLATE "C" NOT NULL,
        object_id text COLLATE "C" NOT NULL,
        -- Counts the states of one row from 1.
        version bigint NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT statement_timestamp(),
        -- The row after the change.
        image jsonb NOT NULL,
        log_number bigint NOT NULL DEFAULT nextval('oms.state_log_numbers'),
        PRIMARY KEY (subject, object_id, version),
        UNIQUE (log_number)
    )""",
    """
    CREATE TRIGGER state_log_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON oms.state_log
        FOR EACH STATEMENT EXECUTE FUNCTION oms.refuse_any_change()""",
    """
    CREATE FUNCTION oms.log_state() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        changed jsonb := to_jsonb(NEW);
        id text := changed ->> TG_ARGV[0];
    BEGIN
        INSERT INTO oms.state_log (subject, object_id, version, image)
        SELECT TG_TABLE_NAME, id, 1 + coalesce(max(s.version), 0), changed
        FROM oms.state_log s WHERE s.subject = TG_TABLE_NAME AND s.object_id = id;
        RETURN NULL;
    END $$""",
    *(
        f"""
    CREATE TRIGGER {table}_{event}_logged AFTER {event} ON oms.{table}
        FOR EACH ROW {when} EXECUTE FUNCTION oms.log_state('{key}')"""
        for table, key, changed in (
            # Whose turn it is to pull orders moves without a revision: that is no state.
            ("kill_switches", "switch_id", "new.revision <> old.revision"),
            ("session_actions", "action_id", "new.* IS DISTINCT FROM old.*"),
        )
        for event, when in (("insert", ""), ("update", f"WHEN ({changed})"))
    ),
    *(
        f"""
    INSERT INTO oms.state_log (subject, object_id, version, image)
    SELECT '{table}', {key}, 1, to_jsonb(t) FROM oms.{table} t ORDER BY {key}"""
        for table, key in (("kill_switches", "switch_id"), ("session_actions", "action_id"))
    ),
)


def upgrade() -> None:
    for table, key, number in PLAIN_LOGS:
        numbered = NUMBERED.format(table=table, key=key, number=number)
        for statement in NUMBER_PLAIN_LOG:
            op.execute(statement.format(table=table, numbered=numbered))
    numbered = NUMBERED.format(
        table="order_events_unpartitioned", key="account_id", number="sequence"
    )
    for statement in ORDER_EVENTS:
        op.execute(statement.replace("{numbered}", numbered))
    for statement in STATE_LOG:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
