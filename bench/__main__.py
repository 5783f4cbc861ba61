"""``python -m bench``: the bare parts one after another, then the mesh, then the table."""

import argparse
import time

import uvloop
from rich.console import Console

from bench import history, machine, relay, report, routing
from bench.bare import fan_out, fix_pair, grpc_echo, postgres
from bench.controls import ControlsBench
from bench.measure import FULL, QUICK, Figure, Plan
from bench.orders import OrderBench
from bench.peers import fan_out as gorilla
from bench.prices import alerts, load, memory, update
from bench.prices import fan_out as prices_fan_out
from bench.stack import running_mesh

PARTS = {
    "grpc": grpc_echo.measure,
    "postgres": postgres.measure,
    "fix": fix_pair.measure,
    "fan-out": fan_out.measure,
    "gorilla": gorilla.measure,
    "market-data": prices_fan_out.measure,
    "history": history.measure,
    "routing": routing.measure,
    "update": update.measure,
    "alerts": alerts.measure,
    "price-load": load.measure,
    "price-edge": load.measure_edge,
    "memory": memory.measure,
    "relay": relay.measure,
}


def measure_orders(plan: Plan) -> list[Figure]:
    """Start a mesh and measure its order path."""
    with running_mesh() as mesh:
        return uvloop.run(OrderBench(mesh, plan).measure())


def measure_controls(plan: Plan) -> list[Figure]:
    """Start another mesh, because this one is left with limits, and measure its controls."""
    with running_mesh() as mesh:
        return uvloop.run(ControlsBench(mesh, plan).measure())


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of under a minute")
    parser.add_argument("--seconds", type=float, help="seconds of each throughput measurement")
    parser.add_argument(
        "--repeats", type=int, help="repeats of each measurement; the medians are printed"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=[*PARTS, "orders", "controls"],
        help="only this part; repeatable",
    )
    parser.add_argument("--no-write", action="store_true", help="do not write bench/results")
    chosen = parser.parse_args()
    plan = QUICK if chosen.quick else FULL
    plan = Plan(
        seconds=chosen.seconds or plan.seconds,
        repeats=chosen.repeats or plan.repeats,
        round_trips=plan.round_trips,
    )
    console = Console(stderr=True)
    here = machine.look()
    figures: list[Figure] = []
    whole = {**PARTS, "orders": measure_orders, "controls": measure_controls}
    for name, measure in whole.items():
        if chosen.only and name not in chosen.only:
            continue
        start = time.perf_counter()
        figures += measure(plan)
        console.print(f"{name}: {time.perf_counter() - start:.0f} s", style="dim")
    report.show(figures, here, quick=plan.is_quick)
    if not chosen.no_write:
        console.print(f"written to {report.write(figures, here, quick=plan.is_quick)}")


if __name__ == "__main__":
    main()
