"""`ordermesh` against the fake edge."""

import asyncio
import os
from typing import Any

from google.protobuf.json_format import MessageToDict

from meshctl.stack.home import Home
from tests.support.fake_edge import FakeEdge
from tests.support.forked import run_forked


class Terminal:
    """Runs `ordermesh` against the fake edge."""

    def __init__(self, edge: FakeEdge, home: Home) -> None:
        self.edge, self.home = edge, home

    async def run(self, *words: str, text: str = "", columns: int = 200) -> tuple[int, str, str]:
        """Run a command to its end: its exit code, and what it printed."""
        environment = {"ORDERMESH_HOME": str(self.home.root), "COLUMNS": str(columns)}
        done = await asyncio.to_thread(
            run_forked, "meshctl", words, {**os.environ, **environment}, text, self.home.root,
            self.home.run,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    async def done(self, *words: str) -> str:
        """Run a command that must succeed; return what it printed."""
        code, out, errors = await self.run(*words)
        assert code == 0, errors
        return out

    def asked(self, rpc: str, which: int = -1) -> dict[str, Any]:
        """Return a request that the edge got, by default the last of its rpc."""
        return MessageToDict(self.edge.requests[rpc][which], preserving_proto_field_name=True)
