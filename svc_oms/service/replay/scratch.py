"""The port of the scratch book: tables of their own, beside the order book, in one view of both."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from svc_oms.domain.verification.copied_log import Difference
from svc_oms.service.book.book_view import BookReader
from svc_oms.service.ports import ExecutionRow, OrderWrite, PositionRow

EXECUTION_FIELDS = ("venue_mic", "sequence", "exec_type", "quantity", "price", "busted", "body")
"""What is compared of an execution, in the order of the texts of a `Pair`."""


class ScratchError(Exception):
    """The schema cannot be used. The text says why, and what should be."""


class StoredBody(NamedTuple):
    """An order in the scratch book."""

    body: bytes
    fold: bytes


class Span(NamedTuple):
    """Which rows of an account are compared."""

    account_id: str
    after: int
    """Orders that began with a later event than this one."""
    until: int
    """Orders that have not moved since this event."""
    archived_to: int
    """Orders that ended up to here may be gone from the order book."""
    since_us: int
    """Orders that moved at this time or later; 0: all."""


class Pair(NamedTuple):
    """A row that is not alike in the order book (stored) and in the scratch book (made)."""

    key: str
    stored: tuple[str, ...] | None
    """The columns as canonical text; None: there is no such row."""
    made: tuple[str, ...] | None
    stored_body: tuple[bytes, bytes] = (b"", b"")
    """Body and fold of an order."""
    made_body: tuple[bytes, bytes] = (b"", b"")


class Compared(NamedTuple):
    """How many orders of an account there are."""

    orders: int
    """In the span, in either book."""
    moved: int
    """That have moved since the span: they are not compared row by row."""
    archived: int
    """That only the scratch book has, because the order book has archived them."""
    executions: int
    """In the span, in either book."""


class ScratchBook(Protocol):
    """Orders, executions and positions that the copy makes; others see it when it is whole."""

    @property
    def reader(self) -> BookReader:
        """The order book, as it was when the scratch book was opened."""
        ...

    async def orders(self, order_ids: Collection[str]) -> dict[str, StoredBody]:
        """Read orders that were put, by order_id."""
        ...

    async def executions(self, keys: Collection[tuple[str, str]]) -> list[ExecutionRow]:
        """Read executions that were put, by order_id and ExecID(17)."""
        ...

    async def put(
        self,
        orders: Sequence[OrderWrite],
        executions: Sequence[ExecutionRow],
        busted: Sequence[tuple[str, str, int]],
    ) -> None:
        """Put orders as they stand now, further executions, and which are busted."""
        ...

    async def put_account(self, account_id: str, sequence: int, chain_head: bytes) -> None:
        """Put how far the log of an account was folded."""
        ...

    async def put_positions(self, positions: Sequence[PositionRow]) -> None:
        """Put the positions of an account."""
        ...

    async def put_differences(self, differences: Sequence[Difference]) -> None:
        """Put what was found."""
        ...

    def fills(self, account_id: str) -> AsyncIterator[tuple[StoredBody, ExecutionRow]]:
        """Read the fills of an account as they came, each with its order, in sequence."""
        ...

    async def compared(self, span: Span) -> Compared:
        """Count what the two comparisons look at."""
        ...

    def differing_orders(self, span: Span) -> AsyncIterator[Pair]:
        """Compare the orders of a span, bit for bit."""
        ...

    def differing_executions(self, span: Span) -> AsyncIterator[Pair]:
        """Compare the executions of the orders of a span."""
        ...


class ScratchBooks(Protocol):
    """Opens scratch books."""

    def open(self, schema: str) -> AbstractAsyncContextManager[ScratchBook]:
        """Open an empty scratch book in a schema of this name.

        What an earlier replay left in the schema is replaced when the block ends without an error.

        Raises:
            ScratchError: The schema is not one that a replay made, or may not be made.
        """
        ...
