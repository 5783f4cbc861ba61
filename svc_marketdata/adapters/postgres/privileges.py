"""What the role of the service may do with each table; the tables belong to the owner's role.

A table that is not listed here cannot be used by the service: a test compares the list with the
tables. The service may append to the record of who changed what, and may change nothing in it.
"""

from typing import Final

import sqlalchemy as sa

from eventlog.rights import ReaderName, grants
from svc_marketdata.adapters.postgres.database import SCHEMA

KEEP: Final = "SELECT, INSERT"
ALL: Final = "SELECT, INSERT, UPDATE, DELETE"

TABLES: Final[dict[str, str]] = {
    # Reference data of instruments: append-only.
    "changes": KEEP,
    "records": KEEP,
    # Derived from the records.
    "current_records": ALL,
    "rolled": "SELECT, UPDATE",
    "corporate_actions": "SELECT, INSERT, UPDATE (state, settled_change)",
    "adjustments": "SELECT, INSERT, DELETE",
    # Price history. Partitions are made and dropped by the functions below, which the owner owns.
    "trades": "SELECT, INSERT, UPDATE (price, size, off_market, withdrawn, amended_ns)",
    "candle_hours": ALL,
    "quote_blocks": "SELECT, INSERT, UPDATE (body)",
    # The log of trades: append-only. Of quotes, the newest one of each listing.
    "trade_log": KEEP,
    "trade_log_heads": "SELECT, INSERT, UPDATE (last_sequence)",
    "last_quotes": "SELECT, INSERT, UPDATE (log_number, sequence, at_ms, body)",
    "candles_packed": "SELECT, UPDATE",
    "recorded": "SELECT, INSERT, UPDATE (until_ns)",
    "history_gaps": ALL,
    # Price alerts, and their log: append-only. What an alert is does not change, only how it ended.
    "alerts": "SELECT, INSERT, UPDATE (state, ended_ns, fired_price, ended_text)",
    "alert_log": KEEP,
    "alert_users": "SELECT, INSERT, UPDATE (last_sequence)",
    "alert_epoch": "SELECT",
    "alembic_version": "SELECT",
}

FUNCTIONS: Final = (
    "add_history_partition(text, date)",
    "drop_history_partitions(text, date)",
    "cut_alerts(bigint, integer)",
)
"""Functions that run with the rights of the owner, and that the service may call."""

SEQUENCES: Final = ("trade_log_numbers", "last_quote_numbers")
"""Sequences that the service takes numbers from."""

FUNCTIONS_PRESENT: Final = f"SELECT to_regprocedure('{SCHEMA}.' || :name) IS NOT NULL"


def grant(connection: sa.Connection, role: str) -> None:
    """Grant the service's role what it needs of the tables that are there, and nothing else."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    inspector = sa.inspect(connection)
    present = inspector.get_table_names(SCHEMA)
    sequences = inspector.get_sequence_names(SCHEMA)
    statements = [
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM {quoted}",
        *(
            f"GRANT {rights} ON {SCHEMA}.{table} TO {quoted}"
            for table, rights in TABLES.items()
            if table in present
        ),
        *(
            f"GRANT USAGE ON SEQUENCE {SCHEMA}.{name} TO {quoted}"
            for name in SEQUENCES
            if name in sequences
        ),
        *(
            f"GRANT EXECUTE ON FUNCTION {SCHEMA}.{name} TO {quoted}"
            for name in FUNCTIONS
            if connection.scalar(sa.text(FUNCTIONS_PRESENT), {"name": name})
        ),
    ]
    for statement in statements:
        connection.execute(sa.text(statement))


def grant_log_reader(connection: sa.Connection, reader: ReaderName, role: str) -> None:
    """Let the role of a reader read the views that it needs, and nothing else."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    for statement in grants(SCHEMA, reader, quoted):
        connection.execute(sa.text(statement))
