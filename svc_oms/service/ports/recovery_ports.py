"""What the recovery of a restored order book needs of the database."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from svc_oms.domain.recovery.book_marks import FoundMark, LogMark


class RecoveryRow(NamedTuple):
    """A recovery. Open while confirmed_at_us is 0; there is one open recovery at most."""

    recovery_id: str
    opened_at_us: int
    evidence: str
    ended_epoch: str
    log_number: int
    """The last entry of the order log before the recovery began."""
    confirmed_at_us: int = 0
    confirmed_by: str = ""
    confirmed_by_name: str = ""
    reason: str = ""


class RecoverySessionRow(NamedTuple):
    """What one session contributes to a recovery."""

    recovery_id: str
    session_id: str
    evidence: str
    from_msg_seq_num: int
    """Its FIX store is compared from this MsgSeqNum(34) on."""
    compared: bool = False
    recovered: int = 0
    not_recovered: tuple[str, ...] = ()


class CheckName(StrEnum):
    """A comparison of the whole order book."""

    VERIFY = "verify"
    """Every row, hash, sequence and sum, recomputed from the log (`svc_oms.admin verify`)."""
    REPLAY = "replay"
    """Orders, executions and positions, built from a copy of the log (`svc_oms.admin replay`)."""


class CheckResult(NamedTuple):
    """What the newest comparison of the whole book found."""

    name: CheckName
    finished_at_us: int
    differences: int


class BookView(NamedTuple):
    """The book as one look found it."""

    epoch: str
    recovery: RecoveryRow | None
    """The open recovery."""
    marks: Sequence[LogMark]
    """The newest committed entry of each log."""
    instance: str = ""
    """Which instance of the database this is: another one after a restart, a failover or a restore
    of the schema, and the same one while the server runs and only the mesh writes."""
    checks: Sequence[CheckResult] = ()
    """The newest results of comparisons of the whole book."""


class RecoveryEntry(NamedTuple):
    """An entry of the order log."""

    log_number: int
    payload: bytes


class RecoveryStore(Protocol):
    """The store of recoveries, and of what a mark is compared with."""

    async def look(self) -> BookView:
        """Read the epoch, the open recovery and the newest entry of each log."""
        ...

    async def find(self, marks: Sequence[LogMark]) -> list[FoundMark]:
        """Read what the book has of these marks; logs it does not know are left out."""
        ...

    async def has_ended(self, epoch: str) -> bool:
        """Return whether a recovery ended this epoch."""
        ...

    async def begin(self, row: RecoveryRow) -> RecoveryRow:
        """Open a recovery and begin a new epoch of the book; return the open recovery.

        An open recovery stays as it is. Batches in progress end first, and later ones see the
        recovery, as with every control. `ended_epoch` and `log_number` are the store's to fill in.
        """
        ...

    async def confirm(
        self, recovery_id: str, at_us: int, by: str, name: str, reason: str
    ) -> RecoveryRow | None:
        """Confirm the open recovery; None if it is not open."""
        ...

    async def recovery(self, recovery_id: str) -> RecoveryRow | None:
        """Read a recovery, the last one for an empty id."""
        ...

    async def add_session(self, row: RecoverySessionRow) -> RecoverySessionRow:
        """Add a session to a recovery; return its row, which is kept if it exists."""
        ...

    async def add_recovered(
        self, recovery_id: str, session_id: str, recovered: int, not_recovered: Sequence[str]
    ) -> None:
        """Add what was recovered to a session's row."""
        ...

    async def set_compared(self, recovery_id: str, session_id: str) -> None:
        """Note that a session's FIX store was compared to its end."""
        ...

    async def sessions_of(self, recovery_id: str) -> list[RecoverySessionRow]:
        """Read the sessions of a recovery, by name."""
        ...

    async def raise_token(self, session_id: str, fencing_token: int) -> None:
        """Make the session's token at least this: the session's next owner gets a higher one."""
        ...

    async def entries(self, after: int, limit: int) -> list[RecoveryEntry]:
        """Read the order log after a log_number."""
        ...
