"""`ordermesh` as a process against the fake edge."""

import asyncio
import os
import sys

import pytest

from meshctl.client import MeshClient
from tests.support.fake_edge import FakeEdge
from tests.support.sources import ROOT


class Terminal:
    """Runs `ordermesh` against the fake edge."""

    def __init__(self, edge, home):
        self.edge, self.home = edge, home

    async def run(self, *words, text="", columns=200):
        environment = {
            **os.environ,
            "ORDERMESH_HOME": str(self.home.root),
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gen/python'}",
            "COLUMNS": str(columns),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "meshctl", *words,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, env=environment, cwd=self.home.root,
        )  # fmt: skip
        out, told = await process.communicate(text.encode())
        return process.returncode, out.decode(), told.decode()


@pytest.fixture
async def terminal(tls_folder, tmp_path):
    edge = FakeEdge()
    await edge.start(tls_folder)
    yield Terminal(edge, edge.home(tmp_path / "home", tls_folder))
    await edge.stop()


@pytest.fixture
async def trader(terminal):
    """The terminal when alice has logged in; without a process, which takes most of a second."""
    async with MeshClient.local(terminal.home) as client:
        await client.login("alice", "right")
    return terminal
