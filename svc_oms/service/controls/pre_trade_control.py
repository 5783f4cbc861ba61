"""The protocols of pre-trade controls, and of followers of fills.

A control is opened once for each batch, after the batch's accounts are locked, and may read
then. The batch control that it returns decides in memory, order by order, and is informed of
what was taken, so that the next command of the same batch is checked with it. A batch control
ends with its batch: what must be known later it writes.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.events import Event
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.domain.numbers import Quantity
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.positions.go_flat import Sizes
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.ports import AccountRow, Transaction
from svc_oms.service.submissions import Submission


class BatchControl(Protocol):
    """A control's part in one batch of commands.

    The first four raise OrderRefused or MeshError to refuse; nothing changes then.
    """

    def place(self, submission: Submission, order: Order) -> Sequence[Order] | None:
        """Check a new order as it would be accepted; return own orders to cancel before it."""
        ...

    def release(
        self, submission: Submission, order: Order, *, sent: bool
    ) -> Sequence[Order] | None:
        """Check an order that waited here as if it were new; return own orders to cancel before it.

        It was checked when it was accepted, but limits and positions may have changed since.

        Args:
            submission: The command.
            order: The order, still waiting.
            sent: It goes to its venue now; otherwise it waits here for something else.
        """
        ...

    def replace(
        self, submission: Submission, before: Order, terms: OrderTerms
    ) -> Sequence[Order] | None:
        """Check a change of an order; return own orders to cancel before it."""
        ...

    def child(self, submission: Submission, order: Order, messages: int) -> Sequence[Order] | None:
        """Check the child of a routed order; return own orders to cancel before it.

        The routed order was checked as a whole. A child is checked for what belongs to its venue.

        Args:
            submission: The command.
            order: The child as it would be accepted.
            messages: How many children of the same decision there are up to this one.
        """
        del messages
        return self.place(submission, order)

    def rest(self, submission: Submission, order: Order, free: Quantity) -> None:
        """Refuse a routed order, as it is now, that nothing more of it goes to a venue.

        It was checked as a whole when it was accepted, but limits may have changed since.

        Args:
            submission: The command.
            order: The routed order.
            free: What of it is neither executed nor at a venue.
        """
        del submission, order, free

    def venue(self, submission: Submission, order: Order) -> None:
        """Refuse a venue to a routed order.

        Args:
            submission: The command.
            order: A child there, as large as need be.
        """
        self.place(submission, order)

    def own_book(self, account_id: str) -> OpenBook | None:
        """Return the account's open orders; None: not known here."""
        del account_id
        return None

    def order_sizes(self, account_id: str, listing: Instrument) -> Sizes:
        """Return what this control allows one market order of an account, to slice by."""
        del account_id, listing
        return Sizes()

    def cancel(self, submission: Submission, before: Order) -> None:
        """Check a cancel. Refuse one only for the message rate, never for its effect."""
        ...

    def taken(self, before: Order | None, after: Order) -> None:
        """Note what the batch did to an order; before is None for a new one."""
        ...

    def finish(self) -> None:
        """Add to the batch's writes what the next batch must know."""
        ...


class PreTradeControl(Protocol):
    """A pre-trade control."""

    async def open(
        self,
        transaction: Transaction,
        accounts: Mapping[str, AccountRow],
        changes: BookChanges,
        submissions: Sequence[Submission],
        controls_version: int,
    ) -> BatchControl:
        """Read what this batch needs. The accounts' rows are locked.

        What was read at the same controls_version before is still valid.
        """
        ...


class FillFollower(Protocol):
    """What a batch of venue reports changes besides the orders it names."""

    async def open(
        self, transaction: Transaction, accounts: Mapping[str, AccountRow], changes: BookChanges
    ) -> "BatchFollower":
        """Read what is needed. The accounts' rows are locked, the orders read."""
        ...


class BatchFollower(Protocol):
    """A follower's part in one batch of venue reports."""

    def followed(self, before: Order, after: Order, events: Sequence[Event]) -> None:
        """Apply what a report did to an order. Never refuses: it is a fact."""
        ...

    async def finish(self, transaction: Transaction) -> None:
        """Add the consequences to the batch's writes. Read only what a rare report needs."""
        ...
