"""When an entry may be passed on: the rule of ADR 14 over plain numbers.

A log number is taken under the lock that orders the key's own numbers, so the numbers of one key
rise in commit order. Transactions of different keys may commit in another order than their
numbers: then a number is missing for a while. It is missing for ever if its transaction was rolled
back. The rule is: read on as long as no number is missing. At a missing one, note a new transaction
id; when all transactions below that id have ended, a number that is still missing is missing for
ever.
"""

from collections.abc import Sequence


class Reading:
    """The place of a reader in one log, and what it knows of missing numbers.

    The place to keep is `after`. The rest may be lost: it only distinguishes a number that is
    missing for a while from one that is missing for ever.
    """

    def __init__(self, after: int = 0) -> None:
        """Begin after this log number."""
        self.after = after
        # Numbers up to here that are missing are missing for ever.
        self._settled = after
        # So are those up to the first of these as soon as every transaction below the second ended.
        self._doubt: tuple[int, int] | None = None
        self._seen = after

    def take(self, horizon: int, numbers: Sequence[int]) -> int:
        """Return how many of the entries may be passed on, and move the place after them.

        Args:
            horizon: The oldest transaction that was open as the entries were read
                (pg_snapshot_xmin).
            numbers: Log numbers of the committed entries after the place, rising, none left out.
        """
        if numbers and self._doubt is not None and horizon >= self._doubt[1]:
            self._settled, self._doubt = self._doubt[0], None
        self._seen = max(self._seen, numbers[-1]) if numbers else self._seen
        for count, number in enumerate(numbers):
            if number > max(self._settled, self.after + 1):
                return count
            self.after = number
        return len(numbers)

    @property
    def in_doubt(self) -> bool:
        """Whether a new transaction id is needed: a number is missing, and none was noted."""
        waits = self._seen > max(self._settled, self.after)
        return waits and (self._doubt is None or self._doubt[0] <= self.after)

    def note(self, transaction_id: int) -> None:
        """Note a transaction id that is new after the missing number was found.

        Whoever has one of the missing numbers had it, and a lower transaction id before it, as the
        committed entry was read.
        """
        self._doubt = self._seen, transaction_id
