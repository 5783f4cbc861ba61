"""Folds the log of one account page by page, so that memory does not grow with the log.

An order is kept from its first event to the last one that its row names; then it is compared with
the row and forgotten. So the memory is that of a page and of the orders that were open together.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple

from google.protobuf.message import DecodeError

from kernel.hashchain import verify_chain
from svc_oms.domain.evolve import evolve
from svc_oms.domain.model import Order
from svc_oms.domain.verification.verify import Finding, LogLine
from svc_oms.service.book.book_view import BookReader, StoredBase, StoredOrder
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.order_records import read_order

PAGE_EVENTS = 2_000


class FoldedPage(NamedTuple):
    """A part of the log, and what it ended."""

    moved: list[tuple[Order, LogLine]]
    """Each event of an order, with the order after it."""
    ended: list[tuple[Order, StoredOrder]]
    """Rows whose last event was read, each with what the log makes of the order."""
    findings: list[Finding]


class AccountFold:
    """One reading of an account's log.

    Attributes:
        events: How many were read.
        last_sequence: Of the last event that was read.
        last_hash: Of the same event.
        working: The orders whose row names a later event than those read; by order_id.
    """

    def __init__(self, reader: BookReader, account_id: str, base: StoredBase) -> None:
        self._reader = reader
        self._account_id = account_id
        self._base = base
        self.events = 0
        self.last_sequence, self.last_hash = base.sequence, base.hash
        opening = (read_order(*each) for each in base.orders)
        self.working: dict[str, Order] = {order.order_id: order for order in opening}

    async def pages(self) -> AsyncIterator[FoldedPage]:
        """Read the log to its end."""
        log = self._reader.log(self._account_id, self._base.sequence)
        async for rows in _paged(log):
            findings = self._check_chain(rows)
            moved, more = self._fold(rows)
            ids = list({line.order_id for _, line in moved})
            stored = await self._reader.ended_orders(self._account_id, ids, self.last_sequence)
            ended = [(self.working.pop(row.columns["order_id"]), row) for row in stored]
            yield FoldedPage(moved, ended, findings + more)

    def _check_chain(self, rows: list[tuple[bytes, bytes]]) -> list[Finding]:
        broken = verify_chain(rows, self.last_hash)
        self.last_hash = rows[-1][1]
        if broken is None:
            return []
        text = (
            f"event {self.last_sequence + broken.position + 1} has hash "
            f"{broken.found.hex() or 'none'} where {broken.expected.hex()} should be"
        )
        return [Finding("hash_chain", self._account_id, text)]

    def _fold(
        self, rows: list[tuple[bytes, bytes]]
    ) -> tuple[list[tuple[Order, LogLine]], list[Finding]]:
        moved, findings = [], []
        for payload, stored in rows:
            self.events += 1
            expected = self.last_sequence + 1
            try:
                line = decode_event(payload, stored)
            except (ValueError, DecodeError) as error:
                self.last_sequence = expected
                text = f"event {expected} cannot be read: {error}"
                findings.append(Finding("fold", self._account_id, text))
                continue
            if line.sequence != expected:
                text = f"sequence {line.sequence} where {expected} should be"
                findings.append(Finding("sequence", self._account_id, text))
            self.last_sequence = line.sequence
            if not line.order_id:
                continue
            try:
                order = evolve(
                    self.working.get(line.order_id), line.event, line.stamp, line.sequence
                )
            except ValueError as error:
                # An order that began before the part that is read cannot be folded.
                if not self._base.partial:
                    findings.append(Finding("fold", line.order_id, str(error)))
                continue
            self.working[line.order_id] = order
            moved.append((order, line))
        return moved, findings


async def _paged(
    rows: AsyncIterator[tuple[bytes, bytes]],
) -> AsyncIterator[list[tuple[bytes, bytes]]]:
    page: list[tuple[bytes, bytes]] = []
    async for row in rows:
        page.append(row)
        if len(page) == PAGE_EVENTS:
            yield page
            page = []
    if page:
        yield page
