"""Many subscribers of prices: 2,000 listings that change 50 times a second each.

The feed asks for 100,000 updates a second, and what is reached is measured. Each subscriber reads
50 listings every 100 ms, over gRPC from svc_marketdata itself, or over gRPC-Web from the Envoy of
a whole mesh. The age of a message at delivery is the time since its first quote was sent to
svc_marketdata. The machine runs feed, services and readers, so the CPU of each is a result too.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.measure import CpuMeter, Figure, Plan
from bench.peers.go import built
from bench.peers.grpc_readers import GRPC_WEB, Streams, Taken, reading
from bench.prices.fan_out import WATCH
from bench.prices.feed import ScriptedFeed
from bench.prices.scale import (
    INTERVAL_MS,
    LISTINGS,
    LISTINGS_EACH,
    STOPPED,
    SUBSCRIBERS,
    UPDATES_S,
    WEB_SUBSCRIBERS,
)
from bench.prices.service import Issuer, running_service
from mesh.certificates.tls import TlsFiles
from mesh.rpc.channel import mesh_channel
from meshctl.stack.servers.certificates import ensure_dev_certificates
from ordermesh.marketdata.v1 import market_data_service_pb2

MIC = "XBEN"
USERS = 4
"""A user may have 256 streams."""
NOTE = f"{LISTINGS_EACH} listings every {INTERVAL_MS} ms"


@dataclass(frozen=True)
class Place:
    """Where prices are served."""

    tls: Path
    """Folder of the certificates."""
    port: int
    pids: dict[str, int]
    tokens: Sequence[str]
    edge_port: int = 0
    """Of Envoy."""


@dataclass(frozen=True)
class Given:
    """What the updates took."""

    pushed_s: float
    """Updates a second that the feed pushed."""
    cpu_s: dict[str, float]
    """By process."""


def measure(plan: Plan) -> list[Figure]:
    """Updates in and out, CPU of an update delivered, and its age, as subscribers grow."""
    program = built("readers")
    if program is None:
        return []
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
        return uvloop.run(_measure_alone(plan, program, Path(folder)))


async def _measure_alone(plan: Plan, program: Path, folder: Path) -> list[Figure]:
    ensure_dev_certificates(folder)
    issuer = Issuer(folder)
    async with running_service(folder, await issuer.start()) as (port, pid):
        tokens = [issuer.token(f"bench{n}") for n in range(USERS)]
        place = Place(folder, port, {"marketdata": pid}, tokens)
        figures = await PriceLoad(place, plan, program).of_grpc()
    await issuer.stop()
    return figures


class PriceLoad:
    """A place with a feed, and what was measured there."""

    def __init__(self, place: Place, plan: Plan, program: Path) -> None:
        self._place = place
        self._plan = plan
        self._program = program
        self._figures: list[Figure] = []

    async def of_grpc(self) -> list[Figure]:
        """Grow the number of subscribers, then let some stop reading."""
        async with self._feed() as feed:
            for subscribers in SUBSCRIBERS[-1:] if self._plan.is_quick else SUBSCRIBERS:
                await self._run(feed, f"{subscribers} gRPC subscribers", self._grpc(subscribers))
            await self._stopped(feed)
        return self._figures

    async def of_edge(self) -> list[Figure]:
        """Subscribers of svc_marketdata and of Envoy at the same time."""
        async with self._feed() as feed:
            name = f"{SUBSCRIBERS[-1]} gRPC and {WEB_SUBSCRIBERS} gRPC-Web subscribers"
            await self._run(feed, name, self._grpc(SUBSCRIBERS[-1]), self._web(WEB_SUBSCRIBERS))
        return self._figures

    @contextlib.asynccontextmanager
    async def _feed(self) -> AsyncIterator[ScriptedFeed]:
        tls = TlsFiles.of_service(self._place.tls, "svc-feed")
        async with mesh_channel(f"127.0.0.1:{self._place.port}", "svc-marketdata", tls) as channel:
            feed = ScriptedFeed(channel, MIC, LISTINGS)
            await feed.open()
            yield feed
            await feed.close()

    async def _stopped(self, feed: ScriptedFeed) -> None:
        subscribers = SUBSCRIBERS[1]
        name = f"{subscribers} gRPC subscribers beside {STOPPED} that do not read"
        with_stopped, without = [], []
        for _ in range(self._plan.repeats):
            (alone,), _ = await self._taken(feed, self._grpc(subscribers))
            (beside,), _ = await self._taken(feed, self._grpc(subscribers, STOPPED))
            without.append(alone.ages_ms[1])
            with_stopped.append(beside.ages_ms[1])
        self._add(f"{name}: age p99", "ms", *with_stopped)
        self._add(f"{name}: age p99 without those", "ms", *without)

    async def _run(self, feed: ScriptedFeed, name: str, *groups: Streams) -> None:
        taken, given = await self._taken(feed, *groups)
        cpu = given.cpu_s
        delivered = sum(one.updates for one in taken)
        self._add(f"{name}: updates in", "updates/s", given.pushed_s)
        self._add(f"{name}: updates out", "updates/s", sum(one.rate for one in taken))
        for process in {"marketdata", "envoy"} & cpu.keys():
            of_process = cpu[process] / delivered * 1e6
            self._add(f"{name}: CPU of {process}", "µs/update out", of_process)
        readers = sum(one.cpu_s for one in taken) / delivered * 1e6
        self._add(f"{name}: CPU of the readers", "µs/update out", readers)
        for way, one in zip(("gRPC", "gRPC-Web"), taken, strict=False):
            for percent, age in zip((50, 99), one.ages_ms, strict=True):
                self._add(f"{name}: age over {way} p{percent}", "ms", age)

    def _add(self, name: str, unit: str, *values: float) -> None:
        self._figures.append(Figure(name, unit, list(values), NOTE))

    async def _taken(self, feed: ScriptedFeed, *groups: Streams) -> tuple[list[Taken], Given]:
        """Return what each group took, and what was given for it, once all streams are open."""
        async with contextlib.AsyncExitStack() as stack, self._pushing(feed) as loop:
            opened = [
                await stack.enter_async_context(reading(self._program, group)) for group in groups
            ]
            used, begun, before = CpuMeter(self._place.pids), loop.time(), feed.pushed
            taken = [await readers.found for readers in opened]
            pushed_s = (feed.pushed - before) / (loop.time() - begun)
            return taken, Given(pushed_s, used.seconds())

    @contextlib.asynccontextmanager
    async def _pushing(self, feed: ScriptedFeed) -> AsyncIterator[asyncio.AbstractEventLoop]:
        pushing = asyncio.create_task(feed.push(updates_s=UPDATES_S))
        try:
            yield asyncio.get_running_loop()
        finally:
            feed.stop()
            await pushing

    def _grpc(self, readers: int, stopped: int = 0) -> Streams:
        place = self._place
        client = TlsFiles.of_service(place.tls, "envoy")
        return Streams(
            f"127.0.0.1:{place.port}", "localhost", client.tls_ca, WATCH, _requests(), readers,
            self._plan.seconds, client, tokens=place.tokens, stopped=stopped,
        )  # fmt: skip

    def _web(self, readers: int) -> Streams:
        place = self._place
        return Streams(
            f"127.0.0.1:{place.edge_port}", "localhost", place.tls / "ca.pem", WATCH, _requests(),
            readers, self._plan.seconds, content_type=GRPC_WEB, tokens=place.tokens,
        )  # fmt: skip


def _requests() -> Sequence[bytes]:
    """Serialise requests that together ask for every listing."""
    return [
        market_data_service_pb2.WatchRequest(
            subscription={
                "instrument_ids": [f"S{n:04}.{MIC}" for n in range(begin, begin + LISTINGS_EACH)],
                "mode": "DELIVERY_MODE_INTERVAL",
                "interval_ms": INTERVAL_MS,
            },
            heartbeat_s=60,
        ).SerializeToString()
        for begin in range(0, LISTINGS, LISTINGS_EACH)
    ]
