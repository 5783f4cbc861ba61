"""The composition root: builds the process from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from eventlog.source import LogSource
from kernel.clock import SystemClock
from mesh.kafka.connection import kafka_configuration
from mesh.rpc.server import MeshServer, Ops
from mesh.settings import SettingsError
from mesh.telemetry.process import collected
from svc_relay.adapters.kafka.log_sink import LogSink, Owner
from svc_relay.api.figures import RelayCollector, readiness
from svc_relay.service.relay import RELAYED, Progress, Relay
from svc_relay.settings import RelaySettings


@asynccontextmanager
async def build(settings: RelaySettings, server: MeshServer) -> AsyncIterator[Ops]:
    """Relay while this context is open."""
    if not settings.database_url:
        raise SettingsError("set ORDERMESH_DATABASE_URL to postgresql://user@host:port/database")
    if not settings.kafka_bootstrap:
        raise SettingsError("set ORDERMESH_KAFKA_BOOTSTRAP to host:port of a broker")
    clock = SystemClock()
    source = LogSource(settings.database_url, RELAYED, settings.service)
    sink = LogSink(
        kafka_configuration(settings, settings),
        Owner(
            prefix=settings.kafka_topic_prefix,
            cluster_id=settings.kafka_cluster_id,
            instance=settings.relay_instance,
            lease_s=settings.relay_lease_s,
        ),
    )
    progress = Progress(clock)
    try:
        with collected(RelayCollector(progress)):
            async with server.background(Relay(source, sink, progress, clock).run()):
                yield Ops(lambda: readiness(progress, settings.relay_lag_max_s))
    finally:
        await sink.close()
        await source.close()
