"""One market-data session: prices and instruments of a venue, passed on to svc_marketdata.

Nothing here is durable. Whatever is lost, by a break of either side or because
`FEED_UPDATES_MAX` was reached, is replaced by requesting whole books from the venue. It shares no
thread, queue or lock with order sessions.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from kernel.ulid import new_ulid
from mesh.log import get_logger
from mesh.timestamps import set_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from ordermesh.marketdata.v1 import market_data_pb2 as md
from ordermesh.type.v1 import stream_pb2
from ordermesh_rpc.backoff import Backoff
from svc_gateway import metrics
from svc_gateway.service.ports import (
    FixEngine,
    Groups,
    Handed,
    HandedKind,
    Inbox,
    InDoubtError,
    LinkBrokenError,
    MarketDialect,
    MarketReading,
    NotSentError,
    StoreFaultError,
    StoreLock,
    Stream,
)
from svc_gateway.service.session_view import VenueClock
from svc_gateway.service.snapshot_asks import SnapshotAsks
from svc_gateway.service.together import LINK_LIVED_S, until_one_ends
from svc_gateway.venues import WEEKDAYS, SessionConfig

FeedStream = Stream[feed.FeedRequest, feed.FeedResponse]
DialFeed = Callable[[], Awaitable[FeedStream]]

# Changes waiting for svc_marketdata. Beyond it all are dropped and the books requested anew.
FEED_UPDATES_MAX = 50_000
UPDATES_PER_FRAME = 1000
INSTRUMENTS_PER_FRAME = 500
# Frames sent and not acknowledged. Beyond it changes wait here.
UNACKNOWLEDGED_FRAMES_MAX = 64
HEARTBEAT_S = 5.0
TICK_S = 0.25

_log = get_logger(__name__)


def opening(name: str, config: SessionConfig, instance: str, clock: Clock) -> feed.FeedRequest:
    """Make the frame that opens a feed."""
    return feed.FeedRequest(
        open=feed.FeedOpen(
            session_id=name,
            venue_mic=config.venue_mic,
            gateway_instance=instance,
            epoch=new_ulid(clock.now_ns()),
            trading_calendar=trading_calendar(config),
        )
    )


def trading_calendar(config: SessionConfig) -> feed.TradingCalendar:
    """Make the venue's calendar as the file has it."""
    day = config.trading_day
    hours, minutes = day.begins.split(":")
    return feed.TradingCalendar(
        time_zone=day.zone,
        begins_minute=int(hours) * 60 + int(minutes),
        weekdays=[WEEKDAYS.index(name) + 1 for name in day.weekdays],
        closed_dates=[date.isoformat() for date in day.closed],
    )


def heartbeat(clock: Clock) -> feed.FeedRequest:
    """Make the frame of a feed with nothing to tell."""
    frame = feed.FeedRequest(heartbeat=stream_pb2.Heartbeat())
    set_timestamp(frame.heartbeat.server_time, clock.now_ns())
    return frame


