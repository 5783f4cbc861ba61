"""FeedService: market data of venues, from the gateway.

The server does not check these requests: one listing with an invalid update must not end
the feed of all others. Each update is checked when it is applied.
"""

import asyncio
from collections.abc import AsyncIterator

from kernel.feed_limits import UPDATES_PER_FRAME_MAX
from kernel.trading_calendar import TradingCalendar
from mesh.calendars import calendar_of_venue
from mesh.errors import MeshError, refuse
from mesh.log import get_logger
from mesh.rpc.server import Call
from mesh.rpc.validation import validate
from mesh.streams.life import drain_message, draining
from mesh.timestamps import from_timestamp
from ordermesh.marketdata.v1 import feed_service_pb2 as pb
from ordermesh.type.v1 import stream_pb2
from svc_marketdata.api.mapping import (
    AGGRESSORS,
    OFF_MARKET,
    TRADING_STATUSES,
    auction_from_proto,
    listing_from_proto,
)
from svc_marketdata.domain.book import Level, Side
from svc_marketdata.domain.day_statistics import DayStatistics
from svc_marketdata.domain.listing import LeftOut
from svc_marketdata.domain.market import Trade
from svc_marketdata.service.feed_session import FeedIdentity, FeedSession
from svc_marketdata.service.market_data import MarketData
from svc_marketdata.service.venue_list import VenueList

REFRESH_PAUSE_S_MIN = 5.0
"""Least seconds between two requests for a refresh: an update that cannot be read now cannot
be read a moment later either. Each request that is needed again within twice the pause doubles
it, up to the maximum."""
REFRESH_PAUSE_S_MAX = 300.0
ACKNOWLEDGE_FRAMES = 8
"""Frames that one acknowledgement may cover: few of UNACKNOWLEDGED_FRAMES_MAX."""
ACKNOWLEDGE_PAUSE_S = 0.01
"""Seconds an acknowledgement may wait for more frames."""
UNREADABLE_LOGGED_MAX = 10
"""Unreadable updates a feed stream logs; further ones are only counted."""
# Listings of a venue that are left out and shown.
LEFT_OUT_MAX = 100
TRADE_ID_CHARACTERS_MAX = 64
SIDES = {pb.BOOK_SIDE_BID: Side.BID, pb.BOOK_SIDE_ASK: Side.ASK}

_log = get_logger(__name__)


class FeedServicer:
    """Serves ``ordermesh.marketdata.v1.FeedService``."""

    def __init__(self, data: MarketData) -> None:
        self._data = data

    async def Feed(  # noqa: N802  # rpc names are the contract's
        self, requests: AsyncIterator[pb.FeedRequest], call: Call
    ) -> AsyncIterator[pb.FeedResponse]:
        """Take frames and acknowledge them."""
        frames = aiter(requests)
        first = await anext(frames, None)
        if first is None or not first.HasField("open"):
            raise refuse(
                "INVALID_FIELD",
                "open is not set; the first frame must open the feed",
                "open",
                value="",
                expected="a FeedOpen in the first frame",
            )
        validate(pb.FeedRequest(open=first.open))
        feed = GatewayFeed(self._data, first.open)
        # A feed is ended by its gateway, by this process, or by another gateway.
        reader = asyncio.create_task(feed.read(first, frames))
        call.drain.join(feed.drain)
        try:
            over = False
            while not over:
                response = await feed.next_response()
                over = feed.over
                yield response
            if feed.failure is not None:
                raise feed.failure
        finally:
            reader.cancel()
            call.drain.leave(feed.drain)
            feed.close()
            self._data.close_feed(feed.session)


