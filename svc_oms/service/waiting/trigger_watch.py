"""Watches the orders that wait here, and submits commands for those that may go on.

Theory of operation. PostgreSQL has the waiting orders; this index of them may be thrown away
at any time. Every commit of this replica updates it, and every few seconds it reads the
changes of other replicas. Every replica watches all orders. Prices are pushed in; each is
compared with the orders of its listing. A stop that seems to be reached becomes a command, and
the command worker checks it again with the account locked: the first correct command moves
the order, and later ones find it moved. So a replica may die at any point, and none has to
know of another: a trigger is lost only with the database.

Two streams report the market. Quotes are conflated, one every 100 ms; trades come one by one,
none left out, so that a trade that reaches a stop and is taken back a moment later is seen. A
stop that is compared with a bid, an offer or a midpoint uses quotes only. Once trades of a
listing have come, only they set its last trade: an older or newer quote would change the order
of the trades, and a trailing stop depends on their order.

While a venue is closed or halted, only its trades reach a stop: the print of the closing
auction may come after the close. The stop is then sent when the venue takes it.

Only fresh prices count. A stale quote removes the listing's price, and the end of the quote
stream removes all of them. A stop then waits unchanged for the next fresh price; trades in
between are not made up for. A trade can trigger an order only if the gateway received it after
the order's last change: neither the first message of a stream nor a late one can trigger a
younger stop.

A stop that was reached stays reached. While another command of the order is pending, or when
the worker could not take this one, the command is kept and submitted again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import TypeVar

from kernel.clock import Clock
from mesh.errors import MeshError
from mesh.log import get_logger
from mesh.timestamps import from_timestamp
from ordermesh.marketdata.v1 import market_data_pb2
from svc_oms.domain.commands import ExpireOrder, MoveTrigger, TriggerOrder
from svc_oms.domain.lifecycle import LOCAL
from svc_oms.domain.model import Order, TriggerPriceType, WaitsFor
from svc_oms.domain.numbers import Price
from svc_oms.domain.order_terms import triggers
from svc_oms.domain.order_terms.trading_hours import takes
from svc_oms.service import metrics
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.ports import OrderStore, StoreUnavailableError
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.submissions import (
    EVERY_ACCOUNT,
    CommandKind,
    Outcome,
    Submission,
)

T = TypeVar("T")

log = get_logger("svc_oms.triggers")

# Seconds between looks at all waiting orders: for the end of their time in force, for venues
# that came up, for commands that failed.
LOOK_INTERVAL_S = 1.0
# Looks between two readings of other replicas' changes: the longest time a stop is unwatched
# when the replica that took it dies.
READ_LOOKS = 5
# Orders of one reading; more are read in several.
READ_ORDERS_MAX = 1000
# Seconds between two stored moves of a trailing stop; between them it moves in memory.
MOVE_INTERVAL_S = 1.0
# Commands without outcome; beyond it orders wait for the next look.
IN_FLIGHT_COMMANDS_MAX = 2000
# A price does not count if its stream was silent for longer; it sends heartbeats.
PRICE_AGE_MAX_S = 10.0

ZERO = Decimal(0)
UNTRUSTED = frozenset({market_data_pb2.PRICE_FLAG_CROSSED, market_data_pb2.PRICE_FLAG_NEGATIVE})


def prices_of(quote: market_data_pb2.Quote) -> triggers.Prices | None:
    """Return the prices of a quote that can trigger orders; None if none can.

    Of a book that is crossed or below zero only the last trade counts, and a last price that is
    not the market does not.
    """
    if quote.stale:
        return None
    last = None if quote.last_off_market else _price(quote.last_price)
    if UNTRUSTED.intersection(quote.flags):
        return triggers.Prices(last)
    return triggers.Prices(last, _price(quote.bid_price), _price(quote.ask_price))


def _price(text: str) -> Price | None:
    price = Decimal(text) if text else ZERO
    return Price(price) if price > ZERO else None


def _awaited(order: Order) -> tuple[object, ...]:
    """Return everything that an order waits for and that a change can alter."""
    terms = order.terms
    kind = terms.trigger_price_type
    return order.waits_for, terms.stop_price, terms.trailing_offset, kind


def _group(order: Order) -> tuple[str, str]:
    return order.account_id, order.link.group_id if order.link is not None else ""


def _by_trades(order: Order) -> bool:
    return order.terms.trigger_price_type in {None, TriggerPriceType.LAST}


def _only(kept: dict[str, T], names: Collection[str]) -> dict[str, T]:
    return {name: value for name, value in kept.items() if name in names}


class _Watch:
    """A waiting order, with what only this replica knows of it."""

    __slots__ = ("best", "busy", "due", "moved_at", "order", "since_ns")

    def __init__(self, order: Order) -> None:
        self.order = order
        self.best: Price | None = None
        self.moved_at = float("-inf")
        self.busy = False
        self.due: TriggerOrder | None = None
        """Its stop was reached, and the command for that was not taken yet."""
        self.since_ns = order.updated_at_ns
        """When its last change was; older trades cannot trigger it."""

    def follow(self, order: Order) -> None:
        """Set the order's present state."""
        before, self.order = self.order, order
        if _awaited(before) != _awaited(order):
            self.since_ns = order.updated_at_ns
            self.due = None


