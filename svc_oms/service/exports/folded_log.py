"""Reads the log from the order book, account by account, as events with the order after each.

The fold is that of the verification (`AccountFold`): memory holds a page and the open orders.
"""

from collections.abc import AsyncIterator, Collection
from typing import NamedTuple

from svc_oms.domain.model import Order
from svc_oms.domain.verification.verify import LogLine
from svc_oms.service.book.account_fold import AccountFold
from svc_oms.service.book.account_verification import Progress
from svc_oms.service.book.book_view import BookReader
from svc_oms.service.exports.rts24 import time_text

Moved = tuple[Order, LogLine]


class FoldedPage(NamedTuple):
    """A part of an account's log within a range of time."""

    moved: list[Moved]
    """Events that occurred in the range, each with its order after it."""
    ended: list[str]
    """Orders that no later event of the log moves; of the last page of an account all."""


class Archived(NamedTuple):
    """Events of an account within the range that were archived and removed."""

    sequence: int
    """Of the last one."""
    since_ns: int
    """When the missing part of the range begins; 0: with the beginning of the log."""
    until_ns: int
    """When it ends: with the first event of an order that is still there."""

    @property
    def text(self) -> str:
        """What is missing, for people."""
        since = time_text(self.since_ns) or "the beginning"
        return (
            f"events up to number {self.sequence:,}, from {since} to {time_text(self.until_ns)}, "
            "were archived and removed from PostgreSQL"
        )


class LogReader:
    """Reads ranges of the log.

    Attributes:
        archived: By account, events of the range that are not in PostgreSQL any more.
    """

    def __init__(
        self, reader: BookReader, since_ns: int, until_ns: int, progress: Progress
    ) -> None:
        self._reader = reader
        self._since_ns = since_ns
        self._until_ns = until_ns
        self._progress = progress
        self.archived: dict[str, Archived] = {}

    async def pages(self, accounts: Collection[str] = ()) -> AsyncIterator[FoldedPage]:
        """Read the events of these accounts, or of all, up to the first after the range.

        Raises:
            ValueError: There is no such account; the log is broken, and `verify` says where.
        """
        known = await self._reader.accounts()
        if unknown := sorted(set(accounts) - {one.account_id for one in known}):
            raise ValueError(f"account {', '.join(unknown)} is not in the order book")
        for account in known:
            name = account.account_id
            if accounts and name not in accounts:
                continue
            base = await self._reader.base(name)
            if base.sequence:
                self.archived[name] = Archived(base.sequence, self._since_ns, self._until_ns)
            fold = AccountFold(self._reader, name, base)
            alive: set[str] = set()
            async for page in fold.pages():
                if page.findings:
                    raise ValueError(f"the log of {name} is broken: {page.findings[0].text}")
                self._note_first(name, page.moved)
                moved, over = self._in_range(page.moved)
                alive.update(order.order_id for order, _ in moved)
                # Of orders whose last event is after the range, it is the last page that counts.
                names = () if over else (row.columns["order_id"] for _, row in page.ended)
                ended = [name for name in names if name in alive]
                alive.difference_update(ended)
                yield FoldedPage(moved, ended)
                self._progress(f"{name}: event {fold.last_sequence:,} of {account.last_sequence:,}")
                if over:
                    break
            yield FoldedPage([], sorted(alive))

    def _note_first(self, name: str, moved: list[Moved]) -> None:
        """Note when the part that is missing ends: with the first event that is still here."""
        gone = self.archived.get(name)
        if gone is None or not moved:
            return
        first_ns = moved[0][1].stamp.occurred_at_ns
        if first_ns <= self._since_ns:
            del self.archived[name]  # the range begins after it
        else:
            self.archived[name] = gone._replace(until_ns=min(gone.until_ns, first_ns))

    def _in_range(self, moved: list[Moved]) -> tuple[list[Moved], bool]:
        found: list[Moved] = []
        for order, line in moved:
            at_ns = line.stamp.occurred_at_ns
            if at_ns >= self._until_ns:
                return found, True
            if at_ns >= self._since_ns:
                found.append((order, line))
        return found, False
