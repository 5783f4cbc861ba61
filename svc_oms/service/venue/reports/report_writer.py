"""Writes what the venue of one session reports: a transaction for each batch.

A batch is applied anew, before anything of it is committed, if the store says at the end that the
venue gave an OrderID(37) of the batch to another order before. So the order's anomaly costs a plain
batch no look-up, and it does not matter which replica, or which process before this one, has read
the other order's reports.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter

from kernel.ulid import valid_ulid
from svc_oms.service import metrics
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.order_groups import OrderGroups
from svc_oms.service.ports import LinkProgress, SessionRow, Transaction
from svc_oms.service.venue.downlink import SessionLinkParts
from svc_oms.service.venue.reports.parked_room import ParkedRoom
from svc_oms.service.venue.reports.report_batch import (
    NumbersNamedError,
    ReportBatch,
    check_numbers,
)
from svc_oms.service.venue.reports.reports import Report
from svc_oms.service.venue.reports.unsolicited import Unsolicited, find_unsolicited


class ReportWriter:
    """The writer of one session's owner; see the head of this file."""

    def __init__(self, parts: SessionLinkParts, session: SessionRow) -> None:
        self._parts = parts
        self._session = session
        self._parked_room = ParkedRoom(session.session_id, parts.store.parked(), parts.clock)

    async def write(
        self, reports: Sequence[Report], progress: LinkProgress, withdrawn: Sequence[int] = ()
    ) -> None:
        """Apply reports, and store how far the owner has come, in one transaction.

        Args:
            reports: In the order of the session.
            progress: Written with them.
            withdrawn: Outbound sequences of commands that no gateway may send.

        Raises:
            FencedError: Another owner took the session.
            StoreUnavailableError: Nothing changed, or the outcome is not known.
        """
        parts = self._parts
        # The accounts of orders of this replica's own commands are known here.
        order_accounts = await parts.known.order_accounts.find(
            (r.order_id for r in reports if valid_ulid(r.order_id)), parts.store.account_of
        )
        await self._parked_room.look()
        begun = perf_counter()
        named: dict[str, str] = {}
        while True:
            try:
                await self._written(reports, progress, withdrawn, dict(order_accounts), named)
            except NumbersNamedError as error:
                named |= error.orders
            else:
                break
        metrics.BATCH_SECONDS.labels("venue").observe(perf_counter() - begun)
        metrics.BATCH_ITEMS.labels("venue").observe(len(reports))

    async def _written(
        self,
        reports: Sequence[Report],
        progress: LinkProgress,
        withdrawn: Sequence[int],
        order_accounts: dict[str, str],
        named_before: Mapping[str, str],
    ) -> None:
        parts, session = self._parts, self._session
        async with parts.store.transaction() as transaction:
            unsolicited = await self._find_unsolicited(transaction, reports)
            reports = unsolicited.reports
            order_accounts |= unsolicited.order_accounts
            accounts = await transaction.lock_accounts(sorted(set(order_accounts.values())))
            for order_id, account_id in unsolicited.order_accounts.items():
                if account_id not in accounts:
                    del order_accounts[order_id]
            changes = BookChanges(accounts, parts.clock.now_ns())
            parts.known.give(changes, accounts.values())
            batch = ReportBatch(
                session.session_id,
                session.venue_mic,
                reports,
                order_accounts,
                changes,
                accounts,
                OrderGroups(changes, parts.venues, accounts, parts.market),
                parts.fill_followers,
                session.drop_copy,
                parts.venues.has_copy(session.venue_mic),
                named_before,
                unsolicited.openings,
                self._parked_room,
            )
            await batch.read(transaction)
            batch.apply()
            await batch.finish(transaction)
            writes = changes.finish()
            writes.progress = progress
            bases = await transaction.write(writes)
            check_numbers(transaction.named_before(), named_before)
            if withdrawn:
                await transaction.withdraw(session.session_id, withdrawn)
            await parts.audit_log.append(transaction, writes.audit)
            await transaction.commit()
            parts.known.committed_all(accounts, changes)
            # Readers need not wait until the connection is given back.
            parts.publisher.committed(changes, bases)

    async def _find_unsolicited(
        self, transaction: Transaction, reports: Sequence[Report]
    ) -> Unsolicited:
        """Find the orders of reports that have no ClOrdID(11) of ours."""
        if self._session.drop_copy:
            # Copies cover the firm's whole trading: our part is reported on the order session.
            return Unsolicited(reports)
        parts = self._parts
        return await find_unsolicited(
            transaction, parts.market, self._session.venue_mic, reports, parts.clock.now_ns()
        )
