"""A real Prometheus of a test, and questions to it."""

import contextlib
import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshctl.stack.servers.monitoring import INSTALL, configuration, targets
from observability.generated import HERE
from tests.support.ports import free_port
from tests.support.stack import Mesh
from tests.support.waiting import wait_for

INTERVAL_S = 0.5
needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason=f"no Prometheus here: {INSTALL}"
)


class Prometheus:
    """A server at a URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str, **parameters: str) -> Any:
        """Ask its API; return the data."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self._url}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def value(self, expression: str) -> list[Any]:
        """Return the series of an expression now."""
        found: list[Any] = self.get("query", query=expression)["result"]
        return found

    def firing(self, alert: str, **labels: str) -> bool:
        """Return whether an alert fires with these labels."""
        return any(
            one["state"] == "firing"
            and {**labels, "alertname": alert}.items() <= one["labels"].items()
            for one in self.get("alerts")["alerts"]
        )

    def unhealthy(self) -> list[Any]:
        """Return the rules that could not be evaluated."""
        groups = self.get("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return [rule for rule in rules if rule["health"] not in {"ok", "unknown"}]


def at_once(folder: Path) -> Path:
    """Copy our rules so that no alert waits before it fires."""
    for file in (HERE / "rules").glob("*.yml"):
        value = yaml.safe_load(file.read_text("utf-8"))
        for group in value["groups"]:
            for rule in group["rules"]:
                rule.pop("for", None)
        (folder / file.name).write_text(yaml.safe_dump(value), encoding="utf-8")
    return folder / "*.yml"


@contextlib.contextmanager
def watching(mesh: Mesh, folder: Path) -> Iterator[Prometheus]:
    """Run a Prometheus over a mesh, twice a second, with rules that fire at once."""
    port = free_port()
    names = [one["name"] for one in mesh.home.state()["processes"]]
    file = folder / "prometheus.yml"
    copies = folder / "rules"
    copies.mkdir()
    rules = [at_once(copies)]
    file.write_text(configuration(targets(mesh.ports, names), rules, interval_s=INTERVAL_S))
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}",  # noqa: S607
             f"--web.listen-address=127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    one = Prometheus(f"http://127.0.0.1:{port}")

    def scraped() -> bool:
        with contextlib.suppress(OSError):
            active = one.get("targets")["activeTargets"]
            return bool(active) and all(target["health"] == "up" for target in active)
        return False

    try:
        wait_for(scraped, "every process is scraped", 60)
        yield one
    finally:
        process.terminate()
        process.wait(timeout=30)
