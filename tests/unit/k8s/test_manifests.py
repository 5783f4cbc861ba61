"""What every manifest must have, read from the files; needs no cluster and no kubectl."""

import shutil

import kubernetes_validate
import pytest
import yaml

from deploy.manifests import files
from edge.render import values_from
from mesh.settings import load_settings
from svc_gateway.venues import load_venues
from tests.support.manifests import (
    K8S,
    KUSTOMIZATIONS,
    built,
    containers,
    jobs,
    name_of,
    settings_of,
    workloads,
    written,
)

KUBERNETES_VERSIONS = ["1.31", "1.34"]
ALL = written("overlays/dev")
WORKLOADS = workloads(ALL)
JOBS = jobs(ALL)
OURS = [one for one in WORKLOADS if containers(one)[0]["image"] == "ordermesh"]
SERVICES = {one["metadata"]["name"]: one for one in ALL if one["kind"] == "Service"}


def test_the_manifests_of_the_processes_are_fresh():
    """Run python -m deploy.manifests when not."""
    there = {
        path.relative_to(K8S): text
        for path in K8S.rglob("*.yaml")
        if (text := path.read_text("utf-8")).startswith("# Written by `python -m deploy.manifests`")
    }
    assert there == files()


def pods_with(name):
    return [one for one in WORKLOADS if one["metadata"]["name"] == name]


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("document", ALL, ids=name_of)
def test_valid_as_written(document, version):
    kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("folder", KUSTOMIZATIONS)
def test_valid_as_built(folder):
    documents = built(folder)
    assert {one["metadata"].get("namespace", "ordermesh") for one in documents} == {"ordermesh"}
    for document in documents:
        kubernetes_validate.validate(document, KUBERNETES_VERSIONS[-1], strict=True)
    assert len({name_of(one) for one in documents}) == len(documents)


def test_strict_validation_sees_a_misspelt_field():
    broken = yaml.safe_load(yaml.safe_dump(WORKLOADS[0]))
    broken["spec"]["template"]["spec"]["serviceAcountName"] = "x"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES_VERSIONS[-1], strict=True)


