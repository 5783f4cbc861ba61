"""The two components that let the number of pods follow the load; an overlay takes one of them."""

from collections.abc import Iterable
from pathlib import Path
from string import Template

from deploy.process import Scale
from deploy.processes import SERVICES

GENERATED = "# Written by `python -m deploy.manifests` from deploy/processes.py: change that.\n"
EDGE = ("envoy", 2, Scale(pods_max=8, cpu_percent=60))
"""The edge is written by hand (k8s/base/envoy.yaml), but scales as the services do."""
PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"
"""Where KEDA asks for loads; an overlay replaces it if its Prometheus is elsewhere."""

# Scaling down takes one pod a minute: its streams go on at the others, and each reads a snapshot.
BEHAVIOUR = """\
scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 2, periodSeconds: 30}]}
scaleDown: {stabilizationWindowSeconds: 600, policies: [{type: Pods, value: 1, periodSeconds: 60}]}
"""
AUTOSCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: $name
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: $name}
  minReplicas: $least
  maxReplicas: $most
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: $cpu}}}
  behavior:
    $behaviour
"""
SCALED = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: $name
spec:
  scaleTargetRef: {name: $name}
  minReplicaCount: $least
  maxReplicaCount: $most
  pollingInterval: 15
  # Prometheus is away: as many pods as there are, and never fewer than these.
  fallback: {failureThreshold: 4, replicas: $least, behavior: currentReplicasIfHigher}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        $behaviour
  triggers:
    - {type: cpu, metricType: Utilization, metadata: {value: "$cpu"}}
    $triggers
"""
TRIGGER = """\
- type: prometheus
  name: $load
  metadata: {serverAddress: "$prometheus", query: "$query", threshold: "$of_a_pod"}
"""
KUSTOMIZATION = """\
# $about
# Add it to an overlay: `components: [../../components/$folder]`.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
  - scaling.yaml
patches:
  # Without a number of its own: applying the overlay again then leaves that of the autoscaler.
$patches"""
PATCH = """\
  - target: {kind: Deployment, name: $name}
    patch: |-
      - {op: remove, path: /spec/replicas}
"""
COMPONENTS = {
    "autoscaling": (
        AUTOSCALER,
        "Pods by CPU, as Kubernetes measures it: needs metrics-server.",
    ),
    "keda": (
        SCALED,
        "Pods by CPU and by loads that Prometheus knows: needs KEDA 2.19 or newer, metrics-server.",
    ),
}


def scaled() -> list[tuple[str, int, Scale]]:
    """Name what scales, with its least number of pods."""
    return [(one.service, one.replicas, one.scale) for one in SERVICES if one.scale] + [EDGE]


def files() -> dict[Path, str]:
    """Return the files of both components, by their path below k8s/."""
    found: dict[Path, str] = {}
    for folder, (template, about) in COMPONENTS.items():
        documents = [_filled(template, name, least, how) for name, least, how in scaled()]
        patches = "".join(Template(PATCH).substitute(name=name) for name, _, _ in scaled())
        found[Path("components") / folder / "scaling.yaml"] = GENERATED + "---\n".join(documents)
        found[Path("components") / folder / "kustomization.yaml"] = GENERATED + Template(
            KUSTOMIZATION
        ).substitute(about=about, folder=folder, patches=patches)
    return found


def _filled(template: str, name: str, least: int, how: Scale) -> str:
    triggers = [
        line
        for load, (query, of_a_pod) in how.loads.items()
        for line in Template(TRIGGER)
        .substitute(load=load, query=query, of_a_pod=of_a_pod, prometheus=PROMETHEUS)
        .splitlines()
    ]
    text = Template(template).safe_substitute(
        name=name, least=least, most=how.pods_max, cpu=how.cpu_percent
    )
    return "".join(
        f"{line}\n"
        for line in _placed(text, {"$behaviour": BEHAVIOUR.splitlines(), "$triggers": triggers})
    )


def _placed(text: str, parts: dict[str, list[str]]) -> Iterable[str]:
    """Put several lines where one names them, as far to the right."""
    for line in text.splitlines():
        part = parts.get(line.strip())
        if part is None:
            yield line
        else:
            indent = line[: len(line) - len(line.lstrip())]
            yield from (f"{indent}{one}" for one in part)
