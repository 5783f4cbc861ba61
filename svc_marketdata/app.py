"""The composition root: builds the parts of the process."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from kernel.clock import Clock, SystemClock
from kernel.ulid import new_ulid
from mesh.auth.access import user_or_peer
from mesh.auth.revocations import Revocations
from mesh.rpc.server import MeshServer, Ops, peer, user
from mesh.tasks import Supervised
from mesh.telemetry.parts import PoolCollector
from mesh.telemetry.process import collected
from svc_marketdata.adapters.postgres.alerts.store import PostgresAlertStore
from svc_marketdata.adapters.postgres.database import Database
from svc_marketdata.adapters.postgres.history.reader import PostgresHistoryReader
from svc_marketdata.adapters.postgres.history.store import PostgresHistory
from svc_marketdata.adapters.postgres.reference_store import PostgresReferenceStore
from svc_marketdata.adapters.redis.last_values import LastValues
from svc_marketdata.api.alerts import servicer as alerts
from svc_marketdata.api.alerts.mapping import shown_of
from svc_marketdata.api.alerts.servicer import PriceAlertServicer
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.api.feed import FeedServicer
from svc_marketdata.api.history.servicer import HistoryParts, HistoryServicer
from svc_marketdata.api.instruments import InstrumentServicer
from svc_marketdata.api.mapping import (
    listing_from_proto,
    listing_to_proto,
    quote_from_proto,
    quote_to_proto,
)
from svc_marketdata.api.market_data import MarketDataServicer
from svc_marketdata.api.reference import servicer
from svc_marketdata.api.reference.finding import Finder
from svc_marketdata.api.reference.servicer import ReferenceDataServicer
from svc_marketdata.domain.price_rights import read_rights
from svc_marketdata.metrics import MarketDataCollector
from svc_marketdata.service.alerts.keeper import AlertKeeper, KeeperRules
from svc_marketdata.service.alerts.ports import AlertLimits
from svc_marketdata.service.history.ports import Kept
from svc_marketdata.service.history.recorder import Recorder
from svc_marketdata.service.history.writer import History, HistoryWriter
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from svc_marketdata.service.reference.reference_data import ReferenceData
from svc_marketdata.service.reference.view import ReferenceView
from svc_marketdata.settings import MarketDataSettings

ATTEND_PAUSE_S = 0.25
"""Seconds between checks of silent feeds and ended candles."""
PACKAGE = "ordermesh.marketdata.v1"
USER = user()
LISTING_READERS = ("svc-oms", "svc-gateway")
"""Services that may watch listings without a user."""
PRICE_READERS = ("svc-oms",)
"""Services that may watch prices without a user."""
Work = dict[str, Callable[[], Awaitable[None]]]


@asynccontextmanager
async def build(settings: MarketDataSettings, server: MeshServer) -> AsyncIterator[Ops]:
    """Build the service; prices and streams exist while this context is open."""
    clock = SystemClock()
    limits = Limits(
        subscriber_queue_updates_max=settings.subscriber_queue_updates_max,
        subscribers_max=settings.subscribers_max,
        instruments_max=settings.instruments_max,
        feed_silence_max_s=settings.feed_silence_max_s,
        quote_age_max_s=settings.quote_age_max_s,
    )
    hub = Hub(ProtoEncoder(), limits, epoch=new_ulid(clock.now_ns()))
    data = MarketData(hub, clock)

    server.add(
        MarketDataServicer(data),
        f"{PACKAGE}.MarketDataService",
        {
            "Watch": user_or_peer(*PRICE_READERS),
            "Stream": user_or_peer(*PRICE_READERS),
            "GetSnapshot": USER,
        },
    )
    database = Database(settings.database_url)
    await database.open()
    view = _reference(server, data, database, clock)
    server.add(
        FeedServicer(data),
        f"{PACKAGE}.FeedService",
        {"Feed": peer("svc-gateway", "svc-feed")},
        validates_itself=["Feed"],
    )
    history = _history(settings, server, data, database, clock)
    keeper = _alerts(settings, data, database)
    server.add(PriceAlertServicer(keeper), f"{PACKAGE}.PriceAlertService", alerts.ACCESS)
    last_values = _last_values(settings, clock)
    if server.verifier is not None:
        _end_with_rights(keeper, server.verifier.revocations)
    work: Work = {"clock of prices": lambda: _every(ATTEND_PAUSE_S, data.tick)}
    if last_values is not None:
        data.restore(*await last_values.load())
        work["last values"] = partial(last_values.run, data)
    if database.configured:
        work |= _kept_in_database(database, view, history, keeper)
    # One rule for all of them: prices go on, whatever fails.
    parts = [Supervised(name, part, clock) for name, part in work.items()]
    collector = MarketDataCollector(data, last_values, history, parts, keeper)
    try:
        with collected(collector), collected(PoolCollector({"all": database.pool})):
            async with server.background(*(part.run() for part in parts)):
                yield Ops(readiness=lambda: (True, _state(data, database, parts)))
    finally:
        if last_values is not None:
            await last_values.close(data)
        if database.configured:
            history.recorder.end_quotes(data.listed)
            await history.writer.close()
            await keeper.close()
        await database.close()


def _kept_in_database(
    database: Database, view: ReferenceView, history: History, keeper: AlertKeeper
) -> Work:
    return {
        "database check": database.watch,
        "reference data": view.run,
        "reference notices": view.listen,
        "history": history.writer.run,
        "price alerts": keeper.run,
        "notices of alerts": keeper.listen,
    }


def _alerts(settings: MarketDataSettings, data: MarketData, database: Database) -> AlertKeeper:
    def begins(instrument_id: str, date: dt.date) -> int:
        return data.calendar_of(instrument_id).first_from(date)

    limits = AlertLimits(settings.alerts_per_user_max, settings.alerts_max)
    rules = KeeperRules(limits, settings.retention_alerts_days)
    return AlertKeeper(data, PostgresAlertStore(database, begins), shown_of, rules)


def _end_with_rights(keeper: AlertKeeper, revocations: Revocations) -> None:
    """Let alerts end within seconds when a user loses a right to prices."""

    def changed() -> None:
        found = revocations.prices.items()
        keeper.rights_changed({user: read_rights(claims) for user, claims in found})

    revocations.join(changed)


def _history(
    settings: MarketDataSettings,
    server: MeshServer,
    data: MarketData,
    database: Database,
    clock: Clock,
) -> History:
    """Serve the history, and record it if a database is set."""
    reader = PostgresHistoryReader(database)
    server.add(
        HistoryServicer(HistoryParts(data, reader, clock, data.calendar_of)),
        f"{PACKAGE}.HistoryService",
        {"ListCandles": USER, "ListTrades": USER, "Replay": USER},
    )
    kept = Kept(
        settings.retention_trades_days,
        settings.retention_candles_days,
        settings.retention_quotes_days,
    )
    recorder = Recorder(
        clock,
        settings.history_queue_trades_max,
        data.calendar_of,
        settings.history_quote_interval_s,
    )
    if database.configured:
        data.recorder = recorder
    return History(recorder, HistoryWriter(recorder, PostgresHistory(database, kept), clock))


def _reference(
    server: MeshServer, data: MarketData, database: Database, clock: Clock
) -> ReferenceView:
    """Add the services of instruments, and return what keeps their reference data."""
    store = PostgresReferenceStore(database)
    view = ReferenceView(data, store, clock)
    server.add(
        InstrumentServicer(data, Finder(data, store, view.index)),
        f"{PACKAGE}.InstrumentService",
        {
            "Get": USER,
            "List": USER,
            "Search": USER,
            "Watch": user_or_peer(*LISTING_READERS),
            "GetCalendar": USER,
        },
    )
    server.add(
        ReferenceDataServicer(ReferenceData(store, view), data),
        f"{PACKAGE}.ReferenceDataService",
        servicer.ACCESS,
    )
    return view


def _last_values(settings: MarketDataSettings, clock: Clock) -> LastValues | None:
    if not settings.redis_url:
        return None
    return LastValues(
        settings.redis_url,
        quote_to_proto=quote_to_proto,
        quote_from_proto=quote_from_proto,
        listing_to_proto=listing_to_proto,
        listing_from_proto=listing_from_proto,
        is_over=lambda listing: listing.is_over(clock.now_ns()),
    )


async def _every(pause_s: float, action: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(pause_s)
        action()


def _state(data: MarketData, database: Database, parts: Sequence[Supervised]) -> str:
    """Say what is there, and what fails. Prices go on, so readiness does not depend on it."""
    venues = ", ".join(
        f"{venue.mic} {'live' if venue.live else 'down'}" for venue in data.venues.values()
    )
    stored = "reachable" if database.reachable else "away" if database.configured else "not set"
    failing = "".join(
        f"; {part.name} fails, {part.failures} times so far: {part.cause}"
        for part in parts
        if not part.healthy
    )
    known = f"{len(data.listed)} instruments; feeds: {venues or 'none yet'}; database: {stored}"
    return known + failing
