"""The parts of the bench, each measured in a process of its own."""

import importlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from bench.measure import Figure, Plan

PARTS = {
    "grpc": "bench.bare.grpc_echo",
    "postgres": "bench.bare.postgres",
    "fix": "bench.bare.fix_pair",
    "fan-out": "bench.bare.fan_out",
    "gorilla": "bench.peers.fan_out",
    "plain": "bench.peers.plain_python.measure",
    "market-data": "bench.prices.fan_out",
    "history": "bench.history",
    "routing": "bench.routing",
    "limits": "bench.limits",
    "update": "bench.prices.update",
    "alerts": "bench.prices.alerts",
    "price-load": "bench.prices.load",
    "price-edge": "bench.prices.edge_load",
    "memory": "bench.prices.memory",
    "relay": "bench.relay",
    "orders": "bench.whole_mesh.orders",
    "lone": "bench.whole_mesh.lone",
    "router": "bench.whole_mesh.routed",
    "reads": "bench.whole_mesh.reads",
    "wakeups": "bench.whole_mesh.wakeups",
    "controls": "bench.whole_mesh.controls",
}
"""Modules with a function `measure(plan)`. Each is imported when it runs: an older tree, which
`--against` measures, may lack what another part imports."""


def measure(module: str, plan: Plan) -> list[Figure]:
    """Measure the part of a module in this process."""
    figures: list[Figure] = importlib.import_module(module).measure(plan)
    return figures


def measure_alone(part: str, plan: Plan) -> list[Figure]:
    """Measure a part in a new process.

    What a part leaves behind, such as threads of gRPC, ends with its process: a child that a later
    part forked from it would inherit half of it and fail.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as alone:
        return alone.submit(measure, PARTS[part], plan).result()
