"""Market-data sessions: security list, subscriptions, and the conflated publication.

Every entry of a message has the same fields in the same order, also where FIX would let some
out, so that a reader without a data dictionary can take the k-th value of each tag together.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fix.wire import SOH, read_all, utc_text
from sim_exchange.adapters.fix.indications import AUCTION_TYPES, Indications, snapshot_entries
from sim_exchange.adapters.fix.outbound import Sender
from sim_exchange.adapters.fix.wire import price_text
from sim_exchange.domain.order import Side
from sim_exchange.domain.prices import TickTable
from sim_exchange.instruments import Instrument
from sim_exchange.service.calendar import Phase, TradingHours
from sim_exchange.service.depth import DEPTH_MAX, LevelChange, PublishedDepth
from sim_exchange.service.market import Market, Trade
from sim_exchange.service.venue import Venue

SUBSCRIPTIONS_MAX = 100
"""Subscriptions of one session; one more is refused with MDReqRejReason(281)=D."""

ENTRIES_MAX = 200
"""Entries in one incremental message; the rest goes into the next."""

_ENTRY_TYPES = {Side.BUY: "0", Side.SELL: "1"}
_STATUSES = {Phase.OPEN: 2, Phase.CLOSED: 3, Phase.OPENING: 4, Phase.CLOSING: 5}
"""TradSesStatus(340)."""
_AGGRESSORS = {None: "0", Side.BUY: "1", Side.SELL: "2"}


class _RefusedError(ValueError):
    """A market-data request is refused: MDReqRejReason(281) and a text."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(slots=True)
class _Subscription:
    client: str
    request_id: str
    symbols: frozenset[str]
    depth: int
    books: bool
    trades: bool
    auctions: bool


@dataclass(slots=True)
class _Round:
    """Text of one publication, made once for all who read it."""

    levels: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    trades: dict[str, list[str]] = field(default_factory=dict)
    auctions: dict[str, list[str]] = field(default_factory=dict)


