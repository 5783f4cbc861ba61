"""Prometheus and Alertmanager of this machine, with the rules of observability/rules.

They are programs of the system, not wheels: a stack without them runs as before. Both listen on
loopback only, as the ops ports they read do; whoever may log in on this machine may read them.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.processes import BY_NAME, PROCESSES
from meshctl.stack.home import Home, Ports, write_private
from meshctl.stack.processes.process import Probe, ProcessSpec, StartError
from meshctl.stack.processes.services import http_ready

INSTALL: Final = "apt-get install --no-install-recommends prometheus prometheus-alertmanager"
BINARIES: Final = {
    "prometheus": ("prometheus",),
    # Debian's name, and that of the project.
    "alertmanager": ("prometheus-alertmanager", "alertmanager"),
}
INTERVAL_S: Final = 5
"""Between two scrapes, and between two looks at the rules. Seconds."""
READY_PATH: Final = "/-/ready"
KEPT_DAYS: Final = 15
KEPT_SIZE: Final = "1GB"


@dataclass(frozen=True, slots=True)
class Target:
    """A process that is scraped: its name here, its service, and its ops port."""

    name: str
    service: str
    port: int


def targets(ports: Ports, names: Iterable[str]) -> list[Target]:
    """Return what is scraped of the running processes of a stack, by their names."""
    standby = {one.standby_ops: one for one in PROCESSES if one.standby_ops}
    found = [Target("envoy", "envoy", ports["edge_ops"])]
    for name in names:
        process = next(iter(standby.values())) if name == "standby" else BY_NAME.get(name)
        if process is not None:
            found.append(Target(name, process.service, ports[f"{name}_ops"]))
    return found


def configuration(
    found: Sequence[Target], rules: Sequence[Path], alertmanager: str = "", interval_s: float = 5
) -> str:
    """Return the configuration of Prometheus; JSON is YAML.

    Args:
        found: What is scraped; `job` is the service, `instance` the name in this stack.
        rules: Files of rules, or patterns of them.
        alertmanager: host:port that alerts are sent to; "" for none.
        interval_s: Between two scrapes and two looks at the rules.
    """
    interval = f"{round(interval_s * 1000)}ms"
    jobs: dict[str, list[Target]] = {}
    for one in found:
        jobs.setdefault(one.service, []).append(one)
    value: dict[str, Any] = {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": interval,
        },
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [
            {
                "job_name": job,
                "static_configs": [
                    {"targets": [f"127.0.0.1:{one.port}"], "labels": {"instance": one.name}}
                    for one in group
                ],
            }
            for job, group in jobs.items()
        ],
    }
    if alertmanager:
        value["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    return json.dumps(value, indent=1)


def monitoring_specs(
    home: Home, ports: Ports, project: Path, names: Iterable[str]
) -> list[ProcessSpec]:
    """Write the configurations into the home, and return how both run.

    Raises:
        StartError: One is not installed; the text has the command that installs it.
    """
    binaries = {name: _binary(name) for name in BINARIES}
    alerts = f"127.0.0.1:{ports['alertmanager']}"
    folder = home.run / "monitoring"
    folder.mkdir(exist_ok=True)
    rules = [project / "observability" / "rules" / "*.yml"]
    write_private(
        folder / "prometheus.yml",
        configuration(targets(ports, names), rules, alerts, INTERVAL_S),
    )
    write_private(
        folder / "alertmanager.yml",
        # It shows them on its page; who is to be notified is for each deployment to say.
        json.dumps({"route": {"receiver": "page"}, "receivers": [{"name": "page"}]}),
    )
    return [
        _spec(
            "prometheus", ports["prometheus"], folder,
            [
                str(binaries["prometheus"]),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={home.data / 'prometheus'}",
                f"--storage.tsdb.retention.time={KEPT_DAYS}d",
                f"--storage.tsdb.retention.size={KEPT_SIZE}",
                f"--web.listen-address=127.0.0.1:{ports['prometheus']}",
                "--log.level=warn",
            ],
        ),
        _spec(
            "alertmanager", ports["alertmanager"], folder,
            [
                str(binaries["alertmanager"]),
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={home.data / 'alertmanager'}",
                f"--web.listen-address={alerts}",
                # One alone: no cluster, and no port for it.
                "--cluster.listen-address=",
                "--log.level=warn",
            ],
        ),
    ]  # fmt: skip


def _spec(name: str, port: int, folder: Path, command: list[str]) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        command=command,
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
        ready=_readiness(port),
        folder=folder,
        detail=f"http://127.0.0.1:{port}",
    )


def _readiness(port: int) -> Probe:
    async def ready() -> bool:
        return await http_ready(port, READY_PATH)

    return ready


def _binary(name: str) -> Path:
    for found in map(shutil.which, BINARIES[name]):
        if found is not None:
            return Path(found)
    raise StartError(f"--monitoring needs {name}, which is not installed here: {INSTALL}")
