"""Logs of control changes are hash-chained, and hold against the role of the service.

The tables belong to the owner's role, which migrates; `privileges.py` grants the service's role
what it needs. What the service must not write itself, functions write with the owner's rights.
"""

# ruff: noqa: S608 - statements are put together from constants of this file only

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# Functions that run with the owner's rights take no name from a schema that others can write to.
WITH_OWNERS_RIGHTS = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

# The content of an entry as it is hashed; verification has the same expressions.
RECORD_PAYLOAD = """convert_to(jsonb_build_array({r}.log_number, {r}.kind, {r}.object_id,
    {r}.version, {r}.name, {r}.scope_id, {r}.valid_from_us, {r}.valid_until_us,
    encode({r}.body, 'hex'))::text, 'UTF8')"""
STATE_PAYLOAD = """convert_to(jsonb_build_array({r}.subject, {r}.object_id, {r}.version,
    (extract(epoch FROM {r}.recorded_at) * 1000000)::int8, {r}.image)::text, 'UTF8')"""
GENESIS = "decode(repeat('00', 32), 'hex')"

# One chain over all control records: every change of a control has this lock anyway.
CONTROLS_LOCK = 1_868_983_667
CHAINED_RECORDS = (
    "ALTER TABLE oms.control_records ADD COLUMN hash bytea",
    "ALTER TABLE oms.control_records DISABLE TRIGGER USER",
    f"""
    DO $$
    DECLARE
        r oms.control_records%ROWTYPE;
        head bytea := {GENESIS};
    BEGIN
        FOR r IN SELECT * FROM oms.control_records ORDER BY log_number LOOP
            head := sha256(head || {RECORD_PAYLOAD.format(r="r")});
            UPDATE oms.control_records SET hash = head WHERE log_number = r.log_number;
        END LOOP;
    END $$""",
    "ALTER TABLE oms.control_records ENABLE TRIGGER USER",
    "ALTER TABLE oms.control_records ALTER COLUMN hash SET NOT NULL",
    f"""
    CREATE FUNCTION oms.chain_record() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock({CONTROLS_LOCK});
        NEW.log_number := nextval('oms.control_records_log_numbers');
        NEW.hash := sha256(coalesce((SELECT r.hash FROM oms.control_records r
            ORDER BY r.log_number DESC LIMIT 1), {GENESIS}) || {RECORD_PAYLOAD.format(r="NEW")});
        RETURN NEW;
    END $$""",
    """
    CREATE TRIGGER control_records_chained BEFORE INSERT ON oms.control_records
        FOR EACH ROW EXECUTE FUNCTION oms.chain_record()""",
    # The trigger takes the number, under the lock.
    "ALTER TABLE oms.control_records ALTER COLUMN log_number DROP DEFAULT",
)

# One chain per row whose states are logged: the lock of the row orders its states.
LOG_STATE = f"""
CREATE OR REPLACE FUNCTION oms.log_state() RETURNS trigger LANGUAGE plpgsql
    {WITH_OWNERS_RIGHTS} SET timezone = 'UTC' AS $$
DECLARE
    -- Arguments: the key's column; then the columns of the image, all if none is named.
    changed jsonb := to_jsonb(NEW);
    s oms.state_log%ROWTYPE;
    last_state oms.state_log%ROWTYPE;
BEGIN
    s.subject := TG_TABLE_NAME;
    s.object_id := changed ->> TG_ARGV[0];
    s.image := changed;
    IF TG_NARGS > 1 THEN
        SELECT jsonb_object_agg(key, value) INTO s.image FROM jsonb_each(changed)
        WHERE key = ANY(TG_ARGV);
    END IF;
    SELECT * INTO last_state FROM oms.state_log l
    WHERE l.subject = s.subject AND l.object_id = s.object_id ORDER BY l.version DESC LIMIT 1;
    s.version := 1 + coalesce(last_state.version, 0);
    s.recorded_at := statement_timestamp();
    s.hash := sha256(coalesce(last_state.hash, {GENESIS}) || {STATE_PAYLOAD.format(r="s")});
    INSERT INTO oms.state_log (subject, object_id, version, recorded_at, image, hash)
    VALUES (s.subject, s.object_id, s.version, s.recorded_at, s.image, s.hash);
    RETURN NULL;
END $$"""

LEASED = "{worker,worker_until}"
# Table, key, columns of the image (all if there are none).
WHOLE_ROWS = (
    ("kill_switches", "switch_id"),
    ("session_actions", "action_id"),
    ("recoveries", "recovery_id"),
)
PARTS_OF_ROWS = (
    ("sessions", "session_id", ("venue_mic", "drop_copy", "kept_out")),
    ("accounts", "account_id",
     ("display_name", "base_currency", "firm_id", "desk_id", "status", "disconnect_grace_s")),
    ("people", "subject", ("username",)),
)  # fmt: skip
# Whose turn it is to pull orders is no state: an update of those two columns alone is not logged.
SWITCH_COLUMNS = """drill, scope, reason, kind, state, version, engaged_by, engaged_by_name,
    engaged_at_us, acknowledged_at_us, release_proposed_by, release_proposed_by_name,
    release_proposed_at_us, release_reason, released_by, released_by_name, released_at_us, sessions,
    listed, counts, commands_held, settled_at_us, revision, changed_at, idempotency_key, body_hash,
    switch_id"""


