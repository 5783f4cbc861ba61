"""Every state of a user is in a hash-chained log that the service's role cannot write."""  # noqa: INP001

# ruff: noqa: S608 - statements are put together from constants of this file only

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The content of an entry as it is hashed; verification has the same expression.
PAYLOAD = """convert_to(jsonb_build_array({r}.user_id, {r}.version,
    (extract(epoch FROM {r}.recorded_at) * 1000000)::int8, {r}.image)::text, 'UTF8')"""
GENESIS = "decode(repeat('00', 32), 'hex')"

STATEMENTS = (
    """
    CREATE TABLE identity.user_log (
        user_id     text COLLATE "C" NOT NULL,
        -- Counts the states of one user from 1.
        version     bigint NOT NULL,
        recorded_at timestamptz NOT NULL,
        -- The row after the change; null after a deletion. Of the password's hash it has a digest.
        image       jsonb,
        hash        bytea NOT NULL,
        PRIMARY KEY (user_id, version)
    )
    """,
    """
    CREATE FUNCTION identity.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'identity.% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER user_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.user_log
        FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change()
    """,
    # Runs with the owner's rights, and takes no name from a schema that others can write to.
    f"""
    CREATE FUNCTION identity.log_user() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    DECLARE
        u identity.user_log%ROWTYPE;
        last_state identity.user_log%ROWTYPE;
    BEGIN
        IF TG_OP = 'DELETE' THEN
            u.user_id := OLD.user_id;
        ELSE
            u.user_id := NEW.user_id;
            u.image := to_jsonb(NEW) - 'password_hash' || jsonb_build_object('password',
                encode(sha256(convert_to(NEW.password_hash, 'UTF8')), 'hex'));
        END IF;
        SELECT * INTO last_state FROM identity.user_log l
        WHERE l.user_id = u.user_id ORDER BY l.version DESC LIMIT 1;
        u.version := 1 + coalesce(last_state.version, 0);
        u.recorded_at := statement_timestamp();
        u.hash := sha256(coalesce(last_state.hash, {GENESIS}) || {PAYLOAD.format(r="u")});
        INSERT INTO identity.user_log VALUES (u.*);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER users_logged AFTER INSERT OR DELETE ON identity.users
        FOR EACH ROW EXECUTE FUNCTION identity.log_user()
    """,
    """
    CREATE TRIGGER users_update_logged AFTER UPDATE ON identity.users
        FOR EACH ROW WHEN (new.* IS DISTINCT FROM old.*) EXECUTE FUNCTION identity.log_user()
    """,
    # The users that are there.
    f"""
    INSERT INTO identity.user_log
    SELECT n.user_id, n.version, n.recorded_at, n.image,
        sha256({GENESIS} || {PAYLOAD.format(r="n")})
    FROM (SELECT user_id, 1::bigint AS version, statement_timestamp() AS recorded_at,
        to_jsonb(u) - 'password_hash' || jsonb_build_object('password',
            encode(sha256(convert_to(u.password_hash, 'UTF8')), 'hex')) AS image
        FROM identity.users u) n
    """,
)


def upgrade() -> None:
    """Make the log, with the present state of each user."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the log is a record."""
    raise NotImplementedError("the log of users is a record: restore a backup instead")
