"""Composition root of svc_oms: the only place that picks the parts."""

import gc
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from kernel.clock import Clock, SystemClock
from kernel.ulid import new_ulid
from mesh.rpc.server import MeshServer, Ops
from mesh.telemetry.parts import PoolCollector
from mesh.telemetry.process import collected
from svc_oms.adapters.grpc.market_data import MarketDataClient
from svc_oms.adapters.grpc.routing_books import RoutingBookStream
from svc_oms.adapters.grpc.trigger_prices import TriggerPrices
from svc_oms.adapters.postgres.notifications import PostgresNotifications
from svc_oms.adapters.postgres.orders.order_statements import SCHEMA_REVISION
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.adapters.redis.read_copies import NoReadCopies, RedisReadCopies
from svc_oms.api import servicers
from svc_oms.api.figures import ReplicaCollector
from svc_oms.domain.numbers import Quantity
from svc_oms.domain.order_terms.checks import Limits
from svc_oms.domain.routing.health import HealthLimits
from svc_oms.service.audit.audit_log import AuditLog
from svc_oms.service.audit.refusal_log import RefusalLog
from svc_oms.service.book.known_orders import KnownOrders
from svc_oms.service.command_index import HANDLERS
from svc_oms.service.commands.worker import CommandWorker
from svc_oms.service.commands.worker_parts import WorkerParts
from svc_oms.service.controls.controls_at import ControlsInThePast
from svc_oms.service.controls.controls_in_force import ControlsInForce
from svc_oms.service.controls.limits_control import LimitsControl, PositionFollower
from svc_oms.service.controls.pre_trade_control import FillFollower
from svc_oms.service.directory.known_ids import KnownIds
from svc_oms.service.directory.user_names import UserNames
from svc_oms.service.disconnect.flow_guards import FlowGuards
from svc_oms.service.kill.block_view import BlockView
from svc_oms.service.kill.kill_control import KillSwitchControl
from svc_oms.service.kill.kill_switches import KillSwitches, KillSwitchParts
from svc_oms.service.kill.pulls import Puller, PullParts
from svc_oms.service.parked.parked_messages import ParkedMessages, ParkedParts
from svc_oms.service.parked.parked_view import ParkedView
from svc_oms.service.parked.statements import Statements
from svc_oms.service.ports import OrderStore, ReadCopies, WakeUps
from svc_oms.service.readiness import Readiness
from svc_oms.service.reads.checked_reads import CheckedReads
from svc_oms.service.recovery.recoveries import Recoveries
from svc_oms.service.recovery.recovery_control import RecoveryControl
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.routing_books import RoutingBooks
from svc_oms.service.reference.routing_views import RoutingParts
from svc_oms.service.reference.venue_health import VenueHealths
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.replica import Replica
from svc_oms.service.routing.router import Router
from svc_oms.service.routing.venues_out import VenuesOut
from svc_oms.service.streams.notices import Notices
from svc_oms.service.streams.order_stream import StreamParts
from svc_oms.service.streams.publisher import Publisher
from svc_oms.service.streams.tails import TAIL_ITEMS_MAX
from svc_oms.service.venue.downlink import SessionLinkParts
from svc_oms.service.venue.session_administration import SessionAdministration
from svc_oms.service.venue.session_leases import SessionLeases
from svc_oms.service.venue.session_timeouts import SessionTimeouts
from svc_oms.service.venue.unanswered import Unanswered
from svc_oms.service.waiting.reduce_only import ReduceOnlyWatch
from svc_oms.service.waiting.trigger_watch import Triggers
from svc_oms.service.wake_ups import (
    ACCOUNT_CHANNEL,
    SESSION_CHANNEL,
    Send,
    WakeUpReceiver,
    WakeUpSender,
)
from svc_oms.service.way.order_way import OrderWays
from svc_oms.settings import OmsSettings

# Container allocations between runs of the cyclic collector, and runs between those of its older
# generations.
GC_ALLOCATIONS, GC_YOUNG_RUNS, GC_MIDDLE_RUNS = 50_000, 20, 50

