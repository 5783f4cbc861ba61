"""Rows and filters as plain records.

A record holds identities and columns as plain values (decimals as canonical text) and the
protobuf bytes that readers get. Adapters therefore use neither the domain nor protobuf; the
codec knows both. The row of an order is in `order_columns.py`. The package names all of them
again: take them from there.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, NamedTuple, Protocol, TypeVar

from svc_oms.service.ports.parked_ports import SettledWrite, StatementRow
from svc_oms.service.ports.rows.order_columns import OrderWrite
from svc_oms.service.ports.rows.routing_rows import RoutingDecisionRow, RoutingVenueRow

Row = TypeVar("Row")


class AccountRow(NamedTuple):
    """An account, read while locking it."""

    account_id: str
    status: int
    last_sequence: int
    chain_head: bytes
    firm_id: str = ""
    desk_id: str = ""
    controls: str = ""
    """The state of its controls; `domain.controls.state.read_state` reads it."""
    controls_seen: int = 0
    """Version of the controls when the locking statement began; may be one change late."""


class PositionRow(NamedTuple):
    """An account's position in an instrument; numbers as canonical text."""

    account_id: str
    isin: str
    currency: str
    quantity: str
    cost: str
    average_price: str
    realised: str
    as_of_sequence: int


class OpeningsRow(NamedTuple):
    """What an account's archived executions make; see `account_positions.Openings`."""

    sequence: int = 0
    amended_to: int = 0
    positions: tuple[PositionRow, ...] = ()


class AccountInfo(NamedTuple):
    """An account as an operator sets it up."""

    account_id: str
    display_name: str
    base_currency: str
    firm_id: str
    status: int
    desk_id: str = ""


class OrderRow(NamedTuple):
    """An order as it is read: its body for readers, its fold for the domain."""

    order_id: str
    account_id: str
    last_sequence: int
    body: bytes
    fold: bytes


class EventWrite(NamedTuple):
    """One line of the log."""

    account_id: str
    sequence: int
    order_id: str
    payload: bytes
    hash: bytes


class LoggedEvent(NamedTuple):
    """One line of the log as streams read it."""

    sequence: int
    payload: bytes
    order: bytes | None = None
    """The order as it is stored; only with the last of its events that were read."""


class ExecutionRow(NamedTuple):
    """A report with money in it: fill, bust or correction."""

    venue_mic: str
    exec_id: str
    order_id: str
    account_id: str
    sequence: int
    exec_type: str
    quantity: str
    price: str
    body: bytes
    busted: bool
    part: int = 1
    """Numbers the reports that were applied to the order under this ExecID(17)."""


class FillRow(NamedTuple):
    """A fill as it came, with the order it is of; numbers as canonical text."""

    order_body: bytes
    exec_id: str
    sequence: int
    quantity: str
    price: str


class AmendmentRow(NamedTuple):
    """A bust or a correction as it is logged, with the order it is of."""

    order_body: bytes
    payload: bytes


class IdempotencyRow(NamedTuple):
    """The stored answer of an idempotency key."""

    account_id: str
    key: str
    kind: int
    body_hash: bytes
    order_id: str
    sequence: int
    result: bytes | None


class OutboxWrite(NamedTuple):
    """A venue command without its number, which it gets from the session's row."""

    session_id: str
    payload: bytes


class ParkedWrite(NamedTuple):
    """A message that could not be applied."""

    session_id: str
    session_epoch: int
    msg_seq_num: int
    msg_type: str
    error: str
    account_id: str | None
    order_id: str | None
    body: bytes


class ParkedMoreWrite(NamedTuple):
    """Messages that could not be applied and are counted only: too many of the session wait."""

    session_id: str
    session_epoch: int
    first_msg_seq_num: int
    last_msg_seq_num: int
    messages: int


class SessionRow(NamedTuple):
    """A FIX order session as it is stored."""

    session_id: str
    venue_mic: str
    outbound_sequence: int
    acknowledged_outbound_sequence: int
    inbound_epoch: int
    inbound_msg_seq_num: int
    fencing_token: int
    owner: str
    state: int
    status: bytes
    drop_copy: bool = False
    """It only copies what the venue reports on the order session."""
    gateway: str = ""
    # Its lease has not expired.
    held: bool = False
    # An operator wants it logged out.
    kept_out: bool = False
    # Next MsgSeqNum(34) we send, as last reported, and its epoch; 0 if never.
    next_sender: int = 0
    sender_epoch: int = 0


