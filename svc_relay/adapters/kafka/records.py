"""What of an entry is beside its payload in a record; docs/EVENTS.md explains it."""

from typing import Final

from eventlog.logs import Entry, Schema

POSITIONS: Final = "relay-positions"
"""The topic that says how far each log is relayed."""
Headers = list[tuple[str, bytes]]


def headers(schema: Schema, entry: Entry) -> Headers:
    """Return the headers of an entry's record."""
    return [
        ("schema", schema.name.encode()),
        ("schema-version", b"%d" % schema.version),
        ("sequence", b"%d" % entry.sequence),
        ("log-number", b"%d" % entry.log_number),
        ("hash", entry.hash),
    ]
