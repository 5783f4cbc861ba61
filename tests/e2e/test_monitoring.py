"""A real Prometheus over a real mesh: what is exported, faults that fire and clear, dashboards."""

import os
import re
import signal

import pytest

from observability.boards.build import expressions
from observability.catalogue import FOREIGN, ours
from tests.support.prometheus import Prometheus, needs_prometheus, watching
from tests.support.stack import Mesh, running_mesh
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.long, needs_prometheus]

# Without Kafka there is no relay and no archive; in good order these have no series.
EMPTY = re.compile(
    r"ordermesh_(relay|archive)_|_parked|_anomalies|rejects|dropped|history_"
    r"|_EXCEEDED|notify_attempts|ALERTS|ratio_rate|outcome!~"
)


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    with running_mesh(tmp_path_factory.mktemp("watched"), "--monitoring") as running:
        demo = running.command("demo", timeout_s=120)
        assert demo.returncode == 0, demo.stdout + demo.stderr
        yield running


@pytest.fixture(scope="module")
def prometheus(mesh, tmp_path_factory):
    with watching(mesh, tmp_path_factory.mktemp("prometheus")) as running:
        yield running


def of(mesh: Mesh, name: str) -> Prometheus:
    """The server that the stack itself runs."""
    return Prometheus(f"http://127.0.0.1:{mesh.ports[name]}")


def test_the_stack_runs_prometheus_with_our_rules(mesh: Mesh) -> None:
    status = mesh.command("status")
    assert status.returncode == 0, status.stdout
    own = of(mesh, "prometheus")
    wait_for(lambda: own.value("count(up == 1)"), "the first scrapes")
    assert {rule["name"] for group in own.get("rules")["groups"] for rule in group["rules"]} > {
        "ProcessDown", "VenueDown", "SloBurnsFast",
    }  # fmt: skip
    assert own.unhealthy() == []
    managers = own.get("alertmanagers")["activeAlertmanagers"]
    assert [one["url"] for one in managers] == [
        f"http://127.0.0.1:{mesh.ports['alertmanager']}/api/v2/alerts"
    ]


def test_doctor_finds_nothing_wrong_and_top_shows_what_runs(mesh: Mesh) -> None:
    doctor = mesh.command("doctor", "--all")
    assert doctor.returncode == 0, doctor.stdout
    assert "session sima-orders" in doctor.stdout
    assert "all that runs is" in doctor.stdout
    top = mesh.command("top", "--looks", "2", "--interval", "0.5")
    assert top.returncode == 0, top.stderr
    for shown in ("Processes", "marketdata", "Orders", "FIX sessions", "SIMB"):
        assert shown in top.stdout


def test_what_is_exported_is_declared(mesh: Mesh, prometheus: Prometheus) -> None:
    names = set(prometheus.get("label/__name__/values"))
    ours_there = {one for one in names if one.startswith(("ordermesh_", "grpc_server_"))}
    declared = {name for group in ours().values() for one in group for name in one.exported}
    assert ours_there <= declared
    assert not [one for one in ours_there if one.endswith("_created")]
    wanted = FOREIGN - {"ALERTS", "envoy_cluster_upstream_rq_time_bucket"}
    assert wanted <= names
    assert mesh.metrics("oms").count("\n") < 1500


def test_every_query_of_the_dashboards_has_data(prometheus: Prometheus) -> None:
    def empty() -> list[str]:
        found = [text for _, _, text in expressions() if not EMPTY.search(text)]
        return [text for text in found if not prometheus.value(text)]

    assert len([text for _, _, text in expressions() if not EMPTY.search(text)]) > 70
    wait_for(lambda: not empty(), "every query has data", 60)
    assert empty() == []
    for _, _, text in expressions():
        prometheus.value(text)  # an error of any would raise


def test_a_killed_oms_fires_and_clears(mesh: Mesh, prometheus: Prometheus) -> None:
    wait_for(lambda: not prometheus.firing("ProcessDown"), "nothing is down before")
    os.kill(mesh.entry("oms")["pid"], signal.SIGKILL)
    wait_for(lambda: prometheus.firing("ProcessDown", instance="oms"), "the alert fires", 30)
    wait_for(lambda: not prometheus.firing("ProcessDown"), "the alert clears", 90)


def test_a_venue_that_hangs_fires_and_clears(mesh: Mesh, prometheus: Prometheus) -> None:
    wait_for(lambda: not prometheus.firing("VenueDown"), "all sessions are up before", 60)
    venue = mesh.entry("sima")["pid"]
    os.kill(venue, signal.SIGSTOP)
    try:
        wait_for(
            lambda: prometheus.firing("VenueDown", venue="SIMA", role="orders"), "it fires", 90
        )
        assert not prometheus.firing("VenueDown", venue="SIMB")
    finally:
        os.kill(venue, signal.SIGCONT)
    wait_for(lambda: not prometheus.firing("VenueDown"), "the alert clears", 90)


def test_a_redis_that_hangs_fires_and_clears(mesh: Mesh, prometheus: Prometheus) -> None:
    wait_for(lambda: not prometheus.firing("RedisDown"), "Redis answers before", 30)
    redis = mesh.entry("redis")["pid"]
    os.kill(redis, signal.SIGSTOP)
    try:
        wait_for(lambda: prometheus.firing("RedisDown", job="svc-marketdata"), "it fires", 60)
    finally:
        os.kill(redis, signal.SIGCONT)
    wait_for(lambda: not prometheus.firing("RedisDown"), "the alert clears", 60)