class AuditWrite(NamedTuple):
    """An entry of the audit log; see AuditEntry in audit_service.proto for the fields.

    Entries in WriteSet.audit are written with their batch; `audit_log.AuditLog` appends others.
    Put no secret in: entries are kept for years and read by many.
    """

    kind: int
    at_ns: int
    actor: str
    command: str
    text: str
    roles: tuple[str, ...] = ()
    account_id: str = ""
    order_id: str = ""
    idempotency_key: str = ""
    reason: int = 0
    field: str = ""
    metadata: Mapping[str, str] = MappingProxyType({})
    peer: str = ""
    stands_for: int = 1
    actor_name: str = ""
    request: str = ""
    """The request as JSON; `codec.audit_entries.request_text` makes it."""


class AuditLine(NamedTuple):
    """One line of the audit log as it is stored."""

    sequence: int
    entry_id: str
    at_us: int
    kind: int
    actor: str
    account_id: str
    order_id: str
    reason: int
    payload: bytes
    hash: bytes


class AuditHead(NamedTuple):
    """The end of a writer's chain."""

    last_sequence: int
    head: bytes


class AuditTransaction(Protocol):
    """A transaction that entries of the audit log can be appended in."""

    async def lock_audit(self, writer: str) -> AuditHead:
        """Lock a writer's chain; the last of all locks, after accounts and sessions."""
        ...

    async def write_audit(self, writer: str, lines: Sequence[AuditLine]) -> None:
        """Append lines to a locked chain, in their order."""
        ...


Record = Callable[[AuditTransaction], Awaitable[None]]
"""Appends the entries about a change to the audit log; the last step of the change's transaction.
A store calls it if, and only if, the change was made."""


class AuditFilter(NamedTuple):
    """Which lines of the audit log are wanted. Empty means all."""

    from_us: int
    until_us: int
    actor: str
    account_id: str
    order_id: str
    reasons: tuple[int, ...]
    kind: int
    before_entry_id: str
    limit: int
    rows_read_max: int = 0
    """A page that would look at more rows ends before its limit; 0 is no bound."""


class LinkProgress(NamedTuple):
    """How far a session's owner has come; written only under its own token."""

    session_id: str
    fencing_token: int
    inbound_epoch: int
    inbound_msg_seq_num: int
    acknowledged_outbound_sequence: int
    # The next MsgSeqNum(34) we send is at least this, by the receipts.
    next_sender: int = 0
    # The position that this owner has stored before: one that is further back was restored.
    stored_epoch: int = 0
    stored_msg_seq_num: int = 0


@dataclass(slots=True)
class WriteSet:
    """Everything a batch writes. One statement, one commit."""

    accounts: list[tuple[str, int, bytes, str]] = field(default_factory=list)
    events: list[EventWrite] = field(default_factory=list)
    new_orders: list[OrderWrite] = field(default_factory=list)
    changed_orders: list[OrderWrite] = field(default_factory=list)
    executions: list[ExecutionRow] = field(default_factory=list)
    busted: list[tuple[str, str, int]] = field(default_factory=list)
    """Order, ExecID(17) and part of executions that are stored already."""
    idempotency: list[IdempotencyRow] = field(default_factory=list)
    outbox: list[OutboxWrite] = field(default_factory=list)
    parked: list[ParkedWrite] = field(default_factory=list)
    parked_more: ParkedMoreWrite | None = None
    audit: list[AuditWrite] = field(default_factory=list)
    positions: list[PositionRow] = field(default_factory=list)
    """They change with executions only."""
    progress: LinkProgress | None = None
    venue_order_ids: list[tuple[str, str, str]] = field(default_factory=list)
    """Venue, OrderID(37) and order: numbers that a venue gave an order now; by reports only."""
    settled: list[SettledWrite] = field(default_factory=list)
    """By commands of persons only, like statements."""
    statements: list[StatementRow] = field(default_factory=list)
    routing_decisions: list[RoutingDecisionRow] = field(default_factory=list)
    """By commands about routed orders only, like routing_venues."""
    routing_venues: list[RoutingVenueRow] = field(default_factory=list)
    afterwards: list[Callable[[], object]] = field(default_factory=list)
    """What the batch does outside of the database: counts, logs. A batch that is decided twice,
    because a guess missed, does it once."""

    def committed(self) -> None:
        """Do what follows the commit."""
        for effect in self.afterwards:
            effect()


class ListFilter(NamedTuple):
    """Which orders are wanted. Empty means all."""

    account_ids: tuple[str, ...] | None
    states: tuple[int, ...]
    instrument_id: str
    open_only: bool
    created_from_us: int
    created_until_us: int
    before_order_id: str
    limit: int
    rows_read_max: int = 0
    """A page that would look at more rows ends before its limit; 0 is no bound."""


class Page(NamedTuple, Generic[Row]):
    """A page of a list, newest first."""

    rows: list[Row]
    next_after: str
    """The id after which the next page begins; empty: this is the last one. A page that reached
    its bound of rows read may have few rows, or none, and yet a next one."""


class AccountSnapshot(NamedTuple):
    """An account's orders at one sequence."""

    last_sequence: int
    bodies: list[bytes]
