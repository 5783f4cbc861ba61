"""The control of a recovery: while one is open, new orders and replaces are refused."""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from kernel.nanoseconds import NS_PER_US
from mesh.errors import MeshError, refuse
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.codec.values import timestamp
from svc_oms.service.controls.pre_trade_control import BatchControl, PreTradeControl
from svc_oms.service.ports import AccountRow, Transaction
from svc_oms.service.ports.recovery_ports import RecoveryRow
from svc_oms.service.submissions import Submission


class RecoveryControl(PreTradeControl):
    """Keeps the open recovery as of one version of the controls."""

    def __init__(self) -> None:
        self._version = -1
        self._row: RecoveryRow | None = None

    @override
    async def open(
        self,
        transaction: Transaction,
        accounts: Mapping[str, AccountRow],
        changes: BookChanges,
        submissions: Sequence[Submission],
        controls_version: int,
    ) -> BatchControl:
        del accounts, changes, submissions
        if controls_version != self._version:
            self._row = await transaction.open_recovery()
            self._version = controls_version
        return RecoveryBatchControl(self._row)


class RecoveryBatchControl(BatchControl):
    """Refuses the orders and replaces of one batch while a recovery is open."""

    def __init__(self, row: RecoveryRow | None) -> None:
        self._row = row

    def place(self, submission: Submission, order: Order) -> None:
        """Refuse with RECOVERING."""
        del submission, order
        if self._row is not None:
            raise recovering(self._row)

    def release(self, submission: Submission, order: Order, *, sent: bool) -> None:
        """Refuse with RECOVERING: the order goes on waiting."""
        del sent
        self.place(submission, order)

    def replace(self, submission: Submission, before: Order, terms: OrderTerms) -> None:
        """Refuse with RECOVERING."""
        del terms
        self.place(submission, before)

    def cancel(self, submission: Submission, before: Order) -> None:
        """Let every cancel pass."""

    def taken(self, before: Order | None, after: Order) -> None:
        """Do nothing: a recovery does not change within a batch."""

    def finish(self) -> None:
        """Write nothing."""


def recovering(row: RecoveryRow) -> MeshError:
    """Make the refusal of an order while a recovery is open."""
    since = timestamp(row.opened_at_us * NS_PER_US).ToJsonString()
    return refuse(
        "RECOVERING",
        f"the order book was restored to an earlier state and is RECOVERING since {since}: orders "
        "and replaces are refused until a person has confirmed the recovery; cancels pass",
        recovery_id=row.recovery_id,
        since=since,
    )
