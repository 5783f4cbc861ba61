"""The control of kill switches: new orders and replaces in scope of a switch are refused."""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from kernel.nanoseconds import NS_PER_US
from mesh.errors import refuse
from svc_oms.domain.kill_switches import Scope, first_covering
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.codec.kill_messages import subject_of, switch_text
from svc_oms.service.codec.values import timestamp
from svc_oms.service.controls.pre_trade_control import BatchControl, PreTradeControl
from svc_oms.service.ports import AccountRow, Transaction
from svc_oms.service.ports.kill_ports import SwitchRow
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.submissions import Submission


class KillSwitchControl(PreTradeControl):
    """Keeps the switches in force as of one version of the controls."""

    def __init__(self, venues: VenueSessions) -> None:
        self._venues = venues
        self._version = -1
        self._rows: dict[str, SwitchRow] = {}
        self._scopes: list[tuple[str, Scope]] = []

    @override
    async def open(
        self,
        transaction: Transaction,
        accounts: Mapping[str, AccountRow],
        changes: BookChanges,
        submissions: Sequence[Submission],
        controls_version: int,
    ) -> BatchControl:
        del changes, submissions
        if controls_version != self._version:
            rows = await transaction.kill_switches()
            self._rows = {row.switch_id: row for row in rows}
            self._scopes = [(row.switch_id, Scope(*row.scope)) for row in rows]
            self._version = controls_version
        return KillSwitchBatchControl(self._rows, self._scopes, accounts, self._venues)


class KillSwitchBatchControl(BatchControl):
    """Refuses the orders of one batch that a switch blocks."""

    def __init__(
        self,
        rows: Mapping[str, SwitchRow],
        scopes: Sequence[tuple[str, Scope]],
        accounts: Mapping[str, AccountRow],
        venues: VenueSessions,
    ) -> None:
        self._rows = rows
        self._scopes = scopes
        self._accounts = accounts
        self._venues = venues

    def place(self, submission: Submission, order: Order) -> None:
        """Refuse with KILL_SWITCH_ENGAGED what a switch covers."""
        if self._scopes:
            self._judge(order, submission.command.actor)

    def release(self, submission: Submission, order: Order, *, sent: bool) -> None:
        """Refuse with KILL_SWITCH_ENGAGED what a switch covers."""
        del sent
        self.place(submission, order)

    def replace(self, submission: Submission, before: Order, terms: OrderTerms) -> None:
        """Refuse with KILL_SWITCH_ENGAGED what a switch covers."""
        del terms
        if self._scopes:
            self._judge(before, submission.command.actor)

    def cancel(self, submission: Submission, before: Order) -> None:
        """Let every cancel pass."""

    def taken(self, before: Order | None, after: Order) -> None:
        """Do nothing: the switches in force do not change within a batch."""

    def finish(self) -> None:
        """Write nothing."""

    def _judge(self, order: Order, requested_by: str) -> None:
        account = self._accounts[order.account_id]
        session_id = self._venues.name_of(order.venue_mic)
        subject = subject_of(order, account.firm_id, account.desk_id, session_id, requested_by)
        found = first_covering(self._scopes, subject)
        if not found:
            return
        row = self._rows[found]
        raise refuse(
            "KILL_SWITCH_ENGAGED",
            f"{switch_text(row)}. Orders and replaces in its scope are refused until two persons "
            "have released it; cancels pass",
            switch_id=row.switch_id,
            scope=Scope(*row.scope).words(),
            engaged_by=row.engaged_by,
            engaged_at=timestamp(row.engaged_at_us * NS_PER_US).ToJsonString(),
            kill_reason=row.reason,
        )
