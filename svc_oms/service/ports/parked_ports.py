"""Parked messages and statements as they are stored, and their store."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class ParkedRow(NamedTuple):
    """A parked message; its body is a ordermesh.gateway.v1.VenueMessage."""

    parked_id: int
    session_id: str
    session_epoch: int
    msg_seq_num: int
    msg_type: str
    why: str
    account_id: str
    """Empty if it is not known."""
    order_id: str
    """Empty if there is none."""
    parked_at_us: int
    state: int
    """ParkedState."""
    settled_at_us: int = 0
    settled_by: str = ""
    settled_by_name: str = ""
    reason: str = ""
    body: bytes = b""
    """Empty in lists."""


class SettledWrite(NamedTuple):
    """How a parked message is settled."""

    parked_id: int
    state: int
    """ParkedState."""
    settled_at_us: int
    settled_by: str
    settled_by_name: str
    reason: str
    account_id: str
    order_id: str


class StatementRow(NamedTuple):
    """A statement that a second person must confirm."""

    statement_id: str
    order_id: str
    account_id: str
    state: int
    """StatementState."""
    expires_at_us: int
    request: bytes
    """The ResolveRequest of the person who made it."""
    body: bytes
    """ordermesh.oms.v1.Statement."""


class ParkedFilter(NamedTuple):
    """Which parked messages are wanted. Empty means all."""

    accounts: tuple[str, ...] | None
    """None: of every account, and of none."""
    order_id: str
    session_id: str
    state: int
    before_parked_id: int
    limit: int


class StatementFilter(NamedTuple):
    """Which statements are wanted. Empty means all."""

    accounts: tuple[str, ...] | None
    order_id: str
    waiting_only: bool
    before_statement_id: str
    limit: int


class ParkedStore(Protocol):
    """Reads parked messages and statements; see `Transaction` for what changes them."""

    async def messages(self, wanted: ParkedFilter) -> list[ParkedRow]:
        """Read a page of parked messages without their bodies, newest first."""
        ...

    async def message(self, parked_id: int) -> ParkedRow | None:
        """Read one parked message."""
        ...

    async def settled(self, parked_ids: Sequence[int]) -> list[ParkedRow]:
        """Read those of these messages that are not open, without their bodies."""
        ...

    async def waiting(self, session_id: str) -> int:
        """Count the messages of a session that are kept whole and wait for a person."""
        ...

    async def statements(self, wanted: StatementFilter) -> list[StatementRow]:
        """Read a page of statements, newest first."""
        ...

    async def statement(self, statement_id: str) -> StatementRow | None:
        """Read one statement."""
        ...
