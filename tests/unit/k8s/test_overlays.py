"""Rules that hold in every overlay, as kustomize builds it."""

import itertools

import kubernetes_validate
import pytest

from deploy.processes import SERVICES
from mesh.settings import MeshSettings
from observability.catalogue import exported
from observability.promql import names_of
from tests.support.manifests import K8S, built, containers, jobs, name_of, workloads

OVERLAYS = sorted(path.parent.name for path in (K8S / "overlays").glob("*/kustomization.yaml"))
CLUSTERS = ("prod", "staging")
"""Overlays for which the Secrets come from a vault and from cert-manager."""
FIXED = {
    "StatefulSet": ("serviceName", "selector", "podManagementPolicy", "volumeClaimTemplates"),
    "Deployment": ("selector",),
    "PersistentVolumeClaim": ("accessModes", "storageClassName"),
}
"""Fields that Kubernetes never lets change."""
FROM_OUTSIDE = {"edge-tls", "checkpoint-copies"}
"""Secrets that are nobody's of ours: of a public authority, and an optional one."""
ROUTES = ("0.0.0.0/0", "::/0")


@pytest.fixture(scope="module")
def overlays():
    return {name: built(f"overlays/{name}") for name in OVERLAYS}


def of_kind(documents, kind):
    return [one for one in documents if one["kind"] == kind]


def test_there_are_three(overlays):
    assert set(overlays) == {"dev", "staging", "prod"}


@pytest.mark.parametrize(("overlay", "version"), [("prod", "1.31"), ("staging", "1.34")])
def test_what_kubernetes_knows_is_valid(overlays, overlay, version):
    checked = 0
    for document in overlays[overlay]:
        if "." not in document["apiVersion"] or ".k8s.io/" in document["apiVersion"]:
            kubernetes_validate.validate(document, version, strict=True)
            checked += 1
    assert checked > 50


@pytest.mark.parametrize("pair", list(itertools.combinations(OVERLAYS, 2)), ids="-".join)
def test_one_overlay_can_follow_another_in_a_live_namespace(overlays, pair):
    first, second = (
        {name_of(one): one for one in overlays[name] if one["kind"] in FIXED} for name in pair
    )
    common = first.keys() & second.keys()
    assert "Deployment/svc-oms" in common
    for name in common:
        for key in FIXED[first[name]["kind"]]:
            assert first[name]["spec"].get(key) == second[name]["spec"].get(key), (name, key)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_pod_may_reach_every_address(overlays, overlay):
    for policy in of_kind(overlays[overlay], "NetworkPolicy"):
        for rule in policy["spec"].get("egress", []):
            assert rule.get("to"), f"{name_of(policy)} reaches every address at {rule['ports']}"
            for peer in rule["to"]:
                assert peer.get("ipBlock", {}).get("cidr") not in ROUTES, name_of(policy)
                among_themselves = peer == {"podSelector": policy["spec"]["podSelector"]}
                assert among_themselves or rule["ports"], name_of(policy)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_have_a_priority_that_is_there(overlays, overlay):
    classes = {one["metadata"]["name"] for one in of_kind(overlays[overlay], "PriorityClass")}
    ours = [one for one in workloads(overlays[overlay]) if "ordermesh" in _image(one)]
    assert {one["spec"]["template"]["spec"]["priorityClassName"] for one in ours} == classes


def _image(workload):
    return containers(workload)[-1]["image"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_has_time_to_drain(overlays, overlay):
    defaults = MeshSettings.model_fields
    for workload in workloads(overlays[overlay]):
        environment = {
            one["name"]: one.get("value") for one in containers(workload)[-1].get("env", [])
        }
        if "ORDERMESH_OPS_BIND" not in environment:
            continue
        notice = float(environment.get("ORDERMESH_DRAIN_NOTICE_S", 0))
        needed = notice + defaults["drain_grace_s"].default
        grace = workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert grace >= 2 * needed, name_of(workload)


def secrets_of(workload):
    pod = workload["spec"]["template"]["spec"]
    for volume in pod.get("volumes", []):
        for source in (volume, *volume.get("projected", {}).get("sources", [])):
            if "secret" in source:
                yield source["secret"].get("secretName") or source["secret"]["name"]
    for container in containers(workload):
        for one in container.get("env", []):
            if "secretKeyRef" in one.get("valueFrom", {}):
                yield one["valueFrom"]["secretKeyRef"]["name"]


@pytest.mark.parametrize("overlay", CLUSTERS)
def test_every_secret_that_a_pod_takes_is_made_by_something(overlays, overlay):
    documents = overlays[overlay]
    made = {one["spec"]["target"]["name"] for one in of_kind(documents, "ExternalSecret")}
    made |= {one["spec"]["secretName"] for one in of_kind(documents, "Certificate")}
    made |= {one["metadata"]["name"] for one in of_kind(documents, "KafkaUser")}
    made |= {f"{one['metadata']['name']}-cluster-ca-cert" for one in of_kind(documents, "Kafka")}
    taken = {name for one in workloads(documents) + jobs(documents) for name in secrets_of(one)}
    assert taken - FROM_OUTSIDE <= made
    roles = {
        role["passwordSecret"]["name"]
        for one in of_kind(documents, "Cluster")
        for role in one["spec"]["managed"]["roles"]
    }
    assert roles <= made
    reloaded = {
        one["spec"]["target"]["name"]
        for one in of_kind(documents, "ExternalSecret")
        if one["spec"]["target"].get("template", {}).get("metadata", {}).get("labels")
        == {"cnpg.io/reload": "true"}
    }
    assert roles <= reloaded


@pytest.mark.parametrize(
    ("overlay", "kind", "least", "most"),
    [
        ("staging", "HorizontalPodAutoscaler", "minReplicas", "maxReplicas"),
        ("prod", "ScaledObject", "minReplicaCount", "maxReplicaCount"),
    ],
)
def test_what_scales_has_no_number_of_its_own(overlays, overlay, kind, least, most):
    found = of_kind(overlays[overlay], kind)
    deployments = {one["metadata"]["name"]: one for one in of_kind(overlays[overlay], "Deployment")}
    assert {one["spec"]["scaleTargetRef"]["name"] for one in found} == {
        "envoy", *(one.service for one in SERVICES if one.scale),
    }  # fmt: skip
    for one in found:
        assert "replicas" not in deployments[one["spec"]["scaleTargetRef"]["name"]]["spec"]
        assert 2 <= one["spec"][least] < one["spec"][most]


def test_loads_are_metrics_that_there_are():
    queries = [query for one in SERVICES if one.scale for query, _ in one.scale.loads.values()]
    assert queries
    for query in queries:
        assert names_of(query) <= exported()
