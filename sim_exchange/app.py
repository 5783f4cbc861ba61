"""Composition root of a simulated venue as a process."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mesh.rpc.server import MeshServer, Ops
from mesh.settings import SettingsError
from mesh.telemetry.process import collected
from sim_exchange.metrics import VenueCollector
from sim_exchange.running import RunningVenue
from sim_exchange.settings import SimSettings

GC_THRESHOLDS = (20_000, 50, 100)


@asynccontextmanager
async def build(settings: SimSettings, server: MeshServer) -> AsyncIterator[Ops]:
    """Run the venue until the process drains.

    Raises:
        SettingsError: The port is taken, or the store or the recording cannot be used.
    """
    try:
        running = RunningVenue(settings)
        late, cancelled = running.start()
    except (ValueError, OSError) as error:
        raise SettingsError(f"sim_exchange: {error}") from error
    _spare_the_collector()
    recovered = f", {cancelled} orders cancelled, {late} reports sent late" if cancelled else ""
    line = (
        f"sim_exchange ready: {settings.sim_mic} on {settings.sim_host}:{settings.sim_port}, "
        f"{len(running.parts.venue.markets)} instruments, simulated prices{recovered}\n"
    )
    try:
        with collected(VenueCollector(running)):
            async with server.background(_say_when_serving(server, line)):
                yield Ops(running.readiness, folders=(settings.sim_store_dir,))
    finally:
        await asyncio.to_thread(running.stop)


async def _say_when_serving(server: MeshServer, line: str) -> None:
    """Write the line once the process can be asked to stop."""
    await server.serving.wait()
    sys.stdout.write(line)
    sys.stdout.flush()


def _spare_the_collector() -> None:
    """Look for cyclic garbage less often.

    What lives now lives as long as the process, and orders make no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
