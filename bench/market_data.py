"""Fan-out through svc_marketdata: a scripted feed in, counted updates out, over mutual TLS.

The service runs as its own process, as in production, without Redis. Frames of the feed
change the best bid of 50 listings; each subscriber of EVERY_EVENT gets every one of these
quotes. The feed sends the next frame when the slowest subscriber is at most a few frames
late, as in the bare measurement, where flow control does it.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import uvloop
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from bench.bare.fan_out import LOW_PRICE, SUBSCRIBERS, UPDATES_PER_FRAME, UpdateCounter
from bench.children import PROJECT, free_port
from bench.measure import CpuMeter, Figure, Plan
from mesh.auth.token_keys import KEYS_SERVICE
from mesh.certificates.tls import TlsFiles, server_context
from mesh.pages import OK, Page, PageServer
from mesh.rpc.channel import mesh_channel
from mesh.settings import child_environment
from meshctl.stack.processes.services import http_ready
from meshctl.stack.servers.certificates import ensure_dev_certificates
from ordermesh.marketdata.v1 import (
    feed_service_pb2,
    instrument_pb2,
    market_data_pb2,
    market_data_service_pb2,
)

FRAMES_AHEAD_MAX = 16
"""Frames the feed may be ahead of the slowest subscriber: more than the 64 KiB of a stream's
window, so that HTTP/2's flow control paces the readers as it does in the bare fan-out."""
PUSH_PAUSE_S = 0.001
"""Much shorter than these frames take; a busy loop would take CPU from the readers."""
SCRIPT_FRAMES = 100
START_TIMEOUT_S = 20
MIC = "SIMA"
NAMES = [f"S{n:02}.{MIC}" for n in range(UPDATES_PER_FRAME)]
FEED = "/ordermesh.marketdata.v1.FeedService/Feed"
WATCH = "/ordermesh.marketdata.v1.MarketDataService/Watch"


def measure(plan: Plan) -> list[Figure]:
    """Updates a second summed over all subscribers, and CPU of the service an update."""
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
        return uvloop.run(_measure(plan, Path(folder)))


