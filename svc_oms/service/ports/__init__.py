"""What the order book needs of the outside, as protocols; the records are in `rows/`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from svc_oms.service.ports.cache_ports import AccountVersions, ReadCopies, WakeUps
from svc_oms.service.ports.control_ports import ControlStore
from svc_oms.service.ports.directory_ports import DirectoryStore
from svc_oms.service.ports.fill_ports import FillReader
from svc_oms.service.ports.guard_ports import GuardStore
from svc_oms.service.ports.kill_ports import KillStore, SwitchRow
from svc_oms.service.ports.parked_ports import (
    ParkedRow,
    ParkedStore,
    SettledWrite,
    StatementRow,
)
from svc_oms.service.ports.recovery_ports import RecoveryRow, RecoveryStore
from svc_oms.service.ports.routing_ports import RoutingStore
from svc_oms.service.ports.rows.order_columns import OrderWrite
from svc_oms.service.ports.rows.records import (
    AccountInfo,
    AccountRow,
    AccountSnapshot,
    AmendmentRow,
    AuditFilter,
    AuditHead,
    AuditLine,
    AuditTransaction,
    AuditWrite,
    EventWrite,
    ExecutionRow,
    FillRow,
    IdempotencyRow,
    LinkProgress,
    ListFilter,
    LoggedEvent,
    OpeningsRow,
    OrderRow,
    OutboxWrite,
    Page,
    ParkedMoreWrite,
    ParkedWrite,
    PositionRow,
    Record,
    SessionRow,
    WriteSet,
)
from svc_oms.service.ports.session_ports import ActionRow, SessionActionStore
from svc_oms.service.ports.store_errors import (
    FencedError,
    GuessMissedError,
    SessionHeldError,
    StoreRefusedError,
    StoreUnavailableError,
    StoreWentBackError,
)

__all__ = [
    "AccountInfo",
    "AccountRow",
    "AccountSnapshot",
    "AccountVersions",
    "AmendmentRow",
    "AuditFilter",
    "AuditHead",
    "AuditLine",
    "AuditTransaction",
    "AuditWrite",
    "EventWrite",
    "ExecutionRow",
    "FencedError",
    "FillReader",
    "FillRow",
    "GuessMissedError",
    "IdempotencyRow",
    "LinkProgress",
    "ListFilter",
    "LoggedEvent",
    "OpeningsRow",
    "OrderRow",
    "OrderStore",
    "OrderWrite",
    "OutboxWrite",
    "Page",
    "ParkedMoreWrite",
    "ParkedWrite",
    "PositionRow",
    "ReadCopies",
    "Record",
    "SessionHeldError",
    "SessionRow",
    "StoreRefusedError",
    "StoreUnavailableError",
    "StoreWentBackError",
    "Transaction",
    "WakeUps",
    "WriteSet",
]


class Transaction(AuditTransaction, FillReader, Protocol):
    """One transaction. Leaving its context without an exception commits it."""

    async def commit(self) -> None:
        """Commit now; after that the transaction can only be left.

        Call it when others should learn of the commit at once: leaving gives the connection back,
        and they would have to wait for that.
        """
        ...

    async def lock_accounts(self, account_ids: Sequence[str]) -> dict[str, AccountRow]:
        """Lock the rows in the order of their names; those that do not exist are left out.

        Raises:
            StoreUnavailableError: The database is not the instance to `trust`.
        """

    async def controls_version(self) -> int:
        """Return how often controls were changed, limits and kill switches alike.

        After lock_accounts it cannot change before the batch ends.
        """
        ...

    async def open_recovery(self) -> RecoveryRow | None:
        """Read the open recovery; as it is for the whole batch."""
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
        """Read the orders that changed after (account, sequence, chain head).

        Returns the accounts whose log had this head at this sequence, and their orders. For the
        other accounts, what was known belongs to no existing log.
        """

    async def groups(self, groups: Sequence[tuple[str, str]]) -> list[OrderRow]:
        """Read every order, open or closed, of these (account, group_id) of locked accounts."""
        ...

    async def routed(self, parents: Sequence[tuple[str, str]]) -> list[OrderRow]:
        """Read routed orders, by (account, order_id), with the children that a decision needs.

        Those are the open ones, and those that changed after RoutingDecisionRow.read_after of the
        last decision.
        """
        ...

    async def unsolicited_orders(
        self, venue_mic: str, venue_order_ids: Sequence[str]
    ) -> list[tuple[str, str, str]]:
        """Return OrderID(37), order and account of the unsolicited orders among these."""
        ...

    async def orders_by_venue_id(
        self, venue_mic: str, venue_order_ids: Sequence[str]
    ) -> list[tuple[str, OrderRow]]:
        """Return the orders of a venue that have or had an OrderID(37), each with it.

        Open ones and those closed in the last two days.
        """
        ...

    async def unsolicited_opened(self, venue_mic: str, after_order_id: str) -> int:
        """Count the unsolicited orders of a venue that were opened after this order id."""
        ...

    async def keys(self, keys: Sequence[tuple[str, str]]) -> list[IdempotencyRow]:
        """Read the rows of (account, key) pairs."""
        ...

    async def executions(self, ids: Sequence[tuple[str, str]]) -> list[ExecutionRow]:
        """Read executions by (order, ExecID(17)), in the order they were applied."""
        ...

    async def venue_executions(self, venue_mic: str, exec_ids: Sequence[str]) -> list[ExecutionRow]:
        """Read a venue's executions of any order by ExecID(17)."""
        ...

    async def executions_of(self, order_ids: Sequence[str]) -> list[ExecutionRow]:
        """Read all executions of orders."""
        ...

    async def write(self, writes: WriteSet) -> dict[str, int]:
        """Write all; return per session the outbound number before its first new command.

        Raises:
            FencedError: Progress is given and its token is no longer the session's.
            StoreWentBackError: The session's position is before the one that its owner has stored.
        """
        ...

    def named_before(self) -> Mapping[str, str]:
        """Return other orders that have an OrderID(37) of the last `write`, by that number.

        They are open, or were closed within 12 hours, and were committed before.
        """
        ...

    async def parked_messages(self, parked_ids: Sequence[int]) -> list[ParkedRow]:
        """Lock parked messages, after the accounts, and read them with their bodies."""
        ...

    async def settle_parked(self, rows: Sequence[SettledWrite]) -> None:
        """Settle locked messages; `write` does it for those in the write set."""
        ...

    async def statements(self, statement_ids: Sequence[str]) -> list[StatementRow]:
        """Lock statements, after the accounts, and read them."""
        ...

    async def write_statements(self, rows: Sequence[StatementRow]) -> None:
        """Write statements; `write` does it for those in the write set."""
        ...

    async def withdraw(self, session_id: str, outbound_sequences: Sequence[int]) -> None:
        """Mark commands in a session's outbox as withdrawn; no gateway sends them then."""
        ...

    async def lapse_actions(self) -> list[ActionRow]:
        """Let overdue session actions lapse; read those that are UNKNOWN then."""
        ...


