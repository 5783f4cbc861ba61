"""Maps between proto and domain, value by value: an unknown value is an error."""

from google.protobuf.timestamp_pb2 import Timestamp

from kernel.decimals import FRACTION_DIGITS_MAX, format_nano, format_scaled
from kernel.ticks import TickBand
from kernel.trading_calendar import PhaseTime
from mesh.timestamps import from_timestamp, set_timestamp, to_timestamp
from ordermesh.marketdata.v1 import calendar_pb2, instrument_pb2, market_data_pb2
from svc_marketdata.domain.auction import NO_AUCTION, AuctionIndication, ImbalanceSide
from svc_marketdata.domain.book import BookFlags
from svc_marketdata.domain.candles import CANDLE_S, Candle
from svc_marketdata.domain.day_statistics import DayStatistics
from svc_marketdata.domain.listing import Listing, ListingKind, NoPrices, TradingStatus, Venue
from svc_marketdata.domain.market import (
    Aggressor,
    InstrumentMarket,
    OffMarket,
    Quote,
    Trade,
)

TRADING_STATUSES = {
    instrument_pb2.TRADING_STATUS_UNSPECIFIED: TradingStatus.UNSPECIFIED,
    instrument_pb2.TRADING_STATUS_OPEN: TradingStatus.OPEN,
    instrument_pb2.TRADING_STATUS_HALTED: TradingStatus.HALTED,
    instrument_pb2.TRADING_STATUS_CLOSED: TradingStatus.CLOSED,
    instrument_pb2.TRADING_STATUS_AUCTION: TradingStatus.AUCTION,
    instrument_pb2.TRADING_STATUS_DELISTED: TradingStatus.DELISTED,
    instrument_pb2.TRADING_STATUS_PRE_OPEN: TradingStatus.PRE_OPEN,
    instrument_pb2.TRADING_STATUS_NOT_KNOWN: TradingStatus.NOT_KNOWN,
}
NO_PRICES = {
    instrument_pb2.NO_PRICES_UNSPECIFIED: NoPrices.UNSPECIFIED,
    instrument_pb2.NO_PRICES_REFUSED: NoPrices.REFUSED,
    instrument_pb2.NO_PRICES_NO_SESSION: NoPrices.NO_SESSION,
    instrument_pb2.NO_PRICES_DELISTED: NoPrices.DELISTED,
}
KINDS = {
    instrument_pb2.INSTRUMENT_KIND_UNSPECIFIED: ListingKind.UNSPECIFIED,
    instrument_pb2.INSTRUMENT_KIND_SHARE: ListingKind.SHARE,
    instrument_pb2.INSTRUMENT_KIND_ETF: ListingKind.ETF,
    instrument_pb2.INSTRUMENT_KIND_BOND: ListingKind.BOND,
    instrument_pb2.INSTRUMENT_KIND_FUND: ListingKind.FUND,
    instrument_pb2.INSTRUMENT_KIND_CRYPTO: ListingKind.CRYPTO,
    instrument_pb2.INSTRUMENT_KIND_FUTURE: ListingKind.FUTURE,
}
AGGRESSORS = {
    market_data_pb2.AGGRESSOR_SIDE_UNSPECIFIED: Aggressor.UNSPECIFIED,
    market_data_pb2.AGGRESSOR_SIDE_BUY: Aggressor.BUY,
    market_data_pb2.AGGRESSOR_SIDE_SELL: Aggressor.SELL,
}
OFF_MARKET = {
    market_data_pb2.OFF_MARKET_UNSPECIFIED: OffMarket.NOT,
    market_data_pb2.OFF_MARKET_CONDITION: OffMarket.CONDITION,
    market_data_pb2.OFF_MARKET_NO_SIZE: OffMarket.NO_SIZE,
    market_data_pb2.OFF_MARKET_OLD: OffMarket.OLD,
    market_data_pb2.OFF_MARKET_AHEAD: OffMarket.AHEAD,
    market_data_pb2.OFF_MARKET_CORRECTED: OffMarket.CORRECTED,
    market_data_pb2.OFF_MARKET_NO_PRICE: OffMarket.NO_PRICE,
}
IMBALANCE_SIDES = {
    ImbalanceSide.UNSPECIFIED: market_data_pb2.IMBALANCE_SIDE_UNSPECIFIED,
    ImbalanceSide.BUY: market_data_pb2.IMBALANCE_SIDE_BUY,
    ImbalanceSide.SELL: market_data_pb2.IMBALANCE_SIDE_SELL,
}
_OFF_MARKET_TO_PROTO = {domain: proto for proto, domain in OFF_MARKET.items()}
_NO_PRICES_TO_PROTO = {domain: proto for proto, domain in NO_PRICES.items()}
STATUS_TO_PROTO = {domain: proto for proto, domain in TRADING_STATUSES.items()}
_KIND_TO_PROTO = {domain: proto for proto, domain in KINDS.items()}
_AGGRESSOR_TO_PROTO = {domain: proto for proto, domain in AGGRESSORS.items()}
_FLAGS_TO_PROTO: dict[BookFlags, list[market_data_pb2.PriceFlag]] = {
    BookFlags.NONE: [],
    BookFlags.CROSSED: [market_data_pb2.PRICE_FLAG_CROSSED],
    BookFlags.NEGATIVE: [market_data_pb2.PRICE_FLAG_NEGATIVE],
    BookFlags.CROSSED | BookFlags.NEGATIVE: [
        market_data_pb2.PRICE_FLAG_CROSSED,
        market_data_pb2.PRICE_FLAG_NEGATIVE,
    ],
}


