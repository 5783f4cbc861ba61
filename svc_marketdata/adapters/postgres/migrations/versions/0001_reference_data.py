"""Reference data of instruments and listings, bitemporal, and corporate actions."""  # noqa: INP001

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    # Who changed what, when and why. The numbers are in commit order: writers take turns.
    """
    CREATE TABLE marketdata.changes (
        number         bigint PRIMARY KEY,
        change_id      text COLLATE "C" NOT NULL UNIQUE CHECK (length(change_id) = 26),
        recorded_at_ns bigint NOT NULL UNIQUE,
        kind           smallint NOT NULL,
        user_id        text NOT NULL,
        username       text NOT NULL,
        reason         text NOT NULL,
        records        integer NOT NULL CHECK (records >= 0)
    )
    """,
    # What a key is from a date on, until the next date for which there is a record.
    """
    CREATE TABLE marketdata.records (
        kind       smallint NOT NULL,
        key        text COLLATE "C" NOT NULL,
        valid_from date NOT NULL,
        change     bigint NOT NULL REFERENCES marketdata.changes,
        body       jsonb,
        PRIMARY KEY (kind, key, valid_from, change)
    )
    """,
    # The newest record of a date is the one that counts; a body that is NULL withdraws the date.
    "CREATE INDEX records_dates ON marketdata.records (valid_from)",
    "CREATE INDEX records_isin ON marketdata.records ((body->>'isin')) WHERE kind = 2",
    """
    CREATE TABLE marketdata.current_records (
        kind       smallint NOT NULL,
        key        text COLLATE "C" NOT NULL,
        isin       text COLLATE "C" NOT NULL,
        valid_from date NOT NULL,
        change     bigint NOT NULL,
        body       jsonb NOT NULL,
        PRIMARY KEY (kind, key)
    )
    """,
    "CREATE INDEX current_records_isin ON marketdata.current_records (isin)",
    # The date up to which current_records follows records.
    """
    CREATE TABLE marketdata.rolled (
        one  boolean PRIMARY KEY DEFAULT true CHECK (one),
        date date NOT NULL
    )
    """,
    "INSERT INTO marketdata.rolled (date) VALUES ('-infinity')",
    """
    CREATE TABLE marketdata.corporate_actions (
        action_id      text COLLATE "C" PRIMARY KEY CHECK (length(action_id) = 26),
        kind           smallint NOT NULL,
        isin           text COLLATE "C" NOT NULL,
        instrument_id  text COLLATE "C" NOT NULL,
        effective_date date NOT NULL,
        body           jsonb NOT NULL,
        state          smallint NOT NULL,
        change         bigint NOT NULL REFERENCES marketdata.changes,
        settled_change bigint REFERENCES marketdata.changes
    )
    """,
    "CREATE INDEX corporate_actions_open ON marketdata.corporate_actions (effective_date)",
    # For readers of price history: prices of days before the date are multiplied by the factor,
    # and sizes are divided by it.
    """
    CREATE TABLE marketdata.adjustments (
        instrument_id  text COLLATE "C" NOT NULL,
        effective_date date NOT NULL,
        action_id      text COLLATE "C" NOT NULL REFERENCES marketdata.corporate_actions,
        price_factor   numeric NOT NULL CHECK (price_factor > 0),
        PRIMARY KEY (instrument_id, effective_date, action_id)
    )
    """,
    """
    CREATE FUNCTION marketdata.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'marketdata.% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_append_only
            BEFORE UPDATE OR DELETE OR TRUNCATE ON marketdata.{table}
            FOR EACH STATEMENT EXECUTE FUNCTION marketdata.refuse_change()
        """
        for table in ("changes", "records")
    ),
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the tables are a record."""
    raise NotImplementedError("the reference data are a record: restore a backup instead")
