"""A whole mesh in a folder and on ports of its own, as `ordermesh up` starts it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshctl.stack.home import Home, Ports
from tests.support.ports import free_offset
from tests.support.waiting import wait_for

UP_TIMEOUT_S = 100


@dataclass
class Mesh:
    """A running mesh under test."""

    home: Home
    ports: Ports
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The edge with TLS."""
        return f"https://localhost:{self.ports['edge_tls']}"

    @property
    def plain_url(self) -> str:
        """The edge without TLS, on loopback."""
        return f"http://localhost:{self.ports['edge_plain']}"

    @property
    def users(self) -> dict[str, str]:
        """Demo users and their passwords."""
        known = json.loads(self.home.users_file.read_text("utf-8"))
        return {name: entry["password"] for name, entry in known.items()}

    def entry(self, name: str) -> dict[str, Any]:
        """What the supervisor knows of a process."""
        return next(one for one in self.home.state()["processes"] if one["name"] == name)

    def kill(self, name: str) -> None:
        """Kill -9 a process and wait until its successor runs and is ready."""
        before = self.entry(name)
        os.kill(before["pid"], signal.SIGKILL)

        def healed() -> bool:
            now = self.entry(name)
            return now["restarts"] > before["restarts"] and now["state"] == "ready"

        try:
            wait_for(healed, f"{name} runs again after kill -9", 60)
        except AssertionError as error:
            log = (self.home.logs / f"{name}.log").read_text("utf-8", "replace")[-3000:]
            raise AssertionError(f"{error}: {self.entry(name)}\n{log}") from None

    def metrics(self, name: str) -> str:
        """The Prometheus page of a process."""
        port = self.ports[f"{name}_ops"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def command(self, *words: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Run `ordermesh` against this mesh."""
        return run_command(self.home, *words, timeout_s=timeout_s)


def run_command(home: Home, *words: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run `ordermesh` with a home folder."""
    return subprocess.run(
        [sys.executable, "-m", "meshctl", *words],
        env={**os.environ, "ORDERMESH_HOME": str(home.root), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@contextlib.contextmanager
def running_mesh(folder: Path, *flags: str, keep_data: bool = False) -> Iterator[Mesh]:
    """Start a mesh in ``folder`` on free ports; stop it and see that nothing stays."""
    home, offset = Home(folder), free_offset()
    home.create()
    log = home.logs / "supervisor.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "meshctl", "up", "--quiet", "--home", str(folder),
             "--port-offset", str(offset), *flags],
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def up() -> bool:
        text = log.read_text("utf-8", "replace")
        assert process.poll() is None, f"the mesh ended while starting:\n{text}"
        return bool(home.state().get("ready"))

    try:
        wait_for(up, f"the mesh is up; see {log}", UP_TIMEOUT_S)
        yield Mesh(home, Ports().shifted(offset), process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
        if not keep_data:  # a hundred megabytes a mesh
            shutil.rmtree(home.data, ignore_errors=True)
