"""What the order book needs of the outside, as protocols and plain records.

A record holds what a row holds: identities and columns as plain values (decimals
as canonical text) and the protobuf bytes that readers get. Adapters therefore
know neither the domain nor protobuf; the codec beside this file knows both.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from svc_oms.service.controls.ports import ControlStore

from svc_oms.service.guard_ports import GuardStore
from svc_oms.service.kill_ports import KillStore, SwitchRow


class StoreUnavailableError(Exception):
    """The database cannot be reached, or was lost half-way: the outcome is not known."""


class StoreRefusedError(Exception):
    """The database refused the data itself; the same again fails again."""


class FencedError(Exception):
    """Another owner has taken the session since; nothing was written."""


class AccountRow(NamedTuple):
    """An account as it is locked."""

    account_id: str
    status: int
    last_sequence: int
    chain_head: bytes
    firm_id: str = ""
    desk_id: str = ""
    controls: str = ""
    """What the controls remember of it; `domain.controls.state` reads it."""
    controls_seen: int = 0
    """Version of the controls as the locking statement began; may be one change behind."""


class PositionRow(NamedTuple):
    """What an account holds of an instrument; numbers as canonical text."""

    account_id: str
    isin: str
    currency: str
    quantity: str
    cost: str
    average_price: str
    realised: str
    as_of_sequence: int


class AccountInfo(NamedTuple):
    """What an operator states of an account."""

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
    fold: str


class OrderWrite(NamedTuple):
    """Every column of an order."""

    order_id: str
    account_id: str
    instrument_id: str
    venue_mic: str
    side: int
    type: int
    state: int
    is_open: bool
    quantity: str
    limit_price: str
    cum_quantity: str
    leaves: str
    average_price: str
    cl_ord_id: str
    created_sequence: int
    last_sequence: int
    created_at_us: int
    updated_at_us: int
    closed: bool
    body: bytes
    fold: str
    waits: bool = False
    """It is here and not at the venue."""
    group_id: str = ""
    """Of the orders it is linked with."""


class EventWrite(NamedTuple):
    """One line of the log."""

    account_id: str
    sequence: int
    order_id: str
    payload: bytes
    hash: bytes


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


class IdempotencyRow(NamedTuple):
    """What a key stands for."""

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
    """A message nobody could apply."""

    session_id: str
    session_epoch: int
    msg_seq_num: int
    msg_type: str
    error: str
    account_id: str | None
    order_id: str | None
    body: bytes


class SessionRow(NamedTuple):
    """A FIX order session as the database has it."""

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


class AuditWrite(NamedTuple):
    """What the audit log is to say; see AuditEntry in audit_service.proto for the fields.

    Lists of WriteSet.audit go in with their batch; `trail.Trail` appends others.
    Put no secret in: what stands here is kept for years and read by many.
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
    """Where a writer's chain ends."""

    last_sequence: int
    head: bytes


class AuditFilter(NamedTuple):
    """Which lines of the audit log a list wants. Empty means all."""

    from_us: int
    until_us: int
    actor: str
    account_id: str
    order_id: str
    reasons: tuple[int, ...]
    kind: int
    before_entry_id: str
    limit: int


class LinkProgress(NamedTuple):
    """How far a session's owner has come; written only under its own token."""

    session_id: str
    fencing_token: int
    inbound_epoch: int
    inbound_msg_seq_num: int
    acknowledged_outbound_sequence: int


@dataclass(slots=True)
class WriteSet:
    """All a batch writes. One statement, one commit."""

    accounts: list[tuple[str, int, bytes, str]] = field(default_factory=list)
    events: list[EventWrite] = field(default_factory=list)
    new_orders: list[OrderWrite] = field(default_factory=list)
    changed_orders: list[OrderWrite] = field(default_factory=list)
    executions: list[ExecutionRow] = field(default_factory=list)
    busted: list[tuple[str, str]] = field(default_factory=list)
    idempotency: list[IdempotencyRow] = field(default_factory=list)
    outbox: list[OutboxWrite] = field(default_factory=list)
    parked: list[ParkedWrite] = field(default_factory=list)
    audit: list[AuditWrite] = field(default_factory=list)
    positions: list[PositionRow] = field(default_factory=list)
    """They move with executions only."""
    progress: LinkProgress | None = None


class Batch(Protocol):
    """One transaction. Leaving its context without an exception commits it."""

    async def lock_accounts(self, account_ids: Sequence[str]) -> dict[str, AccountRow]:
        """Lock the rows in the order of their names; those that do not exist are left out."""
        ...

    async def controls_version(self) -> int:
        """Tell how often controls were changed, limits and kill switches alike.

        Behind lock_accounts it cannot move before the batch ends.
        """
        ...

    async def kill_switches(self) -> list[SwitchRow]:
        """Read the kill switches that block; as they are for the whole batch."""
        ...

    async def orders(self, order_ids: Sequence[str]) -> list[OrderRow]:
        """Read orders of locked accounts."""
        ...

    async def open_orders(self, account_id: str, limit: int) -> list[OrderRow]:
        """Read the open orders of a locked account, oldest first."""
        ...

    async def control_records(self, now_us: int) -> list[tuple[int, bytes]]:
        """Read kind and body of every control that is in force or will be."""
        ...

    async def positions(self, account_ids: Sequence[str]) -> list[PositionRow]:
        """Read the positions of locked accounts."""
        ...

    async def all_open_orders(self, account_ids: Sequence[str]) -> list[OrderRow]:
        """Read every open order of locked accounts."""
        ...

    async def orders_since(
        self, known: Sequence[tuple[str, int, bytes]]
    ) -> tuple[set[str], list[OrderRow]]:
        """Read the orders that moved behind (account, sequence, chain head).

        Returns the accounts whose log had this head at this sequence, and their orders: of
        the others nothing follows from what was known.
        """

    async def groups(self, groups: Sequence[tuple[str, str]]) -> list[OrderRow]:
        """Read every order, open or closed, of these (account, group_id) of locked accounts."""
        ...

    async def keys(self, keys: Sequence[tuple[str, str]]) -> list[IdempotencyRow]:
        """Read what (account, key) pairs stand for."""
        ...

    async def executions(self, ids: Sequence[tuple[str, str]]) -> list[ExecutionRow]:
        """Read executions by (venue, ExecID(17))."""
        ...

    async def write(self, writes: WriteSet) -> dict[str, int]:
        """Write all; return per session the outbound number before its first new command.

        Raises:
            FencedError: progress is given and its token is no longer the session's.
        """
        ...

    async def lock_audit(self, writer: str) -> AuditHead:
        """Lock a writer's chain; last of all locks, behind accounts and sessions."""
        ...

    async def write_audit(self, writer: str, lines: Sequence[AuditLine]) -> None:
        """Append lines to a locked chain, in their order."""
        ...


