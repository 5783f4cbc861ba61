"""What this replica has seen last of accounts, for batches that are decided without reading.

A guess is confirmed by the database in the statement that writes the batch, so nothing here has to
be right. It should often be right: a guess is made only of an account that was found as this
replica had left it. An account that another replica works, too, is read under its lock until it has
been found unchanged once.

The version of a row is its xmin, the transaction that wrote it: it changes with every write of any
column. ADR 57 says why that is enough.
"""

import asyncio
from collections.abc import Iterable, Sequence

from svc_oms.service.ports import AccountRow, AuditHead, GuessMissedError

# Accounts that are kept; beyond it all are forgotten and read again as needed.
ACCOUNTS_KEPT_MAX = 10_000


class _Seen:
    __slots__ = ("row", "steady", "version")

    def __init__(self, row: AccountRow, version: int) -> None:
        self.row = row
        self.version = version
        self.steady = True


class _Turn:
    __slots__ = ("lock", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0


class Turns:
    """Lets one transaction of this process at a time have an account.

    A guess would miss if another batch of this process were about to change the account. The rows
    are locked in the database all the same.
    """

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    async def take(self, account_ids: Iterable[str], taken: list[str]) -> None:
        """Wait for the turn of each account, in the order of their names; add each to `taken`."""
        for account_id in sorted(set(account_ids).difference(taken)):
            turn = self._turns.get(account_id)
            if turn is None:
                turn = self._turns[account_id] = _Turn()
            turn.users += 1
            try:
                await turn.lock.acquire()
            except BaseException:
                self._left(account_id, turn)
                raise
            taken.append(account_id)

    def end(self, taken: list[str]) -> None:
        """Let the next transaction have these accounts."""
        for account_id in taken:
            turn = self._turns[account_id]
            turn.lock.release()
            self._left(account_id, turn)
        taken.clear()

    def _left(self, account_id: str, turn: _Turn) -> None:
        turn.users -= 1
        if not turn.users:
            del self._turns[account_id]


class Guesses:
    """See the head of this file.

    Attributes:
        turns: Of the accounts, between the transactions of this process.
        controls_version: The last one that was seen.
        instance: Of the database that all of this was seen in; empty: nothing was seen.
        audit_heads: The ends of audit chains, by writer.
    """

    def __init__(self) -> None:
        self.turns = Turns()
        self.controls_version = 0
        self.instance = ""
        self.audit_heads: dict[str, AuditHead] = {}
        self._accounts: dict[str, _Seen] = {}

    def of(self, account_ids: Sequence[str]) -> dict[str, AccountRow]:
        """Return the rows of accounts as they probably are.

        Raises:
            GuessMissedError: At least one of them is not known, or was changed by others lately.
        """
        if not self.instance:
            raise GuessMissedError("nothing was seen")
        found = {}
        for account_id in account_ids:
            seen = self._accounts.get(account_id)
            if seen is None or not seen.steady:
                raise GuessMissedError("account not known")
            found[account_id] = seen.row._replace(controls_seen=self.controls_version)
        return found

    def versions(self, account_ids: Iterable[str]) -> list[int]:
        """Return the versions of the rows of known accounts."""
        return [self._accounts[account_id].version for account_id in account_ids]

    def locked(self, found: Iterable[tuple[AccountRow, int]], instance: str) -> None:
        """Compare locked rows with what was known of them.

        Args:
            found: Each with its version.
            instance: Of the database they are in.
        """
        if instance != self.instance:
            self._accounts.clear()
            self.audit_heads.clear()
            self.controls_version, self.instance = 0, instance
        if len(self._accounts) > ACCOUNTS_KEPT_MAX:
            self._accounts.clear()
        for row, version in found:
            seen = self._accounts.get(row.account_id)
            if seen is None:
                self._accounts[row.account_id] = _Seen(row, version)
            else:
                seen.steady = seen.version == version
                seen.row, seen.version = row, version

    def controls_seen(self, version: int) -> None:
        """Note a version of the controls."""
        self.controls_version = max(self.controls_version, version)

    def committed(
        self, accounts: Iterable[tuple[str, int, bytes, str]], transaction_id: int
    ) -> None:
        """Note the accounts that a transaction wrote, as WriteSet.accounts has them."""
        for account_id, last_sequence, chain_head, controls in accounts:
            seen = self._accounts.get(account_id)
            if seen is not None:
                seen.row = seen.row._replace(
                    last_sequence=last_sequence, chain_head=chain_head, controls=controls
                )
                seen.version = transaction_id

    def missed(self, account_ids: Iterable[str]) -> None:
        """Make no guess of these accounts until they were locked and found as they are known."""
        for account_id in account_ids:
            seen = self._accounts.get(account_id)
            if seen is not None:
                seen.steady = False
