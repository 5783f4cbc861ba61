"""Composition root of svc_oms: the only place that picks the parts."""

import asyncio
import gc
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from kernel.clock import Clock, SystemClock
from kernel.ulid import new_ulid
from mesh.log import get_logger
from mesh.server import MeshServer, Ops
from mesh.tasks import cancel_until_done
from svc_oms.adapters.grpc.marketdata import MarketDataClient
from svc_oms.adapters.grpc.trigger_prices import TriggerPrices
from svc_oms.adapters.postgres.bell import PostgresBell
from svc_oms.adapters.postgres.statements import SCHEMA_REVISION
from svc_oms.adapters.postgres.store import PostgresStore
from svc_oms.adapters.redis.side import NoRedis, RedisSide
from svc_oms.api import audit, flow, kill, limits, link, orders, sessions
from svc_oms.domain.checks import Limits
from svc_oms.domain.numbers import Quantity
from svc_oms.service.auditor import Auditor
from svc_oms.service.blocks import BlockView
from svc_oms.service.book import Book
from svc_oms.service.controls.gate import ControlRoom, LimitsFollower, LimitsGate
from svc_oms.service.desk import Desk
from svc_oms.service.directory import Directory
from svc_oms.service.disconnect import Guards
from svc_oms.service.downlink import LinkParts
from svc_oms.service.kill_gate import KillGate
from svc_oms.service.known import KnownOrders
from svc_oms.service.links import Links
from svc_oms.service.market import Market
from svc_oms.service.notices import Notices
from svc_oms.service.parts import DeskParts
from svc_oms.service.people import People
from svc_oms.service.ports import OrderStore, Waker
from svc_oms.service.publisher import Publisher
from svc_oms.service.pulls import Puller, PullParts
from svc_oms.service.session_desk import SessionDesk
from svc_oms.service.session_timeouts import SessionTimeouts
from svc_oms.service.switchboard import Switchboard, SwitchParts
from svc_oms.service.trail import Trail
from svc_oms.service.triggers import Triggers
from svc_oms.service.venues import VenueSessions
from svc_oms.service.wakes import ACCOUNT_CHANNEL, SESSION_CHANNEL, ReplicaWaker, Tell, Watchman
from svc_oms.settings import OmsSettings

# Container allocations between runs of the cyclic collector, and runs between those of
# its older generations.
GC_ALLOCATIONS, GC_YOUNG_RUNS, GC_MIDDLE_RUNS = 50_000, 20, 50

CHANNELS = (ACCOUNT_CHANNEL, SESSION_CHANNEL)

log = get_logger("svc_oms.app")


def build_book(
    settings: OmsSettings,
    store: OrderStore,
    side: RedisSide | NoRedis,
    waker: Waker,
    replica: str,
    clock: Clock,
) -> Book:
    """Put the service layer together on whatever parts it is given."""
    publisher = Publisher(waker, side)
    market, venues = Market(clock), VenueSessions()
    notices, known = Notices(clock), KnownOrders()
    quantity = settings.order_quantity_max
    defaults = Limits(None if quantity is None else Quantity(quantity), settings.order_value_max)
    auditor, trail = Auditor(store, clock, replica), Trail(replica)
    room, blocks = ControlRoom(market, defaults), BlockView(store.kills, clock)
    followers = (LimitsFollower(room),)
    desk = Desk(
        DeskParts(
            store=store,
            clock=clock,
            known=known,
            market=market,
            venues=venues,
            publisher=publisher,
            # The gate holds orders against the settings' limits where no other is set.
            limits=Limits(),
            auditor=auditor,
            trail=trail,
            # Kill switches first: they say more.
            gates=(KillGate(venues), LimitsGate(room)),
            trading_day_end_s=settings.trading_day_end_s,
            followers=followers,
        )
    )
    triggers = Triggers(store, clock, venues, desk.submit, settings.trading_day_end_s)
    publisher.moved = triggers.learn
    link_parts = LinkParts(
        store=store,
        clock=clock,
        known=known,
        market=market,
        venues=venues,
        publisher=publisher,
        notices=notices,
        waker=waker,
        trail=trail,
        blocks=blocks,
        sessions=SessionDesk(store.session_desk(), clock, waker),
        followers=followers,
    )
    return _bound(settings, replica, link_parts, auditor, desk, triggers, market, room)


