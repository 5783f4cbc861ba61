"""A frame of quotes of the size that svc_marketdata sends."""

import time

from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2

UPDATES_PER_FRAME = 50
LOW_PRICE = "645.1"
UPDATE_MARK = market_data_pb2.Quote(low_price=LOW_PRICE).SerializeToString()
"""Bytes that every update has once."""


def quote_frame(updates: int = UPDATES_PER_FRAME) -> bytes:
    """Serialise a frame of so many quotes."""
    quote = market_data_pb2.Quote(
        bid_price="650.25", bid_size="1200", ask_price="650.35", ask_size="900",
        last_price="650.3", last_size="100", open_price="648", high_price="655.5",
        low_price=LOW_PRICE, close_price="647.9", volume="1204500",
    )  # fmt: skip
    quote.venue_time.FromNanoseconds(time.time_ns())
    quote.received_at.FromNanoseconds(time.time_ns())
    item = market_data_pb2.MarketDataItem(
        update=market_data_pb2.MarketDataUpdate(
            instrument_id="ASML.SIMA", sequence=100_000, quote=quote
        )
    )
    return market_data_service_pb2.WatchResponse(items=[item] * updates).SerializeToString()
