"""Subscribers of prices at svc_marketdata and, over gRPC-Web, at the Envoy of a whole mesh."""

import json
from pathlib import Path

import uvloop

from bench.measure import Figure, Plan
from bench.peers.go import built
from bench.prices.load import Place, PriceLoad
from bench.stack import Mesh, running_mesh


def measure(plan: Plan) -> list[Figure]:
    """Updates in and out, CPU of an update delivered, and its age."""
    program = built("readers")
    if program is None:
        return []
    with running_mesh() as mesh:
        return uvloop.run(_measure(plan, program, mesh))


async def _measure(plan: Plan, program: Path, mesh: Mesh) -> list[Figure]:
    users = sorted(json.loads(mesh.home.users_file.read_text("utf-8")))
    tokens = [await mesh.token(user) for user in users]
    place = Place(
        mesh.home.tls, mesh.ports["marketdata"], mesh.pids(), tokens, mesh.ports["edge_tls"]
    )
    return await PriceLoad(place, plan, program).of_edge()
