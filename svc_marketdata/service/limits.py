"""The limits of this service, with names and units, and what happens when one is reached."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one process."""

    subscriber_queue_updates_max: int = 20_000
    """Updates waiting for one EVERY_EVENT subscriber; with more, its stream ends (SlowConsumer)."""

    frame_bytes_max: int = 256 * 1024
    """Bytes of items joined into one frame; further items go into the next frame."""

    joined_bytes_max: int = 64 * 1024
    """Bytes of waiting frames joined into one write for a slow EVERY_EVENT reader, as many as
    a stream's window; further frames go into the next write."""

    delivery_pause_s_max: float = 0.005
    """Longest pause in seconds after a delivery to readers of every event and of latest values. It
    is as long as the delivery took; what comes meanwhile goes out in one write for each reader. 0
    for no pause."""

    instruments_max: int = 10_000
    """Listings with prices; updates of further ones are counted and dropped. So many instruments
    have a consolidated book."""

    subscribers_max: int = 5_000
    """Open market-data streams; further ones are refused with OVERLOADED."""

    feed_silence_max_s: float = 15.0
    """Seconds without any frame of a venue's feed before its prices are flagged stale."""

    quote_age_max_s: float = 0.0
    """Seconds without change before a quote is flagged stale; 0 for never, as a book is a state
    and the feed's heartbeats prove that it is up."""

    interval_ms_default: int = 250
    """Delivery interval if the subscriber sets none."""

    depth_default: int = 10
    """Levels per side if the subscriber sets none."""