class Issuer:
    """Signs tokens and shows its key, instead of svc_identity."""

    def __init__(self, folder: Path) -> None:
        self._key = ECKey.generate_key("P-256", parameters={"kid": "bench", "alg": "ES256"})
        document = json.dumps(KeySet([self._key]).as_dict(private=False)).encode()
        pages = {"/jwks.json": Page(OK, "application/json", document)}
        tls = server_context(TlsFiles.of_service(folder, KEYS_SERVICE))
        self._server = PageServer("127.0.0.1:0", pages.get, tls)

    async def start(self) -> str:
        """Serve the key; return the URL."""
        await self._server.start()
        return f"https://127.0.0.1:{self._server.port}/jwks.json"

    async def stop(self) -> None:
        """Stop serving."""
        await self._server.stop()

    def token(self) -> str:
        """Sign a token that is valid for the whole run."""
        now = int(time.time())
        claims = {
            "iss": "ordermesh", "aud": "ordermesh", "sub": "bench", "name": "bench",
            "iat": now, "exp": now + 3600, "roles": ["VIEWER"], "accounts": [],
            "prices": ["*=REAL_TIME"],
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": "bench"}, claims, self._key)


@contextlib.asynccontextmanager
async def _service(folder: Path, jwks_url: str) -> AsyncIterator[tuple[int, int]]:
    """Run svc_marketdata; return its port and process id."""
    port, ops = free_port(), free_port()
    tls = TlsFiles.of_service(folder, "svc-marketdata")
    environment = child_environment({
        "ORDERMESH_BIND": f"127.0.0.1:{port}",
        "ORDERMESH_OPS_BIND": f"127.0.0.1:{ops}",
        "ORDERMESH_TLS_CERT": str(tls.tls_cert),
        "ORDERMESH_TLS_KEY": str(tls.tls_key),
        "ORDERMESH_TLS_CA": str(tls.tls_ca),
        "ORDERMESH_JWKS_URL": jwks_url,
        "ORDERMESH_LOG_LEVEL": "warning",
        "PYTHONPATH": f"{PROJECT}:{PROJECT / 'gen/python'}",
    })  # fmt: skip
    process = subprocess.Popen(  # noqa: ASYNC220  # our own module
        [sys.executable, "-m", "svc_marketdata"],
        env=environment,
        cwd=PROJECT,
        # gRPC writes a stack for every stream that is cancelled in a write.
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await http_ready(ops):  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


async def _measure(plan: Plan, folder: Path) -> list[Figure]:
    ensure_dev_certificates(folder)
    issuer = Issuer(folder)
    figures = []
    async with _service(folder, await issuer.start()) as (port, pid):
        target = f"127.0.0.1:{port}"
        gateway = mesh_channel(target, "svc-marketdata", TlsFiles.of_service(folder, "svc-gateway"))
        edge = TlsFiles.of_service(folder, "envoy")
        async with gateway:
            feed = ScriptedFeed(gateway)
            await feed.open()
            for mode in ("EVERY_EVENT", "LATEST_ON_READY"):
                for subscribers in SUBSCRIBERS if mode == "EVERY_EVENT" else SUBSCRIBERS[-1:]:
                    rate = Figure(f"svc_marketdata to {subscribers}, {mode}", "updates/s")
                    cpu = Figure(f"svc_marketdata to {subscribers}, {mode}: CPU", "µs/update")
                    for _ in range(plan.repeats):
                        async with mesh_channel(target, "svc-marketdata", edge) as channel:
                            meter = CpuMeter({"marketdata": pid})
                            updates = await _run(plan, channel, feed, issuer, mode, subscribers)
                            used = meter.seconds()["marketdata"]
                            rate.values.append(updates.rate)
                            cpu.values.append(used / updates.total * 1e6)
                    figures += [rate, cpu]
            await feed.close()
    await issuer.stop()
    return figures


class _Updates:
    def __init__(self, rate: float, total: int) -> None:
        self.rate = rate
        self.total = total


async def _run(
    plan: Plan,
    channel: grpc.aio.Channel,
    feed: "ScriptedFeed",
    issuer: Issuer,
    mode: str,
    subscribers: int,
) -> _Updates:
    request = market_data_service_pb2.WatchRequest(
        subscription={"mode": f"DELIVERY_MODE_{mode}"}, heartbeat_s=60
    ).SerializeToString()
    metadata = (("authorization", f"Bearer {issuer.token()}"),)
    stub = channel.unary_stream(WATCH)
    calls = [stub(request, metadata=metadata) for _ in range(subscribers)]
    counter = UpdateCounter(calls)
    while min(counter.counts) < UPDATES_PER_FRAME:  # noqa: ASYNC110  # the snapshot
        await asyncio.sleep(0.01)
    counter.counts = [0] * subscribers
    pushing = asyncio.create_task(feed.push(counter))
    rate = await counter.rate(plan.seconds)
    feed.pushes = False
    await pushing
    return _Updates(rate, sum(counter.counts))


class ScriptedFeed:
    """A gateway that changes the best bid of every listing in every frame."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._call = channel.stream_stream(
            FEED, response_deserializer=feed_service_pb2.FeedResponse.FromString
        )()
        self.pushes = False
        self._sequence = 0
        self._acknowledged = 0
        self._reader: asyncio.Task[None] | None = None
        self._script = [_frame(n) for n in range(SCRIPT_FRAMES)]

    async def open(self) -> None:
        """Open the feed and send all listings and books."""
        opened = feed_service_pb2.FeedOpen(session_id="bench", venue_mic=MIC, epoch="bench")
        await self._call.write(feed_service_pb2.FeedRequest(open=opened).SerializeToString())
        self._reader = asyncio.create_task(self._read())
        opening = feed_service_pb2.FeedRequest(
            venue_status=market_data_pb2.VenueStatus(venue_mic=MIC, feed_up=True),
            instruments=[
                instrument_pb2.Instrument(
                    instrument_id=name, symbol=name.partition(".")[0], venue_mic=MIC
                )
                for name in NAMES
            ],
            updates=[update for name in NAMES for update in _first_updates(name)],
        )
        await self._send(opening.SerializeToString())
        while self._acknowledged < self._sequence:  # noqa: ASYNC110  # once, at the start
            await asyncio.sleep(0.01)

    async def push(self, counter: UpdateCounter) -> None:
        """Send frames as fast as the slowest subscriber and the service take them."""
        # Not cancelled from outside: that would end the whole stream.
        self.pushes, sent = True, 0
        while self.pushes:
            taken = min(counter.counts) // UPDATES_PER_FRAME
            ahead = max(sent - taken, self._sequence - self._acknowledged)
            if ahead >= FRAMES_AHEAD_MAX:
                await asyncio.sleep(PUSH_PAUSE_S)
                continue
            await self._send(self._script[sent % SCRIPT_FRAMES])
            sent += 1

    async def close(self) -> None:
        """End the feed."""
        self._call.cancel()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _send(self, frame: bytes) -> None:
        self._sequence += 1
        number = feed_service_pb2.FeedRequest(frame_sequence=self._sequence)
        # Fields may come in any order and messages may be joined.
        await self._call.write(frame + number.SerializeToString())

    async def _read(self) -> None:
        async for response in self._call:
            self._acknowledged = response.acknowledged_frame_sequence


def _first_updates(name: str) -> list[feed_service_pb2.FeedUpdate]:
    """All fields of a quote, so that frames are as large as those of the bare fan-out."""
    update = feed_service_pb2.FeedUpdate
    return [
        update(
            instrument_id=name,
            book=market_data_pb2.Book(
                bids=[market_data_pb2.BookLevel(price="650.25", size="1")],
                asks=[market_data_pb2.BookLevel(price="650.35", size="900")],
            ),
        ),
        update(
            instrument_id=name,
            trade=market_data_pb2.Trade(trade_id="1", price="650.3", size="100"),
        ),
        update(
            instrument_id=name,
            statistics=feed_service_pb2.Statistics(
                open_price="648",
                high_price="655.5",
                low_price=LOW_PRICE,
                close_price="647.9",
                volume="1204500",
            ),
        ),
    ]


def _frame(number: int) -> bytes:
    updates = []
    for name in NAMES:
        update = feed_service_pb2.FeedUpdate(
            instrument_id=name,
            level=feed_service_pb2.LevelChange(
                side=feed_service_pb2.BOOK_SIDE_BID, price="650.25", size=str(1000 + number)
            ),
        )
        update.venue_time.FromNanoseconds(time.time_ns() + number)
        update.received_at.FromNanoseconds(time.time_ns() + number)
        updates.append(update)
    return feed_service_pb2.FeedRequest(updates=updates).SerializeToString()
