"""The whole book in one view, as its verification reads it: in pages, never an account at once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from kernel.hashchain import GENESIS, Head
from svc_oms.domain.verification.copied_log import StoredEvent
from svc_oms.service.book.commit_logs import CommitLog, LogEntry
from svc_oms.service.ports.rows.records import AuditHead, AuditLine, OpeningsRow, PositionRow


class StoredOrder(NamedTuple):
    """A row of oms.orders, its columns as canonical text."""

    body: bytes
    fold: bytes
    columns: dict[str, str]
    """By field of OrderWrite; all but body and fold."""


class StoredExecution(NamedTuple):
    """A row of oms.executions."""

    sequence: int
    exec_type: str
    body: bytes
    busted: bool


class StoredAccount(NamedTuple):
    """A row of oms.accounts, and how many orders and executions there are with its id."""

    account_id: str
    last_sequence: int
    chain_head: bytes
    orders: int = 0
    executions: int = 0
    """Without busts."""


class StoredBase(NamedTuple):
    """What stands for the part of an account's log that was archived and removed."""

    sequence: int = 0
    """Of the last entry before those that are read."""
    hash: bytes = GENESIS
    orders: tuple[tuple[bytes, bytes], ...] = ()
    """Body and fold of orders that are still here, as they were then."""
    openings: OpeningsRow = OpeningsRow()
    partial: bool = False
    """Only a part of the log is read: orders may have begun before it."""


class ChainEntry(NamedTuple):
    """An entry of a log whose chains the database computes."""

    key: str
    version: int
    payload: bytes
    """What is hashed."""
    hash: bytes


class StoredDecision(NamedTuple):
    """A routing decision, as it is stored."""

    order_id: str
    number: int
    found_hash: bytes
    """SHA-256 of the record, computed now."""
    record_hash: bytes


class BookReader(Protocol):
    """Everything of every account, in one view of the database."""

    async def epoch(self) -> str:
        """Read the epoch of the book."""
        ...

    async def accounts(self) -> list[StoredAccount]:
        """Read all accounts."""
        ...

    async def base(self, account_id: str) -> StoredBase:
        """Read what the account's log begins after."""
        ...

    async def log_bases(self, log: CommitLog) -> dict[str, AuditHead]:
        """Read number and hash of the last entry of each key that was removed from a log."""
        ...

    async def log_start(self, account_id: str, since_us: int) -> AuditHead | None:
        """Find the last event of an account that was recorded before a time."""
        ...

    def log(self, account_id: str, after: int = 0) -> AsyncIterator[tuple[bytes, bytes]]:
        """Read (payload, hash) in sequence."""
        ...

    async def ended_orders(
        self, account_id: str, order_ids: Sequence[str], last_sequence: int
    ) -> list[StoredOrder]:
        """Read those of these orders that have no event after a sequence."""
        ...

    async def executions(self, order_ids: Sequence[str]) -> list[StoredExecution]:
        """Read the executions of orders, in sequence; no busts."""
        ...

    async def routing_decisions(self, order_ids: Sequence[str]) -> list[StoredDecision]:
        """Read the decisions about routed orders, by order and number, without their records."""
        ...

    async def stray_orders(self, account_id: str, limit: int) -> list[StoredOrder]:
        """Read orders that have no event in the account's log."""
        ...

    async def stray_executions(self, account_id: str, limit: int) -> list[StoredExecution]:
        """Read executions of an account without an order of the account; no busts."""
        ...

    async def audit_chains(self) -> dict[str, AuditHead]:
        """Read the end of every writer's chain of the audit log."""
        ...

    async def audit_start(self, writer: str, since_us: int) -> AuditHead | None:
        """Find the last line of a writer that is of a time before."""
        ...

    def audit_log(self, writer: str, after: int = 0) -> AsyncIterator[AuditLine]:
        """Read a writer's lines in sequence."""
        ...

    def commit_log(self, log: CommitLog) -> AsyncIterator[LogEntry]:
        """Read a log in commit order, without the bodies of its entries."""
        ...

    def chain(self, log: CommitLog) -> AsyncIterator[ChainEntry]:
        """Read CommitLog.CONTROLS or .STATES in the order of its chains."""
        ...

    async def state_differences(self) -> list[tuple[str, str, str]]:
        """Compare the logged rows with the newest states in the log: (table, key, difference)."""
        ...

    async def positions(self, account_id: str) -> list[PositionRow]:
        """Read all positions."""
        ...

    async def heads(self) -> list[Head]:
        """Read the newest entry of every chain of every log, from the logs themselves."""
        ...

    async def found(self, heads: Sequence[Head]) -> dict[tuple[str, str, int], bytes]:
        """Return the hashes of the entries that heads name, as far as the logs have them."""
        ...

    async def events_found(
        self, places: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], StoredEvent]:
        """Return what is stored of events, by account and sequence, as far as there are."""
        ...


class Audited(Protocol):
    """A store that can be read as a whole."""

    def audit(self) -> AbstractAsyncContextManager[BookReader]:
        """Open one view of everything."""
        ...
