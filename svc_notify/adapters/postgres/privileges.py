"""What the role of the service may do with each table; the tables belong to the owner's role.

A table that is not listed here cannot be used by the service: a test compares the list with the
tables.
"""

from typing import Final

import sqlalchemy as sa

from svc_notify.adapters.postgres.database import SCHEMA

ALL: Final = "SELECT, INSERT, UPDATE, DELETE"

TABLES: Final[dict[str, str]] = {
    "feed": "SELECT, UPDATE (last_sequence)",
    "positions": "SELECT, INSERT, UPDATE",
    "owner": "SELECT, UPDATE",
    # A notification does not change; it is removed when its time is over.
    "notifications": "SELECT, INSERT, DELETE",
    "readers": "SELECT, INSERT, UPDATE",
    "reads": "SELECT, INSERT, DELETE",
    "deadlines": "SELECT, INSERT, DELETE",
    "rules": ALL,
    "destinations": ALL,
    # Who made which version: append-only.
    "changes": "SELECT, INSERT (kind, object_id, version, by_user, at_ns, body)",
    "keys": "SELECT, INSERT, DELETE",
    "outbox": ALL,
    "paces": "SELECT, INSERT, UPDATE, DELETE",
    "once": "SELECT, INSERT, DELETE",
    "alembic_version": "SELECT",
}


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
    for statement in statements:
        connection.execute(sa.text(statement))
