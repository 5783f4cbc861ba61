"""Where controls stand: what a batch of commands, or of venue reports, has to pass.

A gate is opened once a batch, behind the locks on the batch's accounts, and may
read there. The judge it gives then decides in memory, order by order, and is
told what was taken, so that the next command of the same batch is judged with it.
Nothing of a judge outlives its batch: what must be known later it writes.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from svc_oms.domain.events import Event
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.ports import AccountRow, Transaction
from svc_oms.service.submissions import Submission


class BatchControl(Protocol):
    """A gate's part in one batch of commands.

    The first four raise OrderRefused or MeshError to refuse; nothing changes then.
    """

    def place(self, submission: Submission, order: Order) -> Sequence[Order] | None:
        """Judge a new order as it would be accepted; return own orders to cancel before it."""
        ...

    def release(self, submission: Submission, order: Order) -> Sequence[Order] | None:
        """Judge an order of the book that waited here and is about to go to its venue.

        It was judged as a new one when it was accepted; return own orders to cancel before it.
        """
        ...

    def replace(
        self, submission: Submission, before: Order, terms: OrderTerms
    ) -> Sequence[Order] | None:
        """Judge a change of an order; return own orders to cancel before it."""
        ...

    def cancel(self, submission: Submission, before: Order) -> None:
        """Judge a cancel. Refuse one only for its number, never for its effect."""
        ...

    def taken(self, before: Order | None, after: Order) -> None:
        """Learn what the batch did to an order; before is None for a new one."""
        ...

    def finish(self) -> None:
        """Add to the batch's write set what the next batch must know."""
        ...


class PreTradeControl(Protocol):
    """A control."""

    async def open(
        self,
        transaction: Transaction,
        accounts: Mapping[str, AccountRow],
        changes: BookChanges,
        submissions: Sequence[Submission],
        controls_version: int,
    ) -> BatchControl:
        """Read what this batch is judged by. The accounts' rows are locked.

        What was read at the same controls_version before is still as it was.
        """
        ...


class FillFollower(Protocol):
    """What a batch of venue reports moves beside the orders it speaks of."""

    async def open(
        self, transaction: Transaction, accounts: Mapping[str, AccountRow], changes: BookChanges
    ) -> "BatchFollower":
        """Read what is needed. The accounts' rows are locked, the orders read."""
        ...


class BatchFollower(Protocol):
    """A follower's part in one batch of venue reports."""

    def followed(self, before: Order, after: Order, events: Sequence[Event]) -> None:
        """Learn what a report did to an order. Never refuses: it is a fact."""
        ...

    def finish(self) -> None:
        """Add to the batch's write set what follows."""
        ...