def timestamp(ns: int) -> Timestamp | None:
    """Return a time as a field; None if it is not known."""
    return to_timestamp(ns) if ns else None


def quote_to_proto(market: InstrumentMarket) -> market_data_pb2.Quote:
    """Best prices and figures of the day."""
    quote, day = market.quote, market.quote.day
    message = market_data_pb2.Quote()
    # One field after the other, for every update: with keywords it takes longer. An empty field
    # is no different from one that is not set.
    message.bid_price, message.bid_size = quote.bid_price, quote.bid_size
    message.ask_price, message.ask_size = quote.ask_price, quote.ask_size
    message.last_price, message.last_size = quote.last_price, quote.last_size
    if quote.last_off_market:
        message.last_off_market = True
    message.open_price, message.close_price = day.open_price, day.close_price
    message.high_price, message.low_price = day.high_price, day.low_price
    message.volume = day.volume
    message.vwap_price = market.own.vwap_price
    if market.stale:
        message.stale = True
    if quote.venue_time_ns:
        set_timestamp(message.venue_time, quote.venue_time_ns)
    if quote.received_ns:
        set_timestamp(message.received_at, quote.received_ns)
    if market.auction is not NO_AUCTION:
        _put_auction(message.auction, market.auction)
    if quote.flags is not BookFlags.NONE:
        message.flags.extend(_FLAGS_TO_PROTO[quote.flags])
    return message


def _put_auction(message: market_data_pb2.AuctionIndication, said: AuctionIndication) -> None:
    message.price, message.size = said.price, said.size
    message.imbalance_size = said.imbalance_size
    message.imbalance_side = IMBALANCE_SIDES[said.imbalance_side]
    message.faulty = said.faulty
    if said.venue_time_ns:
        set_timestamp(message.venue_time, said.venue_time_ns)


def auction_from_proto(
    message: market_data_pb2.AuctionIndication, venue_ns: int
) -> AuctionIndication:
    """What a venue says of an auction, as its gateway sends it."""
    return AuctionIndication(
        message.price,
        message.size,
        message.imbalance_size,
        ImbalanceSide(message.imbalance_side),
        message.faulty,
        venue_ns,
    )


def quote_from_proto(message: market_data_pb2.Quote) -> Quote:
    """A quote of an earlier process; it has no flags, because its book is not kept."""
    return Quote(
        bid_price=message.bid_price,
        bid_size=message.bid_size,
        ask_price=message.ask_price,
        ask_size=message.ask_size,
        last_price=message.last_price,
        last_size=message.last_size,
        last_off_market=message.last_off_market,
        day=DayStatistics(
            open_price=message.open_price,
            high_price=message.high_price,
            low_price=message.low_price,
            close_price=message.close_price,
            volume=message.volume,
        ).checked(),
        venue_time_ns=from_timestamp(message.venue_time),
        received_ns=from_timestamp(message.received_at),
    )


def book_to_proto(market: InstrumentMarket, depth: int) -> market_data_pb2.Book:
    """A book with the requested number of levels."""
    level = market_data_pb2.BookLevel
    return market_data_pb2.Book(
        bids=[level(price=p, size=s, order_count=n) for p, s, n in market.book.bids.top(depth)],
        asks=[level(price=p, size=s, order_count=n) for p, s, n in market.book.asks.top(depth)],
        venue_time=timestamp(market.quote.venue_time_ns),
        stale=market.book_stale,
        flags=_FLAGS_TO_PROTO[market.book.flags],
        kept_depth=kept if 0 < (kept := market.book.depth) < depth else 0,
    )


