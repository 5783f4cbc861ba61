"""Items of a frame as bytes.

A frame is a message whose only field is ``repeated MarketDataItem items = 1``, so bytes
of items can be joined: the joined bytes are the frame. Values are serialised by protobuf;
the envelope around them (id, sequence, conflated updates) is a few bytes and is put
together here, because it is the only part that may differ between subscribers.
"""

from functools import lru_cache

from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.api.consolidated import PRICE_RIGHTS, consolidated_to_proto
from svc_marketdata.api.mapping import (
    book_to_proto,
    candle_to_proto,
    quote_to_proto,
    trade_to_proto,
    venue_to_proto,
)
from svc_marketdata.api.reference.mapping import enriched_to_proto
from svc_marketdata.domain.candles import Candle
from svc_marketdata.domain.consolidated import ConsolidatedBook
from svc_marketdata.domain.listing import Venue
from svc_marketdata.domain.market import InstrumentMarket
from svc_marketdata.service.channels import Form, Topic
from svc_marketdata.service.delayed import DELAY_S, DelayedValue
from svc_marketdata.service.listed import Listed

# Tags: field number * 8 + wire type (0 varint, 2 with length).
_ITEMS = b"\x0a"  # WatchResponse.items and StreamResponse.items = 1
_UPDATE = b"\x0a"  # MarketDataItem.update = 1
_INSTRUMENT_ID = b"\x0a"  # MarketDataUpdate.instrument_id = 1
_SEQUENCE = b"\x10"  # MarketDataUpdate.sequence = 2
_CONFLATED = b"\x18"  # MarketDataUpdate.conflated_updates = 3
_SNAPSHOT = b"\x20\x01"  # MarketDataUpdate.snapshot = 4, true
_VALUES = {
    Topic.QUOTE: b"\x52",  # MarketDataUpdate.quote = 10
    Topic.BOOK: b"\x5a",  # MarketDataUpdate.book = 11
    Topic.TRADE: b"\x62",  # MarketDataUpdate.trade = 12
    Topic.CANDLE: b"\x6a",  # MarketDataUpdate.candle = 13
    Topic.CONSOLIDATED_BOOK: b"\x72",  # MarketDataUpdate.consolidated_book = 14
}
_DELAYED_S = b"\x28"  # MarketDataUpdate.delayed_s = 5
# Whole numbers of one and of two bytes: nearly all lengths and many sequences.
_SHORT = [bytes((n,)) for n in range(128)]
_SHORT += [bytes((n & 127 | 128, n >> 7)) for n in range(128, 1 << 14)]
NAMES_KEPT_MAX = 16_384
"""Number of listings whose bytes are cached."""
ITEM_HEADS_KEPT_MAX = 4_096
"""Number of lengths of updates whose header bytes are cached."""


def varint(value: int) -> bytes:
    """Encode a whole number, not negative, as protobuf does."""
    if value < len(_SHORT):
        return _SHORT[value]
    out = bytearray()
    while value > 127:  # noqa: PLR2004
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def update_bytes(
    name: str, sequence: int, conflated: int, value: bytes, *, snapshot: bool
) -> bytes:
    """Serialise a MarketDataUpdate around a value that has its tag and length."""
    return b"".join((
        _name_and_sequence(name), varint(sequence),
        _CONFLATED + varint(conflated) if conflated else b"",
        _SNAPSHOT if snapshot else b"",
        value,
    ))  # fmt: skip


@lru_cache(maxsize=NAMES_KEPT_MAX)
def _name_and_sequence(name: str) -> bytes:
    """Serialise the name and the tag of the sequence, which follows it."""
    encoded = name.encode()
    return b"".join((_INSTRUMENT_ID, varint(len(encoded)), encoded, _SEQUENCE))


@lru_cache(maxsize=ITEM_HEADS_KEPT_MAX)
def _item_head(update_length: int) -> bytes:
    """Serialise the header of an update of this length: the item, and its kind."""
    length = varint(update_length)
    return b"".join((_ITEMS, varint(1 + len(length) + update_length), _UPDATE, length))


def item_bytes(item: market_data_pb2.MarketDataItem) -> bytes:
    """Serialise an item as part of a frame."""
    return market_data_service_pb2.WatchResponse(items=[item]).SerializeToString()


