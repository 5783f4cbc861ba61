"""The logs that can be followed, and what an entry is in each. The one list of them.

Standard library only. A log is read through its view ``relayed_<name>`` of the schema it is in.
"""

from enum import StrEnum
from typing import Final, NamedTuple, Protocol


class Log(StrEnum):
    """A log by its name, which its view and its topic of Kafka end with."""

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
    ALERTS = "alerts"
    """Changes of price alerts."""
    TRADES = "trades"
    """Trades of the market data: what was stored of each, and its corrections."""
    QUOTES = "quotes"
    """The newest stored quote of each listing."""
    IDENTITY = "identity"
    """The audit log of svc_identity: logins, failures, changes of users and keys."""


SCHEMA_OF: Final[dict[Log, str]] = dict.fromkeys(Log, "oms") | {
    Log.ALERTS: "marketdata",
    Log.TRADES: "marketdata",
    Log.QUOTES: "marketdata",
    Log.IDENTITY: "identity",
}
"""The schema of PostgreSQL that a log is in; its ``relayed_heads`` has a column for the log."""


NEWEST_ONLY: Final = frozenset({Log.QUOTES})
"""Logs of which PostgreSQL keeps the newest entry of each key only."""


class Schema(NamedTuple):
    """What the payload of an entry is."""

    name: str
    """Full name of a protobuf message; of JSON a name that begins with ``json:``."""
    version: int
    """Rises with a change that an older reader cannot read."""


# The logs that are copied to Kafka.
SCHEMAS: Final[dict[Log, Schema]] = {
    Log.ORDERS: Schema("ordermesh.oms.v1.OrderEvent", 1),
    Log.AUDIT: Schema("ordermesh.oms.v1.AuditEntry", 1),
    Log.CONTROLS: Schema("json:ordermesh.oms.ControlRecord", 1),
    Log.STATES: Schema("json:ordermesh.oms.State", 1),
    Log.DECISIONS: Schema("json:ordermesh.oms.RoutingDecision", 1),
    Log.IDENTITY: Schema("json:ordermesh.identity.AuditEntry", 1),
    Log.TRADES: Schema("json:ordermesh.marketdata.Trade", 1),
    Log.QUOTES: Schema("json:ordermesh.marketdata.Quote", 1),
}


class Entry(NamedTuple):
    """A row of a log."""

    log_number: int
    """Rises in commit order; numbers of transactions that were rolled back are missing."""
    key: str
    """Whose entry it is: account, writer of the audit log, control, changed row, routed order,
    user of an alert, listing; "identity"."""
    sequence: int
    """The key's own number, from 1 without a gap; of NEWEST_ONLY some are missing."""
    payload: bytes
    """The entry exactly as its hash covers it."""
    hash: bytes
    """SHA-256; of orders, audit, controls, states and identity over the hash before it and the
    payload."""


class Position(NamedTuple):
    """How far a reader is in a log."""

    log_number: int
    """Of the last entry that the reader has; 0 for none."""
    hash: bytes
    """The hash of that entry: a restored book may give its number to another one."""


START: Final = Position(0, b"")


class Page(NamedTuple):
    """Committed entries after a place; lower numbers may be missing."""

    horizon: int
    """The oldest transaction that was open as they were read."""
    entries: list[Entry]


class Heads(NamedTuple):
    """How far the logs are."""

    numbers: dict[Log, int]
    """The highest number that each log has given to a transaction."""
    closed: dict[Log, str]
    """Logs that the reader may not read now, with the cause of each."""


class SourceError(Exception):
    """The logs cannot be read now; the text is the cause."""


class Source(Protocol):
    """The logs in PostgreSQL. Every method may raise SourceError."""

    async def heads(self) -> Heads:
        """Return how far each log is; raises SourceError if none may be read."""

    async def page(self, log: Log, after: int) -> Page:
        """Read the next entries."""

    async def new_transaction_id(self) -> int:
        """Return an id above those of all transactions that have one."""

    async def has(self, log: Log, position: Position) -> bool:
        """Return whether a log has this entry, or had it until its time was over."""

    async def newest(self, log: Log) -> Position:
        """Return the newest committed entry of a log."""