def _logged(table: str, key: str, columns: tuple[str, ...]) -> list[str]:
    """Log the rows that are there, and every change of these columns."""
    named = ", ".join(f"'{one}'" for one in (key, key, *columns))
    image = ", ".join(f"'{one}', t.{one}" for one in (key, *columns))
    distinct = " OR ".join(f"new.{one} IS DISTINCT FROM old.{one}" for one in columns)
    moved = f"UPDATE OF {', '.join((key, *columns))}"
    return [
        f"""
    INSERT INTO oms.state_log (subject, object_id, version, image)
    SELECT '{table}', t.{key}, 1, jsonb_build_object({image})
    FROM oms.{table} t ORDER BY t.{key}""",
        f"""
    CREATE TRIGGER {table}_insert_logged AFTER INSERT ON oms.{table}
        FOR EACH ROW EXECUTE FUNCTION oms.log_state({named})""",
        f"""
    CREATE TRIGGER {table}_update_logged AFTER {moved} ON oms.{table}
        FOR EACH ROW WHEN (new.{key} IS DISTINCT FROM old.{key} OR {distinct})
        EXECUTE FUNCTION oms.log_state({named})""",
    ]


CHAINED_STATES = (
    "SET LOCAL timezone = 'UTC'",
    "ALTER TABLE oms.state_log ADD COLUMN hash bytea",
    *(statement for table in PARTS_OF_ROWS for statement in _logged(*table)),
    # A row whose newest state is not in the log: up to here, a change without a revision was not.
    *(
        f"""
    INSERT INTO oms.state_log (subject, object_id, version, image)
    SELECT '{table}', t.{key}, 1 + coalesce(s.version, 0), to_jsonb(t)
    FROM oms.{table} t LEFT JOIN LATERAL (SELECT version, image FROM oms.state_log l
        WHERE l.subject = '{table}' AND l.object_id = t.{key}
        ORDER BY version DESC LIMIT 1) s ON true
    WHERE s.image IS NULL OR NOT to_jsonb(t) @> (s.image - '{LEASED}'::text[])"""
        for table, key in WHOLE_ROWS
    ),
    "ALTER TABLE oms.state_log DISABLE TRIGGER USER",
    f"""
    DO $$
    DECLARE
        s oms.state_log%ROWTYPE;
        last_state oms.state_log%ROWTYPE;
    BEGIN
        FOR s IN SELECT * FROM oms.state_log ORDER BY subject, object_id, version LOOP
            IF (s.subject, s.object_id)
                    IS DISTINCT FROM (last_state.subject, last_state.object_id) THEN
                last_state.hash := {GENESIS};
            END IF;
            s.hash := sha256(last_state.hash || {STATE_PAYLOAD.format(r="s")});
            UPDATE oms.state_log SET hash = s.hash WHERE log_number = s.log_number;
            last_state := s;
        END LOOP;
    END $$""",
    "ALTER TABLE oms.state_log ENABLE TRIGGER USER",
    "ALTER TABLE oms.state_log ALTER COLUMN hash SET NOT NULL",
    LOG_STATE,
    "DROP TRIGGER kill_switches_update_logged ON oms.kill_switches",
    f"""
    CREATE TRIGGER kill_switches_update_logged AFTER UPDATE OF {SWITCH_COLUMNS}
        ON oms.kill_switches FOR EACH ROW WHEN (new.* IS DISTINCT FROM old.*)
        EXECUTE FUNCTION oms.log_state('switch_id')""",
)


def _once(table: str, *groups: tuple[str, tuple[str, ...]]) -> str:
    """Refuse to change these columns as soon as their condition holds for the row."""
    held = " OR ".join(
        f"({condition} AND ({', '.join(f'old.{c}' for c in columns)})"
        f" IS DISTINCT FROM ({', '.join(f'new.{c}' for c in columns)}))"
        for condition, columns in groups
    )
    return f"""
    CREATE TRIGGER {table}_written_once BEFORE UPDATE ON oms.{table}
        FOR EACH ROW WHEN ({held}) EXECUTE FUNCTION oms.refuse_rewrite()"""


WRITTEN_ONCE = (
    """
    CREATE FUNCTION oms.refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'oms.%: who did what, and when, is written once', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END $$""",
    _once(
        "kill_switches",
        (
            "old.release_proposed_by <> ''",
            ("release_proposed_by", "release_proposed_by_name", "release_proposed_at_us",
             "release_reason"),
        ),
        ("old.released_by <> ''", ("released_by", "released_by_name", "released_at_us", "state")),
    ),
    _once(
        "recoveries",
        (
            "old.confirmed_at_us <> 0",
            ("confirmed_at_us", "confirmed_by", "confirmed_by_name", "reason"),
        ),
    ),
    _once(
        "parked_messages",
        ("old.state <> 1", ("state", "settled_at", "settled_by", "settled_by_name", "reason")),
    ),
)  # fmt: skip


def upgrade() -> None:
    for statement in (*CHAINED_RECORDS, *CHAINED_STATES, *WRITTEN_ONCE):
        op.execute(statement)
    # Partitions belong to the owner: the service adds them through this function.
    op.execute(f"ALTER FUNCTION oms.add_event_partitions(int) {WITH_OWNERS_RIGHTS}")


def downgrade() -> None:
    raise NotImplementedError("the order book is a record: restore a backup instead")
