"""`python -m sim_exchange`: one simulated venue until SIGTERM or SIGINT."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from mesh.rpc.server import run_process
from sim_exchange.app import build
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


if __name__ == "__main__":
    # Not sys.exit: QuickFIX's thread still runs, and its objects must not be destroyed under it.
    run_process(SimSettings, build, flags=read_arguments(), leave=os._exit)
