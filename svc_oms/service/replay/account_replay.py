"""What a replay keeps of one account while it reads the copy: all but its orders."""

from svc_oms.domain.events import OrderExecuted
from svc_oms.domain.model import InstrumentKey
from svc_oms.domain.positions.account_positions import Position
from svc_oms.domain.verification.copied_log import NOTHING, CopiedLog, Difference
from svc_oms.domain.verification.position_fold import PositionFold
from svc_oms.service.book.book_view import BookReader, StoredAccount
from svc_oms.service.codec.control_records import openings_value, position_row, position_value
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.order_records import found_execution, read_order
from svc_oms.service.ports import PositionRow
from svc_oms.service.replay.scratch import ScratchBook, Span


class AccountReplay:
    """One account: where its log is, and its positions.

    Attributes:
        log: The account's part of the copy.
        ended: An event after the end of the replay was read: nothing of the account counts now.
        positions: Folded from the executions as they come.
        archived_to: Up to here PostgreSQL has archived and removed the events.
        events: How many were folded.
        left_out: How many were not, because their orders began before the copy does.
    """

    def __init__(self, account: StoredAccount, archived_to: int, *, aged: bool) -> None:
        self.account_id = account.account_id
        self.last_sequence = account.last_sequence
        self.archived_to = archived_to
        self.log = CopiedLog(account.account_id, account.last_sequence, archived_to, aged=aged)
        self.positions = PositionFold(account.account_id)
        self.ended = False
        self.events = 0
        self.left_out = 0

    @classmethod
    async def opened(
        cls, reader: BookReader, account: StoredAccount, *, aged: bool
    ) -> "AccountReplay":
        """Begin an account; the executions that PostgreSQL has archived are in its openings."""
        base = await reader.base(account.account_id)
        replay = cls(account, base.sequence, aged=aged)
        replay.positions = PositionFold(account.account_id, openings_value(base.openings))
        return replay

    def span(self, since_us: int) -> Span:
        """Return which rows can be compared."""
        log = self.log
        return Span(self.account_id, log.began_after, log.sequence, self.archived_to, since_us)

    async def missing_at_the_end(self, reader: BookReader, until_ns: int) -> list[Difference]:
        """Return what PostgreSQL has after the last event of the copy, up to a time."""
        after = max(self.log.sequence, self.archived_to)
        if self.ended or after >= self.last_sequence:
            return []
        last = after
        async for payload, stored in reader.log(self.account_id, after):
            line = decode_event(payload, stored)
            if line.stamp.occurred_at_ns >= until_ns:
                break
            last = line.sequence
        return [self.log.missing(after + 1, last)] if last > after else []

    async def fold_positions(self, scratch: ScratchBook) -> list[PositionRow]:
        """Return the positions; folds those anew whose executions were busted or corrected."""
        if self.positions.refolds():
            async for stored, row in scratch.fills(self.account_id):
                execution = found_execution(row)
                if execution is not None:
                    order = read_order(stored.body, stored.fold)
                    event = OrderExecuted(execution._replace(busted=False))
                    self.positions.add_again(order, event, row.sequence)
        made, _ = self.positions.finished()
        return [position_row(each) for _, each in sorted(made.items())]


def compare_positions(
    stored: list[PositionRow], made: list[PositionRow], until: int
) -> tuple[int, list[Difference]]:
    """Compare positions that have not moved since an event; return of how many."""
    before = {_key(row): row for row in stored}
    after = {_key(row): row for row in made}
    differences, compared = [], 0
    for key in sorted(before.keys() | after.keys()):
        one, other = before.get(key), after.get(key)
        if one is not None and one.as_of_sequence > until:
            continue
        compared += 1
        name = "/".join((one or other or stored[0])[:3])
        if one is None or other is None:
            texts = [NOTHING if row is None else str(position_value(row)) for row in (one, other)]
            differences.append(Difference("position", name, "presence", *texts))
            continue
        differences += [
            Difference("position", name, field, str(was), str(now))
            for field, was, now in zip(PositionRow._fields, one, other, strict=True)
            if was != now
        ]
    return compared, differences


def _key(row: PositionRow) -> InstrumentKey:
    return Position(row.account_id, row.isin, row.currency).key