def venue_status(
    config: SessionConfig, since_ns: int, trading: instruments.TradingStatus, *, up: bool
) -> md.VenueStatus:
    """Tell how a venue stands."""
    status = md.VenueStatus(
        venue_mic=config.venue_mic,
        feed_up=up,
        trading_status=trading,
        simulated=config.dialect.simulated,
    )
    set_timestamp(status.since, since_ns)
    return status


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
        self._up = False
        self._since_ns = clock.now_ns()
        self._trading_status = instruments.TRADING_STATUS_UNSPECIFIED
        self._instruments = {
            item.instrument_id: item for item in dialect.file_instruments(clock.now_ns())
        }
        self._updates: deque[feed.FeedUpdate] = deque()
        self._instruments_due: list[instruments.Instrument] = []
        self._status_due = False
        self._times_moved = False
        self._linked = False
        self._requests: deque[tuple[str, Groups]] = deque()
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
            tasks.create_task(self._links(backoff))

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

    async def _links(self, backoff: Backoff) -> None:
        logged = ""
        while True:
            await asyncio.sleep(backoff.next_delay())
            begun = self._clock.monotonic()
            try:
                await self._one_link()
            except LinkBrokenError as error:
                # The same reason again, many times a second, is for debugging.
                log_it = _log.debug if str(error) == logged else _log.warning
                log_it("feed ended", session_id=self.config.session_id, why=str(error))
                logged = str(error)
            lived_s = self._clock.monotonic() - begun
            if lived_s > LINK_LIVED_S:
                logged = ""
            backoff.note_health(lived_s)

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
        if not (self._updates or self._instruments_due or self._status_due):
            return None
        frame = feed.FeedRequest()
        if self._status_due:
            self._status_due = False
            frame.venue_status.CopyFrom(
                venue_status(self.config, self._since_ns, self._trading_status, up=self._up)
            )
        if self._instruments_due:
            frame.instruments.extend(self._instruments_due[:INSTRUMENTS_PER_FRAME])
            del self._instruments_due[:INSTRUMENTS_PER_FRAME]
            return frame  # instruments first: prices of unknown ones are of no use
        count = min(UPDATES_PER_FRAME, len(self._updates))
        frame.updates.extend([self._updates.popleft() for _ in range(count)])
        self._passed_on.inc(count)
        return frame

    def _send_all(self, cause: str) -> None:
        """Send instruments and status anew, and the books as soon as the venue sends them."""
        self._dialect.forget()
        self._instruments_due = list(self._instruments.values())
        self._status_due = True
        self._resync(cause)
        self._wake.set()

    def _resync(self, cause: str) -> None:
        self._updates.clear()
        self._want(cause, self._symbols())
        self._ask()

    def _want(self, cause: str, symbols: Iterable[str]) -> None:
        metrics.FEED_RESYNCS.labels(self.config.session_id, cause).inc()
        self._asks.want(symbols)

    def _ask(self) -> None:
        """Request the snapshots that are due; a later tick requests the others."""
        if self._up and self._linked:
            symbols = self._asks.take(self._clock.monotonic())
            if symbols:
                self._requests.extend(self._dialect.snapshots(symbols))
                self._send_requests()

    # -- the FIX session ----------------------------------------------------------------------

    def _symbols(self) -> list[str]:
        return [item.symbol for item in self._instruments.values()]

    def _send_requests(self) -> None:
        while self._requests:
            body, groups = self._requests[0]
            try:
                self._engine.send(body, groups)
            except (NotSentError, InDoubtError):
                self._requests.clear()  # the next logon asks for everything
                return
            self._requests.popleft()

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
                self._resync("inbox_full")
            if self._engine.stuck:
                await asyncio.to_thread(self._engine.stop)
                await self._start_engine()
            self._ask()

    async def _intake(self) -> None:
        while True:
            for handed in await self._inbox.get_batch(UPDATES_PER_FRAME):
                try:
                    self._take(handed)
                except Exception:  # noqa: BLE001  whatever it is, the session goes on
                    _log.exception("could not take in", session_id=self.config.session_id)
                    self._resync("fault")
            self._ask()
            self._wake.set()

    def _take(self, handed: Handed) -> None:
        if handed.kind is HandedKind.MESSAGE:
            self._take_message(handed)
        elif handed.kind is HandedKind.LOGON:
            self._logged_on()
        elif handed.kind is HandedKind.LOGOUT:
            _log.warning("feed down", session_id=self.config.session_id, why=handed.raw)
            self._set_up(False)
        elif handed.kind is HandedKind.HEARD:
            sent_ns, unit_ns = self._sent_at(handed.raw)
            self._venue_clock.heard(sent_ns, handed.received_ns, unit_ns)
        elif handed.kind is HandedKind.UNREADABLE:
            _log.error("message dropped", session_id=self.config.session_id)

    def _logged_on(self) -> None:
        self._dialect.forget()
        self._updates.clear()
        self._requests.clear()
        self._requests.extend((body, ()) for body in self._dialect.opening_requests())
        if self.config.instruments:
            self._requests.extend(self._dialect.subscriptions(self._symbols()))
        if not self.config.dialect.trading_session_status:
            self._trading_status = instruments.TRADING_STATUS_OPEN
        # The subscription brings the books; no earlier request is needed.
        self._asks.drop()
        self._set_up(True)
        self._send_requests()

    def _set_up(self, up: bool) -> None:
        self._up = up
        self._since_ns = self._clock.now_ns()
        self._status_due = True
        self._state_gauge.set(link.SESSION_STATE_UP if up else link.SESSION_STATE_DOWN)
        _log.info("feed state", session_id=self.config.session_id, up=up)

    def _take_message(self, handed: Handed) -> None:
        reading = self._dialect.read(handed.raw, handed.received_ns)
        self._note_clock_and_faults(reading)
        if reading.updates and self._linked:
            self._updates.extend(reading.updates)
            if len(self._updates) > FEED_UPDATES_MAX:
                self._resync("updates_max")
        if reading.instruments:
            for item in reading.instruments:
                self._instruments[item.instrument_id] = item
            if self._linked:
                self._instruments_due.extend(reading.instruments)
        if reading.list_complete:
            self._requests.extend(self._dialect.subscriptions(self._symbols()))
            self._send_requests()
        if reading.refresh:
            self._want("level_unknown", reading.refresh)
        if reading.session_status is not None:
            self._trading_status = reading.session_status
            self._status_due = True

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
