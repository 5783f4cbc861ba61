"""MarketDataSnapshotFullRefresh(W) and MarketDataIncrementalRefresh(X) as contract messages.

The first tag of a repeating group begins an entry wherever it comes again; FIX gives no other
structure, and no dictionary is needed for it.
"""

from collections.abc import Collection

from google.protobuf.timestamp_pb2 import Timestamp

from fix import tags as t
from fix import wire
from fix.wire import BadFieldError, canonical
from kernel.nanoseconds import NS_PER_DAY
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import market_data_pb2 as md
from svc_gateway.adapters.fix.market.auctions import KINDS, Auctions
from svc_gateway.adapters.fix.market.order_entries import (
    SYMBOL_MAX,
    TEXT_MAX,
    book_entry,
    count,
    note_no_price,
)
from svc_gateway.domain.market.book_entries import (
    BID,
    CHANGE,
    DELETE,
    NO_PRICE,
    OFFER,
    BookEntries,
    BookEntry,
    UnknownEntryError,
)
from svc_gateway.domain.market.prints import OffMarket, corrected, off_market
from svc_gateway.domain.market.symbols import SymbolNames
from svc_gateway.domain.sessions.venue_times import VenueTimes
from svc_gateway.service.ports import MarketReading
from svc_gateway.venues import CLOCK_DIFFERENCE_MAX_S

# Symbols whose instrument_id is remembered. Beyond it all are worked out again.
SYMBOLS_REMEMBERED_MAX = 100_000
# Levels of a side that are passed on: the best of a deeper book.
LEVELS_MAX = 1000

_ACTIONS = frozenset({"0", CHANGE, DELETE})
_SIDES = {BID: feed.BOOK_SIDE_BID, OFFER: feed.BOOK_SIDE_ASK}
_TRADE = "2"
# MDEntryType(269) of FIX 5.0: the book is empty.
_EMPTY_BOOK = "J"
_STATISTICS = {"4": "open_price", "5": "close_price", "7": "high_price", "8": "low_price"}
_OFF_MARKET = {
    OffMarket.NOT: md.OFF_MARKET_UNSPECIFIED,
    OffMarket.CONDITION: md.OFF_MARKET_CONDITION,
    OffMarket.NO_SIZE: md.OFF_MARKET_NO_SIZE,
    OffMarket.OLD: md.OFF_MARKET_OLD,
    OffMarket.AHEAD: md.OFF_MARKET_AHEAD,
    OffMarket.CORRECTED: md.OFF_MARKET_CORRECTED,
    OffMarket.NO_PRICE: md.OFF_MARKET_NO_PRICE,
}
_AGGRESSORS = {"1": md.AGGRESSOR_SIDE_BUY, "2": md.AGGRESSOR_SIDE_SELL}

Entry = dict[str, str]


