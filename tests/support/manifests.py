"""The manifests of k8s/ as values, as written and as kustomize builds them."""

import importlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh.settings import MeshSettings

K8S = Path(__file__).parents[2] / "k8s"
KUSTOMIZATIONS = ["base", "base/processes", "overlays/dev", "overlays/dev/processes"]
COMPONENT = "components/kafka"
NO_KUBECTL = (
    "needs kubectl: apt-get install kubectl, or the binary from https://dl.k8s.io; then run again"
)


def written(folder: str) -> list[dict[str, Any]]:
    """Every manifest of a kustomization and what it builds on, before patches."""
    here = K8S / folder
    kustomization = yaml.safe_load((here / "kustomization.yaml").read_text())
    documents = []
    for resource in kustomization["resources"]:
        path = (here / resource).resolve()
        if path.is_dir():
            documents += written(str(path.relative_to(K8S.resolve())))
        else:
            documents += [one for one in yaml.load_all(path.read_text(), yaml.CSafeLoader) if one]
    return documents


def built(folder: str) -> list[dict[str, Any]]:
    """What `kubectl kustomize` makes of it; skips where there is no kubectl."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip(NO_KUBECTL)
    done = subprocess.run(
        [kubectl, "kustomize", str(K8S / folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr  # deprecated fields are reported here
    return [one for one in yaml.load_all(done.stdout, yaml.CSafeLoader) if one]


def workloads(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that run pods."""
    return [one for one in documents if one["kind"] in {"Deployment", "StatefulSet"}]


def jobs(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that run pods at times, in the form of the others."""
    return [
        {**one, "spec": one["spec"]["jobTemplate"]["spec"]}
        for one in documents
        if one["kind"] == "CronJob"
    ]


def name_of(document: dict[str, Any]) -> str:
    """Kind and name, for messages and ids."""
    return f"{document['kind']}/{document['metadata']['name']}"


def containers(workload: dict[str, Any]) -> list[dict[str, Any]]:
    """All containers of a workload, the ones that run first too."""
    pod = workload["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


def settings_of(module: str) -> type[MeshSettings]:
    """The settings of the process that runs a module."""
    settings = vars(importlib.import_module(f"{module}.settings")).values()
    classes = [one for one in settings if isinstance(one, type) and issubclass(one, MeshSettings)]
    (found,) = [one for one in classes if one is not MeshSettings]
    return found
