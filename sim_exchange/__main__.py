"""`python -m sim_exchange`: one simulated venue until SIGTERM or SIGINT."""

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from prometheus_client import REGISTRY

from mesh.log import configure
from mesh.settings import SettingsError, load_settings
from mesh.telemetry import OpsServer
from sim_exchange.adapters.journal import JournalError
from sim_exchange.app import RunningVenue, with_flags
from sim_exchange.domain.lobster import RecordingError
from sim_exchange.metrics import VenueCollector
from sim_exchange.settings import SimSettings


def read_arguments(arguments: Sequence[str] | None = None) -> dict[str, object]:
    """Flags that were given, by the name of the setting they override."""
    parser = argparse.ArgumentParser(
        prog="python -m sim_exchange",
        description="A simulated venue: FIX 4.4 acceptor with a price-time priority book.",
    )
    parser.add_argument("--mic", dest="sim_mic", help="MIC and FIX CompID")
    parser.add_argument("--port", dest="sim_port", type=int, help="TCP port of the FIX sessions")
    parser.add_argument("--store", dest="sim_store_dir", type=Path, help="folder of FIX store")
    parser.add_argument("--seed", dest="sim_seed", type=int, help="seed of the agents")
    parser.add_argument("--clients", dest="sim_clients", help="CompIDs with commas between")
    parser.add_argument("--ops", dest="ops_bind", help="host:port of /metrics, /livez, /readyz")
    parser.add_argument("--replay", dest="sim_replay", help="LOBSTER message file to play")
    parser.add_argument("--replay-symbol", dest="sim_replay_symbol", help="instrument to play into")
    parser.add_argument(
        "--speed", dest="sim_replay_speed", type=float, help="recorded s per s; 0: at once"
    )
    parser.add_argument(
        "--no-agents", dest="sim_agents", action="store_const", const=False, help="no order flow"
    )
    return vars(parser.parse_args(arguments))


async def run(settings: SimSettings) -> None:
    """Run the venue and its operations server."""
    # First of all: who reads that it is ready may ask it to stop.
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    running = RunningVenue(settings)
    late, cancelled = running.start()
    REGISTRY.register(VenueCollector(running))
    ops = OpsServer(settings.ops_bind, running.readiness) if settings.ops_bind else None
    if ops is not None:
        await ops.start()
    # What lives now lives as long as the process, and orders make no cycles: the collector
    # need not look at all of it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    recovered = f", {cancelled} orders cancelled, {late} reports sent late" if cancelled else ""
    sys.stdout.write(
        f"sim_exchange ready: {settings.sim_mic} on {settings.sim_host}:{settings.sim_port}, "
        f"{len(running.parts.venue.markets)} instruments, simulated prices{recovered}\n"
    )
    sys.stdout.flush()
    await stopped.wait()
    await asyncio.to_thread(running.stop)
    if ops is not None:
        await ops.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Read settings, run, and turn what a person can mend into one line."""
    flags = read_arguments(arguments)
    try:
        settings = with_flags(load_settings(SimSettings), flags)
        configure(
            f"sim-exchange-{settings.sim_mic.lower()}", settings.log_level, settings.log_format
        )
        asyncio.run(run(settings))
    except (SettingsError, JournalError, RecordingError, ValueError, OSError) as error:
        sys.stderr.write(f"sim_exchange: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    code = main()
    with suppress(OSError):  # whoever read them may be gone
        sys.stdout.flush()
        sys.stderr.flush()
    # Not sys.exit: QuickFIX's thread still runs, and its objects must not be destroyed under it.
    os._exit(code)