class Triggers:
    """The watch; see the head of this file.

    Attributes:
        instruments_moved: Set when the listings whose prices are needed change.
    """

    def __init__(
        self,
        store: OrderStore,
        clock: Clock,
        venues: VenueSessions,
        submit: Callable[[Submission], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._venues = venues
        self._submit = submit
        self._watches: dict[str, _Watch] = {}
        self._by_instrument: defaultdict[str, dict[str, _Watch]] = defaultdict(dict)
        self._by_group: defaultdict[tuple[str, str], dict[str, _Watch]] = defaultdict(dict)
        self._at_venue: dict[str, int] = {}
        """Watched orders that wait for nothing here, and their last sequence."""
        self._prices: dict[str, triggers.Prices] = {}
        self._lasts: dict[str, Price] = {}
        """By listing: its last trade, from the stream of trades."""
        self._last_quoted_ns: dict[str, int] = {}
        """By listing: when its last quote came while quotes had to set the last trade."""
        self._heard_at = float("-inf")
        self._in_flight = 0
        self.instruments_moved = asyncio.Event()

    def __len__(self) -> int:
        return len(self._watches)

    def instruments(self) -> list[str]:
        """Return the listings whose prices are needed, in the order of their names."""
        return sorted(self._by_instrument)

    # From the order book.

    def learn(self, orders: Iterable[Order]) -> None:
        """Set orders after a commit; a state older than the known one is ignored."""
        for order in orders:
            watch = self._watches.get(order.order_id)
            if watch is not None and watch.order.version >= order.version:
                continue
            if order.base_state not in LOCAL:
                if watch is not None:
                    self._forget(watch)
                if order.is_closed:
                    self._look_at_group(order)
                continue
            if watch is None:
                watch = self._watches[order.order_id] = _Watch(order)
                if order.link is not None:
                    self._by_group[_group(order)][order.order_id] = watch
            watch.follow(order)
            self._place(watch)
            self._look(watch)

    def _place(self, watch: _Watch) -> None:
        """Index an order by its listing if it waits for a price."""
        order = watch.order
        if order.waits_for is not WaitsFor.PRICE:
            self._leave(order)
        elif order.order_id not in self._by_instrument[order.instrument_id]:
            if not self._by_instrument[order.instrument_id]:
                self.instruments_moved.set()
            self._by_instrument[order.instrument_id][order.order_id] = watch

    def _look_at_group(self, closed: Order) -> None:
        """Check the orders that may have waited for this one to be closed."""
        for watch in list(self._by_group.get(_group(closed), {}).values()):
            if watch.order.waits_for is WaitsFor.VENUE:
                self._look(watch)

    def _forget(self, watch: _Watch) -> None:
        order = watch.order
        del self._watches[order.order_id]
        members = self._by_group.get(_group(order))
        if members is not None and members.pop(order.order_id, None) is not None and not members:
            del self._by_group[_group(order)]
        self._leave(order)

    def _leave(self, order: Order) -> None:
        orders = self._by_instrument.get(order.instrument_id)
        if orders is not None and orders.pop(order.order_id, None) is not None and not orders:
            del self._by_instrument[order.instrument_id]
            self.instruments_moved.set()

    async def read(self) -> None:
        """Read the changes of other replicas, or everything at the start."""
        known = {order_id: watch.order.version for order_id, watch in self._watches.items()}
        waiting = await self._store.waiting()
        for order_id in known.keys() - waiting.keys():
            watch = self._watches.get(order_id)
            if watch is not None and watch.order.version == known[order_id]:
                self._forget(watch)
        wanted = [
            order_id
            for order_id, last_sequence in waiting.items()
            if self._at_venue.get(order_id) != last_sequence
            and (
                (watch := self._watches.get(order_id)) is None
                or watch.order.last_sequence < last_sequence
            )
        ]
        for start in range(0, len(wanted), READ_ORDERS_MAX):
            rows = await self._store.orders(wanted[start : start + READ_ORDERS_MAX])
            self.learn(read_order(row.body, row.fold) for row in rows)
        # Reduce-only orders at the venue: they are watched for another reason.
        self._at_venue = {i: at for i, at in waiting.items() if i not in self._watches}

    # From the market.

    def silent(self) -> None:
        """Forget all prices: their stream begins anew, or ended."""
        self.quotes_only(())

    def trades_silent(self) -> None:
        """Let quotes set the last trades: the stream of trades begins anew, or ended."""
        self.trades_only(())

    def quotes_only(self, listings: Collection[str]) -> None:
        """Forget the prices of all other listings: no stream reports their changes any more."""
        self._prices = _only(self._prices, listings)
        self._last_quoted_ns = _only(self._last_quoted_ns, listings)

    def trades_only(self, listings: Collection[str]) -> None:
        """Let quotes set the last trades of all other listings."""
        self._lasts = _only(self._lasts, listings)

    def heard(self) -> None:
        """Note that the price stream is alive now."""
        self._heard_at = self._clock.monotonic()

    def priced(self, instrument_id: str) -> bool:
        """Return whether a listing has a price that counts."""
        return instrument_id in self._prices

    def quoted(self, instrument_id: str, quote: market_data_pb2.Quote) -> None:
        """Compare a listing's waiting orders with its quote."""
        prices = prices_of(quote)
        if prices is None:
            self._prices.pop(instrument_id, None)
            return
        if quote.last_off_market:
            self._lasts.pop(instrument_id, None)
        last = self._lasts.get(instrument_id)
        if last is None:
            self._last_quoted_ns[instrument_id] = from_timestamp(quote.received_at)
        else:
            prices = prices._replace(last=last)
        self._prices[instrument_id] = prices
        # Submitting never changes an order before this returns.
        for watch in self._by_instrument.get(instrument_id, {}).values():
            self._hold_against(watch, prices)

    def traded(self, instrument_id: str, trade: market_data_pb2.Trade) -> None:
        """Compare a listing's waiting orders with one of its trades."""
        if trade.withdrawn:
            self._withdrawn(instrument_id)
        price = _price(trade.price)
        if price is None or trade.withdrawn or trade.off_market:
            return
        self._lasts[instrument_id] = price
        if instrument_id in self._prices:
            self._prices[instrument_id] = self._prices[instrument_id]._replace(last=price)
        received_ns = from_timestamp(trade.received_at)
        # A quote that overtook the first trade has reported it already, or a later one.
        quoted_ns = self._last_quoted_ns.get(instrument_id, 0)
        if received_ns < quoted_ns or not self._counts(instrument_id):
            return
        prices = triggers.Prices(price)
        for watch in self._by_instrument.get(instrument_id, {}).values():
            if watch.since_ns <= received_ns and _by_trades(watch.order):
                self._hold_against(watch, prices)

    def _withdrawn(self, instrument_id: str) -> None:
        """Forget the last price: it may be that of the trade; the next quote has the right one."""
        self._lasts.pop(instrument_id, None)
        if instrument_id in self._prices:
            self._prices[instrument_id] = self._prices[instrument_id]._replace(last=None)

    def _counts(self, instrument_id: str) -> bool:
        """Return whether the listing's prices are fresh and their stream is alive."""
        silent_s = self._clock.monotonic() - self._heard_at
        return instrument_id in self._prices and silent_s <= PRICE_AGE_MAX_S

    # Consequences.

    def _look(self, watch: _Watch) -> None:
        """Check one order against what is known now."""
        order = watch.order
        now_ns = self._clock.now_ns()
        ends_ns = triggers.ends_at_ns(order, self._venues.day_ends_at_ns)
        if ends_ns is not None and ends_ns <= now_ns:
            self._send(watch, CommandKind.EXPIRE, ExpireOrder(order.account_id, order.order_id))
        elif order.waits_for is WaitsFor.VENUE:
            if self._venues.is_up(order.venue_mic) and self._taken(order, now_ns):
                command = TriggerOrder(order.account_id, order.order_id)
                self._send(watch, CommandKind.TRIGGER, command)
        elif watch.due is not None:
            self._send(watch, CommandKind.TRIGGER, watch.due)
        elif order.waits_for is WaitsFor.PRICE and self._counts(order.instrument_id):
            self._hold_against(watch, self._prices[order.instrument_id])

    def _taken(self, order: Order, now_ns: int) -> bool:
        """Return whether the order's venue takes it in its present trading session."""
        _, terms = triggers.at_venue(order, order.terms)
        return takes(self._venues.trading(order.venue_mic), terms.time_in_force, now_ns)

    def _hold_against(self, watch: _Watch, prices: triggers.Prices) -> None:
        order = watch.order
        trigger = order.trigger
        if not _by_trades(order) and not self._venues.quotes_count(
            order.instrument_id, self._clock.now_ns()
        ):
            return
        price = triggers.price_of(order.terms.trigger_price_type, prices)
        if price is None or trigger is None:
            return
        if order.terms.trailing_offset is not None:
            best = watch.best
            if best is None or (price < best if order.is_buy else price > best):
                watch.best = price
            assert watch.best is not None
            trigger = triggers.followed(order.side, order.terms, trigger, watch.best)
        if triggers.reached(order.side, trigger, price):
            if watch.due is None:
                watch.due = TriggerOrder(order.account_id, order.order_id, price, watch.best)
            self._send(watch, CommandKind.TRIGGER, watch.due)
        elif trigger != order.trigger and not watch.busy:
            now = self._clock.monotonic()
            if now - watch.moved_at >= MOVE_INTERVAL_S and watch.best is not None:
                watch.moved_at = now
                move = MoveTrigger(order.account_id, order.order_id, watch.best)
                self._send(watch, CommandKind.MOVE_TRIGGER, move)

    def _send(
        self, watch: _Watch, kind: CommandKind, command: TriggerOrder | MoveTrigger | ExpireOrder
    ) -> None:
        if watch.busy or self._in_flight >= IN_FLIGHT_COMMANDS_MAX:
            return
        watch.busy = True
        self._in_flight += 1

        def done(outcome: Outcome) -> None:
            watch.busy = False
            self._in_flight -= 1
            if command is watch.due and not isinstance(outcome, MeshError):
                watch.due = None
            elif watch.due is not None and command is not watch.due:
                self._send(watch, CommandKind.TRIGGER, watch.due)
            if isinstance(outcome, MeshError):
                # The next push or look tries again.
                log.debug(
                    "waiting order not moved",
                    order=watch.order.order_id,
                    command=kind.name,
                    why=outcome.reason,
                )

        self._submit(Submission(kind, command, EVERY_ACCOUNT, b"", done))

    def look(self) -> None:
        """Check every waiting order against what is known now."""
        metrics.WAITING_ORDERS.set(len(self._watches))
        metrics.TRIGGER_PRICES.set(len(self._by_instrument.keys() & self._prices.keys()))
        for watch in list(self._watches.values()):
            self._look(watch)

    async def run(self) -> None:
        """Look and read, forever."""
        looks = 0
        while True:
            try:
                if looks % READ_LOOKS == 0:
                    await self.read()
            except StoreUnavailableError as error:
                log.warning("waiting orders not read", error=str(error))
            else:
                looks += 1
            self.look()
            await asyncio.sleep(LOOK_INTERVAL_S)
