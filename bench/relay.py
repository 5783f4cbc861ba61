"""The relay: entries a second from PostgreSQL's log to a real broker, and CPU of the relay."""

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import uvloop

from bench.bare.postgres import embedded_postgres
from bench.children import free_port
from bench.measure import Figure, Plan
from deploy.topics import read_topics
from eventlog.logs import Log
from eventlog.rights import ReaderName
from eventlog.source import LogSource
from kernel.clock import SystemClock
from mesh.kafka.connection import client_configuration
from meshctl.stack.home import Home
from meshctl.stack.servers.certificates import ensure_dev_certificates
from meshctl.stack.servers.kafka.broker import CLIENT, EmbeddedKafka
from meshctl.stack.servers.kafka.topics import apply_topics
from meshctl.stack.servers.postgres import READERS
from meshctl.stack.settings import stack_settings
from svc_identity.adapters.postgres import migrate as identity
from svc_marketdata.adapters.postgres import migrate as marketdata
from svc_oms.adapters.postgres import migrate as oms
from svc_relay.adapters.kafka.log_sink import LogSink, Owner
from svc_relay.service.relay import RELAYED, Progress, Relay

ENTRIES_A_SECOND = 15_000
"""Of the log that waits, for each second of the plan."""
FILL = """
INSERT INTO oms.order_events (account_id, sequence, order_id, payload, hash)
SELECT 'ACC-' || n % 50, 1 + n / 50, '01J', decode(repeat(md5(n::text), 20), 'hex'),
    sha256(n::text::bytea)
FROM generate_series(0, $1::int8 - 1) AS numbers (n)
"""
"""Entries of 320 bytes, the size of an execution with its progress, of 50 accounts."""


def measure(plan: Plan) -> list[Figure]:
    """Entries a second of one relay with a backlog, and its CPU for each."""
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
        return uvloop.run(_measure(plan, Path(folder)))


@contextlib.asynccontextmanager
async def embedded_kafka(folder: Path) -> AsyncIterator[EmbeddedKafka]:
    """Run the broker of the local stack in a folder that has its certificates."""
    settings = stack_settings()
    kafka = EmbeddedKafka(Home(folder), free_port(), free_port())
    await asyncio.to_thread(
        kafka.initialise, settings.cache_dir / "kafka", settings.maven_url, lambda _text: None
    )
    spec = kafka.process()
    process = await asyncio.create_subprocess_exec(
        *spec.command, env=dict(spec.environment), cwd=spec.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not await spec.ready():  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)
        yield kafka
    finally:
        process.send_signal(spec.stop_signal)
        await process.wait()


async def _measure(plan: Plan, folder: Path) -> list[Figure]:
    rate = Figure("relay, PostgreSQL to Kafka, a backlog", "events/s")
    cost = Figure("relay, CPU of its process", "us/event")
    count = int(ENTRIES_A_SECOND * plan.seconds)
    async with embedded_postgres(folder) as postgres:
        for service, schema in (("oms", oms), ("identity", identity), ("marketdata", marketdata)):
            await schema.migrate(postgres.owner_url(service))
            await schema.let_read_logs(
                postgres.owner_url(service), ReaderName.RELAY, READERS["relay"]
            )
        url = postgres.url("relay")
        connection = await asyncpg.connect(postgres.owner_url("oms"))
        await connection.execute(FILL, count)
        await connection.close()
        ensure_dev_certificates(folder / "tls")
        async with embedded_kafka(folder) as kafka:
            for number in range(plan.repeats):
                seconds, cpu = await _relay(url, kafka, folder, f"bench{number}.", count)
                rate.values.append(count / seconds)
                cost.values.append(cpu / count * 1e6)
    rate.note = f"{count:,} entries of 320 bytes"
    return [rate, cost]


async def _relay(
    url: str, kafka: EmbeddedKafka, folder: Path, prefix: str, count: int
) -> tuple[float, float]:
    """Relay a log into empty topics; return seconds and seconds of CPU."""
    await asyncio.to_thread(lambda: list(apply_topics(kafka.admin(), prefix, read_topics(), 1)))
    source = LogSource(url, RELAYED, "bench")
    configuration = client_configuration(kafka.bootstrap, folder / "tls", CLIENT)
    sink = LogSink(configuration, Owner(prefix, "", "bench", 10.0))
    clock = SystemClock()
    progress = Progress(clock)
    relay = asyncio.create_task(Relay(source, sink, progress, clock).run())
    while not progress.relayed[Log.ORDERS]:  # noqa: ASYNC110  # it is not told
        await asyncio.sleep(0.001)
    first, start, cpu = progress.relayed[Log.ORDERS], time.perf_counter(), time.process_time()
    while progress.relayed[Log.ORDERS] < count:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
    await sink.close()
    await source.close()
    share = count / (count - first)
    return seconds * share, cpu * share
