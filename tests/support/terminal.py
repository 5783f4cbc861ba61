"""`ordermesh` as a process of its own, forked from one that has its libraries: it starts at once.

Python takes most of a second of CPU to read what a command needs. A server forks a process per
command that has read it already; only meshctl itself is read anew, with the process's environment.
"""

import asyncio
import multiprocessing
import os
import runpy
import sys
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from meshctl.stack.home import Home
from tests.support.fake_edge import FakeEdge

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.terminal_libraries"])


class Terminal:
    """Runs `ordermesh` against the fake edge."""

    def __init__(self, edge: FakeEdge, home: Home) -> None:
        self.edge, self.home = edge, home

    async def run(self, *words: str, text: str = "", columns: int = 200) -> tuple[int, str, str]:
        """Run a command to its end: its exit code, and what it printed."""
        files = [self.home.run / name for name in ("in", "out", "err")]
        files[0].write_text(text, "utf-8")
        environment = {"ORDERMESH_HOME": str(self.home.root), "COLUMNS": str(columns)}
        process = _FORKS.Process(
            target=_ordermesh, args=(words, {**os.environ, **environment}, self.home.root, files)
        )
        process.start()
        await asyncio.to_thread(process.join)
        code = process.exitcode
        process.close()
        return code, files[1].read_text("utf-8"), files[2].read_text("utf-8")

    async def done(self, *words: str) -> str:
        """Run a command that must succeed; return what it printed."""
        code, out, errors = await self.run(*words)
        assert code == 0, errors
        return out

    def asked(self, rpc: str, which: int = -1) -> dict[str, Any]:
        """Return a request that the edge got, by default the last of its rpc."""
        return MessageToDict(self.edge.requests[rpc][which], preserving_proto_field_name=True)


def _ordermesh(
    words: tuple[str, ...], environment: dict[str, str], folder: Path, files: list[Path]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    modes = (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 2)
    for number, (file, mode) in enumerate(zip(files, modes, strict=True)):
        os.dup2(os.open(file, mode, 0o600), number)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.argv = ["ordermesh", *words]
    runpy.run_module("meshctl", run_name="__main__")
