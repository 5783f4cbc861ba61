"""One market-data session: prices and instruments of a venue, passed on to svc_marketdata.

Nothing here is durable. Whatever is lost, by a break of either side or because
`FEED_UPDATES_MAX` was reached, is replaced by requesting whole books from the venue. It shares no
thread, queue or lock with order sessions.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from kernel.clock import Clock
from kernel.feed_limits import HEARTBEAT_S, UNACKNOWLEDGED_FRAMES_MAX, UPDATES_PER_FRAME_MAX
from kernel.nanoseconds import NS_PER_S
from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from ordermesh_rpc.backoff import Backoff
from svc_gateway import metrics
from svc_gateway.domain.market.silence import Silence
from svc_gateway.service.market.feed_frames import (
    heartbeat,
    opening,
    take_messages,
    venue_status,
)
from svc_gateway.service.market.listing_requests import ListingRequests
from svc_gateway.service.market.listings import Listings
from svc_gateway.service.market.snapshot_asks import SnapshotAsks
from svc_gateway.service.ports import (
    FixEngine,
    Handed,
    HandedKind,
    Inbox,
    MarketDialect,
    MarketReading,
    StoreFaultError,
    StoreLock,
    Stream,
)
from svc_gateway.service.session_view import VenueClock
from svc_gateway.service.together import keep_linked, until_one_ends
from svc_gateway.venues import SessionConfig

FeedStream = Stream[feed.FeedRequest, feed.FeedResponse]
DialFeed = Callable[[], Awaitable[FeedStream]]

# Changes waiting for svc_marketdata. Beyond it all are dropped and the books requested anew.
FEED_UPDATES_MAX = 50_000
TICK_S = 0.25
# No prices are due from a venue in these states.
NOT_TRADING = frozenset({instruments.TRADING_STATUS_HALTED, instruments.TRADING_STATUS_CLOSED})

_log = get_logger(__name__)


class MarketSession:
    """One market-data session."""

    def __init__(
        self, config: SessionConfig, engine: FixEngine, inbox: Inbox, dialect: MarketDialect,
        dial: DialFeed, clock: Clock, instance: str, lock: StoreLock,
        sent_at: Callable[[str], tuple[int, int]],
    ) -> None:  # fmt: skip
        self.config = config
        self._engine = engine
        self._inbox = inbox
        self._dialect = dialect
        self._dial = dial
        self._clock = clock
        self._instance = instance
        self._lock = lock
        self._sent_at = sent_at
        self._venue_clock = VenueClock(config)
        self._silence = Silence(config.heartbeat_s, config.price_silence_max_s)
        self._silent_because = ""
        self._up = False
        self._since_ns = clock.now_ns()
        self._listings = Listings(dialect.file_instruments(clock.now_ns()))
        self._requests = ListingRequests(config, engine, dialect, clock, self._listings)
        self._updates: deque[feed.FeedUpdate] = deque()
        self._status_due = False
        self._times_moved = False
        self._linked = False
        self._asks = SnapshotAsks()
        self._frame_sequence = 0
        self._acknowledged = 0
        self._wake = asyncio.Event()
        self._acks = asyncio.Event()
        self.name = name = config.session_id
        self._state_gauge = metrics.SESSION_STATE.labels(name)
        self._state_gauge.set(link.SESSION_STATE_DOWN)
        self._link_gauge = metrics.LINK_UP.labels(name)
        self._passed_on = metrics.FEED_UPDATES.labels(name)

    async def run(self, backoff: Backoff) -> None:
        """Work until cancelled. `backoff` gives the delay before each connection.

        Two gateways that share a store folder share these CompIDs: the one with the store's lock
        feeds, the other waits for the lock and neither logs on nor opens a feed.
        """
        await self._until_owner()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._start_engine())
            tasks.create_task(self._intake())
            tasks.create_task(self._ticks())
            links = keep_linked(self._one_link, self.config.session_id, backoff, self._clock)
            tasks.create_task(links)

    async def stop(self) -> None:
        """Log out."""
        await asyncio.to_thread(self._engine.stop)
        self._lock.free()

    async def _until_owner(self) -> None:
        said = ""
        while True:  # the system frees it without a notice
            try:
                if self._lock.take():
                    break
                why = f"standby: {self._lock.holder()} has the session"
            except StoreFaultError as error:
                why = str(error)
            if why != said:
                _log.warning("feed waits", session_id=self.config.session_id, why=why)
                said = why
            await asyncio.sleep(TICK_S)
        metrics.SESSION_OWNER.labels(self.config.session_id).set(1)

    # -- the link -----------------------------------------------------------------------------

    async def _one_link(self) -> None:
        stream = await self._dial()
        try:
            await stream.send(opening(self.name, self.config, self._instance, self._clock))
            self._frame_sequence = self._acknowledged = 0
            self._linked = True
            self._link_gauge.set(1)
            self._send_all("link")
            await until_one_ends(self._downlink(stream), self._uplink(stream))
        finally:
            self._linked = False
            self._link_gauge.set(0)
            self._updates.clear()
            await stream.close()

    async def _downlink(self, stream: FeedStream) -> None:
        while True:
            frame = await stream.receive()
            if frame.acknowledged_frame_sequence > self._acknowledged:
                self._acknowledged = frame.acknowledged_frame_sequence
                self._acks.set()
            if frame.refresh:
                self._send_all("refresh")
            if frame.HasField("drain"):
                return

    async def _uplink(self, stream: FeedStream) -> None:
        while True:
            while self._frame_sequence - self._acknowledged >= UNACKNOWLEDGED_FRAMES_MAX:
                self._acks.clear()
                await self._acks.wait()
            self._wake.clear()
            frame = self._next_frame()
            if frame is None:
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await self._wake.wait()
                    continue
                except TimeoutError:
                    frame = heartbeat(self._clock)
            self._frame_sequence += 1
            frame.frame_sequence = self._frame_sequence
            await stream.send(frame)

    def _next_frame(self) -> feed.FeedRequest | None:
        if not (self._updates or self._listings.due or self._status_due):
            return None
        frame = feed.FeedRequest()
        if self._status_due:
            self._status_due = False
            frame.venue_status.CopyFrom(
                venue_status(
                    self.config, self._since_ns, self._requests.trading.status, up=self._up,
                    silent_because=self._silent_because,
                )
            )  # fmt: skip
        if self._listings.fill(frame):
            return frame  # instruments first: prices of unknown ones are of no use
        updates = take_messages(self._updates)
        frame.updates.extend(updates)
        self._passed_on.inc(len(updates))
        return frame

    def _send_all(self, cause: str) -> None:
        """Send instruments and status anew, and the books as soon as the venue sends them."""
        self._dialect.forget()
        self._listings.send_all()
        self._status_due = True
        self._resync(cause)
        self._wake.set()

    def _resync(self, cause: str) -> None:
        self._updates.clear()
        self._want(cause, self._listings.priced_symbols)
        self._ask()

    def _lost(self, cause: str) -> None:
        """Have all books of the session stale, and request them: some changes were lost."""
        symbols = self._listings.priced_symbols
        if self._linked:
            mic = self.config.venue_mic
            self._updates.extend(
                feed.FeedUpdate(instrument_id=f"{symbol}.{mic}", book_incomplete=True)
                for symbol in symbols
            )
        self._want(cause, symbols)
        self._ask()

    def _missed(self, cause: str) -> None:
        """Request what messages may have said that never come."""
        self._lost(cause)
        if self._up:
            self._requests.missed()

    def _request_lost(self, reading: MarketReading) -> None:
        """Request the books of which a message says that changes were lost."""
        if reading.refresh:
            self._want("level_unknown", reading.refresh)
        if reading.lost:
            self._lost("unreadable")

    def _want(self, cause: str, symbols: Iterable[str]) -> None:
        metrics.FEED_RESYNCS.labels(self.config.session_id, cause).inc()
        self._asks.want(symbols)

    def _ask(self) -> None:
        """Request the snapshots that are due; a later tick requests the others."""
        if self._up and self._linked:
            symbols = self._asks.take(self._clock.monotonic())
            if symbols:
                self._requests.snapshots(symbols)

    # -- the FIX session ----------------------------------------------------------------------

    async def _start_engine(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._engine.start, None)
            except Exception as error:  # noqa: BLE001  a file that is mounted later, a venue away
                _log.warning(
                    "feed cannot be started", session_id=self.config.session_id,
                    why=self._engine.store_fault() or str(error),
                )  # fmt: skip
                await asyncio.sleep(self.config.reconnect_s)
            else:
                return

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._lock.stamp()
            if self._engine.spoiled:
                self._engine.forgive()
                self._dialect.forget()
                self._missed("inbox_full")
            if self._engine.stuck:
                await asyncio.to_thread(self._engine.stop)
                await self._start_engine()
            self._ask()
            self._attend()
            self._look_at_silence()

    async def _intake(self) -> None:
        while True:
            for handed in await self._inbox.get_batch(UPDATES_PER_FRAME_MAX):
                try:
                    self._take(handed)
                except Exception:  # noqa: BLE001  whatever it is, the session goes on
                    _log.exception("could not take in", session_id=self.config.session_id)
                    self._missed("fault")
            self._ask()
            self._attend()
            self._wake.set()

    def _attend(self) -> None:
        if self._up:
            self._requests.attend()
        if self._listings.due:
            self._wake.set()

    def _take(self, handed: Handed) -> None:
        if handed.kind is HandedKind.MESSAGE:
            self._take_message(handed)
        elif handed.kind is HandedKind.GAP:
            _log.warning("messages are missing", session_id=self.config.session_id, raw=handed.raw)
            self._lost("gap")
        elif handed.kind is HandedKind.FILLED:
            _log.warning("messages are lost", session_id=self.config.session_id, raw=handed.raw)
            self._missed("gap")
        elif handed.kind is HandedKind.LOGON:
            self._logged_on()
        elif handed.kind is HandedKind.LOGOUT:
            _log.warning("feed down", session_id=self.config.session_id, why=handed.raw)
            self._set_up(False)
        elif handed.kind is HandedKind.HEARD:
            sent_ns, unit_ns = self._sent_at(handed.raw)
            self._venue_clock.heard(sent_ns, handed.received_ns, unit_ns)
            self._heard(prices=False)
        elif handed.kind is HandedKind.UNREADABLE:
            _log.error("message dropped", session_id=self.config.session_id)
            self._missed("unreadable")

    def _heard(self, *, prices: bool) -> None:
        self._silence.heard(self._clock.monotonic(), prices=prices)
        if self._silent_because:
            self._look_at_silence()

    def _look_at_silence(self) -> None:
        """Report when the venue becomes silent, and when it is not any more."""
        why = ""
        if self._up:
            why = self._silence.why(
                self._clock.monotonic(), trades=self._requests.trading.status not in NOT_TRADING
            )
        if why != self._silent_because:
            _log.warning(
                "feed silent", session_id=self.config.session_id, why=why or "not any more"
            )
            self._silent_because = why
            self._status_due = True
            self._wake.set()

    def _logged_on(self) -> None:
        self._dialect.forget()
        self._updates.clear()
        self._silence.begin(self._clock.monotonic())
        # The subscription brings the books; no earlier request is needed.
        self._asks.drop()
        self._set_up(True)
        self._requests.logged_on()

    def _set_up(self, up: bool) -> None:
        self._up = up
        self._silent_because = ""
        self._since_ns = self._clock.now_ns()
        self._status_due = True
        self._state_gauge.set(link.SESSION_STATE_UP if up else link.SESSION_STATE_DOWN)
        _log.info("feed state", session_id=self.config.session_id, up=up)

    def _take_message(self, handed: Handed) -> None:
        reading = self._dialect.read(handed.raw, handed.received_ns)
        self._heard(prices=bool(reading.updates))
        self._note_clock_and_faults(reading)
        if reading.updates and self._linked:
            self._updates.extend(reading.updates)
            if len(self._updates) > FEED_UPDATES_MAX:
                self._updates.clear()
                self._lost("updates_max")
        self._requests.take(reading, handed.received_ns)
        self._request_lost(reading)
        self._status_due |= reading.trading_session is not None

    def _note_clock_and_faults(self, reading: MarketReading) -> None:
        for fault in reading.faults:
            metrics.PARKED.labels(self.config.session_id).inc()
            _log.warning("market data", session_id=self.config.session_id, fault=fault)
        if reading.moved_by_ns or self._times_moved:
            self._note_clock(reading)

    def _note_clock(self, reading: MarketReading) -> None:
        """Count messages of a clock that is far from ours; log when it begins and ends."""
        moved = bool(reading.moved_by_ns)
        metrics.TIMES_MOVED.labels(self.config.session_id).inc(moved)
        if moved is not self._times_moved and (moved or reading.updates):
            self._times_moved = moved
            _log.warning(
                "the venue's clock is far from ours: the receipt's time counts" if moved
                else "the venue's clock can be used again",
                session_id=self.config.session_id, ahead_s=-reading.moved_by_ns / NS_PER_S,
                clock_difference_max_s=self.config.clock_difference_max_s,
            )  # fmt: skip
