"""Watches the routed orders, and has each decided about when something has changed for it.

Theory of operation. As with waiting orders (ADR 7), the orders table is the list of routed orders,
and this index of it may be thrown away at any time. Every replica watches all of them; the command
worker decides, with the account locked, on the state that is durable then. So nobody owns a routed
order: a second decision about the same state does nothing, and when a replica dies another one
goes on, at the latest with its next reading.

What wakes an order: a commit of this replica that changed one of its children; its instrument's
book, if a wake-up of its last decision says so; the state of a venue; a time. All of them are
pushed, and each look once a second finds what was lost, such as a command that was refused.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.errors import MeshError
from mesh.log import get_logger
from svc_oms.domain.model import Order
from svc_oms.domain.numbers import Price
from svc_oms.domain.routing.decision import Cause, Decision, WakeUp
from svc_oms.domain.routing.orders import AT_ONCE
from svc_oms.domain.routing.paced.orders import counts_volume, is_paused
from svc_oms.domain.routing.view import Level, VenueState
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.ports import OrderStore, StoreUnavailableError
from svc_oms.service.reference.routing_views import RoutingParts, states_of
from svc_oms.service.routing.route_commands import ends_at_ns
from svc_oms.service.submissions import EVERY_ACCOUNT, CommandKind, Outcome, RouteOrder, Submission

log = get_logger("svc_oms.routing")

# Seconds between looks: for the state of venues, for times in force, for commands that failed.
LOOK_INTERVAL_S = 1.0
# Looks between two readings of other replicas' changes: the longest time a routed order is not
# watched when the replica that took it dies.
READ_LOOKS = 5


class _Watch:
    """A routed order, with what only this replica knows of it."""

    __slots__ = ("again", "busy", "children", "order", "timer", "undecided", "wake_ups")

    def __init__(self, order: Order) -> None:
        self.order = order
        self.wake_ups: tuple[WakeUp, ...] = ()
        self.busy = False
        self.again: Cause | None = None
        self.undecided = True
        """No decision of this replica is known: the next look asks for one."""
        self.timer: asyncio.TimerHandle | None = None
        self.children: dict[str, tuple[object, ...]] = {}


class Router:
    """The watch; see the head of this file."""

    def __init__(
        self,
        store: OrderStore,
        parts: RoutingParts,
        clock: Clock,
        submit: Callable[[Submission], None],
    ) -> None:
        self._store = store
        self._parts = parts
        self._clock = clock
        self._submit = submit
        self._watches: dict[str, _Watch] = {}
        self._by_key: defaultdict[str, dict[str, _Watch]] = defaultdict(dict)
        self._states: dict[str, object] = {}
        self._seen: dict[str, int] = {}
        self._unknown_parent = False
        parts.books.on_moved(self._book_moved)

    def __len__(self) -> int:
        return len(self._watches)

    # From the order book.

    def learn(self, orders: Iterable[Order]) -> None:
        """Set orders after a commit, and have those decided about whose children changed."""
        for order in orders:
            if order.routing is not None:
                self._set(order)
            elif order.routed_by:
                self._child_moved(order)

    def _set(self, order: Order) -> None:
        watch = self._watches.get(order.order_id)
        if watch is not None and watch.order.version >= order.version:
            return
        if order.is_closed:
            self._forget(order.order_id)
            return
        if watch is None:
            watch = self._watches[order.order_id] = _Watch(order)
            self._by_key[order.price_key][order.order_id] = watch
            self._parts.books.need(order.price_key)
        pauses = is_paused(order) is not is_paused(watch.order)
        watch.order = order
        if pauses:
            # Its wake-ups are those of before.
            self._send(watch, Cause.RESUMED)

    def _forget(self, order_id: str) -> None:
        watch = self._watches.pop(order_id, None)
        if watch is None:
            return
        if watch.timer is not None:
            watch.timer.cancel()
        key = watch.order.price_key
        self._by_key[key].pop(order_id, None)
        if not self._by_key[key]:
            del self._by_key[key]

    def _child_moved(self, child: Order) -> None:
        watch = self._watches.get(child.routed_by)
        if watch is None:
            # Its routed order may be one that another replica has taken just now.
            self._unknown_parent = True
            return
        now = (child.is_closed, child.cum_quantity, child.state, child.terms)
        before = watch.children.get(child.order_id)
        watch.children[child.order_id] = now
        if child.is_closed:
            # It does not come back, or as news.
            del watch.children[child.order_id]
        elif before is None and child.version == 1:
            return
        if before != now:
            self._send(watch, Cause.CHILD)

    async def read(self) -> None:
        """Read the changes of other replicas, or everything at the start."""
        waiting = await self._store.waiting()
        wanted = [
            order_id
            for order_id, sequence in waiting.items()
            if self._seen.get(order_id, 0) < sequence
        ]
        rows = await self._store.orders(wanted) if wanted else []
        self._seen = waiting
        moved = []
        for order in (read_order(row.body, row.fold) for row in rows):
            if order.routing is not None:
                known = self._watches.get(order.order_id)
                if known is None or known.order.version < order.version:
                    moved.append(order.order_id)
                self._set(order)
        for order_id in self._watches.keys() - waiting.keys():
            # Its end, or its acceptance after the reading; a commit of this replica says which.
            rows = await self._store.orders([order_id])
            self.learn(read_order(row.body, row.fold) for row in rows)
        for watch in list(self._watches.values()):
            # An order that is to end at once and is still here: who had it may have no prices.
            if watch.order.order_id in moved or watch.order.terms.time_in_force in AT_ONCE:
                self._send(watch, Cause.RESUMED)
        self._parts.healths.read(await self._store.routing().venues())

    # From the market.

    def _book_moved(self, key: str) -> None:
        watches = self._by_key.get(key)
        if not watches:
            return
        best: dict[str, tuple[Price | None, Price | None]] = {}
        for instrument_id, shown in self._parts.books.book(key).listings.items():
            if shown.state is VenueState.OPEN:
                best[instrument_id.rpartition(".")[2]] = _best(shown.bids), _best(shown.offers)
        for watch in list(watches.values()):
            if watch.undecided:
                self._send(watch, Cause.RESUMED)
            elif any(_wakes(wake_up, best) for wake_up in watch.wake_ups):
                self._send(watch, Cause.BOOK)

    # Consequences.

    def _send(self, watch: _Watch, cause: Cause) -> None:
        if watch.busy:
            watch.again = cause
            return
        if self._parts.books.is_coming(watch.order.price_key):
            # Another replica may have it. Without it, an IOC order would end here.
            watch.undecided = True
            return
        watch.busy, watch.undecided, watch.again = True, False, None
        order = watch.order
        decided: list[Decision] = []

        def done(outcome: Outcome) -> None:
            watch.busy = False
            if isinstance(outcome, MeshError):
                watch.undecided = True
                log.warning("routed order not decided", order=order.order_id, why=outcome.text)
            elif decided:
                self._decided(watch, decided[0])
            if watch.again is not None and order.order_id in self._watches:
                self._send(watch, watch.again)

        command = RouteOrder(order.account_id, order.order_id, cause.value, decided)
        self._submit(Submission(CommandKind.ROUTE, command, EVERY_ACCOUNT, b"", done))

    def _decided(self, watch: _Watch, decision: Decision) -> None:
        watch.wake_ups = tuple(one for one in decision.wake_ups if one.cause is Cause.BOOK)
        if watch.timer is not None:
            watch.timer.cancel()
            watch.timer = None
        times = [one.at_ns for one in decision.wake_ups if one.cause is Cause.TIMER]
        if times and watch.order.order_id in self._watches:
            delay_s = max(0, min(times) - self._clock.now_ns()) / NS_PER_S
            loop = asyncio.get_running_loop()
            watch.timer = loop.call_later(delay_s, self._send, watch, Cause.TIMER)

    def look(self) -> None:
        """Look at every routed order: the states of its venues, its time in force."""
        now_ns = self._clock.now_ns()
        self._parts.books.keep(self._by_key)
        self._follow_volumes()
        states = states_of(self._parts, tuple(self._by_key), now_ns)
        moved = {key for key, state in states.items() if self._states.get(key) != state}
        self._states = states
        for watch in list(self._watches.values()):
            ends_ns = ends_at_ns(self._parts, watch.order)
            if ends_ns is not None and ends_ns <= now_ns:
                self._send(watch, Cause.TIMER)
            elif watch.undecided:
                self._send(watch, Cause.RESUMED)
            elif watch.order.price_key in moved:
                self._send(watch, Cause.VENUE)

    def _follow_volumes(self) -> None:
        keys = {w.order.price_key for w in self._watches.values() if counts_volume(w.order)}
        self._parts.books.follow(
            listing.instrument_id
            for key in keys
            for listing in self._parts.market.listings(*key.split("/"))
        )

    async def run(self) -> None:
        """Look and read, forever."""
        looks = 0
        while True:
            try:
                if looks % READ_LOOKS == 0 or self._unknown_parent:
                    self._unknown_parent = False
                    await self.read()
            except StoreUnavailableError as error:
                log.warning("routed orders not read", error=str(error))
            else:
                looks += 1
            self.look()
            await asyncio.sleep(LOOK_INTERVAL_S)


def _best(levels: tuple[Level, ...]) -> Price | None:
    return levels[0].price if levels else None


def _wakes(wake_up: WakeUp, best: dict[str, tuple[Price | None, Price | None]]) -> bool:
    """Return whether a venue's book is as a wake-up says."""
    bid, offer = best.get(wake_up.mic, (None, None))
    price = offer if wake_up.offers else bid
    if wake_up.price is None:
        return True
    if price is None:
        return False
    return price <= wake_up.price if wake_up.offers else price >= wake_up.price
