"""A file of ITCH 5.0 as a source: played at its own pace, or faster, from now on."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from feeds.itch.books import BUY, SELL, Books, Level, Trade
from feeds.itch.messages import PRICE_PLACES, ItchError, Message, read_messages, text_of
from feeds.source import Changes
from kernel.clock import Clock
from kernel.decimals import format_scaled
from kernel.names.symbol_names import NAME_CHARACTERS_MAX, name_of_symbol
from kernel.nanoseconds import NS_PER_S
from mesh.timestamps import set_timestamp, to_timestamp
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from ordermesh.marketdata.v1 import market_data_pb2 as md

MESSAGES_AT_ONCE_MAX = 1_000
"""Messages that one call of `next_changes` takes from the file."""
SIDES = {BUY: feed.BOOK_SIDE_BID, SELL: feed.BOOK_SIDE_ASK}
TAKERS = {
    BUY: md.AGGRESSOR_SIDE_BUY,
    SELL: md.AGGRESSOR_SIDE_SELL,
    b"": md.AGGRESSOR_SIDE_UNSPECIFIED,
}
# Trading state of StockTradingAction(H): halted, paused, quotation only, trading.
STOCK_STATUSES = {
    b"H": instruments.TRADING_STATUS_HALTED,
    b"P": instruments.TRADING_STATUS_HALTED,
    b"Q": instruments.TRADING_STATUS_AUCTION,
    b"T": instruments.TRADING_STATUS_OPEN,
}
# Event code of SystemEvent(S): orders are taken from the start to the end of system hours.
VENUE_STATUSES = {
    b"O": instruments.TRADING_STATUS_CLOSED,
    b"S": instruments.TRADING_STATUS_OPEN,
    b"Q": instruments.TRADING_STATUS_OPEN,
    b"M": instruments.TRADING_STATUS_OPEN,
    b"E": instruments.TRADING_STATUS_CLOSED,
    b"C": instruments.TRADING_STATUS_CLOSED,
}
# Rule 612 of Regulation NMS: 0.01 from one dollar on, 0.0001 below.
TICKS = (("0", "0.0001"), ("1", "0.01"))
BEFORE_TRADING = frozenset({b"S", b"R", b"H"})


class ItchFile:
    """A file that is played.

    The times of its messages are moved: the first order comes now, the others as much later as
    they came then, divided by the speed. All prices are marked as simulated, for no market has
    them now.

    Args:
        path: The file, packed by gzip if its name ends with ".gz".
        mic: The venue under which it is shown, ISO 10383.
        currency: Of all stocks, ISO 4217.
        speed: How many times faster than it was; 0 for as fast as possible.
        clock: Gives the present time.

    Raises:
        ItchError: The file cannot be read, or has no message.
        OSError: There is no such file.
    """

    def __init__(self, path: Path, *, mic: str, currency: str, speed: float, clock: Clock) -> None:
        self._mic = mic
        self._currency = currency
        self._speed = speed
        self._clock = clock
        self._books = Books()
        self._listings: dict[str, instruments.Instrument] = {}
        self._status = md.VenueStatus(venue_mic=mic, feed_up=True, simulated=True)
        set_timestamp(self._status.since, clock.now_ns())
        self._messages = read_messages(path)
        self._ahead = next(self._messages, None)
        if self._ahead is None:
            raise ItchError(f"{path.name} has no message")
        self._begun: tuple[int, int] | None = None
        while self._ahead is not None and self._ahead.kind in BEFORE_TRADING:
            self._fold(self._ahead)
            self._ahead = next(self._messages, None)

    def listings(self) -> Sequence[instruments.Instrument]:
        """Return all stocks of StockDirectory(R), with their newest status."""
        return list(self._listings.values())

    def books(self) -> Sequence[feed.FeedUpdate]:
        """Return the whole book of every stock."""
        now = to_timestamp(self._clock.now_ns())
        return [
            feed.FeedUpdate(
                instrument_id=listing.instrument_id,
                venue_time=now,
                received_at=now,
                book=md.Book(bids=self._side(stock, BUY), asks=self._side(stock, SELL)),
            )
            for stock, listing in self._listings.items()
        ]

    def status(self) -> md.VenueStatus:
        """Return whether the venue trades, by the last SystemEvent(S)."""
        return self._status

    async def next_changes(self) -> Changes | None:
        """Return what the messages that are due now change; wait for the first of them."""
        if self._ahead is None:
            return None
        await asyncio.sleep(self._due_in_s(self._ahead))
        listings: dict[str, instruments.Instrument] = {}
        updates: list[feed.FeedUpdate] = []
        status = None
        for message in self._due():
            updates.extend(self._updates(message))
            stock = self._fold(message)
            if stock is not None:
                listings[stock] = self._listings[stock]
            elif message.kind == b"S":
                status = self._status
        return Changes(updates=updates, listings=list(listings.values()), status=status)

    def _due(self) -> Iterator[Message]:
        for _ in range(MESSAGES_AT_ONCE_MAX):
            if self._ahead is None or self._due_in_s(self._ahead) > 0:
                return
            yield self._ahead
            self._ahead = next(self._messages, None)

    def _due_in_s(self, message: Message) -> float:
        return max(0.0, (self._moved_ns(message) - self._clock.now_ns()) / NS_PER_S)

    def _moved_ns(self, message: Message) -> int:
        """Return when a message is due: nanoseconds since 1970."""
        if self._begun is None:
            self._begun = (self._clock.now_ns(), message.at_ns)
        if not self._speed:
            return self._clock.now_ns()
        began_ns, first_ns = self._begun
        return began_ns + int((message.at_ns - first_ns) / self._speed)

    def _fold(self, message: Message) -> str | None:
        """Take what a message says of stocks and of the venue; return the stock it is about."""
        if message.kind == b"R":
            return self._listed(message)
        if message.kind == b"H":
            stock = text_of(message.fields[0])
            status = STOCK_STATUSES.get(message.fields[1])
            if stock in self._listings and status is not None:
                self._listings[stock].trading_status = status
                return stock
        if message.kind == b"S":
            event = message.fields[0]
            status = VENUE_STATUSES.get(event)
            if status is not None:
                self._status.trading_status = status
                set_timestamp(self._status.since, self._clock.now_ns())
        return None

    def _listed(self, message: Message) -> str | None:
        stock, _, _, lot, lots_only, *_ = message.fields
        fund = message.fields[11] == b"Y"
        symbol = text_of(stock)
        name = name_of_symbol(symbol)
        if not 0 < len(name) <= NAME_CHARACTERS_MAX:
            return None
        listing = instruments.Instrument(
            instrument_id=f"{name}.{self._mic}",
            symbol=name,
            venue_mic=self._mic,
            name=symbol,
            kind=instruments.INSTRUMENT_KIND_ETF if fund else instruments.INSTRUMENT_KIND_SHARE,
            currency=self._currency,
            lot_size=str(lot) if lots_only == b"Y" else "1",
            simulated=True,
            venue_symbol="" if name == symbol else symbol,
        )
        for from_price, tick in TICKS:
            listing.tick_table.add(from_price=from_price, tick_size=tick)
        set_timestamp(listing.updated_at, self._clock.now_ns())
        self._listings[symbol] = listing
        return symbol

    def _updates(self, message: Message) -> Iterator[feed.FeedUpdate]:
        changes = self._books.apply(message)
        if not changes:
            return
        venue_time = to_timestamp(self._moved_ns(message))
        received = to_timestamp(self._clock.now_ns())
        for change in changes:
            listing = self._listings.get(change.stock)
            if listing is None:
                continue  # StockDirectory(R) never named it
            update = feed.FeedUpdate(
                instrument_id=listing.instrument_id, venue_time=venue_time, received_at=received
            )
            if isinstance(change, Trade):
                update.trade.CopyFrom(_trade(change))
            else:
                update.level.CopyFrom(_level(change))
            yield update

    def _side(self, stock: str, side: bytes) -> list[md.BookLevel]:
        return [
            md.BookLevel(price=_price(one.price), size=str(one.shares), order_count=one.orders)
            for one in self._books.of(stock).levels(stock, side)
        ]


def _level(change: Level) -> feed.LevelChange:
    return feed.LevelChange(
        side=SIDES[change.side],
        price=_price(change.price),
        size=str(change.shares),
        order_count=change.orders,
    )


def _trade(change: Trade) -> md.Trade:
    return md.Trade(
        trade_id=str(change.match),
        price=_price(change.price),
        size=str(change.shares),
        aggressor=TAKERS[change.taker],
        withdrawn=change.withdrawn,
    )


def _price(units: int) -> str:
    return format_scaled(units, PRICE_PLACES)