@pytest.mark.parametrize("workload", WORKLOADS + JOBS, ids=name_of)
def test_pods_run_with_nothing_they_do_not_need(workload):
    pod = workload["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        assert not pod.get(key)
    for container in containers(workload):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert not context.get("privileged")
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"]["cpu"]


@pytest.mark.parametrize(
    "workload",
    [one for one in WORKLOADS + JOBS if one["metadata"]["name"] != "postgres"],
    ids=name_of,
)
def test_no_secret_is_written_down(workload):
    for container in containers(workload):
        for variable in container.get("env", []):
            secret = any(word in variable["name"] for word in ("PASSWORD", "URL", "SECRET"))
            if secret and "JWKS_URL" not in variable["name"]:
                assert "secretKeyRef" in variable["valueFrom"]


def test_no_secret_is_committed():
    assert not [one for one in ALL if one["kind"] == "Secret"]


@pytest.mark.parametrize("workload", OURS, ids=name_of)
def test_probes_ask_the_ops_port(workload):
    for container in workload["spec"]["template"]["spec"]["containers"]:
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for probe, path in (
            ("startupProbe", "/livez"),
            ("livenessProbe", "/livez"),
            ("readinessProbe", "/readyz"),
        ):
            assert container[probe]["httpGet"] == {"path": path, "port": "ops"}
        environment = {one["name"]: one.get("value") for one in container.get("env", [])}
        if "ORDERMESH_OPS_BIND" in environment:
            assert environment["ORDERMESH_OPS_BIND"] == f"0.0.0.0:{ports['ops']}"
        if "grpc" in ports:
            assert environment["ORDERMESH_BIND"] == f"0.0.0.0:{ports['grpc']}"


@pytest.mark.parametrize("workload", JOBS, ids=name_of)
def test_every_setting_of_a_job_is_one_its_command_knows(workload):
    for container in containers(workload):
        environment = {one["name"]: one.get("value", "given") for one in container["env"]}
        assert load_settings(settings_of(container["args"][1].split(".")[0]), environment)


@pytest.mark.parametrize("workload", OURS, ids=name_of)
def test_every_setting_is_one_the_process_knows(workload):
    """A misspelt one would let the pod crash at start: the services refuse unknown keys."""
    for container in workload["spec"]["template"]["spec"]["containers"]:
        if container["image"] != "ordermesh":
            continue
        environment = {one["name"]: one.get("value", "given") for one in container["env"]}
        assert load_settings(settings_of(container["args"][1]), environment).ops_bind


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_addresses_lead_to_services_that_select_pods_with_that_port(workload):
    for container in containers(workload):
        texts = [one.get("value", "") for one in container.get("env", [])]
        texts += [word.rpartition("=")[2] for word in container.get("args", []) if "=" in word]
        for text in texts:
            host, _, port = text.removeprefix("http://").partition("/")[0].partition(":")
            if host not in SERVICES:
                assert not host.startswith("svc-"), text
                continue
            (target,) = [
                one["targetPort"]
                for one in SERVICES[host]["spec"]["ports"]
                if str(one["port"]) == port
            ]
            (selected,) = pods_with(host)
            named = {
                p["name"]: p["containerPort"]
                for c in containers(selected)
                for p in c.get("ports", [])
            }
            assert str(named[target]) == port


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_selectors_labels_and_budgets(workload):
    name = workload["metadata"]["name"]
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert SERVICES[name]["spec"]["selector"].items() <= labels.items()
    budgets = [
        one
        for one in ALL
        if one["kind"] == "PodDisruptionBudget"
        and one["spec"]["selector"]["matchLabels"].items() <= labels.items()
    ]
    # A budget of one for a single pod would only block the draining of its node.
    assert len(budgets) == (1 if workload["spec"]["replicas"] > 1 else 0)


POLICIES = [one for one in ALL if one["kind"] == "NetworkPolicy"]


def test_nothing_is_allowed_that_is_not_named():
    (default,) = [one for one in POLICIES if one["metadata"]["name"] == "default-deny"]
    assert default["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("policy", POLICIES, ids=name_of)
def test_policies_select_pods_there_are(policy):
    selectors = [policy["spec"]["podSelector"]]
    for direction, key in (("ingress", "from"), ("egress", "to")):
        for rule in policy["spec"].get(direction, []):
            selectors += [
                peer["podSelector"] for peer in rule.get(key, []) if "podSelector" in peer
            ]
    for selector in selectors:
        wanted = selector.get("matchLabels", {})
        assert any(
            wanted.items() <= one["spec"]["template"]["metadata"]["labels"].items()
            for one in WORKLOADS + JOBS
        )


@pytest.mark.parametrize("policy", POLICIES, ids=name_of)
def test_the_edge_is_the_only_way_in(policy):
    for rule in policy["spec"].get("ingress", []):
        if "from" not in rule:
            assert policy["metadata"]["name"] == "envoy"


@pytest.mark.parametrize("folder", KUSTOMIZATIONS)
def test_every_file_is_part_of_its_kustomization(folder):
    kustomization = yaml.safe_load((K8S / folder / "kustomization.yaml").read_text())
    listed = set(kustomization["resources"]) | {"kustomization.yaml"}
    for generator in kustomization.get("secretGenerator", []):
        listed |= set(generator["files"])
    assert {path.name for path in (K8S / folder).glob("*.yaml")} <= listed


def test_the_sessions_of_the_dev_overlay_are_ones_the_gateway_takes(tmp_path):
    path = shutil.copy(K8S / "overlays/dev/venues.yaml", tmp_path)
    venues = load_venues(tmp_path / "venues.yaml")
    assert path
    assert {session.host for session in venues.sessions} <= set(SERVICES)


def test_the_edge_renders_with_the_arguments_of_its_pod():
    (envoy,) = pods_with("envoy")
    render = containers(envoy)[0]
    settings = [word.removeprefix("--set=") for word in render["args"] if word.startswith("--set=")]
    values = values_from([*settings, "descriptors=/etc/envoy/descriptors.binpb"])
    assert values.plain_bind.startswith("127.0.0.1:")
    assert values.admin_bind.startswith("127.0.0.1:")
    assert values.hsts_max_age_s >= 31_536_000
    ports = {one["name"]: one["containerPort"] for one in containers(envoy)[1]["ports"]}
    assert values.tls_bind.endswith(f":{ports['https']}")
    assert values.ops_bind.endswith(f":{ports['ops']}")