CHANNELS = (ACCOUNT_CHANNEL, SESSION_CHANNEL)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What several parts of one replica use."""

    settings: OmsSettings
    name: str
    store: OrderStore
    clock: Clock
    waker: WakeUps
    publisher: Publisher
    market: Market
    venues: VenueSessions
    notices: Notices
    known: KnownOrders
    audit_log: AuditLog
    controls_log: AuditLog
    blocks: BlockView
    recoveries: Recoveries
    controls: ControlsInForce
    fill_followers: Sequence[FillFollower]
    routing: RoutingParts


def build_replica(
    settings: OmsSettings,
    store: OrderStore,
    copies: ReadCopies,
    waker: WakeUps,
    name: str,
    clock: Clock,
) -> Replica:
    """Build the service layer on the given adapters."""
    shared = _shared(settings, store, waker, name, clock)
    refusal_log = RefusalLog(store, clock, name)
    worker = _worker(shared, refusal_log)
    triggers = _triggers(shared, worker)
    administration = SessionAdministration(
        store.session_actions(), clock, waker, shared.controls_log
    )
    leases = _leases(shared, administration)
    user_names = UserNames(store.directory())
    past = ControlsInThePast(store.controls(), store.kills)
    return Replica(
        store=store,
        clock=clock,
        readiness=shared.recoveries.readiness,
        recoveries=shared.recoveries,
        market=shared.market,
        venues=shared.venues,
        worker=worker,
        leases=leases,
        administration=administration,
        timeouts=SessionTimeouts(administration, store, shared.audit_log, clock),
        wake_up_receiver=_wake_up_receiver(shared, leases),
        blocks=shared.blocks,
        switches=_kill_switches(shared, worker),
        controls_in_force=shared.controls,
        controls_in_the_past=past,
        order_ways=OrderWays(store, past, shared.market, shared.venues, shared.controls.defaults),
        refusal_log=refusal_log,
        controls_log=shared.controls_log,
        guards=FlowGuards(store.guards(), worker, clock),
        parked=_parked(shared),
        parked_view=ParkedView(store),
        statements=Statements(store, clock, shared.audit_log),
        triggers=triggers,
        unanswered=Unanswered(store, worker.submit, settings.answer_age_max_s),
        reduce_only=_reduce_only(shared, worker),
        router=_router(shared, worker),
        routing_books=shared.routing.books,
        venues_out=VenuesOut(store, shared.routing.healths, shared.controls_log, clock),
        user_names=user_names,
        directory=KnownIds(store.directory(), shared.market, user_names),
        streams=_streams(shared),
        reads=CheckedReads(store, copies, clock),
        order_accounts=shared.known.order_accounts,
        revision=SCHEMA_REVISION,
    )


def _shared(
    settings: OmsSettings,
    store: OrderStore,
    waker: WakeUps,
    name: str,
    clock: Clock,
) -> _Shared:
    market = Market(clock)
    quantity = settings.order_quantity_max
    largest = None if quantity is None else Quantity(quantity)
    controls = ControlsInForce(market, Limits(largest, settings.order_value_max))
    audit_log = AuditLog(name)
    known = KnownOrders()
    recoveries = Recoveries(store, Readiness(), clock, audit_log)
    known.on_went_back(recoveries.went_back)
    venues = VenueSessions(settings.trading_day_end_s, settings.trading_day_ends_s, market.find)
    healths = VenueHealths(HealthLimits())
    return _Shared(
        settings=settings,
        name=name,
        store=store,
        clock=clock,
        waker=waker,
        publisher=Publisher(known, waker),
        market=market,
        venues=venues,
        notices=Notices(clock),
        known=known,
        audit_log=audit_log,
        controls_log=AuditLog(f"{name}.controls"),
        recoveries=recoveries,
        blocks=BlockView(store.kills, clock),
        controls=controls,
        fill_followers=(PositionFollower(controls),),
        routing=RoutingParts(RoutingBooks(clock), healths, market, venues, clock),
    )


def _worker(shared: _Shared, refusal_log: RefusalLog) -> CommandWorker:
    # A recovery first, then kill switches: these refusals say more than a limit's.
    controls = (
        RecoveryControl(),
        KillSwitchControl(shared.venues),
        LimitsControl(shared.controls),
    )
    return CommandWorker(
        WorkerParts(
            store=shared.store,
            clock=shared.clock,
            known=shared.known,
            market=shared.market,
            venues=shared.venues,
            publisher=shared.publisher,
            # LimitsControl compares orders with the settings' limits where no other is set.
            limits=Limits(),
            refusal_log=refusal_log,
            audit_log=shared.audit_log,
            routing=shared.routing,
            pre_trade_controls=controls,
            fill_followers=shared.fill_followers,
            answer_age_max_s=shared.settings.answer_age_max_s,
            statement_value_alone_max=shared.settings.statement_value_alone_max,
        ),
        HANDLERS,
    )


def _triggers(shared: _Shared, worker: CommandWorker) -> Triggers:
    triggers = Triggers(shared.store, shared.clock, shared.venues, worker.submit)
    shared.publisher.on_moved(triggers.learn)
    return triggers


def _reduce_only(shared: _Shared, worker: CommandWorker) -> ReduceOnlyWatch:
    watch = ReduceOnlyWatch(shared.store, worker.submit)
    shared.publisher.on_moved(watch.learn)
    return watch


def _router(shared: _Shared, worker: CommandWorker) -> Router:
    router = Router(shared.store, shared.routing, shared.clock, worker.submit)
    # Rejects first: the decision that they lead to knows them.
    shared.publisher.on_moved(shared.routing.healths.learn)
    shared.publisher.on_moved(router.learn)
    return router


def _leases(shared: _Shared, administration: SessionAdministration) -> SessionLeases:
    parts = SessionLinkParts(
        store=shared.store,
        clock=shared.clock,
        known=shared.known,
        market=shared.market,
        venues=shared.venues,
        publisher=shared.publisher,
        notices=shared.notices,
        waker=shared.waker,
        audit_log=shared.audit_log,
        blocks=shared.blocks,
        sessions=administration,
        recoveries=shared.recoveries,
        fill_followers=shared.fill_followers,
    )
    return SessionLeases(parts, shared.name, may_add=shared.settings.sessions_may_be_added)


def _parked(shared: _Shared) -> ParkedMessages:
    return ParkedMessages(
        ParkedParts(
            shared.store,
            shared.clock,
            shared.known,
            shared.market,
            shared.venues,
            shared.publisher,
            shared.audit_log,
            shared.fill_followers,
            shared.settings.statement_value_alone_max,
        )
    )


def _wake_up_receiver(shared: _Shared, leases: SessionLeases) -> WakeUpReceiver:
    return WakeUpReceiver(
        shared.name,
        shared.store,
        shared.publisher,
        shared.venues,
        shared.notices,
        leases,
        shared.blocks,
    )


def _kill_switches(shared: _Shared, worker: CommandWorker) -> KillSwitches:
    store, clock, venues = shared.store, shared.clock, shared.venues
    return KillSwitches(
        KillSwitchParts(
            store.kills,
            clock,
            shared.blocks,
            venues,
            shared.waker,
            Puller(PullParts(store, clock, venues, worker, shared.name)),
            shared.controls_log,
            shared.settings.engage_confirm_s_max,
        )
    )


def _streams(shared: _Shared) -> StreamParts:
    return StreamParts(
        shared.store,
        shared.clock,
        shared.publisher,
        shared.notices,
        shared.venues,
        shared.recoveries.readiness,
        min(shared.settings.stream_lag_events_max, TAIL_ITEMS_MAX),
    )


@asynccontextmanager
async def build(settings: OmsSettings, server: MeshServer) -> AsyncIterator[Ops]:
    """Open the parts, serve the order book, close the parts."""
    _spare_the_collector()
    clock = SystemClock()
    name = new_ulid(clock.now_ns())
    store = await PostgresStore.connect(settings.database_url)
    notifications = PostgresNotifications(settings.database_url, CHANNELS)
    redis = RedisReadCopies(settings.redis_url, CHANNELS) if settings.redis_url else None
    ways: list[Send] = [notifications.send]
    if redis is not None:
        ways.insert(0, redis.send)
    waker = WakeUpSender(name, ways)
    replica = build_replica(settings, store, redis or NoReadCopies(), waker, name, clock)
    servicers.add(server, replica)
    market = MarketDataClient(settings.marketdata_target, settings, replica.market, store)
    prices = TriggerPrices(settings.marketdata_target, settings, replica.triggers, clock)
    books = RoutingBookStream(settings.marketdata_target, settings, replica.routing_books, clock)

    def heard(channel: str, message: str) -> None:
        waker.heard(message)
        replica.wake_up_receiver.heard(channel, message)

    work: list[Coroutine[Any, Any, None]] = [
        replica.run(),
        waker.run(),
        notifications.run(heard),
        market.run(),
        prices.run(),
        books.run(),
    ]
    if redis is not None:
        work += [redis.run_writer(), redis.run_listener(heard)]
    try:
        with collected(ReplicaCollector(replica)), collected(PoolCollector(store.pools())):
            async with server.background(*work):
                yield Ops(readiness=replica.ready)
    finally:
        await replica.guards.close()
        await replica.refusal_log.close()
        if redis is not None:
            await redis.close()
        await store.close()


def _spare_the_collector() -> None:
    """Run the cyclic collector less often.

    A batch makes thousands of values that live until its commit and have no cycles. At Python's
    thresholds the collector visits them again and again, which took a third of the time of an
    order.
    """
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, GC_YOUNG_RUNS, GC_MIDDLE_RUNS)
