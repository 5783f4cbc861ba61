"""The frames of a feed to svc_marketdata."""

from collections import deque

from kernel.clock import Clock
from kernel.feed_limits import UPDATES_PER_FRAME_MAX
from kernel.ulid import new_ulid
from mesh.timestamps import set_timestamp
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from ordermesh.marketdata.v1 import market_data_pb2 as md
from ordermesh.type.v1 import stream_pb2
from svc_gateway.service.calendar_messages import trading_calendar
from svc_gateway.venues import SessionConfig


def opening(name: str, config: SessionConfig, instance: str, clock: Clock) -> feed.FeedRequest:
    """Make the frame that opens a feed."""
    return feed.FeedRequest(
        open=feed.FeedOpen(
            session_id=name,
            venue_mic=config.venue_mic,
            gateway_instance=instance,
            epoch=new_ulid(clock.now_ns()),
            book_depth=config.dialect.md_depth,
            trading_calendar=trading_calendar(config.trading_day),
        )
    )


def heartbeat(clock: Clock) -> feed.FeedRequest:
    """Make the frame of a feed that has nothing to report."""
    frame = feed.FeedRequest(heartbeat=stream_pb2.Heartbeat())
    set_timestamp(frame.heartbeat.server_time, clock.now_ns())
    return frame


def venue_status(
    config: SessionConfig, since_ns: int, trading: instruments.TradingStatus, *, up: bool,
    silent_because: str = "",
) -> md.VenueStatus:  # fmt: skip
    """Return the state of a venue."""
    status = md.VenueStatus(
        venue_mic=config.venue_mic,
        feed_up=up,
        trading_status=trading,
        simulated=config.dialect.simulated,
        silent_because=silent_because,
    )
    set_timestamp(status.since, since_ns)
    return status


def take_messages(updates: deque[feed.FeedUpdate]) -> list[feed.FeedUpdate]:
    """Take the updates of the next frame; those of one message come in one frame, if they fit.

    In the middle of a message a book may look crossed, or deeper than it is.
    """
    count = min(UPDATES_PER_FRAME_MAX, len(updates))
    at = count
    while 0 < at < len(updates) and updates[at].received_at == updates[at - 1].received_at:
        at -= 1
    return [updates.popleft() for _ in range(at or count)]