class ListFilter(NamedTuple):
    """Which orders a list wants. Empty means all."""

    account_ids: tuple[str, ...] | None
    states: tuple[int, ...]
    instrument_id: str
    open_only: bool
    created_from_us: int
    created_until_us: int
    before_order_id: str
    limit: int


class AccountSnapshot(NamedTuple):
    """An account's orders as of one sequence."""

    last_sequence: int
    bodies: list[bytes]


class OrderStore(Protocol):
    """The order book of record."""

    @property
    def kills(self) -> KillStore:
        """Kill switches of record."""
        ...

    def batch(self) -> AbstractAsyncContextManager[Batch]:
        """Open a transaction."""
        ...

    async def revision(self) -> str:
        """Tell the revision of the schema; empty when it was never migrated."""
        ...

    async def epoch(self) -> str:
        """Name the life of the account sequences."""
        ...

    async def account_of(self, order_ids: Sequence[str]) -> dict[str, str]:
        """Tell whose orders these are; unknown ones are left out. Never changes for an order."""
        ...

    async def order(self, order_id: str) -> OrderRow | None:
        """Read one order."""
        ...

    async def order_executions(self, order_id: str) -> list[ExecutionRow]:
        """Read an order's fills in the order they were applied."""
        ...

    async def list_orders(self, wanted: ListFilter) -> list[OrderRow]:
        """Read a page, newest first."""
        ...

    async def snapshot(
        self, account_id: str, closed_after_us: int, limit: int
    ) -> AccountSnapshot | None:
        """Read open and recently closed orders and the sequence they stand at, in one view."""
        ...

    async def high_waters(self, account_ids: Sequence[str]) -> dict[str, int]:
        """Read the last sequences; accounts that do not exist are left out."""
        ...

    async def events(self, account_id: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Read the log behind a sequence."""
        ...

    async def outbox(self, session_id: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Read committed commands behind a number."""
        ...

    async def sessions(self) -> list[SessionRow]:
        """Read every session."""
        ...

    async def take_session(
        self,
        session_id: str,
        venue_mic: str,
        owner: str,
        gateway: str,
        *,
        may_add: bool,
        drop_copy: bool = False,
    ) -> SessionRow | None:
        """Become the owner under a new fencing token; None if unknown and not to be added.

        A venue has one session of each kind.
        """
        ...

    async def store_status(
        self, session_id: str, token: int, state: int, since_us: int, status: bytes
    ) -> None:
        """Keep what the owner says of the session.

        Raises:
            FencedError: the token is no longer the session's.
        """
        ...

    async def vouch(self, session_ids: Sequence[str], owner: str) -> None:
        """Say that the owner of these sessions is alive."""
        ...

    async def instruments(self) -> list[bytes]:
        """Read the listings kept from the last run."""
        ...

    async def keep_instruments(self, listings: Sequence[tuple[str, bytes]]) -> None:
        """Keep listings for the next start."""
        ...

    def guards(self) -> GuardStore:
        """Return the part that keeps guards of flows."""
        ...

    async def list_audit(self, wanted: AuditFilter) -> list[tuple[str, bytes]]:
        """Read (entry_id, payload) of a page of the audit log, newest first."""

    async def waiting(self) -> dict[str, int]:
        """Read which orders are here and not at a venue, each with its last sequence."""
        ...

    async def orders(self, order_ids: Sequence[str]) -> list[OrderRow]:
        """Read orders as they stand; unknown ones are left out."""
        ...

    async def unknown_orders(self) -> int:
        """Count open orders whose state at the venue is not known."""
        ...

    def controls(self) -> "ControlStore":
        """Return where limits and positions are kept."""
        ...

    async def ensure_account(self, account: AccountInfo) -> bool:
        """Create or update; True when created."""
        ...


class Waker(Protocol):
    """Tells other replicas that there is something to read. Losing a word is allowed."""

    def wake_accounts(self, account_ids: Sequence[str]) -> None:
        """Say that these logs grew."""
        ...

    def wake_sessions(self, session_ids: Sequence[str]) -> None:
        """Say that these sessions' outboxes grew, or their owner or state changed."""
        ...


class OrderCache(Protocol):
    """Open orders for quick reading. May forget everything at any time."""

    def keep(self, orders: Sequence[tuple[str, bytes | None]]) -> None:
        """Offer orders just committed, None for closed ones; dropped when there is no room."""
        ...
