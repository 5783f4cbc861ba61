"""The component for Prometheus Operator: what kustomize makes of it over the dev overlay."""

import json
import os

import kubernetes_validate
import pytest
import yaml

from observability.cluster import SCRAPED
from observability.generated import HERE
from tests.support.manifests import K8S, built, containers, workloads


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overlay")
    components = [
        os.path.relpath(K8S / f"components/{name}", folder.resolve())
        for name in ("kafka", "monitoring")
    ]
    here = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "elsewhere",
        "resources": [os.path.relpath(K8S / "overlays/dev", folder.resolve())],
        "components": components,
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(here))
    return built(str(folder))


def of_kind(documents, kind):
    return [one for one in documents if one["kind"] == kind]


def test_every_process_is_scraped_at_a_port_that_it_has(documents) -> None:
    (monitor,) = of_kind(documents, "PodMonitor")
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert monitor["metadata"]["namespace"] == "elsewhere"
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    (selected,) = monitor["spec"]["selector"]["matchExpressions"]
    pods = {
        one["spec"]["template"]["metadata"]["labels"][selected["key"]]: one
        for one in workloads(documents)
    }
    assert set(selected["values"]) == set(SCRAPED) <= set(pods)
    for name in SCRAPED:
        ports = [port for each in containers(pods[name]) for port in each.get("ports", [])]
        assert endpoint["port"] in {port["name"] for port in ports}


def test_its_rules_are_ours(documents) -> None:
    (rules,) = of_kind(documents, "PrometheusRule")
    written = [
        group
        for file in ("alerts.yml", "slo.yml")
        for group in yaml.safe_load((HERE / "rules" / file).read_text("utf-8"))["groups"]
    ]
    assert rules["spec"]["groups"] == written


def test_its_dashboards_are_ours(documents) -> None:
    maps = [
        one for one in of_kind(documents, "ConfigMap")
        if one["metadata"].get("labels", {}).get("grafana_dashboard") == "1"
    ]  # fmt: skip
    shown = {}
    for one in maps:
        kubernetes_validate.validate(one, "1.34", strict=True)
        shown |= {name: json.loads(text) for name, text in one["data"].items()}
    files = sorted((HERE / "dashboards").glob("*.json"))
    assert shown == {file.name: json.loads(file.read_text("utf-8")) for file in files}
