"""What the order book needs of the outside, as protocols and plain records.

A record holds what a row holds: identities and columns as plain values (decimals
as canonical text) and the protobuf bytes that readers get. Adapters therefore
know neither the domain nor protobuf; the codec beside this file knows both.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class StoreUnavailableError(Exception):
    """The database cannot be reached, or was lost half-way: the outcome is not known."""


class StoreRefusedError(Exception):
    """The database refused the data itself; the same again fails again."""


class FencedError(Exception):
    """Another owner has taken the session since; nothing was written."""


class SessionHeldError(Exception):
    """Another gateway holds the session's lease, or this one has just handed it over."""

    def __init__(self, row: "SessionRow") -> None:
        super().__init__(f"session {row.session_id} is held by {row.gateway}")
        self.row = row


class AccountRow(NamedTuple):
    """An account as it is locked."""

    account_id: str
    status: int
    last_sequence: int
    chain_head: bytes
    firm_id: str = ""
    desk_id: str = ""


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
    gateway: str = ""
    # Its lease has not run out.
    held: bool = False
    # An operator wants it logged out.
    kept_out: bool = False
    # Next MsgSeqNum(34) we send as far as it was told, and the life it counts in; 0 if never.
    next_sender: int = 0
    sender_epoch: int = 0


class LinkProgress(NamedTuple):
    """How far a session's owner has come; written only under its own token."""

    session_id: str
    fencing_token: int
    inbound_epoch: int
    inbound_msg_seq_num: int
    acknowledged_outbound_sequence: int
    # At least this is the next MsgSeqNum(34) we send, by the receipts.
    next_sender: int = 0


@dataclass(slots=True)
class WriteSet:
    """All a batch writes. One statement, one commit."""

    accounts: list[tuple[str, int, bytes]] = field(default_factory=list)
    events: list[EventWrite] = field(default_factory=list)
    new_orders: list[OrderWrite] = field(default_factory=list)
    changed_orders: list[OrderWrite] = field(default_factory=list)
    executions: list[ExecutionRow] = field(default_factory=list)
    busted: list[tuple[str, str]] = field(default_factory=list)
    idempotency: list[IdempotencyRow] = field(default_factory=list)
    outbox: list[OutboxWrite] = field(default_factory=list)
    parked: list[ParkedWrite] = field(default_factory=list)
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

    async def orders(self, order_ids: Sequence[str]) -> list[OrderRow]:
        """Read orders of locked accounts."""
        ...

    async def open_orders(self, account_id: str, limit: int) -> list[OrderRow]:
        """Read the open orders of a locked account, oldest first."""
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
        store_lost_epoch: int = 0,
    ) -> SessionRow | None:
        """Become the owner under a new fencing token; None if unknown and not to be added.

        A gateway that holds the session takes it again at once, wherever it dials. One that
        lost its FIX store names the epoch of the new one: the numbers go on in it.

        Raises:
            SessionHeldError: another gateway's lease has not run out, or this one handed over.
        """
        ...

    async def free_session(self, session_id: str, token: int) -> None:
        """End the lease of this owner, if it still has it."""
        ...

    async def store_status(
        self,
        session_id: str,
        token: int,
        state: int,
        since_us: int,
        status: bytes,
        sender: tuple[int, int] = (0, 0),
    ) -> None:
        """Keep what the owner says of the session, and the epoch and number it sends next.

        Epoch 0 leaves the number as it is.

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

    async def unknown_orders(self) -> int:
        """Count open orders whose state at the venue is not known."""
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
