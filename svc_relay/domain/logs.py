"""The logs that are relayed, and what an entry is in each. The one list of them."""

from enum import StrEnum
from typing import Final, NamedTuple


class Log(StrEnum):
    """A log by the name of its topic without the prefix; its view is ``oms.relayed_<name>``."""

    ORDERS = "orders"
    """Events of orders and accounts; executions are among them."""
    AUDIT = "audit"
    """Refusals and actions of persons."""
    CONTROLS = "controls"
    """Versions of limits, overrides, trading states and proposed changes."""
    STATES = "states"
    """States of kill switches, session actions, recoveries, sessions, accounts and people."""
    DECISIONS = "decisions"
    """Records of routing decisions."""


POSITIONS: Final = "relay-positions"
"""The topic that says how far each log is relayed."""


class Schema(NamedTuple):
    """What the value of a record is."""

    name: str
    """Full name of a protobuf message; of JSON a name that begins with ``json:``."""
    version: int
    """Rises with a change that an older reader cannot read."""


SCHEMAS: Final[dict[Log, Schema]] = {
    Log.ORDERS: Schema("ordermesh.oms.v1.OrderEvent", 1),
    Log.AUDIT: Schema("ordermesh.oms.v1.AuditEntry", 1),
    Log.CONTROLS: Schema("json:ordermesh.oms.ControlRecord", 1),
    Log.STATES: Schema("json:ordermesh.oms.State", 1),
    Log.DECISIONS: Schema("json:ordermesh.oms.RoutingDecision", 1),
}


class Entry(NamedTuple):
    """A row of a log."""

    log_number: int
    """Rises in commit order; numbers of transactions that were rolled back are missing."""
    key: str
    """Whose entry it is: account, writer of the audit log, control, changed row, routed order."""
    sequence: int
    """The key's own number, from 1 without a gap."""
    payload: bytes
    """The entry exactly as its hash covers it."""
    hash: bytes
    """SHA-256; of orders, audit, controls and states over the hash before it and the payload."""


class Position(NamedTuple):
    """How far a log is relayed."""

    log_number: int
    """Of the last entry that is in Kafka; 0 for none."""
    hash: bytes
    """The hash of that entry: a restored book may give its number to another one."""


START: Final = Position(0, b"")
Headers = list[tuple[str, bytes]]


def headers(schema: Schema, entry: Entry) -> Headers:
    """Return the headers of an entry's record; docs/EVENTS.md explains them."""
    return [
        ("schema", schema.name.encode()),
        ("schema-version", b"%d" % schema.version),
        ("sequence", b"%d" % entry.sequence),
        ("log-number", b"%d" % entry.log_number),
        ("hash", entry.hash),
    ]
