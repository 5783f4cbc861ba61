"""The composition root: builds the process from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from eventlog.source import LogSource
from kernel.clock import SystemClock
from kernel.ulid import new_ulid
from mesh.rpc.server import MeshServer, Ops
from mesh.settings import SettingsError
from mesh.telemetry.parts import PoolCollector
from mesh.telemetry.process import collected
from svc_notify.adapters.channels.kinds import build_channels
from svc_notify.adapters.postgres.choices import PostgresChoices
from svc_notify.adapters.postgres.database import Database
from svc_notify.adapters.postgres.history import PostgresHistory
from svc_notify.adapters.postgres.lease import PostgresLease
from svc_notify.adapters.postgres.order_rows import PostgresOrders
from svc_notify.adapters.postgres.outbox import PostgresOutbox
from svc_notify.adapters.postgres.writing import PostgresNotifications
from svc_notify.api import destinations, notifications, rules
from svc_notify.api.figures import NotifyCollector, readiness
from svc_notify.api.stream import StreamParts, item_of
from svc_notify.service.dispatcher import Dispatcher
from svc_notify.service.notifier import Notifier, Owner
from svc_notify.service.progress import Progress
from svc_notify.service.reading.pages import READERS
from svc_notify.service.upkeep import Upkeep
from svc_notify.service.watch import Watch
from svc_notify.settings import NotifySettings


@asynccontextmanager
async def build(settings: NotifySettings, server: MeshServer) -> AsyncIterator[Ops]:
    """Build the service; it reads the logs and serves users while this context is open."""
    if not settings.database_url:
        raise SettingsError("set ORDERMESH_DATABASE_URL to postgresql://user@host:port/database")
    clock = SystemClock()
    channels = build_channels(settings, clock)
    database = Database(settings.database_url)
    await database.open()
    source = LogSource(settings.database_url, READERS, settings.service)
    holder = settings.notify_instance or new_ulid(clock.now_ns())
    owner = Owner(PostgresLease(database), holder, settings.notify_lease_s, clock)
    history, choices = PostgresHistory(database), PostgresChoices(database)
    watch, progress = Watch(history, item_of), Progress(clock)
    notifier = Notifier(
        source,
        PostgresNotifications(database),
        PostgresOrders(database),
        owner,
        progress,
        clock,
        settings.notify_unknown_after_s,
        watch.stored,
    )
    outbox = PostgresOutbox(database)
    upkeep = Upkeep(
        history, outbox, choices, owner, clock,
        settings.notify_history_days, settings.notify_history_max,
    )  # fmt: skip
    dispatcher = Dispatcher(outbox, channels, owner, clock)
    parts = StreamParts(history, choices, watch, clock)
    server.add(
        notifications.NotificationServicer(parts), notifications.SERVICE, notifications.ACCESS
    )
    server.add(rules.RuleServicer(choices, clock), rules.SERVICE, rules.ACCESS)
    server.add(
        destinations.DestinationServicer(choices, outbox, clock, settings.trusted_hosts),
        destinations.SERVICE,
        destinations.ACCESS,
    )
    try:
        with collected(PoolCollector({"all": database.pool})), collected(NotifyCollector(progress)):
            work = notifier.run(), dispatcher.run(), watch.run(), upkeep.run()
            async with server.background(*work):
                yield Ops(lambda: readiness(progress))
    finally:
        await source.close()
        await owner.give_up()
        await database.close()
