"""Writes what the venue of one session reports: a transaction for each batch."""

from collections.abc import Mapping, Sequence
from functools import partial
from time import perf_counter

from kernel.ulid import valid_ulid
from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.service import metrics
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.guessing import work_on_guess
from svc_oms.service.ports import LinkProgress, SessionRow, Transaction
from svc_oms.service.venue.downlink import SessionLinkParts
from svc_oms.service.venue.reports.attempts import check_numbers, until_numbers_known
from svc_oms.service.venue.reports.batch_executions import AMENDS
from svc_oms.service.venue.reports.parked_room import ParkedRoom
from svc_oms.service.venue.reports.report_batch import ReportBatch
from svc_oms.service.venue.reports.reports import Report
from svc_oms.service.venue.reports.unsolicited import Unsolicited, find_unsolicited

_SECONDS = metrics.BATCH_SECONDS.labels("venue")
_ITEMS = metrics.BATCH_ITEMS.labels("venue")


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
        await until_numbers_known(
            partial(self._written, reports, progress, withdrawn, order_accounts)
        )
        _SECONDS.observe(perf_counter() - begun)
        _ITEMS.observe(len(reports))

    async def _written(
        self,
        reports: Sequence[Report],
        progress: LinkProgress,
        withdrawn: Sequence[int],
        order_accounts: Mapping[str, str],
        named_before: Mapping[str, str],
    ) -> None:
        work = partial(self._committed, reports, progress, withdrawn, order_accounts, named_before)
        if not (withdrawn or named_before or self._session.drop_copy) and all(
            _is_usual(report, order_accounts) for report in reports
        ):
            await work_on_guess(self._parts.store, "venue", work)
            return
        async with self._parts.store.transaction() as transaction:
            await work(transaction)

    async def _committed(
        self,
        reports: Sequence[Report],
        progress: LinkProgress,
        withdrawn: Sequence[int],
        order_accounts: Mapping[str, str],
        named_before: Mapping[str, str],
        transaction: Transaction,
    ) -> None:
        parts, session = self._parts, self._session
        unsolicited = await self._find_unsolicited(transaction, reports)
        names = {*order_accounts.values(), *unsolicited.order_accounts.values()}
        accounts = await transaction.lock_accounts(sorted(names))
        changes = BookChanges(accounts, parts.clock.now_ns())
        parts.known.give(changes, accounts.values())
        batch = ReportBatch.of(
            session,
            parts,
            changes,
            accounts,
            unsolicited,
            order_accounts,
            named_before=named_before,
            room=self._parked_room,
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
        # Readers need not wait until the connection is given back.
        parts.publisher.committed(changes, accounts, bases)

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


def _is_usual(report: Report, order_accounts: Mapping[str, str]) -> bool:
    """Return whether a report names a known order, and no execution that was applied before."""
    facts = report.facts
    if report.error or facts is None or report.order_id not in order_accounts:
        return False
    return not (isinstance(facts, ExecutionReportFacts) and facts.exec_type in AMENDS)
