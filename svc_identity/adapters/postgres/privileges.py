"""What the role of the service may do with each table; the tables belong to the owner's role.

A table that is not listed here cannot be used by the service: a test compares the list with the
tables.
"""

from typing import Final

import sqlalchemy as sa

from eventlog.rights import ReaderName, grants
from svc_identity.adapters.postgres.tables import SCHEMA

TABLES: Final[dict[str, str]] = {
    # Written by triggers, with the owner's rights.
    "user_log": "SELECT",
    "audit_chain": "SELECT",
    # Append-only; the database gives the numbers.
    "audit_log": """SELECT, INSERT (entry_id, at_ns, act, actor, user_id, username, address,
        session_id, detail, count)""",
    "users": """SELECT, INSERT, UPDATE (username, display_name, password_hash, roles, accounts,
        price_rights, disabled, version, changed_at_ns)""",
    "sessions": "SELECT, INSERT, UPDATE, DELETE",
    "refresh_tokens": "SELECT, INSERT, UPDATE, DELETE",
    "login_failures": "SELECT, INSERT, UPDATE, DELETE",
    "setting_heads": "SELECT, INSERT, UPDATE",
    "user_settings": "SELECT, INSERT, UPDATE, DELETE",
    "settings_epoch": "SELECT",
    "alembic_version": "SELECT",
}

# Whoever may execute the function of a trigger may make a temporary table with that trigger, and so
# write with the owner's rights what he likes. A trigger that is there fires without this right.
OWNERS_TRIGGERS: Final = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = :schema AND p.prosecdef AND p.prorettype = 'trigger'::regtype
"""


def grant(connection: sa.Connection, role: str) -> None:
    """Grant the service's role what it needs of the tables that are there, and nothing else."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    present = sa.inspect(connection).get_table_names(SCHEMA)
    statements = [
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM {quoted}",
        *(
            f"GRANT {rights} ON {SCHEMA}.{table} TO {quoted}"
            for table, rights in TABLES.items()
            if table in present
        ),
    ]
    closed = connection.scalars(sa.text(OWNERS_TRIGGERS), {"schema": SCHEMA}).all()
    statements += [f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC" for function in closed]
    for statement in statements:
        connection.execute(sa.text(statement))


def grant_log_reader(connection: sa.Connection, reader: ReaderName, role: str) -> None:
    """Let the role of a reader read the views that it needs, and nothing else."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    for statement in grants(SCHEMA, reader, quoted):
        connection.execute(sa.text(statement))