class MarketDataSessions:
    """Handles the market-data sessions. `publish` and `handle` take the venue's lock."""

    def __init__(
        self, venue: Venue, sender: Sender, hours: TradingHours,
        without_prices: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self._venue = venue
        self._without_prices = without_prices
        self._hours = hours
        self._sender = sender
        self._subscriptions: dict[tuple[str, str], _Subscription] = {}
        self._published: dict[tuple[str, int], PublishedDepth] = {}
        self._indications = Indications()
        self._session_watchers: set[str] = set()
        self._status_watchers: dict[str, set[str]] = {}
        self._handlers: dict[str, Callable[[str, dict[str, str], str, int], None]] = {
            "V": self._market_data_request,
            "x": self._security_list,
            "g": self._trading_session_status,
            "e": self._security_status,
        }
        venue.on_state.append(self._state_changed)

    def handle(
        self, client: str, msg_type: str, fields: dict[str, str], text: str, now_ns: int
    ) -> bool:
        """Handle a message; False for a type that is not handled here."""
        handler = self._handlers.get(msg_type)
        if handler is None:
            return False
        with self._venue.lock:
            self._drop_lost_sessions()
            handler(client, fields, text, now_ns)
        return True

    # -- publication --------------------------------------------------------------------------

    def publish(self, now_ns: int) -> None:
        """Send what changed since the last time to all subscribers."""
        with self._venue.lock:
            self._publish(now_ns)

    def _publish(self, now_ns: int) -> None:
        changed = self._venue.changed_markets
        if not changed:
            return
        self._drop_lost_sessions()
        round_ = _Round()
        for (symbol, depth), published in self._published.items():
            if symbol in changed:
                entries = [_level_entry(symbol, change) for change in published.advance()]
                round_.levels[symbol, depth] = entries
        for symbol, market in changed.items():
            if market.pending_trades:
                entries = [_trade_entry(symbol, trade) for trade in market.pending_trades]
                round_.trades[symbol] = entries
                market.pending_trades.clear()
            entries = self._indications.changes(symbol, self._venue.indication(market))
            if entries:
                round_.auctions[symbol] = entries
        changed.clear()
        for subscription in self._subscriptions.values():
            self._publish_to(subscription, round_)
        del now_ns

    def _publish_to(self, subscription: _Subscription, round_: _Round) -> None:
        if subscription.books:
            depth = subscription.depth
            self._send_entries(
                subscription,
                [
                    entry
                    for (symbol, at_depth), entries in round_.levels.items()
                    if at_depth == depth and symbol in subscription.symbols
                    for entry in entries
                ],
            )
        if subscription.trades:
            self._send_entries(
                subscription,
                [
                    entry
                    for symbol, entries in round_.trades.items()
                    if symbol in subscription.symbols
                    for entry in entries
                ],
            )
        if subscription.auctions:
            for symbol in sorted(round_.auctions.keys() & subscription.symbols):
                self._send_entries(subscription, round_.auctions[symbol])

    def _send_entries(self, subscription: _Subscription, entries: list[str]) -> None:
        for start in range(0, len(entries), ENTRIES_MAX):
            part = entries[start : start + ENTRIES_MAX]
            body = SOH.join([subscription.request_id, f"268={len(part)}", *part])
            self._sender.send(subscription.client, "X", 262, body)

    def _drop_lost_sessions(self) -> None:
        lost = self._sender.lost
        while lost:
            client = lost.popleft()
            for key in [key for key in self._subscriptions if key[0] == client]:
                self._unsubscribe(key)
            self._session_watchers.discard(client)
            self._status_watchers.pop(client, None)

    def _unsubscribe(self, key: tuple[str, str]) -> None:
        gone = self._subscriptions.pop(key)
        still_read = {
            (symbol, subscription.depth)
            for subscription in self._subscriptions.values()
            for symbol in subscription.symbols
        }
        for symbol in gone.symbols:
            if (symbol, gone.depth) not in still_read:
                self._published.pop((symbol, gone.depth), None)

    # -- requests -------------------------------------------------------------------------------

    def _market_data_request(
        self, client: str, fields: dict[str, str], text: str, now_ns: int
    ) -> None:
        request_id = fields.get("262", "")
        try:
            self._subscribe(client, request_id, fields, text, now_ns)
        except _RefusedError as error:
            body = f"{request_id or 'NONE'}\x01281={error.reason}\x0158={error}"
            self._sender.send(client, "Y", 262, body)

    def _subscribe(
        self, client: str, request_id: str, fields: dict[str, str], text: str, now_ns: int
    ) -> None:
        key = (client, request_id)
        kind = fields.get("263", "")
        if not request_id:
            raise _RefusedError("1", "required field MDReqID(262) is missing")
        if kind == "2":
            if key in self._subscriptions:
                self._unsubscribe(key)
            return
        if kind not in {"0", "1"}:
            raise _RefusedError("4", f"SubscriptionRequestType(263) '{kind}' is not 0, 1 or 2")
        if key in self._subscriptions:
            raise _RefusedError("1", f"MDReqID(262) '{request_id}' is subscribed already")
        if sum(owner == client for owner, _ in self._subscriptions) >= SUBSCRIPTIONS_MAX:
            raise _RefusedError("D", f"more than {SUBSCRIPTIONS_MAX} subscriptions")
        depth = _read_depth(fields)
        symbols = self._read_symbols(text)
        types = set(read_all(text, "269")) or {"0", "1", "2"}
        subscription = _Subscription(
            client,
            request_id,
            frozenset(symbols),
            depth,
            books=bool(types & {"0", "1"}),
            trades="2" in types,
            auctions=bool(types & AUCTION_TYPES),
        )
        # Readers of the same depth get what is due first, so that the snapshot below is
        # exactly where the next increment continues.
        self._publish(now_ns)
        for symbol in symbols:
            market = self._venue.markets[symbol]
            if kind == "1":
                published = self._published.setdefault(
                    (symbol, depth), PublishedDepth(market.book, depth)
                )
            else:
                published = PublishedDepth(market.book, depth)
            published.advance()
            self._send_snapshot(subscription, market, published, now_ns)
        if kind == "1":
            self._subscriptions[key] = subscription

    def _read_symbols(self, text: str) -> list[str]:
        """Return the requested symbols, all if none is named."""
        markets = self._venue.markets
        symbols = list(dict.fromkeys(read_all(text, "55"))) or list(markets)
        unknown = [symbol for symbol in symbols if symbol not in markets]
        if unknown:
            raise _RefusedError("0", f"symbol '{unknown[0]}' is not listed")
        refused = [symbol for symbol in symbols if symbol in self._without_prices]
        if refused:
            raise _RefusedError("3", f"no permission for the prices of '{refused[0]}'")
        return symbols

    def _send_snapshot(
        self, subscription: _Subscription, market: Market, published: PublishedDepth, now_ns: int
    ) -> None:
        entries = []
        if subscription.books:
            for side in (Side.BUY, Side.SELL):
                entry_type = _ENTRY_TYPES[side]
                entries += [
                    _snapshot_entry(entry_type, price, state.quantity, state.orders)
                    for price, state in published.sides[side].items()
                ]
        if subscription.trades:
            statistics = (
                ("2", market.last_price, market.last_quantity),
                ("4", market.open_price, 0),
                ("7", market.high_price, 0),
                ("8", market.low_price, 0),
            )
            entries += [
                _snapshot_entry(entry_type, price, quantity, 0)
                for entry_type, price, quantity in statistics
                if price
            ]
            entries.append(_snapshot_entry("B", 0, market.volume, 0))
        if subscription.auctions:
            entries += snapshot_entries(self._venue.indication(market))
        if market.close_price or not entries:
            entries.append(_snapshot_entry("5", market.close_price, 0, 0))
        listed = market.instrument
        body = SOH.join(
            [
                subscription.request_id,
                f"55={listed.symbol}",
                f"48={listed.isin}",
                "22=4",
                f"207={self._venue.mic}",
                f"60={utc_text(now_ns)}",
                f"268={len(entries)}",
                *entries,
            ]
        )
        self._sender.send(subscription.client, "W", 262, body)

    def _security_list(self, client: str, fields: dict[str, str], text: str, now_ns: int) -> None:
        del text
        request_id = fields.get("320", "")
        wanted: Iterable[Market] = self._venue.markets.values()
        if fields.get("559") == "0":
            market = self._venue.markets.get(fields.get("55", ""))
            wanted = [market] if market else []
        listed = [market.instrument for market in wanted]
        if not listed:
            body = f"{request_id}\x01322={request_id}-{now_ns}\x01560=2\x01146=0"
            self._sender.send(client, "y", 320, body)
        for place, instrument in enumerate(listed, 1):
            body = SOH.join(
                [
                    request_id,
                    f"322={request_id}-{place}",
                    "560=0",
                    f"393={len(listed)}",
                    f"893={'Y' if place == len(listed) else 'N'}",
                    "146=1",
                    *_security_fields(instrument, self._venue.mic),
                ]
            )
            self._sender.send(client, "y", 320, body)

    def _trading_session_status(
        self, client: str, fields: dict[str, str], text: str, now_ns: int
    ) -> None:
        del text
        if fields.get("263", "1") == "1":
            self._session_watchers.add(client)
        elif fields.get("263") == "2":
            self._session_watchers.discard(client)
            return
        self._send_session_status(client, fields.get("335", ""), now_ns)

    def _send_session_status(self, client: str, request_id: str, now_ns: int) -> None:
        # UnsolicitedIndicator(325). TradSesCloseTime(344).
        closes_at_ns = self._hours.closes_at_ns(now_ns)
        parts = [
            f"{self._venue.mic}-DAY",
            *([f"335={request_id}", "325=N"] if request_id else ["325=Y"]),
            f"340={_STATUSES[self._venue.phase]}",
            *([f"344={utc_text(closes_at_ns)}"] if closes_at_ns else []),
            f"60={utc_text(now_ns)}",
            "58=simulated venue: prices are invented",
        ]
        self._sender.send(client, "h", 336, SOH.join(parts))

    def _security_status(self, client: str, fields: dict[str, str], text: str, now_ns: int) -> None:
        del text
        request_id, symbol = fields.get("324", ""), fields.get("55", "")
        market = self._venue.markets.get(symbol)
        if market is None:
            # SecurityTradingStatus(326)=20: unknown or invalid.
            body = f"{request_id}\x0155={symbol}\x01326=20\x0158=symbol is not listed"
            self._sender.send(client, "f", 324, body)
            return
        watched = self._status_watchers.setdefault(client, set())
        if fields.get("263") == "1":
            watched.add(symbol)
        elif fields.get("263") == "2":
            watched.discard(symbol)
            return
        self._send_security_status(client, market, request_id, now_ns)

    def _send_security_status(
        self, client: str, market: Market, request_id: str, now_ns: int
    ) -> None:
        # SecurityTradingStatus(326): 2 trading halt, 17 ready to trade.
        parts = [
            market.instrument.symbol,
            *([f"324={request_id}", "325=N"] if request_id else ["325=Y"]),
            f"326={2 if market.book.halted else 17}",
            f"207={self._venue.mic}",
            f"60={utc_text(now_ns)}",
        ]
        self._sender.send(client, "f", 55, SOH.join(parts))

    def _state_changed(self, market: Market | None, now_ns: int) -> None:
        self._drop_lost_sessions()
        if market is None:
            for client in self._session_watchers:
                self._send_session_status(client, "", now_ns)
            return
        symbol = market.instrument.symbol
        readers = {s.client for s in self._subscriptions.values() if symbol in s.symbols}
        readers |= {c for c, watched in self._status_watchers.items() if symbol in watched}
        for client in readers:
            self._send_security_status(client, market, "", now_ns)


def _read_depth(fields: dict[str, str]) -> int:
    """MarketDepth(264) in levels; 0 is the full book."""
    text = fields.get("264", "0")
    if not text.isascii() or not text.isdigit():
        raise _RefusedError("5", f"MarketDepth(264) '{text}' is not a number")
    return min(int(text) or DEPTH_MAX, DEPTH_MAX)


def _level_entry(symbol: str, change: LevelChange) -> str:
    return (
        f"279={change.action}\x01269={_ENTRY_TYPES[change.side]}\x0155={symbol}"
        f"\x01270={price_text(change.price)}\x01271={change.quantity}\x01346={change.orders}"
    )


def _trade_entry(symbol: str, trade: Trade) -> str:
    day, _, time = utc_text(trade.now_ns).partition("-")
    return (
        f"279=0\x01269=2\x01278={trade.trade_id}\x0155={symbol}"
        f"\x01270={price_text(trade.price)}\x01271={trade.quantity}"
        f"\x01272={day}\x01273={time}\x012446={_AGGRESSORS[trade.aggressor]}"
    )


def _snapshot_entry(entry_type: str, price: int, quantity: int, orders: int) -> str:
    return f"269={entry_type}\x01270={price_text(price)}\x01271={quantity}\x01346={orders}"


def _security_fields(instrument: Instrument, mic: str) -> list[str]:
    return [
        f"55={instrument.symbol}",
        f"48={instrument.isin}",
        "22=4",
        f"461={instrument.cfi}",
        f"207={mic}",
        f"107={instrument.name}",
        f"15={instrument.currency}",
        f"561={instrument.lot}",
        f"1140={instrument.max_quantity}",
        *_tick_fields(instrument.ticks),
        "58=simulated",
    ]


def _tick_fields(table: TickTable) -> list[str]:
    """NoTickRules(1205): bands with the same tick as the one before are left out."""
    bands = [
        band
        for place, band in enumerate(table.bands)
        if place == 0 or band.tick_size != table.bands[place - 1].tick_size
    ]
    fields = [f"1205={len(bands)}"]
    for place, band in enumerate(bands):
        fields.append(f"1206={price_text(band.from_price)}")
        # The last band has no end.
        if place + 1 < len(bands):
            fields.append(f"1207={price_text(bands[place + 1].from_price)}")
        fields.append(f"1208={price_text(band.tick_size)}")
    return fields
