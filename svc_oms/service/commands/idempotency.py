"""Idempotency keys of a batch: what each key stands for, once and for all.

A client's key names one intent within its account. The key is stored in the transaction that
carries the command out, so a command whose answer was lost can be repeated: the same key with
the same request gets the first result, with another request IDEMPOTENCY_KEY_REUSED.
"""

from collections.abc import Iterable

from svc_oms.service.errors import key_reused
from svc_oms.service.ports import IdempotencyRow, Transaction
from svc_oms.service.submissions import GoFlat, Submission


class IdempotencyKeys:
    """The keys that a batch's commands name, as stored and as the batch adds them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], IdempotencyRow] = {}

    async def read(self, transaction: Transaction, submissions: Iterable[Submission]) -> set[str]:
        """Read the keys of these commands; return the ids of the orders they stand for."""
        wanted: set[tuple[str, str]] = set()
        for submission in submissions:
            command, account_id = submission.command, submission.account_id
            wanted.add((account_id, command.idempotency_key))
            if isinstance(command, GoFlat):
                wanted.add((account_id, command.client_key))
        rows = await transaction.keys(list(wanted))
        self._rows = {(row.account_id, row.key): row for row in rows}
        return {row.order_id for row in rows if row.order_id}

    def add(self, row: IdempotencyRow) -> None:
        """Keep what a command of this batch stands for."""
        self._rows[row.account_id, row.key] = row

    def find(self, submission: Submission, key: str) -> IdempotencyRow | None:
        """Return what a key stands for already, if that is this command.

        Raises:
            MeshError: IDEMPOTENCY_KEY_REUSED: the key stands for another command.
        """
        row = self._rows.get((submission.account_id, key))
        if row is None:
            return None
        if row.body_hash != submission.body_hash or row.kind != submission.kind:
            raise key_reused(key)
        return row


def key_row(
    submission: Submission, order_id: str, sequence: int, result: bytes | None = None
) -> IdempotencyRow:
    """Return what the command's key stands for from now on."""
    return IdempotencyRow(
        submission.account_id,
        submission.command.idempotency_key,
        submission.kind.value,
        submission.body_hash,
        order_id,
        sequence,
        result,
    )
