"""Tells everybody behind a commit: readers here, links here, other replicas, the cache."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from svc_oms.domain.model import Order
from svc_oms.service.codec.frames import event_items
from svc_oms.service.ledger import Ledger
from svc_oms.service.ports import OrderCache, Waker
from svc_oms.service.tails import Tail


class Publisher:
    """Holds the tails that are read in this replica; runs right behind the commit.

    Attributes:
        accounts: Tails of the logs that are streamed from here, by account.
        sessions: Tails of the outboxes that are streamed from here, by session.
        moved: Is told of every order that moved, as it stands behind the commit.
    """

    def __init__(self, waker: Waker, cache: OrderCache) -> None:
        self._waker = waker
        self._cache = cache
        self.accounts: dict[str, Tail] = {}
        self.sessions: dict[str, Tail] = {}
        self.moved: Callable[[Iterable[Order]], None] = lambda _orders: None

    def committed(self, ledger: Ledger, bases: Mapping[str, int]) -> None:
        """Hand on what a batch committed.

        Args:
            ledger: The batch.
            bases: Per session, the outbound number before the batch's first command.
        """
        if bases:
            # First what the venue is to have: its way is the longest, and a frame to the
            # gateway is written before those of the readers.
            commands: defaultdict[str, list[bytes]] = defaultdict(list)
            for session_id, payload in ledger.writes.outbox:
                commands[session_id].append(payload)
            for session_id, payloads in commands.items():
                tail = self.sessions.get(session_id)
                if tail is not None:
                    tail.append(bases[session_id] + 1, payloads)
            self._waker.wake_sessions(list(commands))
        lines = ledger.published()
        self.moved([ledger.orders[order_id] for order_id in ledger.bodies])
        for account_id, events in lines.items():
            tail = self.accounts.get(account_id)
            if tail is not None:
                pairs = [(line.order_id, line.payload) for line in events]
                tail.append(events[0].sequence, event_items(pairs, ledger.bodies))
        if lines:
            self._waker.wake_accounts(list(lines))
            self._cache.keep(
                [
                    (order_id, None if ledger.orders[order_id].is_closed else body)
                    for order_id, body in ledger.bodies.items()
                ]
            )
