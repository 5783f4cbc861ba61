"""What the records of an entry are; docs/EVENTS.md explains them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from eventlog.logs import SCHEMAS, Entry, Log
from ordermesh.oms.v1.event_pb2 import OrderEvent

POSITIONS: Final = "relay-positions"
"""The topic that says how far each log is relayed."""
ORDER_STATES: Final = "order-states"
"""The topic with the newest event of each order."""
SESSION_STATES: Final = "session-states"
"""The topic with the newest state of each FIX session."""
SESSION: Final = "sessions/"
"""How the key of a state of a FIX session begins."""
Headers = list[tuple[str, bytes]]


class Record(NamedTuple):
    """A record to be written."""

    topic: str
    """Without the prefix."""
    key: bytes
    value: bytes
    headers: Headers


def records_of(log: Log, entries: Sequence[Entry]) -> list[Record]:
    """Return the records of entries in order, then those that are derived from them."""
    schema = SCHEMAS[log]
    common = [("schema", schema.name.encode()), ("schema-version", b"%d" % schema.version)]
    records: list[Record] = []
    newest: dict[bytes, Record] = {}
    for entry in entries:
        headers = [
            *common,
            ("sequence", b"%d" % entry.sequence),
            ("log-number", b"%d" % entry.log_number),
            ("hash", entry.hash),
        ]
        if log is Log.ORDERS:
            event = _read(entry.payload)
            if event.idempotency_key:
                headers.append(("idempotency-key", event.idempotency_key.encode()))
            if event.order_id:
                order_id = event.order_id.encode()
                newest[order_id] = Record(ORDER_STATES, order_id, entry.payload, headers)
        elif log is Log.STATES and entry.key.startswith(SESSION):
            session_id = entry.key.removeprefix(SESSION).encode()
            newest[session_id] = Record(SESSION_STATES, session_id, entry.payload, headers)
        records.append(Record(log, entry.key.encode(), entry.payload, headers))
    return [*records, *newest.values()]


def _read(payload: bytes) -> OrderEvent:
    """Read an event; an empty one if it cannot be read, for it is copied all the same."""
    try:
        return OrderEvent.FromString(payload)
    except DecodeError:
        return OrderEvent()


DERIVED: Final = {Log.ORDERS: ORDER_STATES, Log.STATES: SESSION_STATES}
"""The topic that has the newest entries of a log by another key."""
TOPICS_OF: Final[dict[Log, tuple[str, ...]]] = {
    log: (log, DERIVED[log]) if log in DERIVED else (log,) for log in SCHEMAS
}
"""The topics that the entries of a log are written to; the log's own one first."""