def candle_bytes(candle: Candle) -> bytes:
    """Serialise a candle as the value of an update."""
    payload = candle_to_proto(candle).SerializeToString()
    return _VALUES[Topic.CANDLE] + varint(len(payload)) + payload


class ProtoEncoder:
    """The port ``Encoder``, with the messages of the contract."""

    def value(self, source: object, topic: Topic, form: int | Form) -> bytes:
        """Serialise the current value; empty if there is none."""
        if isinstance(source, InstrumentMarket):
            if topic is Topic.QUOTE:
                # A quote without any report has no value.
                return _tagged(topic, quote_to_proto(source).SerializeToString()) * source.told
            assert isinstance(form, int)
            payload = _payload(source, topic, form)
            return _tagged(topic, payload) if payload else b""
        if isinstance(source, ConsolidatedBook):
            assert isinstance(form, Form)
            view = source.view(form.depth, form.rights)
            # Also without any listing it is a value: the readers must not keep the one before.
            return _tagged(topic, consolidated_to_proto(source.key, view).SerializeToString())
        if isinstance(source, DelayedValue):
            return _DELAYED_S + varint(DELAY_S) + source.shown if source.shown else b""
        if isinstance(source, Venue):
            assert isinstance(form, Form)
            return _venue_items(source, form)
        assert isinstance(source, Listed)
        return _listing_item(source)

    def masked(self, value: bytes, fields: frozenset[str]) -> bytes:
        """Return a value without the fields that are not named."""
        update = market_data_pb2.MarketDataUpdate.FromString(value)
        kind = update.WhichOneof("value")
        assert kind is not None
        message = getattr(update, kind)
        for field, _ in message.ListFields():
            if field.name not in fields:
                message.ClearField(field.name)
        return update.SerializeToString()

    def update(
        self, name: str, sequence: int, conflated: int, value: bytes, *, snapshot: bool
    ) -> bytes:
        """Put an envelope around a value and make it an item of a frame."""
        if conflated or snapshot or sequence >= len(_SHORT):
            update = update_bytes(name, sequence, conflated, value, snapshot=snapshot)
            return _item_head(len(update)) + update
        start, number = _name_and_sequence(name), _SHORT[sequence]
        head = _item_head(len(start) + len(number) + len(value))
        return b"".join((head, start, number, value))


def _tagged(topic: Topic, payload: bytes) -> bytes:
    return _VALUES[topic] + varint(len(payload)) + payload


def _payload(market: InstrumentMarket, topic: Topic, depth: int) -> bytes:
    if topic is Topic.BOOK:
        return book_to_proto(market, depth).SerializeToString() if market.book_told else b""
    if topic is Topic.TRADE:
        return trade_to_proto(market.trade).SerializeToString() if market.trade else b""
    candle = market.candles.amended or market.candles.latest
    return candle_to_proto(candle).SerializeToString() if candle else b""


def _listing_item(source: Listed) -> bytes:
    if source.listing is None:
        return b""
    return item_bytes(
        market_data_pb2.MarketDataItem(
            instrument=enriched_to_proto(source.listing, source.reference)
        )
    )


def _venue_items(venue: Venue, form: Form) -> bytes:
    """The venue's status and the gap it means for prices; no gap in a snapshot of a live feed."""
    status = market_data_pb2.MarketDataItem(venue_status=venue_to_proto(venue))
    status.venue_status.price_right = PRICE_RIGHTS[form.rights.of(venue.mic)]
    if form.opening and venue.live:
        return item_bytes(status)
    if venue.live:
        kind, text = stream_pb2.GAP_KIND_LINK_UP, "prices are updated again"
    elif venue.feed_up:
        kind = stream_pb2.GAP_KIND_STALE
        text = venue.silent_because or "the feed is silent; prices may be old"
    else:
        kind, text = stream_pb2.GAP_KIND_LINK_DOWN, "the feed is down; prices are not updated"
    gap = stream_pb2.Gap(
        kind=kind,
        channel=venue.mic,
        text=f"{venue.mic}: {text}",
        since=to_timestamp(venue.since_ns),
    )
    return item_bytes(status) + item_bytes(market_data_pb2.MarketDataItem(gap=gap))