class MarketReader:
    """Reads one market-data session; remembers levels the venue names by id."""

    def __init__(
        self, mic: str, names: SymbolNames | None = None, *, depth: int = 0,
        trade_sizes: bool = True, auction_prices: bool = False,
        off_market_conditions: Collection[str] = (),
        clock_difference_max_s: int = CLOCK_DIFFERENCE_MAX_S,
    ) -> None:  # fmt: skip
        self._mic = mic
        self._times = VenueTimes(clock_difference_max_s)
        # Nanoseconds that the times of the message at hand are moved by.
        self._moved_ns = 0
        self._names = names or SymbolNames()
        self._instrument_ids: dict[str, str] = {}
        self._trade_sizes = trade_sizes
        self._off_market_conditions = off_market_conditions
        # Symbols without figures of the day in the last snapshot.
        self._no_figures: set[str] = set()
        self._auctions = Auctions(reads=auction_prices)
        self._entries = BookEntries(depth)
        self._last_trades: dict[str, tuple[str, str]] = {}

    def forget(self) -> None:
        """Start over: the venue will send whole books."""
        self._entries.clear()
        self._last_trades.clear()
        self._no_figures.clear()
        self._auctions.forget()

    def instrument_id(self, symbol: str) -> str:
        """Return our name of a listing."""
        found = self._instrument_ids.get(symbol)
        if found is not None:
            return found
        if len(symbol) > SYMBOL_MAX:
            raise BadFieldError(f"Symbol(55) has {len(symbol)} characters, at most {SYMBOL_MAX}")
        try:
            made = f"{self._names.name_of(symbol)}.{self._mic}"
        except ValueError as error:
            raise BadFieldError(str(error)) from None
        if len(self._instrument_ids) >= SYMBOLS_REMEMBERED_MAX:
            self._instrument_ids.clear()
        self._instrument_ids[symbol] = made
        return made

    def snapshot(self, raw: str, received_ns: int) -> MarketReading:
        """Read MarketDataSnapshotFullRefresh(W)."""
        head, entries = split(wire.clean(raw), t.MD_ENTRY_TYPE)
        symbol = head.get(t.SYMBOL, "")
        if not symbol:
            raise BadFieldError("Symbol(55) is missing")
        reading = MarketReading()
        at = self._sent_at(head, received_ns, reading)
        received = to_timestamp(received_ns)
        book = feed.FeedUpdate(
            instrument_id=self.instrument_id(symbol), venue_time=at, received_at=received
        )
        book.book.venue_time.CopyFrom(at)
        statistics = feed.Statistics()
        last: Entry = {}
        book_entries: list[BookEntry] = []
        for entry in entries:
            kind = entry[t.MD_ENTRY_TYPE]
            if kind in _SIDES:
                book_entries.append(found := book_entry(entry, kind))
                if not found.price or not found.size:
                    raise BadFieldError("MDEntryPx(270) or MDEntrySize(271) is missing")
                note_no_price(symbol, found, reading.faults)
            elif kind == _TRADE:
                last = entry
            else:
                _statistic(statistics, entry)
        sides = self._entries.replace(symbol, book_entries)
        for side, levels in zip((book.book.bids, book.book.asks), sides, strict=True):
            for level in levels[:LEVELS_MAX]:
                side.add(price=level.price, size=level.size, order_count=level.order_count)
        reading.updates.append(book)
        figures = statistics.ByteSize() > 0
        if figures or symbol not in self._no_figures:
            # What is left out is not known any more.
            statistics.complete = True
            reading.updates.append(
                feed.FeedUpdate(instrument_id=book.instrument_id, venue_time=at,
                                received_at=received, statistics=statistics)
            )  # fmt: skip
        (self._no_figures.discard if figures else self._no_figures.add)(symbol)
        said = self._auctions.replace(symbol, entries, reading.faults)
        self._auction(symbol, said, at, received, reading)
        if last:
            self._last_trade(symbol, last, statistics.volume, at, received, reading)
        return reading

    def _last_trade(
        self, symbol: str, entry: Entry, volume: str, at: Timestamp, received: Timestamp,
        reading: MarketReading,
    ) -> None:  # fmt: skip
        """Pass on the trade at the end of a snapshot, unless it was passed on already.

        A snapshot's last trade mostly has no id. It gets one made of its fields, so that the next
        snapshot does not report it again.
        """
        before = self._last_trades.get(symbol)
        update = self._trade(symbol, entry, at, received)
        trade = update.trade
        if not trade.trade_id:
            if before == (trade.price, trade.size):
                return
            trade.trade_id = f"last-{trade.price}-{trade.size}-{volume}"
            trade.last_of_snapshot = True
        reading.updates.append(update)

    def incremental(self, raw: str, received_ns: int) -> MarketReading:
        """Read MarketDataIncrementalRefresh(X). A Symbol(55) applies to the entries after it."""
        head, entries = split(wire.clean(raw), t.MD_UPDATE_ACTION)
        if not entries and head.get(t.NO_MD_ENTRIES, "0") != "0":
            raise BadFieldError("MDUpdateAction(279) is missing")
        reading = MarketReading()
        at = self._sent_at(head, received_ns, reading)
        received = to_timestamp(received_ns)
        symbol = head.get(t.SYMBOL, "")
        for entry in entries:
            symbol = entry.get(t.SYMBOL, symbol)
            if not symbol:
                reading.faults.append("MsgType(35) 'X': Symbol(55) is missing")
                reading.lost = True
                continue
            try:
                self._change(symbol, entry, at, received, reading)
            except UnknownEntryError:
                self.lose(symbol, received_ns, reading)
            except BadFieldError as error:
                # The other entries are passed on; the book of this one is requested anew.
                reading.faults.append(f"MsgType(35) 'X', {symbol[:SYMBOL_MAX]!r}: {error}")
                self.lose(symbol, received_ns, reading)
        self._entries.end_message()
        return reading

    def lose(self, symbol: str, received_ns: int, reading: MarketReading) -> None:
        """Have the book of a listing stale, and requested anew: a change of it was lost."""
        try:
            update = feed.FeedUpdate(instrument_id=self.instrument_id(symbol), book_incomplete=True)
        except BadFieldError:
            return  # no listing of ours
        reading.refresh.add(symbol)
        update.received_at.CopyFrom(to_timestamp(received_ns))
        reading.updates.append(update)

    def _change(
        self, symbol: str, entry: Entry, at: Timestamp, received: Timestamp, reading: MarketReading
    ) -> None:
        kind = entry.get(t.MD_ENTRY_TYPE, "")
        action = entry[t.MD_UPDATE_ACTION]
        if action not in _ACTIONS:
            raise BadFieldError(f"MDUpdateAction(279) {action[:20]!r} is not 0, 1 or 2")
        if not kind:
            kind = self._kind_of(symbol, entry)
        if kind in _SIDES:
            self._level_change(symbol, entry, kind, at, received, reading)
        elif kind in KINDS:
            said = self._auctions.change(symbol, entry, reading.faults)
            self._auction(symbol, said, at, received, reading)
        elif kind == _EMPTY_BOOK:
            self._entries.replace(symbol, ())
            reading.updates.append(self._empty_book(symbol, at, received))
        elif action == DELETE:
            # A figure withdrawn is not passed on.
            if kind == _TRADE and _former_trade_id(entry):
                reading.updates.append(self._withdrawn(symbol, entry, at, received))
        elif kind == _TRADE:
            self._trade_reported(symbol, entry, at, received, reading)
        else:
            self._figure(symbol, entry, at, received, reading)

    def _figure(
        self, symbol: str, entry: Entry, at: Timestamp, received: Timestamp, reading: MarketReading
    ) -> None:
        self._no_figures.discard(symbol)
        statistics = feed.Statistics()
        _statistic(statistics, entry)
        if statistics.ByteSize():
            reading.updates.append(
                feed.FeedUpdate(instrument_id=self.instrument_id(symbol), venue_time=at,
                                received_at=received, statistics=statistics)
            )  # fmt: skip

    def _kind_of(self, symbol: str, entry: Entry) -> str:
        """Return MDEntryType(269) of an entry without it, which is in the book or is a trade.

        Raises:
            BadFieldError: It cannot be either.
            UnknownEntryError: It can be either.
        """
        action = entry[t.MD_UPDATE_ACTION]
        if action not in {CHANGE, DELETE} or not _former_trade_id(entry):
            raise BadFieldError("MDEntryType(269) is missing")
        former = entry.get(t.MD_ENTRY_REF_ID) or entry.get(t.MD_ENTRY_ID, "")
        kind = self._entries.side_of(symbol, former[:TEXT_MAX])
        if not kind and action == CHANGE and self._entries.names(symbol):
            raise UnknownEntryError("MDEntryType(269) is missing")
        return kind or _TRADE

    def _trade_reported(
        self, symbol: str, entry: Entry, at: Timestamp, received: Timestamp, reading: MarketReading
    ) -> None:
        correction = entry[t.MD_UPDATE_ACTION] == CHANGE
        update = self._trade(symbol, entry, at, received, correction=correction)
        if correction:
            reading.updates.append(self._withdrawn(symbol, entry, at, received, named=False))
        reading.updates.append(update)

    def _level_change(
        self, symbol: str, entry: Entry, kind: str, at: Timestamp, received: Timestamp,
        reading: MarketReading,
    ) -> None:  # fmt: skip
        action = entry[t.MD_UPDATE_ACTION]
        if t.MD_ENTRY_ID in entry or t.MD_ENTRY_REF_ID in entry or self._entries.names(symbol):
            change, ref_id = book_entry(entry, kind), entry.get(t.MD_ENTRY_REF_ID, "")
            if action != DELETE:
                note_no_price(symbol, change, reading.faults)
            for now in self._entries.apply(symbol, action, change, ref_id):
                reading.updates.append(self._level(symbol, now, at, received))
            return
        price = canonical(entry.get(t.MD_ENTRY_PX, ""), "MDEntryPx(270)")
        size = "0"
        if action != DELETE:
            size = wire.quantity(entry.get(t.MD_ENTRY_SIZE, ""), "MDEntrySize(271)")
        if not price or not size:
            raise UnknownEntryError("MDEntryPx(270) or MDEntrySize(271) is missing")
        level = BookEntry(kind, "", price, size, count(entry))
        note_no_price(symbol, level, reading.faults)
        if price != NO_PRICE:
            reading.updates.append(self._level(symbol, level, at, received))

    def _auction(
        self, symbol: str, said: md.AuctionIndication | None, at: Timestamp, received: Timestamp,
        reading: MarketReading,
    ) -> None:  # fmt: skip
        if said is not None:
            reading.updates.append(
                feed.FeedUpdate(instrument_id=self.instrument_id(symbol), venue_time=at,
                                received_at=received, auction=said)
            )  # fmt: skip

    def _empty_book(self, symbol: str, at: Timestamp, received: Timestamp) -> feed.FeedUpdate:
        update = feed.FeedUpdate(
            instrument_id=self.instrument_id(symbol), venue_time=at, received_at=received
        )
        update.book.venue_time.CopyFrom(at)
        return update

    def _level(
        self, symbol: str, now: BookEntry, at: Timestamp, received: Timestamp
    ) -> feed.FeedUpdate:
        # Field by field: half the time of nested constructors.
        update = feed.FeedUpdate(instrument_id=self.instrument_id(symbol))
        update.venue_time.CopyFrom(at)
        update.received_at.CopyFrom(received)
        level = update.level
        side, _, level.price, level.size, level.order_count = now
        level.side = _SIDES[side]
        return update

    def _sent_at(self, head: Entry, received_ns: int, reading: MarketReading) -> Timestamp:
        """Return when a message was sent; by the receipt, if the venue's clock is far from ours."""
        sent_ns = wire.utc_ns(head.get(t.SENDING_TIME, ""))
        self._moved_ns = self._times.moved_by_ns(sent_ns, received_ns)
        reading.moved_by_ns = self._moved_ns
        return to_timestamp(sent_ns + self._moved_ns)

    def _trade(
        self, symbol: str, entry: Entry, at: Timestamp, received: Timestamp,
        *, correction: bool = False,
    ) -> feed.FeedUpdate:  # fmt: skip
        price = canonical(entry.get(t.MD_ENTRY_PX, ""), "MDEntryPx(270)")
        size = wire.quantity(entry.get(t.MD_ENTRY_SIZE, ""), "MDEntrySize(271)") or "0"
        if not price:
            raise BadFieldError("MDEntryPx(270) is missing")
        self._last_trades[symbol] = (price, size)
        sent_ns = at.ToNanoseconds() or received.ToNanoseconds()
        made_ns = self._made_ns(entry, sent_ns)
        made = to_timestamp(made_ns) if made_ns else at
        why = off_market(
            entry.get(t.TRADE_CONDITION, ""), self._off_market_conditions,
            has_price=price != "0", has_size=size != "0" or not self._trade_sizes,
            made_ns=made_ns or sent_ns, sent_ns=sent_ns,
        )  # fmt: skip
        trade = md.Trade(
            trade_id=_trade_id(entry),
            price=price,
            size=size,
            aggressor=_AGGRESSORS.get(
                entry.get(t.AGGRESSOR_SIDE, ""), md.AGGRESSOR_SIDE_UNSPECIFIED
            ),
            venue_time=made,
            off_market=_OFF_MARKET[corrected(why) if correction else why],
        )
        return feed.FeedUpdate(
            instrument_id=self.instrument_id(symbol),
            venue_time=made,
            received_at=received,
            trade=trade,
        )

    def _withdrawn(
        self, symbol: str, entry: Entry, at: Timestamp, received: Timestamp, *, named: bool = True
    ) -> feed.FeedUpdate:
        """Withdraw a trade; `named`: price and size of the entry are those of that trade.

        Ids come again on another day: the time of the entry says which trade it is.
        """
        made_ns = self._made_ns(entry, at.ToNanoseconds() or received.ToNanoseconds())
        made = to_timestamp(made_ns) if made_ns else at
        trade = md.Trade(trade_id=_former_trade_id(entry), withdrawn=True, venue_time=made)
        if named:
            trade.price = canonical(entry.get(t.MD_ENTRY_PX, ""), "MDEntryPx(270)")
            trade.size = wire.quantity(entry.get(t.MD_ENTRY_SIZE, ""), "MDEntrySize(271)")
        return feed.FeedUpdate(
            instrument_id=self.instrument_id(symbol), venue_time=at, received_at=received,
            trade=trade,
        )  # fmt: skip

    def _made_ns(self, entry: Entry, sent_ns: int) -> int:
        """Return when the trade of an entry was made, by our clock; 0 if the entry has no time."""
        made_ns = _made_ns(entry, sent_ns - self._moved_ns)
        return made_ns and made_ns + self._moved_ns