def _bound(
    settings: OmsSettings,
    replica: str,
    parts: LinkParts,
    auditor: Auditor,
    desk: Desk,
    triggers: Triggers,
    market: Market,
    room: ControlRoom,
) -> Book:
    """Add the links, what looks after them, and what works across orders."""
    store, clock, venues, blocks = parts.store, parts.clock, parts.venues, parts.blocks
    links = Links(parts, replica, may_add=settings.sessions_may_be_added)
    people = People(store.directory())
    puller = Puller(PullParts(store, clock, venues, desk, replica))
    return Book(
        store=store,
        clock=clock,
        market=market,
        venues=venues,
        notices=parts.notices,
        publisher=parts.publisher,
        desk=desk,
        links=links,
        watchman=Watchman(replica, store, parts.publisher, venues, parts.notices, links, blocks),
        switches=Switchboard(
            SwitchParts(
                store.kills,
                clock,
                blocks,
                venues,
                parts.waker,
                puller,
                settings.engage_confirm_s_max,
            )
        ),
        auditor=auditor,
        guards=Guards(store.guards(), desk, clock),
        session_desk=parts.sessions,
        triggers=triggers,
        revision=SCHEMA_REVISION,
        lag_events_max=settings.stream_lag_events_max,
        room=room,
        people=people,
        directory=Directory(store.directory(), market, people),
        timeouts=SessionTimeouts(parts.sessions, store, parts.trail, clock),
    )


def add_servicers(server: MeshServer, book: Book) -> None:
    """Serve the book."""
    server.add(orders.OrderServicer(book), orders.SERVICE, orders.ACCESS)
    server.add(kill.KillSwitchServicer(book), kill.SERVICE, kill.ACCESS)
    server.add(limits.LimitServicer(book), limits.SERVICE, limits.ACCESS)
    # A broken command is a result there, not the end of the stream.
    server.add(flow.OrderFlowServicer(book), flow.SERVICE, flow.ACCESS, validates_itself=["Flow"])
    server.add(audit.AuditServicer(book), audit.SERVICE, audit.ACCESS)
    server.on_admitted(book.people.seen)
    server.on_refused(audit.RefusalRecorder(book).on_refused)
    # What a venue says is a fact whatever its form: the book parks what it cannot read.
    server.add(link.VenueLinkServicer(book), link.SERVICE, link.ACCESS, validates_itself=["Link"])
    desk = sessions.SessionServicer(book, book.session_desk)
    server.add(desk, sessions.SERVICE, sessions.ACCESS)


class _Ears:
    """Where words of other replicas go; the watchman is made behind whoever hears them."""

    def __init__(self) -> None:
        self.watchman: Watchman | None = None

    def heard(self, channel: str, message: str) -> None:
        if self.watchman is not None:
            self.watchman.heard(channel, message)


@asynccontextmanager
async def build(settings: OmsSettings, server: MeshServer) -> AsyncIterator[Ops]:
    """Open the parts, serve the book, close the parts."""
    _spare_the_collector()
    clock = SystemClock()
    replica = new_ulid(clock.now_ns())
    ears = _Ears()
    store = await PostgresStore.connect(settings.database_url)
    bell = PostgresBell(settings.database_url, CHANNELS, ears.heard)
    redis = RedisSide(settings.redis_url, CHANNELS, ears.heard) if settings.redis_url else None
    ways: list[Tell] = [bell.tell] if redis is None else [redis.tell, bell.tell]
    waker = ReplicaWaker(replica, ways)
    book = build_book(settings, store, redis or NoRedis(), waker, replica, clock)
    ears.watchman = book.watchman
    add_servicers(server, book)
    market = MarketDataClient(settings.marketdata_target, settings, book.market, store)
    prices = TriggerPrices(settings.marketdata_target, settings, book.triggers, clock)
    work: list[Coroutine[Any, Any, None]] = [
        book.run(),
        waker.run(),
        bell.run(),
        market.run(),
        prices.run(),
    ]
    if redis is not None:
        work += [redis.run_writer(), redis.run_listener()]
    tasks = [asyncio.create_task(each) for each in work]
    for task in tasks:
        task.add_done_callback(partial(_stop_if_failed, server))
    try:
        yield Ops(readiness=book.ready)
    finally:
        await cancel_until_done(tasks)
        await book.guards.close()
        await book.auditor.close()
        if redis is not None:
            await redis.close()
        await store.close()


def _spare_the_collector() -> None:
    """Look for cyclic garbage less often.

    A batch makes thousands of values that live until its commit and hold no cycles;
    at Python's thresholds the collector walks them again and again, which took a
    third of the time of an order.
    """
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, GC_YOUNG_RUNS, GC_MIDDLE_RUNS)


def _stop_if_failed(server: MeshServer, task: asyncio.Task[None]) -> None:
    """End the process when a part of it died: a start is the one way to recover."""
    if not task.cancelled() and task.exception() is not None:
        log.error("a part of the process died", exc_info=task.exception())
        server.request_stop()
