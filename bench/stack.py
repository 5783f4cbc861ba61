"""A whole mesh for the bench: own folder, own ports, quiet venues."""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio

from bench.children import PROJECT
from mesh.certificates.tls import TlsFiles
from mesh.rpc.channel import mesh_channel
from meshctl.client import local_mesh
from meshctl.stack.home import Home, Ports
from meshctl.stack.processes.ports import free_offset
from ordermesh.marketdata.v1.instrument_pb2 import Instrument

START_TIMEOUT_S = 300
USER, ACCOUNT = "alice", "ACC-ALICE"


@dataclass(frozen=True)
class Mesh:
    """A running mesh."""

    home: Home
    ports: Ports

    def pids(self) -> dict[str, int]:
        """Process ids of all our processes by name, and of this bench."""
        entries = self.home.state()["processes"]
        return {entry["name"]: entry["pid"] for entry in entries if entry["pid"]}

    async def token(self, user: str = USER) -> str:
        """Log a user in and return a fresh access token."""
        known = json.loads(self.home.users_file.read_text("utf-8"))
        async with local_mesh(self.home, keep_login=False) as client:
            session = await client.login(user, known[user]["password"])
            return session.access_token

    def direct(self) -> grpc.aio.Channel:
        """Connect to svc_oms itself, with the certificate of the bench."""
        tls = TlsFiles.of_service(self.home.tls, "bench")
        return mesh_channel(f"127.0.0.1:{self.ports['oms']}", "svc-oms", tls)

    def edge(self) -> grpc.aio.Channel:
        """Connect through Envoy, as users do."""
        authority = (self.home.tls / "ca.pem").read_bytes()
        return grpc.aio.secure_channel(
            f"localhost:{self.ports['edge_tls']}", grpc.ssl_channel_credentials(authority)
        )


@contextlib.contextmanager
def running_mesh(settings: Mapping[str, str] | None = None) -> Iterator[Mesh]:
    """Start a mesh, with more settings of the stack, stop it, and remove its folder."""
    folder = Path(tempfile.mkdtemp(prefix="ordermesh-bench-"))
    home, offset = Home(folder), free_offset()
    try:
        _ordermesh(
            "up", "--detach", "--no-agents", "--no-drop-copy", "--log-level", "warning",
            "--home", str(folder), "--port-offset", str(offset),
            settings=settings,
        )  # fmt: skip
        yield Mesh(home, Ports().shifted(offset))
    finally:
        _ordermesh("down", "--home", str(folder))
        shutil.rmtree(folder, ignore_errors=True)


def _ordermesh(*words: str, settings: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(  # our own command
        [sys.executable, "-m", "meshctl", *words],
        cwd=PROJECT,
        env={**os.environ, **(settings or {})},
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"ordermesh {' '.join(words)}:\n{done.stdout}{done.stderr}")


async def until_tradable(mesh: Mesh, seconds: float = 30) -> list[str]:
    """Wait until the listings of both venues can be traded; return their ids."""
    return [item.instrument_id for item in await tradable(mesh, seconds)]


async def tradable(mesh: Mesh, seconds: float = 30) -> list[Instrument]:
    """Wait until the listings of both venues can be traded, and return them."""
    known = json.loads(mesh.home.users_file.read_text("utf-8"))
    async with local_mesh(mesh.home, keep_login=False) as client, asyncio.timeout(seconds):
        await client.login(USER, known[USER]["password"])
        while True:
            listings = await client.instruments()
            found = [item for item in listings if item.trading_status == 1]
            venues = {item.instrument_id.rpartition(".")[2] for item in found}
            if len(found) == len(listings) and venues >= {"SIMA", "SIMB"}:
                return found
            await asyncio.sleep(0.2)
