"""The ports of the controls."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from enum import IntEnum
from typing import NamedTuple, Protocol

from svc_oms.service.ports.rows.records import AccountRow, AuditTransaction, OrderRow, PositionRow


class RecordKind(IntEnum):
    """What a control record is a version of; stored with it."""

    LIMIT = 1
    OVERRIDE = 2
    STATUS = 3
    ENABLING = 4
    PROPOSED_CHANGE = 5


class ControlRecord(NamedTuple):
    """One version of an object; records are only added."""

    kind: int
    object_id: str
    version: int
    name: str
    """A limit's kind and range; the state of an override or a proposed change; otherwise the
    object."""
    scope_id: str
    """Account, desk or firm; empty if it belongs to none."""
    valid_from_us: int
    valid_until_us: int
    """0: until further notice."""
    body: bytes


class ControlChange(AuditTransaction, Protocol):
    """One change of the controls; no batch runs during it."""

    async def answer(self, subject: str, key: str) -> tuple[bytes, bytes] | None:
        """Read body hash and answer of an earlier change under this key."""
        ...

    async def newest(self, kind: RecordKind, object_id: str) -> ControlRecord | None:
        """Read the newest version of an object."""
        ...

    async def newest_named(self, kind: RecordKind, name: str) -> ControlRecord | None:
        """Read the newest version of the object with this name."""
        ...

    async def lock_account(self, account_id: str) -> AccountRow | None:
        """Lock an account's row."""
        ...

    async def add(self, record: ControlRecord) -> None:
        """Add a version."""
        ...

    async def set_account(self, account_id: str, status: int, controls: str) -> None:
        """Write the trading state and the control state of a locked account."""
        ...

    async def done(self, subject: str, key: str, body_hash: bytes, answer: bytes) -> None:
        """Store the answer, and increase the version of the controls."""
        ...


class AccountPicture(NamedTuple):
    """An account in one view: its row, open orders, positions, and all live controls."""

    account: AccountRow
    orders: list[OrderRow]
    positions: list[PositionRow]
    controls_version: int
    records: list[tuple[int, bytes]]


class ControlStore(Protocol):
    """The store of limits and positions."""

    def change(self) -> AbstractAsyncContextManager[ControlChange]:
        """Open a change; leaving without an exception commits it."""
        ...

    async def in_force(
        self,
        kind: RecordKind,
        at_us: int,
        after_id: str,
        scopes: Sequence[str] | None,
        limit: int,
    ) -> list[ControlRecord]:
        """Read the records in force at an instant, by object; None for every scope."""
        ...

    async def newest_first(
        self, kind: RecordKind, before_id: str, scopes: Sequence[str] | None, name: str, limit: int
    ) -> list[ControlRecord]:
        """Read the newest version of each object, newest object first; empty name for all."""
        ...

    async def history(
        self, kind: RecordKind, object_id: str, after: int, limit: int
    ) -> list[ControlRecord]:
        """Read the versions after one, oldest first."""
        ...

    async def account_rows(self, account_ids: Sequence[str]) -> list[AccountRow]:
        """Read accounts without locking them."""
        ...

    async def positions(self, account_id: str) -> list[PositionRow]:
        """Read an account's positions."""
        ...

    async def picture(self, account_id: str, now_us: int) -> AccountPicture | None:
        """Read an account and everything its controls need, in one view."""
        ...

    async def rebuild_positions(
        self, account_id: str, last_sequence: int, rows: Sequence[PositionRow], controls: str
    ) -> bool:
        """Write the positions an account's log makes; False if the log has grown since."""
        ...
