"""The cost of one update of a feed: pure code, in this process, CPU time only.

Frames of 50 changed best bids, as bytes, are read, applied, and serialised for readers of every
event: what svc_marketdata does once for an update, whoever reads it. The aim is 10 µs. Without a
reader it is applied only.
"""

import asyncio
import time

from bench.bare.quote_frame import UPDATES_PER_FRAME
from bench.measure import Figure, Plan
from bench.prices.feed import opening_frames, script_frames
from kernel.clock import SystemClock
from ordermesh.marketdata.v1 import feed_service_pb2 as pb
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.api.feed import GatewayFeed
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData

MIC = "SIMA"
FRAMES = 2_000
QUICK_FRAMES = 50
INTEREST = Interest(frozenset({Topic.QUOTE}), depth=0, mode=Mode.EVERY_EVENT)


def measure(plan: Plan) -> list[Figure]:
    """CPU time of an update, once for each repeat."""
    frames = QUICK_FRAMES if plan.is_quick else FRAMES
    whole = Figure("one update, applied and serialised", "µs CPU", note="aim: at most 10")
    applied = Figure("one update, applied", "µs CPU")
    for _ in range(plan.repeats):
        whole.values.append(asyncio.run(_cpu_us(frames, reader=True)))
        applied.values.append(asyncio.run(_cpu_us(frames, reader=False)))
    return [whole, applied]


async def _cpu_us(frames: int, *, reader: bool) -> float:
    hub = Hub(ProtoEncoder(), Limits(delivery_pause_s_max=0), "bench")
    data = MarketData(hub, SystemClock())
    feed = GatewayFeed(data, pb.FeedOpen(session_id="bench", venue_mic=MIC, epoch="bench"))
    names = [f"S{n:04}.{MIC}" for n in range(UPDATES_PER_FRAME)]
    for opening in opening_frames(names, MIC):
        feed.take(pb.FeedRequest.FromString(opening))
    subscriber = Subscriber()
    if reader:
        hub.open(subscriber, INTEREST)
    script = script_frames(names)
    begun = time.process_time()
    for number in range(frames):
        feed.take(pb.FeedRequest.FromString(script[number % len(script)]))
        # As if it had been written.
        subscriber.outbox.clear()
        subscriber.queued_updates = 0
    used_s = time.process_time() - begun
    feed.close()
    return used_s / frames / UPDATES_PER_FRAME * 1e6
