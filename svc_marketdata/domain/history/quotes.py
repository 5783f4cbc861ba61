r"""Quotes of the past: the best prices of a listing, one for each interval in which they changed.

A row of the database has the quotes of one listing and 30 seconds, packed like an hour of candles:

    2 start_ms bid_base ask_base price_unit size_unit codes\n  then the columns, little-endian

Numbers that are too large for 8 bytes are written as decimal texts, after a "3".
"""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from zlib import crc32

from kernel.decimals import format_nano, format_scaled, parse_nano, parse_total
from kernel.nanoseconds import NS_PER_MS, NS_PER_S
from svc_marketdata.domain.listing import TradingStatus
from svc_marketdata.domain.market import InstrumentMarket
from svc_marketdata.domain.packed.columns import SIZES, code_of, column_bytes, columns_of

BLOCK_S: Final = 30
"""Seconds of the quotes of one row."""
BLOCK_NS: Final = BLOCK_S * NS_PER_S
BINARY: Final = b"2 "
TEXT: Final = b"3 "
HAS_BID: Final = 1
HAS_ASK: Final = 2
STALE: Final = 4
NO_QUOTE: Final = ("", "", "", "")


class PastQuote(NamedTuple):
    """The best prices at an instant; prices and sizes in 10⁻⁹, 0 if there is none."""

    at_ms: int
    """UTC milliseconds."""
    bid_price: int
    bid_size: int
    ask_price: int
    ask_size: int
    state: int
    """Bits: HAS_BID, HAS_ASK, STALE."""
    status: int
    """Value of TradingStatus of the listing."""

    @property
    def at_ns(self) -> int:
        """UTC nanoseconds."""
        return self.at_ms * NS_PER_MS

    @property
    def stale(self) -> bool:
        """Whether readers could not rely on it."""
        return bool(self.state & STALE)

    @property
    def trading_status(self) -> TradingStatus:
        """What the venue said of the listing."""
        return TradingStatus(self.status)

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """Bid price and size, ask price and size, as canonical decimals; empty: there is none."""
        bid = ask = ("", "")
        if self.state & HAS_BID:
            bid = (format_nano(self.bid_price), format_scaled(self.bid_size, 9))
        if self.state & HAS_ASK:
            ask = (format_nano(self.ask_price), format_scaled(self.ask_size, 9))
        return (*bid, *ask)


class QuoteBlock(NamedTuple):
    """The quotes of a listing and 30 seconds, as they are stored."""

    instrument_id: str
    start_ns: int
    body: bytes


def quote_of(market: InstrumentMarket, status: TradingStatus, at_ms: int) -> PastQuote:
    """Return the best prices of a listing as they stand."""
    quote = market.quote
    bid = ask = (0, 0)
    state = STALE if market.stale else 0
    if quote.bid_price:
        bid = (parse_nano(quote.bid_price), parse_total(quote.bid_size))
        state |= HAS_BID
    if quote.ask_price:
        ask = (parse_nano(quote.ask_price), parse_total(quote.ask_size))
        state |= HAS_ASK
    return PastQuote(at_ms, *bid, *ask, state, status.value)


def quote_json(instrument_id: str, quote: PastQuote) -> str:
    """Return a quote as readers of the topic of last quotes get it; docs/EVENTS.md."""
    names = ("bid_price", "bid_size", "ask_price", "ask_size")
    values = {
        "instrument_id": instrument_id,
        "at_ms": quote.at_ms,
        **dict(zip(names, quote.texts, strict=True)),
        "stale": quote.stale,
        "trading_status": quote.trading_status.name,
    }
    return json.dumps(values, separators=(",", ":"))


def block_start(instrument_id: str, at_ns: int) -> int:
    """Return when the block begins that an instant is in.

    Each listing has its own beginning, so that not all blocks of a venue end at one instant; it is
    the same in every process.
    """
    shift_ns = crc32(instrument_id.encode()) % BLOCK_S * NS_PER_S
    return at_ns - (at_ns - shift_ns) % BLOCK_NS


def merged(
    stored: Iterable[PastQuote], more: Iterable[PastQuote], interval_ns: int
) -> list[PastQuote]:
    """Return quotes of a block with those of another process: one for each interval.

    What is stored stays, so that what is written again changes nothing.
    """
    interval_ms = max(interval_ns // NS_PER_MS, 1)
    found = {one.at_ms // interval_ms: one for one in more}
    found.update({one.at_ms // interval_ms: one for one in stored})
    return [found[key] for key in sorted(found)]


def pack(quotes: Sequence[PastQuote]) -> bytes:
    """Pack the quotes of a block, of which there is one at least, by time."""
    start_ms = quotes[0].at_ms
    bid_base = min((one.bid_price for one in quotes if one.state & HAS_BID), default=0)
    ask_base = min((one.ask_price for one in quotes if one.state & HAS_ASK), default=0)
    bids = [one.bid_price - bid_base if one.state & HAS_BID else 0 for one in quotes]
    asks = [one.ask_price - ask_base if one.state & HAS_ASK else 0 for one in quotes]
    sizes = [one.bid_size for one in quotes], [one.ask_size for one in quotes]
    price_unit = math.gcd(*bids, *asks) or 1
    size_unit = math.gcd(*sizes[0], *sizes[1]) or 1
    columns = [
        [one.at_ms - start_ms for one in quotes],
        [bid // price_unit for bid in bids],
        [size // size_unit for size in sizes[0]],
        [ask // price_unit for ask in asks],
        [size // size_unit for size in sizes[1]],
        [one.state for one in quotes],
        [one.status for one in quotes],
    ]
    units = (start_ms, bid_base, ask_base, price_unit, size_unit)
    codes = [code_of(column) for column in columns]
    if "" in codes:
        return TEXT + json.dumps([*units, *columns], separators=(",", ":")).encode()
    head = f"{' '.join(map(str, units))} {''.join(codes)}\n"
    packed = (column_bytes(code, column) for code, column in zip(codes, columns, strict=True))
    return BINARY + head.encode() + b"".join(packed)


def unpack(body: bytes) -> list[PastQuote]:
    """Unpack what `pack` made.

    Raises:
        ValueError: It was not made by `pack`.
    """
    columns: Sequence[Sequence[int]]
    if body.startswith(TEXT):
        *units, _, _, _, _, _, _, _ = parts = json.loads(body[len(TEXT) :])
        columns = parts[len(units) :]
    elif body.startswith(BINARY):
        end = body.index(b"\n")
        *numbers, codes = body[len(BINARY) : end].split(b" ")
        units = [int(number) for number in numbers]
        layout = tuple(SIZES[code] for code in codes.decode())
        columns = columns_of(layout, sum(size for _, size in layout), body, end + 1)
    else:
        raise ValueError(f"a block of quotes begins with {body[:2]!r}; expected '2 ' or '3 '")
    start_ms, bid_base, ask_base, price_unit, size_unit = units
    return [
        PastQuote(
            start_ms + at,
            bid * price_unit + bid_base if state & HAS_BID else 0,
            bid_size * size_unit,
            ask * price_unit + ask_base if state & HAS_ASK else 0,
            ask_size * size_unit,
            state,
            status,
        )
        for at, bid, bid_size, ask, ask_size, state, status in zip(*columns, strict=True)
    ]