class OrderStore(AccountVersions, Protocol):
    """The store of the order book."""

    @property
    def kills(self) -> KillStore:
        """The store of kill switches."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction."""
        ...

    def guess(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction that answers from memory and locks only at its commit (ADR 57).

        What `write` returns is complete after the commit.

        Raises:
            GuessMissedError: From any method. Nothing was written.
        """

    def trust(self, instance: str, on_other: Callable[[], None]) -> None:
        """Lock accounts only in this instance (BookView); call on_other if there is another one."""

    async def revision(self) -> str:
        """Return the revision of the schema; empty if it was never migrated."""
        ...

    async def epoch(self) -> str:
        """Return the name of the epoch of the account sequences."""
        ...

    async def account_of(self, order_ids: Sequence[str]) -> dict[str, str]:
        """Return the accounts of these orders, which never change; unknown ones are left out."""
        ...

    async def order(self, order_id: str) -> OrderRow | None:
        """Read one order."""
        ...

    async def order_executions(self, order_id: str) -> list[ExecutionRow]:
        """Read an order's fills in the order they were applied."""
        ...

    async def list_orders(self, wanted: ListFilter) -> Page[OrderRow]:
        """Read a page, newest first."""
        ...

    async def snapshot(
        self, account_id: str, closed_after_us: int, limit: int
    ) -> AccountSnapshot | None:
        """Read open and recently closed orders and the sequence of the view."""
        ...

    async def high_waters(self, account_ids: Sequence[str]) -> dict[str, int]:
        """Read the last sequences; accounts that do not exist are left out."""
        ...

    async def archived_before(self) -> str:
        """Read the id below which an order that is not here may have been archived."""
        ...

    async def archived_to(self, account_id: str) -> int:
        """Read up to which sequence the events of an account were archived and removed."""
        ...

    async def events(self, account_id: str, after: int, limit: int) -> list[LoggedEvent]:
        """Read the log after a sequence, and the orders its events are of, in one view."""
        ...

    async def order_events(
        self, account_id: str, order_id: str, first: int, last: int, limit: int
    ) -> list[bytes]:
        """Read the newest events of an order, oldest first, from these numbers of a log on."""
        ...

    async def outbox(self, session_id: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Read committed commands after a number."""
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
        store_lost_epoch: int = 0,
    ) -> SessionRow | None:
        """Become the owner under a new fencing token; None if unknown and not to be added.

        A venue has one session of each kind. A gateway that holds the session takes it again at
        once, whichever replica it connects to. A gateway that lost its FIX store names the epoch of
        the new one, in which the numbers go on.

        Raises:
            SessionHeldError: Another gateway's lease has not expired, or this one handed over.
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
        """Store the owner's status of the session, and the epoch and number it sends next.

        Epoch 0 leaves the number as it is.

        Raises:
            FencedError: The token is no longer the session's.
        """
        ...

    async def vouch(self, session_ids: Sequence[str], owner: str) -> None:
        """Renew the leases of an owner's sessions."""
        ...

    async def instruments(self) -> list[bytes]:
        """Read the listings stored by the last run."""
        ...

    async def keep_instruments(self, listings: Sequence[tuple[str, bytes]]) -> None:
        """Store listings for the next start."""
        ...

    def guards(self) -> GuardStore:
        """Return the store of flow guards."""
        ...

    async def list_audit(self, wanted: AuditFilter) -> Page[tuple[str, bytes]]:
        """Read (entry_id, payload) of a page of the audit log, newest first."""

    async def waiting(self) -> dict[str, int]:
        """Read which orders wait here, each with its last sequence."""
        ...

    async def orders(self, order_ids: Sequence[str]) -> list[OrderRow]:
        """Read orders; unknown ones are left out."""
        ...

    async def add_partitions(self) -> int:
        """Add what the order log's coming months are written to; return how many are new."""
        ...

    async def unanswered(self, age_s: float, limit: int) -> list[tuple[str, str]]:
        """Read order and account of open orders with a request that their venue has not answered.

        The order has not changed for this time, and its session not gone up or down.
        """
        ...

    async def unknown_orders(self) -> int:
        """Count open orders whose state at the venue is not known."""
        ...

    def parked(self) -> ParkedStore:
        """Return the store of parked messages and statements."""
        ...

    def routing(self) -> RoutingStore:
        """Return the store of routing."""
        ...

    def session_actions(self) -> SessionActionStore:
        """Return the store of standbys and session actions."""
        ...

    def directory(self) -> DirectoryStore:
        """Return the store of ids and names."""
        ...

    def recoveries(self) -> RecoveryStore:
        """Return the store of recoveries."""
        ...

    def controls(self) -> ControlStore:
        """Return the store of limits and positions."""
        ...

    async def ensure_account(self, account: AccountInfo, record: Record | None = None) -> bool:
        """Create or update; True when created. What changes is recorded with it."""
        ...
