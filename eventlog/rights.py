"""What each reader of logs may do in the schemas of PostgreSQL; their owners grant it."""

from enum import StrEnum
from typing import Final


class ReaderName(StrEnum):
    """A process that reads logs with a role of its own, by the name of its service."""

    NOTIFY = "svc-notify"
    RELAY = "svc-relay"


READS: Final[dict[ReaderName, dict[str, tuple[str, ...]]]] = {
    ReaderName.NOTIFY: {
        "oms": ("heads", "orders", "audit", "controls", "states", "order_rows"),
        "marketdata": ("heads", "alerts"),
        "identity": ("users",),
    },
    ReaderName.RELAY: {
        "oms": ("heads", "orders", "audit", "controls", "states", "decisions"),
        "marketdata": ("heads", "trades", "quotes"),
        "identity": ("heads", "identity"),
    },
}
"""The views ``relayed_<name>`` that a reader needs, by schema. The one list of them."""


def grants(schema: str, reader: ReaderName, quoted_role: str) -> list[str]:
    """Return the statements that let the role of a reader read what it needs of a schema.

    What the role was granted before on tables and views of the schema is taken away.
    """
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {quoted_role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {quoted_role}",
        *(
            f"GRANT SELECT ON {schema}.relayed_{view} TO {quoted_role}"
            for view in READS[reader].get(schema, ())
        ),
    ]
