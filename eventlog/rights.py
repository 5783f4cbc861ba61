"""What a reader of logs may do in a schema of PostgreSQL; its owner grants it."""

from collections.abc import Iterable
from typing import Final

VIEWS: Final = "SELECT viewname FROM pg_views WHERE schemaname = :schema AND viewname LIKE :views"
"""Finds the views of a schema that readers may read."""
VIEWS_NAMED: Final = "relayed\\_%"


def grants(schema: str, views: Iterable[str], quoted_role: str) -> list[str]:
    """Return the statements that let a role read these views of a schema, and nothing else."""
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {quoted_role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {quoted_role}",
        *(f"GRANT SELECT ON {schema}.{view} TO {quoted_role}" for view in views),
    ]
