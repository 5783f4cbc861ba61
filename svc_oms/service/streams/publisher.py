"""What follows a commit: effects in this process, readers and links here, other replicas."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from svc_oms.domain.model import Order
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.known_orders import KnownOrders
from svc_oms.service.codec.stream_frames import event_items
from svc_oms.service.ports import AccountRow, WakeUps
from svc_oms.service.streams.tails import Tail


class Publisher:
    """Holds the tails that are read in this replica; runs directly after the commit.

    Attributes:
        accounts: Tails of the logs that are streamed from here, by account.
        sessions: Tails of the outboxes that are streamed from here, by session.
    """

    def __init__(self, known: KnownOrders, waker: WakeUps) -> None:
        self._known = known
        self._waker = waker
        self.accounts: dict[str, Tail] = {}
        self.sessions: dict[str, Tail] = {}
        self._listeners: list[Callable[[Iterable[Order]], None]] = []

    def on_moved(self, listener: Callable[[Iterable[Order]], None]) -> None:
        """Call this after each commit with every order it changed."""
        self._listeners.append(listener)

    def committed(
        self,
        changes: BookChanges,
        accounts: Mapping[str, AccountRow],
        bases: Mapping[str, int],
    ) -> None:
        """Do all that follows the commit of a batch; call it before anything else can run.

        Args:
            changes: The batch.
            accounts: The accounts as they were before it.
            bases: Per session, the outbound number before the batch's first command.
        """
        changes.writes.committed()
        self._known.committed_all(accounts, changes)
        if bases:
            # First the commands for the venue: their way is the longest, and a frame to the
            # gateway is written before those of the readers.
            commands: defaultdict[str, list[bytes]] = defaultdict(list)
            for session_id, payload in changes.writes.outbox:
                commands[session_id].append(payload)
            for session_id, payloads in commands.items():
                tail = self.sessions.get(session_id)
                if tail is not None:
                    tail.append(bases[session_id] + 1, payloads)
            self._waker.wake_sessions(list(commands))
        lines = changes.published()
        moved = [changes.orders[order_id] for order_id in changes.bodies]
        for listener in self._listeners:
            listener(moved)
        for account_id, events in lines.items():
            tail = self.accounts.get(account_id)
            if tail is not None:
                pairs = [(line.order_id, line.payload) for line in events]
                tail.append(events[0].sequence, event_items(pairs, changes.bodies))
        if lines:
            self._waker.wake_accounts(list(lines))
