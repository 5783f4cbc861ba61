"""Limits with their history, positions, and what the controls remember of an account."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE oms.accounts ADD COLUMN controls text NOT NULL DEFAULT ''",
    """
    CREATE TABLE oms.positions (
        account_id text COLLATE "C" NOT NULL,
        isin text COLLATE "C" NOT NULL,
        currency text COLLATE "C" NOT NULL,
        quantity numeric NOT NULL,
        cost numeric NOT NULL,
        average_price numeric NOT NULL,
        realised_profit numeric NOT NULL,
        as_of_sequence bigint NOT NULL,
        PRIMARY KEY (account_id, isin, currency)
    ) WITH (fillfactor = 70)""",
    """
    CREATE TABLE oms.control_records (
        -- A version of a limit, override, trading status or enabling; never changed.
        kind smallint NOT NULL,
        object_id text COLLATE "C" NOT NULL,
        version integer NOT NULL,
        -- What names the object to people: a limit's kind and range.
        name text COLLATE "C" NOT NULL,
        -- Account, desk or firm it is for; empty where it is of none.
        scope_id text COLLATE "C" NOT NULL,
        valid_from_us bigint NOT NULL,
        -- 0: until further notice.
        valid_until_us bigint NOT NULL,
        -- The version as protobuf, by kind.
        body bytea NOT NULL,
        PRIMARY KEY (kind, object_id, version)
    )""",
    "CREATE INDEX control_records_name ON oms.control_records (kind, name, version DESC)",
    """
    CREATE TABLE oms.control_keys (
        subject text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        body_hash bytea NOT NULL,
        answer bytea NOT NULL,
        PRIMARY KEY (subject, key)
    )""",
    """
    CREATE FUNCTION oms.refuse_any_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'oms.% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$""",
    """
    CREATE TRIGGER control_records_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON oms.control_records
        FOR EACH STATEMENT EXECUTE FUNCTION oms.refuse_any_change()""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
