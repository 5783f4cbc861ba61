"""`ordermesh up --monitoring`: what Prometheus reads, and what is said if it is not installed."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from meshctl.stack.commands import _status_table
from meshctl.stack.home import Home, Ports
from meshctl.stack.processes.process import StartError
from meshctl.stack.servers.monitoring import INSTALL, configuration, monitoring_specs, targets
from tests.support.sources import ROOT

NAMES = ["postgres", "redis", "sima", "identity", "oms", "gateway", "standby", "envoy", "relay"]


def test_what_runs_is_scraped_by_service_and_name() -> None:
    ports = Ports().shifted(100)
    found = {one.name: (one.service, one.port) for one in targets(ports, NAMES)}
    assert found == {
        "envoy": ("envoy", 9257),
        "sima": ("sima", 9255),
        "identity": ("svc-identity", 9253),
        "oms": ("svc-oms", 9251),
        "gateway": ("svc-gateway", 9254),
        "standby": ("svc-gateway", 9258),
        "relay": ("svc-relay", 9260),
    }


def test_replicas_of_a_service_are_one_job() -> None:
    made = json.loads(configuration(targets(Ports(), NAMES), [Path("/r/*.yml")], "h:1", 0.5))
    assert made["global"]["scrape_interval"] == made["global"]["evaluation_interval"] == "500ms"
    jobs = {one["job_name"]: one["static_configs"] for one in made["scrape_configs"]}
    assert jobs["svc-gateway"] == [
        {"targets": ["127.0.0.1:9154"], "labels": {"instance": "gateway"}},
        {"targets": ["127.0.0.1:9158"], "labels": {"instance": "standby"}},
    ]
    assert "alerting" in made
    assert "alerting" not in json.loads(configuration([], []))


def test_a_missing_program_is_named_with_the_line_that_installs_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(StartError, match="--monitoring needs prometheus") as missing:
        monitoring_specs(Home(tmp_path), Ports(), ROOT, NAMES)
    assert INSTALL in str(missing.value)


@pytest.mark.skipif(shutil.which("promtool") is None, reason=f"no promtool here: {INSTALL}")
def test_prometheus_accepts_what_is_written(tmp_path) -> None:
    home = Home(tmp_path)
    home.create()
    prometheus, alertmanager = monitoring_specs(home, Ports(), ROOT, NAMES)
    assert (prometheus.name, alertmanager.name) == ("prometheus", "alertmanager")
    for spec in (prometheus, alertmanager):
        listens = [one for one in spec.command if one.startswith("--web.listen-address=")]
        assert listens == [f"--web.listen-address={spec.detail.removeprefix('http://')}"]
        assert "127.0.0.1" in listens[0]
    file = home.run / "monitoring" / "prometheus.yml"
    words = ["promtool", "check", "config", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 rule files found" in done.stdout


def test_status_shows_the_whole_address_in_a_narrow_terminal() -> None:
    row = {
        "name": "alertmanager", "state": "ready", "ready": True, "text": "", "pid": 12345,
        "since": 0.0, "restarts": 0, "detail": "http://127.0.0.1:26094",
    }  # fmt: skip
    console = Console(width=80)
    with console.capture() as shown:
        console.print(_status_table([row]))
    assert "…" not in shown.get()
    assert "94" in shown.get()
