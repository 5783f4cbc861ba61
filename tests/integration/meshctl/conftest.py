"""`ordermesh` as a process against the fake edge."""

import pytest

from meshctl.client import local_mesh
from tests.support.fake_edge import FakeEdge
from tests.support.terminal import Terminal


@pytest.fixture
async def terminal(tls_folder, tmp_path):
    edge = FakeEdge()
    await edge.start(tls_folder)
    yield Terminal(edge, edge.home(tmp_path / "home", tls_folder))
    await edge.stop()


@pytest.fixture
async def trader(terminal):
    """The terminal when alice has logged in."""
    async with local_mesh(terminal.home) as client:
        await client.login("alice", "right")
    return terminal