def trade_to_proto(trade: Trade) -> market_data_pb2.Trade:
    """A trade."""
    return market_data_pb2.Trade(
        trade_id=trade.trade_id,
        price=trade.price,
        size=trade.size,
        aggressor=_AGGRESSOR_TO_PROTO[trade.aggressor],
        venue_time=timestamp(trade.venue_time_ns),
        received_at=timestamp(trade.received_ns),
        off_market=_OFF_MARKET_TO_PROTO[trade.off_market],
        withdrawn=trade.withdrawn,
    )


def candle_to_proto(candle: Candle) -> market_data_pb2.Candle:
    """A candle; without prices if no trade is left in it."""
    message = market_data_pb2.Candle(
        start=to_timestamp(candle.start_ns),
        interval_s=CANDLE_S,
        # New each time: its text is not worth keeping.
        volume=format_scaled(candle.volume, FRACTION_DIGITS_MAX),
        trade_count=candle.trade_count,
        complete=candle.complete,
    )
    if candle.trade_count:
        message.open_price = format_nano(candle.open)
        message.high_price = format_nano(candle.high)
        message.low_price = format_nano(candle.low)
        message.close_price = format_nano(candle.close)
        if (vwap := candle.vwap) is not None:
            message.vwap_price = format_scaled(vwap, FRACTION_DIGITS_MAX)
    return message


def phase_to_proto(phase: PhaseTime) -> calendar_pb2.ScheduledPhase:
    """A phase; the numbers of TradingPhase are those of Phase."""
    return calendar_pb2.ScheduledPhase(
        phase=calendar_pb2.TradingPhase.Name(phase.phase.value),
        begins_at=timestamp(phase.begins_ns),
        ends_at=timestamp(phase.ends_ns),
    )


def venue_to_proto(venue: Venue) -> market_data_pb2.VenueStatus:
    """A venue's feed."""
    scheduled = None if venue.scheduled is None else phase_to_proto(venue.scheduled)
    return market_data_pb2.VenueStatus(
        venue_mic=venue.mic,
        feed_up=venue.live,
        trading_status=STATUS_TO_PROTO[venue.trading_status],
        since=timestamp(venue.since_ns),
        simulated=venue.simulated,
        silent_because=venue.silent_because,
        scheduled=scheduled,
        calendar=venue.calendar.name,
    )


def listing_to_proto(listing: Listing) -> instrument_pb2.Instrument:
    """A listing."""
    return instrument_pb2.Instrument(
        instrument_id=listing.instrument_id,
        symbol=listing.symbol,
        venue_mic=listing.venue_mic,
        isin=listing.isin,
        name=listing.name,
        kind=_KIND_TO_PROTO[listing.kind],
        currency=listing.currency,
        lot_size=listing.lot_size,
        tick_table=[
            instrument_pb2.TickBand(from_price=band.from_price, tick_size=band.tick_size)
            for band in listing.tick_table
        ],
        trading_status=STATUS_TO_PROTO[listing.trading_status],
        simulated=listing.simulated,
        max_quantity=listing.max_quantity,
        updated_at=timestamp(listing.updated_at_ns),
        cfi_code=listing.cfi_code,
        venue_symbol=listing.venue_symbol,
        no_prices=_NO_PRICES_TO_PROTO[listing.no_prices],
        no_prices_text=listing.no_prices_text,
    )


def listing_from_proto(message: instrument_pb2.Instrument) -> Listing:
    """A listing as the gateway reports it.

    Raises:
        ValueError: Its id is not its symbol and venue.
    """
    if message.instrument_id != f"{message.symbol}.{message.venue_mic}":
        raise ValueError(
            f"instrument_id {message.instrument_id!r} is not"
            f" symbol {message.symbol!r} and venue {message.venue_mic!r}"
        )
    return Listing(
        instrument_id=message.instrument_id,
        symbol=message.symbol,
        venue_mic=message.venue_mic,
        isin=message.isin,
        name=message.name,
        kind=KINDS[message.kind],
        currency=message.currency,
        lot_size=message.lot_size,
        tick_table=tuple(TickBand(band.from_price, band.tick_size) for band in message.tick_table),
        trading_status=TRADING_STATUSES[message.trading_status],
        simulated=message.simulated,
        max_quantity=message.max_quantity,
        updated_at_ns=from_timestamp(message.updated_at),
        cfi_code=message.cfi_code,
        venue_symbol=message.venue_symbol,
        no_prices=NO_PRICES[message.no_prices],
        no_prices_text=message.no_prices_text,
    )
