"""The listings of a venue without a market-data session, from the venues file.

svc_marketdata learns what can be traded there, and that there are no prices: the feed is reported
as down forever. Only the order session says whether orders can be sent now.
"""

import asyncio
from collections.abc import Sequence

from kernel.clock import Clock
from kernel.feed_limits import HEARTBEAT_S
from mesh.log import get_logger
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from ordermesh_rpc.backoff import Backoff
from svc_gateway import metrics
from svc_gateway.service.market.feed_frames import heartbeat, opening, venue_status
from svc_gateway.service.market.listings import Listings
from svc_gateway.service.market.market_session import DialFeed, FeedStream
from svc_gateway.service.ports import LinkBrokenError, StoreLock
from svc_gateway.service.together import until_one_ends
from svc_gateway.venues import SessionConfig

_log = get_logger(__name__)


class ListingsFeed:
    """A feed without a FIX session."""

    def __init__(
        self, config: SessionConfig, listings: Sequence[instruments.Instrument],
        dial: DialFeed, clock: Clock, instance: str, lock: StoreLock,
    ) -> None:  # fmt: skip
        self.config = config
        # In addition to the order session, which has the name in the file.
        self.name = f"{config.session_id}-listings"
        for item in listings:
            item.no_prices = instruments.NO_PRICES_NO_SESSION
        self._listings = Listings(listings)
        self._dial = dial
        self._clock = clock
        self._instance = instance
        self._lock = lock
        self._since_ns = clock.now_ns()
        self._due = asyncio.Event()
        self._link_gauge = metrics.LINK_UP.labels(self.name)

    async def run(self, backoff: Backoff) -> None:
        """Work until cancelled. `backoff` gives the delay before each connection.

        The gateway that has the order session sends its listings; a standby does not.
        """
        while True:
            await self._lock.until_held()
            await asyncio.sleep(backoff.next_delay())
            begun = self._clock.monotonic()
            try:
                await self._one_link()
            except LinkBrokenError as error:
                _log.warning("listings not sent", session_id=self.name, why=str(error))
            backoff.note_health(self._clock.monotonic() - begun)

    async def stop(self) -> None:
        """Do nothing: there is no session to log out of."""

    async def _one_link(self) -> None:
        stream = await self._dial()
        try:
            await stream.send(opening(self.name, self.config, self._instance, self._clock))
            self._link_gauge.set(1)
            self._due.set()
            await until_one_ends(self._downlink(stream), self._uplink(stream))
        finally:
            self._link_gauge.set(0)
            await stream.close()

    async def _downlink(self, stream: FeedStream) -> None:
        while True:
            frame = await stream.receive()
            if frame.refresh:
                self._due.set()
            if frame.HasField("drain"):
                return

    async def _uplink(self, stream: FeedStream) -> None:
        sequence = 0
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._due.wait()
                self._due.clear()
                frames = self._everything()
            except TimeoutError:
                frames = [heartbeat(self._clock)]
            for frame in frames:
                sequence += 1
                frame.frame_sequence = sequence
                await stream.send(frame)

    def _everything(self) -> list[feed.FeedRequest]:
        self._listings.send_all()
        frames = [feed.FeedRequest()]
        while self._listings.fill(frames[-1]):
            frames.append(feed.FeedRequest())
        trading = instruments.TRADING_STATUS_OPEN
        status = venue_status(self.config, self._since_ns, trading, up=False)
        frames[-1].venue_status.CopyFrom(status)
        return frames