class GatewayFeed:
    """One stream of a gateway.

    Frames are applied as they arrive; one acknowledgement covers all frames applied since
    the previous one.
    """

    def __init__(self, data: MarketData, opened: pb.FeedOpen) -> None:
        self.over = False
        self.failure: Exception | None = None
        self._data = data
        self._news = asyncio.Event()
        self._taken = 0
        self._acknowledged = 0
        self._pause: asyncio.TimerHandle | None = None
        self._drains = False
        self._logged = 0
        self._refresh_asked_s = float("-inf")
        self._refresh_pause_s = REFRESH_PAUSE_S_MIN
        self._apply = {
            "book": self._book,
            "level": self._level,
            "trade": self._trade,
            "statistics": self._statistics,
            "trading_status": self._trading_status,
            "book_incomplete": self._book_incomplete,
            "auction": self._auction,
        }
        identity = FeedIdentity(
            opened.session_id, opened.venue_mic, opened.gateway_instance, opened.epoch,
            opened.book_depth, _calendar(opened),
        )  # fmt: skip
        self.session: FeedSession = data.open_feed(identity, self._supersede)
        self._list = VenueList(data, opened.venue_mic)
        _log.info(
            "feed opened", venue=opened.venue_mic, session=opened.session_id, epoch=opened.epoch
        )

    async def read(self, first: pb.FeedRequest, frames: AsyncIterator[pb.FeedRequest]) -> None:
        """Apply frames until there are no more."""
        try:
            self.take(first)
            async for frame in frames:
                self.take(frame)
        except Exception as error:  # noqa: BLE001  # raised again by the handler
            self._end(error)
        else:
            self._end(None)

    def drain(self) -> None:
        """End the stream: the process stops."""
        self._drains = True
        text = "this replica is stopping; connect again"
        self._end(draining(text, stream_pb2.DRAIN_CAUSE_SHUTDOWN))

    async def next_response(self) -> pb.FeedResponse:
        """Wait for the next response to the gateway."""
        await self._news.wait()
        self._news.clear()
        self._acknowledged = self._taken
        response = pb.FeedResponse(acknowledged_frame_sequence=self._taken)
        if self._refresh_due():
            now_s = asyncio.get_running_loop().time()
            again = now_s - self._refresh_asked_s < 2 * self._refresh_pause_s
            pause_s = 2 * self._refresh_pause_s if again else REFRESH_PAUSE_S_MIN
            self._refresh_pause_s = min(pause_s, REFRESH_PAUSE_S_MAX)
            self._refresh_asked_s = now_s
            self.session.refresh_wanted = False
            response.refresh = True
        if self._drains:
            response.drain.CopyFrom(drain_message(stream_pb2.DRAIN_CAUSE_SHUTDOWN))
        return response

    def _refresh_due(self) -> bool:
        since_s = asyncio.get_running_loop().time() - self._refresh_asked_s
        return self.session.refresh_wanted and since_s >= self._refresh_pause_s

    def take(self, frame: pb.FeedRequest) -> None:
        """Apply a frame."""
        session = self.session
        session.begin_frame()
        if frame.frame_sequence:
            if frame.frame_sequence != self._taken + 1:
                expected = self._taken + 1
                raise refuse(
                    "INVALID_FIELD",
                    f"frame_sequence was {frame.frame_sequence}; expected {expected}",
                    "frame_sequence",
                    value=frame.frame_sequence,
                    expected=expected,
                )
            self._taken = frame.frame_sequence
        if frame.HasField("venue_status"):
            status = frame.venue_status
            session.status(
                feed_up=status.feed_up,
                trading_status=TRADING_STATUSES[status.trading_status],
                simulated=status.simulated,
                silent_because=status.silent_because,
            )
        self._take_listings(frame)
        self._take_updates(frame)
        session.end_frame()
        self._acknowledge_soon()

    def _take_listings(self, frame: pb.FeedRequest) -> None:
        session, venue_list = self.session, self._list
        if frame.list_begins:
            venue_list.begins()
        for instrument in frame.instruments:
            venue_list.names(instrument.instrument_id)
            try:
                validate(instrument)
                session.listing(listing_from_proto(instrument))
            except (MeshError, ValueError, KeyError) as error:
                # It is left out. Asked again, the gateway would send the same.
                self._data.counts.unreadable += 1
                self._log_unreadable(instrument.instrument_id, error)
        if frame.list_complete:
            venue_list.is_complete()
        if frame.statuses_assumed:
            venue_list.assume_statuses()
        if frame.HasField("left_out"):
            session.venue.left_out = tuple(
                LeftOut(one.symbol, one.text) for one in frame.left_out.listings[:LEFT_OUT_MAX]
            )

    def _acknowledge_soon(self) -> None:
        """Acknowledge several frames at once: a write costs as much as half a frame's updates."""
        if self._refresh_due() or self._taken - self._acknowledged >= ACKNOWLEDGE_FRAMES:
            self._news.set()
        elif self._pause is None:
            loop = asyncio.get_running_loop()
            self._pause = loop.call_later(ACKNOWLEDGE_PAUSE_S, self._pause_over)

    def _pause_over(self) -> None:
        self._pause = None
        self._news.set()

    def close(self) -> None:
        """Cancel the timer."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _take_updates(self, frame: pb.FeedRequest) -> None:
        if len(frame.updates) > UPDATES_PER_FRAME_MAX:
            raise refuse(
                "INVALID_FIELD",
                f"updates had {len(frame.updates)} items; expected at most {UPDATES_PER_FRAME_MAX}",
                "updates",
                value=len(frame.updates),
                expected=f"at most {UPDATES_PER_FRAME_MAX}",
            )
        now_ns = self.session.venue.frame_at_ns
        apply = self._apply
        for update in frame.updates:
            kind = update.WhichOneof("change")
            venue_ns = from_timestamp(update.venue_time)
            received_ns = from_timestamp(update.received_at)
            try:
                # An update without a kind, or with a kind of a later version, cannot be read.
                apply[kind or ""](update, venue_ns, received_ns or now_ns)
            except (ValueError, KeyError) as error:
                self._unreadable(update.instrument_id, error)

    def _book(self, update: pb.FeedUpdate, venue_ns: int, received_ns: int) -> None:
        book = update.book
        self.session.book(
            update.instrument_id,
            [Level(level.price, level.size, level.order_count) for level in book.bids],
            [Level(level.price, level.size, level.order_count) for level in book.asks],
            venue_ns,
            received_ns,
        )

    def _level(self, update: pb.FeedUpdate, venue_ns: int, received_ns: int) -> None:
        level = update.level
        self.session.level(
            update.instrument_id,
            SIDES[level.side],
            Level(level.price, level.size, level.order_count),
            venue_ns,
            received_ns,
        )

    def _trade(self, update: pb.FeedUpdate, venue_ns: int, received_ns: int) -> None:
        trade = update.trade
        if len(trade.trade_id) > TRADE_ID_CHARACTERS_MAX:
            raise ValueError(f"trade_id is longer than {TRADE_ID_CHARACTERS_MAX} characters")
        trade_ns = from_timestamp(trade.venue_time)
        self.session.trade(
            update.instrument_id,
            Trade(
                trade.trade_id,
                trade.price,
                trade.size,
                AGGRESSORS[trade.aggressor],
                trade_ns or venue_ns,
                received_ns,
                OFF_MARKET[trade.off_market],
                trade.withdrawn,
                trade.last_of_snapshot,
            ),
            received_ns,
        )

    def _statistics(self, update: pb.FeedUpdate, venue_ns: int, received_ns: int) -> None:
        reported = update.statistics
        self.session.statistics(
            update.instrument_id,
            DayStatistics(
                open_price=reported.open_price,
                high_price=reported.high_price,
                low_price=reported.low_price,
                close_price=reported.close_price,
                volume=reported.volume,
            ),
            venue_ns,
            received_ns,
            complete=reported.complete,
        )

    def _trading_status(self, update: pb.FeedUpdate, venue_ns: int, received_ns: int) -> None:
        self.session.trading_status(
            update.instrument_id, TRADING_STATUSES[update.trading_status], received_ns or venue_ns
        )

    def _auction(self, update: pb.FeedUpdate, venue_ns: int, received_ns: int) -> None:
        said = auction_from_proto(update.auction, venue_ns)
        self.session.auction(update.instrument_id, said, received_ns or venue_ns)

    def _book_incomplete(self, update: pb.FeedUpdate, venue_ns: int, received_ns: int) -> None:
        self.session.book_incomplete(update.instrument_id, received_ns or venue_ns)

    def _unreadable(self, instrument_id: str, error: Exception) -> None:
        self.session.unreadable(instrument_id)
        self._log_unreadable(instrument_id, error)

    def _log_unreadable(self, instrument_id: str, error: Exception) -> None:
        if self._logged < UNREADABLE_LOGGED_MAX:
            self._logged += 1
            _log.warning("unreadable update", instrument=instrument_id, reason=str(error))

    def _supersede(self) -> None:
        self._end(
            refuse("STALE_VERSION", f"another gateway feeds {self.session.identity.venue_mic} now")
        )

    def _end(self, failure: Exception | None) -> None:
        if not self.over:
            self.over = True
            self.failure = failure
        self._news.set()


def _calendar(opened: pb.FeedOpen) -> TradingCalendar:
    """Read the venue's calendar.

    Raises:
        MeshError: INVALID_FIELD.
    """
    said = opened.trading_calendar if opened.HasField("trading_calendar") else None
    try:
        return calendar_of_venue(opened.venue_mic, said)
    except ValueError as error:
        raise refuse(
            "INVALID_FIELD",
            f"open.trading_calendar cannot be used: {error}",
            "open.trading_calendar",
            value=str(opened.trading_calendar)[:200],
            expected="a calendar of the library; or an IANA time zone, weekdays 1 to 7, dates such "
            "as 2026-12-25, and hours such as 09:00-17:30",
        ) from error
