"""What the role of the service may do with each table; the tables belong to the owner's role.

The service may append to a log, and may set neither an entry's number in commit order nor the time
at which it was recorded. It may change nothing that says who did what. A table that is not listed
here cannot be used by the service: a test compares the list with the tables.
"""

from typing import Final

from sqlalchemy import Connection, text

from eventlog.rights import ReaderName, grants

READ: Final = "SELECT"
KEEP: Final = "SELECT, INSERT"
CHANGE: Final = "SELECT, INSERT, UPDATE"
ALL: Final = "SELECT, INSERT, UPDATE, DELETE"

TABLES: Final[dict[str, str]] = {
    # Logs.
    "order_events": "SELECT, INSERT (account_id, sequence, order_id, payload, hash)",
    "audit_log": """SELECT, INSERT (writer, sequence, entry_id, at, kind, actor, account_id,
        order_id, reason, payload, hash)""",
    "control_records": """SELECT, INSERT (kind, object_id, version, name, scope_id, valid_from_us,
        valid_until_us, body)""",
    "state_log": READ,
    # Derived from the logs, or written once.
    "accounts": """SELECT, INSERT, UPDATE (display_name, base_currency, firm_id, desk_id, status,
        last_sequence, chain_head, controls, disconnect_grace_s)""",
    "orders": CHANGE,
    "executions": "SELECT, INSERT, UPDATE (busted)",
    "positions": CHANGE,
    "audit_chains": CHANGE,
    "idempotency": KEEP,
    "control_keys": KEEP,
    "venue_order_ids": "SELECT, INSERT, UPDATE (order_ids)",
    "routing_decisions": """SELECT, INSERT (order_id, number, account_id, decided_at, record,
        record_hash, read_after)""",
    # What people did: the log of states has every change.
    "kill_switches": """SELECT, INSERT, UPDATE (state, version, acknowledged_at_us,
        release_proposed_by, release_proposed_by_name, release_proposed_at_us, release_reason,
        released_by, released_by_name, released_at_us, sessions, listed, counts, commands_held,
        settled_at_us, revision, changed_at, worker, worker_until)""",
    "session_actions": "SELECT, INSERT, UPDATE (state, expires_at, body, updated_at)",
    "recoveries": """SELECT, INSERT, UPDATE (confirmed_at_us, confirmed_by, confirmed_by_name,
        reason)""",
    "parked_messages": """SELECT, INSERT, UPDATE (state, settled_at, settled_by, settled_by_name,
        reason, account_id, order_id, counted, last_msg_seq_num)""",
    "statements": "SELECT, INSERT, UPDATE (state, body)",
    "people": "SELECT, INSERT, UPDATE (username, seen_at)",
    # What stands for what was archived: only the owner archives.
    "log_bases": READ,
    "opening_orders": READ,
    "opening_positions": READ,
    "position_bases": READ,
    "archives": READ,
    # The present.
    "book": "SELECT, UPDATE (epoch)",
    "controls": "SELECT, UPDATE",
    "check_results": CHANGE,
    "sessions": CHANGE,
    "session_blocks": CHANGE,
    "session_standbys": CHANGE,
    "kill_orders": CHANGE,
    "recovery_sessions": CHANGE,
    "instruments": CHANGE,
    "routing_venues": CHANGE,
    "outbox": ALL,
    "disconnect_guards": ALL,
    "alembic_version": READ,
}

PRESENT = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'oms' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""

# Whoever may execute the function of a trigger may make a temporary table with that trigger, and so
# write with the owner's rights what he likes. A trigger that is there fires without this right.
OWNERS_TRIGGERS = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'oms' AND p.prosecdef AND p.prorettype = 'trigger'::regtype
"""


def _close_triggers(connection: Connection) -> None:
    for function in connection.scalars(text(OWNERS_TRIGGERS)).all():
        connection.execute(text(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"))


def grant(connection: Connection, role: str) -> None:
    """Grant the service's role what it needs of the tables that are there, and nothing else."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    statements = [
        f"REVOKE ALL ON SCHEMA oms FROM {quoted}",
        f"GRANT USAGE ON SCHEMA oms TO {quoted}",
        # Of partitions, too: rows are written and read through the table they belong to.
        f"REVOKE ALL ON ALL TABLES IN SCHEMA oms FROM {quoted}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA oms FROM {quoted}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA oms TO {quoted}",
    ]
    statements += [
        f"GRANT {TABLES[table]} ON oms.{table} TO {quoted}"
        for table in connection.scalars(text(PRESENT))
        if table in TABLES
    ]
    for statement in statements:
        connection.execute(text(statement))
    _close_triggers(connection)


def grant_log_reader(connection: Connection, reader: ReaderName, role: str) -> None:
    """Let the role of a reader read the views that it needs, and nothing else."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    for statement in grants("oms", reader, quoted):
        connection.execute(text(statement))
    _close_triggers(connection)