def split(raw: str, first_tag: str) -> tuple[Entry, list[Entry]]:
    """Return the fields before a repeating group, and the entries of the group."""
    head: Entry = {}
    entries: list[Entry] = []
    current = head
    for tag, value in wire.pairs(raw):
        if tag == first_tag:
            current = {}
            entries.append(current)
        current.setdefault(tag, value)
    return head, entries


def _trade_id(entry: Entry) -> str:
    return (entry.get(t.TRADE_ID) or entry.get(t.MD_ENTRY_ID, ""))[:TEXT_MAX]


def _former_trade_id(entry: Entry) -> str:
    """Return the id that a trade had before this correction or withdrawal of it."""
    named = entry.get(t.TRADE_ID) or entry.get(t.MD_ENTRY_REF_ID) or entry.get(t.MD_ENTRY_ID, "")
    return named[:TEXT_MAX]


def _made_ns(entry: Entry, sent_ns: int) -> int:
    """Return when a trade was made; 0 if the entry has no time.

    A time without date is the one nearest to when the message was sent.
    """
    time = entry.get(t.MD_ENTRY_TIME, "")
    if not time or entry.get(t.MD_ENTRY_DATE):
        return wire.utc_ns(f"{entry.get(t.MD_ENTRY_DATE, '')}-{time}")
    made_ns = wire.utc_ns(f"{wire.utc_text(sent_ns)[:8]}-{time}")
    days = (sent_ns - made_ns + NS_PER_DAY // 2) // NS_PER_DAY
    return made_ns and made_ns + days * NS_PER_DAY


def _statistic(out: feed.Statistics, entry: Entry) -> None:
    kind = entry.get(t.MD_ENTRY_TYPE, "")
    if kind in _STATISTICS:
        price = canonical(entry.get(t.MD_ENTRY_PX, ""), "MDEntryPx(270)")
        if price != "0":  # no price: a venue has none yet
            setattr(out, _STATISTICS[kind], price)
    elif kind == "B":
        out.volume = wire.quantity(entry.get(t.MD_ENTRY_SIZE, ""), "MDEntrySize(271)")
